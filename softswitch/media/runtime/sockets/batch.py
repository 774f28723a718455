"""What the sockets of a phase give: batches of RTP packets."""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

_SAMPLES_PER_NS = SAMPLE_RATE_HZ / 1e9


class Batch(NamedTuple):
    """At most one packet per row. `at` is the buffer row, `sources` is None when all come from whom they should."""

    at: NDArray[np.int64]
    row: NDArray[np.int64]
    length: NDArray[np.int64]
    sources: list[HostPort] | None

    def joined(self, other: "Batch") -> "Batch":
        """Both as one; they are of different rows, and have no sources."""
        return Batch(
            np.concatenate([self.at, other.at]),
            np.concatenate([self.row, other.row]),
            np.concatenate([self.length, other.length]),
            None,
        )


def wait_samples(came_at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """How long ago packets came, in samples, by the wall clock; -1 for 0, which is unknown."""
    wait = np.maximum(np.rint((time.time_ns() - came_at_ns) * _SAMPLES_PER_NS), 0).astype(np.int64)
    return np.where(came_at_ns > 0, wait, -1)
