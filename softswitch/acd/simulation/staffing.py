"""How many agents a service level needs, by formula or by whatever else can be asked for one number of agents."""

from collections.abc import Callable
from math import floor, inf

import msgspec

from softswitch.acd.simulation.erlang import predict_a, predict_c
from softswitch.acd.simulation.limits import AGENTS_MAX
from softswitch.base.errors import SimulationError


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A service level: the share, 0 to 1, of calls answered within so many seconds. 80/20 is 0.8 within 20."""

    share: float
    within_s: float


def parse_target(text: str) -> Target:
    """ "80/20". Raises SimulationError for anything else."""
    percent, slash, seconds = text.partition("/")
    try:
        target = Target(share=float(percent) / 100, within_s=float(seconds))
    except ValueError:
        target = None
    if not slash or target is None or not 0 < target.share < 1 or not 0 <= target.within_s < inf:
        raise SimulationError(f"{text!r} is no service level: 80/20 means that 80 % are answered within 20 seconds")
    return target


def agents_for(target: Target, *, arrivals_per_s: float, handle_s: float, patience_s: float = inf) -> int:
    """The smallest number of agents that reaches the target: by Erlang C, or by A where patience is finite."""

    def reaches(agents: int) -> bool:
        if patience_s == inf:
            prediction = predict_c(
                arrivals_per_s=arrivals_per_s, handle_s=handle_s, agents=agents, within_s=target.within_s
            )
        else:
            prediction = predict_a(
                arrivals_per_s=arrivals_per_s,
                handle_s=handle_s,
                patience_s=patience_s,
                agents=agents,
                within_s=target.within_s,
            )
        return prediction.service_level >= target.share

    return smallest(reaches, start=max(1, floor(arrivals_per_s * handle_s)))


def smallest(reaches: Callable[[int], bool], *, start: int) -> int:
    """The smallest number of agents, at least 1, that `reaches` says is enough; more must never be worse.

    It is looked for from `start`, in strides that double, then by halves: what is asked may take seconds. Raises
    SimulationError where not even `limits.AGENTS_MAX` are enough.
    """
    at, stride = max(1, min(start, AGENTS_MAX)), 1
    too_few, enough = 0, AGENTS_MAX + 1
    while enough - too_few > 1:
        if reaches(at):
            enough = at
        else:
            too_few = at
        if too_few == 0:
            at = max(enough - stride, 1)
        elif enough > AGENTS_MAX:
            at = min(too_few + stride, AGENTS_MAX)
        else:
            at = (too_few + enough) // 2
        stride *= 2
    if enough > AGENTS_MAX:
        raise SimulationError(f"not even {AGENTS_MAX} agents are enough")
    return enough
