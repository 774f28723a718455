"""How long somebody will still wait."""

import pytest

from softswitch.acd.estimates import SMOOTHING, WaitEstimator


def test_nothing_is_estimated_from_nothing() -> None:
    assert WaitEstimator().estimate(position=1, waited_s=0.0, head_waited_s=0.0) is None


def test_by_length_it_is_the_place_times_the_pace() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    for now in (10.0, 20.0, 30.0):
        estimator.reserved(now)
    assert estimator.estimate(position=4, waited_s=0.0, head_waited_s=0.0) == 40.0


def test_by_the_last_it_is_what_he_waited_less_what_was_waited() -> None:
    estimator = WaitEstimator()
    estimator.connected(60.0)
    assert estimator.estimate(position=2, waited_s=20.0, head_waited_s=50.0) == 40.0
    assert estimator.estimate(position=2, waited_s=20.0, head_waited_s=90.0) == 70.0
    assert estimator.estimate(position=2, waited_s=95.0, head_waited_s=95.0) == 0.0


def test_with_both_it_is_their_mean() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    estimator.reserved(10.0)
    estimator.connected(60.0)
    assert estimator.estimate(position=2, waited_s=0.0, head_waited_s=0.0) == 40.0


def test_time_in_which_nobody_waited_does_not_count() -> None:
    estimator = WaitEstimator()
    estimator.reserved(5.0)
    estimator.somebody_waits(100.0)
    estimator.somebody_waits(105.0)
    estimator.reserved(110.0)
    estimator.nobody_waits()
    estimator.reserved(500.0)
    assert estimator.estimate(position=1, waited_s=0.0, head_waited_s=0.0) == 10.0


def test_the_first_intervals_are_averaged_and_then_the_newest_counts_a_little() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    now = 0.0
    for _ in range(round(1 / SMOOTHING)):
        now += 10.0
        estimator.reserved(now)
    estimator.reserved(now + 26.0)
    assert estimator.estimate(position=1, waited_s=0.0, head_waited_s=0.0) == 11.0


def test_reservations_nobody_answers_do_not_count_as_pace() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    for number in range(1, 401):
        estimator.reserved(10.0 * number)
        if number % 2:
            estimator.failed()
        else:
            estimator.connected(0.0)
    estimate = estimator.estimate(position=10, waited_s=0.0, head_waited_s=200.0)
    assert estimate == pytest.approx(200.0, rel=0.05)
