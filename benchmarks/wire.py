"""What went over the loopback interface and when, noted by the kernel: SIP requests that begin a call or end one.

Phones that are programs read their sockets when they get to it; on a busy core that is milliseconds after a packet
came. The kernel's note of the packet itself says when the switch had done its part. It needs root (AF_PACKET).
"""

import ctypes
import re
import socket
import struct
from typing import NamedTuple

_ETH_P_IP = 0x0800
_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23
_SO_ATTACH_FILTER, _SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 26, 33, 35
_TIMESTAMP = struct.Struct("qq")
_PORTS = struct.Struct("!HH")
_BUFFER_BYTES = 64 * 1024 * 1024
"""All of a run: it is read when the run is over, so that nothing is disturbed."""
_UDP_PAYLOAD = 28
"""After the headers of IP without options and of UDP."""
# Classic BPF (code, jump if true, jump if false, operand): only UDP packets that begin with INVITE or BYE are kept.
_FILTER = (
    (0x30, 0, 0, 9),  # the protocol of the IP packet
    (0x15, 0, 4, socket.IPPROTO_UDP),
    (0x20, 0, 0, _UDP_PAYLOAD),  # its first four bytes
    (0x15, 1, 0, int.from_bytes(b"INVI", "big")),
    (0x15, 0, 1, int.from_bytes(b"BYE ", "big")),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)
_METHOD = re.compile(rb"(INVITE|BYE) sip:([^@ ]*)@?\S* SIP/2\.0")
_FROM = re.compile(rb"\r\n(?:From|f): *[^\r]*?sip:([^@>]*)@", re.IGNORECASE)


class Request(NamedTuple):
    at_ms: float
    method: str
    called: str
    """The user part of its URI."""
    calling: str
    """That of its From."""
    source: str
    destination: str
    """IP addresses."""


class Wire:
    """Listens from its making on. Raises PermissionError for those who may not."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _FILTER))
        head = struct.pack("@HP", len(_FILTER), ctypes.addressof(program))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
        self._socket.bind(("lo", _ETH_P_IP))
        self._socket.setblocking(False)

    def requests(self, port: int) -> list[Request]:
        """Everything so far, in order, that came from this port or went there: others may run the same beside us."""
        found: list[Request] = []
        while True:
            try:
                packet, ancillary, _, _ = self._socket.recvmsg(65535, socket.CMSG_SPACE(_TIMESTAMP.size))
            except BlockingIOError:
                return found
            seconds, nanoseconds = _TIMESTAMP.unpack(ancillary[0][2])
            content = packet[_UDP_PAYLOAD:]
            start, sender = _METHOD.match(content), _FROM.search(content)
            is_ours = port in _PORTS.unpack_from(packet, _UDP_PAYLOAD - 8)
            if is_ours and start is not None and sender is not None:
                found.append(
                    Request(
                        seconds * 1e3 + nanoseconds / 1e6,
                        start[1].decode(),
                        start[2].decode(),
                        sender[1].decode(),
                        socket.inet_ntoa(packet[12:16]),
                        socket.inet_ntoa(packet[16:20]),
                    )
                )

    def close(self) -> None:
        self._socket.close()
