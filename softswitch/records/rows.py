"""The rows that records are made into: one for each call, leg, and stay of a contact in a queue.

They are what exports, the warehouse and `softswitch cdr --legs` have, so their columns are stable: columns are only
ever added, at the end, and docs/cdr.md says what each means (a test holds the two together). All of them is derived
from the `Cdr` alone, by pure functions. Instants are epoch seconds, durations seconds.
"""

from collections.abc import Iterator

import msgspec

from softswitch.store.schema import Cdr, ContactStay, LegFacts, SipLeg


class CallRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call. Key: `call_id`."""

    call_id: str
    chain_id: str
    consults_for: str
    started_at: float
    answered_at: float | None
    ended_at: float
    duration_s: float
    """From its beginning to its end."""
    connected_s: float
    """From the answer to the end."""
    direction: str
    calling_number: str
    calling_name: str
    called_number: str
    project: str
    flow: str
    queue: str
    agent: str
    trunk: str
    """It came from,"""
    trunk_out: str
    """and it was sent out through, last."""
    queue_wait_s: float
    ring_s: float
    talk_s: float
    hold_s: float
    consult_s: float
    conference_s: float
    wrap_up_s: float
    recorded_s: float
    is_answered: bool
    end_reason: str
    ended_by: str
    sip_status: int
    cause: int
    cause_text: str
    disposition: str
    is_disposition_missing: bool
    scores: str
    """JSON, by the survey; "" if he was asked nothing."""
    tags: str
    """JSON."""
    mos: float | None
    """Of the worst leg, here or there."""
    talk_ratio: float | None
    """Of whoever was called, in all that was said."""
    recordings: str
    """Paths, separated by ";"."""
    conference: str
    transferred_to: str
    transferred_by: str
    linked_calls: str
    """Separated by spaces."""
    legs: int
    stays: int
    fault: str


class LegRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A leg of a call. Key: `call_id`, `leg`. `setup_s + ring_s + connected_s` is from `began_at` to `ended_at`."""

    call_id: str
    leg: int
    """Counted from 1, the caller's first."""
    chain_id: str
    leg_id: str
    """The same in every call the party was in."""
    role: str
    party: str
    """An account, or "trunk:NAME"."""
    trunk: str
    number: str
    agent: str
    project: str
    calling_number: str
    """Of the call;"""
    called_number: str
    began_at: float
    ringing_at: float | None
    answered_at: float | None
    ended_at: float
    setup_s: float
    ring_s: float
    connected_s: float
    is_answered: bool
    ended_by: str
    cause: int
    sip_status: int
    sip_reason: str
    came_from: str
    went_to: str
    mos: float | None
    remote_mos: float | None
    loss_percent: float | None
    jitter_ms: float | None
    round_trip_ms: float | None
    voice_s: float | None
    """How long he spoke."""
    talk_ratio: float | None
    sip_call_id: str
    dialled: str
    """The number of ours that was called from outside."""


class ContactRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A contact's stay in a queue. Key: `call_id`, `stay`. `wait_s + talk_s + consult_s` is from `began_at` to
    `ended_at`."""

    call_id: str
    stay: int
    """Counted from 1."""
    chain_id: str
    project: str
    queue: str
    agent: str
    calling_number: str
    called_number: str
    began_at: float
    ended_at: float
    outcome: str
    wait_s: float
    ring_s: float
    talk_s: float
    consult_s: float
    hold_s: float
    wrap_up_s: float
    disposition: str
    is_disposition_missing: bool
    scores: str
    """Of the last stay that was answered."""
    mos: float | None
    """Of the agent's leg;"""
    talk_ratio: float | None


Row = CallRow | LegRow | ContactRow


def call_row(cdr: Cdr) -> CallRow:
    connected_s = 0.0 if cdr.answered_at is None else max(0.0, cdr.ended_at - cdr.answered_at)
    return CallRow(
        call_id=cdr.call_id,
        chain_id=cdr.chain_id or cdr.call_id,
        consults_for=cdr.consults_for,
        started_at=cdr.started_at,
        answered_at=cdr.answered_at,
        ended_at=cdr.ended_at,
        duration_s=max(0.0, cdr.ended_at - cdr.started_at),
        connected_s=connected_s,
        direction=direction_of(cdr),
        calling_number=cdr.calling_number,
        calling_name=cdr.calling_name,
        called_number=cdr.called_number,
        project=cdr.project,
        flow=cdr.flow,
        queue=cdr.queue or "",
        agent=cdr.agent or "",
        trunk=cdr.trunk,
        trunk_out=cdr.trunks[-1].trunk if cdr.trunks else "",
        queue_wait_s=cdr.queue_wait_s,
        ring_s=cdr.ring_s,
        talk_s=cdr.talk_s,
        hold_s=cdr.hold_s,
        consult_s=cdr.consult_s,
        conference_s=cdr.conference_s,
        wrap_up_s=cdr.wrap_up_s,
        recorded_s=cdr.recorded_s,
        is_answered=cdr.answered_at is not None,
        end_reason=cdr.end_reason,
        ended_by=cdr.ended_by,
        sip_status=cdr.sip_status,
        cause=cdr.cause,
        cause_text=cdr.cause_text,
        disposition=cdr.disposition,
        is_disposition_missing=cdr.is_disposition_missing,
        scores=_json(cdr.scores),
        tags=_json(cdr.tags),
        mos=min((mos for leg in cdr.legs for mos in (leg.mos, leg.remote_mos) if mos), default=None),
        talk_ratio=_talk_ratio([leg for leg in cdr.legs if leg.role == "called"]),
        recordings=";".join(cdr.recordings),
        conference=cdr.conference,
        transferred_to=cdr.transferred_to,
        transferred_by=cdr.transferred_by,
        linked_calls=" ".join(cdr.linked_calls),
        legs=len(cdr.sip_legs) + cdr.legs_left_out,
        stays=len(cdr.stays),
        fault=cdr.fault,
    )


def leg_rows(cdr: Cdr) -> Iterator[LegRow]:
    for place, leg in enumerate(cdr.sip_legs, start=1):
        yield _leg_row(cdr, place, leg)


def contact_rows(cdr: Cdr) -> Iterator[ContactRow]:
    scored = max((place for place, stay in enumerate(cdr.stays) if stay.agent), default=-1)
    for place, stay in enumerate(cdr.stays):
        yield _contact_row(cdr, place + 1, stay, cdr.scores if place == scored else {})


def direction_of(cdr: Cdr) -> str:
    """ "inbound" from a trunk; "outbound" through one, of a phone of ours; else "internal"."""
    if cdr.trunk:
        return "inbound"
    return "outbound" if cdr.trunks else "internal"


def trunk_of(leg: SipLeg) -> str:
    """The trunk a leg goes through; "" for a phone."""
    return leg.party.removeprefix("trunk:") if leg.party.startswith("trunk:") else ""


def _leg_row(cdr: Cdr, place: int, leg: SipLeg) -> LegRow:
    facts = [each for each in cdr.legs if leg.leg_id and each.leg_id == leg.leg_id]
    # Records of old say of a leg only who and how it failed: it has no times.
    began_at = leg.began_at or cdr.started_at
    ended_at = leg.ended_at or (cdr.ended_at if leg.began_at else began_at)
    answered_at = leg.answered_at
    rings_until = ended_at if answered_at is None else answered_at
    rings_since = rings_until if leg.ringing_at is None else leg.ringing_at
    return LegRow(
        call_id=cdr.call_id,
        leg=place,
        chain_id=cdr.chain_id or cdr.call_id,
        leg_id=leg.leg_id,
        role=leg.role,
        party=leg.party.removeprefix("account:"),
        trunk=trunk_of(leg),
        number=leg.number,
        agent=leg.agent,
        project=cdr.project,
        calling_number=cdr.calling_number,
        called_number=cdr.called_number,
        began_at=began_at,
        ringing_at=leg.ringing_at,
        answered_at=answered_at,
        ended_at=ended_at,
        setup_s=rings_since - began_at,
        ring_s=rings_until - rings_since,
        connected_s=0.0 if answered_at is None else ended_at - answered_at,
        is_answered=answered_at is not None,
        ended_by=leg.ended_by,
        cause=leg.cause,
        sip_status=leg.status,
        sip_reason=leg.reason,
        came_from=leg.came_from,
        went_to=leg.went_to,
        mos=min((each.mos for each in facts if each.mos), default=None),
        remote_mos=min((each.remote_mos for each in facts if each.remote_mos), default=None),
        loss_percent=max((each.loss_percent for each in facts), default=None),
        jitter_ms=max((each.jitter_ms for each in facts), default=None),
        round_trip_ms=max((each.round_trip_ms for each in facts if each.round_trip_ms is not None), default=None),
        voice_s=sum(each.talk_s for each in facts) if facts else None,
        talk_ratio=_talk_ratio(facts),
        sip_call_id=leg.sip_call_id,
        dialled=leg.dialled,
    )


def _contact_row(cdr: Cdr, place: int, stay: ContactStay, scores: dict[str, int]) -> ContactRow:
    leg_ids = {leg.leg_id for leg in cdr.sip_legs if stay.agent and leg.agent == stay.agent and leg.leg_id}
    facts = [each for each in cdr.legs if each.leg_id in leg_ids]
    return ContactRow(
        call_id=cdr.call_id,
        stay=place,
        chain_id=cdr.chain_id or cdr.call_id,
        project=cdr.project,
        queue=stay.queue,
        agent=stay.agent,
        calling_number=cdr.calling_number,
        called_number=cdr.called_number,
        began_at=stay.began_at,
        ended_at=stay.ended_at,
        outcome=stay.outcome,
        wait_s=stay.wait_s,
        ring_s=stay.ring_s,
        talk_s=stay.talk_s,
        consult_s=stay.consult_s,
        hold_s=stay.hold_s,
        wrap_up_s=stay.wrap_up_s,
        disposition=stay.disposition,
        is_disposition_missing=stay.is_disposition_missing,
        scores=_json(scores),
        mos=min((mos for each in facts for mos in (each.mos, each.remote_mos) if mos), default=None),
        talk_ratio=_talk_ratio(facts),
    )


def _talk_ratio(facts: list[LegFacts]) -> float | None:
    return min(1.0, round(sum(each.talk_ratio for each in facts), 2)) if facts else None


def _json(named: dict[str, int] | dict[str, str]) -> str:
    return msgspec.json.encode(named, order="sorted").decode() if named else ""
