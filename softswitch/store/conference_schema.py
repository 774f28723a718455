"""Rows of conferences: as in schema.py, whose version holds for them too."""

from typing import Literal

import msgspec

from softswitch.base.ids import CallId
from softswitch.store.layout import TableLayout, TimedKey, text_key, timed_key


class StoredStay(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was in a conference, from when until when. Who came again has two."""

    seat: int
    """His number in the roll call; who comes again has the same."""
    number: str
    name: str = ""
    account: str = ""
    """Of his phone, if it is one of ours."""
    role: Literal["host", "guest"]
    call_id: CallId
    """His call, whose record has the rest."""
    is_called: bool = False
    """We have called him; else he has called us."""
    joined_at: float
    left_at: float = 0.0
    """0: he is still there."""
    talk_s: float = 0.0
    reason: str = ""
    """Why he left: "hung up", "left", "removed", "gave his place", "ended", "host left"."""


class StoredConferenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was ordered in a conference."""

    at: float
    what: str
    by: str
    """The number of who ordered it, "operator" and his name, or "schedule"."""


class StoredMinutes(msgspec.Struct, frozen=True, kw_only=True):
    """A conference: who, when, how long. Written whenever somebody comes or goes, and when it is over."""

    conference_id: str
    room_id: str
    name: str = ""
    project: str = ""
    started_at: float
    ended_at: float = 0.0
    """0: it goes on."""
    stays: tuple[StoredStay, ...] = ()
    """In the order in which they ended; those who are still there last."""
    stays_left_out: int = 0
    """The oldest of very many."""
    events: tuple[StoredConferenceEvent, ...] = ()
    recordings: tuple[str, ...] = ()
    """Paths of its recordings; the table of recordings has the details."""
    end_reason: str = ""
    """"ended" by whoever ran it, "host left", "all left", "switch stopped", "switch restarted"; "missed": it was to
    begin by itself while the switch was down."""


class StoredConferenceClock(msgspec.Struct, frozen=True, kw_only=True):
    """Up to when times at which conferences begin by themselves have been dealt with."""

    looked_at_wall: float


MINUTES: TableLayout[TimedKey, StoredMinutes] = TableLayout("minutes", StoredMinutes, timed_key, files=("recordings",))
CONFERENCE_CLOCK: TableLayout[str, StoredConferenceClock] = TableLayout(
    "conference_clock", StoredConferenceClock, text_key
)
