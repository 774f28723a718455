"""Numbers as one writes them and as another does: the same number in every form, and nothing else changed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.trunks.limits import NUMBER_CHARACTERS_MAX
from softswitch.sip.trunks.numbers import (
    Habits,
    NumberForm,
    NumberRule,
    NumberTranslation,
    normalised,
    pattern_fault,
    replacement_fault,
    written,
)

RUSSIA = Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10)
GERMANY = Habits(country_code="49", national_prefix="0", international_prefix="00")
AMERICA = Habits(country_code="1", national_prefix="1", international_prefix="011", national_digits=10)
NOBODY = Habits()


@pytest.mark.parametrize(
    ("habits", "number", "expected"),
    [
        (RUSSIA, "84951234567", "+74951234567"),
        (RUSSIA, "8 (495) 123-45-67", "+74951234567"),
        (RUSSIA, "74951234567", "+74951234567"),
        (RUSSIA, "4951234567", "+74951234567"),
        (RUSSIA, "810493012345678", "+493012345678"),
        (RUSSIA, "+74951234567", "+74951234567"),
        (RUSSIA, "112", "112"),
        (RUSSIA, "8112", "8112"),
        (RUSSIA, "2001", "2001"),
        (RUSSIA, "alice", "alice"),
        (RUSSIA, "*98", "*98"),
        (RUSSIA, "+7", "+7"),
        (RUSSIA, "+0123456789", "+0123456789"),
        (GERMANY, "03012345678", "+493012345678"),
        (GERMANY, "0074951234567", "+74951234567"),
        (GERMANY, "12345678", "12345678"),
        (AMERICA, "12125550100", "+12125550100"),
        (AMERICA, "2125550100", "+12125550100"),
        (AMERICA, "011442071234567", "+442071234567"),
        (NOBODY, "84951234567", "84951234567"),
        (NOBODY, "+7 495 123-45-67", "+74951234567"),
        (RUSSIA, "8" * 1000, "8" * 1000),
    ],
)
def test_what_a_number_means(habits: Habits, number: str, expected: str) -> None:
    assert normalised(number, habits) == expected


@pytest.mark.parametrize(
    ("form", "to", "expected"),
    [
        ("as_is", RUSSIA, "8 (495) 123-45-67"),
        ("+e164", RUSSIA, "+74951234567"),
        ("e164", RUSSIA, "74951234567"),
        ("national", RUSSIA, "84951234567"),
        ("national", GERMANY, "0074951234567"),
        ("national", NOBODY, "+74951234567"),
    ],
)
def test_how_it_is_written_for_its_reader(form: NumberForm, to: Habits, expected: str) -> None:
    assert written("8 (495) 123-45-67", form, RUSSIA, to) == expected


def test_what_is_no_telephone_number_is_never_changed() -> None:
    for form in ("as_is", "+e164", "e164", "national"):
        assert written("112", form, RUSSIA, GERMANY) == "112"
        assert written("alice", form, RUSSIA, GERMANY) == "alice"


numbers = st.one_of(
    st.text("0123456789+*# ()-", max_size=80), st.text(max_size=80), st.from_regex(r"\+?[0-9]{3,18}", fullmatch=True)
)
habits = st.builds(
    Habits,
    country_code=st.sampled_from(["", "1", "7", "49", "353"]),
    national_prefix=st.sampled_from(["", "0", "1", "8"]),
    international_prefix=st.sampled_from(["", "00", "011", "810"]),
    national_digits=st.sampled_from([0, 9, 10]),
)
forms = st.sampled_from(["as_is", "+e164", "e164", "national"])
rules = st.builds(
    NumberRule,
    number=st.sampled_from(["called_out", "calling_out", "called_in", "calling_in"]),
    prefix=st.sampled_from(["", "8", "+7", "00"]),
    strip=st.integers(0, 64),
    add=st.text("0123456789+", max_size=64),
    pattern=st.sampled_from(["", r"8([0-9]{10})", r"(.*)", r"[+]?([0-9]+)"]),
    replace=st.sampled_from([r"\1", r"+7\1", r"\1\1\1\1"]),
)


@given(number=numbers, by=habits)
def test_normalising_twice_is_normalising_once(number: str, by: Habits) -> None:
    once = normalised(number, by)
    assert normalised(once, by) == once


@given(number=numbers, ours=habits, theirs=habits, send_as=forms, receive_as=forms, own=st.lists(rules, max_size=4))
def test_no_number_grows_beyond_the_bound(
    number: str, ours: Habits, theirs: Habits, send_as: NumberForm, receive_as: NumberForm, own: list[NumberRule]
) -> None:
    translation = NumberTranslation(ours=ours, theirs=theirs, send_as=send_as, receive_as=receive_as, rules=tuple(own))
    longest = max(len(number), NUMBER_CHARACTERS_MAX)
    assert len(translation.outbound(number, "called_out")) <= longest
    assert len(translation.inbound(number, "calling_in")) <= longest


@given(digits=st.from_regex(r"[1-9][0-9]{9,13}", fullmatch=True), theirs=habits, form=forms)
def test_what_a_provider_gets_he_can_send_back(digits: str, theirs: Habits, form: NumberForm) -> None:
    """Where the form keeps the country: a "+" goes out and comes back as the same number."""
    out = NumberTranslation(theirs=theirs, send_as="+e164", receive_as="+e164")
    assert out.inbound(out.outbound("+" + digits, "called_out"), "called_in") == "+" + digits


def test_the_first_rule_that_fits_is_applied_and_no_other() -> None:
    translation = NumberTranslation(
        rules=(
            NumberRule(number="called_in", prefix="9", strip=1),
            NumberRule(number="called_out", prefix="9", strip=1),
            NumberRule(number="called_out", pattern=r"8([0-9]{10})", replace=r"+7\1"),
            NumberRule(number="called_out", add="0"),
        )
    )
    assert translation.outbound("984951234567", "called_out") == "84951234567"
    assert translation.outbound("84951234567", "called_out") == "+74951234567"
    assert translation.outbound("112", "called_out") == "0112"
    assert translation.outbound("112", "calling_out") == "112"


def test_a_rule_that_would_leave_nothing_is_not_applied() -> None:
    rule = NumberRule(number="called_out", strip=10)
    assert rule.apply("112") is None


def test_numbers_are_brought_into_form_before_rules_on_the_way_out_and_after_them_on_the_way_in() -> None:
    translation = NumberTranslation(
        ours=RUSSIA,
        theirs=RUSSIA,
        send_as="e164",
        receive_as="+e164",
        rules=(
            NumberRule(number="called_out", prefix="7", add="#"),
            NumberRule(number="calling_in", prefix="#", strip=1),
        ),
    )
    assert translation.outbound("84951234567", "called_out") == "#74951234567"
    assert translation.inbound("#74951234567", "calling_in") == "+74951234567"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"(a+)+b", "it repeats a group"),
        (r"(?:a|b){3,}", "it repeats a group"),
        (r"(a)\1", "it looks around, refers back or sets flags"),
        (r"(?=a)a", "it looks around, refers back or sets flags"),
        (r"(?i)a", "it looks around, refers back or sets flags"),
        (r".*.*.*.*", "it repeats more than 3 times without a bound"),
        (r"a?b?c?d?e?", "it has more than 4 parts that may be missing, of another length, or alternatives"),
        (r"a|b|c|d|e|f", "it has more than 4 parts that may be missing, of another length, or alternatives"),
        ("a" * 200, "it is longer than 128 characters"),
    ],
)
def test_expressions_that_may_run_away_are_refused(pattern: str, told: str) -> None:
    assert pattern_fault(pattern) == told


@pytest.mark.parametrize(
    "pattern", [r"\+?7([0-9]{10})", r"00([1-9]\d+)", r"(?:8|7)([0-9]{10})", r"[*+]([^(?]+)", r"(495|499)?([0-9]{7})"]
)
def test_ordinary_expressions_are_accepted(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


def test_an_expression_that_cannot_be_read_is_said_to_be() -> None:
    assert pattern_fault("([0-9]").startswith("it cannot be read: ")


def test_the_worst_expression_that_is_accepted_takes_no_time() -> None:
    worst = r"(?:.*.*.*)a?a?a?a?b"
    assert pattern_fault(worst) == ""
    rule = NumberRule(number="called_out", pattern=worst, replace="1")
    began_at = time.process_time()
    assert rule.apply("a" * NUMBER_CHARACTERS_MAX) is None
    assert time.process_time() - began_at < 0.5


def test_replacements_name_groups_that_are_there() -> None:
    assert replacement_fault(r"8([0-9]+)", r"+7\1") == ""
    assert replacement_fault(r"8([0-9]+)", r"+7\2") == r"\2 is none of its 1 groups"
    assert replacement_fault(r"8([0-9]+)", r"\g<1>") == r"\g is none of its 1 groups"
    assert replacement_fault(r"8", "\\") == "\\ is none of its 0 groups"
