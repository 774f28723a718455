"""The sockets of a phase against real ones: what is read, from whom, and what is sent."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from softswitch.base.address import HostPort
from softswitch.media.limits import PACKETS_KEPT_MAX
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.phase import ROWS_PER_PHASE, SinglePacket
from softswitch.media.runtime.sockets.dedicated_sockets import (
    COUNTED_EVERY_TICKS,
    QUIET_TICKS,
    STALL_TICKS,
    TIMED_EVERY_TICKS,
    TIMED_PARTS,
)
from softswitch.media.runtime.sockets.packet_io import PacketIo
from softswitch.media.runtime.sockets.phase_io import PhaseIo
from softswitch.media.runtime.sockets.udp_socket import dropped_packets, open_udp
from softswitch.testing.runtime.free_ports import free_range

pytestmark = pytest.mark.network

HOST = "127.0.0.1"
PLAIN_TICK = TIMED_PARTS
"""A tick in which no wait is measured and no row is asked for a second packet."""


class Peer:
    def __init__(self, to: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.settimeout(2.0)
        self.address = HostPort(HOST, self.socket.getsockname()[1])
        self.to = to

    def send(self, *contents: bytes) -> None:
        for content in contents:
            self.socket.sendto(content, (HOST, self.to))


class Bench:
    """One phase with a port in row 0 and one in row 1, and a peer for each."""

    def __init__(self) -> None:
        self.io = PhaseIo()
        self.outgoing = OutgoingBuffer(ROWS_PER_PHASE)
        self.ports = [HostPort(HOST, port) for port in free_range(4)[::2]]
        for row, port in enumerate(self.ports):
            assert self.io.open(row, port) is None
        self.peers = [Peer(port.port) for port in self.ports]

    def read(self, tick: int = PLAIN_TICK) -> list[tuple[int, bytes, HostPort | None]]:
        """(row, packet, source if the socket is not connected) of one tick."""
        packets: list[tuple[int, bytes, HostPort | None]] = []
        for batch in self.io.receive(tick):
            assert len(set(batch.row.tolist())) == len(batch.row), "at most one packet per row and batch"
            for index, (at, row, length) in enumerate(
                zip(batch.at.tolist(), batch.row.tolist(), batch.length.tolist(), strict=True)
            ):
                source = batch.sources[index] if batch.sources is not None else None
                packets.append((row, self.io.arrivals.packets[at, :length].tobytes(), source))
        return packets

    def connect(self, row: int) -> None:
        """Connected, and in the steady state."""
        self.io.connect(row, self.peers[row].address)
        self.peers[row].send(b"hello")
        assert self.read() == [(row, b"hello", None)]

    def close(self) -> None:
        self.io.end()
        for peer in self.peers:
            peer.socket.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_an_unconnected_port_tells_the_sources(bench: Bench) -> None:
    one, two = bench.peers
    one.send(b"a", b"b")
    two.to = one.to
    two.send(b"c")
    assert bench.read() == [(0, b"a", one.address), (0, b"b", one.address), (0, b"c", two.address)]
    assert bench.read() == []


def test_connected_ports_are_read_once_per_tick(bench: Bench) -> None:
    bench.connect(0)
    bench.connect(1)
    for number in range(3):
        for peer in bench.peers:
            peer.send(b"%d" % number)
        assert sorted(bench.read()) == [(0, b"%d" % number, None), (1, b"%d" % number, None)]
    assert bench.io.packets_received == 8


def test_what_strangers_sent_before_the_connection_is_dropped(bench: Bench) -> None:
    one, stranger = bench.peers
    stranger.to = one.to
    stranger.send(*[b"evil"] * 30)
    one.send(b"good")
    stranger.send(b"evil")
    bench.io.connect(0, one.address)
    one.send(b"more")
    stranger.send(b"refused by the kernel")
    assert bench.read() == [(0, b"good", None), (0, b"more", None)]
    assert bench.io.strangers == 31


def test_a_burst_is_read_after_a_tick_without_a_packet(bench: Bench) -> None:
    bench.connect(0)
    for _ in range(20):
        bench.peers[0].send(b".")
        bench.read()
    assert bench.read() == []
    bench.peers[0].send(b"1", b"2", b"3", b"4")
    assert [content for _, content, _ in bench.read()] == [b"1", b"2", b"3", b"4"]


def test_a_second_packet_per_tick_is_found_and_then_expected(bench: Bench) -> None:
    bench.connect(0)
    for _ in range(20):
        bench.peers[0].send(b".")
        bench.read()
    for _ in range(5):
        bench.peers[0].send(b"x", b"y")
        bench.read()
    bench.read(tick=0)  # row 0 is asked for more
    bench.peers[0].send(b"x", b"y")
    assert len(bench.read()) == 2


def test_after_a_stall_sockets_are_emptied_and_the_newest_packets_taken(bench: Bench) -> None:
    bench.connect(0)
    bench.connect(1)
    bench.peers[0].send(*[b"%d" % number for number in range(150)])
    bench.peers[1].send(b"a", b"b")
    newest = [(0, b"%d" % number, None) for number in range(150 - PACKETS_KEPT_MAX, 150)]
    packets = bench.read(PLAIN_TICK + 1 + STALL_TICKS)
    assert [packet for packet in packets if packet[0] == 0] == newest
    assert packets[-3:] == [(1, b"a", None), newest[-1], (1, b"b", None)]
    assert bench.read(PLAIN_TICK + 2 + STALL_TICKS) == []


def test_packets_that_found_a_socket_full_are_counted_within_seconds(bench: Bench) -> None:
    bench.connect(0)
    bench.peers[0].send(*[bytes(172)] * 1000)
    for tick in range(PLAIN_TICK, PLAIN_TICK + COUNTED_EVERY_TICKS):
        bench.read(tick)
    assert bench.io.dropped_by_kernel == 1000 + 1 - bench.io.packets_received > 0


def test_a_silent_port_is_read_as_soon_as_it_speaks(bench: Bench) -> None:
    bench.connect(0)
    for _ in range(QUIET_TICKS + 3):
        assert bench.read() == []
    bench.peers[0].send(b"here", b"again")
    assert bench.read() == [(0, b"here", None), (0, b"again", None)]


def test_a_disconnected_port_hears_everybody_again(bench: Bench) -> None:
    bench.connect(0)
    bench.io.disconnect(0)
    one, two = bench.peers
    two.to = one.to
    two.send(b"moved")
    one.send(b"still here")
    assert bench.read() == [(0, b"moved", two.address), (0, b"still here", one.address)]


def test_waits_are_measured_for_every_port_once_a_second(bench: Bench) -> None:
    bench.connect(0)
    bench.connect(1)
    measured: set[int] = set()
    for tick in range(TIMED_EVERY_TICKS):
        for peer in bench.peers:
            peer.send(b".")
        for batch in bench.io.receive(tick):
            waits = bench.io.arrivals.wait[batch.at]
            assert bench.io.arrivals.is_timed == bool((waits >= 0).any())
            measured.update(batch.row[waits >= 0].tolist())
            assert (waits < 800).all()
    assert measured == {0, 1}


def test_a_remote_that_no_socket_can_be_connected_to_costs_the_worker_nothing(bench: Bench) -> None:
    bench.io.connect(0, HostPort("255.255.255.255", 9))
    bench.peers[0].send(b"from somebody")
    assert bench.read() == [(0, b"from somebody", bench.peers[0].address)]
    bench.io.aim(0, HostPort("255.255.255.255", 9))
    bench.io.send(bench.outgoing, [])
    assert bench.io.packets_sent == 0


def test_packets_go_where_they_are_aimed_connected_or_not(bench: Bench) -> None:
    one, two = bench.peers
    bench.outgoing.packets[0] = 10
    bench.outgoing.packets[1] = 11
    bench.connect(0)
    bench.io.aim(0, one.address)
    bench.io.aim(1, two.address)
    bench.io.send(bench.outgoing, [SinglePacket(0, b"single", two.address)])
    assert one.socket.recvfrom(1000) == (bytes([10]) * 172, bench.ports[0])
    assert sorted(two.socket.recvfrom(1000) for _ in range(2)) == [
        (bytes([11]) * 172, bench.ports[1]),
        (b"single", bench.ports[0]),
    ]
    bench.io.aim(0, None)
    bench.io.send(bench.outgoing, [])
    assert bench.io.packets_sent == 4
    assert two.socket.recv(1000) == bytes([11]) * 172


def test_a_party_that_does_not_listen_disturbs_nobody(bench: Bench) -> None:
    one, two = bench.peers
    bench.connect(0)
    bench.io.aim(0, one.address)
    bench.io.aim(1, two.address)
    one.socket.close()
    for _ in range(3):
        bench.io.send(bench.outgoing, [])
        bench.read()
        assert two.socket.recv(1000)


def test_rtcp_goes_where_it_is_aimed_and_comes_from_that_host_alone(bench: Bench) -> None:
    one = bench.peers[0]
    one.to += 1
    one.send(b"before it is aimed")
    bench.io.send_rtcp(0, b"nowhere")
    assert bench.io.receive_rtcp() == []
    bench.io.aim_rtcp(0, one.address, is_muxed=False)
    bench.io.send_rtcp(0, b"report")
    assert one.socket.recvfrom(1000) == (b"report", HostPort(HOST, one.to))
    one.send(b"answer", b"another")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(b"evil", (HOST, one.to))
    came = [packet[:3] for packet in bench.io.receive_rtcp()]
    assert came == [(0, b"answer", one.address), (0, b"another", one.address)]
    assert bench.io.strangers == 2
    assert bench.read() == []


def test_muxed_rtcp_shares_the_rtp_port(bench: Bench) -> None:
    one = bench.peers[0]
    bench.connect(0)
    bench.io.aim_rtcp(0, one.address, is_muxed=True)
    bench.io.send_rtcp(0, b"report")
    assert one.socket.recvfrom(1000) == (b"report", bench.ports[0])
    one.send(b"answer")
    assert bench.read() == [(0, b"answer", None)]


def test_sound_behind_muxed_rtcp_is_read_in_the_same_tick(bench: Bench) -> None:
    bench.connect(0)
    for _ in range(20):
        bench.peers[0].send(b"\x80\x00sound")
        bench.read()
    bench.peers[0].send(b"\x81\xc9report", b"\x80\x00sound")
    assert [packet for _, packet, _ in bench.read()] == [b"\x81\xc9report", b"\x80\x00sound"]


def test_packets_that_find_the_socket_full_are_counted() -> None:
    port = free_range(2)[0]
    with open_udp(HostPort(HOST, port), 4096) as udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        assert dropped_packets(udp) == 0
        for _ in range(100):
            peer.sendto(bytes(172), (HOST, port))
        kept = 0
        with suppress(BlockingIOError):
            while udp.recv(1000):
                kept += 1
        assert dropped_packets(udp) == 100 - kept > 0


def test_what_came_to_a_port_that_was_held_is_nobodys() -> None:
    io, (one, two) = PacketIo(), (HostPort(HOST, port) for port in free_range(4)[::2])
    assert [io.hold(port) for port in (one, one, two)] == [None, None, None]
    peers = stranger, other, party = [Peer(port) for port in (one.port, one.port + 1, one.port)]
    stranger.send(*[b"old"] * 1000)
    other.send(b"\x81\xc8old")
    assert io.open(0, one) is None
    phase = io.phases[0]
    party.send(b"new")
    assert [batch.length.tolist() for batch in phase.receive(PLAIN_TICK)] == [[3]]
    io.aim_rtcp(0, HostPort(HOST, 9), is_muxed=False)
    assert not phase.receive_rtcp()
    for tick in range(COUNTED_EVERY_TICKS):
        assert not list(phase.receive(tick))
    assert phase.dropped_by_kernel == 0  # what a held port had no room for was for nobody either
    io.let_go()
    with open_udp(two, 1024):
        assert io.open(1, two) == f"port {two.port} of {HOST} is in use by another program"
    assert io.hold(two) is None
    assert io.open_shared(ROWS_PER_PHASE, two, None) is None  # held or not
    io.end()
    for peer in peers:
        peer.socket.close()


def test_a_port_that_is_taken_is_named() -> None:
    io = PacketIo()
    port = free_range(2)[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, port + 1))
        assert io.open(0, HostPort(HOST, port)) == f"port {port + 1} of {HOST} is in use by another program"
    assert io.open(0, HostPort(HOST, port)) is None
    assert io.open(ROWS_PER_PHASE, HostPort(HOST, port)) == f"port {port} of {HOST} is in use by another program"
    reason = io.open(1, HostPort("192.0.2.1", port))
    assert reason is not None
    assert "no address of this machine" in reason
    io.close(0)
    assert io.open(0, HostPort(HOST, port)) is None
    io.close(0)


def test_ipv6_works_alike() -> None:
    io = PhaseIo()
    port = free_range(2)[0]
    if io.open(0, HostPort("::1", port)) is not None:
        return  # a machine without IPv6
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as peer:
        peer.bind(("::1", 0))
        peer.settimeout(2.0)
        address = HostPort("::1", peer.getsockname()[1])
        peer.sendto(b"six", ("::1", port))
        (batch,) = [batch.sources for batch in io.receive(PLAIN_TICK)]
        assert batch == [address]
        io.connect(0, address)
        io.aim(0, address)
        io.send(OutgoingBuffer(ROWS_PER_PHASE), [])
        assert len(peer.recv(1000)) == 172
        io.disconnect(0)
    io.close(0)
