"""Calls in progress: who talks to whom, and what can be done to a call."""

from typing import Any, cast

import msgspec

from softswitch.base.ids import CallId
from softswitch.calls.explaining.explanation import Explanation
from softswitch.control.protocol.replies import Calls, RecordingSet, SupervisionSet, Transferred
from softswitch.control.protocol.replies import Done as Carried
from softswitch.control.protocol.requests import (
    HangUp,
    ListCalls,
    RecordingAction,
    SetRecording,
    SetSupervision,
    Supervise,
    SupervisionMode,
    TransferCall,
)
from softswitch.control.protocol.rows import CallRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Number, Seconds, Word
from softswitch.web.problem import ProblemError
from softswitch.web.route import Done, Listing, NoQuery, Routes

routes = Routes("calls")


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the caller goes: a number or an extension."""

    target: Number


class RecordingOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mask what is recorded (for `seconds`, or as long as the settings allow) or unmask it, begin or end it."""

    action: RecordingAction
    seconds: Seconds | None = None


class SupervisionOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose phone rings, and how it takes part. Without `phone` it is that of the caller in users.toml."""

    mode: SupervisionMode = "listen"
    phone: Word = ""


class SupervisionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a supervisor takes part from now on; `phone` as above, or of the only one there is."""

    mode: SupervisionMode
    phone: Word = ""


class Supervised(msgspec.Struct, frozen=True):
    """The call as it is now; `phone` is the account of the supervisor's phone."""

    call: CallRow
    phone: str


@routes.get("/calls", answer=Listing[CallRow])
async def list_calls(asked: Asked[None, NoQuery]) -> Listing[CallRow]:
    """Calls in progress.

    The oldest first. Times ending in `_at` are epoch seconds, those in `_s` durations in seconds.
    """
    return Listing(await _calls(asked))


@routes.get("/calls/{call_id}", answer=CallRow)
async def get_call(asked: Asked[None, NoQuery]) -> CallRow:
    """A call in progress.

    One that is over has a record under /cdrs.
    """
    return await one_call(asked)


@routes.get("/calls/{call_id}/why", answer=Explanation)
async def explain_call(asked: Asked[None, NoQuery]) -> Explanation:
    """What became of a call, and what to do about it.

    Of one in progress or over, with every SIP message that is still known. The beginning of its id will do, or a SIP
    Call-ID, a number, or "last": the last call that failed.
    """
    done = await asked.services.commands.run("calls", "why", "--json", "--", asked.path["call_id"])
    if done.exit_code:
        reason = (done.errors.strip().splitlines() or ["it cannot be explained"])[-1][:300]
        raise ProblemError("not_found", reason, "GET /api/v1/cdrs lists calls", field="call_id")
    return msgspec.json.decode(done.output, type=Explanation)


@routes.post("/calls/{call_id}/hangup", answer=Done)
async def hang_up(asked: Asked[None, NoQuery]) -> Done:
    """End a call for every party."""
    await asked.switch.ask(HangUp(CallId(asked.path["call_id"])), Carried)
    return Done()


@routes.post("/calls/{call_id}/transfer", answer=CallRow, body=Transfer)
async def transfer_call(asked: Asked[Transfer, NoQuery]) -> CallRow:
    """Send the caller elsewhere.

    Whoever he talks to is hung up. The answer is the call that the caller is in from now on.
    """
    request = TransferCall(CallId(asked.path["call_id"]), asked.body.target)
    return (await asked.switch.ask(request, Transferred)).call


@routes.post("/calls/{call_id}/recording", answer=CallRow, body=RecordingOrder)
async def set_recording(asked: Asked[RecordingOrder, NoQuery]) -> CallRow:
    """Record a call, or what is recorded of it.

    `mask` and `unmask` silence a part of a recording (a card number), `start` and `stop` begin and end one.
    """
    order = asked.body
    request = SetRecording(CallId(asked.path["call_id"]), order.action, order.seconds, asked.caller.name)
    return (await asked.switch.ask(request, RecordingSet)).call


@routes.post("/calls/{call_id}/supervision", answer=Supervised, body=SupervisionOrder)
async def supervise(asked: Asked[SupervisionOrder, NoQuery]) -> Supervised:
    """Listen in, whisper or barge in.

    A phone rings; answered, it takes part in the conversation. Supervisors use their own (`phone` of users.toml).
    """
    request = Supervise(CallId(asked.path["call_id"]), own_phone(asked), asked.body.mode)
    done = await asked.switch.ask(request, SupervisionSet)
    return Supervised(done.call, done.phone)


@routes.patch("/calls/{call_id}/supervision", answer=Supervised, body=SupervisionChange)
async def set_supervision(asked: Asked[SupervisionChange, NoQuery]) -> Supervised:
    """Change how a supervisor takes part.

    From listening to whispering, say, without another call.
    """
    phone = asked.body.phone or asked.caller.phone
    done = await asked.switch.ask(SetSupervision(CallId(asked.path["call_id"]), asked.body.mode, phone), SupervisionSet)
    return Supervised(done.call, done.phone)


async def one_call(asked: Asked[Any, Any]) -> CallRow:
    """The one of the path. Raises `ProblemError`."""
    for row in await _calls(asked):
        if row.call_id == asked.path["call_id"]:
            return row
    raise ProblemError(
        "not_found", "there is no such call in progress", "GET /api/v1/calls lists them", field="call_id"
    )


async def _calls(asked: Asked[Any, Any]) -> list[CallRow]:
    return [row for frame in await asked.switch.frames(ListCalls(), Calls) for row in frame.rows]


def own_phone(asked: Asked[Any, Any]) -> str:
    """The one that is named, or that of the caller in users.toml. Raises `ProblemError` if there is neither."""
    phone = cast(str, asked.body.phone) or asked.caller.phone
    if not phone:
        remedy = "Name an account or a number, or write phone into users.toml"
        raise ProblemError("invalid", "nothing says whose phone rings", remedy, field="phone")
    return phone
