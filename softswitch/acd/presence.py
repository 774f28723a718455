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

One byte an agent, kept beside the roster: the question costs one look at the bytes of those who may serve the queue,
and mostly at the first few. It is asked when a contact arrives, and, of queues where somebody waits, when an agent who
counted may have stopped to count.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.model import UNREACHABLE, AgentState, EmptyFactor
from softswitch.acd.skills import Rows
from softswitch.acd.waiting import QueueRecord

_BITS: dict[EmptyFactor, int] = {
    "paused": 1,
    "inuse": 2,
    "ringing": 4,
    "unavailable": 8,
    "unknown": 16,
    "wrapup": 32,
    "invalid": 64,
}
_ABSENT = 128
_STATES: dict[AgentState, EmptyFactor] = {
    AgentState.BUSY: "inuse",
    AgentState.RESERVED: "ringing",
    AgentState.WRAP_UP: "wrapup",
}

_FIRST_ROWS = 64
"""Of a large staff somebody counts nearly always, and is among these."""


class Presence:
    """The agents of one roster. `queues` are those that keep nobody when nobody is there."""

    __slots__ = ("_bits", "has_thinned", "queues")

    def __init__(self, agents: int, queues: list[QueueRecord]) -> None:
        self._bits: NDArray[np.uint8] = np.full(agents, _ABSENT, np.uint8)
        self.queues = queues
        self.has_thinned = True
        """Somebody has got a factor he had not: one of the queues may have become empty."""

    def show(self, row: int, agent: AgentMachine) -> None:
        """A fact about the agent changed."""
        old, new = int(self._bits[row]), _bits_of(agent)
        if old != new:
            self._bits[row] = new
            self.has_thinned |= bool(new & ~old)

    def is_anybody_there(self, rows: Rows, factors: tuple[EmptyFactor, ...]) -> bool:
        """Whether one of these agents is logged in and excluded by none of the factors."""
        mask = _mask(factors)
        return any(not (self._bits[some] & mask).all() for some in (rows[:_FIRST_ROWS], rows[_FIRST_ROWS:]))


@cache
def _mask(factors: tuple[EmptyFactor, ...]) -> np.uint8:
    return np.uint8(_ABSENT | sum(_BITS[factor] for factor in set(factors)))


def _bits_of(agent: AgentMachine) -> int:
    if not agent.is_logged_in:
        return _ABSENT
    bits = 0
    factor = _STATES.get(agent.state)
    if factor is not None:
        bits |= _BITS[factor]
    if agent.pause_reason is not None:
        bits |= _BITS["paused"]
    if agent.pause_reason == UNREACHABLE:
        bits |= _BITS["unknown"]
    if not agent.is_reachable:
        bits |= _BITS["unavailable"]
    return bits
