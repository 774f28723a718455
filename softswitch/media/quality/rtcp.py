"""RTCP packets (RFC 3550 section 6): compound ones built, and whatever a peer sends taken apart.

A compound packet of ours is a report (SR, or RR when we send nothing), our CNAME, and a BYE at the end of a stream. Of
a peer's packet the reports and the BYE are of interest; SDES, APP, extended reports (RFC 3611) and whatever else it
holds are stepped over by their lengths. At the first thing that is malformed the rest is left alone.
"""

import struct
from typing import NamedTuple

from softswitch.base.address import HostPort

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203

PACKET_TYPES = range(192, 224)
"""RTP with its marker bit has a second byte in this range only for the payload types 64 to 95, which nobody uses where
RTP and RTCP share a port (RFC 5761 section 4)."""

_VERSION = 2
_CNAME = 1
_HEADER = struct.Struct("!BBHI")
_SENDER_INFO = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")
_SENDER_AT = _HEADER.size
NTP_EPOCH_S = 2_208_988_800
"""1970 in seconds since 1900."""


class SenderInfo(NamedTuple):
    """What a sender says of itself: the same instant by the wall clock and by its timestamps, and what it has sent."""

    ntp: int
    """64 bits: seconds since 1900, in 2**-32 s."""
    timestamp: int
    packets: int
    octets: int


class ReportBlock(NamedTuple):
    """How the sender of the report receives the source `ssrc` (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Since its last report, in 256ths."""
    lost: int
    """In all; below zero when there were more duplicates than losses."""
    highest_sequence: int
    """Extended: with the number of wraps in the upper 16 bits."""
    jitter: int
    """In units of the timestamp."""
    last_report: int
    """Middle 32 bits of the NTP time of the last sender report from there, 0 if there was none."""
    since_last_report: int
    """How long ago that came, in 2**-16 s."""


class RtcpPacket(NamedTuple):
    """A compound packet that arrived for the stream in a phase's row."""

    row: int
    packet: bytes
    source: HostPort | None
    """None when it came by the RTP port: its source was checked there, and it is decrypted."""
    came_at_s: float = 0.0
    """Wall clock; 0 when the kernel did not say."""


class Report(NamedTuple):
    """What there was in a compound packet."""

    ssrc: int
    """Whose it is."""
    sender: SenderInfo | None
    blocks: tuple[ReportBlock, ...]
    is_goodbye: bool


def ntp_of(wall_s: float) -> int:
    """Seconds since 1970 as a 64-bit NTP time."""
    return round((wall_s + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle_of(ntp: int) -> int:
    """The middle 32 bits of an NTP time: units of 2**-16 s, for differences of up to 18 hours."""
    return ntp >> 16 & 0xFFFFFFFF


def build(
    ssrc: int, sender: SenderInfo | None, block: ReportBlock | None, cname: str, *, is_goodbye: bool = False
) -> bytes:
    """A compound packet: SR or RR, SDES with the CNAME, and BYE."""
    blocks = b"" if block is None else _pack_block(block)
    count = 0 if block is None else 1
    if sender is not None:
        report = _pack(SENDER_REPORT, count, ssrc, _SENDER_INFO.pack(*sender) + blocks)
    else:
        report = _pack(RECEIVER_REPORT, count, ssrc, blocks)
    name = cname.encode()
    item = bytes((_CNAME, len(name))) + name
    # A list of items ends with one to four zeros, so that the next thing begins at a multiple of four bytes.
    description = _pack(SOURCE_DESCRIPTION, 1, ssrc, item + bytes(4 - len(item) % 4))
    return report + description + (_pack(GOODBYE, 1, ssrc, b"") if is_goodbye else b"")


def parse(packet: bytes) -> Report | None:
    """What a compound packet says; None if it does not begin with a report or a BYE (RFC 5506 allows the latter)."""
    ssrc = -1
    sender: SenderInfo | None = None
    blocks: list[ReportBlock] = []
    is_goodbye = False
    at = 0
    while at + _HEADER.size <= len(packet):
        first, kind, words, source = _HEADER.unpack_from(packet, at)
        end = at + 4 * (words + 1)
        if first >> 6 != _VERSION or end < at + _HEADER.size or end > len(packet):
            break
        count = first & 0x1F
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            if ssrc not in (-1, source):
                break
            ssrc = source
            blocks_at = at + _SENDER_AT
            if kind == SENDER_REPORT:
                if blocks_at + _SENDER_INFO.size > end:
                    break
                sender = SenderInfo(*_SENDER_INFO.unpack_from(packet, blocks_at))
                blocks_at += _SENDER_INFO.size
            blocks += [
                _unpack_block(packet, block_at)
                for block_at in range(blocks_at, blocks_at + count * _BLOCK.size, _BLOCK.size)
                if block_at + _BLOCK.size <= end
            ]
        elif kind == GOODBYE and count:
            ssrc = source if ssrc == -1 else ssrc
            is_goodbye |= source == ssrc
        at = end
    return None if ssrc == -1 else Report(ssrc, sender, tuple(blocks), is_goodbye)


def _pack(kind: int, count: int, ssrc: int, body: bytes) -> bytes:
    return _HEADER.pack(_VERSION << 6 | count, kind, (4 + len(body)) // 4, ssrc) + body


def _pack_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(block.ssrc, block.fraction_lost << 24 | lost, *block[3:])


def _unpack_block(packet: bytes, at: int) -> ReportBlock:
    ssrc, losses, highest, jitter, last_report, since = _BLOCK.unpack_from(packet, at)
    lost = losses & 0xFFFFFF
    return ReportBlock(
        ssrc, losses >> 24, lost - 0x1000000 if lost & 0x800000 else lost, highest, jitter, last_report, since
    )
