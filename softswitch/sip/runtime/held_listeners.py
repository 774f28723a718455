"""Listening sockets that somebody else keeps open while no switch is there (app/held_sockets.py)."""

import socket
from typing import Protocol

from softswitch.base.address import HostPort, TransportKind


class HeldListeners(Protocol):
    def take(self, kind: TransportKind, local: HostPort) -> socket.socket | None:
        """The socket that the process before listened on there; None: there is none."""
        ...

    def hold(self, kind: TransportKind, local: HostPort, listening: socket.socket) -> None:
        """Have it kept open for the process after this one."""
        ...


class NoneHeld:
    """Every socket is bound anew."""

    def take(self, kind: TransportKind, local: HostPort) -> socket.socket | None:
        return None

    def hold(self, kind: TransportKind, local: HostPort, listening: socket.socket) -> None:
        pass
