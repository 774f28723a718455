"""Where a new call goes: the media worker with the least to do, unless all have too much.

What a worker reports is up to a second old, and calls come in bursts: what was placed since its report is added to it,
so that a burst does not all go to the worker that was idle a second ago. A call's later streams follow its first one,
whatever its worker's load: a call in progress goes on.
"""

from collections.abc import Sequence
from typing import NamedTuple

CPU_MAX = 0.9
"""A worker at this part of its core gets no new calls; what is left is for what the calls it has may yet want."""

STREAM_CPU = 0.0004
"""Part of a core a stream is taken to cost before its worker carries enough of them to tell: 2,500 of them fill it."""
STREAM_CPU_MAX = 0.005
STEP_CPU = 0.05
"""Workers whose load differs by less are alike, and the one with fewer streams is taken: so much comes and goes."""
TELLING_STREAMS = 100
"""From so many on a worker's CPU divided by its streams is what one costs; below, idle ticks count for more."""


class WorkerLoad(NamedTuple):
    """`cpu` is the part of a core that `reported_streams` used, None before a report; `streams` are there now."""

    name: str
    cpu: float | None
    reported_streams: int
    streams: int
    is_draining: bool = False

    @property
    def estimate(self) -> float:
        """The part of a core that is or soon will be used."""
        if self.cpu is None:
            return self.streams * STREAM_CPU
        each = STREAM_CPU
        if self.reported_streams >= TELLING_STREAMS:
            each = min(max(self.cpu / self.reported_streams, STREAM_CPU / 4), STREAM_CPU_MAX)
        return max(0.0, self.cpu + (self.streams - self.reported_streams) * each)

    def is_full(self, cpu_max: float) -> bool:
        """Nobody is refused on a guess: a worker that has not reported yet is not full."""
        return self.cpu is not None and self.estimate >= cpu_max

    def is_able(self, cpu_max: float) -> bool:
        """It may have a new call."""
        return not self.is_draining and not self.is_full(cpu_max)


def choose(workers: Sequence[WorkerLoad], cpu_max: float) -> str | None:
    """The name of the worker for a new call; None if none may have it."""
    able = [worker for worker in workers if worker.is_able(cpu_max)]
    return min(able, key=lambda worker: (int(worker.estimate / STEP_CPU), worker.streams)).name if able else None


def why_none(workers: Sequence[WorkerLoad], cpu_max: float) -> str:
    """Why `choose` found none, for people."""
    draining = [worker.name for worker in workers if worker.is_draining]
    if len(draining) == len(workers):
        return "every media worker is being drained: `softswitch media resume NAME`"
    busy = ", ".join(f"{worker.name} {worker.estimate:.0%}" for worker in workers if not worker.is_draining)
    return f"no media worker is below {cpu_max:.0%} of its core ({busy}): more cores, or a higher [media] cpu_max"
