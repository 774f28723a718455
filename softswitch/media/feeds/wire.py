"""What media workers and the streamer process say to each other: SOCK_SEQPACKET packets of records of one kind.

A packet is a head and `count` records. Workers send `HEARD`, one record for each feed and tick; the streamer sends
`SAID`, 20 ms of a program's voice each. Both have a kind for 8 and one for 16 kHz, which the feed's rate decides.

| field    | of      | is                                                                                        |
|----------|---------|-------------------------------------------------------------------------------------------|
| `feed`   | both    | the feed's id                                                                             |
| `tick`   | `HEARD` | the number of the worker's tick: where it jumps, sound was lost                           |
| `played` | `HEARD` | frames of the program's voice that have been heard, or thrown away, since the feed began  |
| `clears` | `SAID`  | frames that wait in the worker are thrown away before this one; one of silence may follow |
| `sound`  | both    | samples, little-endian: of both sides, of the voice                                       |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.half_band import WIDE_SAMPLES
from softswitch.media.tick_grid import FRAME_SAMPLES

Records = NDArray[Any]
"""Structured: rows of one of the kinds below."""

VERSION = 1
SIDES = 2
PACKET_BYTES_MAX = 32 * 1024
"""Several of them fit the kernel's default send buffer (208 KiB), of which a packet takes more than its length."""

HEAD: np.dtype[Any] = np.dtype([("version", "u1"), ("kind", "u1"), ("count", "<u2"), ("rest", "<u4")])


def _heard(samples: int) -> np.dtype[Any]:
    return np.dtype([("feed", "<u8"), ("tick", "<u4"), ("played", "<u4"), ("sound", "<i2", (SIDES, samples))])


def _said(samples: int) -> np.dtype[Any]:
    return np.dtype([("feed", "<u8"), ("clears", "<u4"), ("rest", "<u4"), ("sound", "<i2", (samples,))])


HEARD = _heard(FRAME_SAMPLES)
HEARD_WIDE = _heard(WIDE_SAMPLES)
SAID = _said(FRAME_SAMPLES)
SAID_WIDE = _said(WIDE_SAMPLES)

_KINDS: tuple[np.dtype[Any], ...] = (HEARD, HEARD_WIDE, SAID, SAID_WIDE)

_RECORD_BYTES = [int(kind.itemsize) for kind in _KINDS]
_HEAD_BYTES = int(HEAD.itemsize)


def packets_of(records: Records) -> list[bytes]:
    """As packets, each below PACKET_BYTES_MAX."""
    kind = _KINDS.index(records.dtype)
    step = (PACKET_BYTES_MAX - _HEAD_BYTES) // _RECORD_BYTES[kind]
    return [_packet(kind, records[at : at + step]) for at in range(0, len(records), step)]


def read(packet: bytes | bytearray | memoryview) -> Records | None:
    """The records of a packet, to be read only; None if it is none."""
    if len(packet) < _HEAD_BYTES:
        return None
    head: tuple[int, int, int, int] = np.frombuffer(packet, HEAD, 1)[0].tolist()
    version, kind, count, _ = head
    if version != VERSION or kind >= len(_KINDS) or len(packet) != _HEAD_BYTES + count * _RECORD_BYTES[kind]:
        return None
    records: Records = np.frombuffer(packet, _KINDS[kind], count, _HEAD_BYTES)
    return records


def _packet(kind: int, records: Records) -> bytes:
    head = np.array([(VERSION, kind, len(records), 0)], HEAD)
    return head.tobytes() + records.tobytes()
