"""What must be true of the records of any calls: their times add up, nothing is counted twice, and what they say of
queues is what the ACD's events say."""

from collections.abc import Iterable, Sequence

from softswitch.acd.events import (
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactLost,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRefused,
    ContactWithdrawn,
    Stamped,
    WrapUpEnded,
)
from softswitch.acd.model import Channel
from softswitch.calls.limits import HISTORY_MAX
from softswitch.store.schema import Cdr, ContactStay, SipLeg

CLOSE_S = 1e-3
SAME_S = 0.05
"""The router and the call look at the clock one after the other."""


def check_records(cdrs: Sequence[Cdr], close_s: float = CLOSE_S) -> None:
    """Of all calls of a switch, all of which are over. Raises `AssertionError`.

    `close_s` is how far times that are read one after the other may be apart: in real time that is not nothing.
    """
    known: dict[str, Cdr] = {cdr.call_id: cdr for cdr in cdrs}
    assert len(known) == len(cdrs), "one record for every call"
    for cdr in cdrs:
        _check_legs(cdr, close_s)
        _check_stays(cdr, close_s)
        assert cdr.chain_id, f"{cdr.call_id} belongs to no chain"
        chain = known.get(cdr.chain_id)
        assert chain is None or chain.chain_id == chain.call_id, "the first call of a chain has its name"
        _check_handovers(cdr, known, close_s)


def _check_legs(cdr: Cdr, close_s: float) -> None:
    connected_s = 0.0
    for leg in cdr.sip_legs:
        assert leg.leg_id, leg
        assert leg.began_at, leg
        instants = [at for at in (leg.began_at, leg.ringing_at, leg.answered_at, leg.ended_at) if at is not None]
        assert instants == sorted(instants), f"{leg} in {cdr.call_id}"
        assert cdr.started_at - close_s <= leg.began_at, leg
        assert leg.ended_at <= cdr.ended_at + close_s, leg
        if leg.answered_at is not None:
            connected_s += leg.ended_at - leg.answered_at
    if not cdr.legs_left_out:
        assert cdr.talk_s + cdr.consult_s <= connected_s + close_s, f"{cdr.call_id} talked longer than it was connected"


def _check_stays(cdr: Cdr, close_s: float) -> None:
    assert abs(sum(stay.wait_s for stay in cdr.stays) - cdr.queue_wait_s) < close_s, cdr.stays
    assert sum(stay.talk_s for stay in cdr.stays) <= cdr.talk_s + close_s, cdr.stays
    assert sum(stay.consult_s for stay in cdr.stays) <= cdr.consult_s + close_s, cdr.stays
    assert sum(stay.hold_s for stay in cdr.stays) <= cdr.hold_s + close_s, cdr.stays
    assert sum(stay.ring_s for stay in cdr.stays) <= cdr.ring_s + close_s, cdr.stays
    for stay in cdr.stays:
        assert stay.ended_at - stay.began_at >= stay.wait_s + stay.talk_s + stay.consult_s - close_s, stay
        assert (stay.outcome == "answered") is bool(stay.agent), stay


def _check_handovers(cdr: Cdr, known: dict[str, Cdr], close_s: float) -> None:
    """A leg that goes on elsewhere begins there when it ended here."""
    for leg in cdr.sip_legs:
        other = known.get(leg.went_to)
        if other is None or not leg.went_to:
            continue
        begun = [each for each in other.sip_legs if each.leg_id == leg.leg_id and each.came_from == cdr.call_id]
        assert begun or other.legs_left_out, f"{leg} never came to {other.call_id}"
        assert all(_follows(leg, each, close_s) for each in begun), (leg, begun)


def _follows(leg: SipLeg, begun: SipLeg, close_s: float) -> bool:
    return abs(begun.began_at - leg.ended_at) < close_s


def check_against_events(cdrs: Sequence[Cdr], diary: Iterable[Stamped]) -> None:
    """Of all calls and all events since the start. Raises `AssertionError`.

    Left out is what became a call only when an agent was rung: for the ACD he is busy with a call-back from his own
    answer on, and in its record they talk from the customer's.
    """
    stays: dict[str, tuple[ContactStay, ...]] = {cdr.call_id: cdr.stays for cdr in cdrs}
    facts: dict[str, _Facts] = {}
    for stamped in diary:
        event = stamped.event
        match event:
            case (
                ContactConnected() | ContactEnded() | ContactAbandoned() | ContactOverflowed() | ContactWithdrawn()
                | ContactMoved() | ContactRefused() | WrapUpEnded()
            ):  # fmt: skip
                facts.setdefault(event.contact_id, _Facts()).take(event)
            case ContactQueued() if event.channel is not Channel.VOICE:
                stays.pop(event.contact_id, None)
            case ContactLost():  # what happened to it the router never learnt
                stays.pop(event.contact_id, None)
            case _:
                pass
    for contact_id, told in facts.items():
        known = stays.get(contact_id)
        if known is not None and len(known) < HISTORY_MAX:
            told.check(known)


class _Facts:
    """What events say of one contact."""

    def __init__(self) -> None:
        self.answers: list[ContactConnected] = []
        self.talk_s = self.wrap_up_s = self.lost_wait_s = 0.0
        self.refused = self.lost = 0

    def take(self, event: object) -> None:
        match event:
            case ContactConnected():
                self.answers.append(event)
            case ContactEnded():
                self.talk_s += event.talk_s + event.hold_s
            case WrapUpEnded():
                self.wrap_up_s += event.lasted_s
            case ContactRefused():
                self.refused += 1
            case ContactAbandoned() | ContactOverflowed() | ContactWithdrawn() | ContactMoved():
                self.lost += 1
                self.lost_wait_s += event.in_queue_s
            case _:
                pass

    def check(self, stays: Sequence[ContactStay]) -> None:
        answered = [stay for stay in stays if stay.agent]
        assert [stay.agent for stay in answered] == [event.agent_id for event in self.answers], (stays, self.answers)
        for stay, event in zip(answered, self.answers, strict=True):
            assert stay.queue == event.queue_id, (stay, event)
            assert abs(stay.wait_s - event.in_queue_s) < SAME_S, (stay, event)
        talk_s = sum(stay.talk_s + stay.consult_s for stay in answered)
        assert abs(talk_s - self.talk_s) < SAME_S * (1 + len(answered)), (stays, self.talk_s)
        assert abs(sum(stay.wrap_up_s for stay in stays) - self.wrap_up_s) < SAME_S, (stays, self.wrap_up_s)
        assert sum(stay.outcome == "refused" for stay in stays) == self.refused, stays
        lost = [stay for stay in stays if not stay.agent and stay.outcome != "refused"]
        assert len(lost) == self.lost, (stays, self.lost)
        assert abs(sum(stay.wait_s for stay in lost) - self.lost_wait_s) < SAME_S * (1 + len(lost)), stays
