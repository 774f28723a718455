"""Emptying sockets after a stall: of what has piled up in each only the newest packets are of use.

Whoever was held up for a second or three finds fifty to a hundred and fifty packets of every stream. To take them all
would hold him up again, and most are of sound whose time is past.
"""

from collections.abc import Iterator, Sequence
from socket import socket

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import PACKETS_KEPT_MAX, RTP_PACKET_BYTES_MAX
from softswitch.media.runtime.sockets.message_batch import IncomingMessages

_MESSAGES = 256
"""More than a stream's socket holds of 20 ms packets; what is beyond takes another system call."""


def newest_packets(
    sockets: Sequence[socket], packets: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Empty the sockets, and give the newest packets of each, at most one at a time, oldest first.

    Each item is the indices of the sockets that have one and the packets' lengths, int64[n] both; the packets are the
    first n rows of `packets` uint8[any, RTP_PACKET_BYTES_MAX] until the next is asked for.
    """
    room: NDArray[np.uint8] = np.zeros((_MESSAGES, RTP_PACKET_BYTES_MAX), np.uint8)
    messages = IncomingMessages(room)
    kept: NDArray[np.uint8] = np.zeros((PACKETS_KEPT_MAX, len(sockets), RTP_PACKET_BYTES_MAX), np.uint8)
    lengths: NDArray[np.int64] = np.zeros((PACKETS_KEPT_MAX, len(sockets)), np.int64)
    for index, udp in enumerate(sockets):
        came = _MESSAGES
        while came == _MESSAGES:
            messages.rewind(is_timed=False)
            came = messages.receive(udp)
            fresh = min(came, PACKETS_KEPT_MAX)
            if fresh:
                # Those from the read before move up; mostly there are none.
                stay = PACKETS_KEPT_MAX - fresh
                kept[:stay, index] = kept[fresh:, index].copy()
                lengths[:stay, index] = lengths[fresh:, index].copy()
                kept[stay:, index] = room[came - fresh : came]
                lengths[stay:, index] = messages.lengths()[came - fresh :]
    for turn in range(PACKETS_KEPT_MAX):
        which = np.flatnonzero(lengths[turn])
        if len(which):
            packets[: len(which)] = kept[turn, which]
            yield which, lengths[turn, which]
