"""What is in the store: one Struct per table, which key its table has, and the version of the whole.

Values are msgpack maps by field name. A field that is added needs a default and no new version: an older switch skips
what it does not know, a newer one fills in what is missing. Whatever an older switch would misread (a field that
changes its meaning, another key layout) raises `SCHEMA_VERSION`, and the older switch refuses to start.

Of records of calls, fields that have their defaults are not stored (compact.py): these defaults never change.

Keys sort bytewise. Records of a call sort by when it began, so that "the newest fifty" is fifty steps of a cursor.
Instants end in `_at` or `_wall` and are seconds since 1970-01-01 UTC; durations end in `_s` and are seconds.
"""

from typing import Literal

import msgspec

from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.base.traced_message import TracedMessage
from softswitch.store.layout import (
    BindingKey,
    ListedKey,
    TableLayout,
    TimedKey,
    binding_key,
    number_key,
    text_key,
    timed_key,
)

SCHEMA_VERSION = 1

END_REASON_RESTARTED = "switch restarted"
"""`Cdr.end_reason` of the calls that were in progress when the switch died."""


class StoredBinding(msgspec.Struct, frozen=True, kw_only=True):
    """One registered contact of an address-of-record (RFC 3261 section 10), with the flow that leads to it.

    `expires_at_wall` is an epoch time because monotonic time begins anew with every boot of the machine.
    """

    aor: str
    contact_uri: str
    transport: str
    """"UDP", "TCP", "TLS", "WS" or "WSS", as in `TransportKind`."""
    local_host: str
    local_port: int
    remote_host: str
    remote_port: int
    expires_at_wall: float
    q: float = 1.0
    call_id: str = ""
    """SIP's Call-ID of the REGISTER, with `cseq` the guard against REGISTERs that come out of order."""
    cseq: int = 0
    user_agent: str = ""
    path: tuple[str, ...] = ()
    instance: str = ""
    """`+sip.instance` of RFC 5626, or ""."""
    extensions: str = ""
    """Other parameters of the Contact, as ";novel=1"."""
    reg_id: int = 0
    """Which of the instance's flows, or 0."""


class StoredAgentState(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent declared, and since when. What the switch observes (on a call, wrapping up) is not kept."""

    agent_id: AgentId
    status: Literal["logged_out", "not_ready", "ready"]
    reason: str = ""
    """Of not being ready; "" in the other states."""
    since_wall: float = 0.0
    """When he took this status."""
    idle_since_wall: float = 0.0
    """What the longest-idle rule counts from; 0 = he was not idle."""
    logged_in_at_wall: float = 0.0
    by: str = ""
    """Who declared it, as far as that is known."""
    live_skills: dict[str, int] | None = None
    """What a supervisor gave him in place of `configured_skills`, for as long as these stay what they are."""
    configured_skills: dict[str, int] = {}


class ActiveCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call in progress. Written when it begins and deleted with the writing of its CDR."""

    call_id: CallId
    started_at: float
    calling_number: str
    called_number: str
    calling_name: str = ""
    flow: str = ""
    project: str = ""
    chain_id: CallId | Literal[""] = ""
    """As in its record."""


class Streamed(msgspec.Struct, frozen=True, kw_only=True):
    """A program heard the call, or talked to its caller. Counts are of frames of 20 ms, as last known."""

    program: str
    """Its id, or its URL."""
    side: str
    """Whose sound it was given: "caller", "other", "both" or "mixed"."""
    talks: bool = False
    sent: int = 0
    dropped: int = 0
    """That it never got: it, or its network, was too slow, or away."""
    said: int = 0
    refused: int = 0
    """That it said and nobody heard."""
    end_reason: str = ""
    """"stopped", "closed", "lost" or "refused"; "" if that was not known in time."""
    fault: str = ""


class Supervised(msgspec.Struct, frozen=True, kw_only=True):
    """A supervisor takes part in a conversation from now on, in another way, or no more.

    `mode` is "listen", "whisper", "barge" or "end".
    """

    at: float
    """Epoch seconds."""
    by: str
    """His phone's account."""
    mode: str


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """A call went elsewhere, because an extension wanted it so or was not there."""

    at: float
    """Epoch seconds."""
    by: str
    """The extension's number, or its account if it has none."""
    to: str
    reason: str
    """"always", "busy", "no_answer", "unregistered", or "redirected": the phone said so itself (3xx)."""


class StoredPhone(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of an extension has chosen, from the phone or otherwise."""

    username: str
    forwards: dict[str, str] = {}
    """Where calls go, by the reason (`Forwarded.reason`); a reason that is missing forwards nothing."""
    no_answer_s: float = 20.0
    """How long the phones ring before a call that is forwarded for want of an answer goes on."""
    do_not_disturb: bool = False
    call_waiting: bool | None = None
    """Whether the phones ring for another call during one; None: as configured."""


class LegFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How one leg of a call sounded, and how its party spoke. Legs that were never heard have none."""

    role: Literal["caller", "called", "supervisor"]
    party: str
    """"alice" (an account), "trunk:provider", or the number that was dialled."""
    mos: float = 0.0
    """The E-model's estimate, 1 to 4.5, of how the party sounded to us;"""
    remote_mos: float | None = None
    """and of how we sounded there, by its last report (RTCP)."""
    loss_percent: float = 0.0
    """Of the packets from there."""
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    talk_s: float = 0.0
    talk_ratio: float = 0.0
    """His part of all that was said in the call, 0 to 1."""
    overlap_s: float = 0.0
    """He spoke while somebody he heard spoke too."""
    silence_max_s: float = 0.0
    """The longest time in which neither did."""
    leg_id: str = ""
    """As in `SipLeg`; "" in records of old. A leg whose sound went another way in the middle has several."""


class SipLeg(msgspec.Struct, frozen=True, kw_only=True):
    """One party of a call as SIP knows him, from when until when, and how his INVITE failed, if it did.

    `began_at <= ringing_at <= answered_at <= ended_at`, so that setting up, ringing and being connected add up to the
    whole. A leg that goes on in another call ends in the one it leaves and begins, answered, in the other.
    """

    sip_call_id: str
    """"" if nothing was sent to him."""
    role: Literal["caller", "called"]
    party: str
    """"account:alice" and "trunk:provider" call; "alice", "trunk:provider" or a number are called."""
    status: int = 0
    """The final status that ended the leg before its time; 0 if none did."""
    reason: str = ""
    leg_id: str = ""
    """"" in records of old, which know nothing of what follows."""
    number: str = ""
    """His extension, or the outside number that was called, or that called."""
    dialled: str = ""
    """The number of ours he called in the first place, if he called from outside: the same in every call he is in."""
    agent: AgentId | Literal[""] = ""
    """Who sat at the phone."""
    began_at: float = 0.0
    """When he called, was called, or came from another call."""
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float = 0.0
    """When he hung up or was hung up, or went on in another call. In a call in progress: 0, he is there."""
    cause: int = 0
    """Why the leg ended, as an ISDN cause (Q.850); 0: it went on elsewhere."""
    ended_by: Literal["", "party", "switch"] = ""
    came_from: CallId | Literal[""] = ""
    """The call in which he was before,"""
    went_to: CallId | Literal[""] = ""
    """and the one in which he has been since."""


class TrunkTry(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk that an outside number was called through, and what came of it."""

    trunk: str
    status: int
    """The final SIP status; 200: answered; 0: none came in time; 503 with our own reason: no room."""
    reason: str = ""


class AfterCall(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent does after a call, to be added to its record."""

    agent: AgentId | Literal[""] = ""
    """Whose doing it was."""
    wrap_up_s: float = 0.0
    disposition: str = ""
    is_disposition_missing: bool = False


class ContactStay(msgspec.Struct, frozen=True, kw_only=True):
    """A call waited in a queue, and what came of it there: one for each time it entered one.

    `wait_s + talk_s + consult_s` is the time from `began_at` to `ended_at`, but for what an agent was told before he
    was connected.
    """

    queue: QueueId
    began_at: float
    """Of a call-back: when it was asked for, if it kept its place."""
    ended_at: float
    outcome: Literal["answered", "abandoned", "overflowed", "exited", "withdrawn", "moved", "refused"]
    agent: AgentId | Literal[""] = ""
    """Who answered."""
    wait_s: float = 0.0
    """Until the answer or the end, ringing included."""
    ring_s: float = 0.0
    """How long the phone of who answered rang, or of those who did not."""
    talk_s: float = 0.0
    """Holds included, consultations not."""
    consult_s: float = 0.0
    """How long the agent was asked for somebody who was on hold meanwhile."""
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    """Written, as the next two, when the agent is done."""
    disposition: str = ""
    is_disposition_missing: bool = False


class Cdr(msgspec.Struct, frozen=True, kw_only=True):
    """Call detail record: one per call, answered or not, written when its last leg has ended."""

    call_id: CallId
    started_at: float
    answered_at: float | None = None
    """When the switch answered the caller; None if it never did."""
    ended_at: float
    calling_number: str
    calling_name: str = ""
    called_number: str
    project: str = ""
    """For whom it was: of the number called, of who called, or of the queue; "": for nobody in particular."""
    flow: str = ""
    queue: QueueId | None = None
    """The last queue he waited in."""
    agent: AgentId | None = None
    """The last agent who talked to him."""
    queue_wait_s: float = 0.0
    ring_s: float = 0.0
    """How long agents' or extensions' phones rang for him, in all."""
    talk_s: float = 0.0
    """Holds included, consultations not."""
    consult_s: float = 0.0
    """How long one party asked the other before he gave his place to whom he had on hold: an attended transfer."""
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    """What agents took afterwards, in all. Written, as the next two, when they are done."""
    disposition: str = ""
    """What the agent said came of it, in a word of its queue; "" if he said nothing."""
    is_disposition_missing: bool = False
    """He had to say it, and did not."""
    end_reason: str
    """In few words, for people and reports: "completed", "abandoned", "rejected", "overflowed", ..."""
    ended_by: str
    """"caller", "agent" (or whoever was called) or "switch"."""
    sip_status: int = 200
    """The final status the caller's INVITE got."""
    cause: int = 0
    """Why it ended, as an ISDN cause (Q.850), in the words of the side that ended it; 0 in records of old."""
    cause_text: str = ""
    recordings: tuple[str, ...] = ()
    """Paths of its recordings in the order they were made; the table of recordings has the details."""
    scores: dict[str, int] = {}
    """Answers to surveys, by the name of the survey."""
    tags: dict[str, str] = {}
    """Whatever the flow noted about the call."""
    supervisions: tuple[Supervised, ...] = ()
    """Who listened to it, whispered to the agent or spoke to both, in the order of time."""
    streams: tuple[Streamed, ...] = ()
    """Programs that heard it, or talked to its caller, in order; of very many the newest."""
    transferred_to: str = ""
    """The number a party of this call was transferred to, if that ended it."""
    transferred_by: str = ""
    """Whose phone did that, or transferred the caller here: an account, "trunk:provider", "flow" or "operator"."""
    linked_calls: tuple[CallId, ...] = ()
    """Calls that parties of this one came from or went on to."""
    forwards: tuple[Forwarded, ...] = ()
    """The extensions that have forwarded it, in the order of time."""
    fault: str = ""
    """The traceback of a flow that failed, or what else went wrong; "" is the ordinary case."""
    legs: tuple[LegFacts, ...] = ()
    """The caller's and those of the others he talked to, in order. Known a moment after the call's end."""
    conference: str = ""
    """The id of the room it was in last; "" if in none."""
    trunk: str = ""
    """The trunk it came from; "" for a call of one of our phones."""
    trunks: tuple[TrunkTry, ...] = ()
    """The trunks that outside numbers were called through, in order; the last one carried the call, if any did."""
    sip_legs: tuple[SipLeg, ...] = ()
    """The caller's first, then whoever was called, answered or not; of very many the newest."""
    legs_left_out: int = 0
    """So many were too many."""
    chain_id: CallId | Literal[""] = ""
    """The first call of the caller's experience this one belongs to (calls/chain.py); "" in records of old: its own."""
    consults_for: CallId | Literal[""] = ""
    """The call that was on hold when this one began from the same phone: somebody was asked about it."""
    stays: tuple[ContactStay, ...] = ()
    """In queues, in the order of time; of very many the newest. Their waits add up to `queue_wait_s`."""
    conference_s: float = 0.0
    """How much of `talk_s` was in conferences."""
    recorded_s: float = 0.0
    """How long it was recorded, masks included: every second once for each file that has it."""


class RecordingMask(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a recording that is silent because somebody wanted it so. Seconds from the beginning of the file."""

    from_s: float
    until_s: float
    by: str
    """"flow", or "operator" and his name."""


class StoredRecording(msgspec.Struct, frozen=True, kw_only=True):
    """One finished file."""

    recording_id: RecordingId
    call_id: CallId
    path: str
    started_at: float
    duration_s: float
    size_bytes: int
    agent: AgentId | None = None
    queue: QueueId | None = None
    project: str = ""
    calling_number: str = ""
    fault: str = ""
    """What is missing in the file and why (a full disk); "" if nothing is."""
    call_started_at: float = 0.0
    """With the call's id, the key of its CDR, or of the conference's minutes; 0 if it is not known."""
    masks: tuple[RecordingMask, ...] = ()
    format: str = "wav"
    is_sealed: bool = False
    """Encrypted (media/runtime/recording/sealed_file.py)."""
    sha256: str = ""
    """Of the file's bytes, in hexadecimal digits; "" until it was archived."""
    is_held: bool = False
    """It is kept, however old it becomes."""
    leftover: str = ""
    """The path of the file it was made of, until that is deleted."""
    archive_fault: str = ""
    """Why it was not converted, encrypted and given a checksum."""


class StoredTrace(msgspec.Struct, frozen=True, kw_only=True):
    """The SIP messages of a call that failed, without secrets, in the order of time."""

    call_id: CallId
    started_at: float
    messages: tuple[TracedMessage, ...]
    left_out: int = 0
    """Messages in the middle that were too many."""


class StoredBan(msgspec.Struct, frozen=True, kw_only=True):
    """A source that is not listened to, or was not until lately: the next ban is longer. Times since 1970."""

    network: str
    since_wall: float
    until_wall: float
    times: int = 1
    reason: str = ""
    by: str = "switch"


class StoredMailbox(msgspec.Struct, frozen=True, kw_only=True):
    """How many voice messages wait for an extension, as whoever holds them said last."""

    mailbox: str
    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0


class StoredTollUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Calls to the outside of one subject ("phone:anna", "trunk:provider") on one day ("2026-11-29")."""

    subject: str
    day: str
    calls: int = 0
    seconds: float = 0.0
    refused: int = 0
    last_refusal: str = ""


class StoredCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A call-back that somebody was promised; its states are those of `calls/callback_book.py`. Times are wall time.

    `enqueued_wall` is since when he has waited: his place in the queue, whatever happens.
    """

    callback_id: str
    number: str
    name: str = ""
    queue_id: QueueId
    project: str = ""
    """For whom it is called back."""
    state: Literal["waiting", "dialling", "resting", "over"] = "waiting"
    requested_wall: float
    enqueued_wall: float
    not_before_wall: float = 0.0
    """When it waits again; of one that rests."""
    awaits_opening: bool = False
    """It rests until its queue opens, whenever that is."""
    expires_wall: float
    attempts: int = 0
    """Begun so far."""
    attempts_max: int = 3
    retry_s: float = 600.0
    customer_first: bool = False
    boost_s: float = 0.0
    skills: dict[str, int] = {}
    requirement: str = ""
    language: str = ""
    source: str = ""
    """Where it was asked for: "queue", "flow", "operator"."""
    by: str = ""
    """Who has asked for it or cancelled it, if that was not the customer."""
    last_failure: str = ""
    """Why the last attempt came to nothing."""
    result: str = ""
    """What became of it: "served", "expired", "given up", "cancelled"."""
    agent: str = ""
    """Who served it last."""
    over_wall: float = 0.0
    calls: tuple[str, ...] = ()
    """The calls that were made for it."""


class StoredSeat(msgspec.Struct, frozen=True, kw_only=True):
    """An agent sits at the phone with this user name, which is not his own."""

    agent_id: AgentId
    username: str


class StoredQueueClosing(msgspec.Struct, frozen=True, kw_only=True):
    """A queue that somebody has closed by command, until somebody opens it. `waiting` is what became of who waited."""

    queue_id: QueueId
    since_wall: float
    reason: str = ""
    waiting: Literal["finish", "announce", "overflow"] = "announce"
    by: str = ""


class StoredEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Some events of the ACD (acd/events.py) that followed each other.

    `at_wall` is when the first of them happened, `number` counts all events before it, `count` these.
    """

    at_wall: float
    number: int
    count: int
    stamped: msgspec.Raw
    """A list of `acd.events.Stamped`."""


class StoredContactSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look for a contact's events. `until_wall` is 0 while it is with the ACD.

    For those who write the queue_log after another switch: its `position` when it came into its queue (0: not known),
    and how long it waited there for the agent it talks to.
    """

    contact: str
    from_wall: float
    until_wall: float = 0.0
    position: int = 0
    waited_s: float = 0.0


class StoredListedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was added to a list of callers; `until_wall` None: for good. `number` as calls/caller_lists.py
    compares it."""

    list_id: str
    number: str
    spelt: str = ""
    """The number as it was given, for people; "": as `number`."""
    note: str = ""
    by: str = ""
    since_wall: float
    until_wall: float | None = None


class StoredRouterPart(msgspec.Struct, frozen=True, kw_only=True):
    """Some of what the router knew (acd/runtime/journal.py), or some of the inputs it was told since."""

    number: int
    """The place of the part, from 0; of the journal, the number of its first input."""
    content: msgspec.Raw


BINDINGS: TableLayout[BindingKey, StoredBinding] = TableLayout("bindings", StoredBinding, binding_key)
AGENT_STATES: TableLayout[str, StoredAgentState] = TableLayout("agent_states", StoredAgentState, text_key)
ACTIVE_CALLS: TableLayout[str, ActiveCall] = TableLayout("active_calls", ActiveCall, text_key)
BANS: TableLayout[str, StoredBan] = TableLayout("bans", StoredBan, text_key)
TOLL_USAGE: TableLayout[str, StoredTollUsage] = TableLayout("toll_usage", StoredTollUsage, text_key)
CDRS: TableLayout[TimedKey, Cdr] = TableLayout("cdrs", Cdr, timed_key, is_compact=True, files=("recordings",))
RECORDINGS: TableLayout[TimedKey, StoredRecording] = TableLayout(
    "recordings", StoredRecording, timed_key, files=("path", "leftover")
)
TRACES: TableLayout[TimedKey, StoredTrace] = TableLayout("traces", StoredTrace, timed_key)
EVENTS: TableLayout[TimedKey, StoredEvents] = TableLayout("events", StoredEvents, timed_key)
CONTACT_SPANS: TableLayout[str, StoredContactSpan] = TableLayout("contact_spans", StoredContactSpan, text_key)
PHONES: TableLayout[str, StoredPhone] = TableLayout("phones", StoredPhone, text_key)
MAILBOXES: TableLayout[str, StoredMailbox] = TableLayout("mailboxes", StoredMailbox, text_key)
CALLBACKS: TableLayout[str, StoredCallback] = TableLayout("callbacks", StoredCallback, text_key)
LISTED_NUMBERS: TableLayout[ListedKey, StoredListedNumber] = TableLayout(
    "listed_numbers", StoredListedNumber, binding_key
)
SEATS: TableLayout[str, StoredSeat] = TableLayout("seats", StoredSeat, text_key)
QUEUE_CLOSINGS: TableLayout[str, StoredQueueClosing] = TableLayout("queue_closings", StoredQueueClosing, text_key)
ROUTER_SNAPSHOT: TableLayout[int, StoredRouterPart] = TableLayout("router_snapshot", StoredRouterPart, number_key)
ROUTER_JOURNAL: TableLayout[int, StoredRouterPart] = TableLayout("router_journal", StoredRouterPart, number_key)
