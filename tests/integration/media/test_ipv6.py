"""A real worker on ::1: a party behind NAT is learnt on a port of its own, another one shares a port."""

import select
import socket
import time

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import FirstPacket, Hearing, PutStream, SetHearing, StreamDescription
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess

pytestmark = pytest.mark.network

HOST = "::1"
SHARED, LEARNT = StreamId(1), StreamId(2)


class Party:
    """Says one byte all the time, and keeps what it hears."""

    def __init__(self, to: int, says: int) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.address = HostPort(HOST, self.socket.getsockname()[1])
        self.to = to
        self.says = bytes([says]) * 160
        self.sent = 0
        self.heard: set[bytes] = set()

    def say(self) -> None:
        self.sent += 1
        packet = pack(
            payload_type=0, sequence=self.sent, timestamp=160 * self.sent, ssrc=self.says[0], payload=self.says
        )
        self.socket.sendto(packet, (HOST, self.to))

    def listen(self) -> None:
        while select.select([self.socket], [], [], 0.0)[0]:
            self.heard.add(self.socket.recv(2048)[12:])


def stream(number: StreamId, port: int, remote: HostPort, *, is_shared: bool) -> StreamDescription:
    return StreamDescription(
        stream_id=number,
        call_id=CallId("call"),
        local_ip=HOST,
        port=port,
        ssrc=number,
        sequence=0,
        timestamp=0,
        started_at=time.monotonic(),
        remote=remote,
        learn=not is_shared,
        learn_from="" if is_shared else HOST,
        is_shared=is_shared,
    )


def test_parties_on_ipv6_hear_each_other(worker: MediaProcess) -> None:
    first, second = free_range(4)[::2]
    sharing, behind_nat = Party(first, 0x21), Party(second, 0x42)
    commands = [
        PutStream(stream(SHARED, first, sharing.address, is_shared=True)),
        PutStream(stream(LEARNT, second, HostPort("2001:db8::1", 4000), is_shared=False)),
        SetHearing(Hearing(SHARED, [LEARNT])),
        SetHearing(Hearing(LEARNT, [SHARED])),
    ]
    assert worker.command(*commands) == []
    deadline = time.monotonic() + 5.0
    while not (behind_nat.says in sharing.heard and sharing.says in behind_nat.heard):
        assert time.monotonic() < deadline
        for party in (sharing, behind_nat):
            party.say()
            party.listen()
        select.select([], [], [], 0.02)
    first_heard = {worker.event(FirstPacket).source for _ in range(2)}
    assert first_heard == {sharing.address, behind_nat.address}
    for party in (sharing, behind_nat):
        party.socket.close()


def test_a_party_of_another_ip_version_is_refused(worker: MediaProcess) -> None:
    (port,) = free_range(2)[::2]
    (reason,) = worker.command(PutStream(stream(SHARED, port, HostPort("192.0.2.1", 4000), is_shared=True)))
    assert reason == "192.0.2.1 cannot be reached from ::1: one is IPv4, the other IPv6"
