import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.codec import Codec, CodecSpec, load_codecs
from softswitch.media.coding.codec_tables import CodecTables

CODECS = load_codecs()
TABLES = CodecTables(CODECS)


class Wideband:
    """A codec that does not fit: two bytes per sample at 16 kHz."""

    spec = CodecSpec(
        name="L16", payload_type=None, sample_rate_hz=16000, clock_rate_hz=16000, bit_rate=256000, silence_byte=0
    )

    def decode(self, payload: NDArray[np.uint8], out: NDArray[np.int16]) -> None: ...

    def encode(self, pcm: NDArray[np.int16], out: NDArray[np.uint8]) -> None: ...


def test_only_codecs_of_a_byte_per_sample_take_part_and_the_first_can_say_zero() -> None:
    codecs: dict[str, Codec] = {**CODECS, "L16": Wideband()}
    assert CodecTables(codecs).names == ("PCMU", "PCMA")
    assert TABLES.silence == b"\xff\xd5"


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_tables_say_what_the_codec_says(codec: str) -> None:
    index = np.array([TABLES.names.index(codec)])
    every_byte = np.arange(256, dtype=np.uint8)[np.newaxis]
    decoded = np.empty((1, 256), np.int16)
    CODECS[codec].decode(every_byte, decoded)
    assert (TABLES.decode(every_byte, index) == decoded).all()
    every_sample = np.arange(65536).astype(np.uint16).view(np.int16)[np.newaxis]
    encoded = np.empty((1, 65536), np.uint8)
    CODECS[codec].encode(every_sample, encoded)
    assert (TABLES.encode(every_sample, index) == encoded).all()
    assert (TABLES.encode_sound(every_sample[0], int(index[0])) == encoded[0]).all()


def test_rows_of_different_codecs_go_together() -> None:
    source, target = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    frames = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    converted = TABLES.convert(frames, source, target)
    for row in range(4):
        linear = TABLES.decode(frames[row : row + 1], source[row : row + 1])
        assert (converted[row] == TABLES.encode(linear, target[row : row + 1])[0]).all()
    assert (TABLES.decode(frames, source)[2] == TABLES.decode(frames[:1], np.array([1]))[0]).all()
