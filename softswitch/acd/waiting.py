"""Contacts, the lines in which they wait, and the queues these belong to.

The order is one for the whole centre: the key `enqueued_at - boost_s`, smallest first, which never changes while a
contact waits; equal keys go by arrival. So a boost overtakes by at most its own seconds and nobody starves, and a line
is a list that stays sorted: adding and removing cost O(log n) comparisons, and a place in it is one binary search.
"""

from bisect import bisect_left, insort
from math import inf
from typing import TypeAlias

from softswitch.acd.estimates import Forecast, WaitEstimator
from softswitch.acd.inputs import QueueClosed
from softswitch.acd.model import Channel, ContactState, Queue, Skills
from softswitch.acd.skills import Rows
from softswitch.acd.statistics import QueueCounters
from softswitch.base.ids import AgentId, ContactId, ReservationId

LineKey: TypeAlias = tuple[Channel, frozenset[tuple[str, int]]]
"""What the contacts of one line have in common, apart from the queue."""


class Contact:
    """Somebody who waits for an agent, alerts one, or talks to one. Times are monotonic seconds."""

    __slots__ = (
        "agent_id",
        "announce_at",
        "channel",
        "connected_at",
        "contact_id",
        "decisions_told",
        "enqueued_at",
        "entered_at",
        "forecast",
        "held_s",
        "held_since",
        "is_told",
        "is_transferred",
        "key",
        "line",
        "moves",
        "queue",
        "reservations",
        "serial",
        "shunned_by",
        "skills",
        "text_at",
        "texts_told",
        "told_wait_s",
    )

    def __init__(
        self,
        contact_id: ContactId,
        queue: "QueueRecord",
        *,
        channel: Channel,
        skills: Skills,
        enqueued_at: float,
        boost_s: float,
        serial: int,
    ) -> None:
        self.contact_id = contact_id
        self.queue = queue
        self.channel = channel
        self.skills = skills
        """Required beyond the queue's own."""
        self.enqueued_at = enqueued_at
        self.entered_at = enqueued_at
        """When it came into its present queue."""
        self.key = enqueued_at - boost_s
        self.serial = serial
        self.line: Line | None = None
        """The line it waits in; None while it alerts or talks."""
        self.reservations: list[ReservationId] = []
        """Of the agents alerted for it; several with a strategy that alerts several."""
        self.connected_at: float | None = None
        self.held_since: float | None = None
        self.held_s = 0.0
        self.is_transferred = False
        self.decisions_told = 0
        self.agent_id: AgentId | None = None
        """Whom it talks to, or alerts; of several the first alerted."""
        self.shunned_by: AgentId | None = None
        """The agent who failed it last; not tried again at once."""
        self.moves = 0
        """How often it overflowed into another queue."""
        self.announce_at: float | None = None
        """When it is to be told next; None = never."""
        self.text_at: float | None = None
        """When it is to be told the next of its queue's texts; None = never."""
        self.texts_told = 0
        self.is_told = False
        self.forecast: Forecast | None = None
        """What was expected of it when it was first asked for in its present queue."""
        self.told_wait_s: float | None = None
        """The shortest wait it was promised; never exceeded by a later promise."""

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
    def overdue_at(self) -> float | None:
        """When it has waited too long for its present queue."""
        longest = self.queue.settings.max_wait_s
        return None if longest is None else self.entered_at + longest


class Line:
    """The waiting contacts of one queue and channel with the same requirements, in serving order.

    `skills` are required beyond those of the queue. `slot` is the line's place in the matching tables, `rows` are the
    agents who may serve it.
    """

    __slots__ = ("_order", "channel", "queue", "rows", "skills", "slot")

    def __init__(self, queue: "QueueRecord", skills: Skills, channel: Channel, *, slot: int, rows: Rows) -> None:
        self.queue = queue
        self.skills = skills
        self.channel = channel
        self.slot = slot
        self.rows = rows
        self._order: list[tuple[float, int, Contact]] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, contact: Contact) -> None:
        insort(self._order, (contact.key, contact.serial, contact))

    def remove(self, contact: Contact) -> None:
        del self._order[self.rank(contact)]

    def rank(self, contact: Contact) -> int:
        """How many of this line are served before the contact, which may wait in another line."""
        return bisect_left(self._order, contact.order)

    def first(self) -> Contact | None:
        return self._order[0][2] if self._order else None

    def first_key(self) -> float:
        """The key of the first; infinity when nobody waits."""
        return self._order[0][0] if self._order else inf

    def first_for(self, agent_id: AgentId) -> Contact | None:
        """The first whom this agent has not just failed."""
        return next((entry[2] for entry in self._order if entry[2].shunned_by != agent_id), None)

    def contacts(self) -> list[Contact]:
        return [entry[2] for entry in self._order]


class QueueRecord:
    """One queue. `own_line` takes the calls without requirements of their own; `lines` are all, that one too."""

    __slots__ = ("alerting", "closing", "counters", "estimator", "is_open", "lines", "own_line", "settings", "waiting")

    own_line: Line
    """Set by `Matching`, as every queue has one while it is known."""

    def __init__(self, settings: Queue) -> None:
        self.settings = settings
        self.is_open = True
        """False once the configuration has no such queue any more: who waits is served, nobody new comes in."""
        self.closing: QueueClosed | None = None
        """Why it takes nobody at present, by the calendar or by command; None while it does."""
        self.lines: dict[LineKey, Line] = {}
        self.waiting = 0
        self.alerting = 0
        self.counters = QueueCounters()
        self.estimator = WaitEstimator()

    def __len__(self) -> int:
        """Contacts that wait or alert an agent."""
        return self.waiting + self.alerting

    def position(self, contact: Contact) -> int:
        """The contact's place among those who wait in this queue, from 1."""
        return 1 + sum(line.rank(contact) for line in self.lines.values())

    def head(self) -> Contact | None:
        """Who of this queue is served next, if any agent can serve any of it."""
        heads = [head for line in self.lines.values() if (head := line.first()) is not None]
        return min(heads, key=lambda contact: contact.order, default=None)

    def contacts(self) -> list[Contact]:
        """Who waits, in serving order."""
        waiting = [contact for line in self.lines.values() for contact in line.contacts()]
        return sorted(waiting, key=lambda contact: contact.order)
