"""What queueing theory says of a group of agents: Erlang's B, C and A, and two classes of priority.

Terms, for all of them: calls arrive at random (Poisson) at `arrivals_per_s`; a handle time is a conversation with its
wrap-up, exponential, `handle_s` in the mean; the load in erlangs is `arrivals_per_s * handle_s`, the number of agents
it keeps busy; `agents` can all take any call.

* **Erlang B**: a call that finds everybody busy is lost (how many lines a trunk needs).
* **Erlang C** (M/M/n): everybody waits for as long as it takes. Only where the load is below the number of agents.
* **Erlang A** (M/M/n+M; Palm, Garnett, Mandelbaum and Reiman 2002): who waits hangs up after an exponential patience of
  `patience_s` in the mean. Holds at any load.

Formulas with factorials overflow at some 170 agents; what stands here are recursions whose every term is a
probability, good for any number. Times are seconds; shares are 0 to 1.
"""

from collections.abc import Callable
from math import exp, inf, isfinite, log, sqrt
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import SimulationError

Times: TypeAlias = NDArray[np.float64]
"""Seconds, or what belongs to each of them."""

TAIL = 1e-17
"""What is left out of an infinite sum, as a share of it."""
RESCALE_ABOVE = 1e200
"""Terms of an overloaded queue grow before they fall: they are scaled down before a float is full."""
PANELS = 64
POINTS_PER_PANEL = 16
"""Of the quadrature over waits: the integrand is smooth, and this is exact to 1e-12."""
REACH = 40.0
"""How many widths of its fastest decay the integrand is followed for: exp(-40) is nothing."""


def erlang_b(load: float, agents: int) -> float:
    """The share of calls lost when each of `agents` lines carries one and nobody waits."""
    _check(load, agents)
    blocked = 1.0
    for each in range(1, agents + 1):
        blocked = load * blocked / (each + load * blocked)
    return blocked


def erlang_c(load: float, agents: int) -> float:
    """The share of calls that wait at all. 1 where the load is not below the number of agents."""
    blocked = erlang_b(load, agents)
    if load >= agents:
        return 1.0
    return agents * blocked / (agents - load * (1.0 - blocked))


def lines_for(load: float, *, lost_at_most: float) -> int:
    """The smallest number of lines that loses no greater share of calls."""
    if not 0 < lost_at_most < 1:
        raise SimulationError(f"a share of lost calls lies between 0 and 1: {lost_at_most} does not")
    _check(load, 0)
    lines, blocked = 0, 1.0
    while blocked > lost_at_most:
        lines += 1
        blocked = load * blocked / (lines + load * blocked)
    return lines


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a formula says of a group of agents. Shares 0 to 1.

    `average_wait_s` is over all callers, answered or not; `average_speed_of_answer_s` over the answered.
    `service_level` leaves out who hung up within it, as the reports do. Infinite where the queue only grows.
    """

    agents: int
    load: float
    """In erlangs."""
    wait_probability: float
    abandoned: float
    average_wait_s: float
    average_speed_of_answer_s: float
    queue_length: float
    occupancy: float
    service_level: float


def predict_c(*, arrivals_per_s: float, handle_s: float, agents: int, within_s: float) -> Prediction:
    """Erlang C. Where the load is not below the number of agents nobody is answered in time and waits are infinite."""
    load = arrivals_per_s * handle_s
    waits = erlang_c(load, agents)
    spare = agents - load
    average_s = waits * handle_s / spare if spare > 0 else inf
    return Prediction(
        agents=agents,
        load=load,
        wait_probability=waits,
        abandoned=0.0,
        average_wait_s=average_s,
        average_speed_of_answer_s=average_s,
        queue_length=arrivals_per_s * average_s,
        occupancy=load / agents if spare > 0 else 1.0,
        service_level=1.0 - waits * exp(-spare * within_s / handle_s) if spare > 0 else 0.0,
    )


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long callers wait under Erlang A, by the three things that may be asked of a time T."""

    answered_within: float
    """The share answered within T."""
    abandoned_within: float
    """The share that hung up within T."""
    offered_longer: float
    """The share who would have to wait longer than T if they had all the patience in the world."""


def predict_a(*, arrivals_per_s: float, handle_s: float, patience_s: float, agents: int, within_s: float) -> Prediction:
    """Erlang A."""
    load = arrivals_per_s * handle_s
    waits, queue_length = _queue_of_the_impatient(arrivals_per_s, handle_s, patience_s, agents)
    abandoned = queue_length / (arrivals_per_s * patience_s)
    offered = _OfferedWait(arrivals_per_s, handle_s, patience_s, agents)
    answered_s = offered.share(0.0, inf, weight=lambda at_s: at_s * offered.still_there(at_s))
    shares = waits_a(
        arrivals_per_s=arrivals_per_s, handle_s=handle_s, patience_s=patience_s, agents=agents, within_s=within_s
    )
    return Prediction(
        agents=agents,
        load=load,
        wait_probability=waits,
        abandoned=abandoned,
        average_wait_s=queue_length / arrivals_per_s,
        average_speed_of_answer_s=waits * answered_s / (1.0 - abandoned),
        queue_length=queue_length,
        occupancy=load * (1.0 - abandoned) / agents,
        service_level=shares.answered_within / (1.0 - shares.abandoned_within),
    )


def waits_a(*, arrivals_per_s: float, handle_s: float, patience_s: float, agents: int, within_s: float) -> Waits:
    """The distribution of waits under Erlang A at `within_s`."""
    waits, _ = _queue_of_the_impatient(arrivals_per_s, handle_s, patience_s, agents)
    offered = _OfferedWait(arrivals_per_s, handle_s, patience_s, agents)
    longer = waits * offered.share(within_s, inf)
    answered_later = waits * offered.share(0.0, within_s, weight=offered.still_there)
    return Waits(
        answered_within=1.0 - waits + answered_later,
        abandoned_within=waits - longer - answered_later + longer * (1.0 - exp(-within_s / patience_s)),
        offered_longer=longer,
    )


def _queue_of_the_impatient(
    arrivals_per_s: float, handle_s: float, patience_s: float, agents: int
) -> tuple[float, float]:
    """The share of calls that wait at all, and how many wait in the mean.

    The states with nobody waiting are those of Erlang B, so together they weigh 1 and the last of them B; each
    further caller waiting weighs arrivals / (answers + hang-ups) times the one before.
    """
    if not patience_s > 0 or not handle_s > 0 or not arrivals_per_s > 0:
        raise SimulationError("arrivals, handle time and patience must be greater than 0")
    nobody_waits, weight = 1.0, erlang_b(arrivals_per_s * handle_s, agents)
    all_busy, queue_length = weight, 0.0
    position = 0
    while True:
        position += 1
        ratio = arrivals_per_s / (agents / handle_s + position / patience_s)
        weight *= ratio
        all_busy += weight
        queue_length += position * weight
        if ratio < 1.0 and position * weight * ratio / (1.0 - ratio) <= TAIL * (queue_length + TAIL * nobody_waits):
            break
        if weight > RESCALE_ABOVE:
            nobody_waits, weight = nobody_waits / RESCALE_ABOVE, weight / RESCALE_ABOVE
            all_busy, queue_length = all_busy / RESCALE_ABOVE, queue_length / RESCALE_ABOVE
    last_without_queue = erlang_b(arrivals_per_s * handle_s, agents) * nobody_waits
    whole = nobody_waits + all_busy - last_without_queue
    return all_busy / whole, queue_length / whole


class _OfferedWait:
    """How long a caller of endless patience who has to wait would wait (Baccelli and Hebuterne 1981).

    The density is exp(arrivals * (time in which somebody who came before still has patience) - answers * time), up to
    a factor.
    """

    def __init__(self, arrivals_per_s: float, handle_s: float, patience_s: float, agents: int) -> None:
        self._arrivals_per_s = arrivals_per_s
        self._answers_per_s = agents / handle_s
        self._patience_s = patience_s
        excess = arrivals_per_s / self._answers_per_s
        self._peak_s = patience_s * log(excess) if excess > 1.0 else 0.0
        width_s = sqrt(patience_s / self._answers_per_s)
        if excess < 1.0:
            width_s = min(width_s, 1.0 / (self._answers_per_s - arrivals_per_s))
        reach_s = REACH * max(width_s, 1.0 / self._answers_per_s)
        self._begin_s, self._end_s = max(0.0, self._peak_s - reach_s), self._peak_s + reach_s
        self._peak = float(self._exponent(np.array([self._peak_s]))[0])
        self._whole = self._integral(0.0, inf, None)

    def share(self, from_s: float, until_s: float, *, weight: Callable[[Times], Times] | None = None) -> float:
        """The share of waits between the two times; with `weight`, the mean of it over them."""
        return self._integral(from_s, until_s, weight) / self._whole

    def still_there(self, at_s: Times) -> Times:
        """The share of callers whose patience lasts so long."""
        return np.exp(-at_s / self._patience_s)

    def _integral(self, from_s: float, until_s: float, weight: Callable[[Times], Times] | None) -> float:
        from_s, until_s = max(from_s, self._begin_s), min(until_s, self._end_s)
        if from_s >= until_s:
            return 0.0
        points, point_weights = np.polynomial.legendre.leggauss(POINTS_PER_PANEL)
        edges = np.linspace(from_s, until_s, PANELS + 1)
        half_s = (until_s - from_s) / PANELS / 2
        at_s = edges[:-1, None] + half_s * (points + 1.0)
        values = np.exp(self._exponent(at_s) - self._peak)
        if weight is not None:
            values = values * weight(at_s)
        return float((values * point_weights).sum() * half_s)

    def _exponent(self, at_s: Times) -> Times:
        patient_s = -np.expm1(-at_s / self._patience_s) * self._patience_s
        return self._arrivals_per_s * patient_s - self._answers_per_s * at_s


# Two classes of callers


def priority_waits_s(*, urgent_per_s: float, other_per_s: float, handle_s: float, agents: int) -> tuple[float, float]:
    """The mean waits of urgent callers, who always go first, and of the others (Cobham 1954, for one handle time).

    Raises SimulationError where the load is not below the number of agents.
    """
    urgent = urgent_per_s * handle_s / agents
    everybody = (urgent_per_s + other_per_s) * handle_s / agents
    if everybody >= 1.0:
        raise SimulationError(f"{agents} agents cannot keep up with a load of {everybody * agents:g} erlangs")
    until_free_s = erlang_c(everybody * agents, agents) * handle_s / agents
    return until_free_s / (1.0 - urgent), until_free_s / ((1.0 - urgent) * (1.0 - everybody))


def estimated_patience_s(*, waited_s: float, abandoned: int) -> float:
    """The mean patience most likely behind what was seen: all the time waited by everybody, for each who hung up.

    Who was answered says only that his patience was longer; leaving him out would make callers seem impatient.
    """
    return waited_s / abandoned if abandoned else inf


def _check(load: float, agents: int) -> None:
    if not isfinite(load) or load < 0 or agents < 0:
        raise SimulationError(f"load and agents must not be negative: {load:g} erlangs, {agents} agents")
