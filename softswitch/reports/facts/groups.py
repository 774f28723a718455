"""Rows of one key together: sums, largest values and counts of each group, by numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Groups:
    """The rows sorted by their keys (columns of whole numbers >= 0); `keys` has one tuple a group, in order."""

    __slots__ = ("_order", "_starts", "count", "keys")

    def __init__(self, *keys: NDArray[Any]) -> None:
        columns = [np.asarray(key, np.int64) for key in keys]
        self._order: NDArray[np.int64] = np.lexsort(columns[::-1])
        ordered = [column[self._order] for column in columns]
        size = len(self._order)
        is_first = np.zeros(size, np.bool_)
        if size:
            is_first[0] = True
            for column in ordered:
                is_first[1:] |= column[1:] != column[:-1]
        self._starts: NDArray[np.int64] = np.flatnonzero(is_first).astype(np.int64)
        self.count: NDArray[np.int64] = np.diff(np.append(self._starts, size))
        self.keys: list[tuple[int, ...]] = list(
            zip(*(column[self._starts].tolist() for column in ordered), strict=True)
        )

    def sum(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of a column, or of each column of a table."""
        if not len(self._starts):
            return values[:0].astype(np.float64)
        return np.add.reduceat(values[self._order].astype(np.float64), self._starts, axis=0)

    def largest(self, values: NDArray[Any]) -> NDArray[Any]:
        if not len(self._starts):
            return values[:0]
        return np.maximum.reduceat(values[self._order], self._starts, axis=0)

    def last(self, values: NDArray[Any]) -> NDArray[Any]:
        """The value of each group's last row, in the order in which the rows came."""
        return values[self._order][np.append(self._starts[1:], len(self._order)) - 1]


def mapped(values: NDArray[Any], new: Sequence[int]) -> NDArray[np.int64]:
    """Each number in place of which another stands."""
    return np.asarray(new, np.int64)[values]
