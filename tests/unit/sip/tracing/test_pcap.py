import struct
from ipaddress import ip_address

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.traced_message import TracedMessage
from softswitch.sip.tracing.pcap import FILE_HEADER, PAYLOAD_BYTES_MAX, ip_packet, packet_record

V4 = Flow(TransportKind.UDP, HostPort("192.0.2.5", 5060), HostPort("198.51.100.7", 5070))
V6 = Flow(TransportKind.UDP, HostPort("2001:db8::5", 5060), HostPort("2001:db8::7", 5070))


def total(octets: bytes) -> int:
    """The one's complement sum, which is 0xFFFF over anything with a right checksum in it."""
    octets += b"\0" * (len(octets) % 2)
    value = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value


def read(packet: bytes) -> tuple[str, int, str, int, bytes]:
    """Source, destination and payload of a packet whose lengths and checksums are right."""
    if packet[0] >> 4 == 4:
        assert packet[0] == 0x45
        assert struct.unpack(">H", packet[2:4])[0] == len(packet)
        assert total(packet[:20]) == 0xFFFF
        assert packet[9] == 17
        addresses, udp = packet[12:20], packet[20:]
    else:
        assert packet[0] >> 4 == 6
        assert struct.unpack(">H", packet[4:6])[0] == len(packet) - 40
        assert packet[6] == 17
        addresses, udp = packet[8:40], packet[40:]
    source_port, destination_port, length, _ = struct.unpack(">HHHH", udp[:8])
    assert length == len(udp)
    assert total(addresses + struct.pack(">HH", 17, length) + udp) == 0xFFFF
    half = len(addresses) // 2
    source, destination = str(ip_address(addresses[:half])), str(ip_address(addresses[half:]))
    return source, source_port, destination, destination_port, udp[8:]


@pytest.mark.parametrize("message", [b"OPTIONS", b"INVITE x", b"\xff" * 1001])
@pytest.mark.parametrize("flow", [V4, V6])
def test_packets_have_right_addresses_lengths_and_checksums(flow: Flow, message: bytes) -> None:
    sent = read(ip_packet(TracedMessage(1.0, True, flow, message)))
    assert sent == (flow.local.host, 5060, flow.remote.host, 5070, message)
    received = read(ip_packet(TracedMessage(1.0, False, flow, message)))
    assert received == (flow.remote.host, 5070, flow.local.host, 5060, message)


def test_what_ip_cannot_carry_is_cut() -> None:
    assert len(read(ip_packet(TracedMessage(1.0, True, V4, b"x" * 65_535)))[-1]) == PAYLOAD_BYTES_MAX


def test_a_file_is_a_header_and_records_with_microseconds() -> None:
    record = packet_record(TracedMessage(1_700_000_000.9999996, True, V4, b"BYE"))
    seconds, microseconds, kept, length = struct.unpack("<IIII", record[:16])
    assert (seconds, microseconds) == (1_700_000_001, 0)
    assert kept == length == len(record) - 16 == 31
    assert FILE_HEADER.hex() == "d4c3b2a1020004000000000000000000000004006500" + "0000"
