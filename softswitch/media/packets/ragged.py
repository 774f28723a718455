"""Index arrays for runs of unequal length, one after another."""

import numpy as np
from numpy.typing import NDArray


def run_indices(start: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """start[0], start[0] + 1, ... (length[0] of them), start[1], ...; int64[sum(length)]."""
    first_of_run = np.cumsum(length) - length
    return np.arange(int(length.sum())) + np.repeat(start - first_of_run, length)
