"""G.711 against an independent, slow implementation: the decision thresholds of the Recommendation's tables."""

from bisect import bisect_right

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.codec import Codec
from softswitch_codecs.g711 import pcma, pcmu

EVERY_BYTE = np.arange(256, dtype=np.uint8).reshape(1, 256)
EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int16).reshape(1, 65536)


def mu_law_thresholds() -> list[int]:
    """Decision values x(1)..x(127) of table 2a, 14-bit magnitudes: steps of 2, 4, 8 ... 256, the first is 1 wide."""
    thresholds = [1]
    for segment in range(8):
        thresholds += [thresholds[-1] + (2 << segment) * step for step in range(1, 17 if segment else 16)]
    return thresholds[:127]


def a_law_thresholds() -> list[int]:
    """Decision values x(1)..x(127) of table 1a, 13-bit magnitudes: 32 steps of 2, then 16 each of 4, 8 ... 128."""
    thresholds: list[int] = []
    value = 0
    for number in range(1, 128):
        value += 2 << max(0, (number - 1) // 16 - 1)
        thresholds.append(value)
    return thresholds


def decoded(codec: Codec, payload: NDArray[np.uint8]) -> NDArray[np.int16]:
    out = np.empty(payload.shape, np.int16)
    codec.decode(payload, out)
    return out


def encoded(codec: Codec, pcm: NDArray[np.int16]) -> NDArray[np.uint8]:
    out = np.empty(pcm.shape, np.uint8)
    codec.encode(pcm, out)
    return out


def test_mu_law_encodes_all_65536_samples_as_the_thresholds_say() -> None:
    thresholds = mu_law_thresholds()
    assert len(thresholds) == 127
    assert thresholds[-1] == 7903  # x(127) of table 2a; x(128), the virtual one, is 8159

    def slow(sample: int) -> int:
        magnitude = (sample if sample >= 0 else -sample - 1) >> 2
        interval = bisect_right(thresholds, magnitude)
        return (127 - interval) | (0x80 if sample >= 0 else 0)

    assert encoded(pcmu, EVERY_SAMPLE)[0].tolist() == [slow(sample) for sample in range(-32768, 32768)]


def test_a_law_encodes_all_65536_samples_as_the_thresholds_say() -> None:
    thresholds = a_law_thresholds()
    assert len(thresholds) == 127
    assert thresholds[-1] == 3968  # x(127) of table 1a; x(128), the virtual one, is 4096

    def slow(sample: int) -> int:
        magnitude = (sample if sample >= 0 else -sample - 1) >> 3
        interval = bisect_right(thresholds, magnitude)
        return (interval | (0x80 if sample >= 0 else 0)) ^ 0x55

    assert encoded(pcma, EVERY_SAMPLE)[0].tolist() == [slow(sample) for sample in range(-32768, 32768)]


def test_mu_law_decodes_to_the_middle_of_each_interval() -> None:
    bounds = [-1, *mu_law_thresholds(), 8159]
    for byte, sample in enumerate(decoded(pcmu, EVERY_BYTE)[0].tolist()):
        interval = 127 - (byte & 0x7F)
        middle = 2 * (bounds[interval] + bounds[interval + 1])  # (low + high) / 2 in 14 bits, times 4 for 16 bits
        assert sample == (middle if byte & 0x80 else -middle)


def test_a_law_decodes_to_the_middle_of_each_interval() -> None:
    bounds = [0, *a_law_thresholds(), 4096]
    for byte, sample in enumerate(decoded(pcma, EVERY_BYTE)[0].tolist()):
        interval = (byte ^ 0x55) & 0x7F
        middle = 4 * (bounds[interval] + bounds[interval + 1])  # (low + high) / 2 in 13 bits, times 8 for 16 bits
        assert sample == (middle if byte & 0x80 else -middle)


@pytest.mark.parametrize("codec", [pcmu, pcma], ids=["mu_law", "a_law"])
def test_decoding_and_encoding_again_changes_nothing_but_the_second_zero(codec: Codec) -> None:
    again = encoded(codec, decoded(codec, EVERY_BYTE))
    expected = EVERY_BYTE.copy()
    if codec is pcmu:
        expected[0, 0x7F] = 0xFF  # µ-law has a negative zero
    assert np.array_equal(again, expected)


def test_the_reference_tone_of_1_khz_at_0_dbm0_sounds_the_same_in_both_laws() -> None:
    """Tables 5 and 6 of G.711: the periodic sequences whose decoded level is 0 dBm0."""
    mu_law = np.frombuffer(bytes.fromhex("1E0B0B1E9E8B8B9E"), np.uint8).reshape(1, 8)
    a_law = np.frombuffer(bytes.fromhex("34212134B4A1A1B4"), np.uint8).reshape(1, 8)
    for codec, sequence, full_scale_dbm0 in ((pcmu, mu_law, 3.17), (pcma, a_law, 3.14)):
        pcm = decoded(codec, sequence)
        assert np.array_equal(encoded(codec, pcm), sequence)
        assert np.array_equal(pcm[0, :4], -pcm[0, 4:])
        overload = 8159 * 4 if codec is pcmu else 4096 * 8
        level_dbm0 = full_scale_dbm0 + 20 * np.log10(np.sqrt(np.mean(pcm.astype(float) ** 2)) / (overload / np.sqrt(2)))
        assert abs(level_dbm0) < 0.02


def test_silence() -> None:
    zero = np.zeros((1, 1), np.int16)
    assert encoded(pcmu, zero)[0, 0] == pcmu.spec.silence_byte == 0xFF
    assert encoded(pcma, zero)[0, 0] == pcma.spec.silence_byte == 0xD5
