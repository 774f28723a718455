"""What must be true of the records of any calls: their times add up, and nothing is counted twice."""

from collections.abc import Sequence

from softswitch.store.schema import Cdr, SipLeg

CLOSE_S = 1e-3


def check_records(cdrs: Sequence[Cdr]) -> None:
    """Of all calls of a switch, all of which are over. Raises `AssertionError`."""
    known: dict[str, Cdr] = {cdr.call_id: cdr for cdr in cdrs}
    assert len(known) == len(cdrs), "one record for every call"
    for cdr in cdrs:
        _check_legs(cdr)
        _check_stays(cdr)
        assert cdr.chain_id, f"{cdr.call_id} belongs to no chain"
        chain = known.get(cdr.chain_id)
        assert chain is None or chain.chain_id == chain.call_id, "the first call of a chain has its name"
        _check_handovers(cdr, known)


def _check_legs(cdr: Cdr) -> None:
    connected_s = 0.0
    for leg in cdr.sip_legs:
        assert leg.leg_id, leg
        assert leg.began_at, leg
        instants = [at for at in (leg.began_at, leg.ringing_at, leg.answered_at, leg.ended_at) if at is not None]
        assert instants == sorted(instants), f"{leg} in {cdr.call_id}"
        assert cdr.started_at - CLOSE_S <= leg.began_at, leg
        assert leg.ended_at <= cdr.ended_at + CLOSE_S, leg
        if leg.answered_at is not None:
            connected_s += leg.ended_at - leg.answered_at
    if not cdr.legs_left_out:
        assert cdr.talk_s + cdr.consult_s <= connected_s + CLOSE_S, f"{cdr.call_id} talked longer than it was connected"


def _check_stays(cdr: Cdr) -> None:
    assert abs(sum(stay.wait_s for stay in cdr.stays) - cdr.queue_wait_s) < CLOSE_S, cdr.stays
    assert sum(stay.talk_s for stay in cdr.stays) <= cdr.talk_s + CLOSE_S, cdr.stays
    assert sum(stay.consult_s for stay in cdr.stays) <= cdr.consult_s + CLOSE_S, cdr.stays
    assert sum(stay.hold_s for stay in cdr.stays) <= cdr.hold_s + CLOSE_S, cdr.stays
    assert sum(stay.ring_s for stay in cdr.stays) <= cdr.ring_s + CLOSE_S, cdr.stays
    for stay in cdr.stays:
        assert stay.ended_at - stay.began_at >= stay.wait_s + stay.talk_s + stay.consult_s - CLOSE_S, stay
        assert (stay.outcome == "answered") is bool(stay.agent), stay


def _check_handovers(cdr: Cdr, known: dict[str, Cdr]) -> None:
    """A leg that goes on elsewhere begins there when it ended here."""
    for leg in cdr.sip_legs:
        other = known.get(leg.went_to)
        if other is None or not leg.went_to:
            continue
        begun = [each for each in other.sip_legs if each.leg_id == leg.leg_id and each.came_from == cdr.call_id]
        assert begun or other.legs_left_out, f"{leg} never came to {other.call_id}"
        assert all(_follows(leg, each) for each in begun), (leg, begun)


def _follows(leg: SipLeg, begun: SipLeg) -> bool:
    return abs(begun.began_at - leg.ended_at) < CLOSE_S
