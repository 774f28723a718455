"""The router's whole state, taken as rows and put back: what comes afterwards is the same in both.

```
  a router ── take ──► RouterSnapshot (rows that nobody changes: it may be written while the router goes on)
                            │ moved: to the clock of another boot of the machine
  a router ◄─ restore ──────┘
```

What follows from the rows is made anew: the roster and who is free (`Floor.show`), who may serve whom, the lines. A
contact returns into the very line it stood in, whatever the time is now: what has become due meanwhile is done by the
deadlines, as it would have been. `DERIVED` lists every attribute that no row has, and why it needs none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

import msgspec
from msgspec.structs import replace

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.customers import Customer, Customers
from softswitch.acd.estimates import ForecastErrors, WaitEstimator
from softswitch.acd.floor import Floor, Timer
from softswitch.acd.lines import Lines
from softswitch.acd.matching import Matching
from softswitch.acd.presence import Presence
from softswitch.acd.reload import as_they_are, furnish
from softswitch.acd.reserved import Reservation
from softswitch.acd.service_level import RescueState, ServiceLevelWindow
from softswitch.acd.skills import Roster
from softswitch.acd.snapshot_rows import (
    AgentRow,
    ContactRow,
    CountersRow,
    ErrorsRow,
    EstimatorRow,
    HookRow,
    Instant,
    QueueRow,
    ReservationRow,
    RouterSnapshot,
    SnapshotPart,
    TimerKey,
    WorkloadRow,
    WrapUpRow,
)
from softswitch.acd.statistics import HookCounters, QueueCounters
from softswitch.acd.steps import wishes_for
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.acd.workload import Workload
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.ids import ContactId, ReservationId

RowT = TypeVar("RowT", bound=msgspec.Struct)
ThingT = TypeVar("ThingT")

DERIVED: Mapping[type, Mapping[str, str]] = {
    AgentMachine: {
        **dict.fromkeys(("agent_id", "open_channels"), "made by `configure`"),
        "row": "that of the roster, which is made anew",
    },
    Contact: {
        "line": "made anew by `Matching.put_back`",
        "wishes": "its `skills`, and the `requirement` and `site` of the row",
    },
    QueueRecord: {
        "relies_on": "`relying`",
        "lines": "made anew as contacts are put back",
        "own_plan": "made anew by `Matching`",
        "plans": "made anew by `Matching`, and as contacts are put back",
        "rescue": "`rescue_since` and `judged` of the row",
    },
    Reservation: {"agent": "`agent_id` of the row", "contact": "`contact_id` of the row"},
    RescueState: {"since": "`rescue_since` of the row", "window": "`judged` of the row"},
    ServiceLevelWindow: {"_in_time": "counted again", "_judged": "`judged` of the row"},
    Customers: {"_known": "`customers`", "is_wanted": "`remembers_customers`"},
    Presence: {"_relying": "`relying`", "_roster": "made anew from the agents"},
    Floor: {
        "events": "taken already; those that were not are told by the router they happened in",
        "matching": "made anew",
        "outputs": "taken already",
        "ringing": "seen anew from the reservations",
        "sites": "those of the roster",
        "presence": "made anew, with `relying`, `unsure`, `lost` and `has_gained`",
        "tell": "made with `events`",
    },
    Matching: {
        "_asked": "found anew when it is wanted",
        "_chance": "that of the floor",
    },
    Lines: {
        "_extra_lines": "counted again as contacts are put back",
        "_led": "nobody, after each fact and timer",
        "_personal": "made anew as contacts are put back",
        "_table": "made anew as contacts are put back",
        "_unlisted": "made anew as contacts are put back",
        "roster": "made anew from the agents, who are shown in it",
    },
    Roster: {
        **dict.fromkeys(
            (
                "_delays",
                "_levels",
                "_listed",
                "_lists_all",
                "_no_level",
                "_orders",
                "_site_levels",
                "_weights",
                "agent_ids",
                "has_orders",
                "row_of",
            ),
            "read from the agents",
        ),
        "workload": "its own row",
        **dict.fromkeys(
            ("_since", "available_since", "condition", "doing", "doing_of", "free_for"), "shown by the agents"
        ),
        "sites": "made anew from policy and agents, who are shown in it",
    },
}
"""By what becomes of it, each attribute that is not a field of its row."""


class Copier(Generic[ThingT, RowT]):
    """Copies the attributes a thing and its row have in common; `own` are the fields the row has for itself, last."""

    def __init__(self, thing: type[ThingT], row: type[RowT], own: tuple[str, ...] = ()) -> None:
        self.thing, self.row, self.own = thing, row, own
        slots: Iterable[str] = vars(thing)["__slots__"]
        self.fields = row.__struct_fields__[: len(row.__struct_fields__) - len(own)]
        self.attributes = tuple(field if field in slots else f"_{field}" for field in self.fields)
        self.values: Callable[[ThingT], tuple[Any, ...]] = attrgetter(*self.attributes)

    def row_of(self, thing: ThingT, *own: Any) -> RowT:
        return self.row(*self.values(thing), *own)

    def fields_of(self, row: RowT) -> dict[str, Any]:
        """What a row holds of a thing that is a Struct: that is made with all it has at once."""
        return {field: getattr(row, field) for field in self.fields}

    def make(self, row: RowT) -> ThingT:
        """A thing like the one copied; what the row does not hold is still missing."""
        thing = self.thing.__new__(self.thing)
        for field, attribute in zip(self.fields, self.attributes, strict=True):
            setattr(thing, attribute, getattr(row, field))
        return thing


WRAP_UPS = Copier(WrapUp, WrapUpRow)
AGENTS = Copier(AgentMachine, AgentRow, ("contacts", "failed_contacts", "wrap_ups"))
CONTACTS = Copier(Contact, ContactRow, ("queue", "requirement", "reservations", "is_waiting", "delays_passed", "site"))
CONTACTS_WITH_PLACES: Callable[[Contact], tuple[Any, ...]] = attrgetter(*CONTACTS.attributes, "queue", "wishes", "line")
ERRORS = Copier(ForecastErrors, ErrorsRow)
ESTIMATORS = Copier(WaitEstimator, EstimatorRow, ("announced", "errors"))
COUNTERS = Copier(QueueCounters, CountersRow)
HOOKS = Copier(HookCounters, HookRow)
QUEUES = Copier(QueueRecord, QueueRow, ("counters", "hook", "estimator", "rescue_since", "judged"))

ROWS_PER_PART = 500
"""Made and written in some two milliseconds."""

COPIERS = (WRAP_UPS, AGENTS, CONTACTS, ERRORS, ESTIMATORS, COUNTERS, HOOKS, QUEUES)


# Taking


class FloorCopy:
    """What will be a snapshot: the many rows are still tuples, which are copied in a few milliseconds.

    `head` has everything else. `parts` makes the rows, some at a time, while the router goes on.
    """

    __slots__ = ("_agents", "_contacts", "_customers", "_deadlines", "_numbers", "head")

    def __init__(self, floor: Floor, now: float, offset_s: float, ignored: int) -> None:
        """The floor as it is; its outputs have been taken. `ignored` is `Router.ignored`."""
        queues = list(floor.queues.values())
        known = {id(queue): number for number, queue in enumerate(queues)}
        for contact in floor.contacts.values():
            if id(contact.queue) not in known:
                known[id(contact.queue)] = len(queues)
                queues.append(contact.queue)
        self._numbers = known
        self._agents = [_copied_agent(agent) for agent in floor.agents.values()]
        values = CONTACTS_WITH_PLACES
        self._contacts = [(values(contact), tuple(contact.reservations)) for contact in floor.contacts.values()]
        self._customers = floor.customers.entries()
        self._deadlines = floor.deadlines.entries()
        self.head = RouterSnapshot(
            now,
            offset_s,
            policy=floor.policy,
            ignored=ignored,
            last_reservation=floor.last_reservation,
            last_serial=floor.last_serial,
            has_lost_staff=floor.has_lost_staff,
            chance=floor.chance.state,
            relying=[(row, _numbers(relying, known)) for row, relying in floor.presence.relying()],
            unsure=_numbers(floor.presence.unsure, known),
            lost=_numbers(floor.presence.lost, known),
            has_gained=floor.presence.has_gained,
            workload=_workload_row(floor.matching.roster.workload),
            remembers_customers=floor.customers.is_wanted,
            queues=[_queue_row(queue) for queue in queues[: len(floor.queues)]],
            former_queues=[_queue_row(queue) for queue in queues[len(floor.queues) :]],
            reservations=[
                ReservationRow(
                    each.reservation_id,
                    each.agent.agent_id,
                    each.contact.contact_id,
                    each.made_at,
                    each.asked_about,
                    each.answered_at,
                )
                for each in floor.reservations.values()
            ],
        )

    def parts(self) -> Iterator[SnapshotPart]:
        """The many rows, `ROWS_PER_PART` at a time."""
        for some in _slices(self._agents):
            yield SnapshotPart(agents=[AgentRow(*values) for values in some])
        for some in _slices(self._contacts):
            yield SnapshotPart(contacts=[self._contact_row(*each) for each in some])
        for customers in _slices(self._customers):
            yield SnapshotPart(customers=customers)
        for deadlines in _slices(sorted(self._deadlines, key=itemgetter(0, 1))):
            yield SnapshotPart(deadlines=[(at, cast(TimerKey, key)) for at, _, key in deadlines])

    def _contact_row(self, values: tuple[Any, ...], reservations: tuple[ReservationId, ...]) -> ContactRow:
        queue, wishes, line = values[-3:]
        delays_passed = None if line is None else line.delays_passed
        number = self._numbers[id(queue)]
        own: tuple[Any, ...] = (number, wishes[1], reservations, line is not None, delays_passed, wishes[2])
        return ContactRow(*values[:-3], *own)


def joined(head: RouterSnapshot, parts: Iterable[SnapshotPart]) -> RouterSnapshot:
    """The whole snapshot."""
    agents, contacts, customers, deadlines = [*head.agents], [*head.contacts], [*head.customers], [*head.deadlines]
    for part in parts:
        agents += part.agents
        contacts += part.contacts
        customers += part.customers
        deadlines += part.deadlines
    return replace(head, agents=agents, contacts=contacts, customers=customers, deadlines=deadlines)


def _slices(rows: list[ThingT]) -> Iterator[list[ThingT]]:
    for begin in range(0, len(rows), ROWS_PER_PART):
        yield rows[begin : begin + ROWS_PER_PART]


def _copied_agent(agent: AgentMachine) -> tuple[Any, ...]:
    """The values of an `AgentRow`."""
    contacts, failed, wrap_ups = agent.contacts, agent.failed_contacts, agent.wrap_ups
    own = (
        tuple(contacts) if contacts else (),
        tuple(sorted(failed)) if failed else (),
        tuple([WRAP_UPS.row_of(wrap_up) for wrap_up in wrap_ups.values()]) if wrap_ups else (),
    )
    return AGENTS.values(agent) + own


def _queue_row(queue: QueueRecord) -> QueueRow:
    return QUEUES.row_of(
        queue,
        COUNTERS.row_of(queue.counters),
        HOOKS.row_of(queue.hook),
        _estimator_row(queue.estimator),
        queue.rescue.since,
        tuple(queue.rescue.window.entries()),
    )


def _numbers(queues: Iterable[QueueRecord], known: Mapping[int, int]) -> list[int]:
    """Their places among the rows. Those that nobody waits for nor talks for are gone."""
    return [known[id(queue)] for queue in queues if id(queue) in known]


def _workload_row(workload: Workload) -> WorkloadRow:
    return WorkloadRow(
        workload.contacts.tolist(), workload.busy_s.tolist(), workload.idle_s.tolist(), workload.is_newcomer.tolist()
    )


def _estimator_row(estimator: WaitEstimator) -> EstimatorRow:
    errors = {name: ERRORS.row_of(errors) for name, errors in estimator.errors.items()}
    return ESTIMATORS.row_of(estimator, ERRORS.row_of(estimator.announced), errors)


# Putting back


def restore(snapshot: RouterSnapshot) -> Floor:
    """A floor like the one that was taken. Raises KeyError, IndexError or ValueError for rows that do not fit."""
    floor = Floor()
    floor.policy = snapshot.policy
    floor.chance.state = snapshot.chance
    floor.last_reservation, floor.last_serial = snapshot.last_reservation, snapshot.last_serial
    queues = [_queue(row) for row in (*snapshot.queues, *snapshot.former_queues)]
    floor.queues = {queue.settings.queue_id: queue for queue in queues[: len(snapshot.queues)]}
    floor.contacts = {row.contact_id: _contact(row, queues[row.queue]) for row in snapshot.contacts}
    floor.agents = {row.agent.agent_id: _agent(row, floor.contacts) for row in snapshot.agents}
    for row in snapshot.reservations:
        agent, contact = floor.agents[row.agent_id], floor.contacts[row.contact_id]
        reservation = Reservation(row.reservation_id, agent, contact, row.made_at)
        reservation.asked_about = row.asked_about
        reservation.answered_at = row.answered_at
        floor.reservations[row.reservation_id] = reservation
    floor.customers.is_wanted = snapshot.remembers_customers
    floor.customers.remember(snapshot.customers)
    for at, key in snapshot.deadlines:
        floor.deadlines.set(cast(Timer, tuple(key)), at)
    _open(floor, snapshot, queues)
    return floor


def _open(floor: Floor, snapshot: RouterSnapshot, queues: list[QueueRecord]) -> None:
    """Make what follows from agents and queues, and put everybody back in his line."""
    configured = [agent.agent for agent in floor.agents.values() if not agent.is_removed]
    roster = Roster(as_they_are(floor, configured), floor.policy.sites)
    _put_workload(roster.workload, snapshot.workload)
    furnish(floor, roster)
    for row in snapshot.contacts:
        if row.is_waiting:
            floor.matching.put_back(floor.contacts[row.contact_id], row.delays_passed)
    floor.has_lost_staff = snapshot.has_lost_staff
    floor.presence.rely([(row, [queues[number] for number in numbers]) for row, numbers in snapshot.relying])
    floor.presence.unsure = [queues[number] for number in snapshot.unsure]
    floor.presence.lost = [queues[number] for number in snapshot.lost]
    floor.presence.has_gained = snapshot.has_gained


def _put_workload(workload: Workload, row: WorkloadRow) -> None:
    workload.contacts[:] = row.contacts
    workload.busy_s[:] = row.busy_s
    workload.idle_s[:] = row.idle_s
    workload.is_newcomer[:] = row.is_newcomer


def _agent(row: AgentRow, contacts: Mapping[ContactId, Contact]) -> AgentMachine:
    agent = AGENTS.make(row)
    agent.configure(row.agent)
    agent.contacts = {contact_id: contacts[contact_id] for contact_id in row.contacts}
    agent.failed_contacts = set(row.failed_contacts)
    agent.wrap_ups = {wrap_up.contact_id: WRAP_UPS.make(wrap_up) for wrap_up in row.wrap_ups}
    return agent


def _contact(row: ContactRow, queue: QueueRecord) -> Contact:
    wishes, reservations = wishes_for(row.skills, row.requirement, row.site), list(row.reservations)
    return Contact(queue=queue, wishes=wishes, reservations=reservations, **CONTACTS.fields_of(row))


def _queue(row: QueueRow) -> QueueRecord:
    queue = QUEUES.make(row)
    queue.plans, queue.lines, queue.relies_on = {}, {}, None
    queue.counters = COUNTERS.make(row.counters)
    queue.hook = HOOKS.make(row.hook)
    queue.estimator = ESTIMATORS.make(row.estimator)
    queue.estimator.announced = ERRORS.make(row.estimator.announced)
    queue.estimator.errors = {name: ERRORS.make(errors) for name, errors in row.estimator.errors.items()}
    queue.rescue = RescueState()
    queue.rescue.since = row.rescue_since
    queue.rescue.window.remember(row.judged)
    return queue


# Another clock


def moved(snapshot: RouterSnapshot, by_s: float) -> RouterSnapshot:
    """The same, told by a clock that shows `by_s` more."""
    return replace(
        _moved_row(snapshot, by_s),
        offset_s=snapshot.offset_s - by_s,
        queues=[_moved_queue(row, by_s) for row in snapshot.queues],
        former_queues=[_moved_queue(row, by_s) for row in snapshot.former_queues],
        agents=[
            _moved_row(replace(row, wrap_ups=tuple(_moved_row(each, by_s) for each in row.wrap_ups)), by_s)
            for row in snapshot.agents
        ],
        contacts=[_moved_contact(row, by_s) for row in snapshot.contacts],
        reservations=[_moved_row(row, by_s) for row in snapshot.reservations],
        customers=[(name, _moved_customer(row, by_s)) for name, row in snapshot.customers],
        deadlines=[(at + by_s, key) for at, key in snapshot.deadlines],
    )


def _moved_row(row: RowT, by_s: float) -> RowT:
    """With every field moved that is an instant."""
    changes: dict[str, float] = {}
    for field in _INSTANTS[type(row)]:
        at: float | None = getattr(row, field)
        if at is not None:
            changes[field] = at + by_s
    return replace(row, **changes)


def _moved_queue(row: QueueRow, by_s: float) -> QueueRow:
    return replace(
        _moved_row(row, by_s),
        estimator=_moved_row(row.estimator, by_s),
        judged=tuple([(at + by_s, is_in_time) for at, is_in_time in row.judged]),
    )


def _moved_contact(row: ContactRow, by_s: float) -> ContactRow:
    forecast = None if row.forecast is None else replace(row.forecast, at=row.forecast.at + by_s)
    return replace(_moved_row(row, by_s), forecast=forecast)


def _moved_customer(row: Customer, by_s: float) -> Customer:
    since = row.dropped_since
    return replace(row, ended_at=row.ended_at + by_s, dropped_since=None if since is None else since + by_s)


def _instants(row: type[msgspec.Struct]) -> tuple[str, ...]:
    hints = get_type_hints(row, include_extras=True)
    return tuple(name for name, hint in hints.items() if hint == Instant or Instant in get_args(hint))


_INSTANTS: Mapping[type[msgspec.Struct], tuple[str, ...]] = {
    row: _instants(row)
    for row in (RouterSnapshot, QueueRow, EstimatorRow, AgentRow, WrapUpRow, ContactRow, ReservationRow)
}
