"""Reports 3 and 4: agents' time, what they did and what was said of them."""

from softswitch.acd.events import AgentLoggedIn, Stamped, SwitchStarted
from softswitch.acd.inputs import AgentLoggedOut, AgentPaused, AgentResumed, ContactFinished, ContactHeld, ContactRated
from softswitch.acd.inputs import ContactResumed as Resumed
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd
from tests.unit.reports.centre import MIDNIGHT, NOON, acd, report, rows, stamped, stored

ANN = AgentId("ann")


def morning() -> ScriptedAcd:
    """Ann is ready for 60 s, at lunch for 600, talks for 100 of which 20 on hold, wraps up for 10, and goes at 900."""
    centre = acd()
    centre.ready("ann")
    centre.advance(60)
    centre.tell(AgentPaused(ANN, "lunch"))
    centre.advance(600)
    centre.tell(AgentResumed(ANN))
    centre.call("c1")
    centre.advance(5)
    centre.answer("c1")
    centre.advance(50)
    centre.tell(ContactHeld(ContactId("c1")))
    centre.advance(20)
    centre.tell(Resumed(ContactId("c1")))
    centre.advance(30)
    centre.tell(ContactFinished(ContactId("c1"), "agent"))
    centre.tell(ContactRated(ContactId("c1"), QueueId("sales"), ANN, "csat", "agent", 5))
    centre.advance(10)
    centre.advance(125)
    centre.tell(AgentLoggedOut(ANN))
    return centre


def test_time_of_an_agent() -> None:
    made = report(stored(stamped(morning().diary)), "agent_sessions")
    (row,) = rows(made.table("agents"))
    assert (row["ready_s"], row["reserved_s"], row["contact_s"], row["wrap_up_s"]) == (185.0, 5.0, 100.0, 10.0)
    assert (row["not_ready_s"], row["logged_in_s"], row["logins"]) == (600.0, 900.0, 1)
    assert row["occupancy"] == 115 / 300
    assert (row["utilisation"], row["shrinkage"]) == (115 / 900, 600 / 900)
    assert rows(made.table("pauses")) == [
        {"agent": "ann", "reason": "lunch", "pauses": 1, "total_s": 600.0, "average_s": 600.0, "longest_s": 600.0}
    ]
    assert rows(made.table("sessions")) == [{"agent": "ann", "login": NOON, "logout": NOON + 900.0, "length_s": 900.0}]
    (interval,) = rows(made.table("intervals"))
    assert (interval["from"], interval["agents"], interval["staffed"]) == (NOON, 1, 0.25)


def test_a_pause_that_goes_on_is_counted_until_now() -> None:
    centre = acd()
    centre.ready("ann")
    centre.tell(AgentPaused(ANN, "lunch"))
    day = stored(stamped(centre.diary))
    made = report(day, "agent_sessions", now=NOON + 300)
    assert made.table("pauses").column("total_s") == [300.0]
    assert made.table("sessions").column("logout") == [None]
    assert made.table("agents").column("not_ready_s") == [300.0]


def test_a_pause_over_the_bounds_of_a_report_and_of_blocks_is_cut_and_counted_once() -> None:
    centre = acd()
    centre.ready("ann")
    centre.tell(AgentPaused(ANN, "course"))
    centre.advance(20 * 3600)
    centre.tell(AgentResumed(ANN))
    day = stored(stamped(centre.diary, MIDNIGHT - 3600.0))
    made = report(day, "agent_sessions")
    assert rows(made.table("pauses"))[0] == {
        "agent": "ann",
        "reason": "course",
        "pauses": 1,
        "total_s": 19 * 3600.0,
        "average_s": 19 * 3600.0,
        "longest_s": 19 * 3600.0,
    }
    assert made.table("agents").column("not_ready_s") == [19 * 3600.0]


def test_a_switch_that_died_counts_until_its_last_event() -> None:
    centre = acd()
    centre.ready("ann")
    centre.advance(100)
    centre.ready("bob")
    again = Stamped(NOON + 5000, SwitchStarted(0.0))
    day = stored([*stamped(centre.diary), again])
    made = report(day, "agent_sessions")
    assert [row["ready_s"] for row in rows(made.table("agents"))] == [100.0, 0.0, 100.0]


def test_what_an_agent_achieved() -> None:
    made = report(stored(stamped(morning().diary)), "agent_performance")
    (row,) = rows(made.table("agents"))
    assert (row["reservations"], row["answered"], row["handled"]) == (1, 1, 1)
    assert (row["talk_s"], row["hold_s"], row["holds"], row["wrap_up_s"]) == (80.0, 20.0, 1, 10.0)
    assert (row["average_handle_time_s"], row["hung_up_rate"]) == (110.0, 1.0)
    assert (row["answers"], row["average"]) == (1, 5.0)
    assert rows(made.table("scores")) == [
        {"agent": "ann", "survey": "csat", "question": "agent", "answers": 1, "average": 5.0}
    ]


def test_contacts_missed_and_declined() -> None:
    centre = acd(no_answer_limit=9)
    centre.ready("ann")
    centre.call("c1")
    centre.fail("c1", "no_answer")
    centre.advance(30)
    centre.fail("c1", "declined")
    made = report(stored(stamped(centre.diary)), "agent_performance")
    (row,) = rows(made.table("agents"))
    assert (row["reservations"], row["no_answers"], row["declines"], row["no_answer_rate"]) == (2, 1, 1, 0.5)
    assert (row["handled"], row["average_handle_time_s"], row["average"]) == (0, None, None)


def test_a_shift_goes_on_over_a_restart() -> None:
    centre = acd()
    centre.ready("ann")
    centre.advance(100)
    again = [SwitchStarted(centre.now, goes_on=True), AgentLoggedIn(centre.now, AgentId("ann"), "restart")]
    centre.diary += again
    centre.advance(100)
    centre.tell(AgentLoggedOut(AgentId("ann")))
    made = report(stored(stamped(centre.diary)), "agent_sessions")
    assert [(row["login"], row["logout"]) for row in rows(made.table("sessions"))] == [(NOON, NOON + 200.0)]
