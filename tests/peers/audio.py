"""What was heard against what was said: alignment, correlation, PESQ. Samples are int16[n] at 8 kHz throughout."""

import wave
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tests.peers.program import left_out

RATE_HZ = 8000
FRAME = 160
ECHO_WITHIN_S = 0.3
_PART = RATE_HZ // 4

Samples = NDArray[np.int16]


def read_wav(path: Path | str) -> Samples:
    """int16[n, channels] of an 8 kHz 16-bit file."""
    with wave.open(str(path), "rb") as reader:
        assert (reader.getframerate(), reader.getsampwidth()) == (RATE_HZ, 2), reader.getparams()
        content = reader.readframes(reader.getnframes())
        return np.frombuffer(content, "<i2").reshape(-1, reader.getnchannels())


def write_wav(path: Path, samples: Samples, *, rate_hz: int = RATE_HZ, channels: int = 1) -> None:
    """The same sound in every channel, at `rate_hz`."""
    content = np.repeat(resampled(samples, RATE_HZ, rate_hz).astype("<i2"), channels)
    with wave.open(str(path), "wb") as writer:
        writer.setparams((channels, 2, rate_hz, len(content) // channels, "NONE", ""))
        writer.writeframes(content.tobytes())


def read_any_wav(path: Path) -> Samples:
    """int16[n]: the first channel of a 16-bit file, brought to 8 kHz."""
    with wave.open(str(path), "rb") as reader:
        content = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, reader.getnchannels())
        return resampled(content[:, 0], reader.getframerate(), RATE_HZ)


def resampled(samples: Samples, rate_hz: int, to_hz: int) -> Samples:
    """The whole sound at another rate, by its spectrum."""
    if rate_hz == to_hz:
        return samples
    length = len(samples) * to_hz // rate_hz
    changed = np.fft.irfft(np.fft.rfft(samples)[: length // 2 + 1], length) * (to_hz / rate_hz)
    return np.clip(np.round(changed), -32768, 32767).astype(np.int16)


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


def likeness_of_parts(said: Samples, heard: Samples) -> float:
    """The median of `excerpt_likeness` over the parts of a quarter of a second in which somebody speaks.

    On a busy machine a packet comes late now and then, and the delay is changed in the midst of a word: the parts
    before and after are like what was said, though not both at the same shift.
    """
    parts = [heard[at : at + _PART] for at in range(0, len(heard) - _PART + 1, _PART)]
    energies = [float(np.square(part.astype(np.float64)).mean()) for part in parts]
    spoken = [part for part, energy in zip(parts, energies, strict=True) if energy >= max(energies) / 100]
    return float(np.median([excerpt_likeness(said, part) for part in spoken]))


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
    pesq_of_codec: float
    """What the codec alone leaves of it: the most there can be."""
    offset: int
    """Samples from the beginning of the file to the beginning of the voice."""
    other_frames: list[tuple[int, int]]
    """Runs of 20 ms frames (first, last) whose samples are further from what was said than coding takes them."""

    def __str__(self) -> str:
        return (
            f"PESQ {self.pesq:.3f} (the codec alone {self.pesq_of_codec:.3f}), begins at sample {self.offset}, "
            f"frames that are not what was said: {self.other_frames or 'none'}"
        )


def judge(said: Samples, carried: Samples, heard: Samples) -> Verdict:
    """`said` against `heard`; `carried` is `said` as it comes out of the codec."""
    reference, degraded = aligned(said, heard)
    expected, _ = aligned(carried, heard)
    whole = min(len(expected), len(degraded)) // FRAME * FRAME
    distance = np.abs(expected[:whole].astype(np.int32) - degraded[:whole])
    # Codecs of others round to a neighbouring step: half a step is an eighth of the sample, 16 near zero.
    tolerated = np.maximum(np.abs(expected[:whole].astype(np.int32)) // 8, 16)
    others = np.flatnonzero((distance > tolerated).reshape(-1, FRAME).any(axis=1))
    return Verdict(pesq(reference, degraded), pesq(said, carried), offset_of(said, heard), _runs(others.tolist()))


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def pesq(reference: Samples, degraded: Samples) -> float:
    """PESQ-NB of two aligned signals."""
    try:
        package = cast(Any, import_module("pesq"))
    except ModuleNotFoundError:
        left_out("pesq is not installed: pip install --group peers (it builds with gcc)")
    return float(package.pesq(RATE_HZ, reference, degraded, "nb"))


def _correlation(said: NDArray[Any], heard: NDArray[Any]) -> tuple[NDArray[np.float64], int]:
    """Circular cross-correlation by shift of `heard`, float64[size]."""
    size = 1 << (len(said) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(said.astype(np.float64), size))
    return np.fft.irfft(spectrum, size), size
