"""The phrases shipped with the switch: complete and alike in every language."""

import re

import pytest

from softswitch.prompts.asterisk_names import asterisk_name
from softswitch.prompts.catalogue import LANGUAGES, Catalogue, base_language, catalogue, voice_of

GRAMMAR = ("number/", "ordinal/", "noun/", "month/", "weekday/", "time/")
"""Tables whose keys follow from a language's grammar; test_announcements.py holds them complete."""


def phrases_of(language: str) -> Catalogue:
    found = catalogue(language)
    assert found is not None
    return found


def test_every_language_has_the_same_phrases() -> None:
    names = [{name for name in phrases_of(language).texts if not name.startswith(GRAMMAR)} for language in LANGUAGES]
    assert all(found == names[0] for found in names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_words_in_the_languages_own_letters(language: str) -> None:
    strange = re.compile(r"[а-яё]" if language == "en" else r"[a-z]", re.IGNORECASE)
    for name, text in phrases_of(language).texts.items():
        assert text == text.strip() != "", name
        assert not strange.search(text), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_lexicon_is_in_some_phrase(language: str) -> None:
    spoken = " ".join(phrases_of(language).texts.values()).lower()
    assert all(word in spoken for word in voice_of(language).lexicon)


@pytest.mark.parametrize(
    "name",
    [
        "greeting/welcome",
        "greeting/closed",
        "greeting/goodbye",
        "queue/all-agents-busy",
        "queue/please-hold",
        "connect/transfer",
        "survey/question",
        "survey/thanks",
        "menu/invalid-choice",
        "fault/technical",
        "voicemail/leave-message",
    ],
)
def test_a_hotline_finds_what_it_says(name: str) -> None:
    assert all(name in phrases_of(language).texts for language in LANGUAGES)


def test_a_language_without_phrases_has_a_voice_under_its_own_code() -> None:
    assert catalogue("de") is None
    assert voice_of("de").voice == "de"


@pytest.mark.parametrize(("tag", "base"), [("en", "en"), ("en-GB", "en"), ("ru_RU", "ru"), ("EN-us", "en")])
def test_a_region_is_no_language_of_its_own(tag: str, base: str) -> None:
    assert base_language(tag) == base
    assert catalogue(tag) is catalogue(tag)


def test_asterisk_has_other_names_for_some_phrases_and_none_for_others() -> None:
    assert asterisk_name("number/7", "en") == "digits/7"
    assert asterisk_name("ordinal/7", "ru-RU") == "digits/h-7"
    assert asterisk_name("digit/pound", "en") == "digits/pound"
    assert asterisk_name("digit/pound", "ru") is None  # theirs says pounds sterling
    assert asterisk_name("greeting/welcome", "en") is None
