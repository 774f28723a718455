"""What the control socket can ask of the switch, answered from its parts."""

import asyncio
from collections.abc import Iterable

import msgspec

from softswitch import __version__
from softswitch.acd.inputs import AcdInput, AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentResumed
from softswitch.acd.model import AgentState
from softswitch.acd.summaries import AgentSummary
from softswitch.app.message_operations import MessageOperations
from softswitch.app.parts import Parts
from softswitch.app.phones import phone_row, set_phone
from softswitch.app.queue_operations import queue_row, set_queue
from softswitch.base.errors import ConfigurationError, LocalError, SoftswitchError, StartError
from softswitch.base.ids import AgentId, CallId, RecordingId
from softswitch.calls import supervision
from softswitch.calls.call_state import CallState
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.control.protocol.replies import (
    AgentSet,
    BanSet,
    BansLifted,
    Done,
    Messages,
    PhoneSet,
    QueueSet,
    RecordingSet,
    Refused,
    Reloaded,
    Status,
    SupervisionSet,
    Transferred,
    WorkerSet,
)
from softswitch.control.protocol.requests import (
    AgentAction,
    GetMessages,
    RecordingAction,
    SetPhone,
    SetQueue,
    SupervisionMode,
    WorkerAction,
)
from softswitch.control.protocol.rows import (
    AgentRow,
    BanRow,
    CallRow,
    LimitRow,
    MailboxRow,
    PhoneRow,
    QueueRow,
    RegistrationRow,
    SecurityRow,
    StoreRow,
    SubscriptionRow,
    TrunkRow,
    WorkerRow,
)
from softswitch.media.runtime.client import WorkerState
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.outputs import Ban
from softswitch.sip.trunks.trunk_settings import TrunkSummary
from softswitch.store import size_on_disk_bytes

_CALL_STATES = {CallState.ARRIVED: "flow", CallState.ANSWERED: "flow", CallState.ENDED: "ending"}


class SwitchOperations:
    """See `control.operations.Operations`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._messages = MessageOperations(parts, lambda: parts.configuration.trunks)
        self.trace = self._messages.trace

    def status(self) -> Status:
        parts = self._parts
        now = parts.clock.now()
        agents = parts.acd.agent_summaries()
        sip = parts.configuration.settings.sip
        return Status(
            version=__version__,
            pid=parts.pid,
            started_at=parts.started_at_wall,
            uptime_s=now - parts.started_at,
            domain=sip.domain,
            listen=[f"{kind.value.lower()}:{local}" for kind, local in parts.driver.listening],
            calls=len(parts.controller.calls),
            registrations=len(parts.endpoint.all_bindings()),
            agents=len(agents),
            agents_logged_in=sum(agent.is_logged_in for agent in agents),
            queues=len(parts.configuration.queues),
            waiting=sum(queue.waiting for queue in parts.acd.queue_summaries()),
            workers=self._workers(),
            store=self._store(),
            configuration_directory=parts.configuration.directory,
            configuration_loaded_at=parts.configuration_loaded_at,
            is_draining=parts.drain_ends_at is not None,
            drain_ends_in_s=None if parts.drain_ends_at is None else max(0.0, parts.drain_ends_at - now),
            loop_lag_ms=parts.driver.lag_s * 1000,
            security=self._security(),
        )

    def calls(self) -> Iterable[CallRow]:
        for call in list(self._parts.controller.calls.values()):
            yield self._call_row(call)

    def agents(self) -> Iterable[AgentRow]:
        for summary in self._parts.acd.agent_summaries():
            yield _agent_row(summary)

    def queues(self) -> Iterable[QueueRow]:
        for summary in self._parts.acd.queue_summaries():
            yield queue_row(summary)

    def registrations(self) -> Iterable[RegistrationRow]:
        now = self._parts.clock.now()
        for binding in self._parts.endpoint.all_bindings():
            yield RegistrationRow(
                aor=binding.aor,
                contact=binding.contact_uri,
                transport=binding.flow.kind.value,
                remote=str(binding.flow.remote),
                expires_in_s=max(0.0, binding.expires_at - now),
                user_agent=binding.user_agent,
            )

    def phones(self) -> Iterable[PhoneRow]:
        for extension in list(self._parts.settings.extensions.values()):
            yield phone_row(self._parts, extension)

    async def set_phone(self, order: SetPhone) -> PhoneSet | Refused:
        return await set_phone(self._parts, order)

    async def remove_registration(self, aor: str, contact: str) -> Done | Refused:
        parts = self._parts
        full = aor if "@" in aor else f"{aor}@{parts.configuration.settings.sip.domain}"
        known = parts.endpoint.bindings(full.removeprefix("sip:"))
        if not any(contact in ("", binding.contact_uri) for binding in known):
            where = f" at {contact}" if contact else ""
            return Refused("not_found", f"{full} is not registered{where}: see `softswitch registrations`")
        parts.endpoint.unregister(full.removeprefix("sip:"), contact or None)
        parts.driver.flush()
        return Done()

    def subscriptions(self) -> Iterable[SubscriptionRow]:
        now = self._parts.clock.now()
        for each in self._parts.endpoint.subscriptions():
            yield SubscriptionRow(
                watcher=each.watcher,
                event=each.event,
                resource=each.resource,
                transport=each.remote.kind.value,
                remote=str(each.remote.remote),
                expires_in_s=max(0.0, each.expires_at - now),
            )

    def mailboxes(self) -> Iterable[MailboxRow]:
        for mailbox, counts in self._parts.messages_waiting.all().items():
            yield MailboxRow(
                mailbox=mailbox,
                new=counts.new,
                old=counts.old,
                urgent_new=counts.urgent_new,
                urgent_old=counts.urgent_old,
            )

    async def set_mailbox(self, row: MailboxRow) -> Done | Refused:
        parts = self._parts
        extension = parts.settings.extension_for(row.mailbox)
        if extension is None:
            return Refused("not_found", f'there is no extension "{row.mailbox}": see agents.toml for those there are')
        if min(row.new, row.old, row.urgent_new, row.urgent_old) < 0:
            return Refused("malformed", "a number of messages is 0 or more")
        counts = MessageSummary(new=row.new, old=row.old, urgent_new=row.urgent_new, urgent_old=row.urgent_old)
        parts.messages_waiting.set(extension.username, counts)
        parts.controller.watching.messages_changed(extension.username)
        return Done()

    def trunks(self) -> Iterable[TrunkRow]:
        for summary in self._parts.endpoint.trunks.summaries(self._parts.clock.now()):
            yield _trunk_row(summary)

    async def set_agent(self, agent_id: AgentId, action: AgentAction, reason: str) -> AgentSet | Refused:
        before = self._agent(agent_id)
        if before is None:
            return Refused("not_found", f'there is no agent "{agent_id}": see `softswitch agents`')
        if action in ("pause", "resume") and not before.is_logged_in:
            return Refused("not_possible", f"{agent_id} is not logged in: `softswitch agents login {agent_id}` first")
        facts: dict[AgentAction, AcdInput] = {
            "login": AgentLoggedIn(agent_id),
            "logout": AgentLoggedOut(agent_id),
            "pause": AgentPaused(agent_id, reason),
            "resume": AgentResumed(agent_id),
        }
        self._parts.acd.apply(facts[action])
        after = self._agent(agent_id)
        assert after is not None, "an agent does not vanish by a change of his state"
        is_pending = after.planned_reason is not None or (action == "logout" and after.state is AgentState.BUSY)
        return AgentSet(_agent_row(after), is_pending=is_pending)

    async def set_queue(self, order: SetQueue) -> QueueSet | Refused:
        return set_queue(self._parts, order)

    async def hang_up(self, call_id: CallId) -> Done | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        call.hang_up_from_outside("operator hung up")
        return Done()

    async def transfer_call(self, call_id: CallId, target: str) -> Transferred | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        try:
            follow_up = transfer_by_command(call, target)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return Transferred(self._call_row(follow_up))

    async def set_recording(
        self, call_id: CallId, action: RecordingAction, seconds: float | None, by: str
    ) -> RecordingSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        recordings = call.recordings
        match action:
            case "mask":
                recordings.mask(seconds, f"operator {by}".strip())
            case "unmask":
                recordings.unmask()
            case "start":
                if not call.is_answered or call.mailbox.is_closed:
                    return Refused("not_possible", "only a call that was answered and goes on can be recorded")
                if not recordings.start():
                    return Refused("not_possible", 'this call is never recorded (record = "never", or its flow)')
            case "stop":
                if recordings.is_compulsory:
                    return Refused("not_possible", "this conversation is always recorded: mask it instead")
                recordings.stop()
        return RecordingSet(self._call_row(call))

    async def set_worker(self, name: str, action: WorkerAction) -> WorkerSet | Refused:
        try:
            self._parts.media.drain(name, action == "drain")
        except LocalError as error:
            return Refused("not_found", str(error))
        return WorkerSet(next(row for row in self._workers() if row.name == name))

    async def hold_recording(self, recording_id: RecordingId, started_at: float, is_held: bool) -> Done | Refused:
        store = self._parts.store
        entry = store.recordings.get((started_at, recording_id))
        if entry is None:
            return Refused("not_found", f'there is no recording "{recording_id}" any more')
        store.put_recording(msgspec.structs.replace(entry, is_held=is_held))
        try:
            await asyncio.wrap_future(store.commit())
        except SoftswitchError as error:
            return Refused("failed", str(error))
        return Done()

    async def supervise(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        extension = call.around.settings().extension_for(phone)
        if extension is None:
            return Refused("not_found", f'there is no phone "{phone}": name an account or a number of agents.toml')
        try:
            await Supervision(call, extension, supervision.SupervisionMode(mode)).begin()
        except LocalError as error:
            return Refused("not_possible", str(error))
        return SupervisionSet(self._call_row(call), extension.username)

    async def set_supervision(self, call_id: CallId, mode: SupervisionMode, phone: str) -> SupervisionSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        present = {each.extension.username: each for each in call.supervisions}
        extension = call.around.settings().extension_for(phone)
        wanted = [extension.username] if extension is not None else [phone] if phone else list(present)
        if len(wanted) != 1 or wanted[0] not in present:
            among = ", ".join(present) or "nobody: `softswitch calls listen` rings a phone"
            return Refused("not_found", f"name a phone that supervises this call ({among})")
        present[wanted[0]].switch_to(supervision.SupervisionMode(mode))
        return SupervisionSet(self._call_row(call), wanted[0])

    async def messages(self, request: GetMessages) -> Messages | Refused:
        found = await self._messages.messages(request)
        call = self._parts.controller.calls.get(CallId(request.call_id))
        if call is None or isinstance(found, Refused):
            return found
        return msgspec.structs.replace(found, call=self._call_row(call))

    def bans(self) -> Iterable[BanRow]:
        now = self._parts.clock.now()
        return [self._ban_row(ban) for ban in self._parts.endpoint.bans(now)]

    def limits(self) -> Iterable[LimitRow]:
        rules = self._parts.settings.toll
        for usage, calls_now in self._parts.toll.used():
            its = rules[usage.subject]
            yield LimitRow(
                subject=usage.subject,
                day=usage.day,
                calls_now=calls_now,
                calls=usage.calls,
                minutes=usage.seconds / 60,
                refused=usage.refused,
                last_refusal=usage.last_refusal,
                calls_max=its.calls_max,
                calls_per_day=its.calls_per_day,
                minutes_per_day=its.minutes_per_day,
            )

    async def add_ban(self, network: str, seconds: float, reason: str) -> BanSet | Refused:
        try:
            ban = self._parts.endpoint.ban(network, seconds, reason, self._parts.clock.now())
        except LocalError as error:
            return Refused("not_possible", str(error))
        self._parts.driver.flush()
        return BanSet(self._ban_row(ban))

    async def lift_ban(self, network: str) -> BansLifted | Refused:
        try:
            lifted = self._parts.endpoint.lift_bans(network, self._parts.clock.now())
        except LocalError as error:
            return Refused("not_possible", str(error))
        if not lifted:
            return Refused("not_found", f"nobody bans {network}: see `softswitch bans`")
        self._parts.driver.flush()
        return BansLifted([ban.network for ban in lifted])

    async def reload(self) -> Reloaded | Refused:
        try:
            return await self._parts.reload()
        except ConfigurationError as error:
            faults = [str(fault) for fault in error.faults]
            number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
            return Refused("configuration", f"{number}; the old configuration stays in force", faults)
        except StartError as error:
            return Refused("configuration", str(error))

    async def stop(self) -> Done:
        self._parts.stop_requested.set()
        return Done()

    # Private

    def _agent(self, agent_id: AgentId) -> AgentSummary | None:
        return next((each for each in self._parts.acd.agent_summaries() if each.agent_id == agent_id), None)

    def _call_row(self, call: ActiveCall) -> CallRow:
        now = self._parts.clock.now()
        record = call.record
        is_waiting = call.state is CallState.WAITING
        wait_s = record.queue_wait_s + (now - call.state_since if is_waiting else 0.0)
        recording = call.recordings.current
        return CallRow(
            call_id=call.call_id,
            state=_CALL_STATES.get(call.state, call.state.value),
            calling_number=record.calling_number,
            called_number=record.called_number,
            started_at=record.started_at,
            duration_s=self._parts.clock.wall() - record.started_at,
            flow=record.flow,
            queue=record.queue,
            agent=record.agent,
            wait_s=wait_s if record.queue else None,
            recording=RecordingId("") if recording is None else recording.recording_id,
            masked_s=max(0.0, call.recordings.masked_until - now),
            supervisors={each.extension.username: each.mode.value for each in call.supervisions},
            mos=record.measurements.mos,
            talking=sorted(record.measurements.talking),
            slot=call.around.parking.slot_of(call) if call.state is CallState.PARKED else "",
        )

    def _ban_row(self, ban: Ban) -> BanRow:
        return BanRow(
            network=ban.network,
            since_at=ban.since_wall,
            ends_in_s=max(0.0, ban.until_wall - self._parts.clock.wall()),
            times=ban.times,
            reason=ban.reason,
            by=ban.by,
        )

    def _security(self) -> SecurityRow:
        endpoint = self._parts.endpoint
        counters = endpoint.security_counters
        return SecurityRow(
            bans_now=len(endpoint.bans(self._parts.clock.now())),
            bans=counters.bans,
            challenged=counters.challenged,
            failures=counters.failures,
            malformed=counters.malformed,
            dropped=endpoint.statistics().dropped,
            denied=counters.denied,
            unheard=counters.unheard,
            overloaded=counters.overloaded,
        )

    def _workers(self) -> list[WorkerRow]:
        return [worker_row(worker) for worker in self._parts.media.workers()]

    def _store(self) -> StoreRow:
        store, directory = self._parts.store, self._parts.configuration.settings.store.directory
        return StoreRow(
            directory=directory,
            cdrs=store.cdrs.count(),
            recordings=store.recordings.count(),
            size_bytes=size_on_disk_bytes(directory),
            fault=self._parts.store_fault if store.statistics().is_failing else "",
        )


def worker_row(worker: WorkerState) -> WorkerRow:
    """What it says of itself is up to a second old: a stream that was opened since is its as well, and keeps it from
    being called drained."""
    row = WorkerRow(
        name=worker.name,
        pid=worker.pid,
        is_connected=worker.is_connected,
        streams=worker.streams,
        is_draining=worker.is_draining,
    )
    said = worker.statistics
    if said is None:
        return row
    return msgspec.structs.replace(
        row,
        streams=max(worker.streams, said.streams),
        recordings=said.recordings,
        cpu=said.cpu,
        tick_us_median=said.tick_us_median,
        tick_us_max=said.tick_us_max,
        overruns=said.overruns,
        strangers=said.strangers,
        dropped_by_kernel=said.dropped_by_kernel,
        unauthentic=said.unauthentic,
    )


def _agent_row(summary: AgentSummary) -> AgentRow:
    if not summary.is_logged_in:
        status = "logged_out"
    elif summary.state is AgentState.NOT_READY or summary.planned_reason is not None:
        status = "not_ready"
    else:
        status = "ready"
    return AgentRow(
        agent_id=summary.agent_id,
        name=summary.name,
        status=status,
        state=summary.state.value,
        since_s=summary.since_s,
        reason=summary.planned_reason or summary.reason,
        skills=summary.skills,
        queues=summary.queues,
        is_registered=summary.is_reachable,
        call_id=CallId(summary.contact_id or ""),
        answered=summary.answered,
        missed=summary.missed,
    )


def _trunk_row(summary: TrunkSummary) -> TrunkRow:
    limits = summary.capacity
    return TrunkRow(
        name=summary.name,
        health=summary.health,
        registration=summary.registration,
        registration_reason=summary.registration_reason,
        expires_in_s=summary.expires_in_s,
        round_trip_ms=summary.round_trip_ms,
        used_in=summary.used_in,
        used_out=summary.used_out,
        channels=limits.both_max,
        channels_in=limits.in_max,
        channels_out=limits.out_max,
        calls_per_s=limits.out_per_s,
        calls_in=summary.calls_in,
        calls_out=summary.calls_out,
        refused=summary.refused,
        last_failure=summary.last_failure,
        last_failure_ago_s=summary.last_failure_ago_s,
    )
