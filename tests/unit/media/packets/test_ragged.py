import numpy as np

from softswitch.media.packets.ragged import run_indices


def test_runs_follow_each_other() -> None:
    assert run_indices(np.array([5, 100, 7]), np.array([3, 0, 2])).tolist() == [5, 6, 7, 7, 8]
    assert run_indices(np.array([], np.int64), np.array([], np.int64)).tolist() == []
