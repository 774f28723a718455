"""What a call needs from its surroundings, so that it can be run over a fake network and in virtual time as well.

The real ones: `SipDriver`, `MediaClient`, `AcdService`, `SoundLibrary`, the LMDB writer. They are put together in
softswitch/app/building.py and handed down as one `Surroundings`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from softswitch.acd.model import ContactState
from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.entropy import Entropy
from softswitch.base.ids import AgentId, CallId, ContactId, LegId, QueueId, RecordingId, ReferId, RoomId
from softswitch.calls.lookups import Lookup, LookupField
from softswitch.calls.outcomes import LookupAnswer
from softswitch.calls.projects import ProjectCalls
from softswitch.calls.returning import Returning
from softswitch.calls.runtime.agent_lines import Acd as AgentLinesAcd
from softswitch.calls.runtime.agent_lines import AgentLines
from softswitch.calls.runtime.caller_lists import CallerLists
from softswitch.calls.runtime.conversations import ConversationWatch
from softswitch.calls.runtime.desks import Desks
from softswitch.calls.runtime.extension_legs import ExtensionLegs
from softswitch.calls.runtime.keeping import Keeping
from softswitch.calls.runtime.open_lines import OpenLines
from softswitch.calls.runtime.parking_lot import ParkingLot
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.runtime.programs import Programs
from softswitch.calls.runtime.speech import SpeechThread
from softswitch.calls.runtime.toll import Toll
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.settings import CallSettings
from softswitch.calls.told.events import SwitchEvent
from softswitch.calls.verbs import SoundFiles
from softswitch.media.protocol import Hearing, Playback, Recording, RecordingFinished, SrtpPosition, StreamDescription
from softswitch.media.runtime.client import MediaStream
from softswitch.media.runtime.feeds.media_feed import MediaFeed
from softswitch.media.runtime.media_fax_port import MediaFaxPort
from softswitch.media.runtime.media_room import MediaRoom
from softswitch.sip.authentication.auth_server import Credential
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.events.packages import EventState
from softswitch.sip.kept import KeptLeg
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.outputs import Ban, Binding, SubscriptionChanged
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy, Target
from softswitch.sip.trunks.trunk_links import TrunkLinks
from softswitch.store.schema import ActiveCall, AfterCall, Cdr, SipLeg, StoredRecording

if TYPE_CHECKING:
    from softswitch.calls.runtime.callbacks import Callbacks
    from softswitch.calls.runtime.conferences.keeper import Conferences
    from softswitch.calls.runtime.voice_contacts import VoiceContacts
    from softswitch.media.kept import KeptStream


class Sip(Protocol):
    """The commands of the SIP endpoint; the driver adds the time and sends what comes of them."""

    @property
    def trunks(self) -> TrunkLinks: ...

    def invite(
        self,
        target: Target,
        *,
        from_uri: str,
        from_display: str,
        sdp: bytes,
        headers: Sequence[tuple[str, str]] = (),
        credentials: Credential | None = None,
        max_forwards: int = 70,
        session: SessionPolicy = PLAIN_SESSION,
        contact_user: str = "",
    ) -> LegId: ...
    def progress(self, leg_id: LegId, status: int, sdp: bytes | None = None) -> None: ...
    def accept(self, leg_id: LegId, sdp: bytes, *, headers: Sequence[tuple[str, str]] = ()) -> None: ...
    def reject(
        self, leg_id: LegId, status: int, reason: str | None = None, *, headers: Sequence[tuple[str, str]] = ()
    ) -> None: ...
    def hang_up(self, leg_id: LegId, *, reason: str | None = None) -> None: ...
    def ask_whether_there(self, leg_id: LegId) -> None:
        """`LegEnded` follows if the peer of an answered leg does not know it any more."""
        ...

    def send_info(self, leg_id: LegId, content_type: str, body: bytes) -> None: ...
    def ask_to_talk(self, leg_id: LegId) -> bool:
        """Ask a phone that rings to pick up; False if it has not announced that it would."""
        ...

    def reinvite(self, leg_id: LegId, sdp: bytes) -> None: ...
    def accept_refer(self, refer_id: ReferId) -> None: ...
    def refuse_refer(self, refer_id: ReferId, status: int) -> None: ...
    def notify_refer(self, refer_id: ReferId, status: int) -> None: ...
    def refer(self, leg_id: LegId, target_uri: str, *, referred_by: str) -> ReferId | None: ...
    def refer_under_way(self, leg_id: LegId) -> ReferId | None: ...
    def answer_reinvite(self, leg_id: LegId, sdp: bytes) -> None: ...
    def refuse_reinvite(self, leg_id: LegId, status: int) -> None: ...
    def bindings(self, aor: str) -> list[Binding]: ...
    def set_event_state(self, resource: str, state: EventState) -> None: ...
    def request(
        self,
        method: str,
        target: Target,
        *,
        from_uri: str,
        to_uri: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None: ...
    def is_heard(self, leg_id: LegId) -> bool: ...
    def replaces_of(self, leg_id: LegId) -> Replaces | None:
        """What names the dialog of a phone that rings."""
        ...

    def keep(self, leg_id: LegId) -> KeptLeg | None:
        """What another process needs to go on with the leg; None if it is over."""
        ...

    def adopt(self, kept: KeptLeg) -> bool:
        """Go on with a leg of the switch before; False if that cannot be done. One that rings is only cancelled."""
        ...

    def sip_call_id(self, leg_id: LegId) -> str:
        """Of a leg; "" if it is over, or failed before anything was sent."""
        ...


class Acd(AgentLinesAcd, Protocol):
    @property
    def is_kept(self) -> bool: ...
    def is_logged_in(self, agent_id: AgentId) -> bool: ...
    def queue_in_hand(self, agent_id: AgentId) -> QueueId | None:
        """The queue of the contact an agent has, or wraps up; None if there is none."""
        ...

    def state_of(self, contact_id: ContactId) -> ContactState | None:
        """Where a contact is; None for one the router does not know."""
        ...


class Media(Protocol):
    @property
    def fullness(self) -> str:
        """Why no new call can be carried now, for people; "" if one can."""
        ...

    async def open_stream(
        self,
        call_id: CallId,
        *,
        near: MediaStream | None = None,
        learn: bool = True,
        learn_from: str | None = None,
        certain_remote: HostPort | None = None,
    ) -> MediaStream: ...
    async def open_fax_port(self, stream: MediaStream) -> MediaFaxPort: ...
    def open_program(self, near: MediaStream, codec: str) -> MediaStream: ...
    def open_feed(self, socket: str, rate_hz: int) -> MediaFeed: ...
    def open_room(self, near: MediaStream) -> MediaRoom: ...
    def has_dropped(self, kept: "KeptStream") -> bool:
        """Whether the switch before has let go of this stream since it was kept."""
        ...

    def adopt(
        self,
        description: StreamDescription,
        worker: str,
        *,
        hearing: Hearing | None = None,
        playback: Playback | None = None,
        position: SrtpPosition | None = None,
    ) -> MediaStream:
        """Go on with a stream of the switch before."""
        ...

    def adopt_room(self, room_id: RoomId, worker: str, members: Sequence[MediaStream]) -> MediaRoom: ...

    def adopt_recording(self, kept: Recording) -> None: ...
    def start_recording(self, recording: Recording) -> None: ...
    def stop_recording(self, recording_id: RecordingId) -> None: ...


class Records(Protocol):
    """Where calls are remembered."""

    async def is_on_disk(self) -> bool: ...

    def written_until(self) -> float:
        """When the last event happened that is stored (epoch seconds)."""
        ...

    @property
    def recordings_open(self) -> int:
        """Begun, and not yet known to be complete."""
        ...

    def began_at(self, call_ids: Collection[CallId]) -> dict[CallId, float]:
        """When these calls, which are over, began; those that are not found are left out."""
        ...

    def call_started(self, call: ActiveCall) -> None: ...
    def call_changed(self, call: ActiveCall) -> None:
        """What is known of one that was started has changed."""
        ...

    def leg_began(self, call_id: CallId, leg: SipLeg) -> None: ...
    def call_ended(self, cdr: Cdr) -> None: ...
    def chains_joined(self, keys: Sequence[tuple[float, CallId]], chain_id: CallId) -> None:
        """Calls that have ended, by the keys of their records, are of this chain."""
        ...

    def call_measured(self, cdr: Cdr) -> None:
        """The same call's record again, complete: follows every `call_ended`, some seconds later at most."""
        ...

    def call_wrapped_up(self, call_id: CallId, started_at: float, after: AfterCall) -> None:
        """The agent has done what there was to do after a call that is over."""
        ...

    def recording_started(self, recording: StoredRecording) -> None:
        """What is known of it so far; duration and size come with `recording_finished`."""
        ...

    def hasten(self) -> None: ...
    def calls_kept(self, calls: Iterable[tuple[CallId, bytes]]) -> list[CallId]: ...
    def call_adopted(self, call_id: CallId) -> None: ...
    def call_forgotten(self, call_id: CallId) -> None: ...
    def recording_adopted(self, recording: StoredRecording) -> None:
        """The former switch has told of it."""
        ...

    def recording_changed(self, recording: StoredRecording) -> None:
        """More is known of one that was started; one that is finished stays as it is."""
        ...

    def conference_began(self, conference_id: CallId) -> None:
        """Its recordings are left where they are until it is over."""
        ...

    def conference_ended(self, conference_id: CallId) -> None: ...

    def recording_unkept(self, recording_id: RecordingId) -> None:
        """Its file is not for the index: whoever began it does away with it."""
        ...

    def recording_finished(self, event: RecordingFinished) -> None: ...
    def bindings_changed(self, aor: str, bindings: list[Binding]) -> None: ...
    def subscription_changed(self, changed: SubscriptionChanged) -> None: ...
    def ban_changed(self, ban: Ban, is_lifted: bool) -> None: ...


class Messages(Protocol):
    """How many voice messages wait for whom."""

    def of(self, username: str) -> MessageSummary: ...
    def when_changed(self, callback: Callable[[str], None]) -> None: ...
    def bindings_changed(self, username: str, bindings: list[Binding]) -> None: ...


class LookupService(Protocol):
    """Services outside that know more of callers."""

    @property
    def configured(self) -> Mapping[str, Lookup]: ...

    async def ask(self, name: str, fields: Mapping[str, LookupField]) -> LookupAnswer: ...


def told_to_nobody(event: SwitchEvent, project: str) -> None:
    """What happens is not kept."""


@dataclass(slots=True)
class Surroundings:
    """What one call, or all of them, run in."""

    sip: Sip
    media: Media
    acd: Acd
    lines: AgentLines
    sounds: SoundFiles
    records: Records
    messages: Messages
    clock: Clock
    entropy: Entropy
    keeping: Keeping
    """Writes what calls are for the next switch."""
    settings: Callable[[], CallSettings]
    """The settings of this moment; a reload changes what it returns."""
    phones: PhoneSettings
    """What the owners of extensions have chosen."""
    callbacks: "Callbacks"
    """What was promised to whom."""
    conferences: "Conferences"
    desks: Desks
    """Who sits at which phone."""
    lists: CallerLists
    """Who is known, and as what."""
    lookups: LookupService
    """Who is known elsewhere."""
    toll: Toll
    """What calls to the outside may cost."""
    voicemail: Voicemail
    """The boxes of the switch and their messages."""
    voice_contacts: "VoiceContacts"
    """Messages that agents are given."""
    legs: ExtensionLegs = field(default_factory=ExtensionLegs)
    speech: SpeechThread = field(default_factory=SpeechThread)
    """Makes what must be spoken first."""
    returning: Returning = field(default_factory=Returning)
    """Calls of ours that may come back to us."""
    parking: ParkingLot = field(default_factory=ParkingLot)
    conversations: ConversationWatch = field(default_factory=ConversationWatch)
    open_lines: OpenLines = field(default_factory=OpenLines)
    programs: Programs = field(default_factory=Programs)
    """Connections with programs that hear calls."""
    projects: ProjectCalls = field(default_factory=ProjectCalls)
    tell: Callable[[SwitchEvent, str], None] = told_to_nobody
    """Who is told what happens, and whose it is (calls/told/)."""
