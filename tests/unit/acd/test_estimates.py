"""How long somebody will still wait, and how wrong that was."""

import pytest

from softswitch.acd.estimates import SHARE_MIN, SMOOTHING, TRUSTED_AFTER, Forecast, WaitEstimator


def forecast(
    estimator: WaitEstimator, *, position: int = 1, waited_s: float = 0.0, head_waited_s: float = 0.0, now: float = 0.0
) -> Forecast | None:
    return estimator.forecast(position=position, waited_s=waited_s, head_waited_s=head_waited_s, now=now)


def paced(interval_s: float, last_wait_s: float | None = None) -> WaitEstimator:
    """A queue in which somebody was answered every so often, the last after this wait."""
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    for number in range(1, 4):
        estimator.reserved(number * interval_s)
    if last_wait_s is not None:
        estimator.connected(last_wait_s)
    return estimator


def test_nothing_is_estimated_from_nothing() -> None:
    assert forecast(WaitEstimator()) is None


def test_by_length_it_is_the_place_times_the_pace() -> None:
    assert forecast(paced(10.0), position=4) == Forecast(0.0, "length", 40.0, {"length": 40.0})


def test_by_the_last_it_is_what_he_waited_less_what_was_waited() -> None:
    estimator = WaitEstimator()
    estimator.connected(60.0)
    assert estimator.by_last(waited_s=20.0, head_waited_s=50.0) == 40.0
    assert estimator.by_last(waited_s=20.0, head_waited_s=90.0) == 70.0
    assert estimator.by_last(waited_s=95.0, head_waited_s=95.0) == 0.0


def test_before_anything_was_measured_it_is_their_mean() -> None:
    assert forecast(paced(10.0, 60.0), position=2) == Forecast(
        0.0, "mean", 40.0, {"mean": 40.0, "length": 20.0, "last": 60.0}
    )


@pytest.mark.parametrize(("real_s", "believed"), [(20.0, "length"), (60.0, "last"), (40.0, "mean")])
def test_the_one_that_was_less_wrong_lately_is_believed(real_s: float, believed: str) -> None:
    estimator = paced(10.0, 60.0)
    said = forecast(estimator, position=2)
    assert said is not None
    for _ in range(TRUSTED_AFTER - 1):
        estimator.came_true(said, real_s)
    assert estimator.believed == "mean", "it may be chance"
    estimator.came_true(said, real_s)
    assert estimator.believed == believed
    following = forecast(estimator, position=2)
    assert following is not None
    assert following.by == believed
    assert following.wait_s == {"length": 20.0, "last": 60.0, "mean": 40.0}[believed]


def test_recent_errors_count_and_old_ones_fade() -> None:
    estimator = paced(10.0, 60.0)
    said = forecast(estimator, position=2)
    assert said is not None
    for _ in range(20):
        estimator.came_true(said, 20.0)
    assert estimator.believed == "length"
    for _ in range(40):
        estimator.came_true(said, 60.0)
    assert estimator.believed == "last"


def test_the_error_of_what_was_believed_is_reported() -> None:
    estimator = paced(10.0, 60.0)
    assert estimator.announced.mean_absolute_s is None
    assert estimator.announced.bias_s is None
    said = forecast(estimator, position=2, now=100.0)
    assert said is not None
    estimator.came_true(said, 130.0)  # said 40, was 30
    estimator.came_true(said, 160.0)  # said 40, was 60
    assert estimator.announced.mean_absolute_s == 15.0
    assert estimator.announced.bias_s == -5.0


def test_time_in_which_nobody_waited_does_not_count() -> None:
    estimator = WaitEstimator()
    estimator.reserved(5.0)
    estimator.somebody_waits(100.0)
    estimator.somebody_waits(105.0)
    estimator.reserved(110.0)
    estimator.nobody_waits()
    estimator.reserved(500.0)
    assert estimator.by_length(1) == 10.0


def test_the_first_intervals_are_averaged_and_then_the_newest_counts_a_little() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    now = 0.0
    for _ in range(round(1 / SMOOTHING)):
        now += 10.0
        estimator.reserved(now)
    estimator.reserved(now + 26.0)
    assert estimator.by_length(1) == 11.0


def test_reservations_nobody_answers_do_not_count_as_pace() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    for number in range(1, 401):
        estimator.reserved(10.0 * number)
        if number % 2:
            estimator.failed()
        else:
            estimator.connected(0.0)
    assert estimator.by_length(10) == pytest.approx(200.0, rel=0.05)


def test_phones_that_refuse_all_night_do_not_make_waits_endless() -> None:
    estimator = WaitEstimator()
    estimator.somebody_waits(0.0)
    for number in range(1, 20_001):
        estimator.reserved(float(number))
        estimator.failed()
    assert estimator.by_length(3) == pytest.approx(3 / SHARE_MIN)
