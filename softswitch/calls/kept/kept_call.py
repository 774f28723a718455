"""A call as it is kept while it goes on: everything the next switch process needs to go on with it.

Written by calls/runtime/keeping.py, read by adopting.py. Times are monotonic seconds: they are good for as long as the
machine is not booted (`boot_id`), and calls do not outlive that.

What is not kept, and why:

| what                                             | because                                                         |
|--------------------------------------------------|-----------------------------------------------------------------|
| phones that ring for the call                    | they are cancelled, and rung anew by whoever wants them         |
| what a transferor is told (NOTIFY)               | his phone has its BYE when the target is there                  |
| somebody who is asked meanwhile (`consultation`) | the question is hung up, the two talk again                     |
| programs that talk to the caller                 | their connections break with the process, and their memory      |
| what waits in its mailbox                        | it is told again, or its verb is carried out again              |
"""

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId, CallId, LegId, RecordingId, StreamId
from softswitch.calls.call_state import CallState
from softswitch.calls.digit_mode import DigitMode
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_record import KeptRecord
from softswitch.calls.leg import KeptDescription
from softswitch.calls.outcomes import DialReason
from softswitch.calls.queue_wishes import QueueStay
from softswitch.calls.settings import RecordingPolicy
from softswitch.calls.supervision import SupervisionMode
from softswitch.media.feeds.orders import Side
from softswitch.media.kept import KeptStream
from softswitch.media.protocol import Recording
from softswitch.sip.kept import KeptLeg
from softswitch.sip.trunks.capacity import Direction

KEPT_VERSION = 1
"""Raised when what is kept of a call means another thing than before. A field more is no such change if it has a
default, for whoever does not know it leaves it out, and whoever misses it takes the default."""

KEPT_READABLE = frozenset({1})
"""The versions whose calls can be taken over."""


class KeptParty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one `Party`; `sip` is his leg at the SIP endpoint, None if that is over."""

    description: KeptDescription
    sip: KeptLeg | None = None
    stream: KeptStream | None = None
    extension: str = ""
    digit_mode: DigitMode = "auto"
    signalling: HostPort | None = None
    number: str = ""
    dialled: str = ""
    came_from: str = ""
    line: AgentId | None = None
    open_line: str = ""
    trunk: str = ""
    """One of its channels is his,"""
    channel: Direction = "out"
    """in this direction."""
    toll: tuple[str, ...] = ()
    """Whose calls to the outside he is counted among."""
    is_fax: bool = False
    takes_t38: bool = True
    listens_for_fax: bool = False
    image_offer: bytes = b""


class KeptConversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the `Conversation` of two of the parties."""

    near: LegId
    far: LegId
    started_at: float
    music: str
    held_s: float = 0.0
    on_hold_since: float | None = None
    consult_s: float = 0.0
    recording_path: str | None = None
    held_for: dict[LegId, str] = {}
    """For whom a program has put the other on hold, and who wanted it."""


class KeptMask(msgspec.Struct, frozen=True):
    """A time that recordings leave out."""

    began_at: float
    ends_at: float
    by: str


class KeptListening(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a program that hears the call: it is connected anew."""

    target: str
    """The id of a program, or a URL."""
    side: Side
    rate_hz: int | None = None
    values: dict[str, str] = {}


class KeptRecordings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of `CallRecordings`."""

    policy: RecordingPolicy | None = None
    open: tuple[Recording, ...] = ()
    own: RecordingId | None = None
    far: StreamId | None = None
    conversation_policy: RecordingPolicy | None = None
    masks: tuple[KeptMask, ...] = ()
    unindexed: tuple[RecordingId, ...] = ()


class KeptAnswering(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of `Answering`."""

    offer: bytes = b""
    is_reliable: bool = False
    has_progressed: bool = False
    description: bytes = b""


class KeptTransfer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the `Transfer` that is under way."""

    extension: str = ""
    """The account that has the caller back; "": nobody has."""
    transferor: LegId = LegId("")
    """His leg, if it waits for the outcome."""


class KeptSupervisor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who takes part in the conversation, one of the call's parties."""

    leg_id: LegId
    mode: SupervisionMode


class KeptCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call."""

    boot_id: str
    kept_at: float
    record: KeptRecord
    caller: KeptParty
    began_at: float
    state: CallState
    state_since: float
    others: tuple[KeptParty, ...] = ()
    conversation: KeptConversation | None = None
    recordings: KeptRecordings = KeptRecordings()
    answering: KeptAnswering = KeptAnswering()
    supervisors: tuple[KeptSupervisor, ...] = ()
    listening: tuple[KeptListening, ...] = ()
    transfer: KeptTransfer | None = None
    flow: KeptFlow | None = None
    """None: what runs it is no flow."""
    language: str = ""
    variables: dict[str, str] = {}
    headers: dict[str, str] = {}
    max_forwards: int = 70
    instance: str = ""
    came_by: tuple[str, ...] = ()
    is_caller_hidden: bool = False
    is_told_of_recording: bool = False
    unreached: DialReason | None = None
    answer_headers: list[tuple[str, str]] = []
    parked_by: str = ""
    display: str = ""
    sent_away_to: str = ""
    queue_stay: QueueStay | None = None
    keeps_agent: bool = False
    has_fax_flow: bool = False
    shown_as: tuple[str, str] | None = None
    identity: tuple[str, str] | None = None
    permissions: str = ""
    """The account whose right it is to call through a trunk."""
    digits_typed: str = ""

    @property
    def call_id(self) -> CallId:
        return self.record.call_id
