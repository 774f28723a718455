"""Histograms."""

from softswitch.base.meters import Histogram


def test_a_value_counts_up_to_its_bound() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 2.1):
        histogram.note(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.total == 6.6
