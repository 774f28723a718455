"""Counters and the formulas read from them."""

import pytest

from softswitch.acd.statistics import AbandonedTreatment, QueueCounters, service_level


@pytest.mark.parametrize(
    ("treatment", "percent"),
    [(AbandonedTreatment.IGNORED, 77.8), (AbandonedTreatment.NEGATIVE, 70.0), (AbandonedTreatment.POSITIVE, 80.0)],
)
def test_ciscos_worked_example(treatment: AbandonedTreatment, percent: float) -> None:
    """70 answered in time, 10 abandoned in time, 20 other."""
    level = service_level(offered=100, answered_within=70, abandoned_within=10, treatment=treatment)
    assert level is not None
    assert round(100 * level, 1) == percent


def test_nothing_counted_is_no_percentage() -> None:
    assert service_level(offered=0, answered_within=0, abandoned_within=0) is None
    assert service_level(offered=3, answered_within=0, abandoned_within=3) is None
    assert QueueCounters().service_level is None
    assert QueueCounters().average_speed_of_answer_s is None


def test_the_bound_is_within() -> None:
    counters = QueueCounters()
    counters.offered = 4
    counters.count_answered(20.0, 20.0)
    counters.count_answered(20.1, 20.0)
    counters.count_abandoned(20.0, 20.0)
    assert (counters.answered_within, counters.abandoned_within) == (1, 1)
    assert counters.ended == 3
    assert counters.service_level == 0.5
    assert counters.average_speed_of_answer_s == pytest.approx(20.05)
