"""SIP messages as a capture file for Wireshark and its like: the classic pcap format, link type "raw IP".

The IP and UDP headers are made up around each message, also for messages that came along a stream, so that one message
is one packet and every program finds it. Addresses, ports and times are the real ones.
"""

import struct
from ipaddress import IPv6Address, ip_address

from softswitch.base.traced_message import TracedMessage

FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 101)
"""Microseconds, little-endian, version 2.4, UTC, the longest packet, LINKTYPE_RAW."""
UDP = 17
UDP_HEADER_BYTES = 8
IPV4_HEADER_BYTES = 20
PAYLOAD_BYTES_MAX = 65_535 - IPV4_HEADER_BYTES - UDP_HEADER_BYTES
"""What IP can say of its length: of longer messages the end is left out."""


def packet_record(traced: TracedMessage) -> bytes:
    """One message as it stands in the file, after FILE_HEADER and the messages before it."""
    packet = ip_packet(traced)
    seconds, microseconds = divmod(round(traced.at * 1_000_000), 1_000_000)
    return struct.pack("<IIII", seconds, microseconds, len(packet), len(packet)) + packet


def ip_packet(traced: TracedMessage) -> bytes:
    local, remote = traced.flow.local, traced.flow.remote
    source, destination = (local, remote) if traced.is_sent else (remote, local)
    source_ip, destination_ip = (ip_address(each.host.partition("%")[0]) for each in (source, destination))
    payload = traced.message[:PAYLOAD_BYTES_MAX]
    length = UDP_HEADER_BYTES + len(payload)
    addresses = source_ip.packed + destination_ip.packed
    pseudo_header = addresses + struct.pack(">IHH", length, 0, UDP)
    header = struct.pack(">HHHH", source.port, destination.port, length, 0)
    checksum = _checksum(pseudo_header + header + payload) or 0xFFFF
    udp = header[:6] + struct.pack(">H", checksum) + payload
    if isinstance(source_ip, IPv6Address):
        return struct.pack(">IHBB", 6 << 28, length, UDP, 64) + addresses + udp
    ip = struct.pack(">BBHHHBBH", 0x45, 0, IPV4_HEADER_BYTES + length, 0, 0x4000, 64, UDP, 0)
    return ip[:10] + struct.pack(">H", _checksum(ip + addresses)) + addresses + udp


def _checksum(octets: bytes) -> int:
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
