"""The ports the switch needs: whether they are free, enough, and left alone by the rest of the machine."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from softswitch.app.doctor.finding import Finding
from softswitch.base.address import HostPort, TransportKind

PORTS_PER_CALL = 4
"""A bridged call has two streams, and each a port for RTP and one for RTCP."""
PRIVILEGED_BELOW = 1024
TAKEN_SHARE_MAX = 0.05


def listener_findings(
    listeners: Sequence[tuple[TransportKind, HostPort]], root: Path, *, key: str = "[sip] listen"
) -> Iterator[Finding]:
    """Of a switch that does not run: each port is bound for a moment. `key` is where it is configured."""
    for transport, local in listeners:
        words = f"{transport.name.lower()} {local}"
        kind = socket.SOCK_DGRAM if transport is TransportKind.UDP else socket.SOCK_STREAM
        error = _binding_fault(local, kind)
        if error is None:
            yield Finding("ports", "good", f"{words} is free")
        elif error.errno == errno.EADDRINUSE:
            owner = _owner(root, "udp" if kind == socket.SOCK_DGRAM else "tcp", local.port)
            yield Finding("ports", "fault", f"{words} is taken{owner}", f"Stop that program, or change {key}")
        elif error.errno == errno.EACCES and local.port < PRIVILEGED_BELOW:
            yield Finding(
                "ports",
                "fault",
                f"{words} may not be opened by user {os.geteuid()}",
                "AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or a port above 1023",
            )
        else:
            yield Finding(
                "ports",
                "fault",
                f"{words} cannot be opened: {error.strerror}",
                f"Correct {key}: see `ip address`",
            )


def media_findings(ports: range, calls_max: int, root: Path, *, is_running: bool) -> Iterator[Finding]:
    """Of the range that [media] ports names."""
    calls = len(ports) // PORTS_PER_CALL
    words = f"RTP has ports {ports.start} to {ports.stop - 1}, enough for {calls} calls"
    if calls < calls_max:
        yield Finding(
            "ports",
            "warning",
            f"{words}, and [limits] calls is {calls_max}",
            f'[media] ports = "{ports.start}-{min(65535, ports.start + calls_max * PORTS_PER_CALL - 1)}", '
            "and the same in the firewall",
        )
    else:
        yield Finding("ports", "good", words)
    yield from _own_connections(ports, root)
    if not is_running:
        taken = sum(port in ports for port in _bound(root, "udp"))
        if taken > TAKEN_SHARE_MAX * len(ports):
            yield Finding(
                "ports",
                "warning",
                f"{taken} of these ports are taken by other programs",
                "Choose another range for [media] ports: see `ss -lunp`",
            )


def _own_connections(ports: range, root: Path) -> Iterator[Finding]:
    """Ports that the kernel gives to any program that asks for one may be gone when a call needs them."""
    folder = root / "proc/sys/net/ipv4"
    with suppress(OSError, ValueError):
        first, last = map(int, (folder / "ip_local_port_range").read_text().split())
        overlap = range(max(first, ports.start), min(last + 1, ports.stop))
        reserved = (folder / "ip_local_reserved_ports").read_text().strip()
        if overlap and not _covers(reserved, overlap):
            yield Finding(
                "ports",
                "warning",
                f"the kernel gives ports {overlap.start} to {overlap.stop - 1} to any program, and RTP needs them",
                f"sysctl -w net.ipv4.ip_local_reserved_ports={ports.start}-{ports.stop - 1}",
            )


def _covers(reserved: str, wanted: range) -> bool:
    """Whether one range of "4000,20000-29999" has all of it."""
    for part in filter(None, reserved.split(",")):
        first, _, last = part.partition("-")
        if int(first) <= wanted.start and wanted.stop - 1 <= int(last or first):
            return True
    return False


def _binding_fault(local: HostPort, kind: socket.SocketKind) -> OSError | None:
    family = socket.AF_INET6 if ":" in local.host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((local.host, local.port))
        except OSError as error:
            return error
    return None


def _owner(root: Path, protocol: str, port: int) -> str:
    """ " by asterisk (pid 123)"; "" if we may not know."""
    inodes = _bound(root, protocol).get(port, set())
    for folder in (root / "proc").glob("[0-9]*"):
        with suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                if os.readlink(descriptor).removeprefix("socket:[").rstrip("]") in inodes:
                    return f" by {(folder / 'comm').read_text().strip()} (pid {folder.name})"
    return ""


def _bound(root: Path, protocol: str) -> dict[int, set[str]]:
    """Local ports, with the inodes of their sockets, as in /proc/net/udp and tcp (proc(5))."""
    ports: dict[int, set[str]] = {}
    for name in (protocol, f"{protocol}6"):
        with suppress(OSError):
            for line in (root / "proc/net" / name).read_text().splitlines()[1:]:
                words = line.split()
                ports.setdefault(int(words[1].rpartition(":")[2], 16), set()).add(words[9])
    return ports
