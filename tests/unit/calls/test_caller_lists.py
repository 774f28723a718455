"""Regions by the longest beginning of a number, and numbers in the one form that lists know."""

import pytest

from softswitch.calls.caller_lists import Region, RegionMap, is_keepable, number_digits
from softswitch.sip.trunks.numbers import Habits

RUSSIA = Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10)
REGIONS = RegionMap(
    [
        Region(region_id="russia", prefixes=("7",)),
        Region(region_id="moscow", prefixes=("7495", "7499")),
        Region(region_id="germany", prefixes=("49",)),
    ]
)


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+74951234567", "moscow"),
        ("84951234567", "moscow"),
        ("74991234567", "moscow"),
        ("+78121234567", "russia"),
        ("+4930123456", "germany"),
        ("+15550123", ""),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_the_longest_beginning_wins(number: str, region: str) -> None:
    assert REGIONS.find(number, RUSSIA) == region


def test_without_regions_there_is_none() -> None:
    assert RegionMap().find("+74951234567", RUSSIA) == ""


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert {number_digits(text, RUSSIA) for text in ("+74951234567", "8 (495) 123-45-67")} == {"74951234567"}


@pytest.mark.parametrize("name", ["", "x" * 200, "naïve", "a\nb", "\udcff"])
def test_what_a_stranger_calls_himself_is_not_kept(name: str) -> None:
    assert not is_keepable(name)
