"""What the switch offers over its control socket: one method per request (control/protocol/)."""

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from softswitch.acd.reporting.intervals import Interval
from softswitch.base.ids import CallId, RecordingId
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    CallSet,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.metrics import Metrics
from softswitch.control.protocol.replies import (
    AgentSet,
    BanSet,
    BansLifted,
    CallbackSet,
    ConferenceSet,
    ContactSet,
    Done,
    EventRows,
    Explained,
    LookupTried,
    Messages,
    PhoneSet,
    QueueSet,
    RecordingSet,
    Refused,
    Reloaded,
    Status,
    StreamSet,
    SupervisionSet,
    TraceRows,
    Transferred,
    WorkerSet,
)
from softswitch.control.protocol.requests import (
    AddCallback,
    GetMessages,
    OrderConference,
    OrderContact,
    QueueContact,
    RecordingAction,
    SetAgent,
    SetContact,
    SetDisposition,
    SetListedNumber,
    SetPhone,
    SetQueue,
    SetSkills,
    SuperviseAgent,
    SupervisionMode,
    Trace,
    WatchEvents,
    WorkerAction,
)
from softswitch.control.protocol.rows import (
    AgentRow,
    BanRow,
    CallbackRow,
    CallerListRow,
    CallRow,
    ConferenceRow,
    ContactRow,
    LimitRow,
    ListedNumberRow,
    LookupRow,
    MailboxRow,
    PhoneRow,
    ProjectRow,
    QueueRow,
    RegistrationRow,
    SiteRow,
    SubscriptionRow,
    TrunkRow,
)
from softswitch.control.protocol.streams import StartStream, StopStream
from softswitch.control.protocol.voicemail import (
    MailCounts,
    MailRow,
    SetVoiceMessage,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessageSet,
)
from softswitch.control.scope import Belongings


class Operations(Protocol):
    """Implemented by the switch, called by the control server on the switch's event loop.

    Listings are taken a slice at a time with the loop's other work in between, so a generator must walk over a
    copy of what may change (`for call in list(calls.values())`). An exception out of any method is a bug; the client is
    told "failed" and the switch goes on.
    """

    @property
    def belongings(self) -> Belongings:
        """Whose everything is."""
        ...

    def status(self) -> Status: ...

    def metrics(self) -> Metrics:
        """What is counted and measured, for Prometheus."""
        ...

    def projects(self) -> Iterable[ProjectRow]:
        """All configured projects, in the order of the configuration."""
        ...

    def calls(self) -> Iterable[CallRow]:
        """Calls in progress, the oldest first."""
        ...

    def agents(self) -> Iterable[AgentRow]:
        """All configured agents, in the order of the configuration."""
        ...

    def contacts(self) -> Iterable[ContactRow]:
        """All contacts of the ACD, in serving order."""
        ...

    def queues(self) -> Iterable[QueueRow]:
        """All configured queues, in the order of the configuration."""
        ...

    def sites(self) -> Iterable[SiteRow]:
        """All configured sites, in the order of the configuration."""
        ...

    def figures(self) -> Interval:
        """Counts and sums of all queues and agents from the start of the switch until now."""
        ...

    async def explain_contact(self, contact_id: str) -> Explained | Refused: ...

    def registrations(self) -> Iterable[RegistrationRow]:
        """Bindings that have not expired, by address of record."""
        ...

    def phones(self) -> Iterable[PhoneRow]:
        """All configured extensions, in the order of the configuration."""
        ...

    async def set_phone(self, order: SetPhone) -> PhoneSet | Refused: ...
    async def remove_registration(self, aor: str, contact: str) -> Done | Refused: ...

    def subscriptions(self) -> Iterable[SubscriptionRow]:
        """Who watches whom, by what is watched."""
        ...

    def mailboxes(self) -> Iterable[MailboxRow]:
        """Mailboxes with messages, by name."""
        ...

    async def set_mailbox(self, row: MailboxRow) -> Done | Refused: ...

    def voice_boxes(self) -> Iterable[VoiceBoxRow]:
        """All voicemail boxes, in the order of the configuration."""
        ...

    def voice_messages(self, box: str) -> Iterable[VoiceMessageRow]:
        """Those of a box, by id or number, or of all, the oldest first."""
        ...

    async def set_voice_message(self, order: SetVoiceMessage) -> VoiceMessageSet | Refused: ...

    def mails(self) -> Iterable[MailRow]:
        """Mail that is not sent yet, the oldest first."""
        ...

    def mail_counts(self) -> MailCounts: ...

    def trunks(self) -> Iterable[TrunkRow]:
        """All configured trunks, in the order of the configuration."""
        ...

    async def set_agent(self, order: SetAgent) -> AgentSet | Refused: ...

    async def queue_contact(self, order: QueueContact) -> ContactSet | Refused: ...

    async def set_contact(self, order: SetContact) -> ContactSet | Refused: ...

    async def order_contact(self, order: OrderContact) -> ContactSet | Refused: ...

    async def set_skills(self, order: SetSkills) -> AgentSet | Refused: ...

    async def set_disposition(self, order: SetDisposition) -> AgentSet | Refused: ...

    async def set_queue(self, order: SetQueue) -> QueueSet | Refused: ...

    def caller_lists(self) -> Iterable[CallerListRow]:
        """All configured lists, in the order of the configuration."""
        ...

    def listed_numbers(self, list_id: str) -> Iterable[ListedNumberRow] | Refused: ...

    async def set_listed_number(self, order: SetListedNumber) -> Done | Refused: ...

    def lookups(self) -> Iterable[LookupRow]:
        """All configured lookups, in the order of the configuration."""
        ...

    async def try_lookup(self, lookup_id: str, fields: dict[str, str]) -> LookupTried | Refused: ...

    def conferences(self) -> Iterable[ConferenceRow]:
        """All rooms in the order of the configuration, then those of ranges that are in use."""
        ...

    async def order_conference(self, order: OrderConference) -> ConferenceSet | Refused: ...

    def callbacks(self) -> Iterable[CallbackRow]:
        """Call-backs, in the order in which they were asked for; those that are over too."""
        ...

    async def add_callback(self, order: AddCallback) -> CallbackSet | Refused: ...

    async def cancel_callback(self, callback_id: str, by: str) -> CallbackSet | Refused: ...

    async def hang_up(self, call_id: CallId) -> Done | Refused: ...

    async def start_stream(self, request: StartStream) -> StreamSet | Refused: ...

    async def stop_stream(self, request: StopStream) -> StreamSet | Refused: ...
    async def originate(self, order: Originate) -> CallSet | Refused:
        """Returns as soon as it is about to ring."""
        ...

    async def answer_call(self, order: AnswerCall) -> CallSet | Refused: ...
    async def hold_call(self, order: HoldCall) -> CallSet | Refused: ...

    async def play_to_call(self, order: PlayToCall) -> CallSet | Refused: ...

    async def stop_playing(self, order: StopPlaying) -> CallSet | Refused: ...

    async def send_digits(self, order: SendDigits) -> CallSet | Refused: ...

    async def note_call(self, order: NoteCall) -> CallSet | Refused: ...

    async def park_call(self, order: ParkCall) -> CallSet | Refused: ...

    async def transfer_call(self, call_id: CallId, target: str) -> Transferred | Refused: ...

    async def set_recording(
        self, call_id: CallId, action: RecordingAction, seconds: float | None, by: str
    ) -> RecordingSet | Refused: ...

    async def set_worker(self, name: str, action: WorkerAction) -> WorkerSet | Refused: ...

    async def hold_recording(self, recording_id: RecordingId, started_at: float, is_held: bool) -> Done | Refused: ...

    async def supervise(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        """Returns as soon as the phone rings."""
        ...

    async def supervise_agent(self, order: SuperviseAgent) -> AgentSet | Refused:
        """Returns as soon as the supervisor's phone is about to ring."""
        ...

    async def set_supervision(self, call_id: CallId, mode: SupervisionMode, phone: str) -> SupervisionSet | Refused: ...

    async def messages(self, request: GetMessages) -> Messages | Refused: ...

    def trace(self, request: Trace) -> AsyncGenerator[TraceRows | Refused, None]:
        """Frames without end, at least one a second; taken one at a time, each when the former was read."""
        ...

    def watch_events(self, request: WatchEvents) -> AsyncGenerator[EventRows | Refused, None]:
        """Frames without end, at least one every few seconds; taken as those of `trace`."""
        ...

    def bans(self) -> Iterable[BanRow]:
        """Bans in force, the newest first."""
        ...

    def limits(self) -> Iterable[LimitRow]:
        """Of every extension and trunk that has limits."""
        ...

    async def add_ban(self, network: str, seconds: float, reason: str) -> BanSet | Refused: ...

    async def lift_ban(self, network: str) -> BansLifted | Refused: ...

    async def reload(self) -> Reloaded | Refused:
        """Faults come back as Refused("configuration", ..., faults); the old configuration then stays in force."""
        ...

    async def stop(self) -> Done:
        """Begin the orderly stop and return at once."""
        ...
