"""Every report of a busy day, computed again from its events in the plainest way."""

from collections import Counter
from typing import Any

import pytest

from softswitch.acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRefused,
    ContactWithdrawn,
    DispositionSet,
    ReservationEnded,
    Stamped,
    WrapUpEnded,
)
from softswitch.acd.reporting.intervals import Interval, Intervals, fold_all
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.reports.tables import Report
from tests.unit.reports.busy_day import AGENTS, BEGAN, busy_day, stored_busy_day
from tests.unit.reports.centre import DAY_S, MIDNIGHT, report, rows

END = MIDNIGHT + DAY_S


def made(name: str, **changed: Any) -> Report:
    return report(stored_busy_day(), name, **changed)


def today(*kinds: type) -> list[Stamped]:
    return [
        each for each in busy_day() if MIDNIGHT <= each.at_wall < END and (not kinds or isinstance(each.event, kinds))
    ]


def whole(length_s: float | None = None) -> list[Interval]:
    return fold_all(busy_day(), Intervals(MIDNIGHT, END, length_s), END)


def test_there_is_something_to_report() -> None:
    for kind in (ContactAbandoned, ContactOverflowed, ContactRefused, ContactConnected, DispositionSet, WrapUpEnded):
        assert len(today(kind)) > 5, kind


def test_service_level_is_that_of_the_events() -> None:
    table = made("service_level").table("queues")
    for row in rows(table)[:-1]:
        mine = [each.event for each in today() if getattr(each.event, "queue_id", "") == row["queue"]]
        connected = [event for event in mine if isinstance(event, ContactConnected)]
        abandoned = [event for event in mine if isinstance(event, ContactAbandoned)]
        assert row["offered"] == sum(isinstance(event, ContactQueued) for event in mine)
        assert row["answered"] == len(connected)
        assert row["answered_within"] == sum(event.in_queue_s <= event.level_s for event in connected)
        assert row["abandoned"] == len(abandoned)
        assert row["refused"] == sum(isinstance(event, ContactRefused) for event in mine)
        waits = [event.in_queue_s for event in connected]
        assert row["average_speed_of_answer_s"] == pytest.approx(sum(waits) / len(waits))


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_intervals_are_those_of_the_acd(minutes: int) -> None:
    found = {
        (row["from"], row["queue"]): row
        for row in rows(made("service_level", interval_min=minutes).table("queue_intervals"))
    }
    expected = {
        (interval.from_wall, tally.queue_id): tally
        for interval in whole(minutes * 60.0)
        for tally in interval.queues
        if tally.offered or tally.refused or tally.ended or tally.handled or tally.wrap_up_s
    }
    assert found.keys() == expected.keys()
    for key, tally in expected.items():
        counts = [found[key][name] for name in ("offered", "answered", "abandoned", "overflowed", "refused")]
        assert counts == [tally.offered, tally.answered, tally.abandoned, tally.overflowed, tally.refused]


def test_hours_and_weekdays_add_up_to_the_day() -> None:
    offered = len(today(ContactQueued))
    found = made("by_hour")
    for name in ("hours", "weekdays"):
        assert sum(int(value or 0) for value in found.table(name).column("offered")) == offered
    assert sum(int(value or 0) for value in found.table("week").column("sunday")) == offered
    hours = Counter(f"{int(each.at_wall % DAY_S // 3600):02}:00" for each in today(ContactQueued))
    assert {row["hour"]: row["offered"] for row in rows(found.table("hours"))} == hours


def test_agents_time_is_that_of_the_acd_to_the_second() -> None:
    (interval,) = whole()
    tallies = {tally.agent_id: tally for tally in interval.agents}
    table = rows(made("agent_sessions").table("agents"))
    assert [row["agent"] for row in table] == [*sorted(tallies), "all"]
    for row in table[:-1]:
        tally = tallies[row["agent"]]  # type: ignore[index]  # a name
        for name in ("logged_in_s", "ready_s", "reserved_s", "contact_s", "wrap_up_s", "not_ready_s"):
            assert row[name] == pytest.approx(getattr(tally, name), abs=1e-6), (row["agent"], name)


def test_sessions_and_pauses_are_cut_at_the_bounds() -> None:
    found = made("agent_sessions")
    sessions = rows(found.table("sessions"))
    assert len(sessions) == 6
    lengths = 0.0
    for agent in AGENTS:
        (came,) = (each.at_wall for each in busy_day() if each.event == AgentLoggedIn(each.event.at, agent))
        (went,) = (each.at_wall for each in busy_day() if each.event == AgentLoggedOut(each.event.at, agent))
        lengths += min(went, END) - max(came, MIDNIGHT)
    assert sum(float(row["length_s"] or 0) for row in sessions) == pytest.approx(lengths)
    pauses = sum(float(value or 0) for value in found.table("pauses").column("total_s"))
    assert pauses == pytest.approx(float(rows(found.table("agents"))[-1]["not_ready_s"] or 0))


def test_agents_performance_is_that_of_the_events() -> None:
    table = rows(made("agent_performance").table("agents"))
    for row in table[:-1]:
        mine = [each.event for each in today() if getattr(each.event, "agent_id", "") == row["agent"]]
        ended = [event for event in mine if isinstance(event, ContactEnded)]
        wrapped = [event.lasted_s for event in mine if isinstance(event, WrapUpEnded)]
        missed = [event for event in mine if isinstance(event, ReservationEnded) and event.cause == "no_answer"]
        assert row["answered"] == sum(isinstance(event, ContactConnected) for event in mine)
        assert (row["handled"], row["no_answers"]) == (len(ended), len(missed))
        talked = sum(event.talk_s for event in ended)
        assert row["talk_s"] == pytest.approx(talked)
        assert row["average_handle_time_s"] == pytest.approx((talked + sum(wrapped)) / len(ended))
    assert table[-1]["handled"] == len(today(ContactEnded))


def test_agents_of_a_project_or_queue_are_told_what_they_did_for_it() -> None:
    for filters in ({"project": "acme"}, {"queue": "sales"}):
        row = rows(made("agent_performance", **filters).table("agents"))[-1]
        sales = [each for each in today(ContactEnded) if getattr(each.event, "queue_id", "") == "sales"]
        assert row["handled"] == len(sales)


def test_the_lost_are_those_of_the_events() -> None:
    found = made("abandoned")
    lost = [each.event for each in today(ContactAbandoned)]
    row = rows(found.table("queues"))[-1]
    waits = [event.in_queue_s for event in lost if isinstance(event, ContactAbandoned)]
    assert (row["queue"], row["abandoned"]) == ("all", len(lost))
    assert row["average_wait_s"] == pytest.approx(sum(waits) / len(waits))
    assert row["longest_wait_s"] == max(waits)
    assert row["abandoned_short"] == sum(wait < 5.0 for wait in waits)
    assert sum(int(value or 0) for value in found.table("intervals").column("abandoned")) == len(lost)
    assert sum(int(value or 0) for value in found.table("waits").column("lost")) == len(lost)
    assert sum(int(value or 0) for value in found.table("positions").column("abandoned")) == len(lost)
    others = today(ContactAbandoned, ContactOverflowed, ContactWithdrawn, ContactMoved, ContactRefused)
    causes = rows(found.table("causes"))
    assert sum(int(row["contacts"] or 0) for row in causes) == len(others)
    assert sum(float(row["share"] or 0) for row in causes) == pytest.approx(1.0)


def test_waits_are_those_of_the_events() -> None:
    found = made("waits")
    waits = sorted(
        each.event.in_queue_s for each in today(ContactConnected) if isinstance(each.event, ContactConnected)
    )
    distribution = rows(found.table("distribution"))
    assert sum(int(row["answered"] or 0) for row in distribution) == len(waits)
    assert distribution[0]["answered"] == sum(wait < 5.0 for wait in waits)
    assert distribution[-1]["answered_sum"] == pytest.approx(1.0)
    for row in rows(found.table("queues")):
        if row["outcome"] != "answered":
            continue
        mine = sorted(
            each.event.in_queue_s
            for each in today(ContactConnected)
            if isinstance(each.event, ContactConnected) and each.event.queue_id == row["queue"]
        )
        assert (row["contacts"], row["longest_s"]) == (len(mine), mine[-1])
        bound = row["p90_s"]
        assert isinstance(bound, int)
        below = sum(wait < bound for wait in mine)
        assert below >= 0.9 * len(mine) > sum(wait < bound - 1 for wait in mine)


def test_dispositions_are_those_of_the_events() -> None:
    given = Counter(each.event.disposition for each in today(DispositionSet) if isinstance(each.event, DispositionSet))
    found = rows(made("dispositions", queue="sales").table("queues"))
    assert {row["disposition"]: row["contacts"] for row in found if row["disposition"] in given} == given
    assert sum(int(row["contacts"] or 0) for row in found) == sum(
        getattr(each.event, "queue_id", "") == "sales" for each in today(ContactEnded)
    )


def test_queue_log_counts_the_same() -> None:
    log = QueueLog()
    lines = [line.split("|") for each in busy_day() for line in log.take(each)]
    verbs = Counter(line[4] for line in lines if MIDNIGHT <= float(line[0]) < END)
    row = rows(made("service_level").table("queues"))[-1]
    assert (verbs["ENTERQUEUE"], verbs["CONNECT"], verbs["ABANDON"]) == (
        row["offered"],
        row["answered"],
        row["abandoned"],
    )
    performance = rows(made("agent_performance").table("agents"))[-1]
    assert (verbs["COMPLETEAGENT"] + verbs["COMPLETECALLER"], verbs["RINGNOANSWER"]) == (
        performance["handled"],
        int(performance["no_answers"] or 0) + int(performance["declines"] or 0),
    )


@pytest.mark.parametrize("shift_s", [100.0, 3600.0 * 5 + 1, 3600.0 * 11.75])
def test_any_span_of_time_is_that_of_the_acd(shift_s: float) -> None:
    since, until = MIDNIGHT + shift_s, MIDNIGHT + shift_s + 4000.0
    (interval,) = fold_all(busy_day(), Intervals(since, until), until)
    row = rows(made("service_level", since=since, until=until).table("queues"))[-1]
    assert row["offered"] == sum(tally.offered for tally in interval.queues)
    there = rows(made("agent_sessions", since=since, until=until).table("agents"))[-1]
    assert there["logged_in_s"] == pytest.approx(sum(tally.logged_in_s for tally in interval.agents))


def test_the_evening_before_is_no_part_of_the_day() -> None:
    evening = made("service_level", since=BEGAN, until=MIDNIGHT).table("queues")
    both = made("service_level", since=BEGAN).table("queues")
    day = made("service_level").table("queues")
    offered = [int(table.column("offered")[-1] or 0) for table in (evening, day, both)]
    assert offered[0] + offered[1] == offered[2]
