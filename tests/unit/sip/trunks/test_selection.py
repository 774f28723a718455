"""Which trunks carry a number: the best route, the order within it, and when the next one is tried."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.entropy import SeededEntropy
from softswitch.sip.trunks.selection import FailoverRule, OutboundRoute, matches, ordered, route_for


def route(number: str, *trunks: str, **weights: int) -> OutboundRoute:
    return OutboundRoute(number=number, trunks=trunks or ("a",), weights=weights)


def nobody_is_down(name: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("pattern", "number", "expected"),
    [
        ("!", "", True),
        ("!", "+74951234567", True),
        ("+7!", "+74951234567", True),
        ("+7!", "74951234567", False),
        ("8xxxxxxxxxx", "84951234567", True),
        ("8xxxxxxxxxx", "849512345678", False),
        ("8xxxxxxxxxx", "8495123456*", False),
        ("0n!", "0491", True),
        ("0n!", "0091", False),
        ("112", "112", True),
        ("112", "1123", False),
    ],
)
def test_patterns(pattern: str, number: str, expected: bool) -> None:
    assert matches(pattern, number) is expected


def test_the_route_with_the_most_literal_places_wins() -> None:
    routes = [route("!"), route("+7!", "b"), route("+7495!", "c"), route("+7495!", "d"), route("+7495xxxxxxx", "e")]
    assert route_for(routes, ["+4930123"]) is routes[0]
    assert route_for(routes, ["+78121234567"]) is routes[1]
    assert route_for(routes, ["+7495123"]) is routes[2], "the first among equals"
    assert route_for(routes, ["+74951234567"]) is routes[4], "a fixed length is more than an open one"
    assert route_for([route("+7!")], ["112"]) is None


def test_any_form_of_the_number_may_match() -> None:
    routes = [route("8!"), route("+7495!")]
    assert route_for(routes, ["84951234567", "+74951234567"]) is routes[1]


def test_trunks_without_weights_go_in_order_and_the_dead_come_last() -> None:
    plan = route("!", "a", "b", "c")
    assert ordered(plan, nobody_is_down, SeededEntropy(1)) == ["a", "b", "c"]
    assert ordered(plan, lambda name: name == "a", SeededEntropy(1)) == ["b", "c", "a"]
    assert ordered(plan, lambda name: True, SeededEntropy(1)) == ["a", "b", "c"]


@given(weights=st.dictionaries(st.sampled_from("abcde"), st.integers(1, 100), min_size=1), seed=st.integers(0, 2**32))
def test_every_trunk_is_tried_once_whatever_the_weights(weights: dict[str, int], seed: int) -> None:
    plan = OutboundRoute(number="!", trunks=tuple("abcde"), weights=weights)
    assert sorted(ordered(plan, nobody_is_down, SeededEntropy(seed))) == list("abcde")


def test_neighbours_share_calls_by_weight() -> None:
    plan = OutboundRoute(number="!", trunks=("a", "b", "z"), weights={"a": 70, "b": 30})
    entropy = SeededEntropy(1)
    orders = [ordered(plan, nobody_is_down, entropy) for _ in range(4000)]
    first = Counter(order[0] for order in orders)
    assert 0.67 < first["a"] / 4000 < 0.73
    assert all(order[2] == "z" for order in orders), "who has no weight keeps his place"


def test_the_next_trunk_is_for_trunks_that_failed_not_for_people_who_declined() -> None:
    rule = FailoverRule(statuses=frozenset({408, 486, 500, 503, 603, 404}))
    assert [status for status in range(300, 700) if rule.continues_after(status)] == [408, 500, 503]
    assert not FailoverRule().continues_after(480)
