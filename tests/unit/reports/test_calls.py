"""Reports 9 to 12: trunks, calls to the outside, the list of calls, conferences."""

from typing import Any

import msgspec
import pytest

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.reports.local_time import HOUR_S
from softswitch.reports.runtime.making import Live, make_report
from softswitch.store.conference_schema import StoredMinutes, StoredStay
from softswitch.store.schema import ActiveCall, Cdr, SipLeg, TrunkTry
from softswitch.testing.stored_day import StoredDay
from tests.unit.reports.centre import MIDNIGHT, NOON, report, rows, terms


def leg(party: str, began: float, ended: float, *, role: Any = "called", answered: float | None = None) -> SipLeg:
    return SipLeg(
        sip_call_id="x", role=role, party=party, leg_id=party, began_at=began, answered_at=answered, ended_at=ended
    )


def came_in(number: int, at: float, length_s: float, *, answered: bool = True, **more: Any) -> Cdr:
    """From the trunk "provider"."""
    answered_at = at + 1 if answered else None
    return Cdr(
        call_id=CallId(f"in{number}"),
        started_at=at,
        answered_at=answered_at,
        ended_at=at + length_s,
        calling_number="+491",
        called_number="100",
        end_reason="completed" if answered else "rejected",
        ended_by="caller",
        sip_status=200 if answered else 486,
        trunk="provider",
        sip_legs=(leg("trunk:provider", at, at + length_s, role="caller", answered=answered_at),),
        **more,
    )


def went_out(number: int, at: float, *tries: TrunkTry, talk_s: float = 0.0, flow: str = "", **more: Any) -> Cdr:
    """Of the phone "anna", whose agent is ann; rings for 10 s."""
    ended = at + 10 + talk_s
    legs = [leg("account:anna", at, ended, role="caller", answered=at + 10 if talk_s else None)]
    for each in tries:
        is_answered = each.status == 200
        legs.append(
            leg(f"trunk:{each.trunk}", at, ended if is_answered else at + 10, answered=at + 10 if is_answered else None)
        )
    return Cdr(
        call_id=CallId(f"out{number}"),
        started_at=at,
        answered_at=at + 10 if talk_s else None,
        ended_at=ended,
        calling_number="101",
        called_number="+4930",
        flow=flow,
        end_reason="completed",
        ended_by="caller",
        ring_s=10.0,
        talk_s=talk_s,
        trunks=tries,
        sip_legs=tuple(legs),
        **more,
    )


ANSWERED = TrunkTry(trunk="provider", status=200)
BUSY = TrunkTry(trunk="provider", status=486, reason="Busy Here")
FULL = TrunkTry(trunk="backup", status=503, reason="no room")


def stored(*cdrs: Cdr) -> StoredDay:
    day = StoredDay()
    day.put_cdrs(cdrs)
    return day


def test_a_trunk_with_calls_in_and_out() -> None:
    day = stored(
        came_in(1, NOON, 61),
        came_in(2, NOON + 30, 5, answered=False),
        went_out(1, NOON + 40, FULL, ANSWERED, talk_s=110),
        went_out(2, NOON + 300, BUSY),
    )
    made = report(day, "trunks")
    backup, provider, whole = rows(made.table("trunks"))
    assert (provider["calls_in"], provider["answered_in"], provider["asr_in"]) == (2, 1, 0.5)
    assert (provider["tries_out"], provider["connected_out"], provider["asr_out"]) == (2, 1, 0.5)
    assert (provider["minutes_in"], provider["minutes_out"], provider["acd_s"]) == (1.0, 110 / 60, 85.0)
    assert (provider["busy_hour"], provider["peak"]) == (NOON, 2)
    assert provider["busy_hour_erlangs"] == pytest.approx((61 + 5 + 120 + 10) / HOUR_S)
    assert (backup["tries_out"], backup["asr_out"], backup["asr_in"], backup["acd_s"]) == (1, 0.0, None, None)
    assert (whole["trunk"], whole["tries_out"], whole["peak"]) == ("all", 3, 3)
    assert rows(made.table("failures")) == [
        {"trunk": "backup", "way": "out", "status": 503, "reason": "no room", "calls": 1, "share": 1.0},
        {"trunk": "provider", "way": "in", "status": 486, "reason": "rejected", "calls": 1, "share": 1.0},
        {"trunk": "provider", "way": "out", "status": 486, "reason": "Busy Here", "calls": 1, "share": 1.0},
    ]


def test_a_caller_who_is_transferred_has_come_through_his_trunk_once() -> None:
    came = came_in(1, NOON, 60)
    went_on = came_in(2, NOON + 60, 30)
    caller = msgspec.structs.replace(went_on.sip_legs[0], came_from=came.call_id)
    made = report(stored(came, msgspec.structs.replace(went_on, sip_legs=(caller,))), "trunks")
    (row,) = rows(made.table("trunks"))
    assert (row["calls_in"], row["answered_in"], row["minutes_in"]) == (1, 1, pytest.approx(88 / 60))


def test_a_call_over_many_intervals_and_blocks_holds_its_channel_in_all_of_them() -> None:
    day = stored(came_in(1, MIDNIGHT - 1800, 10 * HOUR_S), came_in(2, MIDNIGHT + 6 * HOUR_S, 60))
    made = report(day, "trunks")
    found = rows(made.table("intervals"))
    assert [row["from"] for row in found] == [MIDNIGHT + hour * HOUR_S for hour in range(10)]
    assert [row["peak"] for row in found] == [1, 1, 1, 1, 1, 1, 2, 1, 1, 1]
    erlangs = [row["erlangs"] for row in found]
    assert erlangs == pytest.approx([1.0] * 6 + [1 + 60 / HOUR_S] + [1.0] * 2 + [0.5])
    (row,) = rows(made.table("trunks"))
    assert (row["calls_in"], row["minutes_in"]) == (1, pytest.approx(59 / 60)), "the other began before"


def test_peaks_are_those_of_a_plain_sweep() -> None:
    cdrs = [came_in(number, NOON + number * 37 % 5000, 30 + number * 91 % 700) for number in range(200)]
    made = report(stored(*cdrs), "trunks", interval_min=15)
    for row in rows(made.table("intervals")):
        began = float(row["from"] or 0)
        moments = [began, *(cdr.started_at for cdr in cdrs if began <= cdr.started_at < began + 900)]
        expected = max(sum(cdr.started_at <= at < cdr.ended_at for cdr in cdrs) for at in moments)
        held = sum(max(0.0, min(cdr.ended_at, began + 900) - max(cdr.started_at, began)) for cdr in cdrs)
        assert (row["peak"], row["erlangs"]) == (expected, pytest.approx(held / 900))


def test_records_of_old_without_times_of_legs_are_told_as_far_as_they_know() -> None:
    cdr = Cdr(
        call_id=CallId("old"),
        started_at=NOON,
        answered_at=NOON,
        ended_at=NOON + 100,
        calling_number="1",
        called_number="2",
        end_reason="completed",
        ended_by="caller",
        talk_s=60.0,
        ring_s=10.0,
        trunk="provider",
        trunks=(TrunkTry(trunk="backup", status=200),),
    )
    backup, provider, _ = rows(report(stored(cdr), "trunks").table("trunks"))
    assert (provider["minutes_in"], backup["minutes_out"]) == (100 / 60, 1.0)


def test_who_called_out_and_who_was_reached() -> None:
    day = stored(
        came_in(1, NOON, 50),
        went_out(1, NOON, ANSWERED, talk_s=100),
        went_out(2, NOON + 10, BUSY),
        went_out(3, NOON + 20, ANSWERED, talk_s=20, flow="callback", agent=AgentId("ann"), disposition="sold"),
        came_in(4, NOON + 30, 90, trunks=(ANSWERED,), flow="forward", talk_s=30.0),
    )
    made = report(day, "outbound", conversions=("sold",))
    back, flow, phone, whole = rows(made.table("origins"))
    assert (back["origin"], back["connected"], back["conversions"], back["conversion_rate"]) == ("call-back", 1, 1, 1.0)
    assert (flow["origin"], flow["talk_s"]) == ("flow", 30.0)
    assert (phone["calls"], phone["connected"], phone["connect_rate"]) == (2, 1, 0.5)
    assert (phone["talk_s"], phone["average_talk_s"], phone["average_ring_s"]) == (100.0, 100.0, 10.0)
    assert (whole["calls"], whole["connected"], whole["conversion_rate"]) == (4, 3, 1 / 3)
    assert made.table("callers").column("caller") == ["ann", "anna", "forward"]
    assert made.table("intervals").column("calls") == [4]
    assert made.table("failures").rows == [("provider", 486, "Busy Here", 1, 1.0)]
    assert report(day, "outbound").table("origins").column("conversions") == [None] * 4
    assert report(day, "outbound", agent="ann").table("failures").rows == []


def test_the_list_of_calls_is_the_newest_first_and_says_when_it_is_not_whole() -> None:
    cdrs = [
        came_in(
            number,
            NOON + number,
            50,
            recordings=(f"/r/2026/01/02/{number}.wav",),
            queue=QueueId("sales" if number % 2 else "x"),
        )
        for number in range(5)
    ]
    made = report(stored(*cdrs), "calls", limit=2)
    assert made.table("calls").column("call") == ["in4", "in3"]
    assert made.table("calls").column("files") == ["2026/01/02/4.wav", "2026/01/02/3.wav"], (
        "not where the switch keeps them"
    )
    of_a_client = report(
        stored(came_in(1, NOON, 50, project="acme", recordings=("/r/1.wav",))), "calls", project="acme"
    )
    assert of_a_client.table("calls").column("files") == ["1.wav"]
    assert made.notes[-1] == "There are more calls than the 2 newest that are listed."
    made = report(stored(*cdrs), "calls", queue="sales", since=NOON)
    assert made.table("calls").column("call") == ["in3", "in1"]
    assert made.notes == ()


def test_live_has_calls_in_progress_and_channels_held_now() -> None:
    day = stored(came_in(1, NOON, 50))
    day.store.begin_call(
        ActiveCall(call_id=CallId("now"), started_at=NOON + 60, calling_number="1", called_number="2", project="acme")
    )
    live = Live(trunks={"provider": (1, 0)})
    found = make_report(day.reader, "calls", terms(until=NOON + 90), NOON + 90, is_running=True, live=live)
    first = rows(found.table("calls"))[0]
    assert (first["call"], first["end"], first["length_s"]) == ("now", "in progress", 30.0)
    found = make_report(day.reader, "trunks", terms(until=NOON + 90), NOON + 90, is_running=True, live=live)
    assert found.table("now").rows == [("provider", 1, 0)]


def stay(seat: int, joined: float, left: float, **more: Any) -> StoredStay:
    return StoredStay(
        seat=seat,
        number=f"10{seat}",
        role="guest",
        call_id=CallId(f"c{seat}"),
        joined_at=NOON + joined,
        left_at=NOON + left if left else 0.0,
        **more,
    )


def test_conference_minutes() -> None:
    day = StoredDay()
    first = StoredMinutes(
        conference_id="k1",
        room_id="board",
        project="acme",
        started_at=NOON,
        ended_at=NOON + 600,
        stays=(stay(1, 0, 600), stay(2, 60, 120), stay(2, 120, 360)),
        end_reason="all left",
    )
    second = StoredMinutes(conference_id="k2", room_id="board", started_at=NOON + 700, stays=(stay(3, 700, 0),))
    for minutes in (first, second):
        day.store.minutes.put((minutes.started_at, minutes.conference_id), minutes)
    made = report(day, "conferences", now=NOON + 1000)
    one, two = rows(made.table("conferences"))
    assert (one["participants"], one["peak"], one["length_min"], one["participant_min"]) == (2, 2, 10.0, 15.0)
    assert (two["ended"], two["length_min"], two["participant_min"]) == (None, 5.0, 5.0)
    (room,) = rows(made.table("rooms"))
    assert (room["conferences"], room["participants"], room["average"], room["participant_min"]) == (2, 3, 1.5, 20.0)
    assert made.table("participants").column("number") == ["101", "102", "102", "103"]
    assert report(day, "conferences", now=NOON + 1000, project="acme").table("conferences").column("room") == ["board"]
