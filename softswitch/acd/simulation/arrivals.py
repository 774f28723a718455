"""The calls of a simulated day: made up at random, or as they came once."""

from collections.abc import Iterable, Sequence
from math import inf

import msgspec
import numpy as np

from softswitch.acd.model import Skills
from softswitch.acd.simulation.durations import Distribution
from softswitch.acd.simulation.limits import CALLS_MAX
from softswitch.base.errors import SimulationError
from softswitch.base.ids import QueueId


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call: when it comes, in seconds from the beginning of the simulation, and what it will do."""

    at_s: float
    queue_id: QueueId
    talk_s: float
    patience_s: float = inf
    """How long it waits before it hangs up."""
    boost_s: float = 0.0
    skills: Skills = {}


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """Calls to be expected in one queue from one time to another: a line of a forecast."""

    queue_id: QueueId
    from_s: float
    until_s: float
    calls: float
    """In the mean."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How callers behave who are made up."""

    talk: Distribution
    patience: Distribution


def expected_calls(demands: Iterable[Demand], habits: Habits, *, seed: int) -> list[Arrival]:
    """Calls as a forecast expects them: a Poisson number in each of its lines, at any time of it alike."""
    random = np.random.Generator(np.random.PCG64(seed))
    moments: list[tuple[float, QueueId]] = []
    for demand in demands:
        count = int(random.poisson(demand.calls))
        _check_room(len(moments) + count)
        span_s = demand.until_s - demand.from_s
        moments += [(at_s, demand.queue_id) for at_s in (demand.from_s + random.random(count) * span_s).tolist()]
    return _behaving(sorted(moments), habits, random)


def exactly(calls: int, queue_ids: Sequence[QueueId], *, span_s: float, habits: Habits, seed: int) -> list[Arrival]:
    """So many calls, at any time of the span and in any of the queues alike."""
    _check_room(calls)
    random = np.random.Generator(np.random.PCG64(seed))
    at_s: list[float] = np.sort(random.random(calls) * span_s).tolist()
    chosen: list[int] = random.integers(len(queue_ids), size=calls).tolist()
    return _behaving([(moment, queue_ids[each]) for moment, each in zip(at_s, chosen, strict=True)], habits, random)


def _behaving(moments: Sequence[tuple[float, QueueId]], habits: Habits, random: np.random.Generator) -> list[Arrival]:
    talk_s: list[float] = habits.talk.draw(random, len(moments)).tolist()
    patience_s: list[float] = habits.patience.draw(random, len(moments)).tolist()
    return [
        Arrival(at_s=at_s, queue_id=queue_id, talk_s=talks_s, patience_s=waits_s)
        for (at_s, queue_id), talks_s, waits_s in zip(moments, talk_s, patience_s, strict=True)
    ]


def _check_room(calls: int) -> None:
    if calls > CALLS_MAX:
        raise SimulationError(f"{calls} calls are too many for one simulation: {CALLS_MAX} at most")


# Calls as they came once


class PastCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a call that came into a queue. `talk_s` None: it hung up, or was sent on, after `waited_s`."""

    at_s: float
    queue_id: QueueId
    waited_s: float
    talk_s: float | None
    is_abandoned: bool = False


def as_they_came(calls: Iterable[PastCall], *, otherwise: Habits, seed: int) -> list[Arrival]:
    """The same calls again, in time.

    Who hung up is as patient as he was then. Of the others only the least they would have waited is known: how much
    longer is drawn from `otherwise`, as if patience did not tire (which is so when it is exponential), and how long
    somebody would have talked whom nobody answered.
    """
    known = sorted(calls, key=lambda call: call.at_s)
    _check_room(len(known))
    random = np.random.Generator(np.random.PCG64(seed))
    drawn_talk_s: list[float] = otherwise.talk.draw(random, len(known)).tolist()
    further_s: list[float] = otherwise.patience.draw(random, len(known)).tolist()
    return [
        Arrival(
            at_s=call.at_s,
            queue_id=call.queue_id,
            talk_s=talk_s if call.talk_s is None else call.talk_s,
            patience_s=call.waited_s if call.is_abandoned else call.waited_s + longer_s,
        )
        for call, talk_s, longer_s in zip(known, drawn_talk_s, further_s, strict=True)
    ]
