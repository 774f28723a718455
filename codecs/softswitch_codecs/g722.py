"""ITU-T G.722 at 64 kb/s, by FFmpeg's codec in PyAV's wheel: sound at 16 kHz, one byte for every two samples.

Its RTP clock counts 8000 a second all the same (RFC 3551 section 4.5.2), so a byte is one step of the timestamp.
FFmpeg's encoder wants 20 ms at a time; the bytes may be cut into packets anywhere.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from softswitch.media.stream_codec import CodecUnavailable, StreamCodecSpec

_RATE_HZ = 16000
_STEP_SAMPLES = 320
_LENGTH_MAX = 960
"""120 ms, twice the longest packet anybody sends."""


class G722Codec:
    __slots__ = ("spec",)

    def __init__(self) -> None:
        self.spec = StreamCodecSpec(name="G722", clock_rate_hz=8000, sample_rate_hz=_RATE_HZ, step_bytes=160)

    def check(self) -> None:
        if find_spec("av") is None:
            raise CodecUnavailable("G.722 needs PyAV, which is not installed here: pip install av")

    def length(self, payload: bytes) -> int:
        return len(payload) if len(payload) <= _LENGTH_MAX else 0

    def open_decoder(self) -> "G722Decoder":
        return G722Decoder()

    def open_encoder(self, parameters: str, sample_rate_hz: int) -> "G722Encoder":
        return G722Encoder()

    def may_pass(self, parameters: str) -> bool:
        return True


class G722Decoder:
    __slots__ = ("_context",)

    def __init__(self) -> None:
        self._context = _open("r")

    def decode(self, payload: bytes) -> bytes:
        if not 0 < len(payload) <= _LENGTH_MAX:
            return b""  # an empty packet would end the context for good
        frames = self._context.decode(_av().Packet(payload))
        # A plane is padded beyond its samples.
        return b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames)

    def conceal(self, length: int) -> bytes:
        return bytes(4 * length)

    def recover(self, following: bytes, length: int) -> bytes:
        return self.conceal(length)


class G722Encoder:
    __slots__ = ("_context", "_frame", "_plane")

    def __init__(self) -> None:
        self._context = _open("w")
        # One frame for all: making one costs as much as encoding.
        self._frame = _av().AudioFrame(format="s16", layout="mono", samples=_STEP_SAMPLES)
        self._frame.sample_rate = _RATE_HZ
        self._plane = self._frame.planes[0]

    def encode(self, sound: bytes) -> bytes:
        """20 ms of sound, 640 bytes."""
        self._plane.update(sound)
        return b"".join(bytes(packet) for packet in self._context.encode(self._frame))


def _open(mode: str) -> Any:
    context = _av().CodecContext.create("g722", mode)
    context.sample_rate = _RATE_HZ
    context.layout = "mono"
    context.format = "s16"
    context.open()
    return context


@cache
def _av() -> Any:
    """PyAV: a tenth of a second to import, which only those pay who use it."""
    return import_module("av")


codec = G722Codec()
