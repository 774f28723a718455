"""Which call an event belongs to; how calls begin and end; how all of them end when the switch stops.

The controller looks things up and hands them on. What happens to a call is decided by its flow (softswitch/dialplan)
through the verbs of `ActiveCall`; who runs the flow is told to the controller as `start_flow`.
"""

import asyncio
from collections.abc import Callable

from softswitch.acd.inputs import AgentReachable, AgentUnreachable
from softswitch.acd.model import BusyKind
from softswitch.acd.outputs import AcdOutput, AgentStateChanged
from softswitch.base.ids import AgentId, CallId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.leg import Leg
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import CallSettings
from softswitch.media.protocol import MediaEvent, RecordingFinished, WorkerStatistics
from softswitch.sip.outputs import (
    CloseFlow,
    InviteReceived,
    LegEnded,
    LegFailed,
    RegistrationChanged,
    RequestFinished,
    SecurityEvent,
    SipOutput,
    Transmit,
)

log = get_logger("calls")


class CallController:
    """All calls in progress."""

    def __init__(
        self, around: Surroundings, *, loop: asyncio.AbstractEventLoop, start_flow: Callable[[ActiveCall], None]
    ) -> None:
        self.calls: dict[CallId, ActiveCall] = {}
        self._around = around
        self._loop = loop
        self._start_flow = start_flow
        self._legs: dict[LegId, ActiveCall] = {}
        self._idle: asyncio.Future[None] | None = None

    # Inputs

    def receive_sip(self, event: SipOutput) -> None:
        match event:
            case Transmit() | CloseFlow() | RequestFinished():
                pass
            case InviteReceived():
                self._invite(event)
            case RegistrationChanged():
                self._registration(event)
            case SecurityEvent():
                log.warning("security", kind=event.kind, source=event.source, detail=event.detail, count=event.count)
            case LegEnded() | LegFailed():
                call = self._legs.pop(event.leg_id, None)
                if call is not None:
                    call.receive(event)
            case _:
                call = self._legs.get(event.leg_id)
                if call is not None:
                    call.receive(event)

    def receive_media(self, event: MediaEvent) -> None:
        if isinstance(event, WorkerStatistics):
            return
        if isinstance(event, RecordingFinished):
            if event.fault:
                log.error("recording", call_id=event.call_id, path=event.path, fault=event.fault)
            self._around.records.recording_finished(event)
        call = self.calls.get(event.call_id)
        if call is not None:
            call.receive(event)

    def receive_acd(self, event: AcdOutput) -> None:
        if isinstance(event, AgentStateChanged):
            log.info("agent", agent=event.agent_id, old=event.old.value, new=event.new.value, reason=event.reason)
            return
        call = self.calls.get(CallId(event.contact_id))
        if call is not None:
            call.receive(event)

    def restored(self, aors: list[str]) -> None:
        """Registrations were read from the store: the agents behind them can be reached."""
        for aor in aors:
            agent_id = self._agent_of(aor)
            if agent_id is not None:
                self._around.acd.apply(AgentReachable(agent_id))

    # Stopping

    async def drain(self, grace_s: float) -> None:
        """Wait until the last call is over; after `grace_s` seconds hang up those that are left."""
        if self.calls:
            self._idle = self._loop.create_future()
            try:
                await asyncio.wait_for(asyncio.shield(self._idle), grace_s)
            except TimeoutError:
                self.end_all()
        if self.calls and self._idle is not None:
            _, _ = await asyncio.wait({self._idle}, timeout=2.0)

    def end_all(self) -> None:
        """Hang up every call, now."""
        log.info("ending calls", calls=len(self.calls))
        for call in list(self.calls.values()):
            call.hang_up_from_outside("switch stopping")

    # Private

    def _invite(self, event: InviteReceived) -> None:
        settings = self._around.settings()
        if len(self.calls) >= settings.calls_max:
            log.warning("call refused", reason="limits.calls reached", calls=len(self.calls))
            self._around.sip.reject(event.leg_id, 503)
            return
        call = self._make_call(event, settings)
        self.calls[call.call_id] = call
        self._legs[event.leg_id] = call
        self._around.records.call_started(call.record.as_active())
        if call.caller.extension is not None:
            self._around.lines.taken(call.caller.extension.agent_id, BusyKind.OUTBOUND)
        log.info(
            "call",
            call_id=call.call_id,
            calling=event.calling_number,
            called=event.called_number,
            source=event.source.name,
            sip_call_id=event.sip_call_id,
        )
        self._start_flow(call)

    def _make_call(self, event: InviteReceived, settings: CallSettings) -> ActiveCall:
        around = self._around
        record = CallRecord(
            CallId(around.entropy.token(96)),
            calling_number=event.calling_number,
            calling_name=event.calling_name,
            called_number=event.called_number,
            started_at=around.clock.wall(),
        )
        extension = settings.extensions.get(event.source.name) if event.source.kind == "account" else None
        leg = Leg(
            event.leg_id,
            f"{event.source.kind}:{event.source.name}",
            capabilities=settings.capabilities,
            session_id=around.entropy.integer(32),
        )
        return ActiveCall(
            event, Party(leg, extension), record, around, loop=self._loop, legs=self._legs, on_closed=self._closed
        )

    def _closed(self, call: ActiveCall) -> None:
        self.calls.pop(call.call_id, None)
        if call.caller.extension is not None:
            self._around.lines.released(call.caller.extension.agent_id)
        self._around.records.call_ended(call.record.as_cdr(self._around.clock.wall()))
        log.info("call ended", call_id=call.call_id, reason=call.record.end_reason, by=call.record.ended_by)
        if not self.calls and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _registration(self, event: RegistrationChanged) -> None:
        self._around.records.bindings_changed(event.aor, event.bindings)
        agent_id = self._agent_of(event.aor)
        if agent_id is not None:
            reachable = AgentReachable(agent_id) if event.bindings else AgentUnreachable(agent_id)
            self._around.acd.apply(reachable)

    def _agent_of(self, aor: str) -> AgentId | None:
        extension = self._around.settings().extensions.get(aor.partition("@")[0].removeprefix("sip:"))
        return None if extension is None else extension.agent_id
