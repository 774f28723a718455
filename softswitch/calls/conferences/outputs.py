"""What a room wants done."""

from typing import Literal, TypeAlias

import msgspec

from softswitch.base.ids import CallId
from softswitch.calls.conferences.terms import LeaveReason

Word: TypeAlias = str | int
"""A prompt's name, a path or tone that is played as it is, or a number to be read out."""

Background: TypeAlias = Literal["", "music", "ringback"]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody hears, and is heard by, all who are in this place; None: nobody."""

    call_id: CallId
    place: int | None
    background: Background
    """What he hears as long as he hears nobody."""
    is_muted: bool
    gain_db: float
    hearing_gain_db: float


class Told(msgspec.Struct, frozen=True):
    """These hear this, beside what they hear."""

    call_ids: tuple[CallId, ...]
    words: tuple[Word, ...]


class Dismissed(msgspec.Struct, frozen=True):
    """He is in it no more."""

    call_id: CallId
    reason: LeaveReason


class RecordingWanted(msgspec.Struct, frozen=True):
    """Record what is said in the main room, or no longer."""

    is_on: bool


class CallWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Call this number for `by` (None: for nobody who is here). With `aside` he comes there, and is not asked."""

    number: str
    by: CallId | None
    aside: int | None = None


class FetchDropped(msgspec.Struct, frozen=True):
    """Nobody waits there for who is being called any more."""

    aside: int


class MinutesChanged(msgspec.Struct, frozen=True):
    """Store them: `Room.minutes`."""


class Closed(msgspec.Struct, frozen=True):
    """It is over, and nobody is in it."""


RoomOutput: TypeAlias = (
    Placed | Told | Dismissed | RecordingWanted | CallWanted | FetchDropped | MinutesChanged | Closed
)
