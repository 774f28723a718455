"""The state of one agent, which follows from facts and is never set.

The terms are those of TAPI (LINEAGENTSTATE) and CSTA (ECMA-269). An agent's state is the first row that holds:

| state              | holds while                              | which ends by                                        |
|--------------------|------------------------------------------|------------------------------------------------------|
| RESERVED           | a reservation alerts him                 | his answer, its failure, the ring timer, the caller  |
| BUSY (ACD)         | a contact is in his hands, and not put   | the end of its leg or of the work (`ContactFinished`)|
|                    | aside for another one                    |                                                      |
| LOGGED_OUT         | he is not logged in                      | his login                                            |
| BUSY (other kinds) | his phone is in a call of another kind   | the end of that leg (`AgentFree`)                    |
| WRAP_UP            | a contact of his is being wrapped up     | its timer, or he (`WrapUpEnded`, `DispositionSet`)   |
| NOT_READY          | `pause_reason` is set                    | he (`AgentResumed`), for "unreachable" also his phone|
| READY              | otherwise                                |                                                      |

So every state that is not his own choice is tied to a leg or a timer and cannot be stuck (if a leg's end is never told,
`watchdog` finds out), and what is asked for at the wrong moment takes effect at the right one: a pause during a call
after the wrap-up, a logout during a call at its end.

| fact             | what changes                                                                                     |
|------------------|--------------------------------------------------------------------------------------------------|
| logged in        | logged in, no pause, no failures; nothing if he was                                              |
| logged out       | not logged in, no pause; his wrap-ups end                                                        |
| paused, resumed  | pause set (only when logged in); cleared with the failures                                       |
| reachable        | phone there; clears a pause "unreachable"                                                        |
| unreachable      | phone gone                                                                                       |
| busy, free       | other call of that kind; none                                                                    |
| reserved         | reservation set                                                                                  |
| released         | reservation cleared: no doing of his, so nothing else changes and he keeps his place             |
| failed           | reservation cleared, one failure more; at the limit the state the queue says, if unreachable a   |
|                  | pause with that reason                                                                           |
| connected        | reservation becomes contact, failures cleared                                                    |
| finished         | contact gone; its wrap-up begins if he is still logged in                                        |
| wrap-up over     | wrap-up gone                                                                                     |

He may have several contacts in his hands, but is alerted for one at a time. `is_free_for` says for which channels he is
free beside what he has. His idle time starts with the end of his last contact of any kind, wrap-up included, or with
his login. It goes on through a reservation that was not his doing to lose, and, where the policy says so, through calls
of other kinds and breaks. A failed reservation starts it anew.
"""

from softswitch.acd.channels import ON_THE_PHONE, InterruptedBy, open_channels, slot_of
from softswitch.acd.doing import ABSENT, IN_CALL, IN_STATE, NO_PHONE, PAUSED, UNAVAILABLE, UNKNOWN
from softswitch.acd.model import UNREACHABLE, Agent, AgentState, BusyKind, Channel, LiveSkills, RoutingPolicy, Skills
from softswitch.acd.outputs import AgentStateChanged
from softswitch.acd.waiting import Contact
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.ids import ContactId, ReservationId

# Names of their own: in Python 3.11 a look into an Enum costs as much as a call, and all this runs at every change.
_LOGGED_OUT, _NOT_READY, _READY = AgentState.LOGGED_OUT, AgentState.NOT_READY, AgentState.READY
_RESERVED, _BUSY, _WRAP_UP = AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP
_ACD, _OUTBOUND = BusyKind.ACD, BusyKind.OUTBOUND


class AgentMachine:
    """One agent: the facts about him, and the state that follows. Call `settle` after each fact."""

    __slots__ = (
        "agent",
        "agent_id",
        "answered",
        "busy_kind",
        "by",
        "contacts",
        "failed_contacts",
        "failures",
        "idle_since",
        "is_logged_in",
        "is_questioned",
        "is_reachable",
        "is_removed",
        "live_skills",
        "login_by",
        "missed",
        "open_channels",
        "other_call",
        "pause_by",
        "pause_reason",
        "reason",
        "reservation_id",
        "row",
        "since",
        "source",
        "state",
        "taken_at",
        "wrap_ups",
    )

    def __init__(self, agent: Agent, now: float) -> None:
        self.configure(agent)
        self.row: int | None = None
        """His place in the columns of the roster; None: he has none, or none any more."""
        self.is_removed = False
        """Not configured any more: he finishes what he is in and is forgotten."""
        self.live_skills: LiveSkills | None = None
        self.is_logged_in = False
        self.login_by = ""
        """Who logged him in or out."""
        self.is_reachable = False
        self.pause_reason: str | None = None
        self.pause_by = ""
        self.other_call: BusyKind | None = None
        self.is_questioned = False
        """Whether he is still in the other call has been asked and not answered."""
        self.reservation_id: ReservationId | None = None
        self.contacts: dict[ContactId, Contact] = {}
        """In his hands, those put aside too."""
        self.taken_at = 0.0
        """When he took the newest of them."""
        self.wrap_ups: dict[ContactId, WrapUp] = {}
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
        self.source = ""
        """What brought him into it, as in `events.AgentStateChanged`."""
        self.by = ""
        """Who did, where it was somebody."""
        self.idle_since: float | None = None
        self.answered = 0
        self.missed = 0

    def configure(self, agent: Agent) -> None:
        """He is configured like this from now on."""
        self.agent = agent
        self.agent_id = agent.agent_id
        self.open_channels = tuple(open_channels(agent.capacity, has_phone=has_phone) for has_phone in (False, True))
        """Without his phone, and with it, while he has nothing in hand."""

    # What he can take

    @property
    def takes_contacts(self) -> bool:
        """Whether he may be alerted at all: for what, `is_free_for` says."""
        return (
            self.reservation_id is None
            and self.is_logged_in
            and self.pause_reason is None
            and self.other_call is None
            and not self.wrap_ups
            and not (self.contacts and self.is_on_the_phone)
        )

    @property
    def is_on_the_phone(self) -> bool:
        """Whether a contact in his hands needs his phone."""
        return any(contact.channel in ON_THE_PHONE for contact in self.contacts.values())

    def is_free_for(self, channel: Channel, interrupted_by: InterruptedBy) -> bool:
        """Whether a contact of this channel may be given to him beside what he has."""
        if not self.takes_contacts or (channel in ON_THE_PHONE and not self.is_reachable):
            return False
        slot = slot_of(channel)
        taken = 0
        for contact in self.contacts.values():
            if contact.channel is channel:
                taken += 1
                if channel is Channel.CHAT and not contact.is_replied:
                    return False
            elif not contact.is_interrupted and channel not in interrupted_by.get(contact.channel, ()):
                return False
        return taken < self.agent.capacity.get(slot, 0)

    @property
    def active_contacts(self) -> int:
        """How many he works on now."""
        return sum(not contact.is_interrupted for contact in self.contacts.values())

    @property
    def skills(self) -> Skills:
        """What he is able to do now: as configured, unless a supervisor has changed that since."""
        live = self.live_skills
        return live.skills if live is not None and live.instead_of == self.agent.skills else self.agent.skills

    @property
    def doing(self) -> int:
        """What he is doing, as the number that stands for it in the roster."""
        doing = IN_CALL[self.busy_kind] if self.state is _BUSY else IN_STATE[self.state]
        if not self.is_reachable:
            doing = (NO_PHONE if self.state is _READY else doing) | UNAVAILABLE
        if self.pause_reason is not None:
            doing |= PAUSED | UNKNOWN if self.pause_reason == UNREACHABLE else PAUSED
        return doing if self.is_logged_in else doing | ABSENT

    # Facts

    def log_in(self, by: str = "") -> None:
        if not self.is_logged_in:
            self.is_logged_in = True
            self.login_by = by
            self.pause_reason = None
            self.failures = 0

    def log_out(self, by: str = "") -> None:
        """Whoever calls this ends his wrap-ups."""
        if self.is_logged_in:
            self.is_logged_in = False
            self.login_by = by
            self.pause_reason = None

    def pause(self, reason: str, by: str = "") -> None:
        if self.is_logged_in:
            self.pause_reason = reason
            self.pause_by = by

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
        self.is_questioned = False

    def end_other_call(self) -> None:
        self.other_call = None
        self.is_questioned = False

    def reserve(self, reservation_id: ReservationId) -> None:
        self.reservation_id = reservation_id

    def release(self) -> None:
        self.reservation_id = None

    def fail(self, *, is_counted: bool) -> None:
        """`is_counted`: it counts among those he did not take in a row."""
        self.reservation_id = None
        self.idle_since = None
        self.missed += 1
        self.failures += is_counted

    def connect(self, contact: Contact, now: float) -> None:
        self.reservation_id = None
        self.contacts[contact.contact_id] = contact
        self.taken_at = now
        self.failures = 0
        self.answered += 1

    def finish(self, contact_id: ContactId) -> None:
        self.contacts.pop(contact_id, None)

    # The state

    def settle(self, now: float, policy: RoutingPolicy, source: str = "", by: str = "") -> AgentStateChanged | None:
        """Derive the state from the facts; the change, if there is one. `source` and `by` say what or who caused it."""
        old, old_kind, old_reason = self.state, self.busy_kind, self.reason
        self.state, self.busy_kind = state, kind = self._derive()
        self.reason = reason = self.pause_reason or "" if state is _NOT_READY else ""
        if state is not _RESERVED:  # his idle time goes on
            self._count_idle_time(old, now, policy)
        if state is old and kind is old_kind and reason == old_reason:
            return None
        self.since = now
        self.source = source
        self.by = self._doer() if state is _NOT_READY or state is _LOGGED_OUT else by
        return AgentStateChanged(self.agent_id, old, state, reason, now, kind, source, self.by)

    def _derive(self) -> tuple[AgentState, BusyKind | None]:
        if self.reservation_id is not None:
            return _RESERVED, None
        if self.contacts and self.active_contacts:
            return _BUSY, _ACD
        if not self.is_logged_in:
            return _LOGGED_OUT, None
        if self.other_call is not None:
            return _BUSY, self.other_call
        if self.wrap_ups:
            return _WRAP_UP, None
        if self.pause_reason is not None:
            return _NOT_READY, None
        return _READY, None

    def _doer(self) -> str:
        """A break or a logout planned during a call is still the doing of whoever planned it."""
        return self.pause_by if self.state is _NOT_READY else self.login_by

    def _count_idle_time(self, old: AgentState, now: float, policy: RoutingPolicy) -> None:
        if self.state is _READY:
            if self.idle_since is None:
                self.idle_since = now
        elif self.state is _NOT_READY:
            if policy.breaks_restart_idle:
                self.idle_since = None
            elif self.idle_since is None and old in (_BUSY, _WRAP_UP):
                self.idle_since = now  # his last contact is over, though he takes a break first
        elif not self._keeps_idle_time(policy):
            self.idle_since = None

    def _keeps_idle_time(self, policy: RoutingPolicy) -> bool:
        if self.state is not _BUSY or self.busy_kind is _ACD:
            return False
        if self.busy_kind is _OUTBOUND:
            return not policy.outbound_calls_restart_idle
        return not policy.direct_calls_restart_idle
