"""The codecs of the tick as lookup tables, so that one operation serves streams of different codecs.

Only codecs with one byte per sample at 8 kHz fit (G.711's two laws, and any plug-in like them): then a frame is 160
bytes whatever the codec, and bytes of one become bytes of the other by a table of 256.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec import Codec
from softswitch.media.tick_grid import SAMPLE_RATE_HZ


class CodecTables:
    """Tables of all codecs that fit. A codec's index is its place in `names`; the first has the most silent silence.

    (µ-law can say zero, A-law cannot.)
    """

    __slots__ = (
        "_byte_of",
        "_convert",
        "_sample_of",
        "_samples_of",
        "_square_of",
        "names",
        "silence",
        "silence_words",
    )

    def __init__(self, codecs: Mapping[str, Codec]) -> None:
        fitting = sorted((codec for codec in codecs.values() if _fits(codec)), key=_noise_of_silence)
        self.names = tuple(codec.spec.name for codec in fitting)
        self.silence = bytes(codec.spec.silence_byte for codec in fitting)
        """The byte of digital silence, by codec."""
        self.silence_words = np.frombuffer(self.silence, np.uint8).astype(np.uint64) * np.uint64(0x0101010101010101)
        """Eight of them."""
        self._sample_of = np.zeros((len(fitting), 256), np.int16)
        self._byte_of = np.zeros((len(fitting), 65536), np.uint8)
        self._convert = np.zeros((len(fitting), len(fitting), 256), np.uint8)
        every_byte = np.arange(256, dtype=np.uint8)[np.newaxis]
        every_sample = np.arange(65536).astype(np.uint16).view(np.int16)[np.newaxis]
        for index, codec in enumerate(fitting):
            codec.decode(every_byte, self._sample_of[index : index + 1])
            codec.encode(every_sample, self._byte_of[index : index + 1])
        self._square_of: NDArray[np.float32] = np.square(self._sample_of, dtype=np.float32)
        pair = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
        self._samples_of = np.array([sample_of[pair] for sample_of in self._sample_of]).view(np.uint32)[..., 0]
        """Two samples by two bytes: half as many look-ups."""
        for source in range(len(fitting)):
            for target in range(len(fitting)):
                self._convert[source, target] = self._byte_of[target][self._sample_of[source].view(np.uint16)]

    def law(self, codec: str) -> int:
        """The codec of the frames of a stream: its own index, or the first for a coded stream (coded_rows.py)."""
        return self.names.index(codec) if codec in self.names else 0

    def decode(self, frames: NDArray[np.uint8], codec: NDArray[np.int64]) -> NDArray[np.int16]:
        """uint8[n, samples] of the codecs int64[n] -> int16[n, samples]."""
        if frames.shape[-1] % 2 or not frames.flags.c_contiguous:
            return _look_up(frames, codec, self._sample_of)
        return _look_up(frames.view(np.uint16), codec, self._samples_of).view(np.int16)

    def squares(self, frames: NDArray[np.uint8], codec: NDArray[np.int64]) -> NDArray[np.float32]:
        """The squares of the samples: uint8[n, samples] of the codecs int64[n] -> float32[n, samples]."""
        return _look_up(frames, codec, self._square_of)

    def samples_of(self, codec: int) -> NDArray[np.int16]:
        """What each byte of the codec means: int16[256]."""
        return self._sample_of[codec]

    def encode(self, pcm: NDArray[np.int16], codec: NDArray[np.int64]) -> NDArray[np.uint8]:
        """int16[n, samples] -> uint8[n, samples] of the codecs int64[n]."""
        return _look_up(pcm.view(np.uint16), codec, self._byte_of)

    def convert(
        self, frames: NDArray[np.uint8], source: NDArray[np.int64], target: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Frames uint8[n, samples] of the codecs `source` as the codecs `target`, both int64[n]."""
        return _look_up(frames, source * len(self.names) + target, self._convert.reshape(-1, 256))

    def encode_sound(self, pcm: NDArray[np.int16], codec: int) -> NDArray[np.uint8]:
        """A whole sound: int16[samples] -> uint8[samples]."""
        return self._byte_of[codec][pcm.view(np.uint16)]


_Entry = TypeVar("_Entry", bound=np.generic)


def _look_up(
    index: NDArray[np.unsignedinteger[Any]], which: NDArray[np.int64], tables: NDArray[_Entry]
) -> NDArray[_Entry]:
    """Row n of `index` through table which[n], table by table: one look-up in a small table is the fastest there is."""
    numbers = np.flatnonzero(np.bincount(which, minlength=1)).tolist()
    if len(numbers) == 1:
        return tables[numbers[0]].take(index)
    found = np.empty(index.shape, tables.dtype)
    for number in numbers:
        rows = np.flatnonzero(which == number)
        found[rows] = tables[number].take(index[rows])
    return found


def _noise_of_silence(codec: Codec) -> tuple[int, str]:
    sample = np.zeros((1, 1), np.int16)
    codec.decode(np.full((1, 1), codec.spec.silence_byte, np.uint8), sample)
    return abs(int(sample[0, 0])), codec.spec.name


def _fits(codec: Codec) -> bool:
    spec = codec.spec
    is_byte_per_sample = spec.bit_rate == 8 * SAMPLE_RATE_HZ
    return is_byte_per_sample and spec.sample_rate_hz == spec.clock_rate_hz == SAMPLE_RATE_HZ
