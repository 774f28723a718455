from collections.abc import Sequence

import msgspec
import pytest

from softswitch.base.traced_message import TracedMessage
from softswitch.calls.explaining.causes import BY_END, NOBODY_CALLED, SILENT_PARTY, advice_by_party, advice_by_switch
from softswitch.calls.explaining.explanation import CallFacts, Explanation, explain, party_names
from softswitch.store.schema import SipLeg
from softswitch.testing.traced_call import AT, CALLER, LEGS, refused_call, sip_text

ENDED = CallFacts(
    call_id="c1",
    calling_number="+442071838750",
    called_number="100",
    started_at=AT,
    ended_at=AT + 0.6,
    end_reason="rejected",
    ended_by="switch",
    sip_status=480,
    legs=LEGS,
)


def explained(messages: Sequence[TracedMessage] = (), **changes: object) -> Explanation:
    return explain(msgspec.structs.replace(ENDED, **changes), messages, source="memory")


def called(status: int, reason: str = "Reason", party: str = "trunk:provider") -> tuple[SipLeg, ...]:
    return (LEGS[0], SipLeg(sip_call_id="two", role="called", party=party, status=status, reason=reason))


def test_a_busy_phone_refused_and_its_cause_is_told() -> None:
    found = explained(refused_call())
    assert found.summary == "anna refused the call: 486 Busy Here."
    assert (found.refused_by, found.status, found.phrase) == ("anna", 486, "Busy Here")
    assert (found.cause, found.cause_text) == (17, "User busy")
    assert found.advice == (advice_by_party(486),)
    parties = [step.party.removeprefix("trunk:")[0] for step in found.steps]
    assert "".join(parties) == "ppapaapp"
    assert found.messages_from == "memory"


def test_without_messages_the_record_still_tells_who_refused() -> None:
    found = explained()
    assert (found.refused_by, found.status, found.messages_from) == ("anna", 486, "none")


def test_whoever_did_not_answer_at_all_did_not_refuse() -> None:
    invites = [each for each in refused_call() if each.is_sent]
    found = explained(invites, legs=called(408, "Request Timeout"))
    assert found.summary == "trunk:provider did not answer our INVITE at all."
    assert found.advice == (SILENT_PARTY,)


def test_no_way_to_a_party_is_our_own_trouble() -> None:
    found = explained(refused_call()[:2], legs=called(503, "No Route to Target"))
    assert found.summary == "trunk:provider could not be called: No Route to Target."
    assert found.refused_by == ""


def test_a_call_that_went_on_elsewhere_says_so() -> None:
    found = explained(legs=called(503, "Out of Service"), answered_at=AT + 5, end_reason="completed")
    assert "trunk:provider could not be called" in found.summary or "refused" in found.summary
    assert found.summary.endswith("The call itself went on after that.")


@pytest.mark.parametrize("status", [403, 404, 488, 500, 503, 603])
def test_what_the_switch_refused_is_its_own(status: int) -> None:
    found = explained(legs=LEGS[:1], sip_status=status)
    assert (found.refused_by, found.status) == ("the switch", status)
    assert found.advice == (advice_by_switch(status),)


def test_a_call_that_ended_without_an_answer_says_whether_anybody_was_called() -> None:
    assert explained(legs=LEGS[:1], sip_status=480).advice == (NOBODY_CALLED,)
    rung = msgspec.structs.replace(LEGS[1], status=0, reason="")
    assert explained(legs=(LEGS[0], rung), sip_status=480).advice == (advice_by_switch(480),)


def test_an_invite_that_never_became_a_call_is_explained_by_our_answer() -> None:
    messages = [
        TracedMessage(AT, False, CALLER, sip_text("INVITE sip:100@example.test SIP/2.0", "three", "1 INVITE")),
        TracedMessage(AT, True, CALLER, sip_text("SIP/2.0 403 Forbidden", "three", "1 INVITE")),
    ]
    found = explain(CallFacts(started_at=AT), messages, source="memory")
    assert (found.refused_by, found.status) == ("the switch", 403)


@pytest.mark.parametrize("reason", list(BY_END))
def test_every_end_that_is_none_of_a_refusal_has_its_advice(reason: str) -> None:
    found = explained(legs=LEGS[:1], end_reason=reason, answered_at=AT + 1, sip_status=200)
    assert found.advice == (BY_END[reason],)


def test_a_caller_who_gave_up_is_nobody_s_fault() -> None:
    found = explained(legs=called(486), end_reason="abandoned", ended_by="caller", sip_status=487)
    assert (found.refused_by, found.advice) == ("", (BY_END["abandoned"],))


def test_a_call_in_progress_and_a_completed_one_need_no_advice() -> None:
    assert explained(refused_call(), end_reason="").advice == ()
    assert explained(legs=LEGS[:1], end_reason="completed", answered_at=AT, sip_status=200).advice == ()


def test_a_fault_of_ours_comes_first() -> None:
    found = explained(fault="Traceback ...", end_reason="failed", sip_status=500)
    assert found.refused_by == "the switch"


@pytest.mark.parametrize("status", range(300, 700))
def test_every_status_has_advice(status: int) -> None:
    assert advice_by_party(status)
    assert advice_by_switch(status)


def test_legs_of_one_party_are_told_apart() -> None:
    legs = [SipLeg(sip_call_id=str(number), role="called", party="anna") for number in range(3)]
    assert party_names(legs) == {"0": "anna", "1": "anna #2", "2": "anna #3"}
    assert party_names([SipLeg(sip_call_id="x", role="caller", party="account:anna")]) == {"x": "anna"}


def test_the_record_s_cause_stands_in_for_one_in_the_messages() -> None:
    assert (explained(cause=18).cause, explained(cause=18).cause_text) == (18, "No user responding")
    assert explained(refused_call(), cause=18).cause == 17
    assert explained().cause is None
