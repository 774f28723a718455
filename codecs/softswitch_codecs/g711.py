"""ITU-T G.711: µ-law (PCMU) and A-law (PCMA), by tables of 256 and 65,536 entries built from the formulas.

Both laws keep sign, exponent and a mantissa of four bits; µ-law adds a bias of 33 (to a 14-bit sample) so that every
segment has a leading one, A-law leaves the lowest segment linear. A byte is sent with all bits inverted (µ-law) or
every second one (A-law: XOR 0x55).
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec import CodecSpec

_SIGN = 0x80


class G711Codec:
    """One law: a sample is looked up, nothing is computed. Works on arrays of any shape; both must have the same."""

    __slots__ = ("_byte_of", "_sample_of", "spec")

    def __init__(self, spec: CodecSpec, sample_of: NDArray[np.int16], byte_of: NDArray[np.uint8]) -> None:
        """`sample_of` int16[256] by byte; `byte_of` uint8[65536] by the sample's 16 bits read as unsigned."""
        self.spec = spec
        self._sample_of = sample_of
        self._byte_of = byte_of

    def decode(self, payload: NDArray[np.uint8], out: NDArray[np.int16]) -> None:
        """`payload` uint8[n, samples] -> `out` int16[n, samples]."""
        # No index can be out of range; of NumPy's modes "clip" is the one that writes to `out` without a copy.
        self._sample_of.take(payload, out=out, mode="clip")

    def encode(self, pcm: NDArray[np.int16], out: NDArray[np.uint8]) -> None:
        """`pcm` int16[n, samples] -> `out` uint8[n, samples]."""
        self._byte_of.take(pcm.view(np.uint16), out=out, mode="clip")


def _decode_mu_law() -> NDArray[np.int16]:
    """Table 2a of G.711 with its 14-bit values scaled to 16 bits."""
    inverted = ~np.arange(256) & 0xFF
    magnitude = ((((inverted & 0x0F) << 3) + 0x84) << ((inverted >> 4) & 0x07)) - 0x84
    return np.where(inverted & _SIGN, -magnitude, magnitude).astype(np.int16)


def _decode_a_law() -> NDArray[np.int16]:
    """Table 1a of G.711 with its 13-bit values scaled to 16 bits."""
    byte = np.arange(256) ^ 0x55
    exponent = (byte >> 4) & 0x07
    mantissa = ((byte & 0x0F) << 4) + 8
    magnitude = np.where(exponent == 0, mantissa, (mantissa + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(byte & _SIGN, magnitude, -magnitude).astype(np.int16)


def _encode_mu_law() -> NDArray[np.uint8]:
    sample = _every_sample()
    biased = np.minimum((_magnitude(sample) >> 2) + 33, 0x1FFF)
    segment = 1 + _bit_length(biased >> 6)
    byte = ((8 - segment) << 4) | (15 - ((biased >> segment) & 0x0F))
    return np.where(sample >= 0, byte | _SIGN, byte).astype(np.uint8)


def _encode_a_law() -> NDArray[np.uint8]:
    sample = _every_sample()
    magnitude = _magnitude(sample) >> 4
    exponent = _bit_length(magnitude) - 4
    shifted = magnitude >> np.maximum(exponent - 1, 0)
    byte = np.where(magnitude > 15, (np.maximum(exponent, 0) << 4) + (shifted - 16), magnitude)
    return (np.where(sample >= 0, byte | _SIGN, byte) ^ 0x55).astype(np.uint8)


def _every_sample() -> NDArray[np.int64]:
    """All 65,536 samples, ordered by their 16 bits read as unsigned."""
    return np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)


def _magnitude(sample: NDArray[np.int64]) -> NDArray[np.int64]:
    """One's complement of the negative samples: G.711's two halves are mirrored about -0.5, not about 0."""
    return np.where(sample < 0, ~sample, sample)


def _bit_length(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the highest one bit, counted from 1; 0 for 0. Exact for values below 2**53."""
    return np.frexp(value)[1].astype(np.int64)


pcmu = G711Codec(
    CodecSpec(name="PCMU", payload_type=0, sample_rate_hz=8000, clock_rate_hz=8000, bit_rate=64000, silence_byte=0xFF),
    _decode_mu_law(),
    _encode_mu_law(),
)
pcma = G711Codec(
    CodecSpec(name="PCMA", payload_type=8, sample_rate_hz=8000, clock_rate_hz=8000, bit_rate=64000, silence_byte=0xD5),
    _decode_a_law(),
    _encode_a_law(),
)
