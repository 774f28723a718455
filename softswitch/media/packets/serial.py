"""Differences of counters that wrap (RFC 1982): sequence numbers of 16 bits, timestamps of 32."""

import numpy as np
from numpy.typing import NDArray


def sequence_step(later: NDArray[np.int64], earlier: NDArray[np.int64]) -> NDArray[np.int64]:
    """`later` - `earlier` modulo 2**16, in [-32768, 32767]."""
    return ((later - earlier + 0x8000) & 0xFFFF) - 0x8000


def timestamp_step(later: NDArray[np.int64], earlier: NDArray[np.int64]) -> NDArray[np.int64]:
    """`later` - `earlier` modulo 2**32, in [-2**31, 2**31 - 1]."""
    return ((later - earlier + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def sequence_distance(later: int, earlier: int) -> int:
    """`sequence_step` of single numbers."""
    return ((later - earlier + 0x8000) & 0xFFFF) - 0x8000


def timestamp_distance(later: int, earlier: int) -> int:
    """`timestamp_step` of single numbers."""
    return ((later - earlier + 0x80000000) & 0xFFFFFFFF) - 0x80000000
