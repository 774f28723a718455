"""Rounding, by the rule that is stated: half up, each amount by itself, to the currency's coin."""

from decimal import Decimal

import pytest

from softswitch.billing.money import for_time, places_of, rounded, share


@pytest.mark.parametrize(
    ("amount", "places", "result"),
    [
        ("0.005", 2, "0.01"),
        ("0.004999", 2, "0.00"),
        ("0.015", 2, "0.02"),
        ("0.025", 2, "0.03"),
        ("2.5", 0, "3"),
        ("1.0005", 3, "1.001"),
        ("123456789012345678.005", 2, "123456789012345678.01"),
    ],
)
def test_half_a_coin_is_a_whole_one(amount: str, places: int, result: str) -> None:
    assert str(rounded(Decimal(amount), places)) == result


@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("RUB", 2), ("JPY", 0), ("KWD", 3)])
def test_coins(currency: str, places: int) -> None:
    assert places_of(currency) == places


def test_time_is_not_rounded_before_its_amount_is() -> None:
    assert rounded(for_time(Decimal("0.90"), 1), 2) == Decimal("0.02")
    assert rounded(for_time(Decimal(1), 20), 2) == Decimal("0.33")
    assert for_time(Decimal("0.10"), 60) == Decimal("0.10")


def test_a_share_of_a_month() -> None:
    assert share(Decimal(100), 10, 30, 2) == Decimal("33.33")
    assert share(Decimal(100), 30, 30, 2) == Decimal("100.00")
