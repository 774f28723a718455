"""Calls as spans, and which calls are due."""

import pytest

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.records.tracing.following import BACK_S, DELAY_S, Ended
from softswitch.records.tracing.spans import spans
from softswitch.store.schema import Cdr, ContactStay, SipLeg

AT = 1_780_000_000.0


def cdr(call_id: str = "one", *, ended_at: float = AT + 60, **fields: object) -> Cdr:
    known: dict[str, object] = {
        "call_id": CallId(call_id),
        "started_at": AT,
        "answered_at": AT + 1,
        "ended_at": ended_at,
        "calling_number": "+15550100",
        "called_number": "100",
        "end_reason": "completed",
        "ended_by": "caller",
    }
    return Cdr(**(known | fields))  # pyright: ignore[reportArgumentType]


LEGS = (
    SipLeg(
        sip_call_id="a",
        role="caller",
        party="trunk:provider",
        leg_id="1",
        began_at=AT,
        answered_at=AT + 1,
        ended_at=AT + 60,
    ),
    SipLeg(
        sip_call_id="b",
        role="called",
        party="boris",
        leg_id="2",
        began_at=AT + 5,
        ringing_at=AT + 5.2,
        ended_at=AT + 20,
        status=480,
    ),
    SipLeg(
        sip_call_id="c",
        role="called",
        party="anna",
        leg_id="3",
        began_at=AT + 20,
        ringing_at=AT + 20.1,
        answered_at=AT + 25,
        ended_at=AT + 60,
        agent=AgentId("anna"),
    ),
)
STAY = ContactStay(
    queue=QueueId("support"),
    began_at=AT + 5,
    ended_at=AT + 60,
    outcome="answered",
    agent=AgentId("anna"),
    wait_s=20,
    talk_s=35,
)


def test_a_call_is_a_tree_whose_times_are_those_of_its_record() -> None:
    made = list(spans(cdr(sip_legs=LEGS, stays=(STAY,))))
    by_id = {span.span_id: span for span in made}
    assert len(by_id) == len(made)
    told = [
        (span.name, by_id[span.parent_id].name if span.parent_id else "", span.began_at - AT, span.ended_at - AT)
        for span in made
    ]
    call = "call +15550100 -> 100"
    assert [
        (name, parent, pytest.approx(began, abs=1e-6), pytest.approx(ended, abs=1e-6))
        for name, parent, began, ended in told
    ] == [
        (call, "", 0, 60),
        ("caller trunk:provider", call, 0, 60),
        ("connected", "caller trunk:provider", 1, 60),
        ("leg boris", call, 5, 20),
        ("ringing", "leg boris", 5.2, 20),
        ("leg anna", call, 20, 60),
        ("ringing", "leg anna", 20.1, 25),
        ("connected", "leg anna", 25, 60),
        ("queue support", call, 5, 60),
        ("wait", "queue support", 5, 25),
        ("conversation anna", "queue support", 25, 60),
    ]


def test_the_calls_of_a_chain_are_one_trace_under_the_first() -> None:
    (first,) = spans(cdr("one", chain_id=CallId("one")))
    (second,) = spans(cdr("two", chain_id=CallId("one")))
    assert first.trace_id == second.trace_id
    assert (first.parent_id, second.parent_id) == (0, first.span_id)
    (other,) = spans(cdr("three"))
    assert other.trace_id != first.trace_id


def test_a_call_exported_twice_is_the_same_spans() -> None:
    record = cdr(sip_legs=LEGS, stays=(STAY,))
    assert list(spans(record)) == list(spans(record))


def test_what_failed_is_marked_and_what_is_empty_left_out() -> None:
    (span,) = spans(cdr(fault="Traceback ...\n  File x\nZeroDivisionError: division by zero", sip_status=500))
    assert span.is_failed
    assert span.attributes["softswitch.fault"] == "ZeroDivisionError: division by zero"
    assert "softswitch.project" not in span.attributes
    (good,) = spans(cdr())
    assert not good.is_failed


def test_a_call_is_due_once() -> None:
    ended = Ended(None, AT)
    calls = [cdr("early", ended_at=AT - 60), cdr("a", ended_at=AT + 5), cdr("b", ended_at=AT + 30)]
    assert [call.call_id for call in ended.due(calls, AT + 5 + DELAY_S)] == ["a"]
    ended.exported(AT + 5 + DELAY_S, None)
    assert [call.call_id for call in ended.due(calls, AT + 60)] == ["b"]
    ended.exported(AT + 60, None)
    assert list(ended.due(calls, AT + 90)) == []


def test_a_long_call_is_not_passed_over() -> None:
    """It began long before the last round, and is looked for from there, as it was in progress then."""
    ended = Ended(None, AT)
    ended.exported(AT + 7200, oldest_call_at=AT)
    assert ended.first_key <= b"%s" % round(AT * 1e6).to_bytes(8, "big")
    long_call = cdr("long", ended_at=AT + 7210)
    assert list(ended.due([long_call], AT + 7300)) == [long_call]


def test_who_starts_again_goes_on_where_the_last_one_was_but_not_for_ever() -> None:
    calls = [cdr("before", ended_at=AT - 100), cdr("meanwhile", ended_at=AT + 10)]
    assert [call.call_id for call in Ended(AT, AT + 600).due(calls, AT + 600)] == ["meanwhile"]
    assert list(Ended(AT, AT + 100 + BACK_S).due(calls, AT + 100 + BACK_S)) == []
