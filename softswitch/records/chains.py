"""The story of one caller through all his calls: which records belong to it, a ladder of its instants, and its sums.

Calls of a chain begin within `CHAIN_SPAN_S` of each other, before or after the one that somebody asks for: only so much
of the records is looked through.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from softswitch.records.finding import Records
from softswitch.records.rows import trunk_of
from softswitch.sip.messages.reason import cause_text
from softswitch.store.schema import Cdr, ContactStay, SipLeg

CHAIN_SPAN_S = 12 * 3600.0
"""Longer than anybody is on the telephone."""

StepKind = Literal["call", "leg", "queue", "end"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, `offset_s` after the chain began."""

    at: float
    offset_s: float
    call_id: str
    kind: StepKind
    text: str


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Of one call, or of a chain: its sums. `hold_s` is part of `talk_s`; `caller_s` is how long the caller's own legs
    were there, consultations left out."""

    caller_s: float = 0.0
    queue_wait_s: float = 0.0
    ring_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    consult_s: float = 0.0
    wrap_up_s: float = 0.0


class Story(msgspec.Struct, frozen=True, kw_only=True):
    chain_id: str
    calls: tuple[Cdr, ...]
    """In the order in which they began."""
    steps: tuple[Step, ...]
    times: Times


def story_of(cdr: Cdr, records: Records) -> Story:
    """Everything that belongs to the experience this call is part of."""
    chain_id = cdr.chain_id or cdr.call_id
    near = records.ascending((cdr.started_at - CHAIN_SPAN_S, ""), (cdr.started_at + CHAIN_SPAN_S, ""))
    calls = tuple(each for each in near if (each.chain_id or each.call_id) == chain_id)
    return tell(chain_id, calls)


def tell(chain_id: str, calls: Sequence[Cdr]) -> Story:
    """`calls` are all of the chain."""
    ordered = tuple(sorted(calls, key=lambda cdr: (cdr.started_at, cdr.call_id)))
    began_at = ordered[0].started_at if ordered else 0.0
    found = sorted((step for cdr in ordered for step in _steps(cdr)), key=lambda step: step[0])
    return Story(
        chain_id=chain_id,
        calls=ordered,
        steps=tuple(
            Step(at=at, offset_s=max(0.0, at - began_at), call_id=call_id, kind=kind, text=text)
            for at, call_id, kind, text in found
        ),
        times=sum_of([times_of(cdr) for cdr in ordered]),
    )


def times_of(cdr: Cdr) -> Times:
    """A consultation is nobody's waiting or talking but the agent's, who is asked."""
    is_consultation = bool(cdr.consults_for) and not cdr.linked_calls
    own = 0.0 if is_consultation else _callers_s(cdr)
    return Times(
        caller_s=own,
        queue_wait_s=cdr.queue_wait_s,
        ring_s=cdr.ring_s,
        talk_s=cdr.talk_s,
        hold_s=cdr.hold_s,
        consult_s=cdr.consult_s,
        wrap_up_s=cdr.wrap_up_s,
    )


def sum_of(times: Sequence[Times]) -> Times:
    return Times(**{field: sum(getattr(each, field) for each in times) for field in Times.__struct_fields__})


def _callers_s(cdr: Cdr) -> float:
    """Of whoever was its caller: who asked before somebody took his place is not."""
    own = [leg for leg in cdr.sip_legs if leg.role == "caller" and leg.began_at]
    if cdr.consults_for and len(own) > 1:
        own = own[1:]
    return sum(leg.ended_at - leg.began_at for leg in own) if own else max(0.0, cdr.ended_at - cdr.started_at)


def _steps(cdr: Cdr) -> Iterator[tuple[float, str, StepKind, str]]:
    call_id = cdr.call_id
    why = f", a question about {cdr.consults_for[:8]}" if cdr.consults_for else ""
    flow = f" (flow {cdr.flow})" if cdr.flow else ""
    yield cdr.started_at, call_id, "call", f"{_caller(cdr)} calls {cdr.called_number or '(no number)'}{flow}{why}"
    if cdr.answered_at is not None and not (cdr.sip_legs and cdr.sip_legs[0].came_from):
        yield cdr.answered_at, call_id, "call", "the switch answers"
    for leg in cdr.sip_legs[1:]:
        if leg.began_at:
            for at, text in _of_leg(leg):
                yield at, call_id, "leg", text
    for stay in cdr.stays:
        for at, text in _of_stay(stay):
            yield at, call_id, "queue", text
    cause = f", {cdr.cause} {cdr.cause_text or cause_text(cdr.cause)}" if cdr.cause else ""
    yield cdr.ended_at, call_id, "end", f"{cdr.end_reason}, by the {cdr.ended_by}{cause}"


def _caller(cdr: Cdr) -> str:
    return cdr.calling_number or cdr.calling_name or "somebody without a number"


def _of_leg(leg: SipLeg) -> Iterator[tuple[float, str]]:
    name = leg.agent or leg.number or leg.party
    through = f" through {trunk_of(leg)}" if trunk_of(leg) else ""
    if leg.came_from:
        yield leg.began_at, f"{name} comes from {leg.came_from[:8]}"
    elif leg.answered_at != leg.began_at:
        yield leg.began_at, f"{name} is called{through}"
    if leg.ringing_at is not None:
        yield leg.ringing_at, f"{name} rings"
    if leg.answered_at is not None and leg.answered_at != leg.began_at:
        yield leg.answered_at, f"{name} answers"
    if leg.went_to:
        yield leg.ended_at, f"{name} goes on in {leg.went_to[:8]}"
    elif leg.answered_at is not None:
        yield leg.ended_at, f"{name} {'hangs up' if leg.ended_by == 'party' else 'is hung up'}"
    else:
        yield leg.ended_at, f"{name} is not reached: {leg.cause} {cause_text(leg.cause)}"


def _of_stay(stay: ContactStay) -> Iterator[tuple[float, str]]:
    yield stay.began_at, f"waits in {stay.queue}"
    if stay.outcome == "answered":
        yield stay.began_at + stay.wait_s, f"{stay.agent} has him, after {stay.wait_s:.1f} s"
    else:
        yield stay.ended_at, f"leaves {stay.queue}: {stay.outcome}, after {stay.wait_s:.1f} s"
