"""What can be asked, and is answered, about voicemail and the mail that goes out."""

from typing import Literal

import msgspec

VoiceMessageAction = Literal["new", "old", "urgent", "not_urgent", "delete", "undelete"]


class VoiceBoxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One box. `seconds` is the length of what is in it, `refused` how many callers found it full."""

    box: str
    number: str = ""
    name: str = ""
    project: str = ""
    """Whose it is; "" if it is nobody's, or several projects'."""
    owner: str = ""
    """The user name of the extension it belongs to; "" if it is shared."""
    members: list[str] = []
    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0
    deleted: int = 0
    seconds: float = 0.0
    messages_max: int = 0
    minutes_max: float = 0.0
    refused: int = 0
    greetings: list[str] = []
    """Kinds of those that its owner has recorded."""
    has_pin: bool = False
    mail_to: list[str] = []
    queue: str = ""


class VoiceMessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message in one box. Times are epoch seconds."""

    message_id: str
    box: str
    state: str
    """"new", "old" or "deleted"."""
    received_at: float
    duration_s: float = 0.0
    calling_number: str = ""
    calling_name: str = ""
    called_number: str = ""
    call_id: str = ""
    is_urgent: bool = False
    heard_at: float = 0.0
    """0: not yet."""
    heard_by: str = ""
    deleted_at: float = 0.0
    forwarded_by: str = ""
    """The box that it came from."""
    is_contact: bool = False
    """It waits in a queue for an agent."""
    project: str = ""
    """Whose box it is in."""
    path: str = ""


class MailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that is not sent yet."""

    mail_id: str
    to: list[str]
    subject: str
    written_at: float
    attempts: int = 0
    next_at: float = 0.0
    last_failure: str = ""
    about: str = ""


class MailCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Since the start of the switch: mails sent, attempts that failed, mails given up."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


class ListVoiceBoxes(msgspec.Struct, frozen=True, tag=True):
    pass


class ListVoiceMessages(msgspec.Struct, frozen=True, tag=True):
    """Of a box, by id or number, or of all."""

    box: str = ""


class SetVoiceMessage(msgspec.Struct, frozen=True, tag=True):
    message_id: str
    action: VoiceMessageAction
    by: str = ""


class ListMails(msgspec.Struct, frozen=True, tag=True):
    pass


class VoiceBoxes(msgspec.Struct, frozen=True, tag=True):
    rows: list[VoiceBoxRow]
    is_last: bool = True


class VoiceMessages(msgspec.Struct, frozen=True, tag=True):
    rows: list[VoiceMessageRow]
    is_last: bool = True


class VoiceMessageSet(msgspec.Struct, frozen=True, tag=True):
    """The message as it is now."""

    message: VoiceMessageRow


class Mails(msgspec.Struct, frozen=True, tag=True):
    rows: list[MailRow]
    is_last: bool = True
    counts: MailCounts = MailCounts()


VoicemailRequest = ListVoiceBoxes | ListVoiceMessages | SetVoiceMessage | ListMails
VoicemailRows = VoiceBoxes | VoiceMessages | Mails
