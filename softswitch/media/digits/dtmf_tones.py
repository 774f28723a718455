"""The sound of digits (ITU-T Q.23): two tones at once, one of four low and one of four high frequencies."""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.tick_grid import SAMPLE_RATE_HZ

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
"""Row after row of the keypad: key n sounds with LOW_HZ[n // 4] and HIGH_HZ[n % 4]."""

AMPLITUDE_0_DBM0 = 22_650
"""Of a sine of 0 dBm0 in 16-bit samples (G.711 table 5: the 1 kHz reference)."""

LEVEL_DBM0 = -10.0
"""Of each tone we send; both together are at -7, the most that networks like to carry."""

_RAMP_SAMPLES = 16
"""2 ms of rise and fall: short for a detector (Q.24 allows 5), and no click."""

_AMPLITUDE = AMPLITUDE_0_DBM0 * 10 ** (LEVEL_DBM0 / 20)


def tone_of(key: str, start: int, samples: int, length: int) -> NDArray[np.int16]:
    """`samples` of the tone of a key that is `length` samples long, from its sample `start` on; silence after its end.

    int16[samples]. Parts that are made one after another fit together.
    """
    place = KEYS.index(key)
    at = np.arange(start, start + samples)
    turn = 2 * np.pi / SAMPLE_RATE_HZ * at
    wave = np.sin(LOW_HZ[place // 4] * turn) + np.sin(HIGH_HZ[place % 4] * turn)
    ramp = np.clip(np.minimum(at, length - 1 - at) / _RAMP_SAMPLES, 0.0, 1.0)
    return np.round(_AMPLITUDE * ramp * wave).astype(np.int16)
