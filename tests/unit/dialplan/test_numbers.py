"""The number plan: which route wins, and what is refused when it is compiled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import Fault
from softswitch.dialplan.numbers import NumberPlan, Route
from softswitch.dialplan.patterns import Pattern, comparable, parse_pattern


def plan_of(*numbers: str) -> NumberPlan:
    plan = NumberPlan.compile([Route(number, flow="hotline") for number in numbers])
    assert isinstance(plan, NumberPlan), plan
    return plan


def faults_of(*rows: Route, flows: set[str] | None = None, schedules: set[str] | None = None) -> list[Fault]:
    faults = NumberPlan.compile(rows, flows=flows, schedules=schedules)
    assert isinstance(faults, list), "the plan should not have compiled"
    return faults


def found(plan: NumberPlan, number: str) -> str | None:
    route = plan.find(number)
    return route and route.number


def test_the_longest_literal_prefix_wins() -> None:
    plan = plan_of("!", "1!", "14xxx", "1415!", "14155")
    assert found(plan, "14155") == "14155"
    assert found(plan, "141550") == "1415!"
    assert found(plan, "14200") == "14xxx"
    assert found(plan, "1600") == "1!"
    assert found(plan, "0") == "!"


def test_a_route_is_the_same_however_often_it_is_asked_for() -> None:
    plan, other = plan_of("1xx"), plan_of("2xx")
    assert [found(plan, number) for number in ("110", "210", "110", "210")] == ["1xx", None, "1xx", None]
    assert [found(other, number) for number in ("110", "210", "110", "210")] == [None, "2xx", None, "2xx"]


def test_a_fixed_length_wins_over_the_rest_at_the_same_prefix() -> None:
    plan = plan_of("2!", "2xx", "3", "3!")
    assert found(plan, "212") == "2xx"
    assert found(plan, "2123") == "2!"
    assert found(plan, "3") == "3"


def test_nothing_matches_outside_the_plan() -> None:
    plan = plan_of("100", "2xx")
    assert [found(plan, number) for number in ("", "+", "1000", "20", "alice")] == [None] * 5


@pytest.mark.parametrize("written", ["+74951234567", "74951234567", "+7 (495) 123-45-67"])
@pytest.mark.parametrize("dialled", ["+74951234567", "74951234567", "7 495 123 45 67"])
def test_the_plus_is_one_spelling_of_the_same_number(written: str, dialled: str) -> None:
    assert found(plan_of("!", written), dialled) == written


def test_the_plus_chooses_between_two_spellings_that_are_both_routed() -> None:
    plan = plan_of("+7495xxx", "7495xxx")
    assert found(plan, "+7495001") == "+7495xxx"
    assert found(plan, "7495001") == "7495xxx"


def test_names_are_routed_too() -> None:
    plan = plan_of("reception", "!")
    assert found(plan, "reception") == "reception"
    assert found(plan, "receptionist") == "!"


@pytest.mark.parametrize(
    ("first", "second"),
    [("100", "100"), ("100", "1-00"), ("1xx", "1nx"), ("1x5", "1xx"), ("!", "x!"), ("2x!", "2n!"), ("+7x", "+7x")],
)
def test_two_equal_matches_are_a_fault(first: str, second: str) -> None:
    (fault,) = faults_of(Route(first, "a"), Route(second, "b"))
    assert fault.key == "route[1].number"
    assert "route[0]" in fault.reason
    assert fault.remedy


def test_patterns_that_share_no_number_may_stand_side_by_side() -> None:
    plan = plan_of("1x4", "1x5", "xxx", "xxxx")
    assert found(plan, "124") == "1x4"
    assert found(plan, "125") == "1x5"
    assert found(plan, "999") == "xxx"


def test_all_faults_come_at_once_and_name_their_place() -> None:
    faults = faults_of(
        Route("1!2", "hotline"),
        Route("100", "hotlin"),
        Route("101", "", hours="office"),
        Route("102", "hotline", otherwise="night"),
        Route("103", "hotline", hours="ofice", otherwise="nigt"),
        Route("104", "hotline", fax_flow="hotlin"),
        flows={"hotline", "night"},
        schedules={"office"},
    )
    assert [fault.key for fault in faults] == [
        "route[0].number",
        "route[1].flow",
        "route[2].flow",
        "route[2].otherwise",
        "route[3].hours",
        "route[4].otherwise",
        "route[4].hours",
        "route[5].fax_flow",
    ]
    assert faults[1].remedy == 'Did you mean "hotline"?'
    assert faults[5].remedy == 'Did you mean "night"?'
    assert faults[6].remedy == 'Did you mean "office"?'


def test_without_any_schedule_the_remedy_is_to_add_one() -> None:
    (fault,) = faults_of(Route("1", "a", hours="office", otherwise="a"), schedules=set())
    assert fault.remedy == "Add the schedule first"


def test_routes_are_listed() -> None:
    assert [route.number for route in plan_of("2!", "100").routes()] == ["100", "2!"]


numbers = st.text(alphabet="123", max_size=5)
patterns = st.lists(st.text(alphabet="123xn!+", min_size=1, max_size=5), max_size=8)


@given(patterns, numbers)
def test_the_plan_finds_what_trying_every_pattern_finds(texts: list[str], number: str) -> None:
    plan = NumberPlan.compile([Route(text, "flow") for text in texts])
    if isinstance(plan, list) or not number:
        return
    digits, has_plus = comparable(number)
    parsed = [compiled for text in texts if isinstance(compiled := parse_pattern(text), Pattern)]
    matching = [compiled for compiled in parsed if compiled.matches(digits)]
    best = max(
        matching,
        key=lambda compiled: (len(compiled.literal_prefix), not compiled.is_open, compiled.has_plus == has_plus),
        default=None,
    )
    assert found(plan, number) == (best and best.text)
