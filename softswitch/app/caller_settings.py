"""From the operator's configuration to what calls know of callers: lists, regions, lookups."""

from softswitch.calls.boosts import number_list
from softswitch.calls.caller_lists import CallerList, Region, RegionMap, number_digits
from softswitch.calls.lookups import Lookup
from softswitch.config import Configuration
from softswitch.config.caller_rows import CallerListRow
from softswitch.sip.trunks.numbers import Habits


def caller_lists(configuration: Configuration, habits: Habits) -> dict[str, CallerList]:
    return {row.id: _caller_list(row, habits) for row in configuration.lists}


def _caller_list(row: CallerListRow, habits: Habits) -> CallerList:
    return CallerList(
        name=row.name or row.id,
        project=row.project,
        numbers=number_list(
            [*(_number(text, habits) for text in row.numbers), *(_number(n, habits) for n in row.notes)]
        ),
        notes={number_digits(number, habits): note for number, note in row.notes.items()},
    )


def _number(text: str, habits: Habits) -> str:
    """A number in the one form in which numbers are compared; a pattern as it is."""
    digits = number_digits(text, habits)
    return digits if digits.isdecimal() else text


def region_map(configuration: Configuration) -> RegionMap:
    return RegionMap(
        Region(region_id=row.id, prefixes=tuple(prefix.removeprefix("+") for prefix in row.prefixes))
        for row in configuration.regions
    )


def lookups(configuration: Configuration) -> dict[str, Lookup]:
    return {
        row.id: Lookup(
            project=row.project,
            url=row.url,
            is_post=row.method == "POST",
            deadline_s=row.deadline_ms / 1000,
            headers=row.headers,
            secret=row.secret,
            remember_s=row.remember_s,
        )
        for row in configuration.lookups
    }
