"""A call's record and its messages as an explanation: one sentence, who refused, what to do, and what happened when."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from softswitch.base.traced_message import TracedMessage
from softswitch.calls.explaining.causes import (
    BROKEN_PARTY,
    BY_END,
    NOBODY_CALLED,
    SILENT_PARTY,
    advice_by_party,
    advice_by_switch,
)
from softswitch.sip.messages.reason import cause_text as said_cause
from softswitch.sip.messages.status import reason_phrase
from softswitch.sip.tracing.steps import Step, q850_cause, step_of
from softswitch.store.schema import Forwarded, SipLeg, TrunkTry

Source = Literal["memory", "store", "none"]


class CallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a call beside its messages, whether it goes on, is over, or never became one."""

    call_id: str = ""
    calling_number: str = ""
    called_number: str = ""
    flow: str = ""
    queue: str = ""
    agent: str = ""
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    end_reason: str = ""
    """"" while it goes on."""
    ended_by: str = ""
    sip_status: int = 0
    cause: int = 0
    """Of the record; a Reason header in the messages goes before it."""
    fault: str = ""
    legs: tuple[SipLeg, ...] = ()
    forwards: tuple[Forwarded, ...] = ()
    """Known when it is over, like those below."""
    transferred_by: str = ""
    transferred_to: str = ""
    linked_calls: tuple[str, ...] = ()
    trunks: tuple[TrunkTry, ...] = ()
    limit: str = ""
    """Which limit of calls to the outside (toll) has forbidden one."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`summary` is one sentence; `refused_by` names a party, "the switch", or nobody (""); `advice` is for people.

    `status` is the final SIP status that decided, 0 if none did; `cause` is its Q.850 cause, if it had one.
    `messages_from` says where the messages behind `steps` were found.
    """

    facts: CallFacts
    summary: str
    refused_by: str = ""
    status: int = 0
    phrase: str = ""
    cause: int | None = None
    cause_text: str = ""
    advice: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    messages_from: Source = "none"
    left_out: int = 0


def explain(
    facts: CallFacts, messages: Sequence[TracedMessage], *, source: Source = "none", left_out: int = 0
) -> Explanation:
    """Why the call is as it is."""
    steps = label_steps(facts.legs, messages)
    summary, refused_by, status, phrase, advice = _verdict(facts, steps)
    cause = next((cause for step in reversed(steps) for cause in _causes(step)), facts.cause or None)
    return Explanation(
        facts=facts,
        summary=summary,
        refused_by=refused_by,
        status=status,
        phrase=phrase,
        cause=cause,
        cause_text="" if cause is None else said_cause(cause),
        advice=advice,
        steps=tuple(steps),
        messages_from=source if messages else "none",
        left_out=left_out,
    )


def label_steps(legs: Sequence[SipLeg], messages: Sequence[TracedMessage]) -> list[Step]:
    """Each message with the name of its party; of several legs of one party the later ones are numbered."""
    names = party_names(legs)
    steps = [step_of(message, str(message.flow.remote)) for message in messages]
    return [msgspec.structs.replace(step, party=names.get(step.sip_call_id, step.party)) for step in steps]


def party_names(legs: Sequence[SipLeg]) -> dict[str, str]:
    """What the parties are called on a ladder, by Call-ID."""
    names: dict[str, str] = {}
    for leg in legs:
        if leg.sip_call_id and leg.sip_call_id not in names:
            party = leg.party.removeprefix("account:")
            count = sum(name.partition(" #")[0] == party for name in names.values())
            names[leg.sip_call_id] = party if count == 0 else f"{party} #{count + 1}"
    return names


_Verdict = tuple[str, str, int, str, tuple[str, ...]]


def _verdict(facts: CallFacts, steps: Sequence[Step]) -> _Verdict:
    """Summary, who refused, status, phrase, advice. The last called leg that failed decides, then what we answered."""
    if not facts.end_reason and facts.call_id:
        return "The call is in progress.", "", 0, "", ()
    failed = next((leg for leg in reversed(facts.legs) if leg.role == "called" and leg.status), None)
    if facts.fault and facts.end_reason == "failed":
        status = facts.sip_status if facts.answered_at is None else 0
        return "The switch failed: see the fault.", "the switch", status, _phrase(status), (BY_END["failed"],)
    if failed is not None and facts.end_reason not in ("overflowed", "media timeout", "stopped", "abandoned"):
        return _called_failed(facts, failed, steps)
    if facts.answered_at is None and (status := facts.sip_status or _final_to_caller(steps)) >= 300:
        if facts.end_reason == "abandoned":
            return "The caller gave up before anybody answered.", "", status, _phrase(status), (BY_END["abandoned"],)
        advice = NOBODY_CALLED if status == 480 and len(facts.legs) == 1 else advice_by_switch(status)
        phrase = _phrase(status)
        return f"The switch refused the call: {status} {phrase}.", "the switch", status, phrase, (advice,)
    return _ended(facts)


def _called_failed(facts: CallFacts, leg: SipLeg, steps: Sequence[Step]) -> _Verdict:
    party = leg.party
    answers = [step for step in steps if step.sip_call_id == leg.sip_call_id and not step.is_sent and step.status]
    is_from_there = any(step.status == leg.status for step in answers) or (not steps and leg.status not in (408, 503))
    followed = "" if facts.answered_at is None else " The call itself went on after that."
    if is_from_there:
        summary = f"{party} refused the call: {leg.status} {leg.reason}.{followed}"
        return summary, party, leg.status, leg.reason, (advice_by_party(leg.status),)
    if leg.status == 408 and not answers:
        return f"{party} did not answer our INVITE at all.{followed}", party, 408, leg.reason, (SILENT_PARTY,)
    if leg.status == 408:
        return f"{party} did not answer in time.{followed}", party, 408, leg.reason, (advice_by_party(480),)
    summary = f"{party} could not be called: {leg.reason}.{followed}"
    return summary, "", leg.status, leg.reason, (BROKEN_PARTY,)


def _ended(facts: CallFacts) -> _Verdict:
    match facts.end_reason:
        case "":
            return "No call came of it, and no refusal was seen.", "", 0, "", ()
        case "completed":
            return f"The call was completed; ended by: {facts.ended_by}.", "", facts.sip_status, "", ()
        case reason:
            advice = (BY_END[reason],) if reason in BY_END else ()
            return f"The call ended as: {reason}; by: {facts.ended_by}.", "", facts.sip_status, "", advice


def _final_to_caller(steps: Sequence[Step]) -> int:
    """What we answered an INVITE with, if that was all."""
    finals = [step.status for step in steps if step.is_sent and step.method == "INVITE" and step.status >= 200]
    return finals[-1] if finals else 0


def _phrase(status: int) -> str:
    return reason_phrase(status) if status else ""


def _causes(step: Step) -> list[int]:
    found = (q850_cause(f"Q.850;cause={note[6:]}") for note in step.notes if note.startswith("Q.850 "))
    return [cause for cause in found if cause is not None]
