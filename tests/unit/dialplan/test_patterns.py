"""The pattern language of number routes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.dialplan.patterns import PATTERN_CHARACTERS_MAX, BadPattern, Pattern, comparable, parse_pattern


def pattern(text: str) -> Pattern:
    parsed = parse_pattern(text)
    assert isinstance(parsed, Pattern), parsed
    return parsed


@pytest.mark.parametrize(
    ("text", "number", "matches"),
    [
        ("100", "100", True),
        ("100", "1000", False),
        ("100", "10", False),
        ("1xx", "150", True),
        ("1xx", "250", False),
        ("1xx", "1*0", False),
        ("nxx", "199", False),
        ("nxx", "299", True),
        ("NXX", "299", True),
        ("12!", "12", True),
        ("12!", "123456", True),
        ("12!", "1", False),
        ("!", "anything", True),
        ("*98", "*98", True),
        ("+1415555xxxx", "14155550100", True),
        ("+7 (495) 123-45-67", "74951234567", True),
        ("reception", "reception", True),
        ("reception", "Reception", False),
        ("next-door.2", "next-door.2", True),
    ],
)
def test_a_pattern_matches_the_numbers_it_describes(text: str, number: str, matches: bool) -> None:
    assert pattern(text).matches(number) is matches


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("+", "empty"),
        (" - ", "empty"),
        ("1!2", "inside"),
        ("1+2", "neither"),
        ("12@", "neither"),
        ("8z00", "neither"),
        ("1" * (PATTERN_CHARACTERS_MAX + 1), "characters long"),
    ],
)
def test_what_is_no_pattern_says_why_and_what_to_write(text: str, reason: str) -> None:
    parsed = parse_pattern(text)
    assert isinstance(parsed, BadPattern)
    assert reason in parsed.reason
    assert parsed.remedy


@pytest.mark.parametrize(
    ("dialled", "seen"),
    [
        ("+74951234567", ("74951234567", True)),
        ("8 (800) 200-30-40", ("88002003040", False)),
        ("*98#", ("*98#", False)),
        ("alice-b", ("alice-b", False)),
    ],
)
def test_a_number_is_compared_without_plus_and_separators(dialled: str, seen: tuple[str, bool]) -> None:
    assert comparable(dialled) == seen


@given(st.text(alphabet="019xn!", max_size=4), st.text(alphabet="019xn!", max_size=4), st.text("0129", max_size=6))
def test_two_patterns_that_match_one_number_overlap(first: str, second: str, number: str) -> None:
    left, right = parse_pattern(first), parse_pattern(second)
    if isinstance(left, Pattern) and isinstance(right, Pattern) and left.matches(number) and right.matches(number):
        assert left.overlaps(right)
        assert right.overlaps(left)
