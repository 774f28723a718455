"""What a voicemail box is, as configured: whose, how much it holds, what becomes of its messages."""

from typing import Literal

import msgspec

from softswitch.base.ids import QueueId

GreetingKind = Literal["away", "busy", "name", "temporary"]
GREETING_KINDS: tuple[GreetingKind, ...] = ("away", "busy", "name", "temporary")

AttachmentFormat = Literal["wav", "mp3", "opus"]


class VoiceBox(msgspec.Struct, frozen=True, kw_only=True):
    """A box of an extension has the extension's user name for its id; others are shared by their members."""

    box: str
    """Its id."""
    number: str = ""
    """What is asked for by phone, beside the id."""
    name: str = ""
    project: str = ""
    """Of the client company whose box it is; empty: it is for all."""
    owner: str = ""
    """The user name of the extension whose box it is; "" if it is shared."""
    members: frozenset[str] = frozenset()
    """User names of those whose lamps show it too, and who open it from their phones without a PIN."""
    pin: str = ""
    language: str = ""
    """Of its greeting; empty: the caller's."""
    operator: str = ""
    """Where a caller goes who presses 0 in place of leaving a message; empty: nowhere."""
    queue: QueueId = QueueId("")
    """Its messages are contacts of this queue; empty: of none."""
    messages_max: int = 100
    minutes_max: float = 60.0
    longest_s: float = 180.0
    shortest_s: float = 2.0
    """Who says less has thought better of it."""
    keep_days: float = 0.0
    """0: for ever."""
    mail_to: tuple[str, ...] = ()
    attach: AttachmentFormat | None = "mp3"
    """None: the mail says that there is a message, and does not have it."""
    deletes_mailed: bool = False

    def is_open_to(self, username: str) -> bool:
        """Whether this extension's phone needs no PIN."""
        return bool(username) and (username == self.owner or username in self.members)
