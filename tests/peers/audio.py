"""What was heard against what was said: alignment, correlation, PESQ. Samples are int16[n] at 8 kHz throughout."""

import wave
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
FRAME = 160
ECHO_WITHIN_S = 0.3

Samples = NDArray[np.int16]


def read_wav(path: Path | str) -> Samples:
    """int16[n, channels] of an 8 kHz 16-bit file."""
    with wave.open(str(path), "rb") as reader:
        assert (reader.getframerate(), reader.getsampwidth()) == (RATE_HZ, 2), reader.getparams()
        content = reader.readframes(reader.getnframes())
        return np.frombuffer(content, "<i2").reshape(-1, reader.getnchannels())


def write_wav(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, len(samples), "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())


def offset_of(said: Samples, heard: Samples) -> int:
    """How many samples later a sound is in `heard` than in `said`; negative if its beginning is not in `heard`."""
    correlation, size = _correlation(said, heard)
    lag = int(np.argmax(correlation))
    return lag - size if lag > size // 2 else lag


def aligned(said: Samples, heard: Samples) -> tuple[Samples, Samples]:
    """The part that both have in common, sample beside sample."""
    offset = offset_of(said, heard)
    said, heard = said[max(0, -offset) :], heard[max(0, offset) :]
    length = min(len(said), len(heard))
    return said[:length], heard[:length]


def excerpt_likeness(said: Samples, heard: Samples) -> float:
    """How much `heard` is like the part of `said`, repeated without end, that it is most like: 1.0 is the same."""
    repeated = np.concatenate([said, said[: len(heard)]]).astype(np.float64)
    size = 1 << len(repeated).bit_length()
    spectrum = np.fft.rfft(repeated, size) * np.conj(np.fft.rfft(heard.astype(np.float64), size))
    correlation = np.abs(np.fft.irfft(spectrum, size)[: len(said)])
    energies = np.concatenate([[0.0], np.cumsum(np.square(repeated))])
    norms = np.sqrt((energies[len(heard) :] - energies[: -len(heard)])[: len(said)])
    energy = np.linalg.norm(heard.astype(np.float64))
    return float(np.max(correlation / np.maximum(norms * energy, 1.0)))


def crosstalk(voice: Samples, offset: int, channel: Samples) -> float:
    """How much of a voice is in a channel that is not its own: normalised cross-correlation at any shift of at most
    0.3 s from `offset`, where the voice is in its own channel."""
    placed = np.zeros(len(channel))
    start, length = max(0, offset), min(len(channel) - max(0, offset), len(voice) - max(0, -offset))
    placed[start : start + length] = voice[max(0, -offset) : max(0, -offset) + length]
    correlation, size = _correlation(placed, channel.astype(np.float64))
    reach = int(ECHO_WITHIN_S * RATE_HZ)
    near = np.concatenate([correlation[: reach + 1], correlation[size - reach :]])
    energy = np.linalg.norm(placed) * np.linalg.norm(channel.astype(np.float64))
    return float(np.abs(near).max() / energy) if energy else 0.0


def level_dbov(samples: Samples) -> float:
    """Mean power against a full-scale square wave; -200 for digital silence."""
    power = float(np.mean(np.square(samples.astype(np.float64)))) if len(samples) else 0.0
    return 10 * np.log10(power) - 20 * np.log10(32768) if power else -200.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a voice came through."""

    pesq: float
    """PESQ-NB (ITU-T P.862 with P.862.1), 1.0 to 4.55."""
    offset: int
    different_frames: list[int]
    """The frames of 20 ms, by their number in the common part, where what was heard is more than coding away."""
    exact: float
    """The part of the common samples that `coded` (what G.711 makes of them) gives exactly."""


def judge(said: Samples, coded: Samples, heard: Samples) -> Verdict:
    """`said` against `heard`; `coded` is `said` as G.711 carries it."""
    offset = offset_of(said, heard)
    reference, degraded = aligned(said, heard)
    carried, _ = aligned(coded, heard) if offset == offset_of(coded, heard) else (reference, degraded)
    same = carried == degraded
    frames = same[: len(same) // FRAME * FRAME].reshape(-1, FRAME).all(axis=1)
    return Verdict(
        pesq=pesq(reference, degraded),
        offset=offset,
        different_frames=[int(frame) for frame in np.flatnonzero(~frames)],
        exact=float(same.mean()) if len(same) else 0.0,
    )


def pesq(reference: Samples, degraded: Samples) -> float:
    """PESQ-NB of two aligned signals."""
    judged = cast(Any, import_module("pesq")).pesq(RATE_HZ, reference, degraded, "nb")
    return float(judged)


def _correlation(said: NDArray[Any], heard: NDArray[Any]) -> tuple[NDArray[np.float64], int]:
    """Circular cross-correlation by shift of `heard`, float64[size]."""
    size = 1 << (len(said) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(said.astype(np.float64), size))
    return np.fft.irfft(spectrum, size), size
