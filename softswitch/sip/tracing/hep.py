"""Packets for Homer: the Homer Encapsulation Protocol, version 3 (HEP3).

```
"HEP3"  length of all      then chunks:  vendor 0   type      length of chunk   value
  4         2                               2        2              2            …        octets, big-endian
```
"""

import struct
from ipaddress import IPv4Address, ip_address

from softswitch.base.address import TransportKind
from softswitch.base.traced_message import TracedMessage

PACKET_BYTES_MAX = 65_000
"""What fits into a UDP datagram, whatever addresses it has; of a longer message the end is left out."""

_CHUNK = struct.Struct(">HHH")
_IPV4, _IPV6 = 0x02, 0x0A
"""AF_INET and AF_INET6, as the protocol has them."""
_TCP, _UDP = 6, 17
_SIP = 1


def hep_packet(traced: TracedMessage, *, capture_id: int, password: str = "", correlation_id: str = "") -> bytes:
    """One message, as one datagram. TLS and WebSocket count as TCP."""
    local, remote = traced.flow.local, traced.flow.remote
    source, destination = (local, remote) if traced.is_sent else (remote, local)
    source_ip, destination_ip = (ip_address(each.host.partition("%")[0]) for each in (source, destination))
    is_ipv4 = isinstance(source_ip, IPv4Address)
    seconds, microseconds = divmod(round(traced.at * 1_000_000), 1_000_000)
    chunks = [
        _chunk(0x01, bytes([_IPV4 if is_ipv4 else _IPV6])),
        _chunk(0x02, bytes([_UDP if traced.flow.kind is TransportKind.UDP else _TCP])),
        _chunk(0x03 if is_ipv4 else 0x05, source_ip.packed),
        _chunk(0x04 if is_ipv4 else 0x06, destination_ip.packed),
        _chunk(0x07, struct.pack(">H", source.port)),
        _chunk(0x08, struct.pack(">H", destination.port)),
        _chunk(0x09, struct.pack(">I", seconds)),
        _chunk(0x0A, struct.pack(">I", microseconds)),
        _chunk(0x0B, bytes([_SIP])),
        _chunk(0x0C, struct.pack(">I", capture_id)),
    ]
    if password:
        chunks.append(_chunk(0x0E, password.encode()))
    if correlation_id:
        chunks.append(_chunk(0x11, correlation_id.encode()))
    head = b"".join(chunks)
    payload = _chunk(0x0F, traced.message[: PACKET_BYTES_MAX - len(head)])
    return b"HEP3" + struct.pack(">H", 6 + len(head) + len(payload)) + head + payload


def _chunk(kind: int, value: bytes) -> bytes:
    return _CHUNK.pack(0, kind, _CHUNK.size + len(value)) + value
