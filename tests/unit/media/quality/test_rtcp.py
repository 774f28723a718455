"""RTCP on the wire (RFC 3550 section 6)."""

import pytest

from softswitch.media.quality.rtcp import Report, ReportBlock, SenderInfo, build, middle_of, ntp_of, parse

SENDER = SenderInfo(ntp=0x0102030405060708, timestamp=0x11121314, packets=50, octets=8000)
BLOCK = ReportBlock(
    ssrc=0x22222222,
    fraction_lost=64,
    lost=-3,
    highest_sequence=0x0001_FFFE,
    jitter=80,
    last_report=0x33333333,
    since_last_report=65536,
)


def test_a_compound_packet_has_the_very_bytes_of_the_standard() -> None:
    assert build(0xAABBCCDD, SENDER, BLOCK, "abc", is_goodbye=True).hex(" ", 4) == (
        "81c8000c aabbccdd 01020304 05060708 11121314 00000032 00001f40 "
        "22222222 40fffffd 0001fffe 00000050 33333333 00010000 "
        "81ca0003 aabbccdd 01036162 63000000 81cb0001 aabbccdd"
    )


@pytest.mark.parametrize("sender", [None, SENDER])
@pytest.mark.parametrize("block", [None, BLOCK])
@pytest.mark.parametrize("is_goodbye", [False, True])
def test_what_is_built_is_read_back(sender: SenderInfo | None, block: ReportBlock | None, is_goodbye: bool) -> None:
    packet = build(7, sender, block, "somebody", is_goodbye=is_goodbye)
    assert len(packet) % 4 == 0
    assert parse(packet) == Report(7, sender, () if block is None else (block,), is_goodbye)


@pytest.mark.parametrize("name", ["a" * length for length in range(1, 9)])
def test_names_of_any_length_are_padded(name: str) -> None:
    packet = build(7, None, None, name, is_goodbye=True)
    assert len(packet) % 4 == 0
    assert parse(packet) == Report(7, None, (), True)


def test_everything_else_in_a_compound_packet_is_stepped_over() -> None:
    application = bytes.fromhex("80cc0003 00000007 6e616d65 00000000")
    extended = bytes.fromhex("80cf0004 00000007 04000002 0102030405060708")
    unknown = bytes.fromhex("80d20001 00000007")
    report, goodbye = build(7, None, BLOCK, "n"), build(7, None, None, "n", is_goodbye=True)
    packet = report + application + extended + unknown + goodbye[-8:]
    assert parse(packet) == Report(7, None, (BLOCK,), True)


def test_several_blocks_and_reports_of_one_source_are_all_read() -> None:
    one = bytearray(build(7, SENDER, BLOCK, "n"))
    two = build(7, None, BLOCK, "n")
    assert parse(bytes(one) + two) == Report(7, SENDER, (BLOCK, BLOCK), False)


def test_a_goodbye_alone_is_taken() -> None:
    assert parse(bytes.fromhex("81cb0001 00000007")) == Report(7, None, (), True)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x80",
        bytes(8),
        bytes.fromhex("41c80006 00000007") + bytes(20),  # version 1
        bytes.fromhex("80c8ffff 00000007") + bytes(20),  # longer than it is
        bytes.fromhex("80c80000 00000007"),  # a length of four
        bytes.fromhex("80c80001 00000007"),  # without the sender's own part
        bytes.fromhex("81ca0003 00000007 01036162 63000000"),  # a name and nothing else
        bytes.fromhex("80cb0000 00000007"),  # a BYE of nobody
    ],
)
def test_what_says_nothing_is_nothing(packet: bytes) -> None:
    report = parse(packet)
    assert report is None or report == Report(7, None, (), False)


def test_more_blocks_announced_than_there_are() -> None:
    packet = bytearray(build(7, None, BLOCK, "n"))
    packet[0] |= 0x1F
    assert parse(bytes(packet)) == Report(7, None, (BLOCK,), False)


def test_ntp_counts_from_1900() -> None:
    assert ntp_of(0.0) == 2_208_988_800 << 32
    assert ntp_of(0.5) == 2_208_988_800 << 32 | 1 << 31
    assert middle_of(0x0102030405060708) == 0x03040506
