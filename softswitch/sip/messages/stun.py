"""STUN binding requests on the SIP port (RFC 8489, RFC 5626 section 4.4.2): phones keep their NAT open with them.

The answer tells the phone the address it is seen at; a phone that gets none, or another one than before, registers
anew. Only phones that are registered get one (endpoint.py): it is longer than the request, whose source a stranger may
have forged. Any other STUN is swallowed.
"""

import struct
from ipaddress import ip_address

from softswitch.base.address import HostPort

BINDING_REQUEST = b"\x00\x01"
BINDING_RESPONSE = b"\x01\x01"
MAGIC_COOKIE = b"\x21\x12\xa4\x42"
HEADER_BYTES = 20
XOR_MAPPED_ADDRESS = 0x0020


def begins_like_stun(datagram: bytes) -> bool:
    """No SIP message begins so, with the cookie of STUN behind it."""
    return datagram[:1] in (b"\x00", b"\x01") and datagram[4:8] == MAGIC_COOKIE


def answer_binding(datagram: bytes, remote: HostPort) -> bytes | None:
    """The response to a binding request from `remote`; None if it is none."""
    if len(datagram) < HEADER_BYTES or datagram[:2] != BINDING_REQUEST or not begins_like_stun(datagram):
        return None
    if int.from_bytes(datagram[2:4]) != len(datagram) - HEADER_BYTES:
        return None
    address = ip_address(remote.host).packed
    mask = datagram[4:HEADER_BYTES]
    hidden = bytes(octet ^ key for octet, key in zip(address, mask, strict=False))
    family = 1 if len(address) == 4 else 2
    port = remote.port ^ int.from_bytes(mask[:2])
    attribute = struct.pack("!HHBBH", XOR_MAPPED_ADDRESS, 4 + len(hidden), 0, family, port) + hidden
    return BINDING_RESPONSE + len(attribute).to_bytes(2) + mask + attribute
