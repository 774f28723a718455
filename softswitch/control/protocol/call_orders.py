"""What programs, and operators, can do with calls: make one, answer, hold, play, send digits, note, park, fetch.

`by` is who wants it.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.base.ids import CallId
from softswitch.control.protocol.rows import CallRow

CallSide = Literal["caller", "called"]
CallSides = Literal["caller", "called", "both"]


class Originate(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Make a call: ring `first` (an account, an extension's number, an agent, an outside number), and when he has
    answered go on as if he had dialled `to`; or run `flow`; or let him fetch who is parked in `slot`.

    It is answered when the first phone is about to ring; what comes of it the events tell.
    """

    first: str
    to: str = ""
    flow: str = ""
    slot: str = ""
    caller_id: str = ""
    """The number that the second party is shown; empty: that of the first."""
    caller_name: str = ""
    display: str = ""
    """What the first phone shows; empty: the number of the second party."""
    through: str = ""
    """The extension by whose right calls go out through trunks; empty: the first."""
    project: str = ""
    ring_s: float | None = None
    auto_answer: bool = False
    """The first phone is asked to answer by itself, through its loudspeaker."""
    variables: dict[str, str] = {}
    """For flows and screens;"""
    tags: dict[str, str] = {}
    """for the record."""
    by: str = ""


class AnswerCall(msgspec.Struct, frozen=True, tag=True):
    """A phone of ours that rings is asked to pick up: `phone`, an account, its number or its agent; empty: the only
    one."""

    call_id: CallId
    phone: str = ""
    by: str = ""


class HoldCall(msgspec.Struct, frozen=True, tag=True):
    """One of two who talk hears music and the other nothing, or both talk again."""

    call_id: CallId
    is_held: bool
    side: CallSide = "caller"
    by: str = ""


class PlayToCall(msgspec.Struct, frozen=True, tag=True):
    """Two who talk, or one of them, hear prompts and a text in place of each other, or (`is_over`) beside; a caller in
    a queue hears them in place of the music, one in a conference beside the others."""

    call_id: CallId
    sounds: list[str] = []
    text: str = ""
    to: CallSides = "both"
    is_over: bool = False
    by: str = ""


class StopPlaying(msgspec.Struct, frozen=True, tag=True):
    """What is played to them ends."""

    call_id: CallId
    to: CallSides = "both"


class SendDigits(msgspec.Struct, frozen=True, tag=True):
    """One of two who talk gets digits, as if the other had pressed the keys."""

    call_id: CallId
    digits: str
    to: CallSide = "called"


class NoteCall(msgspec.Struct, frozen=True, tag=True):
    """Note something about a call: tags are kept with its record, variables are for its flows and agents' screens. An
    empty value takes one away."""

    call_id: CallId
    tags: dict[str, str] = {}
    variables: dict[str, str] = {}
    by: str = ""


class ParkCall(msgspec.Struct, frozen=True, tag=True):
    """The caller of a conversation waits in a parking slot, the first that is free unless one is named; whoever he
    talks to is hung up, and rung if nobody fetches him in `timeout_s`."""

    call_id: CallId
    slot: str = ""
    timeout_s: float | None = None
    by: str = ""


class CallSet(msgspec.Struct, frozen=True, tag=True):
    """The call as it is after the order."""

    call: CallRow


CallOrder: TypeAlias = Originate | AnswerCall | HoldCall | PlayToCall | StopPlaying | SendDigits | NoteCall | ParkCall
