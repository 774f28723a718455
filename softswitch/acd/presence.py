"""Whether anybody is there for a queue: joinempty and leavewhenempty, with Asterisk's factors.

A queue names the factors that make an agent not count. Who is logged out, or may not serve the queue, never counts.

| factor        | the agent, in our words                                                               |
|---------------|---------------------------------------------------------------------------------------|
| `paused`      | not ready, or will be after what he is in                                             |
| `inuse`       | busy, with a contact of the ACD or any other call                                     |
| `ringing`     | reserved: his phone alerts for a contact                                              |
| `wrapup`      | in wrap-up                                                                            |
| `unavailable` | his phone is not registered                                                           |
| `unknown`     | his phone is registered, but could not be reached when it was last rung               |
| `invalid`     | has no phone that could ever ring: none here, as every agent has an account, so that  |
|               | alone it means "nobody is logged in"                                                  |

Asterisk's `penalty` has no meaning here, where skills say who may serve a queue.

When a contact arrives the question costs one look at what those are `doing` who may serve the queue, and mostly at
the first few. While contacts wait it is not asked again and again: the queue relies on one agent who was found there,
and only when he stops to count is another looked for.
"""

from collections.abc import Iterable
from functools import cache

from softswitch.acd import doing
from softswitch.acd.model import EmptyFactor
from softswitch.acd.skills import Roster, Rows
from softswitch.acd.waiting import QueueRecord

_BITS: dict[EmptyFactor, int] = {
    "paused": doing.PAUSED,
    "inuse": doing.IN_USE,
    "ringing": doing.RINGING,
    "unavailable": doing.UNAVAILABLE,
    "unknown": doing.UNKNOWN,
    "wrapup": doing.WRAPPING_UP,
    "invalid": 0,
}

_FIRST_ROWS = 64
"""Of a large staff somebody counts nearly always, and is among these."""


class Presence:
    """The agents of one roster. `queues` are those that keep nobody when nobody is there."""

    __slots__ = ("_relying", "_roster", "has_gained", "lost", "unsure")

    def __init__(self, roster: Roster, queues: list[QueueRecord]) -> None:
        self._roster = roster
        self._relying: dict[int, list[QueueRecord]] = {}
        """The queues that rely on the agent of a row."""
        self.unsure = list(queues)
        """Queues that have nobody to rely on any more, and may have become empty."""
        self.lost: list[QueueRecord] = []
        """Queues whose last agent is gone, and in which those who wait may stay for a little while yet."""
        self.has_gained = True
        """Somebody counts who did not: one of those that are lost may be no more."""
        for queue in queues:
            queue.relies_on = None

    def changed(self, row: int, was: int, now: int) -> None:
        """An agent is doing something else."""
        if was & ~now & doing.BITS:
            self.has_gained = True
        if row in self._relying and now & ~was & doing.BITS:
            self._lose(row, now)

    def is_anybody_there(self, rows: Rows, factors: tuple[EmptyFactor, ...]) -> bool:
        """Whether one of these agents is logged in and excluded by none of the factors."""
        return self._find(rows, factors) is not None

    def keeps(self, queue: QueueRecord) -> bool:
        """Whether who waits in the queue may stay: it minds nothing, or somebody is there, on whom it relies then."""
        factors = queue.settings.leave_when_empty
        if not factors or queue.relies_on is not None:
            return True
        row = queue.relies_on = self._find(queue.own_plan.rows, factors)
        if row is not None:
            self._relying.setdefault(row, []).append(queue)
        return row is not None

    def restaffed(self, queue: QueueRecord) -> None:
        """Others serve the queue than before."""
        row = queue.relies_on
        if row is not None:
            self._relying[row].remove(queue)
            queue.relies_on = None
            self.unsure.append(queue)

    def relying(self) -> list[tuple[int, list[QueueRecord]]]:
        """The rows of agents on whom queues rely, with these."""
        return list(self._relying.items())

    def rely(self, relying: Iterable[tuple[int, list[QueueRecord]]]) -> None:
        """Let the queues rely on these, as they were given out by `relying`."""
        for row, queues in relying:
            self._relying[row] = queues
            for queue in queues:
                queue.relies_on = row

    def _lose(self, row: int, bits: int) -> None:
        """The agent of this row does not count for some of those who rely on him."""
        staying: list[QueueRecord] = []
        for queue in self._relying.pop(row):
            if bits & _mask(queue.settings.leave_when_empty):
                queue.relies_on = None
                self.unsure.append(queue)
            else:
                staying.append(queue)
        if staying:
            self._relying[row] = staying

    def _find(self, rows: Rows, factors: tuple[EmptyFactor, ...]) -> int | None:
        mask = _mask(factors)
        for some in (rows[:_FIRST_ROWS], rows[_FIRST_ROWS:]):
            is_there = (self._roster.doing[some] & mask) == 0
            if is_there.any():
                return int(some[is_there.argmax()])
        return None


@cache
def _mask(factors: tuple[EmptyFactor, ...]) -> int:
    return doing.ABSENT | sum(_BITS[factor] for factor in set(factors))
