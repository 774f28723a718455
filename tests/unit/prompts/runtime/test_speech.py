"""Speech: espeak-ng really speaks."""

import sys

import numpy as np
import pytest

from softswitch.prompts.catalogue import Voice, voice_of
from softswitch.prompts.errors import PromptError
from softswitch.prompts.levels import PEAK_DBFS, SPEECH_DBFS, peak_dbfs, speech_level_dbfs
from softswitch.prompts.limits import TEXT_CHARACTERS_MAX
from softswitch.prompts.runtime.speech import Speech

SPEECH = Speech()


@pytest.mark.parametrize(
    ("language", "text", "least_s", "most_s"),
    [
        ("en", "Thank you for waiting. Please stay on the line.", 2.0, 5.0),
        ("ru", "Спасибо за ожидание. Пожалуйста, не вешайте трубку.", 2.0, 5.0),
        ("en", "seven", 0.2, 0.8),
    ],
)
def test_a_phrase_is_spoken_at_8_khz_at_its_level_and_pace(
    language: str, text: str, least_s: float, most_s: float
) -> None:
    samples = SPEECH.speak(text, voice_of(language))
    assert samples.dtype == np.float32
    assert least_s < len(samples) / 8000 < most_s
    assert speech_level_dbfs(samples) == pytest.approx(SPEECH_DBFS, abs=2)
    assert peak_dbfs(samples) <= PEAK_DBFS + 0.01
    assert np.abs(samples[:80]).max() < 0.1  # begins quietly, and soon
    assert np.abs(samples[: 8000 // 5]).max() > 0.02


def test_a_sentence_is_followed_by_a_pause_and_a_piece_is_not() -> None:
    def pause_s(text: str) -> float:
        samples = SPEECH.speak(text, voice_of("en"))
        return (len(samples) - np.flatnonzero(np.abs(samples) > 0.01)[-1]) / 8000

    assert pause_s("Goodbye.") > 0.25
    assert pause_s("goodbye") < 0.15


def test_the_voice_of_one_language_does_not_stay_for_the_next() -> None:
    first = SPEECH.speak("seven", voice_of("en"))
    SPEECH.speak("семь", voice_of("ru"))
    assert len(SPEECH.speak("seven", voice_of("en"))) == len(first)


def test_two_libraries_of_one_process_do_not_take_each_others_words() -> None:
    first, second = Speech(), Speech()
    lengths = {len(speech.speak("seven", voice_of("en"))) for speech in (first, second, first, second)}
    assert len(lengths) == 1


def test_a_word_of_the_lexicon_is_spoken_by_its_phonemes() -> None:
    plain = SPEECH.speak("two", Voice("en-us"))
    replaced = SPEECH.speak("Two", Voice("en-us", lexicon={"two": "s'Ev@n t'i:n"}))
    assert len(replaced) > 1.3 * len(plain)


def test_brackets_in_a_text_are_not_taken_for_phonemes() -> None:
    assert len(SPEECH.speak("one [[two]] three", Voice("en-us"))) > len(SPEECH.speak("one three", Voice("en-us")))


@pytest.mark.parametrize("text", ["", "  ", "...", "\0"])
def test_a_text_without_words_is_a_fault(text: str) -> None:
    with pytest.raises(PromptError, match="nothing to be spoken"):
        SPEECH.speak(text, voice_of("en"))


def test_a_text_may_hold_anything() -> None:
    assert len(SPEECH.speak("one\0two \ud800 <b>three</b> [[four", voice_of("en")))


def test_too_long_a_text_and_an_unknown_voice_are_faults() -> None:
    with pytest.raises(PromptError, match="is too long"):
        SPEECH.speak("a" * (TEXT_CHARACTERS_MAX + 1), voice_of("en"))
    with pytest.raises(PromptError, match='no voice "tlhingan"'):
        SPEECH.speak("nuqneH", Voice("tlhingan"))


def test_without_the_wheel_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(PromptError, match=r"espeak-ng is not installed\. Run: pip install 'softswitch\[speech\]'$"):
        Speech().speak("hello", voice_of("en"))
