"""After a contact: how long, and what came of it."""

import pytest

from softswitch.acd.inputs import (
    AgentLoggedOut,
    AgentPaused,
    ConfigurationSet,
    DispositionSet,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import DispositionNoted, WrapUpOver
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN = AgentId("ann")
C1 = ContactId("c1")
SALES = QueueId("sales")


def queue(
    wrap_up_s: float = 10.0, wrap_up_max_s: float = 60.0, *, dispositions: tuple[str, ...] = (), required: bool = False
) -> Queue:
    return Queue(
        queue_id=SALES,
        wrap_up_s=wrap_up_s,
        wrap_up_max_s=wrap_up_max_s,
        dispositions=dispositions,
        is_disposition_required=required,
    )


def after_a_call(settings: Queue) -> ScriptedAcd:
    """Ann has talked for 5 seconds, until 5.0."""
    acd = ScriptedAcd([settings], [Agent(agent_id=ANN)])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.advance(5.0)
    acd.finish("c1")
    return acd


def over(acd: ScriptedAcd) -> list[tuple[float, WrapUpOver]]:
    return [(at, output) for at, output in acd.transcript if isinstance(output, WrapUpOver)]


def only(acd: ScriptedAcd) -> WrapUpOver:
    records = over(acd)
    assert len(records) == 1
    return records[0][1]


def test_it_is_over_when_its_time_is() -> None:
    acd = after_a_call(queue())
    acd.advance(9.9)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(0.1)
    assert acd.state("ann") is AgentState.READY
    assert only(acd) == WrapUpOver(C1, ANN, SALES, 10.0, "", False, "time")
    assert acd.agent("ann").source == "timer"


def test_without_wrap_up_time_there_is_none() -> None:
    acd = after_a_call(queue(wrap_up_s=0.0))
    assert acd.state("ann") is AgentState.READY
    assert over(acd) == []


def test_the_agent_may_be_done_earlier() -> None:
    acd = after_a_call(queue())
    acd.advance(3.0)
    acd.tell(WrapUpEnded(ANN, by="ann"))
    assert only(acd).duration_s == 3.0
    assert only(acd).cause == "ended"
    assert (acd.state("ann"), acd.agent("ann").by) == (AgentState.READY, "ann")
    assert acd.advance(20.0) == []


def test_it_can_be_extended_but_not_for_ever() -> None:
    acd = after_a_call(queue(wrap_up_max_s=60.0))
    acd.tell(WrapUpExtended(ANN, 20.0))
    acd.advance(29.9)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.tell(WrapUpExtended(ANN, 1e9))
    assert acd.agent("ann").wrap_ups[0].left_s == pytest.approx(30.1)
    acd.advance(30.2)
    assert only(acd).duration_s == pytest.approx(60.0)


def test_with_a_negative_number_it_is_shortened() -> None:
    acd = after_a_call(queue())
    acd.tell(WrapUpExtended(ANN, -4.0))
    acd.advance(6.0)
    assert only(acd).duration_s == 6.0


@pytest.mark.parametrize("by_s", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(by_s: float) -> None:
    acd = after_a_call(queue())
    with pytest.raises(LocalError, match="finite"):
        acd.tell(WrapUpExtended(ANN, by_s))
    assert acd.state("ann") is AgentState.WRAP_UP


def test_no_queue_keeps_its_agents_longer_than_the_limit() -> None:
    made = WrapUp(C1, queue(wrap_up_s=10 * WRAP_UP_S_MAX, wrap_up_max_s=1e9), "", 100.0)
    assert (made.until, made.latest) == (100.0 + WRAP_UP_S_MAX, 100.0 + WRAP_UP_S_MAX)


def test_a_logout_ends_it() -> None:
    acd = after_a_call(queue())
    acd.advance(2.0)
    acd.tell(AgentLoggedOut(ANN, by="eve"))
    assert (only(acd).cause, only(acd).duration_s) == ("logged_out", 2.0)
    assert acd.router.next_timeout() is None


def test_a_configuration_without_the_agent_ends_it() -> None:
    acd = after_a_call(queue())
    acd.tell(ConfigurationSet([queue()], []))
    assert only(acd).cause == "logged_out"
    assert acd.router.agent_summaries(acd.now) == []


def test_one_who_logged_out_during_the_call_has_none() -> None:
    acd = ScriptedAcd([queue()], [Agent(agent_id=ANN)])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentLoggedOut(ANN))
    acd.finish("c1")
    assert acd.state("ann") is AgentState.LOGGED_OUT
    assert over(acd) == []


# Dispositions

ASKED = queue(dispositions=("sold", "lost"))
REQUIRED = queue(dispositions=("sold", "lost"), required=True)


def test_a_disposition_is_noted_and_is_in_the_record_of_the_wrap_up() -> None:
    acd = after_a_call(ASKED)
    acd.advance(1.0)
    assert acd.tell(DispositionSet(ANN, "sold", by="ann")) == [DispositionNoted(C1, ANN, SALES, "sold", "ann")]
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.tell(DispositionSet(ANN, "lost", C1))
    acd.advance(9.0)
    assert only(acd) == WrapUpOver(C1, ANN, SALES, 10.0, "lost", False, "time")


def test_it_can_be_given_during_the_call() -> None:
    acd = ScriptedAcd([REQUIRED], [Agent(agent_id=ANN)])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(DispositionSet(ANN, "sold"))
    acd.finish("c1")
    acd.advance(10.0)
    assert (only(acd).disposition, only(acd).cause) == ("sold", "time")


def test_an_optional_one_keeps_nobody() -> None:
    acd = after_a_call(ASKED)
    acd.advance(10.0)
    assert only(acd) == WrapUpOver(C1, ANN, SALES, 10.0, "", False, "time")


def test_a_required_one_keeps_him_until_he_gives_it() -> None:
    acd = after_a_call(REQUIRED)
    acd.advance(35.0)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.tell(DispositionSet(ANN, "sold"))
    assert acd.state("ann") is AgentState.READY
    assert only(acd) == WrapUpOver(C1, ANN, SALES, 35.0, "sold", False, "disposed")


def test_given_within_the_time_he_still_has_the_rest_of_it() -> None:
    acd = after_a_call(REQUIRED)
    acd.tell(DispositionSet(ANN, "sold"))
    acd.advance(9.9)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(0.1)
    assert only(acd).cause == "time"


def test_a_required_one_keeps_him_until_the_maximum_and_the_record_says_that_none_was_given() -> None:
    acd = after_a_call(REQUIRED)
    acd.advance(59.9)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(0.1)
    assert acd.state("ann") is AgentState.READY
    assert only(acd).is_disposition_missing
    assert only(acd).cause == "maximum"


def test_a_required_one_makes_a_wrap_up_where_there_is_no_time_for_one() -> None:
    acd = after_a_call(queue(wrap_up_s=0.0, dispositions=("sold",), required=True))
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(2.0)
    acd.tell(DispositionSet(ANN, "sold"))
    assert (only(acd).cause, only(acd).duration_s) == ("disposed", 2.0)


def test_he_is_not_done_while_a_required_one_is_missing() -> None:
    acd = after_a_call(REQUIRED)
    with pytest.raises(LocalError, match=r"c1.*sold, lost"):
        acd.tell(WrapUpEnded(ANN))
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.tell(DispositionSet(ANN, "lost"), WrapUpEnded(ANN))
    assert acd.state("ann") is AgentState.READY


def test_a_code_the_queue_does_not_have_is_refused_with_those_it_has() -> None:
    acd = after_a_call(ASKED)
    with pytest.raises(LocalError, match=r'"maybe".*sales.*sold, lost'):
        acd.tell(DispositionSet(ANN, "maybe"))
    with pytest.raises(LocalError, match="has no dispositions"):
        after_a_call(queue()).tell(DispositionSet(ANN, "sold"))


def test_a_disposition_for_nothing_is_refused() -> None:
    acd = after_a_call(ASKED)
    with pytest.raises(LocalError, match=r"ann has c1, not c7"):
        acd.tell(DispositionSet(ANN, "sold", ContactId("c7")))
    acd.advance(10.0)
    with pytest.raises(LocalError, match="in no contact"):
        acd.tell(DispositionSet(ANN, "sold"))


def test_a_pause_during_wrap_up_begins_after_it() -> None:
    acd = after_a_call(queue())
    acd.tell(AgentPaused(ANN, "lunch", by="ann"))
    assert acd.agent("ann").planned_reason == "lunch"
    acd.advance(10.0)
    assert (acd.state("ann"), acd.agent("ann").reason, acd.agent("ann").by) == (AgentState.NOT_READY, "lunch", "ann")
    assert len(over(acd)) == 1
