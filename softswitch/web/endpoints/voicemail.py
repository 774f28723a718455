"""Voicemail, and the mail that goes out."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from softswitch.control.protocol.voicemail import (
    ListMails,
    ListVoiceBoxes,
    ListVoiceMessages,
    MailCounts,
    MailRow,
    Mails,
    SetVoiceMessage,
    VoiceBoxes,
    VoiceBoxRow,
    VoiceMessageAction,
    VoiceMessageRow,
    VoiceMessages,
    VoiceMessageSet,
)
from softswitch.web.asked import Asked
from softswitch.web.problem import ProblemError
from softswitch.web.route import FileAnswer, Listing, NoQuery, Routes

routes = Routes("voicemail")


class BoxQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of this box, by id or number; without it of all."""

    box: Annotated[str, Meta(max_length=80)] = ""


class MessageOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of a message."""

    action: VoiceMessageAction


class MailListing(msgspec.Struct, frozen=True):
    """Mail that waits, and how much was sent since the start."""

    rows: list[MailRow]
    counts: MailCounts


@routes.get("/voicemail/boxes", answer=Listing[VoiceBoxRow])
async def list_voice_boxes(asked: Asked[None, NoQuery]) -> Listing[VoiceBoxRow]:
    """Voicemail boxes and how full they are."""
    return Listing([row for frame in await asked.switch.frames(ListVoiceBoxes(), VoiceBoxes) for row in frame.rows])


@routes.get("/voicemail/messages", answer=Listing[VoiceMessageRow], query=BoxQuery)
async def list_voice_messages(asked: Asked[None, BoxQuery]) -> Listing[VoiceMessageRow]:
    """Voice messages.

    Of a box, or of all, the oldest first.
    """
    return Listing([_row(row) for row in await _messages(asked, asked.query.box)])


@routes.patch("/voicemail/messages/{message_id}", answer=VoiceMessageRow, body=MessageOrder)
async def set_voice_message(asked: Asked[MessageOrder, NoQuery]) -> VoiceMessageRow:
    """Mark a voice message, delete it, or take that back."""
    request = SetVoiceMessage(asked.path["message_id"], asked.body.action, asked.caller.name)
    return _row((await asked.switch.ask(request, VoiceMessageSet)).message)


@routes.get("/voicemail/messages/{message_id}/file", answer=FileAnswer)
async def get_voice_message_file(asked: Asked[None, NoQuery]) -> FileAnswer:
    """Hear a voice message.

    It stays new until it is marked. Ranges and conditions are heeded.
    """
    for row in await _messages(asked, ""):
        if row.message_id == asked.path["message_id"] and row.path:
            return FileAnswer(path=row.path, media_type="audio/wav", name=f"{row.message_id}.wav", etag="")
    remedy = "GET /api/v1/voicemail/messages lists them"
    raise ProblemError("not_found", "there is no such message", remedy, field="message_id")


@routes.get("/mails", answer=MailListing)
async def list_mails(asked: Asked[None, NoQuery]) -> MailListing:
    """Mail that is not sent yet, and why."""
    frames = await asked.switch.frames(ListMails(), Mails)
    return MailListing([row for frame in frames for row in frame.rows], frames[0].counts)


async def _messages(asked: Asked[Any, Any], box: str) -> list[VoiceMessageRow]:
    frames = await asked.switch.frames(ListVoiceMessages(box), VoiceMessages)
    return [row for frame in frames for row in frame.rows]


def _row(row: VoiceMessageRow) -> VoiceMessageRow:
    """Files have their own route."""
    return replace(row, path="")
