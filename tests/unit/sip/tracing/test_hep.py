from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.traced_message import TracedMessage
from softswitch.sip.tracing.hep import hep_packet

V4 = Flow(TransportKind.UDP, HostPort("192.0.2.5", 5060), HostPort("198.51.100.7", 5070))
V6 = Flow(TransportKind.TCP, HostPort("2001:db8::5", 5060), HostPort("2001:db8::7", 5070), 3)
MESSAGE = b"OPTIONS sip:a SIP/2.0\r\n\r\n"


def chunks(packet: bytes) -> dict[int, bytes]:
    assert packet[:4] == b"HEP3"
    assert int.from_bytes(packet[4:6], "big") == len(packet)
    found: dict[int, bytes] = {}
    rest = packet[6:]
    while rest:
        assert rest[:2] == b"\0\0", "the vendor of the generic chunks"
        length = int.from_bytes(rest[4:6], "big")
        found[int.from_bytes(rest[2:4], "big")] = rest[6:length]
        rest = rest[length:]
    return found


def test_a_packet_byte_for_byte() -> None:
    traced = TracedMessage(1_700_000_000.25, False, V4, MESSAGE)
    packet = hep_packet(traced, capture_id=2001, password="secret", correlation_id="c1")
    expected = "".join(
        (
            "484550330090",
            "00000001000702",
            "00000002000711",
            "00000003000ac6336407",
            "00000004000ac0000205",
            "00000007000813ce",
            "00000008000813c4",
            "00000009000a6553f100",
            "0000000a000a0003d090",
            "0000000b000701",
            "0000000c000a000007d1",
            "0000000e000c" + b"secret".hex(),
            "000000110008" + b"c1".hex(),
            "0000000f001f" + MESSAGE.hex(),
        )
    )
    assert packet.hex() == expected


def test_what_we_sent_along_a_connection_over_ipv6() -> None:
    found = chunks(hep_packet(TracedMessage(1.0, True, V6, MESSAGE), capture_id=1))
    assert found[0x01] == b"\x0a"
    assert found[0x02] == b"\x06"
    assert found[0x05].hex() == "20010db8000000000000000000000005"
    assert found[0x06].hex() == "20010db8000000000000000000000007"
    assert (found[0x07], found[0x08]) == (b"\x13\xc4", b"\x13\xce")
    assert found[0x0F] == MESSAGE
    assert set(found) == {0x01, 0x02, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0F}


def test_no_packet_is_longer_than_a_datagram() -> None:
    packet = hep_packet(TracedMessage(1.0, True, V6, b"x" * 65_535), capture_id=1, password="p" * 100)
    assert len(packet) < 65_100
    assert chunks(packet)[0x0E] == b"p" * 100
