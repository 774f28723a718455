"""The sound library: where a name leads, and what happens when a recording is bad."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.errors import Fault
from softswitch.dialplan import spoken
from softswitch.prompts.catalogue import catalogue
from softswitch.prompts.errors import PromptError
from softswitch.prompts.limits import MISSING_MAX
from softswitch.prompts.missing import MissingPrompt, MissingPrompts
from softswitch.prompts.runtime.library import SoundLibrary
from softswitch.prompts.runtime.wav_files import is_telephone_wav, write_wav
from softswitch.prompts.spoken import Noun, Said

TENTH = np.full(800, 0.25, dtype=np.float32)


class House:
    """A library with all its directories below one."""

    def __init__(self, root: Path) -> None:
        self.cache = root / "cache"
        self.sounds = root / "sounds"
        self.asterisk = root / "asterisk"
        self.heard: list[Fault] = []
        self.library = SoundLibrary(
            cache=self.cache,
            sounds=self.sounds,
            asterisk=self.asterisk,
            country="ru",
            on_fault=self.heard.append,
        )

    def record(self, name: str) -> str:
        write_wav(self.sounds / f"{name}.wav", TENTH)
        return str(self.sounds / f"{name}.wav")

    def record_asterisk(self, *names: str, language: str = "en_US_f_Allison") -> list[str]:
        folder = self.asterisk / language
        for name in (*names, "digits/0"):
            write_wav(folder / f"{name}.wav", TENTH)
        return [str(folder / f"{name}.wav") for name in names]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def stems(paths: list[str]) -> list[str]:
    """Phrase names of spoken files, which are <table>/<key>-<hash>.wav."""
    return ["/".join(Path(path).parts[-2:]).rsplit("-", 1)[0] for path in paths]


def test_the_operators_recording_comes_first_then_asterisk_then_our_words(house: House) -> None:
    spoken = house.library.resolve("greeting/goodbye", "en")
    assert is_telephone_wav(Path(spoken))
    assert spoken.startswith(str(house.cache))

    (theirs,) = house.record_asterisk("vm-goodbye")
    house.library.refresh()
    assert house.library.resolve("greeting/goodbye", "en") == theirs
    assert house.library.resolve("greeting/goodbye", "ru").startswith(str(house.cache))

    ours = house.record("en/greeting/goodbye")
    house.library.refresh()
    assert house.library.resolve("greeting/goodbye", "en") == ours
    assert house.library.resolve("greeting/goodbye", "en-GB") == ours


def test_a_recording_may_be_for_all_languages_or_for_one_region(house: House) -> None:
    everywhere = house.record("jingle")
    british = house.record("en-GB/welcome")
    english = house.record("en/welcome")
    assert house.library.resolve("jingle", "ru") == everywhere
    assert house.library.resolve("welcome", "en-GB") == british
    assert house.library.resolve("welcome.wav", "en-US") == english


def test_asterisks_own_names_work_too(house: House) -> None:
    (monkeys,) = house.record_asterisk("tt-monkeys")
    assert house.library.resolve("tt-monkeys", "en") == monkeys


def test_a_bad_recording_is_reported_once_and_passed_over(house: House) -> None:
    bad = house.sounds / "en" / "greeting" / "goodbye.wav"
    bad.parent.mkdir(parents=True)
    bad.write_text("this is no sound")
    for _ in range(3):
        assert house.library.resolve("greeting/goodbye", "en").startswith(str(house.cache))
    assert [fault.file for fault in house.heard] == [str(bad)]


def test_the_words_of_a_name_are_spoken_in_place_of_a_bad_recording(house: House) -> None:
    bad = house.sounds / "en" / "offer.wav"
    bad.parent.mkdir(parents=True)
    bad.write_text("this is no sound")
    assert house.library.resolve("offer", "en") == house.library.say("offer", "en")
    (fault,) = map(str, house.heard)
    assert re.search(r"offer.wav: sound: it cannot be played: .*\. Replace the file or remove it$", fault)


@pytest.mark.parametrize(("name", "words"), [("nowhere", "nowhere"), ("shop/winter-sale.wav", "shop winter sale")])
def test_a_prompt_that_does_not_exist_is_spoken_reported_once_and_counted(house: House, name: str, words: str) -> None:
    for _ in range(3):
        assert house.library.files([name], "en") == [house.library.say(words, "en")]
    assert house.library.ready([name], "en") is None
    (fault,) = map(str, house.heard)
    plain = name.removesuffix(".wav")
    assert re.search(f'{plain}: there is no such sound in "en". Put a recording into .*en/{plain}.wav', fault)
    assert house.library.missing() == [MissingPrompt(name, "en", 3)]
    house.library.refresh()
    assert house.library.missing() == []


def test_a_prompt_with_words_in_another_language_only_is_spoken_in_that_one(tmp_path: Path) -> None:
    texts = {"ru": {"shop/sale": "Скидки."}}
    library = SoundLibrary(cache=tmp_path, language="ru", texts=texts)
    assert library.resolve("shop/sale", "en") == library.say("Скидки.", "ru")
    assert library.resolve("greeting/welcome", "de") == library.say("Здравствуйте! Спасибо, что позвонили нам.", "ru")
    assert {row.name for row in library.missing()} == {"shop/sale", "greeting/welcome"}


def test_the_operators_text_goes_before_ours_and_asterisks_and_his_recording_before_it(house: House) -> None:
    house.record_asterisk("vm-goodbye")
    ours = house.library.resolve("greeting/goodbye", "ru")
    house.library.use_texts({"en": {"greeting/goodbye": "See you."}}, "en")
    house.library.refresh()
    text = house.library.resolve("greeting/goodbye", "en-GB")
    assert stems([text]) == ["greeting/goodbye"]
    assert text.startswith(str(house.cache))
    assert house.library.resolve("greeting/goodbye", "ru") == ours
    recorded = house.record("en/greeting/goodbye")
    house.library.refresh()
    assert house.library.resolve("greeting/goodbye", "en") == recorded
    assert house.library.missing() == []


def test_a_project_has_words_of_its_own_before_everybodys_recording(house: House) -> None:
    everybodys = house.record("en/greeting/welcome")
    house.library.use_texts({"en": {"acme/greeting/welcome": "Acme."}}, "en")
    acme, bolt = house.library.for_project("acme", ""), house.library.for_project("bolt", "")
    assert stems([acme.resolve("greeting/welcome", "en")]) == ["greeting/welcome"]
    assert acme.resolve("greeting/welcome", "en").startswith(str(house.cache))
    assert bolt.resolve("greeting/welcome", "en") == everybodys
    own = house.record("acme/en/greeting/welcome")
    house.library.refresh()
    assert acme.resolve("greeting/welcome", "en") == own


def test_values_and_lists_become_files_and_are_known_the_next_time(house: House) -> None:
    said: list[Said] = [
        "greeting/welcome",
        -5,
        spoken.money(1, "USD"),
        spoken.text("Hello."),
        spoken.listed([1, 2, 3], last="or"),
    ]
    assert house.library.ready(said, "en") is None
    files = house.library.files(said, "en")
    assert house.library.ready(said, "en") == files
    assert files[5] == house.library.say("Hello.", "en")
    spoken_files = [file for file in files if not file.startswith("tone:") and "/texts/" not in file]
    assert stems(spoken_files)[:5] == ["greeting/welcome", "number/minus", "number/5", "number/1", "dollar/one"]
    assert stems(spoken_files)[-4:] == ["number/1", "number/2", "list/or", "number/3"]
    assert files[-4].startswith("tone:0/")
    Path(house.library.say("Hello.", "en")).unlink()
    assert house.library.ready(said, "en") is None


def test_a_value_in_a_language_without_words_is_read_in_the_one_to_turn_to(house: House) -> None:
    assert stems(house.library.files([7], "de")) == ["number/7"]


def test_names_that_a_flow_makes_up_fill_nothing(house: House) -> None:
    missing = MissingPrompts()
    for number in range(2 * MISSING_MAX):
        missing.note(f"number-{number}", "en")
    assert len(missing.rows()) == MISSING_MAX + 1
    assert missing.rows()[0] == MissingPrompt("…", "", MISSING_MAX)


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "a//b", "a/../b", "a b", "x\n", ".hidden", "a" * 201])
def test_a_name_never_leaves_the_directories(house: House, name: str) -> None:
    """What is no name is spoken like any other that is not there."""
    if not name:
        with pytest.raises(PromptError, match="this is no name of a sound"):
            house.library.resolve(name, "en")
        return
    assert Path(house.library.resolve(name, "en")).parent == house.cache / "texts" / "en"
    assert "this is no name of a sound" in str(house.heard[0])


@pytest.mark.parametrize("language", ["", "../en", "e", "en/GB", "english1"])
def test_a_language_never_leaves_the_directories(house: House, language: str) -> None:
    assert Path(house.library.resolve("jingle", language)).parent == house.cache / "texts" / "en"
    assert "this is no language" in str(house.heard[0])
    with pytest.raises(PromptError, match="this is no language"):
        house.library.say("hello", language)


def test_announcements_are_spoken_piece_by_piece(house: House) -> None:
    library = house.library
    assert stems(library.announce_position(1, "ru")) == ["queue/you-are-next"]
    assert stems(library.announce_position(22, "ru")) == ["queue/you-are", "number/20", "ordinal/2", "queue/in-line"]
    assert stems(library.announce_wait(2, "ru")) == ["queue/estimated-wait", "number/2f", "minute/few"]
    assert stems(library.speak_number(21, "en", Noun.PERSON)) == ["number/20", "number/1", "person/many"]
    assert stems(library.say_digits("4*", "en")) == ["digit/4", "digit/star"]


def test_an_announcement_takes_the_wording_that_is_recorded_as_a_whole(house: House) -> None:
    recorded = house.record_asterisk("queue-thereare", "digits/20", "digits/2")
    assert house.library.announce_position(22, "en") == recorded


def test_an_announcement_is_never_half_in_another_voice(house: House) -> None:
    house.record_asterisk("queue-holdtime", "queue-minutes")
    assert stems(house.library.announce_wait(2, "en")) == ["queue/estimated-wait", "number/2", "minute/many"]
    (two,) = house.record_asterisk("digits/2")
    house.library.refresh()
    assert two in house.library.announce_wait(2, "en")


def test_any_text_can_be_said(house: House) -> None:
    path = house.library.say("Your order is ready.", "en")
    assert is_telephone_wav(Path(path))
    assert house.library.say("Your order is ready.", "en") == path


def test_there_is_music_out_of_the_box(house: House) -> None:
    path = Path(house.library.music())
    assert is_telephone_wav(path)
    assert path.stat().st_size > 20 * 16000
    assert not house.heard


def test_music_is_a_file_or_a_folder_of_the_operators(house: House, tmp_path: Path) -> None:
    file = house.record("music/jazz")
    house.record("music/calm/1")
    house.record("music/calm/2")
    assert house.library.music("jazz") == file
    assert Path(house.library.music("calm")).stat().st_size == 44 + 2 * 1600
    for source in (house.sounds / "music" / "jazz.wav", house.sounds / "music" / "calm"):
        chosen = SoundLibrary(cache=tmp_path / "cache", sounds=house.sounds, music=source)
        assert chosen.music() == house.library.music(source.stem)


@pytest.mark.parametrize("name", ["rock", "../music", "empty"])
def test_music_that_is_missing_is_reported_and_ours_is_played(house: House, name: str) -> None:
    (house.sounds / "music" / "empty").mkdir(parents=True)
    assert house.library.music(name) == house.library.music()
    assert house.library.music(name) == house.library.music()
    assert len(house.heard) == 1


def test_tones_are_the_countrys(house: House, tmp_path: Path) -> None:
    american = SoundLibrary(cache=tmp_path / "cache", country="us")
    assert house.library.tone("ringback") == "tone:425/1000,0/4000"
    assert american.tone("ringback") == "tone:440+480/2000,0/4000"
    assert american.tone("beep") == house.library.tone("beep")
    assert house.library.resolve("tone:busy", "en") == "tone:425/350,0/350"
    assert house.library.resolve("tone:!950/330,425", "en") == "tone:!950/330,425"
    with pytest.raises(PromptError, match="there is no such tone"):
        house.library.resolve("tone:../x", "en")
    with pytest.raises(PromptError, match=r"there is no such tone\. There are: beep, dial, ringback, busy"):
        house.library.tone("moo")


def test_everything_is_prepared_in_advance_and_every_fault_comes_back(house: House) -> None:
    house.record("en/own")
    bad = house.sounds / "en" / "bad.wav"
    bad.write_text("this is no sound")
    (fault,) = house.library.prepare(["en"], music=["default"])
    assert fault.file == str(bad)
    english = catalogue("en")
    assert english is not None
    assert len(list((house.cache / "phrases" / "en").rglob("*.wav"))) == len(english.texts)
    assert len(list((house.cache / "generated").iterdir())) == 1
    made = {path: path.stat().st_mtime_ns for path in house.cache.rglob("*.wav")}
    house.library.refresh()
    assert house.library.prepare(["en"]) == [fault]
    assert {path: path.stat().st_mtime_ns for path in house.cache.rglob("*.wav")} == made


def test_a_prompt_that_is_expected_is_reported_and_its_words_are_ready(house: House) -> None:
    (fault,) = house.library.prepare(["en"], expected=["shop/sale", "greeting/welcome"])
    assert (fault.key, house.heard) == ("shop/sale", [fault])
    assert house.library.missing() == [], "nobody has asked for it yet"
    (words,) = (house.cache / "texts" / "en").glob("*.wav")
    assert house.library.resolve("shop/sale", "en") == str(words)


def test_without_espeak_recordings_still_play_and_one_fault_says_what_to_install(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    own = house.record("en/greeting/goodbye")
    (fault,) = house.library.prepare(["en", "ru"])
    assert "pip install 'softswitch[speech]'" in fault.remedy
    assert house.library.resolve("greeting/goodbye", "en") == own
    assert is_telephone_wav(Path(house.library.music()))
    said: list[Said] = ["greeting/goodbye", "shop/sale", 7, spoken.text("Hello.")]
    assert house.library.files(said, "en") == [own], "what cannot be spoken is left out, and the call goes on"
    assert [(row.name, row.times) for row in house.library.missing()] == [
        *(("number", 1), ("shop/sale", 1), ("text", 1)),
    ]


def test_a_projects_recordings_go_before_the_centres(house: House) -> None:
    ours = house.record("en/greeting/welcome")
    acme = house.library.for_project("acme", "")
    assert acme.resolve("greeting/welcome", "en") == ours
    theirs, jingle = house.record("acme/en/greeting/welcome"), house.record("acme/jingle")
    house.library.refresh()
    assert acme.resolve("greeting/welcome", "en") == theirs
    assert acme.resolve("jingle", "ru") == jingle
    assert house.library.resolve("greeting/welcome", "en") == ours
    assert house.library.for_project("acme", "") is acme, "it is made once"


def test_a_projects_recordings_are_made_ready_too(house: House) -> None:
    for name in ("acme/en/welcome", "acme/jingle"):
        path = house.sounds / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("this is no sound")
    faults = house.library.prepare(["en"], projects=["acme"])
    assert {Path(fault.file).stem for fault in faults} == {"welcome", "jingle"}


def test_a_projects_music_is_its_own(house: House) -> None:
    polka, waltz = house.record("acme/music/polka"), house.record("music/waltz")
    acme = house.library.for_project("acme", "polka")
    assert (acme.music(), acme.music("polka"), acme.music("waltz")) == (polka, polka, waltz)
    assert house.library.music() != polka
