"""The jitter of a network as RFC 3550 defines it (section 6.4.1, appendix A.8), for many streams at once.

It is read off the packets whose arrival the kernel noted: one in a while of every stream, not each of them, because
asking costs as much as receiving. Nothing in the definition needs neighbours: the difference in transit time of any two
packets tells as much. By the ticks themselves it could not be told: packets that are a millisecond apart may be in one
tick or in two.
"""

import numpy as np

from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.packets.serial import timestamp_step
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

RATE = 16
"""The estimate moves by a sixteenth of each new difference; the first ones count alike."""
DIFFERENCE_MAX_SAMPLES = SAMPLE_RATE_HZ
"""More than a second is no jitter: the timestamps or the clock were set anew, and are the reference from here."""

_SAMPLES_PER_NS = SAMPLE_RATE_HZ / 1e9


def note(table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> None:
    """Take the packets of a batch whose arrival is known: sound, at most one per stream."""
    at = packets.start // RTP_PACKET_BYTES_MAX
    is_timed = arrivals.wait[at] >= 0
    row, timestamp = packets.row[is_timed], packets.timestamp[is_timed]
    arrived = arrivals.came_ns[at[is_timed]] * _SAMPLES_PER_NS
    difference = np.abs(arrived - table.timed_arrival[row] - timestamp_step(timestamp, table.timed_timestamp[row]))
    table.timed_arrival[row] = arrived
    table.timed_timestamp[row] = timestamp
    is_jitter = difference <= DIFFERENCE_MAX_SAMPLES
    row, difference = row[is_jitter], difference[is_jitter]
    table.timed[row] += 1
    table.jitter[row] += (difference - table.jitter[row]) / np.minimum(table.timed[row], RATE)
