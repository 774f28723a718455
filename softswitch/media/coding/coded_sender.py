"""The sending side of one coded stream: what it hears is encoded and numbered, or packets are passed on as they came.

Timestamps follow from the clock, as for all streams. The sequence begins where the clock has it and then counts what is
sent, so that silence which is not sent (DTX) does not look like loss. It never overtakes the clock, nor does it fall
far behind: under SRTP nobody can follow a jump over half of all numbers, to a successor's or another codec's.
"""

from collections.abc import Sequence

from softswitch.media.coding.coded_stream import CodedPacket, CodedStream, TakenPacket
from softswitch.media.packets.rtp import pack
from softswitch.media.packets.serial import sequence_distance
from softswitch.media.protocol import StreamDescription
from softswitch.media.stream_codec import Encoder, StreamCodec
from softswitch.media.tick_grid import FRAME_SAMPLES

_LOST_MAX = 100
"""More packets than this the source cannot have lost between two; its numbers have begun anew."""

_BEHIND_MAX = 8192
"""Packets the sequence may be behind the clock: together with what is not sent in two minutes, below 32,768."""

_NO_SOUND = b"\x00"
"""A payload for a packet that must be sent although nothing need be said."""


class CodedSender:
    """Positions are in samples at 8 kHz from the stream's packet 0, `sample` is that of the tick's frame."""

    __slots__ = (
        "_codec",
        "_description",
        "_encoders",
        "_expected",
        "_held",
        "_is_paused",
        "_length",
        "_may_pass",
        "_number",
        "_passed",
        "_rate_hz",
        "_sequence",
        "packets",
    )

    def __init__(self, codec: StreamCodec, description: StreamDescription) -> None:
        self._codec = codec
        self._description = description
        self._encoders: dict[int, Encoder] = {}
        """By the rate of what they encode."""
        self._length = 8 * description.ptime_ms
        self._held = bytearray()
        """Of a packet that is not complete: sound, or where the codec has no frames, payload."""
        self._rate_hz = codec.spec.sample_rate_hz
        self._number = 0
        """Of the packet that `_held` is the beginning of."""
        self._expected = -1
        """Where the next frame begins, unless ticks are left out."""
        self._sequence = -1
        """The next packet's, -1 before the first."""
        self._is_paused = True
        self._passed: CodedPacket | None = None
        """The packet that was passed on last."""
        self._may_pass = codec.may_pass(description.format_parameters)
        self.packets: list[bytes] = []
        """What this tick's frame completed."""

    def is_for(self, codec: StreamCodec, description: StreamDescription) -> bool:
        """Whether it is the sender for this description too."""
        return codec is self._codec and all(
            getattr(description, name) == getattr(self._description, name) for name in _DECISIVE
        )

    def passes(self, source: CodedStream) -> bool:
        """Whether the packets of a source can be sent on as they are: from the next that begins in this tick."""
        return (
            self._may_pass
            and source.is_alive
            and source.codec is self._codec
            and (self._passed is not None or bool(source.taken))
            and all(taken.packet.length == self._length for taken in source.taken)
        )

    def rate_hz(self, *, is_wide: bool) -> int:
        """The rate that the sound of this tick is to have: a packet has one throughout."""
        if self._codec.spec.is_framed and not self._held:
            self._rate_hz = self._codec.spec.sample_rate_hz if is_wide else 8000
        return self._rate_hz

    def send(self, sound: bytes, sample: int, *, is_silence_sent: bool) -> None:
        """20 ms of sound, at `rate_hz`. `is_silence_sent`: a packet is needed although it be silent."""
        self._passed = None
        if sample != self._expected:
            self._held.clear()
            self._number = -(-sample // self._length)
        self._expected = sample + FRAME_SAMPLES
        is_framed = self._codec.spec.is_framed
        piece = sound if is_framed else self._encoder().encode(sound)
        unit = len(piece) // FRAME_SAMPLES
        wanted = self._number * self._length + len(self._held) // unit
        self._held += piece[(wanted - sample) * unit :]
        size = self._length * unit
        while len(self._held) >= size:
            whole = bytes(self._held[:size])
            del self._held[:size]
            payload = self._encoder().encode(whole) if is_framed else whole
            if payload or is_silence_sent:
                self._add(payload or _NO_SOUND, self._number * self._length, is_marked=self._is_paused)
            self._is_paused = not payload
            self._number += 1

    def pass_on(self, packets: Sequence[TakenPacket], sample: int) -> None:
        """Send a source's packets on; one that it lost is lost to the party too, who is to know it."""
        self._expected = -1
        self._held.clear()
        self._is_paused = False
        for offset, packet in packets:
            if self._passed is not None and self._sequence >= 0:
                step = sequence_distance(packet.sequence, self._passed.sequence)
                if 1 < step <= _LOST_MAX:
                    self._sequence += step - 1
            self._passed = packet
            self._add(packet.payload, max(0, sample + offset), is_marked=packet.is_marked)

    def _encoder(self) -> Encoder:
        encoder = self._encoders.get(self._rate_hz)
        if encoder is None:
            parameters = self._description.format_parameters
            encoder = self._encoders[self._rate_hz] = self._codec.open_encoder(parameters, self._rate_hz)
        return encoder

    def _add(self, payload: bytes, position: int, *, is_marked: bool) -> None:
        description = self._description
        number = description.sequence + position // self._length
        if self._sequence < 0 or number - self._sequence > _BEHIND_MAX:
            self._sequence = number
        self.packets.append(
            pack(
                payload_type=description.payload_type,
                sequence=self._sequence,
                timestamp=description.timestamp + position * self._codec.spec.timestamp_unit,
                ssrc=description.ssrc,
                payload=payload,
                marker=is_marked,
            )
        )
        self._sequence += 1


_DECISIVE = (
    "ssrc",
    "sequence",
    "timestamp",
    "started_at",
    "payload_type",
    "format_parameters",
    "ptime_ms",
)
