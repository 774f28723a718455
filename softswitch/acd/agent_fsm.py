"""The state of one agent, which follows from facts and is never set.

The terms are those of TAPI (LINEAGENTSTATE) and CSTA (ECMA-269). An agent's state is the first row that holds:

| state              | holds while                            | which ends by                                          |
|--------------------|----------------------------------------|--------------------------------------------------------|
| RESERVED           | a reservation alerts him               | his answer, its failure, the ring timer, the caller    |
| BUSY (ACD)         | a contact talks to him                 | the end of its leg (`ContactFinished`)                 |
| LOGGED_OUT         | he is not logged in                    | his login                                              |
| BUSY (other kinds) | his phone is in a call of another kind | the end of that leg (`AgentFree`)                      |
| WRAP_UP            | `wrap_up_until` is set                 | the wrap-up timer, or he (`WrapUpEnded`)               |
| NOT_READY          | `pause_reason` is set                  | he (`AgentResumed`), for "unreachable" also his phone  |
| READY              | otherwise                              |                                                        |

So every state that is not his own choice is tied to a leg or a timer and cannot be stuck, and what is asked for at the
wrong moment takes effect at the right one: a pause during a call after the wrap-up, a logout during a call at its end.

| fact             | what changes                                                                                    |
|------------------|-------------------------------------------------------------------------------------------------|
| logged in        | logged in, no pause, no failures; nothing if he was                                             |
| logged out       | not logged in, no pause, no wrap-up                                                             |
| paused, resumed  | pause set (only when logged in); cleared with the failures                                      |
| reachable        | phone there; clears a pause "unreachable"                                                       |
| unreachable      | phone gone                                                                                      |
| busy, free       | other call of that kind; none                                                                   |
| reserved         | reservation set                                                                                 |
| released         | reservation cleared: the caller's doing, so nothing else changes and he keeps his place         |
| failed           | reservation cleared, one failure more; at the limit, or if unreachable, a pause with that reason|
| connected        | reservation becomes contact, failures cleared                                                   |
| finished         | contact cleared; wrap-up begins if he is still logged in                                        |
| wrap-up ended    | wrap-up cleared                                                                                 |

His idle time starts when he becomes ready, and goes on through a reservation that the caller gave up (and, where the
policy says so, through a call of another kind). A failed reservation that leaves him ready starts it anew.
"""

from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import UNREACHABLE, Agent, AgentState, BusyKind
from softswitch.acd.outputs import AgentStateChanged
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId


class AgentMachine:
    """One agent: the facts about him, and the state that follows. Call `settle` after each fact."""

    __slots__ = (
        "agent",
        "answered",
        "busy_kind",
        "contact_id",
        "failed_contacts",
        "failures",
        "idle_since",
        "is_logged_in",
        "is_reachable",
        "is_removed",
        "last_contact_id",
        "last_queue_id",
        "missed",
        "other_call",
        "pause_reason",
        "reason",
        "reservation_id",
        "since",
        "state",
        "wrap_up_from",
        "wrap_up_until",
    )

    def __init__(self, agent: Agent, now: float) -> None:
        self.agent = agent
        self.is_removed = False
        """Not configured any more: he finishes what he is in and is forgotten."""
        self.is_logged_in = False
        self.is_reachable = False
        self.pause_reason: str | None = None
        self.other_call: BusyKind | None = None
        self.reservation_id: ReservationId | None = None
        self.contact_id: ContactId | None = None
        self.wrap_up_from = 0.0
        self.wrap_up_until: float | None = None
        self.failures = 0
        """Reservations in a row that he did not take."""
        self.failed_contacts: set[ContactId] = set()
        """Whom he did not take since he last became ready; not given to him again at once."""
        self.state = AgentState.LOGGED_OUT
        self.busy_kind: BusyKind | None = None
        self.reason = ""
        """Why he is not ready; empty in every other state."""
        self.since = now
        """When the state began."""
        self.idle_since: float | None = None
        self.answered = 0
        self.missed = 0
        self.last_contact_id = ContactId("")
        self.last_queue_id = QueueId("")
        """Whom he talked to last, and for which queue: whom his wrap-up is about."""

    @property
    def agent_id(self) -> AgentId:
        return self.agent.agent_id

    @property
    def is_available(self) -> bool:
        """Free for the next contact."""
        return self.state is AgentState.READY and self.is_reachable

    @property
    def is_on_duty(self) -> bool:
        """He takes contacts, now or after what he is in."""
        return self.is_logged_in and self.is_reachable and self.pause_reason is None

    # Facts

    def log_in(self) -> None:
        if not self.is_logged_in:
            self.is_logged_in = True
            self.pause_reason = None
            self.failures = 0

    def log_out(self) -> None:
        self.is_logged_in = False
        self.pause_reason = None
        self.wrap_up_until = None

    def pause(self, reason: str) -> None:
        if self.is_logged_in:
            self.pause_reason = reason

    def resume(self) -> None:
        self.pause_reason = None
        self.failures = 0

    def reach(self) -> None:
        self.is_reachable = True
        if self.pause_reason == UNREACHABLE:
            self.resume()

    def lose(self) -> None:
        self.is_reachable = False

    def begin_other_call(self, kind: BusyKind) -> None:
        self.other_call = kind

    def end_other_call(self) -> None:
        self.other_call = None

    def reserve(self, reservation_id: ReservationId) -> None:
        self.reservation_id = reservation_id

    def release(self) -> None:
        self.reservation_id = None

    def fail(self, reason: str, limit: int) -> None:
        self.reservation_id = None
        self.idle_since = None
        self.missed += 1
        self.failures += 1
        if self.pause_reason is None and (reason == UNREACHABLE or self.failures >= limit):
            self.pause_reason = reason

    def connect(self, contact_id: ContactId) -> None:
        self.reservation_id = None
        self.contact_id = contact_id
        self.failures = 0
        self.answered += 1

    def finish(self, wrap_up_s: float, now: float) -> None:
        self.contact_id = None
        if self.is_logged_in and wrap_up_s > 0:
            self.wrap_up_from = now
            self.wrap_up_until = now + min(wrap_up_s, WRAP_UP_S_MAX)

    def extend_wrap_up(self, by_s: float) -> None:
        if self.wrap_up_until is not None:
            self.wrap_up_until = min(self.wrap_up_until + by_s, self.wrap_up_from + WRAP_UP_S_MAX)

    def end_wrap_up(self) -> None:
        self.wrap_up_until = None

    # The state

    def settle(self, now: float, *, direct_calls_restart_idle: bool) -> AgentStateChanged | None:
        """Derive the state from the facts; the change, if there is one."""
        old, old_kind, old_reason = self.state, self.busy_kind, self.reason
        self.state, self.busy_kind = self._derive()
        self.reason = self.pause_reason or "" if self.state is AgentState.NOT_READY else ""
        if self.state is AgentState.READY:
            if self.idle_since is None:
                self.idle_since = now
        elif not self._keeps_idle_time(direct_calls_restart_idle):
            self.idle_since = None
        if self.state is old and self.busy_kind is old_kind and self.reason == old_reason:
            return None
        self.since = now
        return AgentStateChanged(self.agent.agent_id, old, self.state, self.reason, now, self.busy_kind)

    def _derive(self) -> tuple[AgentState, BusyKind | None]:
        if self.reservation_id is not None:
            return AgentState.RESERVED, None
        if self.contact_id is not None:
            return AgentState.BUSY, BusyKind.ACD
        if not self.is_logged_in:
            return AgentState.LOGGED_OUT, None
        if self.other_call is not None:
            return AgentState.BUSY, self.other_call
        if self.wrap_up_until is not None:
            return AgentState.WRAP_UP, None
        if self.pause_reason is not None:
            return AgentState.NOT_READY, None
        return AgentState.READY, None

    def _keeps_idle_time(self, direct_calls_restart_idle: bool) -> bool:
        if self.state is AgentState.RESERVED:
            return True
        return self.state is AgentState.BUSY and self.busy_kind is not BusyKind.ACD and not direct_calls_restart_idle
