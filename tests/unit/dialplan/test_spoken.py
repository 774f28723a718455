"""Values for what is read out: what is refused, and what is made of what authors have at hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from softswitch.base.errors import LocalError
from softswitch.dialplan import spoken
from softswitch.prompts.limits import DIGITS_MAX, LISTED_MAX, NUMBER_MAX, TEXT_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: spoken.money(5, "XAU"), 'no words for "XAU"; known: RUB, USD, EUR, GBP'),
        (lambda: spoken.money(NUMBER_MAX + 1, "RUB"), "is more than"),
        (lambda: spoken.money(float("nan"), "RUB"), "no number that can be read out"),
        (lambda: spoken.number(float("inf")), "no number that can be read out"),
        (lambda: spoken.number(Decimal("1e40")), "no number that can be read out"),
        (lambda: spoken.ordinal(0), "0 has no ordinal"),
        (lambda: spoken.count(-1, "day"), "is not from 0"),
        (lambda: spoken.duration(-1), "is not from 0"),
        (lambda: spoken.text("  "), "nothing to be said"),
        (lambda: spoken.listed([]), "0 things"),
        (lambda: spoken.listed([1] * (LISTED_MAX + 1)), "1 to 50 can be read out"),
    ],
)
def test_what_cannot_be_read_out_is_a_fault_where_it_is_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(LocalError, match=message):
        make()


def test_values_are_made_of_what_authors_have() -> None:
    assert spoken.date(datetime(2026, 11, 29, 15, 40, tzinfo=UTC)) == spoken.date(date(2026, 11, 29))
    assert spoken.time(datetime(2026, 11, 29, 15, 40, 59, tzinfo=UTC)) == spoken.time(time(15, 40))
    assert spoken.duration(timedelta(minutes=2)) == spoken.duration(119.6)
    assert spoken.number(0.1) == spoken.number(Decimal("0.1"))
    assert spoken.number(2.0) == spoken.number(2)


def test_what_is_too_long_is_cut() -> None:
    assert len(spoken.digits("1" * 100).text) == DIGITS_MAX
    assert len(spoken.text("a" * 3000).text) == TEXT_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (spoken.number(-2.50), "number -2.500"),
        (spoken.number(7), "number 7"),
        (spoken.ordinal(3), "ordinal 3"),
        (spoken.count(2, "new-message"), "count 2 new-message"),
        (spoken.money(5, "EUR"), "money 5.00 EUR"),
        (spoken.date(date(2026, 11, 29), on=True), "date on 2026-11-29"),
        (spoken.time(time(9, 5)), "time 09:05"),
        (spoken.duration(90), "duration 90"),
        (spoken.telephone("+74951234567"), "digits +7 495 123 45 67"),
        (spoken.telephone("+7 (495) 1234567"), "digits +7 (495) 1234567"),
        (spoken.text("Hello"), "text Hello"),
        (spoken.listed(["color/red", 5], last="or"), "list color/red or 5"),
    ],
)
def test_values_show_in_transcripts_as_they_are_written(value: spoken.Spoken, seen: str) -> None:
    assert str(value) == seen
