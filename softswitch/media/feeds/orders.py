"""What the switch and the streamer process say to each other: JSON, a line each. Orders in, facts out.

The streamer knows nothing of calls: it is told whom to connect with which feed, and says what became of it. It forgets
everything when it ends; the switch then tells the next one.
"""

from typing import Any, Literal

import msgspec

from softswitch.base.ids import FeedId
from softswitch.media.feeds.feed import NARROW_RATE_HZ

Side = Literal["caller", "other", "both", "mixed"]
"""Whose sound a program is given: one party's; both as two channels, the caller left; both in one."""

EndReason = Literal["stopped", "closed", "lost", "refused"]
"""Why a connection with a program is over: it said "stop"; it closed; it broke; it never came to be."""


class Counts(msgspec.Struct):
    """Frames of 20 ms."""

    sent: int = 0
    """To the program;"""
    dropped: int = 0
    """that it never got, because it or its network was too slow, or away;"""
    said: int = 0
    """that it said into the call;"""
    refused: int = 0
    """that it sent and nobody heard: too many ahead, or thrown away by its own "clear"."""
    reconnects: int = 0

    def add(self, other: "Counts") -> None:
        for field in self.__struct_fields__:
            setattr(self, field, getattr(self, field) + getattr(other, field))


# Orders


class Dial(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Connect with the program at `url`, and give it the feed's sound. `start` goes into the first message.

    With `talks` what it says is said by the feed's voice. One that `returns` is dialled again when the connection is
    lost, until `Leave`. `connect_s` is how long one attempt may take.
    """

    feed_id: FeedId
    url: str
    headers: dict[str, str] = {}
    ca_file: str = ""
    side: Side = "caller"
    rate_hz: int = NARROW_RATE_HZ
    talks: bool = False
    returns: bool = False
    connect_s: float = 5.0
    start: dict[str, Any] = {}


class Pressed(msgspec.Struct, frozen=True, tag=True):
    """The caller has pressed a key."""

    feed_id: FeedId
    digit: str


class Tell(msgspec.Struct, frozen=True, tag=True):
    """Say to the program that something about the call has changed."""

    feed_id: FeedId
    changes: dict[str, Any]


class Leave(msgspec.Struct, frozen=True, tag=True):
    """Take leave of the program; `ProgramLeft` follows."""

    feed_id: FeedId
    reason: str


Order = Dial | Pressed | Tell | Leave


# Facts


class ProgramConnected(msgspec.Struct, frozen=True, tag=True):
    feed_id: FeedId


class ProgramLost(msgspec.Struct, frozen=True, tag=True):
    """The connection is lost, or could not be made, and is tried again in `again_in_s`."""

    feed_id: FeedId
    fault: str
    again_in_s: float


class ProgramCounted(msgspec.Struct, frozen=True, tag=True):
    """Every few seconds while it is connected."""

    feed_id: FeedId
    counts: Counts


class ProgramKeys(msgspec.Struct, frozen=True, tag=True):
    """The program wants the caller to be sent these digits."""

    feed_id: FeedId
    digits: str


class ProgramLeft(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No more of this feed. `result` is what the program's "stop" says, as JSON; "" if it said none."""

    feed_id: FeedId
    reason: EndReason
    fault: str = ""
    result: str = ""
    counts: Counts


Fact = ProgramConnected | ProgramLost | ProgramCounted | ProgramKeys | ProgramLeft
