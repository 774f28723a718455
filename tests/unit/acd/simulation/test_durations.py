from math import inf

import numpy as np
import pytest

from softswitch.acd.simulation.durations import (
    Constant,
    Distribution,
    Exponential,
    Lognormal,
    Observed,
    parse_duration,
)
from softswitch.base.errors import SimulationError


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize(
    ("text", "mean_s", "deviation_s"),
    [("180", 180.0, 0.0), ("exponential:180", 180.0, 180.0), ("lognormal:180,120", 180.0, 120.0)],
)
def test_a_distribution_has_the_mean_and_the_spread_it_was_asked_for(
    text: str, mean_s: float, deviation_s: float
) -> None:
    distribution = parse_duration(text)
    drawn = distribution.draw(generator(), 200_000)
    assert distribution.mean_s == mean_s
    assert drawn.mean() == pytest.approx(mean_s, rel=0.01)
    assert drawn.std() == pytest.approx(deviation_s, rel=0.02, abs=1e-9)
    assert drawn.min() >= 0


@pytest.mark.parametrize("distribution", [Exponential(10.0), Lognormal(10.0, 5.0), Observed([1.0, 2.0, 3.0])])
def test_the_same_seed_draws_the_same(distribution: Distribution) -> None:
    assert distribution.draw(generator(3), 50).tolist() == distribution.draw(generator(3), 50).tolist()
    assert distribution.draw(generator(3), 50).tolist() != distribution.draw(generator(4), 50).tolist()


def test_who_is_patient_stays_so_when_everybody_has_more_time() -> None:
    short, long = (Exponential(mean_s).draw(generator(), 100) for mean_s in (60.0, 120.0))
    assert (2 * short).tolist() == pytest.approx(long.tolist())


def test_endless_patience() -> None:
    assert set(parse_duration("inf").draw(generator(), 5).tolist()) == {inf}
    assert set(Exponential(inf).draw(generator(), 5).tolist()) == {inf}


def test_what_was_seen_is_drawn_again_and_nothing_else() -> None:
    observed = Observed([30.0, 10.0, 20.0, 20.0])
    drawn: list[float] = observed.draw(generator(), 4000).tolist()
    assert observed.mean_s == 20.0
    assert set(drawn) == {10.0, 20.0, 30.0}
    assert drawn.count(20.0) == pytest.approx(2000, abs=200)
    with pytest.raises(SimulationError):
        Observed([])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "nan",
        "exponential:",
        "exponential:-5",
        "exponential:inf",
        "lognormal:180",
        "lognormal:0,5",
        "gamma:3",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(SimulationError, match="is no duration: write"):
        parse_duration(text)


def test_a_constant_needs_no_luck() -> None:
    assert Constant(7.0).draw(generator(), 3).tolist() == [7.0, 7.0, 7.0]
