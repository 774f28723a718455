"""Sound in place of what was lost, for codecs whose decoder makes none: the last pitch period again and again, fading.

The method is that of concealment.py, for one stream and at the rate of its codec: the voice's period is the lag at
which the past resembles itself most, the join of its end and beginning is blended, and so is the return of sound.
"""

import numpy as np
from numpy.typing import NDArray

_LAG_MIN, _LAG_MAX = 40, 120
_COMPARED = 160
PAST_LENGTH = _LAG_MAX + _COMPARED
"""What is needed of the past."""
_JOIN = 16
_RETURN = 32
_FULL = 80
_FADED = 480
"""All in samples at 8 kHz: full loudness for 10 ms, silence after 60 ms."""


class Repetition:
    """The gap of one stream, from its beginning until sound is back."""

    __slots__ = ("_at", "_sound", "_unit")

    def __init__(self, past: bytes, unit: int) -> None:
        """`past` is what was played last, PAST_LENGTH or more; `unit` is the number of samples in one at 8 kHz."""
        self._unit = unit
        self._at = 0
        self._sound = _repeated(np.frombuffer(past, np.int16)[-PAST_LENGTH * unit :].astype(np.float32), unit)

    def take(self, length: int) -> bytes:
        """The next `length` (at 8 kHz) of it."""
        sound = self._next(length)
        self._at += len(sound)
        return sound.astype(np.int16).tobytes() + bytes(2 * (length * self._unit - len(sound)))

    def blend(self, sound: bytes) -> bytes:
        """Sound is back: its beginning faded in over what the repetition would have been."""
        fading = self._next(_RETURN)
        whole = np.frombuffer(sound, np.int16).astype(np.float32)
        fading = fading[: len(whole)]
        weight = (np.arange(len(fading), dtype=np.float32) + 1) / (len(fading) + 1)
        whole[: len(fading)] = fading + (whole[: len(fading)] - fading) * weight
        return whole.astype(np.int16).tobytes()

    def _next(self, length: int) -> NDArray[np.float32]:
        return self._sound[self._at : self._at + length * self._unit]


def _repeated(past: NDArray[np.float32], unit: int) -> NDArray[np.float32]:
    """What follows `past` if the voice goes on as it is, fading to silence."""
    if len(past) < PAST_LENGTH * unit:
        return np.zeros(0, np.float32)
    lag = _period(past, unit)
    period, before = past[-lag:], past[-2 * lag : -lag]
    # The end of a period is blended into the sound that led up to its beginning, so that the two join.
    to_end = np.arange(lag, 0, -1, dtype=np.float32)
    blended = before + (period - before) * np.clip(to_end / (_JOIN * unit + 1), 0.0, 1.0)
    fade = np.clip((_FADED * unit - np.arange(_FADED * unit)) / ((_FADED - _FULL) * unit), 0.0, 1.0)
    return (np.resize(blended, _FADED * unit) * fade).astype(np.float32)


def _period(past: NDArray[np.float32], unit: int) -> int:
    """The lag, of 40 to 120 samples at 8 kHz, at which the past resembles itself most."""
    compared = _COMPARED * unit
    recent = past[-compared:]
    likeness = np.correlate(past[: -_LAG_MIN * unit], recent, "valid")
    squares = np.concatenate((np.zeros(1), np.cumsum(np.square(past, dtype=np.float64))))
    energy = (squares[compared:] - squares[:-compared])[: len(likeness)]
    return _LAG_MAX * unit - int(np.argmax(likeness / np.sqrt(energy + 1.0)))
