"""Which worker a new call goes to."""

import pytest

from softswitch.media.placement import STREAM_CPU, WorkerLoad, choose, why_none

CPU_MAX = 0.9


def load(name: str, cpu: float | None, reported: int = 1000, streams: int | None = None, **more: bool) -> WorkerLoad:
    return WorkerLoad(name, cpu, reported, reported if streams is None else streams, **more)


@pytest.mark.parametrize(
    ("workers", "chosen"),
    [
        ([load("a", 0.4), load("b", 0.3)], "b"),
        ([load("a", 0.4), load("b", 0.3, streams=1400)], "a"),
        ([load("a", 0.4), load("b", 0.3, is_draining=True)], "a"),
        ([load("a", 0.95), load("b", 0.89)], "b"),
        ([load("a", 0.89, streams=1100), load("b", 0.9)], None),
        ([load("a", 0.95, streams=100), load("b", 0.9)], "a"),
        ([load("a", 0.1, is_draining=True)], None),
        ([load("a", None, 0, 3000), load("b", 0.95)], "a"),
        ([load("a", 0.0, 0, 0), load("b", 0.0, 0, 2)], "a"),
        ([load("a", 0.03, 0, 0), load("b", 0.01, 0, 2)], "a"),
        ([load("a", 0.01, 0, 2), load("b", 0.03, 0, 0)], "b"),
        ([], None),
    ],
)
def test_the_worker_with_the_least_to_do_gets_the_call(workers: list[WorkerLoad], chosen: str | None) -> None:
    assert choose(workers, CPU_MAX) == chosen


def test_few_streams_do_not_tell_what_one_costs() -> None:
    assert load("a", 0.05, 2, 102).estimate == pytest.approx(0.05 + 100 * STREAM_CPU)
    assert load("a", 0.5, 1000, 1100).estimate == pytest.approx(0.55)
    assert load("a", None, 0, 10).estimate == pytest.approx(10 * STREAM_CPU)
    assert load("a", 0.01, 1000, 0).estimate == 0.0


def test_the_reason_is_for_people() -> None:
    assert "resume" in why_none([load("a", 0.1, is_draining=True)], CPU_MAX)
    told = why_none([load("a", 0.95), load("b", 0.1, is_draining=True)], CPU_MAX)
    assert "90%" in told
    assert "a 95%" in told
    assert "b" not in told.partition("(")[2].partition(")")[0]
