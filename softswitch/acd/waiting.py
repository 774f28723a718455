"""Contacts, the lines in which they wait, and the queues these belong to.

The order is one for the whole centre: the key `enqueued_at - boost_s`, smallest first, which changes only when a
supervisor changes the boost; equal keys go by arrival. So a boost overtakes by at most its own seconds and nobody
starves, and a line is a list that stays sorted: adding and removing cost O(log n) comparisons, and a place in it is one
binary search. A contact goes from line to line as its routing steps open, and keeps its key.
"""

from bisect import bisect_left, insort
from math import inf
from typing import TypeAlias

import msgspec

from softswitch.acd.customers import NO_CREDIT, Credit
from softswitch.acd.estimates import Forecast, WaitEstimator
from softswitch.acd.inputs import QueueClosed
from softswitch.acd.model import Channel, ContactState, Queue, Skills, StrategyName
from softswitch.acd.service_level import RescueState
from softswitch.acd.skills import Rows
from softswitch.acd.statistics import HookCounters, QueueCounters
from softswitch.acd.steps import Plan, Ranks, Wishes
from softswitch.base.ids import AgentId, ContactId, ReservationId

LineKey: TypeAlias = tuple[int, Wishes, int, int] | tuple[int, AgentId, bool]
"""What the contacts of a line have in common: the channel's row, and wishes, step and passed delays, or the one agent
they wait for and whether they were assigned to him."""


class Contact(msgspec.Struct, eq=False):
    """Somebody who waits for an agent, alerts one, or talks to one. Times are monotonic seconds.

    It is a Struct, as lines and plans are, because those are made in a fraction of the time and each call waits for it.
    """

    contact_id: ContactId
    queue: "QueueRecord"
    channel: Channel
    skills: Skills
    """Required beyond the queue's own, as is what the expression in `wishes` says."""
    wishes: Wishes
    enqueued_at: float
    entered_at: float
    """When it came into its present queue."""
    key: float
    serial: int
    customer: str = ""
    caller: str = ""
    called: str = ""
    rescue_s: float = 0.0
    """Part of its key: how much older it counts while its queue's service level is rescued."""
    is_judged: bool = True
    """It counts in the service level of its queue already, or never will."""
    credit: Credit = NO_CREDIT
    """Part of its key: how much older it counts for what its customer went through before."""
    preferred_agent_id: AgentId | None = None
    """Whom the caller knows; the strategy "last_agent_first" asks for nothing more."""
    preferred_until: float | None = None
    """Until then it is for the preferred agent alone, and the steps begin afterwards."""
    step: int = 0
    """The routing step of its queue it has come to."""
    step_since: float | None = None
    """When that step opened; None before the first one has."""
    line: "Line | None" = None
    """The line it waits in; None while it alerts or talks."""
    reservations: list[ReservationId] = []
    """Of the agents alerted for it; several with a strategy that alerts several."""
    connected_at: float | None = None
    held_since: float | None = None
    held_s: float = 0.0
    is_transferred: bool = False
    decisions_told: int = 0
    agent_id: AgentId | None = None
    """Whom it talks to, or alerts; of several the first alerted."""
    shunned_by: AgentId | None = None
    """The agent who failed it last, or whom the routing hook did not want for it; not tried again at once,"""
    retry_at: float = 0.0
    """but from then on."""
    vetoes: int = 0
    """How often the routing hook did not want an agent for it."""
    moves: int = 0
    """How often it overflowed into another queue, its own keys and supervisors left out."""
    announce_at: float | None = None
    """When it is to be told next; None = never."""
    text_at: float | None = None
    """When it is to be told the next of its queue's texts; None = never."""
    texts_told: int = 0
    is_told: bool = False
    forecast: Forecast | None = None
    """What was expected of it when it was first asked for in its present queue."""
    is_replied: bool = False
    """The agent has sent his first reply."""
    interrupted_at: float | None = None
    """When the agent put it aside for another; None: he works on it."""
    disposition: str = ""
    """What the agent says came of it; empty until he does."""
    is_questioned: bool = False
    """Whether it is still there has been asked and not answered."""
    told_wait_s: float | None = None
    """The shortest wait it was promised; never exceeded by a later promise."""

    def enter(self, queue: "QueueRecord", now: float) -> None:
        """It comes into another queue, as old as it is, and starts with that one's first step."""
        self.queue = queue
        self.entered_at = now
        self.step = 0
        self.step_since = None
        self.preferred_until = None
        self.announce_at = self.text_at = None
        self.forecast = None

    @property
    def order(self) -> tuple[float, int]:
        """Smaller is served first."""
        return self.key, self.serial

    @property
    def state(self) -> ContactState:
        if self.line is not None:
            return ContactState.WAITING
        return ContactState.ALERTING if self.reservations else ContactState.CONNECTED

    @property
    def is_interrupted(self) -> bool:
        return self.interrupted_at is not None

    @property
    def overdue_at(self) -> float | None:
        """When it has waited too long for its present queue."""
        longest = self.queue.settings.max_wait_s
        return None if longest is None or not self.channel.has_listener else self.entered_at + longest


class Line(msgspec.Struct, eq=False):
    """The waiting contacts of one queue and channel with the same wishes in the same stage, in serving order.

    `rows` are the agents who may serve it, in order of preference, with their `ranks`; if it `is_flat` nobody comes
    before anybody. A line of those who wait for one agent has no `plan`. `slot` is its place in the table of lines.
    """

    queue: "QueueRecord"
    channel: Channel
    key: LineKey
    plan: Plan | None
    step: int
    strategy: StrategyName
    """By what its agents are chosen."""
    rows: Rows
    ranks: Ranks
    is_flat: bool
    is_assigned: bool = False
    """A supervisor gave its contacts to the one agent they wait for."""
    slot: int = -1
    entries: list[tuple[float, int, Contact]] = []
    """Its contacts in serving order, each behind what that order goes by."""

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def delays_passed(self) -> int | None:
        """How many of the delays of the queue's agents its contacts have waited; None: they wait for one agent."""
        return self.key[3] if len(self.key) == 4 else None

    def add(self, contact: Contact) -> bool:
        """Returns whether it is the first."""
        insort(self.entries, (contact.key, contact.serial, contact))
        return self.entries[0][2] is contact

    def remove(self, contact: Contact) -> bool:
        """Returns whether it was the first."""
        place = 0 if self.entries[0][2] is contact else self.rank(contact)
        del self.entries[place]
        return place == 0

    def rank(self, contact: Contact) -> int:
        """How many of this line are served before the contact, which may wait in another line."""
        return bisect_left(self.entries, (contact.key, contact.serial))

    def first(self) -> Contact | None:
        return self.entries[0][2] if self.entries else None

    def first_key(self) -> float:
        """The key of the first; infinity when nobody waits."""
        return self.entries[0][0] if self.entries else inf

    def first_for(self, agent_id: AgentId) -> Contact | None:
        """The first whom this agent has not just failed."""
        return next((entry[2] for entry in self.entries if entry[2].shunned_by != agent_id), None)

    def contacts(self) -> list[Contact]:
        return [entry[2] for entry in self.entries]


class QueueRecord:
    """One queue. `plans` say who may serve its contacts, by their wishes; `lines` are where these wait."""

    __slots__ = (
        "alerting",
        "closing",
        "counters",
        "estimator",
        "hook",
        "is_open",
        "lines",
        "own_plan",
        "plans",
        "previous_agent_id",
        "relies_on",
        "rescue",
        "settings",
        "waiting",
    )

    own_plan: Plan
    """For contacts without wishes of their own. Set by `Matching`, as every queue has one while it is known."""

    def __init__(self, settings: Queue) -> None:
        self.settings = settings
        self.is_open = True
        """False once the configuration has no such queue any more: who waits is served, nobody new comes in."""
        self.closing: QueueClosed | None = None
        """Why it takes nobody at present, by the calendar or by command; None while it does."""
        self.plans: dict[Wishes, Plan] = {}
        self.lines: dict[LineKey, Line] = {}
        self.previous_agent_id: AgentId | None = None
        """Who got its last contact, for the strategy "round_robin"."""
        self.waiting = 0
        self.alerting = 0
        self.counters = QueueCounters()
        self.estimator = WaitEstimator()
        self.rescue = RescueState()
        self.relies_on: int | None = None
        """The row of an agent who is there, so that who waits may stay; None: nobody was found, or looked for."""
        self.hook = HookCounters()

    def __len__(self) -> int:
        """Contacts that wait or alert an agent."""
        return self.waiting + self.alerting

    def position(self, contact: Contact) -> int:
        """The contact's place among those who wait in this queue, from 1."""
        order = (contact.key, contact.serial)
        place = 1
        for line in self.lines.values():
            if line.entries:
                place += bisect_left(line.entries, order)
        return place

    def head(self) -> Contact | None:
        """Who of this queue is served next, if any agent can serve any of it."""
        heads = [head for line in self.lines.values() if (head := line.first()) is not None]
        return min(heads, key=lambda contact: contact.order, default=None)

    def contacts(self) -> list[Contact]:
        """Who waits, in serving order."""
        waiting = [contact for line in self.lines.values() for contact in line.contacts()]
        return sorted(waiting, key=lambda contact: contact.order)
