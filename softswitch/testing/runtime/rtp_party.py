"""Parties with a UDP port of their own, that talk to a media worker in real time."""

import select
import socket
import time
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import StreamDescription

TICK_S = 0.020


class RtpParty:
    """Somebody with an RTP port: says `payloads` one after another, and keeps every packet it is sent."""

    def __init__(self, stream_id: int, port: int) -> None:
        self.stream_id = StreamId(stream_id)
        self.port = port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.payloads: list[bytes] = []
        self.said = 0
        self.payload_type = 0
        self.ssrc = 0xABCD0000 + stream_id
        self.sequence = 65_500
        self.timestamp = 0xFFFFF000
        self.heard: list[bytes] = []

    @property
    def address(self) -> HostPort:
        return HostPort(*self.socket.getsockname())

    def description(self, started_at: float | None = None, **changes: object) -> StreamDescription:
        """Our stream towards this party."""
        description = StreamDescription(
            stream_id=self.stream_id,
            call_id=CallId("call"),
            local_ip="127.0.0.1",
            port=self.port,
            ssrc=0x1000 + self.stream_id,
            sequence=65_530,
            timestamp=0xFFFFFF00,
            started_at=time.monotonic() if started_at is None else started_at,
            remote=self.address,
            telephone_event=101,
        )
        return msgspec.structs.replace(description, **changes)

    def say(self, sound: NDArray[np.uint8], packet_samples: int = 160) -> bytes:
        """To be sent by `converse`, after what is waiting already; returns the sound as bytes."""
        self.payloads += [sound[at : at + packet_samples].tobytes() for at in range(0, len(sound), packet_samples)]
        return sound.tobytes()

    def send_next(self, source: socket.socket | None = None) -> None:
        if self.said == len(self.payloads):
            return
        payload = self.payloads[self.said]
        self.said += 1
        self.send(payload, payload_type=self.payload_type, timestamp=self.timestamp, source=source)
        self.timestamp += len(payload)

    def send(
        self,
        payload: bytes,
        *,
        payload_type: int,
        timestamp: int,
        marker: bool = False,
        source: socket.socket | None = None,
    ) -> None:
        packet = pack(
            payload_type=payload_type,
            sequence=self.sequence,
            timestamp=timestamp,
            ssrc=self.ssrc,
            payload=payload,
            marker=marker,
        )
        self.sequence += 1
        (source or self.socket).sendto(packet, ("127.0.0.1", self.port))

    def receive(self) -> None:
        while True:
            try:
                self.heard.append(self.socket.recv(2048))
            except BlockingIOError:
                return

    def heard_sound(self) -> NDArray[np.uint8]:
        """The payloads, one after another."""
        return np.frombuffer(b"".join(packet[12:] for packet in self.heard), np.uint8)

    def heard_sequences(self) -> list[int]:
        return [int.from_bytes(packet[2:4], "big") for packet in self.heard]

    def heard_timestamps(self) -> list[int]:
        return [int.from_bytes(packet[4:8], "big") for packet in self.heard]


def converse(parties: Sequence[RtpParty], seconds: float, every_s: float = TICK_S) -> None:
    """Real time passes: each party says its next packet `every_s`, and hears what comes."""
    now = time.monotonic()
    end, next_at = now + seconds, now
    while now < end:
        if now >= next_at:
            for party in parties:
                party.send_next()
            next_at += every_s
        readable, _, _ = select.select([party.socket for party in parties], [], [], max(0.0, next_at - now))
        for party in parties:
            if party.socket in readable:
                party.receive()
        now = time.monotonic()


def succeeds_once(attempt: Callable[[], bool]) -> bool:
    """Whether one of a few attempts has the result.

    For what must be bit exact in real time: other programs may take the processor from the parties or from the worker
    for longer than any jitter buffer bears, and that is no fault of the worker.
    """
    return any(attempt() for _ in range(5))
