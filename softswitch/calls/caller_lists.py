"""Lists of callers (important ones, unwelcome ones), and regions of the world by how their numbers begin.

A list has numbers from the configuration, and numbers that people, flows and programs have added since. A number fits
however it is written, with or without "+"; patterns, as in numbers.toml, are of the configuration alone.
"""

from collections.abc import Iterable, Mapping

import msgspec

from softswitch.calls.boosts import NumberList
from softswitch.sip.trunks.limits import NUMBER_CHARACTERS_MAX
from softswitch.sip.trunks.numbers import Habits, normalised


class CallerList(msgspec.Struct, frozen=True, kw_only=True):
    """One list of the configuration. `notes` are what its rows say of single numbers, by digits."""

    name: str
    numbers: NumberList = NumberList()
    notes: Mapping[str, str] = {}
    project: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A number is in a list: what was noted, and of one that was added who did it, when, and until when it is there.

    Instants are seconds since 1970; 0: it is in the configuration; `until_wall` None: for good.
    """

    note: str = ""
    by: str = ""
    since_wall: float = 0.0
    until_wall: float | None = None


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers that begin with one of `prefixes`, as digits of E.164."""

    region_id: str
    prefixes: tuple[str, ...]


class RegionMap:
    """All regions, asked with one look-up for each digit of the longest prefix; of two the longer prefix wins."""

    __slots__ = ("_by_prefix", "_longest")

    def __init__(self, regions: Iterable[Region] = ()) -> None:
        self._by_prefix = {prefix: region.region_id for region in regions for prefix in region.prefixes}
        self._longest = max(map(len, self._by_prefix), default=0)

    def find(self, number: str, habits: Habits) -> str:
        """The region's id; "" where none is known. `number` may be written as it is dialled here."""
        digits = number_digits(number, habits)
        for length in range(min(len(digits), self._longest), 0, -1):
            region = self._by_prefix.get(digits[:length])
            if region is not None:
                return region
        return ""


def number_digits(number: str, habits: Habits) -> str:
    """The one form in which numbers are kept and compared: E.164 without "+", or as it is if that is not known."""
    return normalised(number, habits).removeprefix("+")


def is_keepable(number: str) -> bool:
    """Whether it can be in a list: what a stranger's phone calls itself may be anything."""
    return 0 < len(number) <= NUMBER_CHARACTERS_MAX and number.isascii() and number.isprintable()
