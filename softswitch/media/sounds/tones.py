"""Tones as sounds: a playback's "tone:425/1000,0/4000" is made here, where a file would be read.

```
cadence = part *("," part)         played one after another
part    = ["!"] sound ["/" ms]     "!": played once when the cadence is repeated; such parts come first
sound   = "0"                      silence
        | hz *("+" hz)             frequencies together, equally loud: "350+440"
        | hz "*" hz                the first, its loudness moved up and down by the second: "400*25"
```

A part without a length is the only one: it sounds for as long as the playback is repeated. It is made as long as a
whole number of its periods, so that nothing is heard of the seam. Every other part begins and ends without a click.
"""

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0
from softswitch.media.limits import TONE_MS_MAX, TONE_PARTS_MAX
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

PREFIX = "tone:"

LEVEL_DBM0 = -13.5
"""Of the whole tone: as loud as speech, and within what E.180 asks for (-10 ± 5)."""

_HERTZ_MIN, _HERTZ_MAX = 15, 3900
_RAMP_SAMPLES = 40
"""5 ms of rise and fall."""
_PART = re.compile(r"(!?)(\d{1,4}(?:\+\d{1,4})*|\d{1,4}\*\d{1,4})(?:/(\d{1,6}))?", re.ASCII)


class ToneFault(NamedTuple):
    """Why this is no tone, in words for people."""

    reason: str


class _Part(NamedTuple):
    hertz: tuple[int, ...]
    modulation_hz: int
    samples: int
    """0: for as long as it is repeated."""


def is_tone(sound: str) -> bool:
    return sound.startswith(PREFIX)


def once_and_again(sound: str) -> tuple[list[str], list[str]]:
    """A playback's sound as the sounds that are played once, and those that a loop repeats."""
    if not is_tone(sound) or "!" not in sound:
        return [], [sound]
    parts = sound.removeprefix(PREFIX).split(",")
    first = next((index for index, part in enumerate(parts) if not part.startswith("!")), len(parts))
    once, again = ",".join(part.removeprefix("!") for part in parts[:first]), ",".join(parts[first:])
    return [PREFIX + once] if once else [], [PREFIX + again] if again else []


def render(sound: str) -> NDArray[np.int16] | ToneFault:
    """One period of the cadence of "tone:...", int16[samples] at 8 kHz. Every failure is a value."""
    texts = sound.removeprefix(PREFIX).split(",")
    if len(texts) > TONE_PARTS_MAX:
        return ToneFault(f"a tone has at most {TONE_PARTS_MAX} parts")
    parts: list[_Part] = []
    for text in texts:
        part = _parse(text)
        if isinstance(part, ToneFault):
            return part
        parts.append(part)
    if not parts[0].samples and len(parts) == 1:
        return _wave(parts[0], _whole_periods(parts[0]))
    if not all(part.samples for part in parts):
        return ToneFault('each of several parts has a length in ms, as in "425/1000,0/4000"')
    if sum(part.samples for part in parts) > SAMPLE_RATE_HZ * TONE_MS_MAX // 1000:
        return ToneFault(f"a tone lasts at most {TONE_MS_MAX} ms")
    return np.concatenate([_burst(part) for part in parts])


def _parse(text: str) -> _Part | ToneFault:
    match = _PART.fullmatch(text)
    if match is None:
        return ToneFault(f'"{text[:40]}" is no part of a tone: write one as 425/1000, 350+440/500 or 0/4000')
    if match[1]:
        return ToneFault(f'"{text}" is played once, and so must stand before all that is repeated')
    carriers, _, modulation = match[2].partition("*")
    hertz = tuple(int(number) for number in carriers.split("+"))
    modulation_hz = int(modulation or 0)
    if hertz == (0,) and not modulation:
        hertz = ()
    if not all(_HERTZ_MIN <= each <= _HERTZ_MAX for each in (*hertz, modulation_hz or _HERTZ_MIN)):
        return ToneFault(f'"{text}": frequencies are {_HERTZ_MIN} to {_HERTZ_MAX} Hz, or 0 for silence')
    samples = SAMPLE_RATE_HZ * int(match[3] or 0) // 1000
    if match[3] is not None and not samples:
        return ToneFault(f'"{text}" has no length')
    return _Part(hertz, modulation_hz, samples)


def _whole_periods(part: _Part) -> int:
    """The length of a second or a little more, after which the wave begins anew."""
    period = SAMPLE_RATE_HZ // math.gcd(SAMPLE_RATE_HZ, *part.hertz, part.modulation_hz)
    return period * math.ceil(SAMPLE_RATE_HZ / period)


def _burst(part: _Part) -> NDArray[np.int16]:
    at = np.arange(part.samples)
    ramp = np.clip(np.minimum(at, part.samples - 1 - at) / _RAMP_SAMPLES, 0.0, 1.0)
    return np.round(_wave(part, part.samples) * ramp).astype(np.int16)


def _wave(part: _Part, samples: int) -> NDArray[np.int16]:
    if not part.hertz:
        return np.zeros(samples, np.int16)
    turn = 2 * np.pi / SAMPLE_RATE_HZ * np.arange(samples)
    wave: NDArray[np.float64] = np.sin(np.outer(part.hertz, turn)).sum(axis=0) / math.sqrt(len(part.hertz))
    if part.modulation_hz:
        # RMS of the envelope 1 + cos is the square root of 1.5.
        wave *= (1 + np.cos(part.modulation_hz * turn)) / math.sqrt(1.5)
    wave *= AMPLITUDE_0_DBM0 * 10 ** (LEVEL_DBM0 / 20)
    return np.round(wave).astype(np.int16)
