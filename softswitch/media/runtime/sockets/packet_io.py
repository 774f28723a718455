"""The sockets of all streams, as the engine and the worker see them (phase_io.py has the sockets themselves).

Ports are also held for streams to come, which belong to no phase yet and cost no tick anything.
"""

from softswitch.base.address import HostPort
from softswitch.media.limits import HELD_PORTS_MAX
from softswitch.media.phase import ROWS_PER_PHASE
from softswitch.media.runtime.sockets.dedicated_sockets import RECEIVE_BUFFER_BYTES
from softswitch.media.runtime.sockets.phase_io import PhaseIo
from softswitch.media.runtime.sockets.udp_socket import SocketPair, forget_waiting, open_pair
from softswitch.media.tick_grid import PHASES


class PacketIo:
    """The sockets of all phases, and the engine's `PacketPort`: rows are numbered through the phases."""

    __slots__ = ("_held", "phases")

    def __init__(self) -> None:
        self.phases = [PhaseIo() for _ in range(PHASES)]
        self._held: dict[HostPort, SocketPair] = {}

    def open(self, row: int, local: HostPort) -> str | None:
        held = self._held.pop(local, None)
        for udp in held or ():
            forget_waiting(udp)
        return self.phases[row // ROWS_PER_PHASE].open(row % ROWS_PER_PHASE, local, held)

    def hold(self, local: HostPort) -> str | None:
        if local in self._held:
            return None
        if len(self._held) == HELD_PORTS_MAX:
            return f"this worker holds {HELD_PORTS_MAX} ports already"
        sockets = open_pair(local, RECEIVE_BUFFER_BYTES)
        if isinstance(sockets, str):
            return sockets
        self._held[local] = sockets
        return None

    def let_go(self) -> None:
        for local in list(self._held):
            self._close_held(local)

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        self._close_held(local)
        return self.phases[row // ROWS_PER_PHASE].open_shared(row % ROWS_PER_PHASE, local, remote)

    def why_not(self, row: int, remote: HostPort) -> str | None:
        return self.phases[row // ROWS_PER_PHASE].why_not(row % ROWS_PER_PHASE, remote)

    def close(self, row: int) -> None:
        self.phases[row // ROWS_PER_PHASE].close(row % ROWS_PER_PHASE)

    def connect(self, row: int, remote: HostPort) -> None:
        self.phases[row // ROWS_PER_PHASE].connect(row % ROWS_PER_PHASE, remote)

    def disconnect(self, row: int) -> None:
        self.phases[row // ROWS_PER_PHASE].disconnect(row % ROWS_PER_PHASE)

    def aim(self, row: int, destination: HostPort | None) -> None:
        self.phases[row // ROWS_PER_PHASE].aim(row % ROWS_PER_PHASE, destination)

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        self.phases[row // ROWS_PER_PHASE].aim_rtcp(row % ROWS_PER_PHASE, destination, is_muxed=is_muxed)

    def send_rtcp(self, row: int, packet: bytes) -> None:
        self.phases[row // ROWS_PER_PHASE].send_rtcp(row % ROWS_PER_PHASE, packet)

    def end(self) -> None:
        """Close everything: the worker ends."""
        self.let_go()
        for phase in self.phases:
            phase.end()

    def _close_held(self, local: HostPort) -> None:
        for udp in self._held.pop(local, ()):
            udp.close()
