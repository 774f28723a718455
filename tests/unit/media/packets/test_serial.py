import numpy as np
import pytest

from softswitch.media.packets.serial import sequence_step, timestamp_step


@pytest.mark.parametrize(
    ("later", "earlier", "step"), [(5, 3, 2), (3, 5, -2), (1, 65_535, 2), (65_535, 1, -2), (32_767, 0, 32_767)]
)
def test_sequence_numbers_wrap(later: int, earlier: int, step: int) -> None:
    assert sequence_step(np.array([later]), np.array([earlier])).tolist() == [step]


@pytest.mark.parametrize(
    ("later", "earlier", "step"), [(160, 0, 160), (80, 2**32 - 80, 160), (2**32 - 80, 80, -160), (2**31, 0, -(2**31))]
)
def test_timestamps_wrap(later: int, earlier: int, step: int) -> None:
    assert timestamp_step(np.array([later]), np.array([earlier])).tolist() == [step]
