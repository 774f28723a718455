"""One caller's story over several calls, step by step, and its sums."""

from softswitch.base.ids import CallId
from softswitch.records.chains import CHAIN_SPAN_S, story_of, tell, times_of
from softswitch.store import memory_store
from softswitch.store.schema import SipLeg
from tests.unit.records.made import AT, cdr

C1, C2 = CallId("c1-first"), CallId("c2-second")


def leg(role: str, name: str, began: float, ended: float, **more: object) -> SipLeg:
    facts = {"sip_call_id": name, "leg_id": name, "number": name, "role": role, "party": name, **more}
    return SipLeg(began_at=AT + began, answered_at=AT + began, ended_at=AT + ended, **facts)  # pyright: ignore


FIRST = cdr(
    "c1-first",
    ended_at=AT + 60,
    end_reason="transferred",
    linked_calls=(C2,),
    sip_legs=(
        leg("caller", "+442071838750", 0, 60, went_to=C2),
        leg("called", "201", 11, 60, ended_by="switch", cause=16),
    ),
)
SECOND = cdr(
    "c2-second",
    AT + 60,
    chain_id=C1,
    ended_at=AT + 100,
    linked_calls=(C1,),
    queue_wait_s=0.0,
    talk_s=30.0,
    hold_s=0.0,
    stays=(),
    sip_legs=(
        leg("caller", "+442071838750", 60, 100, came_from=C1, ended_by="party", cause=16),
        SipLeg(sip_call_id="b", role="called", party="bob", number="202", began_at=AT + 61, ended_at=AT + 70, cause=17),
    ),
)


def test_the_caller_is_there_from_beginning_to_end_and_nothing_is_counted_twice() -> None:
    story = tell(C1, [SECOND, FIRST])
    assert [call.call_id for call in story.calls] == [C1, C2]
    assert story.times.caller_s == 100.0
    assert story.times.talk_s == FIRST.talk_s + SECOND.talk_s
    assert story.times.queue_wait_s == 10.0


def test_steps_are_in_the_order_of_time_and_say_what_happened() -> None:
    steps = tell(C1, [FIRST, SECOND]).steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert steps[0].offset_s == 0.0
    texts = [step.text for step in steps]
    assert texts[0] == "+442071838750 calls 100"
    for said in ("waits in support", "ann has him, after 10.0 s", "201 is hung up", "202 is not reached: 17 user busy"):
        assert any(text.lower().startswith(said.lower()) for text in texts), (said, texts)
    assert "answers" not in " ".join(text for step, text in zip(steps, texts, strict=True) if step.call_id == C2)


def test_whom_an_agent_asks_is_no_time_of_the_callers() -> None:
    asked = cdr("c3", AT + 20, chain_id=C1, consults_for=C1, consult_s=9.0, talk_s=0.0, linked_calls=())
    assert times_of(asked).caller_s == 0.0
    assert times_of(asked).consult_s == 9.0
    began_as_question = cdr(
        "c3",
        AT + 20,
        consults_for=C1,
        linked_calls=(C1,),
        sip_legs=(leg("caller", "201", 20, 40), leg("caller", "+442071838750", 40, 90, came_from=C1)),
    )
    assert times_of(began_as_question).caller_s == 50.0, "from when he took the asker's place"


def test_a_story_is_found_by_any_of_its_calls() -> None:
    store = memory_store()
    other = cdr("other", AT + 30)
    too_old = cdr("old", AT - CHAIN_SPAN_S - 100, chain_id=C1)
    for each in (FIRST, SECOND, other, too_old):
        store.end_call(each)
    for each in (FIRST, SECOND):
        assert [call.call_id for call in story_of(each, store.cdrs).calls] == [C1, C2]
    assert [call.call_id for call in story_of(other, store.cdrs).calls] == ["other"]


def test_a_record_of_old_is_told_as_far_as_it_goes() -> None:
    old = cdr("c9", chain_id="", sip_legs=(SipLeg(sip_call_id="z", role="caller", party="trunk:p"),), stays=())
    story = tell("c9", [old])
    assert len(story.steps) == 3
    assert story.times.caller_s == 60.0
