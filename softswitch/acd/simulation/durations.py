"""How long things last: conversations, answers, patience. Drawn by a seeded generator, many at once.

Every draw is made of uniform numbers by the inverse of the distribution, one number for each value (two for
lognormal). So the n-th caller is as patient, and talks for as long, whatever else is changed between two runs: what
differs between them is what was changed.
"""

from collections.abc import Sequence
from math import inf, isfinite, log, pi, sqrt
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import SimulationError

Seconds: TypeAlias = NDArray[np.float64]


class Distribution(Protocol):
    """Durations in seconds, never negative."""

    @property
    def mean_s(self) -> float: ...

    def draw(self, random: np.random.Generator, count: int) -> Seconds: ...


class Constant:
    """Always the same; infinity is the patience of those who never hang up."""

    __slots__ = ("mean_s",)

    def __init__(self, seconds: float) -> None:
        self.mean_s = seconds

    def draw(self, random: np.random.Generator, count: int) -> Seconds:
        return np.full(count, self.mean_s)


class Exponential:
    """As likely to end in the next second whenever asked: what Erlang's formulas suppose."""

    __slots__ = ("mean_s",)

    def __init__(self, mean_s: float) -> None:
        self.mean_s = mean_s

    def draw(self, random: np.random.Generator, count: int) -> Seconds:
        uniform = random.random(count)
        return np.full(count, inf) if self.mean_s == inf else -np.log1p(-uniform) * self.mean_s


class Lognormal:
    """What conversations are like (Brown et al. 2005): few very short, some very long."""

    __slots__ = ("_location", "_scale", "mean_s")

    def __init__(self, mean_s: float, deviation_s: float) -> None:
        self.mean_s = mean_s
        variance = log(1.0 + (deviation_s / mean_s) ** 2)
        self._location = log(mean_s) - variance / 2
        self._scale = sqrt(variance)

    def draw(self, random: np.random.Generator, count: int) -> Seconds:
        radius = np.sqrt(-2.0 * np.log1p(-random.random(count)))
        normal = radius * np.cos(2.0 * pi * random.random(count))
        return np.exp(self._location + self._scale * normal)


class Observed:
    """One of the durations that were seen, each as likely as any other."""

    __slots__ = ("_seen_s", "mean_s")

    def __init__(self, seen_s: Sequence[float]) -> None:
        if not seen_s:
            raise SimulationError("nothing was seen, so there is nothing to draw from")
        self._seen_s: Seconds = np.sort(np.asarray(seen_s, np.float64))
        self.mean_s = float(self._seen_s.mean())

    def draw(self, random: np.random.Generator, count: int) -> Seconds:
        return self._seen_s[(random.random(count) * len(self._seen_s)).astype(np.intp)]


def parse_duration(text: str) -> Distribution:
    """ "180", "exponential:180", "lognormal:180,120" (mean, standard deviation), "inf". Raises SimulationError."""
    kind, colon, figures = text.partition(":")
    try:
        values = [float(figure) for figure in (figures if colon else kind).split(",")]
    except ValueError:
        raise _not_understood(text) from None
    if any(not value >= 0 for value in values):
        raise _not_understood(text)
    match (kind if colon else "constant", values):
        case ("constant", [seconds]):
            return Constant(seconds)
        case ("exponential", [mean_s]) if isfinite(mean_s):
            return Exponential(mean_s)
        case ("lognormal", [mean_s, deviation_s]) if 0 < mean_s < inf and isfinite(deviation_s):
            return Lognormal(mean_s, deviation_s)
        case _:
            raise _not_understood(text)


def _not_understood(text: str) -> SimulationError:
    return SimulationError(
        f'{text!r} is no duration: write seconds ("180"), "exponential:MEAN" or "lognormal:MEAN,DEVIATION"'
    )
