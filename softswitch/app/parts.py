"""The parts of a running switch, put together once by softswitch/app/building.py."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from softswitch.acd.runtime.hook_client import HookClient
from softswitch.acd.runtime.service import AcdService
from softswitch.app.acd_events import AcdEvents
from softswitch.app.archive import Archive
from softswitch.app.digests import Digests
from softswitch.app.facts_ahead import FactsAhead
from softswitch.app.mailing import Mailing
from softswitch.app.scheduled_reports import ScheduledReports
from softswitch.app.streamer_process import StreamerProcess
from softswitch.app.switch_events import SwitchEvents
from softswitch.base.clock import Clock
from softswitch.calls.projects import ProjectCalls
from softswitch.calls.runtime.callbacks import Callbacks
from softswitch.calls.runtime.caller_lists import CallerLists
from softswitch.calls.runtime.conferences.keeper import Conferences
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.desks import Desks
from softswitch.calls.runtime.extension_legs import ExtensionLegs
from softswitch.calls.runtime.lookups import Lookups
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.runtime.queue_hours import QueueHours
from softswitch.calls.runtime.records import StoreRecords
from softswitch.calls.runtime.toll import Toll
from softswitch.calls.runtime.traces import Traces
from softswitch.calls.runtime.voice_contacts import VoiceContacts
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.runtime.waiting_messages import WaitingMessages
from softswitch.calls.settings import CallSettings
from softswitch.config import Configuration
from softswitch.control.protocol.replies import Reloaded
from softswitch.dialplan.flows import Dialplan
from softswitch.dialplan.runtime.runner import FlowRunner
from softswitch.media.runtime.client import MediaClient
from softswitch.prompts.runtime.library import SoundLibrary
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.runtime.homer import HomerLink
from softswitch.store import Store


@dataclass(slots=True, kw_only=True)
class Parts:
    """What there is, and the values of it that a reload or the stop changes."""

    clock: Clock
    pid: int
    started_at: float
    started_at_wall: float
    configuration: Configuration
    configuration_loaded_at: float
    settings: CallSettings
    dialplan: Dialplan
    store: Store
    traces: Traces
    homer: HomerLink | None
    messages_waiting: WaitingMessages
    records: StoreRecords
    archive: Archive
    phones: PhoneSettings
    callbacks: Callbacks
    conferences: Conferences
    desks: Desks
    lists: CallerLists
    lookups: Lookups
    toll: Toll
    voicemail: Voicemail
    voice_contacts: VoiceContacts
    mailing: Mailing
    streamer: StreamerProcess
    digests: Digests
    scheduled_reports: ScheduledReports
    facts_ahead: FactsAhead
    legs: ExtensionLegs
    project_calls: ProjectCalls
    sounds: SoundLibrary
    endpoint: SipEndpoint
    driver: SipDriver
    media: MediaClient
    acd: AcdService
    hooks: HookClient
    queue_hours: QueueHours
    acd_events: AcdEvents
    switch_events: SwitchEvents
    controller: CallController
    runner: FlowRunner
    reload: Callable[[], Awaitable[Reloaded]]
    stop_requested: asyncio.Event = field(default_factory=asyncio.Event)
    drain_ends_at: float | None = None
    store_fault: str = ""
