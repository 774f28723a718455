"""The number plan: which flow a called number leads to.

Of all routes that match, the one with the longest literal prefix wins; at equal prefixes a pattern of fixed length
wins over one that ends in "!", and then the one that agrees with the number about the leading "+". Two routes that
are still equal and have a number in common are a fault when the plan is compiled, never a surprise during a call.

The number itself is never rewritten: what the caller dialled is what the flow and the call record see.
"""

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Protocol

import msgspec

from softswitch.base.errors import Fault
from softswitch.calls.projects import own_name
from softswitch.dialplan.limits import NUMBERS_REMEMBERED_MAX
from softswitch.dialplan.patterns import BadPattern, Pattern, comparable, parse_pattern


class RouteRow(Protocol):
    """A `[[route]]` table of numbers.toml as it was read."""

    @property
    def number(self) -> str: ...
    @property
    def flow(self) -> str: ...
    @property
    def hours(self) -> str | None: ...
    @property
    def otherwise(self) -> str | None: ...
    @property
    def record(self) -> str | None: ...
    @property
    def project(self) -> str: ...
    @property
    def fax_flow(self) -> str | None: ...


class Route(msgspec.Struct, frozen=True):
    """Calls to `number` (a pattern) run `flow`; with `hours` (a schedule's id) only then, and `otherwise` outside.

    `record` says whether their conversations are recorded (a `RecordingPolicy`), and `project` whose calls they are;
    None, or "", leave it to queues. `fax_flow` takes over when the caller is a fax machine.
    """

    number: str
    flow: str
    hours: str | None = None
    otherwise: str | None = None
    record: str | None = None
    project: str = ""
    fax_flow: str | None = None


class NumberPlan:
    """All routes, found by the digits in front of their first wildcard."""

    __slots__ = ("_by_prefix", "_prefix_max", "find")

    def __init__(self) -> None:
        self._by_prefix: dict[str, list[tuple[Pattern, Route]]] = {}
        self._prefix_max = 0
        self.find: Callable[[str], Route | None] = lru_cache(NUMBERS_REMEMBERED_MAX)(self._find)
        """The route of a called number, or None. Most calls are for few numbers: what was found is remembered."""

    @staticmethod
    def compile(
        rows: Sequence[RouteRow],
        *,
        file: str = "numbers.toml",
        flows: Collection[str] | None = None,
        schedules: Collection[str] | None = None,
    ) -> "NumberPlan | list[Fault]":
        """Build the plan, or list everything that is wrong with the rows.

        With `flows` and `schedules` (the names that exist) references to others are faults as well.
        """
        plan = NumberPlan()
        faults: list[Fault] = []
        index_of: dict[Pattern, int] = {}
        for index, row in enumerate(rows):
            key = f"route[{index}]"
            faults += _reference_faults(row, file, key, flows, schedules)
            pattern = parse_pattern(row.number)
            if isinstance(pattern, BadPattern):
                faults.append(Fault(file, f"{key}.number", pattern.reason, pattern.remedy))
            elif (rival := plan._rival_of(pattern)) is not None:
                faults.append(_collision(file, key, pattern, rival, index_of[rival]))
            else:
                index_of[pattern] = index
                route = Route(
                    row.number,
                    row.flow,
                    row.hours or None,
                    row.otherwise or None,
                    row.record,
                    row.project,
                    row.fax_flow or None,
                )
                plan._by_prefix.setdefault(pattern.literal_prefix, []).append((pattern, route))
                plan._prefix_max = max(plan._prefix_max, len(pattern.literal_prefix))
        return faults or plan

    def _find(self, number: str) -> Route | None:
        """At most one look-up for each digit of the longest prefix."""
        digits, has_plus = comparable(number)
        if not digits:
            return None
        for length in range(min(len(digits), self._prefix_max), -1, -1):
            matching = [
                (not pattern.is_open, pattern.has_plus == has_plus, route)
                for pattern, route in self._by_prefix.get(digits[:length], ())
                if pattern.matches(digits)
            ]
            if matching:
                return max(matching, key=lambda match: match[:2])[2]
        return None

    def routes(self) -> list[Route]:
        """Every route, by prefix."""
        return [route for prefix in sorted(self._by_prefix) for _, route in self._by_prefix[prefix]]

    def _rival_of(self, pattern: Pattern) -> Pattern | None:
        """A pattern already in the plan that ranks the same and shares a number with this one."""
        for other, _ in self._by_prefix.get(pattern.literal_prefix, ()):
            if (other.is_open, other.has_plus) == (pattern.is_open, pattern.has_plus) and other.overlaps(pattern):
                return other
        return None


def _collision(file: str, key: str, pattern: Pattern, rival: Pattern, rival_index: int) -> Fault:
    if pattern.text == rival.text:
        reason = f'"{pattern.text}" is already the number of route[{rival_index}]'
        return Fault(file, f"{key}.number", reason, "Remove one of the two routes")
    reason = f'"{pattern.text}" and "{rival.text}" of route[{rival_index}] match the same numbers equally well'
    return Fault(file, f"{key}.number", reason, "Write more digits in front of the first x, n or ! of one of them")


def _reference_faults(
    row: RouteRow, file: str, key: str, flows: Collection[str] | None, schedules: Collection[str] | None
) -> list[Fault]:
    faults: list[Fault] = []
    if not row.flow:
        faults.append(Fault(file, f"{key}.flow", "no flow is named", 'Write flow = "hotline" or another flow'))
    if row.hours and not row.otherwise:
        reason = "hours are given, but not what happens outside them"
        faults.append(Fault(file, f"{key}.otherwise", reason, "Name the flow for closed hours, or remove hours"))
    if row.otherwise and not row.hours:
        reason = "a flow for closed hours is named, but no hours"
        faults.append(Fault(file, f"{key}.hours", reason, "Name a schedule, or remove otherwise"))
    references = [
        ("flow", row.flow, flows, "flow"),
        ("otherwise", row.otherwise, flows, "flow"),
        ("fax_flow", row.fax_flow, flows, "flow"),
        ("hours", row.hours, schedules, "schedule"),
    ]
    for field, name, known, kind in references:
        if name and known is not None and own_name(row.project, name, known) not in known:
            faults.append(Fault(file, f"{key}.{field}", f'there is no {kind} "{name}"', _suggest(name, known, kind)))
    return faults


def _suggest(name: str, known: Collection[str], kind: str) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"There are: {', '.join(sorted(known))}" if known else f"Add the {kind} first"
