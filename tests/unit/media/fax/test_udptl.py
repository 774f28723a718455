"""What is taken for UDPTL."""

import pytest

from softswitch.media.fax.udptl import sequence_of
from softswitch.media.limits import UDPTL_BYTES_MAX

INDICATOR = bytes([0x01, 0x02, 1, 0x06, 0, 0])
"""Number 258, one byte of IFP (V.21 preamble), no earlier ones."""


def datagram(length: int, primary: int, *, total: int) -> bytes:
    """`total` bytes that say their primary IFP packet has `primary` bytes; `length` bytes say so."""
    said = bytes([primary]) if length == 1 else bytes([0x80 | primary >> 8, primary & 0xFF])
    return (b"\x00\x07" + said).ljust(total, b"\x55")


def test_the_sequence_number() -> None:
    assert sequence_of(INDICATOR) == 258


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (b"", False),
        (b"\0", False),
        (INDICATOR[:4], False),
        (datagram(1, 0, total=20), False),
        (datagram(1, 40, total=3 + 40 + 2), True),
        (datagram(1, 40, total=3 + 40 + 1), True),
        (datagram(1, 40, total=3 + 40), False),
        (datagram(2, 200, total=4 + 200 + 2), True),
        (datagram(2, 200, total=4 + 200), False),
        (datagram(2, 0x3FFF, total=200), False),
        (b"\0\7" + b"\xc1".ljust(100, b"\0"), False),
        (datagram(1, 40, total=UDPTL_BYTES_MAX), True),
        (datagram(1, 40, total=UDPTL_BYTES_MAX + 1), False),
    ],
)
def test_only_what_has_its_primary_packet_whole_is_taken(given: bytes, is_taken: bool) -> None:
    assert (sequence_of(given) is not None) == is_taken


def test_most_rtp_is_not() -> None:
    """A phone that is late in noticing sends it still: payload type 0, and timestamps."""
    rtp = bytes([0x80, 0x00, 0xC1, 0x17]) + bytes(8) + bytes(160)
    assert sequence_of(rtp) is None
