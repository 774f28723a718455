"""L16 (RFC 3551 section 4.5.11): 16-bit samples as they are, high byte first. Mono, at 8 and 16 kHz."""

from array import array

from softswitch.media.stream_codec import StreamCodecSpec


class L16Codec:
    """Nothing is kept between packets, so the codec is its own decoder and encoder."""

    __slots__ = ("_bytes_per_sample", "spec")

    def __init__(self, sample_rate_hz: int) -> None:
        self._bytes_per_sample = 2 * sample_rate_hz // 8000
        self.spec = StreamCodecSpec(
            name="L16",
            clock_rate_hz=sample_rate_hz,
            sample_rate_hz=sample_rate_hz,
            ptimes_ms=(10, 20, 30),  # 40 ms at 16 kHz are more than an Ethernet packet
            step_bytes=2 * sample_rate_hz // 50,
        )

    def check(self) -> None:
        """It needs nothing."""

    def length(self, payload: bytes) -> int:
        length, rest = divmod(len(payload), self._bytes_per_sample)
        return 0 if rest else length

    def open_decoder(self) -> "L16Codec":
        return self

    def open_encoder(self, parameters: str, sample_rate_hz: int) -> "L16Codec":
        return self

    def may_pass(self, parameters: str) -> bool:
        return True

    def decode(self, payload: bytes) -> bytes:
        return _swapped(payload) if self.length(payload) else b""

    def encode(self, sound: bytes) -> bytes:
        return _swapped(sound)

    def conceal(self, length: int) -> bytes:
        return bytes(length * self._bytes_per_sample)

    def recover(self, following: bytes, length: int) -> bytes:
        return self.conceal(length)


def _swapped(samples: bytes) -> bytes:
    values = array("h", samples)
    if _IS_LITTLE_ENDIAN:
        values.byteswap()
    return values.tobytes()


_IS_LITTLE_ENDIAN = array("h", b"\x01\x00")[0] == 1

l16_8k = L16Codec(8000)
l16_16k = L16Codec(16000)
