"""Tones: cadences, frequencies, levels, and no click anywhere."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0
from softswitch.media.limits import TONE_PARTS_MAX
from softswitch.media.sounds.tones import LEVEL_DBM0, ToneFault, is_tone, once_and_again, render
from softswitch.prompts.tones import TONES, tone, tone_names


def rendered(cadence: str) -> NDArray[np.int16]:
    sound = render(f"tone:{cadence}")
    assert not isinstance(sound, ToneFault), sound
    return sound


def level_dbm0(sound: NDArray[np.int16]) -> float:
    rms = float(np.sqrt(np.mean(sound.astype(float) ** 2)))
    return 20 * np.log10(rms * np.sqrt(2) / AMPLITUDE_0_DBM0)


def frequencies(sound: NDArray[np.int16]) -> set[int]:
    """Those within 20 dB of the strongest, in a second of sound."""
    spectrum = np.abs(np.fft.rfft(sound[:8000].astype(float) * np.hanning(len(sound[:8000])), 8000))
    peaks = (spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:]) & (spectrum[1:-1] > spectrum.max() / 10)
    return set((np.flatnonzero(peaks) + 1).tolist())


def test_a_cadence_sounds_and_pauses_for_as_long_as_it_says() -> None:
    sound = rendered("440+480/2000,0/4000")
    assert len(sound) == 48_000
    assert frequencies(sound) == {440, 480}
    assert level_dbm0(sound[1000:15_000]) == pytest.approx(LEVEL_DBM0, abs=0.2)
    assert not sound[16_000:].any()


@pytest.mark.parametrize("cadence", ["350+440", "425", "1004", "400*25", "413+438", "0"])
def test_a_tone_without_an_end_can_be_repeated_without_a_seam(cadence: str) -> None:
    sound = rendered(cadence)
    assert 8000 <= len(sound) <= 16_000
    looped = np.concatenate([sound, sound]).astype(int)
    seam = slice(len(sound) - 200, len(sound) + 200)
    bend = np.abs(np.diff(looped, 2))
    assert bend[seam].max() <= bend[200 : len(sound) - 200].max() + 2, "no sharper bend at the seam than elsewhere"


def test_a_modulated_tone_swells_as_often_as_it_should() -> None:
    sound = rendered("400*25")
    assert frequencies(sound) == {375, 400, 425}
    assert level_dbm0(sound) == pytest.approx(LEVEL_DBM0, abs=0.2)


@pytest.mark.parametrize("country", TONES)
def test_every_countrys_tones_can_be_played_and_none_of_them_clicks(country: str) -> None:
    for name in tone_names(country):
        sound = rendered((tone(country, name) or "").removeprefix("tone:"))
        assert len(sound) <= 60 * 8000
        looped = np.concatenate([sound, sound]).astype(int)
        steps = np.abs(np.diff(looped))
        assert steps.max() < 6500, "no step steeper than that of the highest tone, 1400 Hz"


@pytest.mark.parametrize(
    ("cadence", "words"),
    [
        ("", "is no part of a tone"),
        ("425/1000,", "is no part of a tone"),
        ("425/0", "has no length"),
        ("0/0", "has no length"),
        ("425,0/100", "each of several parts has a length"),
        ("425/100,0", "each of several parts has a length"),
        ("5/100", "frequencies are 15 to 3900 Hz"),
        ("4000/100", "frequencies are"),
        ("0+425/100", "frequencies are"),
        ("425*5/100", "frequencies are"),
        ("425/100,!425/100", "must stand before"),
        ("425/999999", "a tone lasts at most"),
        ("beep", "is no part of a tone"),
        ("/etc/passwd", "is no part of a tone"),
        (",".join(["425/1"] * (TONE_PARTS_MAX + 1)), "at most"),
    ],
)
def test_what_is_no_tone_is_told(cadence: str, words: str) -> None:
    fault = render(f"tone:{cadence}")
    assert isinstance(fault, ToneFault)
    assert words in fault.reason


def test_parts_that_are_played_once_are_told_apart() -> None:
    assert once_and_again("/a!/b.wav") == ([], ["/a!/b.wav"])
    assert once_and_again("tone:425") == ([], ["tone:425"])
    assert once_and_again("tone:!1/1,!2/2,3") == (["tone:1/1,2/2"], ["tone:3"])
    assert once_and_again("tone:!950/330") == (["tone:950/330"], [])
    assert is_tone("tone:1")
    assert not is_tone("/tone:1")
