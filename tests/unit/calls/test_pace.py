"""A flow that loops without waiting is found out; one that waits, or is merely busy, is not."""

import pytest

from softswitch.calls.limits import VERBS_PER_SECOND_MAX
from softswitch.calls.pace import FlowSpins, Pace


def test_hundreds_of_verbs_within_a_second_are_a_loop() -> None:
    pace = Pace()
    for _ in range(VERBS_PER_SECOND_MAX):
        pace.step("play", 5.0)
    with pytest.raises(FlowSpins, match=r'200 verbs within a second, the last of them "ring"\. .* call\.pause'):
        pace.step("ring", 5.9)
    assert not issubclass(FlowSpins, Exception)
    pace.step("play", 5.9)  # an apology


def test_as_many_within_a_little_more_than_a_second_are_none() -> None:
    pace = Pace()
    for number in range(10 * VERBS_PER_SECOND_MAX):
        pace.step("play", number / (VERBS_PER_SECOND_MAX - 1))
