"""Fax ports of a real worker: datagrams go through it as they came, strangers and garbage do not."""

import socket
from collections.abc import Callable, Iterator

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.limits import UDPTL_BYTES_MAX
from softswitch.media.protocol import DropFaxPort, FaxPort, FaxPortStatistics, PutFaxPort, StreamTimedOut
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess

pytestmark = pytest.mark.network

HOST = "127.0.0.1"
BYTES_MAX = 4096


class Machine:
    """A machine with a port of its own, and the worker's port for it."""

    def __init__(self, number: int, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.settimeout(5.0)
        self.number = StreamId(number)
        self.local = HostPort(HOST, port)

    def port(self, peer: "Machine | None" = None, *, timeout_s: float = 0.0) -> PutFaxPort:
        return PutFaxPort(
            FaxPort(
                port_id=self.number,
                stream_id=StreamId(100 + self.number),
                call_id=CallId("call"),
                local=self.local,
                remote=HostPort(*self.socket.getsockname()),
                learn_from="",
                peer=None if peer is None else peer.number,
                timeout_s=timeout_s,
            )
        )

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.socket.sendto(datagram, self.local)

    def heard(self) -> bytes:
        """The next datagram, which must come from the worker's port for this machine."""
        datagram, source = self.socket.recvfrom(BYTES_MAX)
        assert source == self.local
        return datagram


@pytest.fixture
def machines() -> Iterator[Callable[[], tuple[Machine, Machine]]]:
    made: list[Machine] = []

    def make() -> tuple[Machine, Machine]:
        pair = [Machine(number + 1, port) for number, port in enumerate(free_range(4)[::2])]
        made.extend(pair)
        return pair[0], pair[1]

    yield make
    for machine in made:
        machine.socket.close()


def ifp(number: int, length: int = 40) -> bytes:
    return bytes([0, number, length, *range(length), 0, 0])


def test_what_one_sends_the_other_gets(worker: MediaProcess, machines: Callable[[], tuple[Machine, Machine]]) -> None:
    one, other = machines()
    assert worker.command(one.port(other), other.port(one)) == []
    for number in range(20):
        one.send(ifp(number))
        other.send(ifp(number, 1))
        assert (other.heard(), one.heard()) == (ifp(number), ifp(number, 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(5):
            stranger.sendto(ifp(number), one.local)
    one.send(b"\0", b"\0\0\1".ljust(UDPTL_BYTES_MAX + 1, b"\0"), ifp(21))
    assert other.heard() == ifp(21)
    assert worker.command(DropFaxPort(one.number), DropFaxPort(other.number)) == []
    seen = worker.event(FaxPortStatistics)
    assert (seen.stream_id, seen.received, seen.sent, seen.malformed) == (101, 21, 20, 2)
    # The kernel drops what is not from the machine, once that is known.
    assert seen.strangers == 0
    assert worker.command(one.port()) == [], "its port is free again"


def test_a_port_that_another_program_has_is_refused_and_silence_is_told(
    worker: MediaProcess, machines: Callable[[], tuple[Machine, Machine]]
) -> None:
    one, other = machines()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(other.local)
        (reason,) = worker.command(one.port(other, timeout_s=0.5), other.port(one, timeout_s=0.5))
    assert f"port {other.local.port} of {HOST} is in use" in reason
    assert worker.event(StreamTimedOut).stream_id == 101
