"""Who took part in a call, from when until when, and how each leg ended."""

import pytest

from softswitch.base.ids import CallId, LegId
from softswitch.calls.limits import SIP_LEGS_MAX
from softswitch.calls.recorded_legs import RecordedLegs
from softswitch.store.schema import SipLeg

A, B = LegId("a"), LegId("b")


def leg(party: str, at: float, answered_at: float | None = None) -> SipLeg:
    return SipLeg(sip_call_id=party, role="called", party=party, leg_id=party, began_at=at, answered_at=answered_at)


def test_a_leg_from_beginning_to_end() -> None:
    legs = RecordedLegs()
    legs.began(A, leg("a", 1.0))
    legs.rings(A, 2.0)
    legs.rings(A, 3.0)
    legs.answered(A, 5.0)
    legs.rings(A, 6.0)
    legs.ended(A, 9.0, by="party", cause=16)
    legs.ended(A, 10.0, by="switch", cause=31)
    (known,) = legs.known()
    assert (known.ringing_at, known.answered_at, known.ended_at) == (2.0, 5.0, 9.0)
    assert (known.ended_by, known.cause) == ("party", 16)
    assert legs.complete(20.0) == (known,)


def test_who_is_still_there_leaves_with_the_call() -> None:
    legs = RecordedLegs()
    legs.began(A, leg("a", 1.0))
    assert legs.known()[0].ended_at == 0.0
    (known,) = legs.complete(7.0)
    assert (known.ended_at, known.ended_by, known.cause) == (7.0, "switch", 16)


@pytest.mark.parametrize(
    ("is_answered", "is_wanted_elsewhere", "is_caller_there", "cause"),
    [
        (True, False, True, 16),
        (False, True, True, 26),
        (False, False, True, 19),
        (False, False, False, 16),
    ],
)
def test_why_we_have_hung_up(is_answered: bool, is_wanted_elsewhere: bool, is_caller_there: bool, cause: int) -> None:
    legs = RecordedLegs()
    legs.began(A, leg("a", 1.0, 1.0 if is_answered else None))
    legs.hung_up(A, 2.0, is_wanted_elsewhere=is_wanted_elsewhere, is_caller_there=is_caller_there)
    assert [(each.cause, each.ended_by) for each in legs.known()] == [(cause, "switch")]


def test_who_goes_on_elsewhere_has_no_cause() -> None:
    legs = RecordedLegs()
    legs.began(A, leg("a", 1.0, 1.0))
    legs.went_to(A, 4.0, CallId("next"))
    legs.ended(A, 5.0, by="party", cause=16)
    (known,) = legs.known()
    assert (known.went_to, known.ended_at, known.cause, known.ended_by) == ("next", 4.0, 0, "")


def test_who_comes_back_has_two_rows_and_the_first_stays_first() -> None:
    legs = RecordedLegs()
    legs.began(A, leg("a", 1.0, 1.0))
    legs.began(B, leg("b", 1.0, 1.0))
    legs.went_to(A, 4.0, CallId("next"))
    legs.began(A, leg("a", 6.0, 6.0))
    legs.ended(A, 9.0, by="party", cause=16)
    assert [(each.party, each.began_at, each.ended_at) for each in legs.known()] == [
        ("a", 1.0, 4.0),
        ("b", 1.0, 0.0),
        ("a", 6.0, 9.0),
    ]


def test_of_very_many_the_caller_and_the_newest_are_kept_and_the_others_counted() -> None:
    legs = RecordedLegs()
    for number in range(SIP_LEGS_MAX + 3):
        legs.began(LegId(str(number)), leg(str(number), float(number)))
    known = legs.known()
    assert len(known) == SIP_LEGS_MAX
    assert [known[0].party, known[1].party, known[-1].party] == ["0", "4", str(SIP_LEGS_MAX + 2)]
    assert legs.left_out == 3


def test_a_leg_nobody_knows_is_none_of_its() -> None:
    legs = RecordedLegs()
    legs.rings(A, 1.0)
    legs.answered(A, 1.0)
    legs.failed(A, 486, "Busy")
    legs.ended(A, 1.0, by="party", cause=17)
    legs.hung_up(A, 1.0, is_wanted_elsewhere=False, is_caller_there=True)
    legs.went_to(A, 1.0, CallId("x"))
    assert legs.known() == ()
