"""The table of tones: every country has all of them, as cadences."""

import re
from typing import get_args, get_type_hints

import pytest

from softswitch.config.settings import SoundsSection
from softswitch.prompts.tones import TONES, tone, tone_names

CADENCE = re.compile(r"\d+([+*]\d+)?(/\d+)?(,\d+([+*]\d+)?/\d+)*")


@pytest.mark.parametrize("country", TONES)
def test_every_country_has_every_tone(country: str) -> None:
    assert tone_names(country) == ["beep", *TONES["us"]]
    for cadence in TONES[country].values():
        assert CADENCE.fullmatch(cadence)


def test_a_tone_is_a_sound_to_play_and_others_are_none() -> None:
    assert tone("gb", "ringback") == "tone:400+450/400,0/200,400+450/400,0/2000"
    assert tone("ru", "busy") == "tone:425/350,0/350"
    assert tone("us", "beep") == tone("jp", "beep") == "tone:1000/400,0/100"
    assert tone("us", "moo") is None


def test_the_configuration_knows_the_countries() -> None:
    assert set(get_args(get_type_hints(SoundsSection)["tones"])) == set(TONES)
