"""What the control socket can ask of the switch, answered from its parts; most by the file of its subject."""

import os

import msgspec

from softswitch import __version__
from softswitch.acd.snapshot_rows import VERSION
from softswitch.app.acd_operations import AcdOperations
from softswitch.app.belongings import SwitchBelongings
from softswitch.app.call_operations import CallOperations
from softswitch.app.call_order_operations import CallOrderOperations
from softswitch.app.callback_operations import CallbackOperations
from softswitch.app.caller_operations import CallerOperations
from softswitch.app.conference_operations import ConferenceOperations
from softswitch.app.contact_operations import ContactOperations
from softswitch.app.event_operations import EventOperations
from softswitch.app.message_operations import MessageOperations
from softswitch.app.metrics import SwitchMetrics
from softswitch.app.parts import Parts
from softswitch.app.peer_operations import PeerOperations
from softswitch.app.project_operations import ProjectOperations
from softswitch.app.run_directory import WEB, RunDirectory
from softswitch.app.security_operations import SecurityOperations
from softswitch.app.stream_operations import StreamOperations
from softswitch.app.voicemail_operations import VoicemailOperations
from softswitch.app.warehouse_state import read_state
from softswitch.base.errors import ConfigurationError, LocalError, StartError
from softswitch.base.ids import CallId
from softswitch.calls.kept.kept_call import KEPT_VERSION
from softswitch.control.protocol.replies import Done, Messages, Refused, Reloaded, Status, WorkerSet
from softswitch.control.protocol.requests import GetMessages, WorkerAction
from softswitch.control.protocol.rows import HomerRow, MissingPromptRow, StoreRow, WarehouseRow, WebRow, WorkerRow
from softswitch.media.protocol import PROTOCOL_VERSION
from softswitch.media.runtime.client import WorkerState
from softswitch.store import size_on_disk_bytes
from softswitch.store.limits import STORED_WITHIN_S


class SwitchOperations:
    """See `control.operations.Operations`. What is not answered here is answered by the part of its subject."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.belongings = SwitchBelongings(parts)
        self.projects = ProjectOperations(parts).projects
        self._call_operations = call_operations = CallOperations(parts)
        self.calls = call_operations.calls
        self.hang_up = call_operations.hang_up
        self.transfer_call = call_operations.transfer_call
        orders = CallOrderOperations(parts, call_operations)
        self.originate = orders.originate
        self.answer_call = orders.answer_call
        self.hold_call = orders.hold_call
        self.play_to_call = orders.play_to_call
        self.stop_playing = orders.stop_playing
        self.send_digits = orders.send_digits
        self.note_call = orders.note_call
        self.park_call = orders.park_call
        self.set_recording = call_operations.set_recording
        self.hold_recording = call_operations.hold_recording
        self.supervise = call_operations.supervise
        self.set_supervision = call_operations.set_supervision
        streams = StreamOperations(parts, call_operations.row)
        self.start_stream = streams.start_stream
        self.stop_stream = streams.stop_stream
        acd = AcdOperations(parts)
        self.agents = acd.agents
        self.queues = acd.queues
        self.sites = acd.sites
        self.set_agent = acd.set_agent
        self.set_skills = acd.set_skills
        self.supervise_agent = acd.supervise_agent
        self.set_disposition = acd.set_disposition
        self.set_queue = acd.set_queue
        contacts = ContactOperations(parts)
        self.contacts = contacts.contacts
        self.queue_contact = contacts.queue_contact
        self.set_contact = contacts.set_contact
        self.figures = acd.figures
        self.explain_contact = acd.explain_contact
        self.order_contact = contacts.order_contact
        callers = CallerOperations(parts)
        self.caller_lists = callers.caller_lists
        self.listed_numbers = callers.listed_numbers
        self.set_listed_number = callers.set_listed_number
        self.lookups = callers.lookups
        self.try_lookup = callers.try_lookup
        conferences = ConferenceOperations(parts)
        self.conferences = conferences.conferences
        self.order_conference = conferences.order_conference
        callbacks = CallbackOperations(parts)
        self.callbacks = callbacks.callbacks
        self.add_callback = callbacks.add_callback
        self.cancel_callback = callbacks.cancel_callback
        voicemail = VoicemailOperations(parts)
        self.voice_boxes = voicemail.voice_boxes
        self.voice_messages = voicemail.voice_messages
        self.set_voice_message = voicemail.set_voice_message
        self.mails = voicemail.mails
        self.mail_counts = voicemail.mail_counts
        peers = PeerOperations(parts)
        self.phones = peers.phones
        self.set_phone = peers.set_phone
        self.registrations = peers.registrations
        self.remove_registration = peers.remove_registration
        self.subscriptions = peers.subscriptions
        self.mailboxes = peers.mailboxes
        self.set_mailbox = peers.set_mailbox
        self.trunks = peers.trunks
        security = SecurityOperations(parts)
        self._security = security.security
        self.bans = security.bans
        self.add_ban = security.add_ban
        self.lift_ban = security.lift_ban
        self.limits = security.limits
        self.metrics = SwitchMetrics(parts).metrics
        self._messages = MessageOperations(parts, lambda: parts.configuration.trunks)
        self.trace = self._messages.trace
        self.watch_events = EventOperations(parts).watch_events

    def status(self) -> Status:
        parts = self._parts
        now = parts.clock.now()
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
            agents=parts.acd.agent_states().total(),
            agents_logged_in=parts.acd.agents_at_work(),
            queues=len(parts.configuration.queues),
            waiting=parts.acd.waiting(),
            workers=self._workers(),
            media_protocol=PROTOCOL_VERSION,
            kept_version=KEPT_VERSION,
            router_version=VERSION,
            store=self._store(),
            configuration_directory=parts.configuration.directory,
            configuration_loaded_at=parts.configuration_loaded_at,
            is_draining=parts.drain_ends_at is not None,
            drain_ends_in_s=None if parts.drain_ends_at is None else max(0.0, parts.drain_ends_at - now),
            loop_lag_ms=parts.driver.lag_s * 1000,
            security=self._security(),
            homer=self._homer(),
            web=self._web(),
            warehouse=self._warehouse(),
            missing_prompts=[
                MissingPromptRow(name=row.name, language=row.language, times=row.times)
                for row in parts.sounds.missing()
            ],
        )

    async def messages(self, request: GetMessages) -> Messages | Refused:
        found = await self._messages.messages(request)
        call = self._parts.controller.calls.get(CallId(request.call_id))
        if call is None or isinstance(found, Refused):
            return found
        return msgspec.structs.replace(found, call=self._call_operations.row(call))

    async def set_worker(self, name: str, action: WorkerAction) -> WorkerSet | Refused:
        try:
            self._parts.media.drain(name, action == "drain")
        except LocalError as error:
            return Refused("not_found", str(error))
        return WorkerSet(next(row for row in self._workers() if row.name == name))

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

    def _workers(self) -> list[WorkerRow]:
        return [worker_row(worker) for worker in self._parts.media.workers()]

    def _homer(self) -> HomerRow | None:
        link = self._parts.homer
        return None if link is None else HomerRow(remote=str(link.remote), sent=link.sent, dropped=link.dropped)

    def _web(self) -> WebRow | None:
        settings = self._parts.configuration.settings
        if not settings.web.enabled:
            return None
        run_directory = RunDirectory(os.path.dirname(settings.control.socket))
        return WebRow(url=settings.web.url, pid=run_directory.living_process(WEB) or 0)

    def _warehouse(self) -> WarehouseRow | None:
        settings = self._parts.configuration.settings
        if not settings.warehouse.dsn:
            return None
        state = read_state(os.path.dirname(settings.control.socket))
        if state is None:
            return WarehouseRow(is_connected=False, reason="the process does not run: the log says why")
        wall = self._parts.clock.wall()
        return WarehouseRow(
            is_connected=state.is_connected,
            lag_s=None if state.complete_at is None else max(0.0, wall - state.complete_at),
            copied=state.copied,
            refused=state.refused,
            reason=state.reason,
        )

    def _store(self) -> StoreRow:
        store, directory = self._parts.store, self._parts.configuration.settings.store.directory
        statistics = store.statistics()
        fault = self._parts.store_fault if statistics.is_failing else ""
        if not fault and statistics.write_s >= STORED_WITHIN_S:
            fault = (
                f"the disk takes {statistics.write_s:.0f} s for a write: see what else keeps that of {directory} busy"
            )
        return StoreRow(
            directory=directory,
            cdrs=store.cdrs.count(),
            recordings=store.recordings.count(),
            size_bytes=size_on_disk_bytes(directory),
            fault=fault,
            write_s=statistics.write_s,
            waiting=statistics.pending,
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
        adopted=worker.adopted,
        version=worker.version,
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
