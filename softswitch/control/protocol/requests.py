"""What can be asked of the switch."""

from typing import Literal

import msgspec

from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId
from softswitch.control.protocol.call_orders import CallOrder
from softswitch.control.protocol.metrics import GetMetrics
from softswitch.control.protocol.streams import StartStream, StopStream
from softswitch.control.protocol.voicemail import VoicemailRequest

AgentAction = Literal["login", "logout", "pause", "resume", "extend", "done"]
ContactChannel = Literal["voicemail", "chat", "email", "task"]
ContactAction = Literal["accept", "decline", "replied", "finish", "withdraw"]
ConferenceAction = Literal[
    "mute", "unmute", "lock", "unlock", "lecture", "discuss", "record", "stop_recording", "call", "remove", "end"
]
ContactOrder = Literal["move", "boost", "assign", "withdraw"]
RecordingAction = Literal["mask", "unmask", "start", "stop"]
WorkerAction = Literal["drain", "resume"]
QueueAction = Literal["open", "close"]
WhoWaits = Literal["finish", "announce", "overflow"]
SupervisionMode = Literal["listen", "whisper", "barge"]


class GetStatus(msgspec.Struct, frozen=True, tag=True):
    pass


class ListProjects(msgspec.Struct, frozen=True, tag=True):
    pass


class ListCalls(msgspec.Struct, frozen=True, tag=True):
    pass


class ListAgents(msgspec.Struct, frozen=True, tag=True):
    pass


class ListQueues(msgspec.Struct, frozen=True, tag=True):
    pass


class ListSites(msgspec.Struct, frozen=True, tag=True):
    pass


class ListFigures(msgspec.Struct, frozen=True, tag=True):
    """Counts and sums of all queues and agents since the switch started."""


class ExplainContact(msgspec.Struct, frozen=True, tag=True):
    """Why a contact that is with the ACD now is where it is, and what it waits for; the beginning of its id will do."""

    contact_id: str


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
    """Log an agent in or out, pause or resume him, or give him more time (`seconds`) or none for his wrap-up.

    `reason` is kept with a pause ("lunch"), `by` (who does it) with any change.
    """

    agent_id: AgentId
    action: AgentAction
    reason: str = ""
    seconds: float = 0.0
    by: str = ""


class SetDisposition(msgspec.Struct, frozen=True, tag=True):
    """What came of the contact an agent has, or wraps up; `contact_id` may be left out if there is one only."""

    agent_id: AgentId
    code: str
    contact_id: ContactId | Literal[""] = ""
    by: str = ""


class ListContacts(msgspec.Struct, frozen=True, tag=True):
    pass


class QueueContact(msgspec.Struct, frozen=True, tag=True):
    """A contact that comes by another way than the phone waits for an agent. Without a `contact_id` it gets one.

    `caller` says who it is from: an address, a number.
    """

    queue_id: QueueId
    channel: ContactChannel
    contact_id: ContactId | Literal[""] = ""
    caller: str = ""
    boost_s: float = 0.0


class SetContact(msgspec.Struct, frozen=True, tag=True):
    """What happens to such a contact: the agent alerted for it (`agent_id`) takes it or declines, or he who has it has
    sent his first reply, or is done with it; or whoever wrote it gave up."""

    contact_id: ContactId
    action: ContactAction
    agent_id: AgentId | Literal[""] = ""


class OrderContact(msgspec.Struct, frozen=True, tag=True):
    """What a supervisor (`by`) wants of a contact that waits, be it a call or not.

    "move": it waits in the queue `target`, as old as it is. "boost": it counts as `boost_s` older. "assign": it is the
    next that the agent `target` gets. "withdraw": it waits no more.
    """

    contact_id: ContactId
    order: ContactOrder
    target: str = ""
    boost_s: float = 0.0
    reason: str = ""
    by: str = ""


class SetSkills(msgspec.Struct, frozen=True, tag=True):
    """Change skills of an agent, as long as those configured stay what they are: levels by skill, 0 takes one away.

    With `is_reset` he has those configured again. `by` is who wants it.
    """

    agent_id: AgentId
    skills: dict[str, int] = {}
    is_reset: bool = False
    by: str = ""


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


class SuperviseAgent(msgspec.Struct, frozen=True, tag=True):
    """Ring the phone of a supervisor, who is set over the agent's team and takes part in what the agent talks.

    While `is_following` it is this conversation, or the next if he talks to nobody, and all that come after it.
    """

    agent_id: AgentId
    phone: str
    mode: SupervisionMode = "listen"
    is_following: bool = False


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


class WatchEvents(msgspec.Struct, frozen=True, tag=True):
    """Send what happens in the switch, in frames of `EventRows`, until the connection is closed.

    `after` is the number of the last event that is known; None: only what happens from now on. Who comes back goes on
    so, as far as the store reaches. `kinds` are "call.ended", or "call" for all of them; each of the others that is
    given must fit as well.
    """

    after: int | None = None
    kinds: list[str] = []
    contact_id: str = ""
    """Of this contact or call."""
    queue_id: str = ""
    agent_id: str = ""
    is_following: bool = True
    """False: it ends with the newest; the last frame says `is_last`."""


class ListBans(msgspec.Struct, frozen=True, tag=True):
    """Who is not listened to at the moment."""


class ListLimits(msgspec.Struct, frozen=True, tag=True):
    """What calls to the outside have used of their limits today."""


class ListCallerLists(msgspec.Struct, frozen=True, tag=True):
    pass


class ListListedNumbers(msgspec.Struct, frozen=True, tag=True):
    """Numbers that were added to a list; those of the configuration are where they are."""

    list_id: str


class SetListedNumber(msgspec.Struct, frozen=True, tag=True):
    """Put a number on a list, for `seconds` or for good, or take it off again."""

    list_id: str
    number: str
    is_listed: bool
    note: str = ""
    seconds: float | None = None
    by: str = ""


class ListLookups(msgspec.Struct, frozen=True, tag=True):
    pass


class TryLookup(msgspec.Struct, frozen=True, tag=True):
    """Ask a service outside as a flow would, with these fields."""

    lookup_id: str
    fields: dict[str, str]


class ListConferences(msgspec.Struct, frozen=True, tag=True):
    """All rooms, and those of ranges that are in use."""


class OrderConference(msgspec.Struct, frozen=True, tag=True):
    """What a host could order with keys. `seat` is a number of the roll call, 0 for all; `number` whom to call.

    "call" without a number calls everybody of the room's list. `by` is who wants it.
    """

    room: str
    action: ConferenceAction
    seat: int = 0
    number: str = ""
    by: str = ""


class ListCallbacks(msgspec.Struct, frozen=True, tag=True):
    pass


class AddCallback(msgspec.Struct, frozen=True, tag=True):
    """Promise a call-back from a queue, for somebody who has asked for it elsewhere; `by` is who wants it."""

    queue_id: QueueId
    number: str
    name: str = ""
    by: str = ""


class CancelCallback(msgspec.Struct, frozen=True, tag=True):
    callback_id: str
    by: str = ""


class SetQueue(msgspec.Struct, frozen=True, tag=True):
    """Close a queue whatever its hours, until it is opened: it is then open as its hours say.

    `waiting` is what becomes of those who wait: they are served, told and let go, or go where it overflows to.
    """

    queue_id: QueueId
    action: QueueAction
    reason: str = ""
    waiting: WhoWaits = "announce"
    by: str = ""


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
    | GetMetrics
    | ListProjects
    | VoicemailRequest
    | CallOrder
    | ListCalls
    | ListAgents
    | ListQueues
    | ListSites
    | ListFigures
    | ExplainContact
    | ListRegistrations
    | ListPhones
    | SetPhone
    | RemoveRegistration
    | ListSubscriptions
    | ListMailboxes
    | SetMailbox
    | ListTrunks
    | ListContacts
    | QueueContact
    | SetContact
    | OrderContact
    | SetSkills
    | SetAgent
    | SetDisposition
    | HangUp
    | TransferCall
    | StartStream
    | StopStream
    | SetRecording
    | SetWorker
    | HoldRecording
    | Supervise
    | SetSupervision
    | SuperviseAgent
    | GetMessages
    | Trace
    | WatchEvents
    | ListBans
    | ListLimits
    | SetQueue
    | ListCallerLists
    | ListListedNumbers
    | SetListedNumber
    | ListLookups
    | TryLookup
    | ListConferences
    | OrderConference
    | ListCallbacks
    | AddCallback
    | CancelCallback
    | AddBan
    | LiftBan
    | Reload
    | Stop
)


class InProject(msgspec.Struct, frozen=True, tag=True):
    """A request in the name of a project: it is carried out as far as it is within it, and what is not the project's is
    left out of the answer (control/scope.py)."""

    project: str
    request: Request
