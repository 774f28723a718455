"""Streams that share ports, on real sockets: who is heard, who is not, and what is sent."""

import socket
from collections.abc import Iterator

import pytest

from softswitch.base.address import HostPort
from softswitch.media.limits import PACKETS_KEPT_MAX
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.phase import ROWS_PER_PHASE, SinglePacket
from softswitch.media.runtime.sockets.phase_io import PhaseIo
from softswitch.media.runtime.sockets.shared_sockets import TIMED_EVERY_TICKS
from softswitch.testing.runtime.free_ports import free_range

pytestmark = pytest.mark.network

PLAIN_TICK = 1


class Peer:
    """Somebody with a socket."""

    def __init__(self, host: str) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(2.0)
        self.address = HostPort(host, self.socket.getsockname()[1])

    def send(self, to: HostPort, *contents: bytes) -> None:
        for content in contents:
            self.socket.sendto(content, to)


class Bench:
    """Rows 0 and 1 share a port, row 2 is on another, row 3 has a port of its own; a peer for each."""

    def __init__(self, host: str) -> None:
        self.io = PhaseIo()
        self.outgoing = OutgoingBuffer(ROWS_PER_PHASE)
        first, second, third = (HostPort(host, port) for port in free_range(6)[::2])
        self.ports = [first, first, second, third]
        self.peers = [Peer(host) for _ in self.ports]
        for row in range(3):
            assert self.io.open_shared(row, self.ports[row], self.peers[row].address) is None
        assert self.io.open(3, third) is None
        for row, peer in enumerate(self.peers):
            self.outgoing.packets[row] = row
            self.io.connect(row, peer.address)
            self.io.aim(row, peer.address)

    def read(self, tick: int = PLAIN_TICK) -> list[list[tuple[int, bytes]]]:
        """(row, packet) of each batch of one tick."""
        batches: list[list[tuple[int, bytes]]] = []
        for batch in self.io.receive(tick):
            columns = zip(batch.row.tolist(), batch.at.tolist(), batch.length.tolist(), strict=True)
            packets = [(row, self.io.arrivals.packets[at, :length].tobytes()) for row, at, length in columns]
            assert len({row for row, _ in packets}) == len(packets), "at most one packet per row and batch"
            batches.append(sorted(packets))
        return batches

    def send_all(self, content: bytes) -> None:
        for port, peer in zip(self.ports, self.peers, strict=True):
            peer.send(port, content)

    def close(self) -> None:
        self.io.end()
        for peer in self.peers:
            peer.socket.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(request.param)
    yield bench
    bench.close()


def test_all_packets_of_a_tick_are_one_batch(bench: Bench) -> None:
    bench.send_all(b"hello")
    bench.read()  # row 3 becomes steady
    for number in range(3):
        bench.send_all(b"%d" % number)
        assert bench.read() == [[(row, b"%d" % number) for row in range(4)]]
    assert bench.io.packets_received == 16
    assert bench.io.strangers == 0


def test_strangers_are_counted_and_not_heard(bench: Bench) -> None:
    stranger = Peer(bench.ports[0].host)
    for port in set(bench.ports[:3]):
        stranger.send(port, b"evil")
    bench.peers[0].send(bench.ports[0], b"good")
    bench.peers[0].send(bench.ports[2], b"good, but not there")
    assert bench.read() == [[(0, b"good")]]
    assert bench.io.strangers == 3
    stranger.socket.close()


def test_several_packets_of_a_stream_come_in_order_the_newest_of_many(bench: Bench) -> None:
    one, two, *_ = bench.peers
    one.send(bench.ports[0], b"1", b"2")
    two.send(bench.ports[1], b"a")
    one.send(bench.ports[0], b"3")
    assert bench.read() == [[(0, b"1"), (1, b"a")], [(0, b"2")], [(0, b"3")]]
    two.send(bench.ports[1], *[b"%d" % number for number in range(100)])
    assert bench.read() == [[(1, b"%d" % number)] for number in range(100 - PACKETS_KEPT_MAX, 100)]


def test_packets_go_to_each_row_s_destination(bench: Bench) -> None:
    bench.io.send(bench.outgoing, [SinglePacket(1, b"single", bench.peers[1].address)])
    for row, peer in enumerate(bench.peers):
        packet, source = peer.socket.recvfrom(1000)
        assert (packet, source[:2]) == (bytes([row]) * 172, bench.ports[row])
    assert bench.peers[1].socket.recv(1000) == b"single"
    bench.io.aim(0, None)
    bench.io.send(bench.outgoing, [])
    assert bench.io.packets_sent == 8
    assert bench.peers[1].socket.recv(1000) == bytes([1]) * 172
    bench.peers[0].socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        bench.peers[0].socket.recv(1000)


def test_a_party_that_cannot_be_reached_costs_the_others_nothing(bench: Bench) -> None:
    bench.io.aim(0, HostPort(bench.ports[0].host, 9))
    for _ in range(3):
        bench.io.send(bench.outgoing, [])
        for row, peer in enumerate(bench.peers[1:], 1):
            assert peer.socket.recv(1000) == bytes([row]) * 172


def test_a_remote_that_is_taken_or_rests_is_refused(bench: Bench) -> None:
    taken = bench.peers[0].address
    assert bench.io.why_not(1, taken) is not None
    assert bench.io.why_not(2, taken) is None
    assert bench.io.why_not(3, taken) is None
    assert bench.io.open_shared(4, bench.ports[0], taken) == "another stream has that remote address already"
    bench.io.close(0)
    assert bench.io.open_shared(4, bench.ports[0], taken) == "that remote address rests after another call"
    bench.peers[0].send(bench.ports[0], b"has not heard of the end")
    assert bench.read() == []
    assert bench.io.open_shared(0, bench.ports[0], HostPort(taken.host, 9)) is None


def test_what_still_comes_while_nobody_listens_keeps_the_source_from_others(bench: Bench) -> None:
    for row in range(3):
        bench.io.close(row)
    bench.send_all(b"has not heard of the end")
    for row in range(3):
        assert bench.io.open_shared(row, bench.ports[row], bench.peers[row].address) is not None
        assert bench.io.open_shared(row, bench.ports[row], HostPort(bench.ports[row].host, 9 + row)) is None
    assert [row for batch in bench.read() for row, _ in batch] == [3]


def test_a_remote_that_moves_is_heard_where_it_is_now(bench: Bench) -> None:
    moved = Peer(bench.ports[0].host)
    bench.io.disconnect(0)
    bench.io.connect(0, moved.address)
    moved.send(bench.ports[0], b"here")
    bench.peers[0].send(bench.ports[0], b"not here")
    assert bench.read() == [[(0, b"here")]]
    moved.socket.close()


def test_waits_are_measured_once_a_second(bench: Bench) -> None:
    bench.send_all(b"hello")
    bench.read()
    bench.send_all(b"again")
    for batch in bench.io.receive(TIMED_EVERY_TICKS):
        assert len(batch.row) == 4
        waits = bench.io.arrivals.wait[batch.at[batch.row < 3]]
        assert ((waits >= 0) & (waits < 800)).all()


def test_rtcp_is_told_apart_by_its_source_too(bench: Bench) -> None:
    reporters = [Peer(bench.ports[0].host) for _ in range(3)]
    above = [HostPort(port.host, port.port + 1) for port in bench.ports[:3]]
    for row, reporter in enumerate(reporters):
        bench.io.aim_rtcp(row, reporter.address, is_muxed=False)
        bench.io.send_rtcp(row, b"report %d" % row)
        packet, source = reporter.socket.recvfrom(1000)
        assert (packet, source[:2]) == (b"report %d" % row, above[row])
        reporter.send(above[row], b"answer %d" % row)
    bench.peers[0].send(above[0], b"evil")
    answers = sorted(packet[:3] for packet in bench.io.receive_rtcp())
    assert answers == [(row, b"answer %d" % row, reporters[row].address) for row in range(3)]
    assert bench.io.strangers == 1
    bench.io.aim_rtcp(0, bench.peers[0].address, is_muxed=True)
    bench.io.send_rtcp(0, b"muxed")
    packet, source = bench.peers[0].socket.recvfrom(1000)
    assert (packet, source[:2]) == (b"muxed", bench.ports[0])
    for reporter in reporters:
        reporter.socket.close()


def test_a_port_that_another_program_has_is_named() -> None:
    io = PhaseIo()
    port = free_range(2)[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port + 1))
        reason = io.open_shared(0, HostPort("127.0.0.1", port), None)
    assert reason == f"port {port + 1} of 127.0.0.1 is in use by another program"
    assert io.open_shared(0, HostPort("127.0.0.1", port), None) is None
    io.end()
