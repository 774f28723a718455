"""The sockets of all streams, as the engine and the worker see them (phase_io.py has the sockets themselves)."""

from softswitch.base.address import HostPort
from softswitch.media.phase import ROWS_PER_PHASE
from softswitch.media.runtime.sockets.phase_io import PhaseIo
from softswitch.media.tick_grid import PHASES


class PacketIo:
    """The sockets of all phases, and the engine's `PacketPort`: rows are numbered through the phases."""

    __slots__ = ("phases",)

    def __init__(self) -> None:
        self.phases = [PhaseIo() for _ in range(PHASES)]

    def open(self, row: int, local: HostPort) -> str | None:
        return self.phases[row // ROWS_PER_PHASE].open(row % ROWS_PER_PHASE, local)

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
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
        for phase in self.phases:
            phase.end()
