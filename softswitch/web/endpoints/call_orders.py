"""What programs do with calls: make one, answer, hold, play, send digits, note, park."""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.base.ids import CallId
from softswitch.calls.limits import DIGITS_SENT_MAX, VARIABLE_TOLD_CHARACTERS_MAX, WORDS_PLAYED_MAX
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    CallSet,
    CallSide,
    CallSides,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.rows import CallRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Number, Text, Word
from softswitch.web.route import NoQuery, Routes

routes = Routes("calls")

Value = Annotated[str, Meta(max_length=VARIABLE_TOLD_CHARACTERS_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Notes = dict[Name, Value]
MaybeNumber = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x20\x7f]*$")]


class NewCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`first` is rung: an account, an extension's number, an agent, an outside number. One of `to`, `flow` and `slot`
    is what he is connected to when he answers."""

    first: Number
    to: MaybeNumber = ""
    flow: Word = ""
    slot: Word = ""
    """Who is parked there."""
    caller_id: MaybeNumber = ""
    """What the second party is shown; empty: as if the first had dialled."""
    caller_name: Text = ""
    display: Text = ""
    """What the first phone shows."""
    through: Word = ""
    """The phone by whose right calls go out through trunks."""
    ring_s: Annotated[float, Meta(ge=1, le=600)] | None = None
    auto_answer: bool = False
    """The first phone is asked to answer by itself."""
    project: Word = ""
    """Of a client company's key it is that company."""
    variables: Notes = {}
    tags: Notes = {}


class AnswerOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phone that is to pick up: an account, its number or its agent. Empty: an agent's own, else the only one that
    rings."""

    phone: MaybeNumber = ""


class HoldOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who hears music, the other nothing; or that they talk again."""

    is_held: bool
    side: CallSide = "caller"


class PlayOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prompts by name, and a text after them; with `beside` they hear each other meanwhile."""

    sounds: Annotated[list[Word], Meta(max_length=WORDS_PLAYED_MAX)] = []
    text: Value = ""
    to: CallSides = "both"
    beside: bool = False


class DigitsOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As if the other had pressed these keys."""

    digits: Annotated[str, Meta(pattern="^[0-9*#A-D]+$", min_length=1, max_length=DIGITS_SENT_MAX)]
    to: CallSide = "called"


class CallNotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tags are kept with the call's record, variables are for its flows; an empty value takes one away."""

    tags: Notes = {}
    variables: Notes = {}


class ParkOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Into this slot, or the first that is free; who parked him is rung after `timeout_s`."""

    slot: Word = ""
    timeout_s: Annotated[float, Meta(ge=5, le=7200)] | None = None


@routes.post("/calls", answer=CallRow, body=NewCall, status=201)
async def originate(asked: Asked[NewCall, NoQuery]) -> CallRow:
    """Make a call.

    Click to call: the first party is rung, and goes on as if he had dialled the second. It is answered when the first
    phone is about to ring; what comes of it the events tell, and the call's record.
    """
    body = asked.body
    order = Originate(
        first=body.first,
        to=body.to,
        flow=body.flow,
        slot=body.slot,
        caller_id=body.caller_id,
        caller_name=body.caller_name,
        display=body.display,
        through=body.through,
        project=body.project or asked.caller.project,
        ring_s=body.ring_s,
        auto_answer=body.auto_answer,
        variables=body.variables,
        tags=body.tags,
        by=asked.caller.name,
    )
    return (await asked.switch.ask(order, CallSet)).call


@routes.post("/calls/{call_id}/answer", answer=CallRow, body=AnswerOrder)
async def answer_call(asked: Asked[AnswerOrder, NoQuery]) -> CallRow:
    """Ask a phone that rings to pick up.

    It is one of ours, and announces that it can be asked (the event "talk"). Whether it does the events tell.
    """
    own = asked.caller.agent_id if asked.caller.role == "agent" else None
    order = AnswerCall(_call_id(asked.path), asked.body.phone or own or "", asked.caller.name)
    return (await asked.switch.ask(order, CallSet)).call


@routes.post("/calls/{call_id}/hold", answer=CallRow, body=HoldOrder)
async def hold_call(asked: Asked[HoldOrder, NoQuery]) -> CallRow:
    """Put one of two on hold, or let them talk again.

    As if the other's phone had done it: music, and it counts as hold time.
    """
    order = HoldCall(_call_id(asked.path), asked.body.is_held, asked.body.side, asked.caller.name)
    return (await asked.switch.ask(order, CallSet)).call


@routes.post("/calls/{call_id}/play", answer=CallRow, body=PlayOrder)
async def play_to_call(asked: Asked[PlayOrder, NoQuery]) -> CallRow:
    """Play prompts or a text.

    To two who talk, or to one of them; to a caller who waits in a queue, or is in a conference. It is in no recording.
    """
    body = asked.body
    order = PlayToCall(_call_id(asked.path), body.sounds, body.text, body.to, body.beside, asked.caller.name)
    return (await asked.switch.ask(order, CallSet)).call


@routes.delete("/calls/{call_id}/play", answer=CallRow)
async def stop_playing(asked: Asked[None, NoQuery]) -> CallRow:
    """End what is being played."""
    return (await asked.switch.ask(StopPlaying(_call_id(asked.path)), CallSet)).call


@routes.post("/calls/{call_id}/digits", answer=CallRow, body=DigitsOrder)
async def send_digits(asked: Asked[DigitsOrder, NoQuery]) -> CallRow:
    """Send digits to one of two who talk."""
    order = SendDigits(_call_id(asked.path), asked.body.digits, asked.body.to)
    return (await asked.switch.ask(order, CallSet)).call


@routes.patch("/calls/{call_id}", answer=CallRow, body=CallNotes)
async def note_call(asked: Asked[CallNotes, NoQuery]) -> CallRow:
    """Note tags and variables of a call."""
    order = NoteCall(_call_id(asked.path), asked.body.tags, asked.body.variables, asked.caller.name)
    return (await asked.switch.ask(order, CallSet)).call


@routes.post("/calls/{call_id}/park", answer=CallRow, body=ParkOrder)
async def park_call(asked: Asked[ParkOrder, NoQuery]) -> CallRow:
    """Park the caller of a conversation.

    Whoever he talks to is hung up. The answer is the call that the caller waits in.
    """
    order = ParkCall(_call_id(asked.path), asked.body.slot, asked.body.timeout_s, asked.caller.name)
    return (await asked.switch.ask(order, CallSet)).call


def _call_id(path: dict[str, str]) -> CallId:
    return CallId(path["call_id"])
