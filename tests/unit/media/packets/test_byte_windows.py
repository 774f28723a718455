import numpy as np

from softswitch.media.packets.byte_windows import as_runs, windows


def test_runs_are_copied_from_anywhere_to_anywhere() -> None:
    source = np.arange(40, dtype=np.uint8).reshape(4, 10)
    target = np.zeros((3, 9), np.uint8)
    windows(target, 5)[np.array([0, 9, 22])] = windows(source, 5)[np.array([35, 0, 7])]
    expected = np.zeros(27, np.uint8)
    expected[0:5] = range(35, 40)
    expected[9:14] = range(5)
    expected[22:27] = range(7, 12)
    assert target.reshape(-1).tolist() == expected.tolist()


def test_rows_are_runs() -> None:
    content = np.arange(12, dtype=np.uint8).reshape(3, 4)
    as_runs(content)[np.array([0])] = as_runs(content)[np.array([2])]
    assert content.tolist() == [[8, 9, 10, 11], [4, 5, 6, 7], [8, 9, 10, 11]]
