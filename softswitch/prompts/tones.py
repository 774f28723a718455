"""Call progress tones as people of a country know them (ITU-T E.180 supplement 2), one period of each cadence."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.prompts.resampling import SAMPLE_RATE_HZ

TONE_DBFS = -20.0
"""RMS of a tone while it sounds: as loud as speech."""
_RAMP_S = 0.005
"""Rise and fall of every burst; a hard edge would click."""


class Burst(msgspec.Struct, frozen=True):
    """Frequencies sounding together for `on_s`, then silence for `off_s`."""

    hertz: tuple[float, ...]
    on_s: float
    off_s: float


_SAME_EVERYWHERE = {"beep": (Burst((1000.0,), 0.4, 0.1),)}

TONES: dict[str, dict[str, tuple[Burst, ...]]] = {
    "ru": {
        "ringback": (Burst((425.0,), 1.0, 4.0),),
        "busy": (Burst((425.0,), 0.35, 0.35),),
        "congestion": (Burst((425.0,), 0.175, 0.175),),
        **_SAME_EVERYWHERE,
    },
    "us": {
        "ringback": (Burst((440.0, 480.0), 2.0, 4.0),),
        "busy": (Burst((480.0, 620.0), 0.5, 0.5),),
        "congestion": (Burst((480.0, 620.0), 0.25, 0.25),),
        **_SAME_EVERYWHERE,
    },
    "uk": {
        "ringback": (Burst((400.0, 450.0), 0.4, 0.2), Burst((400.0, 450.0), 0.4, 2.0)),
        "busy": (Burst((400.0,), 0.375, 0.375),),
        "congestion": (Burst((400.0,), 0.4, 0.35), Burst((400.0,), 0.225, 0.525)),
        **_SAME_EVERYWHERE,
    },
}
"""By country, then by the tone's name."""


def tone(bursts: tuple[Burst, ...]) -> NDArray[np.float32]:
    """One period of a cadence at 8 kHz, full scale 1.0; to be looped."""
    return np.concatenate([_burst(burst) for burst in bursts]).astype(np.float32)


def _burst(burst: Burst) -> NDArray[np.float64]:
    at = np.arange(round(burst.on_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    amplitude = 10 ** (TONE_DBFS / 20) * np.sqrt(2 / len(burst.hertz))
    wave = amplitude * sum(np.sin(2 * np.pi * hertz * at) for hertz in burst.hertz)
    ramp = np.clip(np.minimum(at, burst.on_s - at) / _RAMP_S, 0, 1)
    return np.concatenate([wave * ramp, np.zeros(round(burst.off_s * SAMPLE_RATE_HZ))])
