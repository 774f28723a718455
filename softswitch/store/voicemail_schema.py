"""Rows of voicemail and of the mail that goes out: as in schema.py, whose version holds for them too."""

from typing import Literal, TypeAlias

import msgspec

from softswitch.base.ids import CallId
from softswitch.store.layout import TableLayout, text_key

MessageState: TypeAlias = Literal["recording", "new", "old", "deleted"]


class StoredVoiceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message in one box. Several rows may share a file: the last that goes takes it along. Times are wall time.

    "recording" is one whose caller has not decided yet: after a restart it counts as left.
    """

    message_id: str
    box: str
    path: str
    received_wall: float
    state: MessageState = "recording"
    duration_s: float = 0.0
    calling_number: str = ""
    calling_name: str = ""
    called_number: str = ""
    call_id: CallId = CallId("")
    is_urgent: bool = False
    heard_wall: float = 0.0
    """When somebody heard it first."""
    heard_by: str = ""
    deleted_wall: float = 0.0
    forwarded_by: str = ""
    """The box it was forwarded from."""
    is_contact: bool = False
    """It waits in a queue for an agent who deals with it."""


class StoredVoiceBox(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of a box has chosen by phone, and what was refused because it was full."""

    box: str
    pin: str = ""
    """In place of the configured one; empty: that holds."""
    greetings: dict[str, str] = {}
    """Files, by kind: "away", "busy", "name", "temporary"."""
    refused: int = 0
    refused_wall: float = 0.0


class StoredMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that is to be sent."""

    mail_id: str
    to: tuple[str, ...]
    subject: str
    text: str
    written_wall: float
    attachment: str = ""
    """A WAV file of ours, empty: none; `attachment_format` is what it becomes."""
    attachment_format: Literal["wav", "mp3", "opus"] = "mp3"
    attachment_name: str = ""
    """Without the ending."""
    document: str = ""
    """A file that is attached as it is, and deleted when the mail is gone; empty: none."""
    document_name: str = ""
    about: str = ""
    """The voice message it tells of."""
    deletes: bool = False
    """That message is deleted when the mail is sent."""
    attempts: int = 0
    next_wall: float = 0.0
    last_failure: str = ""


VOICE_MESSAGES: TableLayout[str, StoredVoiceMessage] = TableLayout(
    "voice_messages", StoredVoiceMessage, text_key, files=("path",)
)
VOICE_BOXES: TableLayout[str, StoredVoiceBox] = TableLayout("voice_boxes", StoredVoiceBox, text_key)
MAILS: TableLayout[str, StoredMail] = TableLayout("mails", StoredMail, text_key, files=("attachment",))
