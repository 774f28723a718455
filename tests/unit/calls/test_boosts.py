"""Who comes earlier: important customers, regions, numbers called, queues; added up."""

import pytest

from softswitch.calls.boosts import BoostRule, boost_of, customer_of, number_list
from softswitch.sip.trunks.numbers import Habits

RULES = (
    BoostRule(boost_s=100.0, callers=number_list(["+7 (916) 123-45-67", "442079460000"])),
    BoostRule(boost_s=20.0, callers=number_list(["+7495!"])),
    BoostRule(boost_s=3.0, called=number_list(["+18005550100"])),
    BoostRule(boost_s=-50.0, queues=frozenset({"bulk"}), callers=number_list(["+7!"])),
)


@pytest.mark.parametrize(
    ("queue", "calling", "called", "expected"),
    [
        ("sales", "+79161234567", "100", 100.0),
        ("sales", "79161234567", "100", 100.0),
        ("sales", "+442079460000", "100", 100.0),
        ("sales", "+74951234567", "100", 20.0),
        ("sales", "+74951234567", "+18005550100", 23.0),
        ("sales", "", "+18005550100", 3.0),
        ("bulk", "+74951234567", "100", -30.0),
        ("bulk", "+15550123", "100", 0.0),
        ("sales", "anonymous", "100", 0.0),
    ],
)
def test_all_that_apply_are_added_up(queue: str, calling: str, called: str, expected: float) -> None:
    assert boost_of(RULES, queue, {calling}, {called}) == expected


def test_a_number_fits_in_any_of_its_forms() -> None:
    assert boost_of(RULES, "sales", {"84951234567", "+74951234567"}, {"100"}) == 20.0


@pytest.mark.parametrize(
    ("number", "customer"),
    [("+79161234567", "79161234567"), ("89161234567", "79161234567"), ("101", "101"), ("anonymous", ""), ("", "")],
)
def test_a_customer_is_the_number_he_calls_from(number: str, customer: str) -> None:
    habits = Habits(country_code="7", national_prefix="8", national_digits=10)
    assert customer_of(number, habits) == customer
