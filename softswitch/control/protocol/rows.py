"""The rows of listings."""

from typing import Literal

import msgspec

from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId, SiteId
from softswitch.base.traced_message import TracedMessage
from softswitch.control.protocol.streams import StreamRow


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """A client company. `refused` calls, since the switch started, were more than `max_calls` (0: no limit).

    `waiting` are in its `queues`; `agents` are dedicated to it, maybe among others.
    """

    project_id: str
    name: str = ""
    contact: str = ""
    calls: int = 0
    max_calls: int = 0
    refused: int = 0
    queues: int = 0
    waiting: int = 0
    agents: int = 0


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
    fax: str = ""
    """What it carries is a fax: "g711", as sound, or "t38"."""
    streams: list[StreamRow] = []
    """Programs that hear it."""
    slot: str = ""
    """Where the caller is parked."""
    project: str = ""
    """For whom it is."""
    is_on_hold: bool = False
    """One of two who talk has put the other on hold, or a program has."""
    tags: dict[str, str] = {}
    variables: dict[str, str] = {}
    """What flows and programs have noted."""


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact the ACD knows. `state` is "waiting" (at `position`, from 1), "alerting" (the agents in `alerted`) or
    "connected" (with `agent_id`, who may have put it aside for another). `wait_s` ends with the answer."""

    contact_id: ContactId
    queue_id: QueueId
    channel: str
    state: str
    agent_id: AgentId | Literal[""] = ""
    alerted: list[AgentId] = []
    position: int | None = None
    wait_s: float = 0.0
    boost_s: float = 0.0
    is_interrupted: bool = False
    customer: str = ""
    step: int = 0
    """The routing step of its queue, from 1; 0 where there are none."""
    skills: dict[str, int] = {}
    """Asked for beyond those of the queue, and so is `requirement`."""
    requirement: str = ""


class HeldContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an agent has, for `for_s` by now; `is_interrupted`: he has put it aside for another."""

    contact_id: ContactId
    queue_id: QueueId
    channel: str
    for_s: float
    is_interrupted: bool = False


class WrapUpRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an agent wraps up, for `left_s` more; what came of it can be one of `dispositions`."""

    contact_id: ContactId
    queue_id: QueueId
    left_s: float
    disposition: str = ""
    dispositions: list[str] = []
    is_disposition_required: bool = False


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `status` is what was declared: "logged_out", "not_ready" (with `reason`) or "ready".

    `state` is what the switch sees (acd/model.py): "reserved", "busy", "wrap_up", or else the status again. `since_s`
    is the time in this state. `call_id` is the call he is reserved for or talks in.
    `answered` and `missed` count reservations since the switch started. `by` is who or what brought him into the state.
    `contacts` are all he has, `free_for` the channels of which he could be given one now.
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
    by: str = ""
    contacts: list[HeldContactRow] = []
    wrap_ups: list[WrapUpRow] = []
    free_for: list[str] = []
    projects: list[str] = []
    """For whom alone he works; none: for all."""
    site: str = ""
    """Empty: none."""
    teams: list[str] = []
    """To which he belongs; supervisors are set over teams."""


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where agents sit. They are alerted for, or talk in, `calls` calls of queues, and may be in `max_calls` at once;
    None: in any number."""

    site_id: SiteId
    name: str
    calls: int
    max_calls: int | None = None
    agents: int = 0
    agents_logged_in: int = 0
    agents_ready: int = 0


class HookFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the questions put to a routing hook so many were `accepted`, `chosen` or `vetoed`.

    In the other cases the switch's own decision stood: the choice was `impossible`, the answer `late`, the hook
    `failed`, or it was `skipped` because it had failed too often. It answered in `mean_ms`, at most in `longest_ms`.
    """

    accepted: int = 0
    chosen: int = 0
    vetoed: int = 0
    impossible: int = 0
    late: int = 0
    failed: int = 0
    skipped: int = 0
    mean_ms: float | None = None
    longest_ms: float | None = None


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
    is_open: bool = True
    """False: it takes nobody, for `closed_for` ("hours", or what somebody has said who has closed it)."""
    closed_for: str = ""
    estimate_error_s: float | None = None
    """By how much the first announced waits were wrong in the mean, and by how much too long, since the start."""
    estimate_bias_s: float | None = None
    is_rescued: bool = False
    """Reserve agents have joined it, because its service level over the last while was too low."""
    recent_service_level: float | None = None
    """Over that while; None where the queue has no rescue, or nobody was judged."""
    hook: HookFigures | None = None
    """What came of asking its routing hook, since the start; None: it has none."""
    project: str = ""


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
    projects: list[str] = []
    """Whose it is, or its agent works for; none: all."""


class ParticipantRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a conference. `place` is "waiting", "main", or "private 1" and so on; `name` is that of his phone."""

    seat: int
    number: str
    name: str = ""
    role: str = "guest"
    place: str = "main"
    is_heard: bool = True
    is_muted: bool = False
    is_silenced: bool = False
    is_talking: bool = False
    talk_s: float = 0.0
    joined_s: float = 0.0
    gain_db: float = 0.0
    hearing_gain_db: float = 0.0
    is_called: bool = False
    call_id: str = ""


class ConferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A room; `conference_id` is empty while nobody is in it and nobody is called."""

    room: str
    name: str = ""
    project: str = ""
    number: str = ""
    conference_id: str = ""
    running_s: float | None = None
    maximum: int = 0
    participants: list[ParticipantRow] = []
    calling: list[str] = []
    """Numbers that are being called, or will be again."""
    is_open: bool = False
    is_locked: bool = False
    is_lecture: bool = False
    is_quiet: bool = False
    is_recording: bool = False


class CallbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call-back. `state` is "waiting", "dialling", "resting" (until `next_s` have passed) or "over", with a `result`.

    `waited_s` is since when the customer waits. Over are those of the last thirty days.
    """

    callback_id: str
    queue_id: QueueId
    number: str
    name: str = ""
    state: str = "waiting"
    waited_s: float = 0.0
    next_s: float | None = None
    expires_s: float | None = None
    attempts: int = 0
    attempts_max: int = 0
    last_failure: str = ""
    result: str = ""
    agent: str = ""
    source: str = ""
    by: str = ""
    requested_at: float = 0.0
    calls: list[str] = []
    project: str = ""


class CallerListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A list of callers: how many numbers and patterns the configuration has, how many were added."""

    list_id: str
    name: str
    configured: int = 0
    added: int = 0
    project: str = ""


class ListedNumberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was added to a list, until `ends_in_s` have passed (None: for good)."""

    list_id: str
    number: str
    note: str = ""
    by: str = ""
    since_at: float = 0.0
    ends_in_s: float | None = None


class LookupRow(msgspec.Struct, frozen=True, kw_only=True):
    """A service outside that flows ask. Counts are since the start; `is_resting`: it has failed too often."""

    lookup_id: str
    asked: int = 0
    found: int = 0
    remembered: int = 0
    failed: int = 0
    skipped: int = 0
    slowest_s: float = 0.0
    is_resting: bool = False
    last_fault: str = ""


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
    may not speak to their listener, `unheard` ones from banned sources; `overloaded` INVITEs found too much to do;
    `evicted` connections of strangers were closed to have room for others.
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
    evicted: int = 0


class HomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Messages sent to Homer since start, and those that were not: its socket took no more, or they came too fast."""

    remote: str
    sent: int
    dropped: int


class MissingPromptRow(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt that flows or queues ask for and that is not there, and how often since start or reload."""

    name: str
    language: str
    times: int


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

    One that `is_draining` gets no new calls. `adopted` of its streams were there before the switch was started.
    `version` is that of the softswitch it was started by: after an upgrade it goes on with it until it is empty.
    Packets since its start: `strangers` came from sources that were not accepted, `dropped_by_kernel` found a full
    socket, `unauthentic` were refused by SRTP.
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
    adopted: int = 0
    version: str = ""


class WebRow(msgspec.Struct, frozen=True, kw_only=True):
    """The web process, which the supervisor starts again where it has died. `pid` 0: it does not run now."""

    url: str
    pid: int = 0


class WarehouseRow(msgspec.Struct, frozen=True, kw_only=True):
    """The copy of call records in a database: all that was there `lag_s` ago is in it (None: never yet).

    While the database is away `reason` says why. `refused` records it would not take; the log names them.
    """

    is_connected: bool
    lag_s: float | None = None
    copied: int = 0
    refused: int = 0
    reason: str = ""


class StoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """The store. `fault` is one line ("the disk is full: ...") while it cannot write.

    `write_s` is how long the disk took for the last write, or is at this one; `waiting` are records that wait for it.
    """

    directory: str
    cdrs: int = 0
    recordings: int = 0
    size_bytes: int = 0
    fault: str = ""
    write_s: float = 0.0
    waiting: int = 0


class TraceRow(msgspec.Struct, frozen=True, gc=False):
    """A SIP message, without secrets; who the other side is, as far as is known, and which call it belongs to."""

    message: TracedMessage
    party: str
    call_id: CallId | Literal[""] = ""
