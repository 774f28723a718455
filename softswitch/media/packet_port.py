"""What the engine needs of the sockets: a port for each stream, its own or a shared one, named by the stream's row."""

from typing import Protocol

from softswitch.base.address import HostPort


class PacketPort(Protocol):
    def open(self, row: int, local: HostPort) -> str | None:
        """Bind the port (RTP, and the next one for RTCP), or take one that is held.

        None, or why it cannot be had, for people.
        """
        ...

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        """Have a port together with other rows of the phase; this one's packets are those `connect` says, no others.

        None, or why it cannot be had, as when another row has `remote` already.
        """
        ...

    def hold(self, local: HostPort) -> str | None:
        """Bind the port for a row to come; what arrives before is nobody's. None, or why it cannot be had."""
        ...

    def let_go(self) -> None:
        """Close all ports that are held."""
        ...

    def why_not(self, row: int, remote: HostPort) -> str | None:
        """Why `connect` would not do, for people: another row has this remote on a port that they share."""
        ...

    def close(self, row: int) -> None: ...

    def connect(self, row: int, remote: HostPort) -> None:
        """From now on only packets from `remote` arrive, and they need no check."""
        ...

    def disconnect(self, row: int) -> None:
        """From now on packets from anywhere arrive, each with its source."""
        ...

    def aim(self, row: int, destination: HostPort | None) -> None:
        """Where the row's packet of each tick goes; None sends none."""
        ...

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        """Where the row's RTCP goes, and from whose host it is taken; with `is_muxed` it shares the RTP port."""
        ...

    def send_rtcp(self, row: int, packet: bytes) -> None:
        """Send it there now; it is lost when the row is not aimed."""
        ...
