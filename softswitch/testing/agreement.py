"""What must be true of the reports of any day: they say what its events, its call records, its queue_log, its bills and
its metrics say.

Everything is counted again here in the plainest way, with none of the reports' own code.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from softswitch.acd.events import (
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactRefused,
    ContactWithdrawn,
    Stamped,
    WrapUpEnded,
)
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.billing.usage import BilledCall, usages
from softswitch.reports.runtime.making import make_report
from softswitch.reports.tables import Table, Value
from softswitch.reports.terms import Terms
from softswitch.sip.trunks.numbers import Habits
from softswitch.store import StoreReader
from softswitch.store.schema import Cdr

CLOSE_S = 0.01
"""The router and the calls each look at the clock, a moment apart."""
_decode = msgspec.msgpack.Decoder(list[Stamped]).decode


def check_agreement(store: StoreReader, since: float, until: float) -> None:
    """All calls of the span are over, and nothing was before it. Raises `AssertionError`."""
    events = [each for stored in store.events.ascending() for each in _decode(stored.stamped)]
    cdrs = list(store.cdrs.ascending())
    terms = Terms(since=since, until=until, interval_min=15, limit=100_000)

    def table(report: str, name: str) -> Table:
        return make_report(store, report, terms, until, is_running=False).table(name)

    queues = total(table("service_level", "queues"))
    _check_events(events, queues)
    _check_intervals(table("service_level", "intervals"), queues)
    _check_queue_log(events, queues)
    agents = total(table("agent_performance", "agents"))
    _check_agents(events, agents)
    _check_records(cdrs, queues, agents, events)
    answers = sum(int(value or 0) for value in table("surveys", "questions").column("answers"))
    assert answers == sum(isinstance(each.event, ContactRated) for each in events)
    assert answers == sum(len(cdr.scores) for cdr in cdrs if cdr.queue)
    calls = table("calls", "calls")
    assert sorted(str(call) for call in calls.column("call")) == sorted(cdr.call_id for cdr in cdrs)
    assert sum(int(value or 0) for value in calls.column("recordings")) == sum(len(cdr.recordings) for cdr in cdrs)
    trunks = total(table("trunks", "trunks"))
    assert trunks.get("calls_in", 0) == sum(bool(cdr.trunk) for cdr in cdrs)
    assert trunks.get("tries_out", 0) == sum(len(cdr.trunks) for cdr in cdrs)
    _check_bills(store, cdrs, trunks, agents)
    _check_metrics(events, queues, agents)


def total(table: Table) -> dict[str, Value]:
    """Its row of sums, or its only row; nothing of an empty one."""
    names = [column.name for column in table.columns]
    assert len(table.rows) <= 1 or table.sums == 1, table.name
    return dict(zip(names, table.rows[-1], strict=True)) if table.rows else {}


def _check_events(events: Sequence[Stamped], queues: dict[str, Value]) -> None:
    kinds = Counter(type(each.event) for each in events)
    assert queues.get("offered", 0) == kinds[ContactQueued] + kinds[ContactMoved]
    assert queues.get("answered", 0) == kinds[ContactConnected]
    assert queues.get("abandoned", 0) == kinds[ContactAbandoned]
    assert queues.get("overflowed", 0) == kinds[ContactOverflowed] + kinds[ContactMoved]
    assert queues.get("withdrawn", 0) == kinds[ContactWithdrawn]
    assert queues.get("refused", 0) == kinds[ContactRefused]
    connected = [each.event for each in events if isinstance(each.event, ContactConnected)]
    assert queues.get("answered_within", 0) == sum(event.in_queue_s <= event.level_s for event in connected)
    if connected:
        speed_s = sum(event.in_queue_s for event in connected) / len(connected)
        _close(queues["average_speed_of_answer_s"], speed_s)


def _check_intervals(intervals: Table, queues: dict[str, Value]) -> None:
    for name in ("offered", "answered", "answered_within", "abandoned", "overflowed", "refused"):
        assert sum(int(value or 0) for value in intervals.column(name)) == queues.get(name, 0), name


def _check_queue_log(events: Sequence[Stamped], queues: dict[str, Value]) -> None:
    log = QueueLog()
    verbs = Counter(line.split("|")[4] for each in events for line in log.take(each))
    assert verbs["ENTERQUEUE"] == queues.get("offered", 0)
    assert verbs["CONNECT"] == queues.get("answered", 0)
    assert verbs["ABANDON"] == queues.get("abandoned", 0)


def _check_agents(events: Sequence[Stamped], agents: dict[str, Value]) -> None:
    ended = [each.event for each in events if isinstance(each.event, ContactEnded)]
    assert agents.get("handled", 0) == len(ended)
    _close(agents.get("talk_s", 0.0), sum(event.talk_s for event in ended))
    _close(agents.get("hold_s", 0.0), sum(event.hold_s for event in ended))
    wrapped = sum(each.event.lasted_s for each in events if isinstance(each.event, WrapUpEnded))
    _close(agents.get("wrap_up_s", 0.0), wrapped)


def _check_records(
    cdrs: Sequence[Cdr], queues: dict[str, Value], agents: dict[str, Value], events: Sequence[Stamped]
) -> None:
    stays = [stay for cdr in cdrs for stay in cdr.stays]
    outcomes = Counter(stay.outcome for stay in stays)
    assert outcomes["answered"] == queues.get("answered", 0)
    assert outcomes["abandoned"] == queues.get("abandoned", 0)
    assert outcomes["refused"] == queues.get("refused", 0)
    assert sum(outcomes.values()) - outcomes["refused"] == queues.get("offered", 0)
    waited = {stay.outcome: 0.0 for stay in stays}
    for stay in stays:
        waited[stay.outcome] += stay.wait_s
    answered = [each.event.in_queue_s for each in events if isinstance(each.event, ContactConnected)]
    _close(waited.get("answered", 0.0), sum(answered), within_s=CLOSE_S * max(1, len(stays)))
    wrapped_s = sum(cdr.wrap_up_s for cdr in cdrs)
    _close(agents.get("wrap_up_s", 0.0), wrapped_s, within_s=CLOSE_S * max(1, len(stays)))


def _check_bills(store: StoreReader, cdrs: Sequence[Cdr], trunks: dict[str, Value], agents: dict[str, Value]) -> None:
    """What calls have used, as a bill counts it, to the rounding of each part to milliseconds."""
    used: Counter[str] = Counter()
    for call in store.cdrs.narrow(BilledCall).ascending():
        for usage in usages(call, Habits()):
            used[usage.item] += usage.used_ms
    within_s = CLOSE_S * max(1, sum(len(cdr.sip_legs) + len(cdr.stays) for cdr in cdrs))
    _close(used["inbound"] / 1000, 60 * float(trunks.get("minutes_in") or 0.0), within_s=within_s)
    _close(used["outbound"] / 1000, 60 * float(trunks.get("minutes_out") or 0.0), within_s=within_s)
    _close(used["wrap_up"] / 1000, float(agents.get("wrap_up_s") or 0.0), within_s=within_s)
    talked_s = float(agents.get("talk_s") or 0.0) + float(agents.get("hold_s") or 0.0)
    _close(sum(stay.talk_s for cdr in cdrs for stay in cdr.stays), talked_s, within_s=within_s)
    _close(used["queue"] / 1000, sum(cdr.queue_wait_s for cdr in cdrs), within_s=within_s)


def _check_metrics(events: Sequence[Stamped], queues: dict[str, Value], agents: dict[str, Value]) -> None:
    """/metrics has the tallies since the switch started."""
    live = LiveFigures(0.0)
    for each in events:
        live.take(each)
    for name in ("offered", "answered", "answered_within", "abandoned", "abandoned_short", "overflowed", "refused"):
        assert queues.get(name, 0) == sum(getattr(tally, name) for tally in live.queues()), name
    for name in ("talk_s", "hold_s", "wrap_up_s"):
        _close(agents.get(name, 0.0), sum(getattr(tally, name) for tally in live.queues()))


def _close(told: Value, counted: float, *, within_s: float = CLOSE_S) -> None:
    assert isinstance(told, int | float)
    assert abs(told - counted) <= within_s, (told, counted)
