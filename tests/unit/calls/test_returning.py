"""Which call of ours it is that comes in, and when that has happened too often."""

from softswitch.base.ids import LegId
from softswitch.calls.limits import COMES_MAX, NUMBERS_PASSED_MAX
from softswitch.calls.returning import Outgoing, Returning, is_loop, phone

HOTLINE, MOBILE, CUSTOMER = "+74951234567", "+79161234567", "+74957654321"


def outgoing(to: str, caller: str = CUSTOMER, *came_by: str) -> Outgoing:
    return Outgoing(to, caller, came_by or (HOTLINE,), 60)


def going(*calls: Outgoing) -> Returning:
    returning = Returning()
    for number, call in enumerate(calls):
        returning.went(LegId(str(number)), call)
    return returning


def test_a_number_we_call_that_calls_in_as_a_diversion_is_the_same_call_once() -> None:
    call = outgoing(MOBILE)
    returning = going(call)
    assert returning.from_trunk(HOTLINE, "", [MOBILE]) == call
    assert returning.from_trunk(HOTLINE, "", [MOBILE]) is None
    assert returning.count == 0


def test_the_number_we_call_is_called_and_the_same_caller_comes_first() -> None:
    stranger, own = outgoing(HOTLINE, "+74950000000"), outgoing(HOTLINE)
    returning = going(stranger, own)
    assert returning.from_trunk(HOTLINE, CUSTOMER, []) is own
    assert returning.from_trunk(HOTLINE, CUSTOMER, []) is stranger
    assert returning.from_trunk(HOTLINE, CUSTOMER, []) is None


def test_the_same_caller_to_the_same_number_while_his_call_rings_elsewhere() -> None:
    call = outgoing(MOBILE)
    returning = going(call)
    assert returning.from_trunk(HOTLINE, "+74950000000", []) is None
    assert returning.from_trunk(MOBILE[:-1], CUSTOMER, []) is None
    assert returning.from_trunk(HOTLINE, CUSTOMER, []) is call


def test_those_who_hide_their_number_are_not_all_the_same() -> None:
    assert going(outgoing(MOBILE, "")).from_trunk(HOTLINE, "", []) is None


def test_what_is_answered_or_over_does_not_come_back() -> None:
    returning = going(outgoing(MOBILE), outgoing(MOBILE))
    returning.over(LegId("0"))
    returning.over(LegId("0"))
    returning.over(LegId("nobody's"))
    assert returning.from_trunk(HOTLINE, "", [MOBILE]) is not None
    returning.over(LegId("1"))
    assert returning.from_trunk(HOTLINE, CUSTOMER, [MOBILE]) is None


def test_a_phone_that_rings_and_calls_passes_the_call_on() -> None:
    call = outgoing(phone("carl"), "")
    returning = going(call)
    assert returning.from_phone("anna") is None
    assert returning.from_phone("carl") is call
    assert returning.from_phone("carl") is None


def test_a_number_too_often_or_too_many_numbers_are_a_loop() -> None:
    assert not is_loop(outgoing(MOBILE, "", *[HOTLINE] * (COMES_MAX - 1)), HOTLINE)
    assert is_loop(outgoing(MOBILE, "", *[HOTLINE] * COMES_MAX), HOTLINE)
    assert not is_loop(outgoing(MOBILE, "", *[HOTLINE] * COMES_MAX), MOBILE)
    assert is_loop(outgoing(MOBILE, "", *map(str, range(NUMBERS_PASSED_MAX))), HOTLINE)
