"""Recordings as workers leave them, and what is in a recording of any format."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.media.sounds.wav import SAMPLE_RATE_HZ, header


def write_recording(path: Path, sound: NDArray[np.int16], *, is_closed: bool = True) -> None:
    """A stereo WAV file of `sound` int16[samples, 2]; its sizes are known if it is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(channels=2, frames=len(sound) if is_closed else None) + sound.astype("<i2").tobytes())


def read_recording(path: Path) -> NDArray[np.int16]:
    """int16[samples, 2] of a recording in any of our formats."""
    import av

    frames: list[NDArray[Any]] = []
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE_HZ)
    with av.open(str(path), format="wav" if path.suffix == ".part" else None) as container:
        for decoded in (*container.decode(audio=0), None):
            frames += [frame.to_ndarray().reshape(-1, 2) for frame in resampler.resample(decoded)]
    return np.concatenate([np.zeros((0, 2), np.int16), *frames])


def speech_like(seconds: float, seed: int = 1) -> NDArray[np.int16]:
    """Two voices, int16[samples, 2]: harmonics of two pitches under envelopes of syllables, each in its channel."""
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    generator = np.random.default_rng(seed)
    voices: list[NDArray[np.float64]] = []
    for pitch_hz, syllable_hz in ((118.0, 3.1), (203.0, 2.3)):
        tones = sum(
            np.sin(2 * np.pi * pitch_hz * number * time + generator.uniform(0, 6)) / number for number in range(1, 12)
        )
        voices.append(tones * np.clip(np.sin(2 * np.pi * syllable_hz * time), 0, 1) * 3000)
    return np.stack(voices, axis=1).astype(np.int16)
