"""From a call's record to the spans of a trace.

    call +15550100 -> 100                     the whole call
      ├─ caller account:anna                  his leg
      ├─ queue support                        a stay: waiting, then the conversation
      │    ├─ wait
      │    └─ conversation anna
      └─ leg anna                             everybody who was rung
           ├─ ringing
           └─ connected

A trace is a chain (`Cdr.chain_id`): whatever one caller went through, over transfers and consultations. Ids are made of
those of the records, so that the same call exported twice is the same spans.
"""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from softswitch.store.schema import Cdr, ContactStay, SipLeg

Attribute = str | int | float | bool


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Instants are seconds since 1970; `parent_id` is 0 for the first of a trace."""

    trace_id: int
    """128 bits, as OpenTelemetry has them;"""
    span_id: int
    """and 64 bits, none of them all zero."""
    parent_id: int
    name: str
    began_at: float
    ended_at: float
    is_failed: bool = False
    attributes: dict[str, Attribute] = {}


def spans(cdr: Cdr) -> Iterator[Span]:
    """Of one call, the call itself first. Attributes that are empty are left out."""
    trace_id = _id(cdr.chain_id or cdr.call_id, 16)
    call = Span(
        trace_id=trace_id,
        span_id=_id(cdr.call_id, 8),
        parent_id=0 if cdr.chain_id in ("", cdr.call_id) else _id(cdr.chain_id, 8),
        name=f"call {cdr.calling_number} -> {cdr.called_number}",
        began_at=cdr.started_at,
        ended_at=cdr.ended_at,
        is_failed=bool(cdr.fault) or cdr.sip_status >= 500,
        attributes=_present(
            {
                "softswitch.call_id": cdr.call_id,
                "softswitch.project": cdr.project,
                "softswitch.flow": cdr.flow,
                "softswitch.queue": cdr.queue or "",
                "softswitch.agent": cdr.agent or "",
                "softswitch.trunk": cdr.trunk,
                "softswitch.end_reason": cdr.end_reason,
                "softswitch.ended_by": cdr.ended_by,
                "softswitch.disposition": cdr.disposition,
                "softswitch.fault": cdr.fault.strip().rpartition("\n")[2],
                "sip.response_code": cdr.sip_status,
                "isdn.cause": cdr.cause,
            }
        ),
    )
    yield call
    for number, leg in enumerate(cdr.sip_legs):
        if leg.began_at:
            yield from _leg(call, number, leg, cdr.ended_at)
    for number, stay in enumerate(cdr.stays):
        yield from _stay(call, number, stay)


def _leg(call: Span, number: int, leg: SipLeg, until: float) -> Iterator[Span]:
    """A leg, how long it rang, and how long it was connected."""
    ended_at = leg.ended_at or until
    own = _inner(
        call,
        f"leg {number}",
        f"{'caller' if leg.role == 'caller' else 'leg'} {leg.party}",
        (leg.began_at, ended_at),
        is_failed=leg.status >= 500,
        attributes=_present(
            {
                "softswitch.agent": leg.agent,
                "softswitch.number": leg.number,
                "softswitch.came_from": leg.came_from,
                "softswitch.went_to": leg.went_to,
                "sip.call_id": leg.sip_call_id,
                "sip.response_code": leg.status,
                "isdn.cause": leg.cause,
            }
        ),
    )
    yield own
    if leg.ringing_at is not None and leg.role == "called":
        yield _inner(own, "ringing", "ringing", (leg.ringing_at, leg.answered_at or ended_at))
    if leg.answered_at is not None:
        yield _inner(own, "connected", "connected", (leg.answered_at, ended_at))


def _stay(call: Span, number: int, stay: ContactStay) -> Iterator[Span]:
    own = _inner(
        call,
        f"stay {number}",
        f"queue {stay.queue}",
        (stay.began_at, stay.ended_at),
        attributes=_present(
            {"softswitch.outcome": stay.outcome, "softswitch.agent": stay.agent, "softswitch.ring_s": stay.ring_s}
        ),
    )
    yield own
    answered_at = stay.began_at + stay.wait_s
    yield _inner(own, "wait", "wait", (stay.began_at, min(answered_at, stay.ended_at)))
    if stay.agent:
        yield _inner(own, "conversation", f"conversation {stay.agent}", (answered_at, stay.ended_at))


def _inner(
    around: Span,
    key: str,
    name: str,
    instants: tuple[float, float],
    *,
    is_failed: bool = False,
    attributes: dict[str, Attribute] | None = None,
) -> Span:
    began_at, ended_at = instants
    return Span(
        trace_id=around.trace_id,
        span_id=_id(f"{around.span_id:x} {key}", 8),
        parent_id=around.span_id,
        name=name,
        began_at=began_at,
        ended_at=max(began_at, ended_at),
        is_failed=is_failed,
        attributes=attributes or {},
    )


def _present(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    return {name: value for name, value in attributes.items() if value}


def _id(text: str, size_bytes: int) -> int:
    """Never zero, which OpenTelemetry takes for none."""
    return int.from_bytes(blake2b(text.encode(), digest_size=size_bytes).digest(), "big") or 1
