"""The parts of the switch, made and wired: who is told of what. Nothing here runs by itself."""

import asyncio
import os
from collections.abc import Sequence
from typing import Protocol

from softswitch.acd.events import Stamped
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.router import Router
from softswitch.acd.runtime.hook_client import HookClient
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.service import AcdService
from softswitch.app.acd_events import AcdEvents
from softswitch.app.acd_settings import hook_targets
from softswitch.app.agent_states import StoredAgentStates
from softswitch.app.archive import Archive
from softswitch.app.calendar import DialplanCalendar
from softswitch.app.caller_settings import lookups as configured_lookups
from softswitch.app.compactor import SnapshotProcess
from softswitch.app.digests import Digests, digest_terms
from softswitch.app.facts_ahead import FactsAhead
from softswitch.app.homer import homer_link
from softswitch.app.mailing import Mailing
from softswitch.app.parts import Parts
from softswitch.app.router_journal import StoredRouter, boot_id
from softswitch.app.run_directory import streamer_socket, worker_sockets
from softswitch.app.scheduled_reports import ScheduledReports, schedules
from softswitch.app.settings import (
    archive_settings,
    call_settings,
    dns_servers,
    sip_settings,
    stream_settings,
)
from softswitch.app.sounds import sound_library
from softswitch.app.streamer_process import StreamerProcess
from softswitch.app.switch_events import SwitchEvents
from softswitch.app.voicemail_settings import mail_settings
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.log import get_logger
from softswitch.calls.runtime.agent_lines import AgentLines
from softswitch.calls.runtime.callbacks import Callbacks
from softswitch.calls.runtime.caller_lists import CallerLists
from softswitch.calls.runtime.conferences.keeper import Conferences
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.desks import Desks
from softswitch.calls.runtime.keeping import Keeping
from softswitch.calls.runtime.lookups import Lookups
from softswitch.calls.runtime.open_lines import OpenLines
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.queue_hours import QueueHours
from softswitch.calls.runtime.records import StoreRecords
from softswitch.calls.runtime.screen_pops import ScreenPops
from softswitch.calls.runtime.sip_commands import SipCommands
from softswitch.calls.runtime.toll import Toll
from softswitch.calls.runtime.traces import Traces
from softswitch.calls.runtime.voice_contacts import VoiceContacts
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.runtime.waiting_messages import WaitingMessages
from softswitch.calls.settings import CallSettings
from softswitch.calls.voice_box import VoiceBox
from softswitch.config import Configuration
from softswitch.control.protocol.replies import Reloaded
from softswitch.dialplan.flows import Dialplan
from softswitch.dialplan.runtime.runner import FlowRunner
from softswitch.media.protocol import MediaEvent
from softswitch.media.runtime.client import MediaClient
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import SipOutput
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.runtime.held_listeners import HeldListeners
from softswitch.sip.runtime.resolver import ServerResolver
from softswitch.sip.tracing.message_log import MessageLog
from softswitch.store import open_store
from softswitch.store.voicemail_schema import StoredMail, StoredVoiceMessage

log = get_logger("switch")


class Wired(Protocol):
    """The switch, to which the parts report."""

    def acd_happened(self, events: Sequence[Stamped]) -> None: ...
    def acd_output(self, output: AcdOutput) -> None: ...
    def is_open_at(self, schedule: str, at_wall: float) -> bool: ...
    def mail_sent(self, mail: StoredMail) -> None: ...
    def media_event(self, event: MediaEvent) -> None: ...
    async def reload(self) -> Reloaded: ...
    def seal_files(self, paths: Sequence[str]) -> None: ...
    def remove_files(self, paths: Sequence[str]) -> None: ...
    def running(self) -> Parts: ...
    def sip_event(self, event: SipOutput) -> None: ...
    def store_reports(self, line: str) -> None: ...
    def use_settings(self, settings: CallSettings) -> None: ...
    def voice_message_left(self, box: VoiceBox, message: StoredVoiceMessage) -> None: ...


def build(
    configuration: Configuration,
    dialplan: Dialplan,
    switch: Wired,
    loop: asyncio.AbstractEventLoop,
    held: HeldListeners,
) -> Parts:
    """Make everything, and let what happens in each part come to whom it concerns. Nothing is started."""
    clock, entropy = SystemClock(), SystemEntropy()
    store = open_store(
        configuration.settings.store.directory,
        map_size_mb=configuration.settings.store.map_size_mb,
        report=switch.store_reports,
        recordings=configuration.settings.recordings.directory,
        voicemail=configuration.settings.voicemail.directory,
    )
    endpoint = SipEndpoint(
        sip_settings(configuration),
        entropy=entropy,
        wall_offset=clock.wall() - clock.now(),
    )
    messages = MessageLog(configuration.settings.trace.memory_mb * 1024 * 1024)
    driver = SipDriver(
        endpoint,
        clock=clock,
        on_event=switch.sip_event,
        loop=loop,
        messages=messages,
        streams=stream_settings(configuration),
        resolver=ServerResolver(loop, entropy, dns_servers(configuration)),
        held=held,
    )
    media = MediaClient(
        worker_sockets(configuration),
        local_ip=configuration.settings.media.ip,
        ports=configuration.settings.media.port_range,
        timeout_s=configuration.settings.media.timeout_s,
        timeout_on_hold_s=configuration.settings.media.timeout_on_hold_s,
        clock=clock,
        entropy=entropy,
        on_event=switch.media_event,
        cpu_max=configuration.settings.media.cpu_max,
    )
    acd_events = AcdEvents(store, clock, loop, configuration.settings.events)
    switch_events = SwitchEvents(store, clock, loop, configuration.settings.events)
    journal = RouterJournal(
        StoredRouter(store),
        clock,
        loop,
        boot_id(),
        SnapshotProcess(configuration.settings.store.directory),
    )
    for hand_over in (acd_events.hand_over, switch_events.hand_over, journal.hand_over):
        store.before_commit(hand_over)
    store.take_between_turns(loop.call_soon_threadsafe)
    acd = AcdService(
        Router(),
        clock,
        switch.acd_output,
        StoredAgentStates(store),
        loop,
        on_events=switch.acd_happened,
        journal=journal,
    )
    hooks = HookClient(acd.apply, clock, loop)
    hooks.configure(hook_targets(configuration))
    sounds = sound_library(configuration, on_fault=lambda fault: log.warning("sound", fault=str(fault)))
    traces = Traces(messages, store, clock, loop, lambda: switch.running().settings)
    records = StoreRecords(
        store,
        clock,
        lambda recording: switch.running().archive.recording_complete(recording),
        traces,
        switch_events.tell,
    )
    archive = Archive(
        store,
        clock,
        lambda: archive_settings(switch.running().configuration),
        is_in_progress=records.is_in_progress,
    )
    phones = PhoneSettings(store, clock)
    open_lines = OpenLines()
    desks = Desks(
        call_settings(configuration),
        store,
        clock,
        acd,
        lines=open_lines,
        take_settings=switch.use_settings,
        is_registered=lambda username: bool(endpoint.bindings(f"{username}@{switch.running().settings.domain}")),
    )
    commands = SipCommands(endpoint, clock, driver.flush, loop)
    voicemail = Voicemail(
        store,
        clock,
        entropy,
        lambda: switch.running().settings,
        remove_files=switch.remove_files,
        seal_files=switch.seal_files,
    )
    messages_waiting = WaitingMessages(commands, lambda: switch.running().settings, store, own=voicemail.summary_of)
    voicemail.when_changed(messages_waiting.changed)
    lists = CallerLists(store, clock, lambda: switch.running().settings)
    lookups = Lookups(clock)
    lookups.configure(configured_lookups(configuration))
    toll = Toll(store, clock, lambda: switch.running().settings, switch.is_open_at)
    calendar = DialplanCalendar(lambda: switch.running().dialplan)
    callbacks = Callbacks(store, acd, loop, calendar)
    conferences = Conferences(store, loop, boot_id())
    voice_contacts = VoiceContacts(acd, loop)
    mailing = Mailing(store, clock, lambda: mail_settings(switch.running().configuration), when_sent=switch.mail_sent)
    keeping = Keeping(records, loop, boot_id())
    store.before_commit(keeping.write)
    around = Surroundings(
        sip=commands,
        media=media,
        acd=acd,
        lines=AgentLines(acd),
        sounds=sounds,
        records=records,
        messages=messages_waiting,
        voicemail=voicemail,
        voice_contacts=voice_contacts,
        clock=clock,
        entropy=entropy,
        settings=lambda: switch.running().settings,
        phones=phones,
        callbacks=callbacks,
        conferences=conferences,
        desks=desks,
        lists=lists,
        lookups=lookups,
        toll=toll,
        keeping=keeping,
        open_lines=open_lines,
        tell=switch_events.tell,
    )
    streamer = StreamerProcess(around.programs, loop, streamer_socket(configuration))
    runner = FlowRunner(lambda: switch.running().dialplan, loop=loop)
    controller = CallController(
        around,
        loop=loop,
        start_flow=runner.start,
        is_routed=runner.is_routed,
        project_of=runner.project_of,
        run_flow=runner.run,
        has_flow=runner.has,
    )
    switch_events.use_pops(ScreenPops(lambda: controller.calls, around.settings, clock, switch_events.tell))
    callbacks.connect(around, controller)
    conferences.connect(around, controller)
    voice_contacts.connect(around, controller)
    voicemail.when_left(switch.voice_message_left)
    return Parts(
        clock=clock,
        pid=os.getpid(),
        started_at=clock.now(),
        started_at_wall=clock.wall(),
        configuration=configuration,
        configuration_loaded_at=clock.wall(),
        settings=desks.settings,
        dialplan=dialplan,
        store=store,
        traces=traces,
        homer=homer_link(configuration, traces, clock, loop),
        messages_waiting=messages_waiting,
        records=records,
        archive=archive,
        phones=phones,
        callbacks=callbacks,
        conferences=conferences,
        desks=desks,
        lists=lists,
        lookups=lookups,
        toll=toll,
        voicemail=voicemail,
        voice_contacts=voice_contacts,
        mailing=mailing,
        streamer=streamer,
        digests=Digests(
            store,
            clock,
            loop,
            lambda: digest_terms(switch.running().configuration),
            put=mailing.put,
        ),
        scheduled_reports=ScheduledReports(
            store,
            clock,
            loop,
            lambda: schedules(switch.running().configuration),
            store_directory=configuration.settings.store.directory,
            put=mailing.put,
        ),
        facts_ahead=FactsAhead(clock, loop, store_directory=configuration.settings.store.directory),
        legs=around.legs,
        project_calls=around.projects,
        sounds=sounds,
        endpoint=endpoint,
        driver=driver,
        media=media,
        acd=acd,
        hooks=hooks,
        queue_hours=QueueHours(acd, store, clock, loop, lambda: switch.running().settings, calendar),
        acd_events=acd_events,
        switch_events=switch_events,
        controller=controller,
        runner=runner,
        reload=switch.reload,
    )
