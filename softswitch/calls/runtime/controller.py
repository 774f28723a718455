"""Which call an event belongs to; how calls begin and end; how all of them end when the switch stops.

It is also what calls know of each other (`Exchange`): a party who goes from one to another takes his events along.

The controller looks things up and hands them on. What happens to a call is decided by its flow (softswitch/dialplan)
through the verbs of `ActiveCall`; who runs the flow is told to the controller as `start_flow`.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal

from softswitch.acd.model import BusyKind
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.summaries import AgentSummary
from softswitch.base.ids import CallId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.acd_events import AcdEvents
from softswitch.calls.runtime.active_call import ActiveCall, Connections
from softswitch.calls.runtime.arrivals import let_in, who_calls
from softswitch.calls.runtime.belonging import arrive, begin_for, project_at_work, refusal_of_full
from softswitch.calls.runtime.completing import CallCompletion
from softswitch.calls.runtime.consulting import note_consultation
from softswitch.calls.runtime.faxes import fax_over
from softswitch.calls.runtime.measuring import Measuring
from softswitch.calls.runtime.negotiation import (
    answer_reinvite,
    reinvite_failed,
    reinvite_withdrawn,
    take_late_answer,
    take_reinvite_answer,
)
from softswitch.calls.runtime.party import Party, nobody
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.reachability import Reachability
from softswitch.calls.runtime.security_log import log_security
from softswitch.calls.runtime.supervisor_calls import call_supervisor
from softswitch.calls.runtime.telling import call_answered, call_began, call_ended
from softswitch.calls.runtime.telling_peers import PeersTold
from softswitch.calls.runtime.transferring import answer_refer, replace_by_invite
from softswitch.calls.runtime.watching import Watching
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.media.protocol import (
    DtmfReceived,
    FaxDetected,
    FaxPortStatistics,
    MediaEvent,
    PlayFinished,
    RecordingFinished,
    StreamReports,
    StreamStatistics,
    StreamTimedOut,
    TalkersChanged,
    WorkerStatistics,
)
from softswitch.sip.outputs import (
    BanChanged,
    CloseFlow,
    InviteReceived,
    LegAnswered,
    LegChanged,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    PresencePublished,
    ProgressConfirmed,
    ReferReceived,
    RegistrationChanged,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
    RequestFinished,
    ResolveTarget,
    ResourceUnwatched,
    ResourceWatched,
    SecurityEvent,
    SipOutput,
    SubscriptionChanged,
    Transmit,
    TrunkChanged,
)

log = get_logger("calls")

STRANGERS_TOLD = 50
"""A second of somebody's voice: a party behind NAT sends three packets before it is known, a probe one or two."""

CLOSING_S = 2.0
"""When the switch stops: how long flows may take to end after their calls, and then workers to complete recordings and
to say the last of their streams."""


_CHANGES_A_LEG = (LegAnswered, ReinviteReceived, ReinviteAnswered, ReinviteConfirmed)
"""What is agreed with a party may be another thing from then on; and who has answered can only be hung up."""


class CallController:
    """All calls in progress."""

    def __init__(
        self,
        around: Surroundings,
        *,
        loop: asyncio.AbstractEventLoop,
        start_flow: Callable[[ActiveCall], None],
        is_routed: Callable[[str], bool],
        project_of: Callable[[str], str],
        run_flow: Callable[[ActiveCall, str], None],
        has_flow: Callable[[str], bool],
    ) -> None:
        """`run_flow` runs one by its name. `is_routed` tells whether a number leads to a flow now, `project_of` whose
        number it is."""
        self.calls: dict[CallId, ActiveCall] = {}
        self.around = self._around = around
        self.loop = loop
        self._start_flow = start_flow
        self._is_routed = is_routed
        self._run_flow = run_flow
        self._has_flow = has_flow
        self._project_of = project_of
        self._transfers: set[asyncio.Task[None]] = set()
        self.legs: dict[LegId, ActiveCall] = {}
        """Which call a leg belongs to, for as long as SIP knows the leg."""
        self.watching = Watching(
            around.sip,
            around.settings,
            self.legs,
            around.messages.of,
            lambda username: around.phones.of(username).do_not_disturb,
            around.parking,
        )
        around.phones.when_changed(self.watching.choice_changed)
        around.messages.when_changed(self.watching.messages_changed)
        around.parking.when_changed(self.watching.slot_changed)
        around.open_lines.when_ended(self._party_changed)
        self._acd_events = AcdEvents(self.calls, around, self.watching, loop, self._deliver)
        self.measuring = Measuring(self.calls, around.records, loop)
        self._completion = CallCompletion(around, self, loop)
        self._reachability = Reachability(around)
        self._peers = PeersTold(around.tell, around.clock, self._reachability.agent_of)
        self._something_ended: asyncio.Future[None] | None = None
        self._is_ending = False

    # Inputs

    def receive_sip(self, event: SipOutput) -> None:
        match event:
            case Transmit() | CloseFlow() | ResolveTarget() | RequestFinished():
                pass
            case TrunkChanged():
                note = log.warning if event.state in ("down", "trying", "refused") and event.reason else log.info
                note("trunk", trunk=event.trunk, subject=event.subject, state=event.state, reason=event.reason)
                self._peers.trunk_changed(event)
            case InviteReceived():
                self._invite(event)
            case RegistrationChanged():
                self._registration(event)
            case SubscriptionChanged():
                self._around.records.subscription_changed(event)
            case BanChanged(ban, is_lifted):
                self._around.records.ban_changed(ban, is_lifted)
            case ResourceWatched() | ResourceUnwatched() | PresencePublished():
                self.watching.receive(event)
            case SecurityEvent():
                log_security(event)
            case LegEnded() | LegFailed():
                self._around.toll.ended(event.leg_id)
                self._around.returning.over(event.leg_id)
                self._around.legs.ended(event.leg_id)
                self._around.sip.trunks.leg_over(event.leg_id)
                call = self.legs.pop(event.leg_id, None)
                if call is not None:
                    party = call.party(event.leg_id)
                    if party is not None:
                        self.free_line(party)
                        if party.open_line:
                            self._reachability.line_closed(party)
                    self._deliver(call, event)
                    if self.watching.is_any_call_watched:
                        self.watching.leg_over(event.leg_id)
            case _:
                if isinstance(event, LegAnswered):
                    self._around.toll.answered(event.leg_id)
                    self._around.returning.over(event.leg_id)
                call = self.legs.get(event.leg_id)
                if call is not None:
                    self._deliver(call, event)
                    if self.watching.is_any_call_watched and isinstance(
                        event, LegProgress | LegAnswered | LegConfirmed
                    ):
                        self.watching.leg_changed(event, call)

    def receive_media(self, event: MediaEvent) -> None:
        match event:
            case WorkerStatistics():
                return
            case TalkersChanged():
                self._around.conferences.talkers(event)
                return
            case StreamReports(reports):
                self.measuring.reported(reports)
                return
            case StreamStatistics():
                if event.strangers >= STRANGERS_TOLD:
                    log.warning("strangers", call_id=event.call_id, packets=event.strangers, leg=event.stream_id)
                self.measuring.finished(event)
                self._note_end()
                return
            case FaxPortStatistics():
                fax_over(event)
                return
            case RecordingFinished():
                if event.fault:
                    log.error("recording", call_id=event.call_id, path=event.path, fault=event.fault)
                if self._around.voicemail.has_file(event.path):
                    self._around.voicemail.recording_finished(event)
                else:
                    self._around.records.recording_finished(event)
                self._note_end()
            case PlayFinished() if event.fault:
                log.error("sound", call_id=event.call_id, fault=event.fault)
            case _:
                pass
        call_id = event.call_id
        if isinstance(event, DtmfReceived | FaxDetected | StreamTimedOut | PlayFinished):
            call_id = self.measuring.call_of(event.stream_id, call_id)
        call = self.calls.get(call_id)
        if call is not None:
            self._deliver(call, event)

    def agents_known(self, agents: Sequence[AgentSummary]) -> None:
        """As they are when the switch begins: their lamps, and the calls they wrap up."""
        self.watching.agents_known(agents)
        self._acd_events.agents_known(agents)

    def receive_acd(self, event: AcdOutput) -> None:
        self._acd_events.receive(event)

    def restored(self, aors: list[str]) -> None:
        """Registrations were read from the store: the agents behind them can be reached."""
        for aor in aors:
            self._peers.restored(aor, self._around.sip.bindings(aor))
            self._reachability.restored(aor)

    def settings_changed(self) -> None:
        """After a reload: agents who are new to the router may be registered, or on the phone, already."""
        self._reachability.settings_changed()
        self._around.conferences.settings_changed()
        self._around.lines.repeat()
        self.watching.settings_changed()

    # Exchange

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """What goes on beside the flows."""
        return set(self._transfers)

    def call_of(self, leg_id: LegId) -> ActiveCall | None:
        return self.legs.get(leg_id)

    def moved(self, party: Party, call: ActiveCall) -> None:
        self.legs[party.leg.leg_id] = call
        self.take_line(party, BusyKind.OTHER)
        if party.extension is not None:
            self._around.legs.began(party.extension.username, party.leg.leg_id, call.call_id)
        if party.stream is not None and party.stands_for is None:
            self.measuring.moved(party.stream.stream_id, call.call_id)
        self.watching.party_moved(call)

    def begin(self, caller: Party, record: CallRecord, *, before: ActiveCall) -> ActiveCall:
        call = ActiveCall(None, caller, record, self._around, **self.connections())
        call.language = before.language
        begin_for(call, self._project_of(record.called_number) or before.record.project)
        self._enter(call)
        call_began(call, former_call=before.call_id)
        call.max_forwards = before.max_forwards - 1
        call.came_by = before.came_by
        call.variables = dict(before.variables)
        self.take_line(caller, BusyKind.OUTBOUND)
        call.admit(caller, "caller")
        if caller.is_answered:
            record.answered_at = record.started_at
            call.set_state(CallState.ANSWERED)
            call_answered(call)
        return call

    @property
    def completion(self) -> CallCompletion:
        return self._completion

    def stand_in_left(self, party: Party, by: Literal["remote", "local"]) -> None:
        self.receive_sip(LegEnded(party.leg.leg_id, by, "bye", 200))

    def originate(self, record: CallRecord) -> ActiveCall:
        caller = nobody("nobody yet", self._around.settings().capabilities)
        call = ActiveCall(None, caller, record, self._around, **self.connections())
        arrive(call, record.project)
        self.calls[call.call_id] = call
        self._around.records.call_started(record.as_active())
        call_began(call)
        return call

    def start_flow(self, call: ActiveCall) -> None:
        self._start_flow(call)

    def run_flow(self, call: ActiveCall, name: str) -> None:
        self._run_flow(call, name)

    def has_flow(self, name: str) -> bool:
        return self._has_flow(name)

    def is_routed(self, number: str) -> bool:
        return self._is_routed(number)

    def is_reachable(self, number: str) -> bool:
        return self._is_routed(number) or self._around.settings().extension_for(number) is not None

    def free_line(self, party: Party) -> None:
        self._around.lines.released(party.line)
        party.line = None

    def keep_line(self, party: Party, before: ActiveCall) -> bool:
        extension = party.extension
        if self._is_ending or extension is None:
            return False
        record = CallRecord(
            CallId(self._around.entropy.token(96)),
            calling_number=extension.number or extension.username,
            calling_name=extension.name,
            called_number=party.open_line,
            started_at=self._around.clock.wall(),
        )
        before.let_go(party, record.call_id)
        call = self.begin(party, record, before=before)
        call.permissions = extension
        self._start_flow(call)
        return True

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(coroutine)
        self._transfers.add(task)
        task.add_done_callback(self._transfer_over)

    def call_supervisor(self, who: Extension, whom: Extension, mode: SupervisionMode, *, is_following: bool) -> None:
        """Ring somebody who is to hear `whom` (supervisor_calls.py). Raises `LocalError`, in words for people."""
        call_supervisor(self._around, self, who, whom, mode, is_following=is_following)

    # Stopping

    async def drain(self, grace_s: float) -> None:
        """Wait until the last call is over; after `grace_s` seconds hang up those that are left.

        When this returns every call has its record; its legs and the recordings are complete if the workers were there
        to do it.
        """
        await self._wait_until(lambda: not self.calls, grace_s)
        if self.calls:
            self.end_all()
            await self._wait_until(lambda: not self.calls, CLOSING_S)
        for call in list(self.calls.values()):
            call.flow_over()
        await self._wait_until(
            lambda: (
                not self._around.records.recordings_open
                and not self._around.voicemail.recordings_open
                and self.measuring.is_complete
            ),
            CLOSING_S,
        )

    def end_all(self) -> None:
        """Hang up every call, now."""
        self._is_ending = True
        self._completion.stop()
        log.info("ending calls", calls=len(self.calls))
        for call in list(self.calls.values()):
            call.hang_up_from_outside("switch stopping")

    def take_line(self, party: Party, kind: BusyKind) -> None:
        """An agent who calls, or has come from another call, is busy for as long as his leg lasts.

        Not one on an open line, who does there what the router says.
        """
        if party.extension is not None and party.line is None and not party.open_line:
            party.line = party.extension.agent_id
            self._around.lines.taken(party.line, kind)

    def connections(self) -> Connections:
        return {"loop": self.loop, "legs": self.legs, "exchange": self, "on_closed": self._closed}

    # Private

    def _invite(self, event: InviteReceived) -> None:
        arrival = let_in(event, self._around, len(self.calls))
        if arrival is None:
            return
        call = self._make_call(event, self._around.settings())
        full = self._note_project(call)
        note_consultation(call, self.calls, self._around.legs)
        self._enter(call)
        call_began(call, f"{event.source.kind}:{event.source.name}")
        call.came_by, call.max_forwards = arrival
        self.take_line(call.caller, BusyKind.OUTBOUND)
        if call.caller.extension is not None:
            self._around.legs.began(call.caller.extension.username, event.leg_id, call.call_id)
        log.info(
            "call",
            call_id=call.call_id,
            calling=event.calling_number,
            called=event.called_number,
            source=event.source.name,
            sip_call_id=event.sip_call_id,
        )
        if self.watching.is_any_call_watched:
            self.watching.call_arrived(call)
        if full:
            call.refuse(full)
            call.flow_over()
            return
        if event.replaces is None:
            self._start_flow(call)
            return
        other = self.legs.get(event.replaces)
        if other is None:
            call.refuse(481)
            call.flow_over()
        else:
            self.spawn(replace_by_invite(call, other, event.replaces))

    def _enter(self, call: ActiveCall) -> ActiveCall:
        self.calls[call.call_id] = call
        self.legs[call.caller.leg.leg_id] = call
        self._around.records.call_started(call.record.as_active())
        call.changed()  # its flow may ask something of the world first, and nothing else happens meanwhile
        return call

    def _note_project(self, call: ActiveCall) -> int:
        """Whose the call is that has come. The status to refuse it with, if it is for one that has no room; else 0."""
        project, extension = self._project_of(call.record.called_number), call.caller.extension
        if project and (full := refusal_of_full(self._around, project)):
            call.record.project = project  # but it takes up no room
            call.record.tags["refused"] = "max_calls"
            return full
        if not project and extension is not None:
            project = project_at_work(self._around, extension)
        arrive(call, project)
        return 0

    def _transfer_over(self, task: asyncio.Task[None]) -> None:
        self._transfers.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("transfer failed", fault="".join(traceback.format_exception(error)))

    def _make_call(self, event: InviteReceived, settings: CallSettings) -> ActiveCall:
        caller, record = who_calls(event, self._around, settings)
        return ActiveCall(event, caller, record, self._around, **self.connections())

    def _deliver(self, call: ActiveCall, event: CallEvent) -> None:
        """A fault of ours in one call ends that call, and costs no other its events."""
        try:
            match event:
                case LegChanged():
                    call.changed()
                case ReinviteReceived():
                    answer_reinvite(call, event)
                case LegConfirmed() | ProgressConfirmed() | ReinviteConfirmed():
                    take_late_answer(call, event)
                case ReinviteAnswered():
                    take_reinvite_answer(call, event)
                case ReinviteFailed():
                    reinvite_failed(call, event)
                case ReinviteWithdrawn():
                    reinvite_withdrawn(call, event)
                case ReferReceived():
                    answer_refer(call, event)
                case _:
                    call.receive(event)
            if isinstance(event, _CHANGES_A_LEG) or (isinstance(event, LegConfirmed) and event.sdp):
                call.changed()
        except Exception:
            log.exception("event not taken", call_id=call.call_id, event_kind=type(event).__name__)
            call.flow_failed(traceback.format_exc(), 500)
            call.hang_up_from_outside("a fault of the switch")

    def _party_changed(self, party: Party) -> None:
        call = self.legs.get(party.leg.leg_id)
        if call is not None:
            call.changed()

    def _closed(self, call: ActiveCall) -> None:
        self.calls.pop(call.call_id, None)
        self._around.keeping.over(call.call_id)
        self._around.projects.over(call.call_id)
        if any(leg.went_to for leg in call.record.legs.known()):
            self._around.keeping.write()  # together: where its parties have gone on, and that they have left it
        cdr = call.record.as_cdr(call.wall())
        self._around.records.call_ended(cdr)
        self._around.records.hasten()  # else the next switch, should this one die now, would go on with it
        call.record.chain.call_over((cdr.started_at, cdr.call_id))
        self.measuring.call_ended(call.record, cdr)
        call_ended(self._around, cdr)
        log.info("call ended", call_id=call.call_id, reason=cdr.end_reason, by=cdr.ended_by)
        self._note_end()

    def _note_end(self) -> None:
        if self._something_ended is not None and not self._something_ended.done():
            self._something_ended.set_result(None)

    async def _wait_until(self, is_over: Callable[[], bool], timeout_s: float) -> None:
        """Look again whenever a call or a recording has ended."""
        deadline = self._around.clock.now() + timeout_s
        while not is_over() and (left := deadline - self._around.clock.now()) > 0:
            self._something_ended = self.loop.create_future()
            await asyncio.wait({self._something_ended}, timeout=left)

    def _registration(self, event: RegistrationChanged) -> None:
        self._around.records.bindings_changed(event.aor, event.bindings)
        self._around.messages.bindings_changed(event.aor.partition("@")[0], event.bindings)
        self.watching.bindings_changed(event.aor)
        self._peers.bindings_changed(event.aor, event.bindings)
        self._reachability.bindings_changed(event.aor, event.bindings)
