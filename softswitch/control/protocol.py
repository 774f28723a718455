"""What is said over the control socket: msgpack requests and replies, each behind a 4-byte big-endian length.

A client sends one request and reads its reply before it sends the next. A listing is answered with one or more
frames of rows, all but the last with `is_last` False, so that ten thousand rows never hold up a call. Whatever
cannot be done is answered with `Refused`.

Both sides may be of different versions: fields are only ever added, and with a default; unknown fields are ignored;
a request the switch does not know is refused by name.

Times named `*_at` are seconds since the epoch (for people to read), times named `*_s` are durations in seconds.
An empty string means "none" throughout.
"""

from typing import Literal

import msgspec

from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.base.traced_message import TracedMessage
from softswitch.store.schema import SipLeg

AgentAction = Literal["login", "logout", "pause", "resume"]
RecordingAction = Literal["mask", "unmask", "start", "stop"]
WorkerAction = Literal["drain", "resume"]
SupervisionMode = Literal["listen", "whisper", "barge"]
RefusalCode = Literal["not_found", "not_possible", "configuration", "malformed", "busy", "failed"]


# Requests.


class GetStatus(msgspec.Struct, frozen=True, tag=True):
    pass


class ListCalls(msgspec.Struct, frozen=True, tag=True):
    pass


class ListAgents(msgspec.Struct, frozen=True, tag=True):
    pass


class ListQueues(msgspec.Struct, frozen=True, tag=True):
    pass


class ListTrunks(msgspec.Struct, frozen=True, tag=True):
    pass


class ListRegistrations(msgspec.Struct, frozen=True, tag=True):
    pass


class ListPhones(msgspec.Struct, frozen=True, tag=True):
    pass


class SetPhone(msgspec.Struct, frozen=True, tag=True):
    """What the owner of an extension (its account or number) could choose by dialling; what is empty stays as it is.

    `forwards` are numbers by "always", "busy", "no_answer" or "unregistered"; the number "" ends that one.
    """

    phone: str
    forwards: dict[str, str] = {}
    no_answer_s: float | None = None
    do_not_disturb: bool | None = None
    call_waiting: Literal["", "on", "off", "default"] = ""


class RemoveRegistration(msgspec.Struct, frozen=True, tag=True):
    """Forget where an address of record is registered: at one contact, or at all."""

    aor: str
    contact: str = ""


class ListSubscriptions(msgspec.Struct, frozen=True, tag=True):
    pass


class ListMailboxes(msgspec.Struct, frozen=True, tag=True):
    pass


class SetMailbox(msgspec.Struct, frozen=True, tag=True):
    """How many voice messages wait for an extension, as the voicemail system counts. `mailbox` is its user name."""

    mailbox: str
    new: int
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0


class SetAgent(msgspec.Struct, frozen=True, tag=True):
    """Log an agent in or out, or pause or resume him. `reason` is kept with a pause ("lunch")."""

    agent_id: AgentId
    action: AgentAction
    reason: str = ""


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End a call for every party."""

    call_id: CallId


class TransferCall(msgspec.Struct, frozen=True, tag=True):
    """Send the caller of an answered call to another number or extension; whoever he talks to is hung up."""

    call_id: CallId
    target: str


class SetRecording(msgspec.Struct, frozen=True, tag=True):
    """Mask what is recorded of a call (for `seconds`, or as long as the settings allow) or unmask it, begin or end it.

    `by` is who wants it, and is kept with the recording.
    """

    call_id: CallId
    action: RecordingAction
    seconds: float | None = None
    by: str = ""


class SetWorker(msgspec.Struct, frozen=True, tag=True):
    """No new calls for a media worker ("drain"), or again ("resume")."""

    name: str
    action: WorkerAction


class HoldRecording(msgspec.Struct, frozen=True, tag=True):
    """Keep a recording however old it becomes, or no longer. `started_at` is that of the index."""

    recording_id: RecordingId
    started_at: float
    is_held: bool


class Supervise(msgspec.Struct, frozen=True, tag=True):
    """Ring the phone of a supervisor (its account or number), who then takes part in the conversation of a call.

    Who listens hears both and is heard by nobody; who whispers is heard by the agent alone; who barges in, by all.
    """

    call_id: CallId
    phone: str
    mode: SupervisionMode = "listen"


class SetSupervision(msgspec.Struct, frozen=True, tag=True):
    """How a supervisor takes part from now on. An empty `phone` will do while there is only one."""

    call_id: CallId
    mode: SupervisionMode
    phone: str = ""


class GetMessages(msgspec.Struct, frozen=True, tag=True):
    """The SIP messages in the switch's memory of a call in progress, or of these Call-IDs, or about a number.

    For a number it is the last INVITE that named it, with what followed: calls that never became one are found so.
    `since_at` leaves out older ones.
    """

    call_id: CallId | Literal[""] = ""
    sip_call_ids: list[str] = []
    number: str = ""
    since_at: float = 0.0


class Trace(msgspec.Struct, frozen=True, tag=True):
    """Send SIP messages as they come and go, until the connection is closed, in frames of `TraceRows`.

    Of one call, its Call-IDs, a number, or a peer (an address with or without port, an account, a trunk); each that is
    given must fit. With `is_from_memory` those that the switch still has come first.
    """

    call_id: CallId | Literal[""] = ""
    sip_call_ids: list[str] = []
    number: str = ""
    peer: str = ""
    is_from_memory: bool = False
    is_following: bool = True
    """False: it ends with what is in memory; the last frame says `is_last`."""


class ListBans(msgspec.Struct, frozen=True, tag=True):
    """Who is not listened to at the moment."""


class ListLimits(msgspec.Struct, frozen=True, tag=True):
    """What calls to the outside have used of their limits today."""


class AddBan(msgspec.Struct, frozen=True, tag=True):
    """Listen to nothing from an address or network for some seconds."""

    network: str
    seconds: float
    reason: str = ""


class LiftBan(msgspec.Struct, frozen=True, tag=True):
    """Listen again: end every ban that holds this address, or is of exactly this network."""

    network: str


class Reload(msgspec.Struct, frozen=True, tag=True):
    """Read the configuration directory again and take it over as a whole, or not at all."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Refuse new calls, give calls in progress the configured time, then end the process."""


Request = (
    GetStatus
    | ListCalls
    | ListAgents
    | ListQueues
    | ListRegistrations
    | ListPhones
    | SetPhone
    | RemoveRegistration
    | ListSubscriptions
    | ListMailboxes
    | SetMailbox
    | ListTrunks
    | SetAgent
    | HangUp
    | TransferCall
    | SetRecording
    | SetWorker
    | HoldRecording
    | Supervise
    | SetSupervision
    | GetMessages
    | Trace
    | ListBans
    | ListLimits
    | AddBan
    | LiftBan
    | Reload
    | Stop
)


# Rows.


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call in progress. `state` is a word for people: "flow", "waiting", "alerting", "talking", "held", "parked",
    "ending".

    `wait_s` is the time spent in the queue: so far, or until an agent answered; None when it never was in one.
    `flow` is the flow that has the call; `agent` is his id once one is alerted or talks.
    For `masked_s` more seconds what is recorded of it is silence. `supervisors` are those who take part in the
    conversation or whose phones ring for it, each with his mode.
    `mos` is how the worst of its legs sounded during the last five seconds (1 to 4.5), None before anything was heard;
    `talking` says who spoke then: "caller", "called".
    """

    call_id: CallId
    state: str
    calling_number: str
    called_number: str
    started_at: float
    duration_s: float
    flow: str = ""
    queue: str = ""
    agent: str = ""
    wait_s: float | None = None
    recording: RecordingId | Literal[""] = ""
    masked_s: float = 0.0
    supervisors: dict[str, str] = {}
    mos: float | None = None
    talking: list[str] = []
    slot: str = ""
    """Where the caller is parked."""


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `status` is what was declared: "logged_out", "not_ready" (with `reason`) or "ready".

    `state` is what the switch sees (acd/model.py): "reserved", "busy", "wrap_up", or else the status again. `since_s`
    is the time in this state. `call_id` is the call he is reserved for or talks in.
    `answered` and `missed` count reservations since the switch started.
    """

    agent_id: AgentId
    name: str
    status: str
    state: str
    since_s: float
    reason: str = ""
    skills: dict[str, int] = {}
    queues: list[QueueId] = []
    is_registered: bool = False
    call_id: CallId | Literal[""] = ""
    answered: int = 0
    missed: int = 0


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now, and its counts since the switch started.

    `agents_ready` could take a call from this queue at once; `agents_busy` serve it and are reserved, talking or in
    wrap-up; `agents_logged_in` serve it at all. `service_level` is the fraction answered in time (0.8 = 80 %, see
    acd/statistics.py); None, like `average_speed_of_answer_s`, while there is nothing to count.
    """

    queue_id: QueueId
    name: str
    waiting: int
    longest_wait_s: float
    agents_ready: int
    agents_busy: int
    agents_logged_in: int
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    service_level: float | None = None
    average_speed_of_answer_s: float | None = None


class TrunkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A provider. `health` is "unknown", "up" or "down", `registration` "trying", "registered", "refused", "stopped",
    or "" for a trunk that does not register. A limit of 0 is none."""

    name: str
    health: str
    registration: str = ""
    registration_reason: str = ""
    expires_in_s: float | None = None
    round_trip_ms: float | None = None
    """Of the last OPTIONS that were answered."""
    used_in: int = 0
    used_out: int = 0
    channels: int = 0
    channels_in: int = 0
    channels_out: int = 0
    calls_per_s: float = 0.0
    calls_in: int = 0
    """Since start, as the next two."""
    calls_out: int = 0
    refused: int = 0
    """For lack of room."""
    last_failure: str = ""
    last_failure_ago_s: float | None = None


class RegistrationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A phone's binding (RFC 3261 section 10).

    `transport` is "UDP", "TCP", "TLS", "WS" or "WSS", `remote` is "host:port".
    """

    aor: str
    contact: str
    transport: str
    remote: str
    expires_in_s: float
    user_agent: str = ""


class PhoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """An extension. `contacts` phones are registered for it; `calls` it is in, ringing or talking.

    `forwards` are numbers by the reason: "always", "busy", "no_answer" (after `no_answer_s`), "unregistered".
    """

    username: str
    name: str = ""
    number: str = ""
    agent_id: AgentId | Literal[""] = ""
    contacts: int = 0
    calls: int = 0
    forwards: dict[str, str] = {}
    no_answer_s: float = 0.0
    do_not_disturb: bool = False
    call_waiting: bool = True
    intercom: bool = False
    pickup_groups: list[str] = []


class BanRow(msgspec.Struct, frozen=True, kw_only=True):
    """An address or network that is not listened to. `by` is "switch" or "operator"; `times` is which ban it is.

    `reason` of the switch's own is the last offence: "authentication", "scanner", "challenge" (asked for many, gave no
    password), "malformed", "flood", "forbidden", "neighbours" (several of its network were banned).
    """

    network: str
    since_at: float
    ends_in_s: float
    times: int = 1
    reason: str = ""
    by: str = "switch"


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """Today's calls to the outside of an extension ("phone:anna") or a trunk ("trunk:provider"), and their limits.

    A limit of 0 is none. `refused` calls were not made; `last_refusal` says why the last of them was not.
    """

    subject: str
    day: str
    calls_now: int = 0
    calls: int = 0
    minutes: float = 0.0
    refused: int = 0
    last_refusal: str = ""
    calls_max: int = 0
    calls_per_day: int = 0
    minutes_per_day: int = 0


class SecurityRow(msgspec.Struct, frozen=True, kw_only=True):
    """The unwelcome, counted since start, but for `bans_now`.

    `challenged` requests got 401 (every phone's first one does), `failures` were wrong passwords or unknown users,
    `malformed` messages came from strangers, `dropped` requests got silence, `denied` packets came from networks that
    may not speak to their listener, `unheard` ones from banned sources; `overloaded` INVITEs found too much to do.
    """

    bans_now: int = 0
    bans: int = 0
    challenged: int = 0
    failures: int = 0
    malformed: int = 0
    dropped: int = 0
    denied: int = 0
    unheard: int = 0
    overloaded: int = 0


class SubscriptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told how somebody is. `event` is "dialog" (lamps), "presence", "message-summary" or "reg"."""

    watcher: str
    event: str
    resource: str
    transport: str
    remote: str
    expires_in_s: float


class MailboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """Voice messages that wait; the urgent ones are counted among the others as well."""

    mailbox: str
    new: int
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0


class WorkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A media worker. `cpu` is the part of one core it used during the last second (0.35 = 35 %).

    One that `is_draining` gets no new calls. Packets since its start: `strangers` came from sources that were not
    accepted, `dropped_by_kernel` found a full socket, `unauthentic` were refused by SRTP.
    """

    name: str
    pid: int
    is_connected: bool
    streams: int = 0
    recordings: int = 0
    cpu: float = 0.0
    tick_us_median: float = 0.0
    tick_us_max: float = 0.0
    overruns: int = 0
    is_draining: bool = False
    strangers: int = 0
    dropped_by_kernel: int = 0
    unauthentic: int = 0


class StoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """The store. `fault` is one line ("the disk is full: ...") while it cannot write."""

    directory: str
    cdrs: int = 0
    recordings: int = 0
    size_bytes: int = 0
    fault: str = ""


class TraceRow(msgspec.Struct, frozen=True, gc=False):
    """A SIP message, without secrets; who the other side is, as far as is known, and which call it belongs to."""

    message: TracedMessage
    party: str
    call_id: CallId | Literal[""] = ""


# Replies.


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


class Calls(msgspec.Struct, frozen=True, tag=True):
    rows: list[CallRow]
    is_last: bool = True


class Agents(msgspec.Struct, frozen=True, tag=True):
    rows: list[AgentRow]
    is_last: bool = True


class Queues(msgspec.Struct, frozen=True, tag=True):
    rows: list[QueueRow]
    is_last: bool = True


class Trunks(msgspec.Struct, frozen=True, tag=True):
    rows: list[TrunkRow]
    is_last: bool = True


class Registrations(msgspec.Struct, frozen=True, tag=True):
    rows: list[RegistrationRow]
    is_last: bool = True


class Phones(msgspec.Struct, frozen=True, tag=True):
    rows: list[PhoneRow]
    is_last: bool = True


class PhoneSet(msgspec.Struct, frozen=True, tag=True):
    """The extension as it is after the order."""

    phone: PhoneRow


class Bans(msgspec.Struct, frozen=True, tag=True):
    rows: list[BanRow]
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


class RecordingSet(msgspec.Struct, frozen=True, tag=True):
    """The call as it is after the order."""

    call: CallRow


class WorkerSet(msgspec.Struct, frozen=True, tag=True):
    """The media worker as it is after the order."""

    worker: WorkerRow


class Transferred(msgspec.Struct, frozen=True, tag=True):
    """The caller is in this call from now on."""

    call: CallRow


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


Rows = Calls | Agents | Queues | Registrations | Phones | Bans | Subscriptions | Mailboxes | Trunks | Limits
Reply = (
    Status
    | Rows
    | PhoneSet
    | AgentSet
    | RecordingSet
    | SupervisionSet
    | Transferred
    | WorkerSet
    | Messages
    | TraceRows
    | BanSet
    | BansLifted
    | Reloaded
    | Done
    | Refused
)
