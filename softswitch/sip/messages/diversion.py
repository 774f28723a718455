"""Who has forwarded a call on its way: Diversion (RFC 5806) and History-Info (RFC 7044).

Values only. Which of the two a peer gets, and whether in this form, is decided where its INVITE is made.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

DiversionReason = Literal[
    "unconditional", "user-busy", "no-answer", "unavailable", "do-not-disturb", "deflection", "unknown"
]

_CAUSES: dict[DiversionReason, int] = {
    "unconditional": 302,
    "user-busy": 486,
    "no-answer": 408,
    "unavailable": 480,
    "do-not-disturb": 480,
    "deflection": 480,
    "unknown": 404,
}
"""RFC 4458 section 2.1: why it was retargeted."""

ENTRIES_MAX = 20
"""More forwards than this no call has that is not a loop; what comes with more is counted as so many."""


class Diversion(msgspec.Struct, frozen=True, kw_only=True):
    """One forward: `uri` is whose call it was, `to_uri` where it went."""

    uri: str
    to_uri: str
    reason: DiversionReason


def diversion_headers(diversions: Sequence[Diversion]) -> list[tuple[str, str]]:
    """The last forward first (RFC 5806 section 4.1), as one Diversion. `diversions` are in the order of time."""
    if not diversions:
        return []
    entries = [f"<{each.uri}>;reason={each.reason};counter=1" for each in reversed(diversions)]
    return [("diversion", ", ".join(entries))]


def history_info_headers(diversions: Sequence[Diversion]) -> list[tuple[str, str]]:
    """The whole way as one History-Info (RFC 7044 section 5), from the number that was called first."""
    if not diversions:
        return []
    index = "1"
    entries = [f"<{diversions[0].uri}>;index={index}"]
    for each in diversions:
        mapped_from, index = index, f"{index}.1"
        separator = "&" if "?" in each.to_uri else ";"
        entries.append(f"<{each.to_uri}{separator}cause={_CAUSES[each.reason]}>;index={index};mp={mapped_from}")
    return [("history-info", ", ".join(entries))]


def forwards_before(diversion: str | None, history_info: str | None) -> int:
    """How often a call was forwarded before it came to us, by these header values; at most `ENTRIES_MAX`."""
    by_diversion = 0
    for entry in (diversion or "").split(",", ENTRIES_MAX):
        if entry.strip():
            counter = entry.partition("counter=")[2].partition(";")[0].strip(' "')
            by_diversion += max(1, int(counter)) if counter.isascii() and counter.isdigit() and len(counter) < 4 else 1
    by_history = sum("cause=" in entry for entry in (history_info or "").split(",", ENTRIES_MAX))
    return min(ENTRIES_MAX, max(by_diversion, by_history))
