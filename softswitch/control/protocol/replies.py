"""What the switch answers."""

from typing import Literal

import msgspec

from softswitch.acd.explanation import ContactExplanation
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.traced_message import TracedMessage
from softswitch.calls.told.events import Numbered
from softswitch.control.protocol.call_orders import CallSet
from softswitch.control.protocol.metrics import Metrics
from softswitch.control.protocol.rows import (
    AgentRow,
    BanRow,
    CallbackRow,
    CallerListRow,
    CallRow,
    ConferenceRow,
    ContactRow,
    HomerRow,
    LimitRow,
    ListedNumberRow,
    LookupRow,
    MailboxRow,
    MissingPromptRow,
    PhoneRow,
    ProjectRow,
    QueueRow,
    RegistrationRow,
    SecurityRow,
    SiteRow,
    StoreRow,
    SubscriptionRow,
    TraceRow,
    TrunkRow,
    WarehouseRow,
    WebRow,
    WorkerRow,
)
from softswitch.control.protocol.voicemail import VoicemailRows, VoiceMessageSet
from softswitch.store.schema import SipLeg

RefusalCode = Literal["not_found", "forbidden", "not_possible", "configuration", "malformed", "busy", "failed"]


class Status(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The switch as a whole.

    `listen` says where phones register ("udp:192.0.2.5:5060"). While `is_draining`, new calls are refused and
    `drain_ends_in_s` is what calls in progress have left. `loop_lag_ms` is the worst delay of the event loop
    over the last seconds: the measure of overload.
    """

    version: str
    pid: int
    started_at: float
    uptime_s: float
    domain: str
    listen: list[str]
    calls: int
    registrations: int
    agents: int
    agents_logged_in: int
    queues: int
    waiting: int
    workers: list[WorkerRow]
    store: StoreRow
    configuration_directory: str
    configuration_loaded_at: float
    is_draining: bool = False
    drain_ends_in_s: float | None = None
    loop_lag_ms: float = 0.0
    security: SecurityRow = SecurityRow()
    homer: HomerRow | None = None
    """None where nothing is sent to one."""
    web: WebRow | None = None
    """None where there is no HTTP API."""
    warehouse: WarehouseRow | None = None
    """None where call records are not copied to a database."""
    missing_prompts: list[MissingPromptRow] = []
    """The most wanted first."""
    media_protocol: int = 0
    kept_version: int = 0
    router_version: int = 0
    """What it speaks with media workers, how it keeps calls, and how the ACD: the next version must know all three
    (app/fitness.py)."""


class Projects(msgspec.Struct, frozen=True, tag=True):
    rows: list[ProjectRow]
    is_last: bool = True


class Calls(msgspec.Struct, frozen=True, tag=True):
    rows: list[CallRow]
    is_last: bool = True


class Agents(msgspec.Struct, frozen=True, tag=True):
    rows: list[AgentRow]
    is_last: bool = True


class Contacts(msgspec.Struct, frozen=True, tag=True):
    rows: list[ContactRow]
    is_last: bool = True


class Queues(msgspec.Struct, frozen=True, tag=True):
    rows: list[QueueRow]
    is_last: bool = True


class Figures(msgspec.Struct, frozen=True, tag=True):
    """Since `since_at`. What agents are in at `now_at` is counted up to then."""

    rows: list[QueueTally | AgentTally]
    is_last: bool = True
    since_at: float = 0.0
    now_at: float = 0.0


class Trunks(msgspec.Struct, frozen=True, tag=True):
    rows: list[TrunkRow]
    is_last: bool = True


class Registrations(msgspec.Struct, frozen=True, tag=True):
    rows: list[RegistrationRow]
    is_last: bool = True


class Phones(msgspec.Struct, frozen=True, tag=True):
    rows: list[PhoneRow]
    is_last: bool = True


class CallerLists(msgspec.Struct, frozen=True, tag=True):
    rows: list[CallerListRow]
    is_last: bool = True


class ListedNumbers(msgspec.Struct, frozen=True, tag=True):
    rows: list[ListedNumberRow]
    is_last: bool = True


class Lookups(msgspec.Struct, frozen=True, tag=True):
    rows: list[LookupRow]
    is_last: bool = True


class LookupTried(msgspec.Struct, frozen=True, tag=True):
    """What the service has said, as JSON, or why there is no answer."""

    answer: str = ""
    fault: str = ""
    took_s: float = 0.0


class Conferences(msgspec.Struct, frozen=True, tag=True):
    rows: list[ConferenceRow]
    is_last: bool = True


class ConferenceSet(msgspec.Struct, frozen=True, tag=True):
    """As it is now; None: it is over."""

    conference: ConferenceRow | None


class Callbacks(msgspec.Struct, frozen=True, tag=True):
    rows: list[CallbackRow]
    is_last: bool = True


class CallbackSet(msgspec.Struct, frozen=True, tag=True):
    """The call-back as it is after the order; `is_new` unless it was promised before."""

    callback: CallbackRow
    is_new: bool = True


class PhoneSet(msgspec.Struct, frozen=True, tag=True):
    """The extension as it is after the order."""

    phone: PhoneRow


class Bans(msgspec.Struct, frozen=True, tag=True):
    rows: list[BanRow]
    is_last: bool = True


class Sites(msgspec.Struct, frozen=True, tag=True):
    rows: list[SiteRow]
    is_last: bool = True


class Limits(msgspec.Struct, frozen=True, tag=True):
    rows: list[LimitRow]
    is_last: bool = True


class BanSet(msgspec.Struct, frozen=True, tag=True):
    """The ban as it is after the order."""

    ban: BanRow


class BansLifted(msgspec.Struct, frozen=True, tag=True):
    """The networks that are listened to again."""

    networks: list[str]


class Subscriptions(msgspec.Struct, frozen=True, tag=True):
    rows: list[SubscriptionRow]
    is_last: bool = True


class Mailboxes(msgspec.Struct, frozen=True, tag=True):
    rows: list[MailboxRow]
    is_last: bool = True


class AgentSet(msgspec.Struct, frozen=True, tag=True):
    """The agent as he is after the order. `is_pending` says that it takes effect when his call is over."""

    agent: AgentRow
    is_pending: bool = False


class ContactSet(msgspec.Struct, frozen=True, tag=True):
    """The contact as it is after the order; None: it is over."""

    contact: ContactRow | None


class RecordingSet(msgspec.Struct, frozen=True, tag=True):
    """The call as it is after the order."""

    call: CallRow


class QueueSet(msgspec.Struct, frozen=True, tag=True):
    """The queue as it is after the order."""

    queue: QueueRow


class Explained(msgspec.Struct, frozen=True, tag=True):
    """The contact as it is at `now_at`; its times are durations."""

    now_at: float
    contact: ContactExplanation


class WorkerSet(msgspec.Struct, frozen=True, tag=True):
    """The media worker as it is after the order."""

    worker: WorkerRow


class Transferred(msgspec.Struct, frozen=True, tag=True):
    """The caller is in this call from now on."""

    call: CallRow


class StreamSet(msgspec.Struct, frozen=True, tag=True):
    """The call as it is after the order; `stream_id` is the stream that was begun or ended."""

    call: CallRow
    stream_id: str


class SupervisionSet(msgspec.Struct, frozen=True, tag=True):
    """The call as it is after the order; `phone` is the account of the supervisor's phone."""

    call: CallRow
    phone: str


class Messages(msgspec.Struct, frozen=True, tag=True):
    """What is in memory, in the order of time; `left_out` of them are missing in the middle.

    `call` is there while the call is in progress; `sip_legs` are the parties that are known.
    """

    messages: list[TracedMessage]
    sip_legs: list[SipLeg] = []
    call: CallRow | None = None
    left_out: int = 0


class TraceRows(msgspec.Struct, frozen=True, tag=True):
    """Messages in order, or none as a sign of life. `lost` messages before these were forgotten unread."""

    rows: list[TraceRow]
    lost: int = 0
    is_last: bool = False


class EventRows(msgspec.Struct, frozen=True, tag=True):
    """Events in order, or none as a sign of life. `cursor` is the number to go on after.

    `is_incomplete`: some that come before these are no longer stored. `is_last` with an `end_reason`: the reader was
    too slow, and was cut off; he may come back with the cursor.
    """

    rows: list[Numbered]
    cursor: int
    is_incomplete: bool = False
    is_last: bool = False
    end_reason: str = ""


class Reloaded(msgspec.Struct, frozen=True, tag=True):
    """The new configuration is in force; each change is one line for people, an empty list means nothing changed.

    `restart_needed` names changed keys that only a restart takes over.
    """

    changes: list[str]
    restart_needed: list[str] = []


class Done(msgspec.Struct, frozen=True, tag=True):
    """The order was carried out, or (Stop) is being carried out."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It was not done. `message` is one line for people that says what to do; `faults` lists each one of a reload."""

    code: RefusalCode
    message: str
    faults: list[str] = []


Rows = (
    Projects
    | Calls
    | VoicemailRows
    | Agents
    | Contacts
    | Queues
    | Sites
    | Figures
    | CallerLists
    | ListedNumbers
    | Lookups
    | Conferences
    | Callbacks
    | Registrations
    | Phones
    | Bans
    | Subscriptions
    | Mailboxes
    | Trunks
    | Limits
)
Reply = (
    Status
    | Metrics
    | VoiceMessageSet
    | CallSet
    | Rows
    | PhoneSet
    | AgentSet
    | ContactSet
    | RecordingSet
    | SupervisionSet
    | Transferred
    | StreamSet
    | WorkerSet
    | QueueSet
    | Explained
    | LookupTried
    | ConferenceSet
    | CallbackSet
    | Messages
    | TraceRows
    | EventRows
    | BanSet
    | BansLifted
    | Reloaded
    | Done
    | Refused
)
