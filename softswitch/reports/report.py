"""What every report is made of: facts one block after another, then its tables."""

from enum import Enum
from typing import Any, Protocol

import msgspec

from softswitch.reports.tables import Table
from softswitch.reports.terms import Terms


class Source(Enum):
    """Which facts a report is made of."""

    EVENTS = "events of the ACD"
    CALLS = "call records"
    LIST = "call records, one by one"
    CONFERENCES = "minutes of conferences"


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """What is going on at `at`, epoch seconds, in a switch that runs."""

    at: float
    calls: tuple["GoingOn", ...] = ()
    trunks: dict[str, tuple[int, int]] = {}
    """Channels held by calls that came in and that went out."""


class GoingOn(msgspec.Struct, frozen=True, kw_only=True):
    """A call in progress."""

    call_id: str
    started_at: float
    calling_number: str
    called_number: str
    project: str = ""


class Builder(Protocol):
    """A report in the making. `now` is None for the past."""

    def add(self, facts: Any, /) -> None:
        """One block of facts, in order; of the type its source gives."""
        ...

    def tables(self, now: Now | None) -> tuple[Table, ...]: ...


class MakeBuilder(Protocol):
    def __call__(self, terms: Terms, /) -> Builder: ...


class ReportKind(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue."""

    name: str
    title: str
    about: str
    """In one sentence, for the list."""
    source: Source
    make: MakeBuilder
    is_for_projects: bool = True
    """It can be told for one project alone."""
    filters: tuple[str, ...] = ("queue",)
    """Beside the project: "queue", "agent", "interval"."""
    look_back_s: float = 0.0
    """How long before its beginning something may have begun that still counts."""
