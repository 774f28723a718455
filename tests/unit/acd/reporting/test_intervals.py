"""The same day cut into intervals: nothing is lost at the bounds, nothing counted twice."""

from softswitch.acd.events import AgentStateChanged, Stamped, SwitchStarted
from softswitch.acd.inputs import AgentPaused
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.base.ids import AgentId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN = AgentId("ann")
WALL = 1_700_000_000.0 - 1_700_000_000.0 % 3600
"""A full hour."""


def day() -> ScriptedAcd:
    """One contact comes at 14:50, is answered at 15:10 and talks until 30:10; ann pauses from 40:10."""
    acd = ScriptedAcd(
        [Queue(queue_id=QueueId("sales"), name="Sales", wrap_up_s=60.0, max_wait_s=None)], [Agent(agent_id=ANN)]
    )
    acd.advance(14 * 60 + 50)
    acd.call("c1")
    acd.advance(20)
    acd.ready("ann")
    acd.answer("c1")
    acd.advance(900)
    acd.finish("c1")
    acd.advance(600)
    acd.tell(AgentPaused(ANN, "lunch"))
    acd.advance(1200)
    return acd


def stamped(acd: ScriptedAcd) -> list[Stamped]:
    return [Stamped(WALL + event.at, event) for event in acd.diary]


def test_contacts_count_in_the_interval_in_which_things_happened_to_them():
    acd = day()
    rows = fold_all(stamped(acd), Intervals(WALL, WALL + 3600, 900), WALL + acd.now)
    assert [(row.from_wall - WALL, row.until_wall - WALL) for row in rows] == [
        (0, 900),
        (900, 1800),
        (1800, 2700),
        (2700, 3600),
    ]
    sales = [row.queues[0] if row.queues else None for row in rows]
    assert [(tally.offered, tally.answered, tally.handled) for tally in sales if tally] == [
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]
    assert {tally.name for tally in sales if tally} == {"Sales"}


def test_what_agents_do_is_cut_at_the_bounds():
    acd = day()
    rows = fold_all(stamped(acd), Intervals(WALL, WALL + 3600, 900), WALL + acd.now)
    spans = [(mine.contact_s, mine.wrap_up_s, mine.ready_s, mine.not_ready_s) for row in rows for mine in row.agents]
    assert spans == [(890, 0, 0, 0), (10, 60, 540, 290), (0, 0, 0, 900)]
    assert [mine.reasons_s for row in rows for mine in row.agents] == [{}, {"lunch": 290}, {"lunch": 900}]


def test_one_interval_over_all_is_the_sum_of_the_parts():
    acd = day()
    (whole,) = fold_all(stamped(acd), Intervals(WALL, WALL + 3600), WALL + acd.now)
    (mine,) = whole.agents
    assert mine.logged_in_s == 3600 - 910
    assert (mine.contact_s, mine.wrap_up_s, mine.ready_s, mine.not_ready_s) == (900, 60, 540, 1190)


def test_an_interval_that_begins_in_the_middle_knows_who_was_already_there():
    acd = day()
    (half,) = fold_all(stamped(acd), Intervals(WALL + 1800, WALL + 2700), WALL + acd.now)
    (mine,) = half.agents
    assert mine.logged_in_s == 900
    assert half.queues[0].answered == 0


def test_events_that_begin_in_the_middle_still_say_how_long_the_former_state_was():
    acd = day()
    late = [each for each in stamped(acd) if each.at_wall >= WALL + 1800]
    (whole,) = fold_all(late, Intervals(WALL, WALL + 3600), WALL + acd.now)
    assert whole.agents[0].contact_s == 900


def test_what_goes_on_ends_with_a_switch_that_dies():
    """At its last word; what it did until then, and whether it was there at all, is not known."""
    events = [
        Stamped(WALL, AgentStateChanged(0, ANN, AgentState.LOGGED_OUT, AgentState.READY, 0, "agent")),
        Stamped(WALL + 60, AgentStateChanged(60, AgentId("bob"), AgentState.LOGGED_OUT, AgentState.READY, 0, "agent")),
        Stamped(WALL + 600, SwitchStarted(0)),
        Stamped(WALL + 600, AgentStateChanged(0, ANN, AgentState.LOGGED_OUT, AgentState.READY, 0, "restart")),
    ]
    (whole,) = fold_all(events, Intervals(WALL, WALL + 3600), WALL + 700)
    assert {tally.agent_id: tally.ready_s for tally in whole.agents} == {ANN: 60 + 100}
