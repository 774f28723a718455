"""A day of calls through the router, in virtual time: no clock, no loop, no sockets.

The router is the one that runs in the switch, with the queues and agents of a configuration. What people do is said
beforehand: callers come, talk and lose their patience as their `Arrival` says, agents come and go by their shifts and
answer when their phone has rung for as long as `answer` draws; where a disposition is wanted they give the first there
is. Queues are open all day. Times are whole nanoseconds, so that what theory says of
every single day (not only of the mean of many) can be tested without a tolerance.

What has happened, the router's diary, is told to a `Witness`.
"""

import heapq
from collections.abc import Iterable, Sequence
from math import inf
from typing import Protocol

import msgspec
import numpy as np
from msgspec.structs import replace

from softswitch.acd.events import AcdEvent
from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentReachable,
    AgentResumed,
    ConfigurationSet,
    ContactAbandoned,
    ContactFinished,
    ContactQueued,
    DispositionSet,
    ReservationAccepted,
)
from softswitch.acd.model import AgentState
from softswitch.acd.outputs import (
    AgentReserved,
    AgentStateChanged,
    ContactConnected,
    ContactOverflowed,
    ContactRefused,
    WrapUpBegan,
)
from softswitch.acd.router import Router
from softswitch.acd.simulation.arrivals import Arrival
from softswitch.acd.simulation.durations import Constant, Distribution
from softswitch.base.ids import AgentId, ContactId

NS = 1_000_000_000
"""Nanoseconds of a second."""
BACK_S = 60.0
"""An agent who has missed a call is back at his desk after so long."""
CLOSING_S_MAX = 86_400.0
"""Nobody will come any more for who still waits so long after the last call: the run ends."""
DRAWN_AT_ONCE = 4096


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """An agent is at work from one time to another, in seconds from the beginning."""

    agent_id: AgentId
    from_s: float = 0.0
    until_s: float = inf


class Witness(Protocol):
    """Is told what happens, in order."""

    def happened(self, event: AcdEvent) -> None:
        """`event.at` is seconds from the beginning."""
        ...


class Simulation:
    """One run. Build it, call `run` once."""

    def __init__(
        self,
        configuration: ConfigurationSet,
        arrivals: Sequence[Arrival],
        shifts: Iterable[Shift],
        witness: Witness,
        *,
        answer: Distribution | None = None,
        seed: int = 0,
    ) -> None:
        """`arrivals` in the order of time. `answer`: how long a phone rings before it is answered; None: not at all."""
        self.router = Router()
        self.facts = 0
        """Facts and timeouts the router has taken in."""
        self.now_ns = 0
        self._now_s = 0.0
        self._witness = witness
        self._arrivals = arrivals
        self._answer = _Drawn(answer or Constant(0.0), seed)
        self._planned: list[tuple[int, int, AcdInput]] = []
        self._serial = 0
        self._present: dict[ContactId, Arrival] = {}
        """Who has come and is not gone."""
        self._talking: set[ContactId] = set()
        policy = replace(configuration.policy, watchdog_s=None)  # here nobody forgets to say that something is over
        self._dispositions = {queue.queue_id: queue.dispositions[:1] for queue in configuration.queues}
        self._tell(replace(configuration, policy=policy))
        for shift in shifts:
            self._plan(_ns(shift.from_s), AgentLoggedIn(shift.agent_id))
            if shift.until_s < inf:
                self._plan(_ns(shift.until_s), AgentLoggedOut(shift.agent_id))

    def run(self) -> None:
        """From the first call to the end of the last conversation."""
        for number, arrival in enumerate(self._arrivals):
            at_ns = _ns(arrival.at_s)
            self._live_until(at_ns)
            self._arrive(ContactId(f"call{number + 1}"), arrival, at_ns)
        closes_ns = self.now_ns + _ns(CLOSING_S_MAX)
        self._live_until(closes_ns, while_somebody_is_there=True)

    # Time

    def _live_until(self, until_ns: int, *, while_somebody_is_there: bool = False) -> None:
        """Everything that happens up to and at `until_ns`."""
        planned, router = self._planned, self.router
        while self._present or not while_somebody_is_there:
            due_s = router.next_timeout()
            due_ns = until_ns + 1 if due_s is None else round(due_s * NS)
            next_ns = planned[0][0] if planned else until_ns + 1
            if min(due_ns, next_ns) > until_ns:
                break
            if due_s is not None and due_ns <= next_ns:
                self._pass_to(due_ns)
                self._now_s = max(self._now_s, due_s)
                self.facts += 1
                router.handle_timeout(self._now_s)
                self._listen()
            else:
                self._pass_to(next_ns)
                self._happen(heapq.heappop(planned)[2])
        self._pass_to(self.now_ns if while_somebody_is_there else until_ns)

    def _pass_to(self, at_ns: int) -> None:
        self.now_ns = max(self.now_ns, at_ns)
        self._now_s = max(self._now_s, self.now_ns / NS)

    def _plan(self, at_ns: int, fact: AcdInput) -> None:
        self._serial += 1
        heapq.heappush(self._planned, (at_ns, self._serial, fact))

    # What people do

    def _arrive(self, contact_id: ContactId, arrival: Arrival, at_ns: int) -> None:
        self._present[contact_id] = arrival
        self._tell(ContactQueued(contact_id, arrival.queue_id, arrival.boost_s, arrival.skills))
        if arrival.patience_s < inf and self._waits(contact_id):
            self._plan(at_ns + _ns(arrival.patience_s), ContactAbandoned(contact_id))

    def _waits(self, contact_id: ContactId) -> bool:
        return contact_id in self._present and contact_id not in self._talking

    def _happen(self, fact: AcdInput) -> None:
        match fact:
            case ContactFinished():
                del self._present[fact.contact_id]
                self._talking.discard(fact.contact_id)
            case ContactAbandoned():
                if not self._waits(fact.contact_id):
                    return
                del self._present[fact.contact_id]
            case AgentLoggedIn():
                self._tell(AgentReachable(fact.agent_id))
            case _:
                pass
        self._tell(fact)

    # The router

    def _tell(self, fact: AcdInput) -> None:
        self.facts += 1
        self.router.apply(fact, self._now_s)
        self._listen()

    def _listen(self) -> None:
        """Take in what the router says, and what people do about it at once."""
        happened = self._witness.happened
        for event in self.router.take_events():
            happened(event)
        now_ns = self.now_ns
        answers: list[AcdInput] = []
        for output in self.router.take_outputs():
            match output:
                case AgentReserved():
                    answer_ns = self._answer.next_ns()
                    if answer_ns:
                        self._plan(now_ns + answer_ns, ReservationAccepted(output.reservation_id))
                    else:
                        answers.append(ReservationAccepted(output.reservation_id))
                case WrapUpBegan():
                    for code in self._dispositions[output.queue_id]:
                        answers.append(DispositionSet(output.agent_id, code, output.contact_id))
                case ContactConnected():
                    self._talking.add(output.contact_id)
                    talk_ns = _ns(self._present[output.contact_id].talk_s)
                    self._plan(now_ns + talk_ns, ContactFinished(output.contact_id))
                case ContactOverflowed() | ContactRefused():
                    del self._present[output.contact_id]
                case AgentStateChanged():
                    if output.new is AgentState.NOT_READY:
                        self._plan(now_ns + _ns(BACK_S), AgentResumed(output.agent_id))
                case _:
                    pass
        for fact in answers:
            self._tell(fact)


class _Drawn:
    """Durations of a distribution, one by one."""

    def __init__(self, distribution: Distribution, seed: int) -> None:
        self._distribution = distribution
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._left: list[int] = []

    def next_ns(self) -> int:
        if not self._left:
            drawn_s: list[float] = self._distribution.draw(self._random, DRAWN_AT_ONCE).tolist()
            self._left = [_ns(each) for each in reversed(drawn_s)]
        return self._left.pop()


def _ns(seconds: float) -> int:
    return round(seconds * NS)
