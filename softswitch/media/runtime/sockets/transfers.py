"""The same system call for many sockets, with the loop in C: `map` over the calls, resumed after each that fails."""

from collections import deque
from collections.abc import Callable, Iterator
from operator import call
from typing import cast

Transfer = Callable[[memoryview], int]
"""A socket's `recv_into` or `send`: bytes moved."""

apply_to = cast("Callable[[Transfer, memoryview], int]", call)
"""`transfer(packet)`, for `map`."""


def call_all(calls: Iterator[int]) -> list[int]:
    """Results of calls that may fail; a failed one gives 0 and the next go on (`map` can be continued)."""
    results: list[int] = []
    while True:
        try:
            results.extend(calls)
        except OSError:
            # Nothing there (EAGAIN), or the party's host said earlier that nobody listens (ECONNREFUSED).
            results.append(0)
        else:
            return results


def call_each(calls: Iterator[int]) -> int:
    """Make calls for their effect; how many failed."""
    failed = 0
    while True:
        try:
            deque(calls, maxlen=0)
        except OSError:
            failed += 1
        else:
            return failed
