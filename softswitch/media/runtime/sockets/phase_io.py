"""The sockets of one phase, whether its streams have ports of their own or share some."""

from collections.abc import Iterator
from contextlib import suppress

from softswitch.base.address import HostPort
from softswitch.media.packets.rtp import ArrivalBuffer, OutgoingBuffer
from softswitch.media.phase import ROWS_PER_PHASE, SinglePacket
from softswitch.media.quality.rtcp import RtcpPacket
from softswitch.media.runtime.sockets.batch import Batch
from softswitch.media.runtime.sockets.dedicated_sockets import DedicatedSockets
from softswitch.media.runtime.sockets.shared_sockets import SharedSockets
from softswitch.media.runtime.sockets.udp_socket import SocketPair


class PhaseIo:
    """By row within the phase."""

    __slots__ = ("_dedicated", "_shared", "_shared_rows", "arrivals", "packets_received", "packets_sent")

    def __init__(self) -> None:
        self.arrivals = ArrivalBuffer(2 * ROWS_PER_PHASE)
        """One packet per row for dedicated ports, then as many for shared ones."""
        self.packets_received = 0
        self.packets_sent = 0
        self._dedicated = DedicatedSockets(self.arrivals)
        self._shared: SharedSockets | None = None
        """Made when it is first needed."""
        self._shared_rows: set[int] = set()

    @property
    def strangers(self) -> int:
        """Packets dropped here; those the latch refuses are counted by the engine."""
        return self._dedicated.strangers + (self._shared.strangers if self._shared else 0)

    @property
    def dropped_by_kernel(self) -> int:
        """Packets that found a socket full, as known some seconds ago."""
        return self._dedicated.dropped_by_kernel + (self._shared.dropped_by_kernel if self._shared else 0)

    # The streams' ports (PacketPort)

    def open(self, row: int, local: HostPort, held: SocketPair | None = None) -> str | None:
        """With the sockets that are `held` for it, or new ones."""
        return self._dedicated.open(row, local, held)

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        if self._shared is None:
            self._shared = SharedSockets(self.arrivals, ROWS_PER_PHASE)
        fault = self._shared.open(row, local, remote)
        if fault is None:
            self._shared_rows.add(row)
        return fault

    def close(self, row: int) -> None:
        self._sockets(row).close(row)
        self._shared_rows.discard(row)

    def why_not(self, row: int, remote: HostPort) -> str | None:
        return self._shared.why_not(row, remote) if self._shared and row in self._shared_rows else None

    def connect(self, row: int, remote: HostPort) -> None:
        self._sockets(row).connect(row, remote)

    def disconnect(self, row: int) -> None:
        self._sockets(row).disconnect(row)

    def aim(self, row: int, destination: HostPort | None) -> None:
        self._sockets(row).aim(row, destination)

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        self._sockets(row).aim_rtcp(row, destination, is_muxed=is_muxed)

    def end(self) -> None:
        """Close what is still open: the worker ends."""
        for row in list(self._shared_rows):
            self.close(row)
        if self._shared is not None:
            self._shared.close_ports()
        self._dedicated.close_all()

    # The tick

    def receive(self, tick: int) -> Iterator[Batch]:
        """Everything that has arrived. A batch is valid until the next is asked for."""
        for batch in self._receive(tick):
            if len(batch.row):
                self.packets_received += len(batch.row)
                yield batch
            self.arrivals.forget_waits()

    def send(self, outgoing: OutgoingBuffer, singles: list[SinglePacket]) -> None:
        """The tick's packet of every stream that sends."""
        self.packets_sent += self._dedicated.send(outgoing)
        if self._shared is not None:
            self.packets_sent += self._shared.send(outgoing)
        for single in singles:
            with suppress(OSError):
                self._sockets(single.row).send_single(single)
                self.packets_sent += 1

    def send_rtcp(self, row: int, packet: bytes) -> None:
        """Send a compound packet to where the row's RTCP is aimed; without that it is lost."""
        self._sockets(row).send_rtcp(row, packet)

    def receive_rtcp(self) -> list[RtcpPacket]:
        """RTCP that came to the odd ports, from where the rows' own is aimed at. Muxed RTCP comes by `receive`."""
        packets = self._dedicated.receive_rtcp()
        if self._shared is not None:
            packets += self._shared.receive_rtcp()
        return packets

    # Inside

    def _receive(self, tick: int) -> Iterator[Batch]:
        yield from self._dedicated.receive_watched()
        if self._shared is None or not self._shared_rows:
            yield from self._dedicated.receive_steady(tick)
            return
        # A batch costs the engine as much as a hundred packets: what can be one is made one.
        shared = self._shared.receive(tick)
        waiting = next(shared, None)
        for batch in self._dedicated.receive_steady(tick):
            yield batch if waiting is None else batch.joined(waiting)
            waiting = None
        if waiting is not None:
            yield waiting
        yield from shared

    def _sockets(self, row: int) -> DedicatedSockets | SharedSockets:
        return self._shared if self._shared is not None and row in self._shared_rows else self._dedicated
