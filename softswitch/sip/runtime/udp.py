"""SIP over UDP: one socket per listener, under the event loop's datagram protocol."""

import asyncio
import errno
import socket
import sys
from typing import cast

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.errors import StartError
from softswitch.sip.runtime.held_listeners import HeldListeners
from softswitch.sip.runtime.limits import PEERS_REMEMBERED_MAX, RECEIVE_BUFFER_BYTES
from softswitch.sip.runtime.local_address import WILDCARDS, LocalAddressFinder, family_of
from softswitch.sip.runtime.receiver import Receiver

SO_MEMINFO = 55
"""Linux: what a socket uses, of which the first number is what waits to be received."""


class UdpListener(asyncio.DatagramProtocol):
    """One UDP socket. Make it with `open_udp`."""

    def __init__(self, receiver: Receiver, finder: LocalAddressFinder) -> None:
        self.local = HostPort("", 0)
        """What the socket is bound to, wildcards and all."""
        self._receiver = receiver
        self._finder = finder
        self._transport: asyncio.DatagramTransport | None = None
        self._flows: dict[tuple[str, int], Flow] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        host, port, *_ = transport.get_extra_info("sockname")
        self.local = HostPort(host, port)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        flow = self._flows.get(addr)
        self._receiver.receive_datagram(data, flow or self._remember(addr))

    def error_received(self, exc: Exception) -> None:
        """An ICMP error for something sent earlier. It does not say for what; the transaction's timer will notice."""

    def send(self, data: bytes, remote: HostPort) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        try:
            transport.sendto(data, remote)
        except (OSError, ValueError):
            return  # refused by the kernel (no route, forbidden address): to SIP a lost packet

    def waiting_bytes(self) -> int:
        """What the kernel holds for us, by its own count; 0 where it does not say (not Linux)."""
        own = None if self._transport is None else self._transport.get_extra_info("socket")
        if own is None:
            return 0
        try:
            return int.from_bytes(own.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)[:4], sys.byteorder)
        except OSError:
            return 0

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _remember(self, addr: tuple[str, int]) -> Flow:
        if len(self._flows) >= PEERS_REMEMBERED_MAX:
            self._flows.clear()
        remote = HostPort(addr[0], addr[1])
        local = self.local
        if local.host in WILDCARDS:
            local = HostPort(self._finder.towards(remote.host), local.port)
        flow = self._flows[addr] = Flow(TransportKind.UDP, local, remote)
        return flow


async def open_udp(
    local: HostPort,
    receiver: Receiver,
    finder: LocalAddressFinder,
    loop: asyncio.AbstractEventLoop,
    held: HeldListeners,
) -> UdpListener:
    """Listen, on a socket that is `held` or one bound now. Raises StartError."""
    udp_socket = held.take(TransportKind.UDP, local) or _bind(local)
    held.hold(TransportKind.UDP, local, udp_socket)
    _, listener = await loop.create_datagram_endpoint(lambda: UdpListener(receiver, finder), sock=udp_socket)
    return listener


def _bind(local: HostPort) -> socket.socket:
    udp_socket = socket.socket(family_of(local.host), socket.SOCK_DGRAM)
    try:
        udp_socket.setblocking(False)
        if udp_socket.family == socket.AF_INET6:
            udp_socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # The kernel grants less without complaint; net.core.rmem_max says how much.
        udp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        udp_socket.bind(local)
    except OSError as error:
        udp_socket.close()
        raise cannot_listen(TransportKind.UDP, local, error) from None
    return udp_socket


def cannot_listen(kind: TransportKind, local: HostPort, error: OSError) -> StartError:
    reason = (error.strerror or str(error)).lower()
    match error.errno:
        case errno.EADDRNOTAVAIL:
            remedy = "This machine has no such address (ip addr shows which it has): change [sip] listen."
        case errno.EACCES:
            remedy = "Ports below 1024 are for root: change [sip] listen to a higher one."
        case _:
            remedy = "Stop the program that uses it (ss -lnp shows which), or change [sip] listen."
    return StartError(f"cannot listen on {kind.value.lower()}:{local}: {reason}. {remedy}")
