"""The formulas against values computed elsewhere, or published, to the digits there are."""

from math import exp, factorial, inf, log

import pytest

from softswitch.acd.simulation.erlang import (
    erlang_b,
    erlang_c,
    estimated_patience_s,
    lines_for,
    predict_a,
    predict_c,
    priority_waits_s,
    waits_a,
)
from softswitch.base.errors import SimulationError


@pytest.mark.parametrize(
    ("load", "lines", "lost"),
    [(1, 2, 0.2), (10, 14, 0.05681914), (25, 30, 0.05260317), (4, 8, 0.03042006), (0, 3, 0.0), (5, 0, 1.0)],
)
def test_erlang_b(load: float, lines: int, lost: float) -> None:
    assert erlang_b(load, lines) == pytest.approx(lost, abs=5e-9)


def test_how_many_lines_ten_erlangs_need() -> None:
    assert lines_for(10.0, lost_at_most=0.02) == 17
    with pytest.raises(SimulationError):
        lines_for(10.0, lost_at_most=0.0)


@pytest.mark.parametrize(
    ("load", "agents", "waits"),
    [
        (1, 2, 0.33333333),
        (2, 3, 0.44444444),
        (5, 6, 0.58751645),
        (5, 8, 0.16726651),
        (4, 8, 0.05904399),
        (10, 11, 0.68211820),
        (10, 12, 0.44938822),
        (10, 14, 0.17413193),
        (18, 21, 0.39587153),
        (20, 22, 0.56791516),
        (20, 25, 0.20910283),
        (25, 30, 0.24989317),
        (48, 50, 0.69445561),
        (48, 55, 0.23870094),
        (50, 55, 0.38454732),
        (100, 105, 0.51570743),
        (100, 110, 0.23700750),
    ],
)
def test_erlang_c(load: float, agents: int, waits: float) -> None:
    assert erlang_c(load, agents) == pytest.approx(waits, abs=5e-9)


def test_erlang_b_is_what_factorials_say_where_they_can_still_say_it() -> None:
    load, lines = 37.5, 40
    weights = [load**each / factorial(each) for each in range(lines + 1)]
    assert erlang_b(load, lines) == pytest.approx(weights[-1] / sum(weights), rel=1e-12)


def test_a_hundred_thousand_agents_are_no_trouble() -> None:
    assert 0.0 < erlang_c(99_000.0, 100_000) < 0.01
    assert erlang_b(10.0, 100_000) == 0.0
    big = predict_a(arrivals_per_s=500.0, handle_s=200.0, patience_s=300.0, agents=10_000, within_s=20.0)
    assert big.abandoned == pytest.approx(0.9, abs=1e-6), "each of 10,000 agents is busy, and nine in ten give up"
    assert big.occupancy == pytest.approx(1.0, abs=1e-6)


def test_the_textbooks_example() -> None:
    """200 calls an hour of 180 s, 14 agents; the same figures in pyworkforce and at Call Centre Helper."""
    fourteen = predict_c(arrivals_per_s=200 / 3600, handle_s=180, agents=14, within_s=20)
    assert fourteen.wait_probability == pytest.approx(0.174, abs=5e-4)
    assert fourteen.service_level == pytest.approx(0.888, abs=5e-4)
    assert fourteen.occupancy == pytest.approx(0.714, abs=5e-4)
    assert fourteen.average_speed_of_answer_s == pytest.approx(7.836, abs=5e-4)
    fifteen = predict_c(arrivals_per_s=200 / 3600, handle_s=180, agents=15, within_s=20)
    assert fifteen.service_level == pytest.approx(0.941, abs=5e-4)
    assert fifteen.wait_probability == pytest.approx(0.102, abs=5e-4)
    assert fifteen.occupancy == pytest.approx(0.667, abs=5e-4)


def test_mitan_s_example() -> None:
    """720 calls an hour of 240 s, 55 agents, 15 s."""
    prediction = predict_c(arrivals_per_s=720 / 3600, handle_s=240, agents=55, within_s=15)
    assert prediction.load == pytest.approx(48.0)
    assert prediction.occupancy == pytest.approx(0.873, abs=5e-4)
    assert prediction.wait_probability == pytest.approx(0.239, abs=5e-4)
    assert prediction.average_speed_of_answer_s == pytest.approx(8.184, abs=5e-4)
    assert prediction.service_level == pytest.approx(0.846, abs=5e-4)


def test_mandelbaum_and_zeltyn_s_example() -> None:
    """48 calls a minute of 1 minute, 50 agents: what patience of 2 minutes does to it."""
    patient = predict_c(arrivals_per_s=48 / 60, handle_s=60, agents=50, within_s=20)
    assert patient.average_speed_of_answer_s == pytest.approx(20.83, abs=5e-3)
    assert patient.queue_length == pytest.approx(16.67, abs=5e-3)
    assert patient.wait_probability == pytest.approx(0.694, abs=5e-4)
    ninth_decile_s = 60 / 2 * log(patient.wait_probability / 0.1)
    assert ninth_decile_s == pytest.approx(58.1, abs=0.05)

    impatient = predict_a(arrivals_per_s=48 / 60, handle_s=60, patience_s=120, agents=50, within_s=20)
    assert impatient.abandoned == pytest.approx(0.030912, abs=5e-7)
    assert impatient.average_wait_s == pytest.approx(3.709, abs=5e-4)
    assert impatient.occupancy == pytest.approx(0.9303, abs=5e-5)
    assert impatient.wait_probability == pytest.approx(0.467774, abs=5e-7)
    assert impatient.queue_length == pytest.approx(2.968, abs=5e-4)


@pytest.mark.parametrize(
    ("per_hour", "handle_s", "agents", "patience_s", "waits", "abandoned", "wait_s", "occupancy"),
    [
        (200, 180, 14, 300, 0.14526, 0.013984, 4.195, 0.704297),
        (720, 240, 50, 180, 0.379062, 0.043010, 7.742, 0.918711),
        (600, 240, 36, 60, 0.542631, 0.145842, 8.7505, 0.949064),
    ],
)
def test_erlang_a(
    per_hour: float,
    handle_s: float,
    agents: int,
    patience_s: float,
    waits: float,
    abandoned: float,
    wait_s: float,
    occupancy: float,
) -> None:
    prediction = predict_a(
        arrivals_per_s=per_hour / 3600, handle_s=handle_s, patience_s=patience_s, agents=agents, within_s=20
    )
    assert prediction.wait_probability == pytest.approx(waits, abs=5e-6)
    assert prediction.abandoned == pytest.approx(abandoned, abs=5e-7)
    assert prediction.average_wait_s == pytest.approx(wait_s, abs=5e-4)
    assert prediction.occupancy == pytest.approx(occupancy, abs=5e-7)


def test_the_three_things_called_service_level_under_erlang_a() -> None:
    """pyworkforce's case: answered within, not waiting longer, and not having to wait longer."""
    shares = waits_a(arrivals_per_s=200 / 3600, handle_s=180, patience_s=300, agents=14, within_s=20)
    assert shares.answered_within == pytest.approx(0.916792, abs=5e-7)
    assert shares.answered_within + shares.abandoned_within == pytest.approx(0.92396, abs=5e-6)
    assert 1 - shares.offered_longer == pytest.approx(0.91871, abs=5e-6)


@pytest.mark.parametrize(
    ("per_hour", "agents", "patience_s"), [(200, 14, 300), (600, 36, 60), (2000, 14, 30), (40, 14, 5)]
)
def test_waits_under_erlang_a_add_up_to_what_the_states_say(per_hour: float, agents: int, patience_s: float) -> None:
    """The density of waits and the birth-and-death chain are two ways to the same figures."""
    rate = per_hour / 3600
    prediction = predict_a(arrivals_per_s=rate, handle_s=180, patience_s=patience_s, agents=agents, within_s=0)
    at_once = waits_a(arrivals_per_s=rate, handle_s=180, patience_s=patience_s, agents=agents, within_s=0)
    at_last = waits_a(arrivals_per_s=rate, handle_s=180, patience_s=patience_s, agents=agents, within_s=1e6)
    assert at_once.answered_within == pytest.approx(1 - prediction.wait_probability, abs=1e-9)
    assert at_last.abandoned_within == pytest.approx(prediction.abandoned, abs=1e-9)
    assert at_last.answered_within == pytest.approx(1 - prediction.abandoned, abs=1e-9)
    answered_s = prediction.average_speed_of_answer_s * (1 - prediction.abandoned)
    assert answered_s < prediction.average_wait_s
    assert prediction.average_wait_s == pytest.approx(prediction.abandoned * patience_s, rel=1e-9)


def test_endless_patience_is_erlang_c() -> None:
    patient = predict_c(arrivals_per_s=200 / 3600, handle_s=180, agents=14, within_s=20)
    almost = predict_a(arrivals_per_s=200 / 3600, handle_s=180, patience_s=1e9, agents=14, within_s=20)
    assert almost.wait_probability == pytest.approx(patient.wait_probability, abs=1e-6)
    assert almost.average_speed_of_answer_s == pytest.approx(patient.average_speed_of_answer_s, abs=1e-3)
    assert almost.service_level == pytest.approx(patient.service_level, abs=1e-6)


def test_a_queue_that_only_grows() -> None:
    prediction = predict_c(arrivals_per_s=0.1, handle_s=180, agents=18, within_s=20)
    assert (prediction.wait_probability, prediction.service_level, prediction.occupancy) == (1.0, 0.0, 1.0)
    assert prediction.average_wait_s == inf


@pytest.mark.parametrize(
    ("urgent", "urgent_s", "other_s"), [(0.5, 20.464, 225.099), (0.2, 13.642, 150.066), (0.0, None, 122.781)]
)
def test_two_classes_of_priority(urgent: float, urgent_s: float | None, other_s: float) -> None:
    """Ten erlangs, eleven agents, 180 s."""
    rate = 10 / 180
    waits_s = priority_waits_s(urgent_per_s=urgent * rate, other_per_s=(1 - urgent) * rate, handle_s=180, agents=11)
    assert waits_s[1] == pytest.approx(other_s, abs=5e-4)
    if urgent_s is not None:
        assert waits_s[0] == pytest.approx(urgent_s, abs=5e-4)
    together_s = urgent * waits_s[0] + (1 - urgent) * waits_s[1]
    assert together_s == pytest.approx(122.781, abs=5e-4), "priority moves waiting about, and makes none"


def test_priority_cannot_help_where_there_is_more_work_than_agents() -> None:
    with pytest.raises(SimulationError, match="cannot keep up"):
        priority_waits_s(urgent_per_s=0.05, other_per_s=0.05, handle_s=180, agents=11)


def test_patience_is_estimated_from_everybody_s_waiting() -> None:
    assert estimated_patience_s(waited_s=3000.0, abandoned=10) == 300.0
    assert estimated_patience_s(waited_s=3000.0, abandoned=0) == inf


@pytest.mark.parametrize(("load", "agents"), [(-1.0, 3), (float("nan"), 3), (inf, 3), (1.0, -1)])
def test_nonsense_is_refused(load: float, agents: int) -> None:
    with pytest.raises(SimulationError):
        erlang_c(load, agents)


def test_no_time_at_all_leaves_only_those_who_find_an_agent_free() -> None:
    prediction = predict_c(arrivals_per_s=200 / 3600, handle_s=180, agents=14, within_s=0)
    assert prediction.service_level == pytest.approx(1 - prediction.wait_probability)
    later = predict_c(arrivals_per_s=200 / 3600, handle_s=180, agents=14, within_s=45)
    assert later.service_level == pytest.approx(1 - prediction.wait_probability * exp(-1.0))
