"""Packets between workers and the streamer: records in, the same records out, and nothing out of anything else."""

import numpy as np
import pytest

from softswitch.media.feeds.wire import HEARD, HEARD_WIDE, PACKET_BYTES_MAX, SAID, SAID_WIDE, Records, packets_of, read


@pytest.mark.parametrize("kind", [HEARD, HEARD_WIDE, SAID, SAID_WIDE])
def test_many_records_are_several_packets_and_come_out_as_they_went_in(kind: "np.dtype[np.void]") -> None:
    records: Records = np.zeros(300, kind)
    records["feed"] = np.arange(300)
    records["sound"] = np.arange(300).reshape(-1, *[1] * (records["sound"].ndim - 1))
    packets = packets_of(records)
    assert len(packets) > 1
    assert max(len(packet) for packet in packets) <= PACKET_BYTES_MAX
    found = [each for packet in packets if (each := read(packet)) is not None]
    assert (np.concatenate(found) == records).all()


_NONE = [b"", b"\1", bytes(8), b"\1\0\1" + bytes(5), b"\1" + bytes(7) + b"x", b"\2" + bytes(7), b"\1\4" + bytes(6)]


@pytest.mark.parametrize("packet", _NONE)
def test_what_is_no_packet_is_nothing(packet: bytes) -> None:
    assert read(packet) is None


def test_none_is_fine() -> None:
    assert packets_of(np.zeros(0, HEARD)) == []
    empty = read(b"\1\0" + bytes(6))
    assert empty is not None
    assert len(empty) == 0
