import numpy as np
import pytest

from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, OutgoingBuffer, RtpColumns, pack, parse

PAYLOAD = bytes(range(160))
PLAIN = pack(payload_type=8, sequence=65_535, timestamp=0xFFFFFFFF, ssrc=0xDEADBEEF, payload=PAYLOAD, marker=True)


def parsed(*packets: bytes) -> tuple[RtpColumns, ArrivalBuffer]:
    arrivals = ArrivalBuffer(len(packets))
    for row, packet in enumerate(packets):
        room = packet[:RTP_PACKET_BYTES_MAX]
        arrivals.packets[row, : len(room)] = np.frombuffer(room, np.uint8)
    rows = np.arange(len(packets))
    lengths = np.array([min(len(packet), RTP_PACKET_BYTES_MAX) for packet in packets])
    return parse(arrivals, rows, rows + 100, lengths), arrivals


def payload(columns: RtpColumns, arrivals: ArrivalBuffer, index: int) -> bytes:
    length = int(columns.length[index])
    return arrivals.windows(length)[columns.start[index : index + 1]].tobytes()


def test_header_fields_become_columns() -> None:
    columns, arrivals = parsed(PLAIN)
    assert len(columns) == 1
    assert columns.row.tolist() == [100]
    assert columns.sequence.tolist() == [65_535]
    assert columns.timestamp.tolist() == [0xFFFFFFFF]
    assert columns.ssrc.tolist() == [0xDEADBEEF]
    assert columns.payload_type.tolist() == [8]
    assert columns.marker.tolist() == [True]
    assert payload(columns, arrivals, 0) == PAYLOAD


@pytest.mark.parametrize(
    ("first", "before", "after"),
    [
        (0x82, bytes(8), b""),  # two contributing sources
        (0x90, b"\xbe\xde\x00\x02" + bytes(8), b""),  # a header extension of two words
        (0x91, bytes(4) + b"\xbe\xde\x00\x00", b""),  # a source and an empty extension
        (0xA0, b"", bytes(3) + b"\x04"),  # four bytes of padding
        (0xB0, b"\xbe\xde\x00\x01" + bytes(4), b"\x01"),
    ],
)
def test_the_payload_is_found_behind_what_precedes_it(first: int, before: bytes, after: bytes) -> None:
    unusual = bytes([first]) + PLAIN[1:12] + before + PAYLOAD + after
    columns, arrivals = parsed(PLAIN, unusual)
    assert columns.row.tolist() == [100, 101]
    assert payload(columns, arrivals, 1) == PAYLOAD


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x80",
        PLAIN[:12],  # no payload
        bytes([0x40]) + PLAIN[1:],  # version 1
        bytes([0x8F]) + PLAIN[1:40],  # more sources than bytes
        bytes([0x90]) + PLAIN[1:14],  # an extension that is cut short
        bytes([0x90]) + PLAIN[1:12] + b"\xbe\xde\xff\xff" + PAYLOAD,  # an extension longer than the packet
        bytes([0xA0]) + PLAIN[1:-1] + b"\xff",  # more padding than payload
        PLAIN + bytes(RTP_PACKET_BYTES_MAX),  # longer than the buffer
    ],
)
def test_what_is_no_rtp_is_left_out(packet: bytes) -> None:
    columns, _ = parsed(packet, PLAIN)
    assert columns.row.tolist() == [101]


def test_a_stamped_packet_is_parsed_as_it_was_built() -> None:
    outgoing = OutgoingBuffer(2)
    outgoing.set_ssrc(1, 0xCAFE)
    outgoing.payload[1] = np.frombuffer(PAYLOAD, np.uint8)
    outgoing.stamp(
        2,
        payload_type=np.array([0, 8], np.uint8),
        sequence=np.array([1, 65_535], np.uint16),
        timestamp=np.array([1, 0xFFFFFF60], np.uint32),
    )
    expected = {"payload_type": 8, "sequence": 65_535, "timestamp": 0xFFFFFF60, "ssrc": 0xCAFE, "payload": PAYLOAD}
    assert outgoing.packets[1].tobytes() == pack(**expected)  # type: ignore[arg-type]
    outgoing.mark(1)
    assert outgoing.packets[1].tobytes() == pack(**expected, marker=True)  # type: ignore[arg-type]
