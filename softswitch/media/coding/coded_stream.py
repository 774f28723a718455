"""The receiving side of one coded stream: packets by position, decoded as they are to be heard.

Where a packet belongs is found as for all streams (jitter.py); its payload waits here until its time has come. Then it
is decoded after those before it. What is missing is taken from the packet behind it, if that holds a copy (Opus),
concealed by the decoder, or replaced by a repetition of the past. Positions and lengths are in samples at 8 kHz.
"""

from typing import NamedTuple

from softswitch.media.coding.repetition import PAST_LENGTH, Repetition
from softswitch.media.limits import CODED_PACKETS_WAITING_MAX
from softswitch.media.packets.serial import timestamp_distance
from softswitch.media.stream_codec import Decoder, StreamCodec
from softswitch.media.tick_grid import FRAME_SAMPLES

_KEPT = PAST_LENGTH + FRAME_SAMPLES
"""Sound that was played is kept this long: the last frame may be heard again, and a gap is filled from the past."""

_CONCEALED_MAX = 8000
"""After a second without a packet the party is silent. In pauses Opus still sends one every 400 ms (DTX)."""

_ALIVE = 4000
"""Within half a second of its last packet a stream counts as sending."""

_SKIPPED_MAX = 10 * FRAME_SAMPLES
"""What is left out is decoded all the same, up to this much, so that the decoder follows."""


class CodedPacket(NamedTuple):
    payload: bytes
    length: int
    sequence: int
    is_marked: bool


class TakenPacket(NamedTuple):
    """A packet whose time has come: `offset` from the frame's beginning."""

    offset: int
    packet: CodedPacket


class CodedStream:
    __slots__ = (
        "_concealed",
        "_decoded",
        "_decoder",
        "_from",
        "_held",
        "_packets",
        "_repetition",
        "_size",
        "_timestamp",
        "_unit",
        "codec",
        "taken",
    )

    def __init__(self, codec: StreamCodec) -> None:
        self.codec = codec
        self.taken: list[TakenPacket] = []
        """Those that the last frame began with or contains the beginning of."""
        self._decoder: Decoder = codec.open_decoder()
        self._unit = codec.spec.sample_rate_hz // 8000
        self._size = 2 * self._unit
        """Bytes of one sample at 8 kHz."""
        self._packets: dict[int, CodedPacket] = {}
        """By position."""
        self._held = bytearray()
        self._from = 0
        self._decoded = 0
        """`_held` is the sound from `_from` to `_decoded`."""
        self._concealed = _CONCEALED_MAX
        """How much was concealed since the last packet."""
        self._repetition: Repetition | None = None
        self._timestamp = 0
        """The last packet's, without wrapping."""

    @property
    def is_alive(self) -> bool:
        return self._concealed < _ALIVE

    # Arrival

    def length(self, payload: bytes) -> int:
        return self.codec.length(payload)

    def position_timestamp(self, timestamp: int) -> int:
        """An RTP timestamp as one that counts at 8 kHz."""
        unit = self.codec.spec.timestamp_unit
        if unit == 1:
            return timestamp
        self._timestamp += timestamp_distance(timestamp, self._timestamp)
        return self._timestamp // unit & 0xFFFFFFFF

    def store(self, position: int, packet: CodedPacket) -> None:
        """A packet that is to be heard at `position`."""
        if len(self._packets) >= CODED_PACKETS_WAITING_MAX:
            return
        self._packets[position] = packet
        if position < self._decoded:
            # What was heard in its place was concealed; it is heard now, and later than it was meant to be.
            self._from = min(self._from, position)
            del self._held[(position - self._from) * self._size :]
            self._decoded = position

    # Playing

    def take(self, play: int) -> bytes | None:
        """The frame at `play`; None when nothing was to be heard for a while."""
        self.taken.clear()
        if play < self._from or play > self._decoded + _SKIPPED_MAX:
            self._held.clear()
            self._from = self._decoded = play
            self._forget_before(play)
        end = play + FRAME_SAMPLES
        while self._decoded < end:
            self._decode_next(play, end)
        start = play - self._from
        frame = bytes(self._held[start * self._size : (start + FRAME_SAMPLES) * self._size])
        if start > _KEPT:
            del self._held[: (start - _KEPT) * self._size]
            self._from = play - _KEPT
        return None if self._concealed >= _CONCEALED_MAX + FRAME_SAMPLES else frame

    def _decode_next(self, play: int, end: int) -> None:
        position = self._decoded
        packet = self._packets.pop(position, None)
        if packet is None:
            self._fill(position, end)
            return
        sound = self._decoder.decode(packet.payload)
        if len(sound) != packet.length * self._size:
            sound = self._conceal(packet.length)
        elif self._repetition is not None:
            sound = self._repetition.blend(sound)
        self._repetition = None
        self._concealed = 0
        self.taken.append(TakenPacket(position - play, packet))
        self._append(sound, packet.length)

    def _fill(self, position: int, end: int) -> None:
        """Nothing is there for `position`: go on to the next packet, or to the end of the frame."""
        self._forget_before(position)
        following = min(self._packets, default=None)
        if following is None or following - position > self._packets[following].length:
            length = end - position
            if following is not None:
                length = min(length, following - position - self._packets[following].length)
            self._append(self._conceal(length), length)
            return
        missing = following - position
        if self.codec.spec.conceals:
            self._append(self._decoder.recover(self._packets[following].payload, missing), missing)
        else:
            self._append(self._conceal(missing), missing)

    def _forget_before(self, position: int) -> None:
        for passed in [at for at in self._packets if at < position]:
            del self._packets[passed]

    def _conceal(self, length: int) -> bytes:
        self._concealed += length
        if self._concealed > _CONCEALED_MAX:
            return bytes(length * self._size)
        if self.codec.spec.conceals:
            return self._decoder.conceal(length)
        if self._repetition is None:
            self._repetition = Repetition(bytes(self._held), self._unit)
        return self._repetition.take(length)

    def _append(self, sound: bytes, length: int) -> None:
        self._held += sound
        self._decoded += length
