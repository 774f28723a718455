"""What has happened to calls, conferences and recordings; see events.py."""

import msgspec

from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId, ReservationId


class CallBegan(msgspec.Struct, frozen=True, tag="call.began", gc=False, omit_defaults=True):
    """Somebody calls, or a call is made for somebody. `source` is who: "account:anna", "trunk:provider", "address:...";
    of a call that the switch makes, or that a party of another call goes on in, empty."""

    at: float
    call_id: CallId
    calling_number: str
    called_number: str
    calling_name: str = ""
    source: str = ""
    former_call: CallId | None = None
    """Its caller was in that call until now."""


class CallRinging(msgspec.Struct, frozen=True, tag="call.ringing", gc=False, omit_defaults=True):
    """A phone rings for it: that of an account, or an outside number's. Once for each phone."""

    at: float
    call_id: CallId
    party: str
    agent_id: AgentId | None = None


class CallAnswered(msgspec.Struct, frozen=True, tag="call.answered", gc=False, omit_defaults=True):
    """The caller is connected: to a menu, a queue, a person. Once in a call; of one that the switch makes, when whoever
    is rung first has answered."""

    at: float
    call_id: CallId
    waited_s: float = 0.0


class CallBridged(msgspec.Struct, frozen=True, tag="call.bridged", gc=False, omit_defaults=True):
    """The caller talks to `party` from now on."""

    at: float
    call_id: CallId
    party: str
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None


class CallParted(msgspec.Struct, frozen=True, tag="call.parted", gc=False, omit_defaults=True):
    """They talk no more. `talk_s` has the holds in it."""

    at: float
    call_id: CallId
    party: str
    agent_id: AgentId | None = None
    talk_s: float = 0.0
    hold_s: float = 0.0


class CallHeld(msgspec.Struct, frozen=True, tag="call.held", gc=False, omit_defaults=True):
    """One of the two has put the other on hold: `party`, by his phone, or a program (`by`)."""

    at: float
    call_id: CallId
    party: str = ""
    by: str = ""


class CallResumed(msgspec.Struct, frozen=True, tag="call.resumed", gc=False, omit_defaults=True):
    """Neither holds any more."""

    at: float
    call_id: CallId
    held_s: float = 0.0


class CallTransferred(msgspec.Struct, frozen=True, tag="call.transferred", gc=False, omit_defaults=True):
    """A party goes on in another call, at the wish of `by`: an account, "trunk:provider", "operator", "flow"."""

    at: float
    call_id: CallId
    to: str
    next_call: CallId
    by: str = ""
    is_attended: bool = False


class CallParked(msgspec.Struct, frozen=True, tag="call.parked", gc=False, omit_defaults=True):
    """The caller waits in a parking slot."""

    at: float
    call_id: CallId
    slot: str
    by: str = ""


class CallRetrieved(msgspec.Struct, frozen=True, tag="call.retrieved", gc=False, omit_defaults=True):
    """Somebody has fetched him from there."""

    at: float
    call_id: CallId
    slot: str
    by: str = ""
    waited_s: float = 0.0


class CallTagged(msgspec.Struct, frozen=True, tag="call.tagged", gc=False, omit_defaults=True):
    """A program has noted something about the call: tags (kept with its record) and variables (for its flows)."""

    at: float
    call_id: CallId
    tags: dict[str, str] = {}
    variables: dict[str, str] = {}
    by: str = ""


class CallSupervised(msgspec.Struct, frozen=True, tag="call.supervised", gc=False, omit_defaults=True):
    """A supervisor takes part in a conversation in this way from now on, or no more: "listen", "whisper", "barge",
    "end". Agents are not told, and client companies of their own phones alone."""

    at: float
    call_id: CallId
    by: str
    """His phone's account."""
    mode: str


class CallEnded(msgspec.Struct, frozen=True, tag="call.ended", gc=False, omit_defaults=True):
    """It is over. The fields are those of its record (`softswitch cdr`), which has the rest."""

    at: float
    call_id: CallId
    started_at: float
    """Time of day: with the id, the key of its record."""
    end_reason: str
    ended_by: str
    sip_status: int = 0
    cause: int = 0
    cause_text: str = ""
    calling_number: str = ""
    called_number: str = ""
    duration_s: float = 0.0
    queue_wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None
    disposition: str = ""
    tags: dict[str, str] = {}
    recordings: tuple[str, ...] = ()
    has_failed: bool = False
    """Its record has a fault."""


class ScreenPop(msgspec.Struct, frozen=True, tag="screen.pop", gc=False, omit_defaults=True):
    """An agent is reserved for a contact, and his phone is about to ring: what his screen is to show.

    `variables` are what the flow has noted of the caller (`call.variables`), such as the answer of a lookup.
    """

    at: float
    contact_id: ContactId
    agent_id: AgentId
    queue_id: QueueId
    reservation_id: ReservationId
    channel: str = "voice"
    calling_number: str = ""
    calling_name: str = ""
    called_number: str = ""
    language: str = ""
    waited_s: float = 0.0
    """In this queue, so far."""
    variables: dict[str, str] = {}
    tags: dict[str, str] = {}
    previous: tuple["FormerContact", ...] = ()
    """Calls of the same number before, the newest first, as far as they are remembered."""


class FormerContact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A call of the same customer that is over."""

    call_id: CallId
    started_at: float
    called_number: str = ""
    queue_id: QueueId | None = None
    agent_id: AgentId | None = None
    end_reason: str = ""
    disposition: str = ""
    talk_s: float = 0.0


class ConferenceJoined(msgspec.Struct, frozen=True, tag="conference.joined", gc=False, omit_defaults=True):
    """Somebody is in a conference."""

    at: float
    conference_id: str
    room: str
    call_id: CallId
    number: str = ""
    name: str = ""
    role: str = ""


class ConferenceLeft(msgspec.Struct, frozen=True, tag="conference.left", gc=False, omit_defaults=True):
    """He is in it no more. `reason`: "hung up", or why he was dismissed."""

    at: float
    conference_id: str
    room: str
    call_id: CallId
    reason: str = ""


class RecordingStarted(msgspec.Struct, frozen=True, tag="recording.started", gc=False, omit_defaults=True):
    """Of a call, or (`call_id` is its id) of a conference."""

    at: float
    recording_id: RecordingId
    call_id: CallId
    path: str = ""
    """Of its file on the switch's disk; the API tells admins alone."""
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None


class RecordingEnded(msgspec.Struct, frozen=True, tag="recording.ended", gc=False, omit_defaults=True):
    """Its file is complete; conversion and encryption, if configured, follow. `fault` says what is missing in it."""

    at: float
    recording_id: RecordingId
    call_id: CallId
    path: str
    started_at: float
    """Time of day."""
    duration_s: float
    size_bytes: int = 0
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None
    fault: str = ""


CallHappened = (
    CallBegan
    | CallRinging
    | CallAnswered
    | CallBridged
    | CallParted
    | CallHeld
    | CallResumed
    | CallTransferred
    | CallParked
    | CallRetrieved
    | CallTagged
    | CallSupervised
    | CallEnded
    | ScreenPop
    | ConferenceJoined
    | ConferenceLeft
    | RecordingStarted
    | RecordingEnded
)
