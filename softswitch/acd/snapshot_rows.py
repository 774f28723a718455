"""The router's whole state as plain rows, a Struct for each kind of thing; `router_snapshot` takes and restores them.

A row has the fields of its thing, without the underscore; what follows from other rows or from the configuration is
left out, and a test holds the two together. Whatever is added needs a default: a newer switch fills in what is missing
in an older snapshot, and what it does not know any more it skips. Times are monotonic seconds of the clock that
`RouterSnapshot.offset_s` leads to the time of day.
"""

from typing import Annotated, TypeAlias

import msgspec

from softswitch.acd.customers import NO_CREDIT, Credit, Customer
from softswitch.acd.decisions import Decision
from softswitch.acd.estimates import EstimatorName, Forecast
from softswitch.acd.inputs import QueueClosed
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, LiveSkills, Queue, RoutingPolicy, Skills
from softswitch.base.ids import AgentId, ContactId, ReservationId

VERSION = 1
"""Of what a newer field with a default cannot express; a snapshot of another version is not used."""

Instant = Annotated[float, msgspec.Meta(description="monotonic seconds")]


class WrapUpRow(msgspec.Struct, frozen=True, gc=False):
    """A `WrapUp`."""

    contact_id: ContactId
    queue: Queue
    disposition: str
    from_at: Instant
    latest: Instant
    until: Instant


class AgentRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An `AgentMachine`."""

    agent: Agent
    answered: int = 0
    busy_kind: BusyKind | None = None
    by: str = ""
    failures: int = 0
    idle_since: Instant | None = None
    is_logged_in: bool = False
    is_questioned: bool = False
    is_reachable: bool = False
    is_removed: bool = False
    live_skills: LiveSkills | None = None
    login_by: str = ""
    missed: int = 0
    other_call: BusyKind | None = None
    pause_by: str = ""
    pause_reason: str | None = None
    reason: str = ""
    reservation_id: ReservationId | None = None
    since: Instant = 0.0
    source: str = ""
    state: AgentState = AgentState.LOGGED_OUT
    taken_at: Instant = 0.0
    contacts: tuple[ContactId, ...] = ()
    failed_contacts: tuple[ContactId, ...] = ()
    wrap_ups: tuple[WrapUpRow, ...] = ()


class ContactRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A `Contact`."""

    contact_id: ContactId
    channel: Channel
    enqueued_at: Instant
    entered_at: Instant
    key: Instant
    serial: int
    agent_id: AgentId | None = None
    announce_at: Instant | None = None
    called: str = ""
    caller: str = ""
    connected_at: Instant | None = None
    credit: Credit = NO_CREDIT
    customer: str = ""
    decisions_told: int = 0
    disposition: str = ""
    forecast: Forecast | None = None
    held_s: float = 0.0
    held_since: Instant | None = None
    interrupted_at: Instant | None = None
    is_judged: bool = True
    is_questioned: bool = False
    is_replied: bool = False
    is_told: bool = False
    is_transferred: bool = False
    moves: int = 0
    preferred_agent_id: AgentId | None = None
    preferred_until: Instant | None = None
    rescue_s: float = 0.0
    retry_at: Instant = 0.0
    shunned_by: AgentId | None = None
    skills: Skills = {}
    step: int = 0
    step_since: Instant | None = None
    text_at: Instant | None = None
    texts_told: int = 0
    told_wait_s: float | None = None
    vetoes: int = 0
    queue: int = 0
    """Its place among the rows of queues, and beyond them of former queues."""
    requirement: str = ""
    """What it wishes beyond `skills`."""
    reservations: tuple[ReservationId, ...] = ()
    is_waiting: bool = False
    """It stands in a line."""
    delays_passed: int | None = None
    """Of that line; None: the line of the agent it is kept for."""
    site: str = ""
    """Whose agents it prefers."""


class ErrorsRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`ForecastErrors`."""

    count: int = 0
    absolute_s: float = 0.0
    signed_s: float = 0.0
    recent_s: float = 0.0


class EstimatorRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A `WaitEstimator`."""

    interval_s: float = 0.0
    intervals: int = 0
    answered_share: float = 1.0
    last_wait_s: float | None = None
    since: Instant | None = None
    announced: ErrorsRow = ErrorsRow()
    errors: dict[EstimatorName, ErrorsRow] = {}


class CountersRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`QueueCounters`."""

    offered: int = 0
    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    abandoned_within: int = 0
    overflowed: int = 0
    withdrawn: int = 0
    refused: int = 0
    failed_reservations: int = 0
    wait_s_sum: float = 0.0


class HookRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`HookCounters`."""

    accepted: int = 0
    chosen: int = 0
    vetoed: int = 0
    impossible: int = 0
    late: int = 0
    failed: int = 0
    skipped: int = 0
    took_s_sum: float = 0.0
    longest_s: float = 0.0


class WorkloadRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`Workload`: its columns, over the agents who are configured."""

    contacts: list[float] = []
    busy_s: list[float] = []
    idle_s: list[float] = []
    is_newcomer: list[bool] = []


class QueueRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A `QueueRecord`."""

    settings: Queue
    is_open: bool = True
    closing: QueueClosed | None = None
    waiting: int = 0
    alerting: int = 0
    previous_agent_id: AgentId | None = None
    counters: CountersRow = CountersRow()
    hook: HookRow = HookRow()
    estimator: EstimatorRow = EstimatorRow()
    rescue_since: Instant | None = None
    judged: tuple[tuple[Instant, bool], ...] = ()
    """Of its rescue: when somebody was judged, and whether he was answered in time."""


class ReservationRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A `Reservation`."""

    reservation_id: ReservationId
    agent_id: AgentId
    contact_id: ContactId
    made_at: Instant
    asked_about: Decision | None = None
    answered_at: Instant | None = None


TimerKey: TypeAlias = tuple[str | int, ...]
"""A `Timer`."""

DeadlineRow: TypeAlias = tuple[Instant, TimerKey]
"""When, and what then."""


class SnapshotPart(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Some of the many rows of a snapshot, to follow those that went before."""

    agents: list[AgentRow] = []
    contacts: list[ContactRow] = []
    customers: list[tuple[str, Customer]] = []
    deadlines: list[DeadlineRow] = []
    next_entry: int = 0
    """Of the snapshot it belongs to, as in its head."""


class RouterSnapshot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A router. `offset_s` is what is to be added to its times for seconds since the epoch."""

    at: Instant
    offset_s: float = 0.0
    version: int = VERSION
    policy: RoutingPolicy = RoutingPolicy()
    ignored: int = 0
    last_reservation: int = 0
    last_serial: int = 0
    has_lost_staff: bool = False
    chance: int = 1
    """Of `Chance`."""
    relying: list[tuple[int, list[int]]] = []
    """Of `Presence`: queues, by their places among the rows, that rely on the agent of a row of the roster."""
    unsure: list[int] = []
    """Queues that rely on nobody any more."""
    lost: list[int] = []
    """And those that have nobody, and keep who waits for a little while."""
    has_gained: bool = False
    workload: WorkloadRow = WorkloadRow()
    remembers_customers: bool = False
    """Of `Customers`."""
    queues: list[QueueRow] = []
    former_queues: list[QueueRow] = []
    """Not configured any more, and left by all who waited; who still talks belongs to them."""
    agents: list[AgentRow] = []
    """These, and what follows, may come in parts (`SnapshotPart`)."""
    contacts: list[ContactRow] = []
    reservations: list[ReservationRow] = []
    customers: list[tuple[str, Customer]] = []
    """The one whose contact ended first comes first."""
    deadlines: list[DeadlineRow] = []
    """The earliest first, of one instant that which was set first."""
