"""A whole call centre in one process and in virtual time: the real switch but for sound, disk and network.

SIP runs over a FakeNetwork, streams over a scripted media worker, records go into memory. Phones are real SIP endpoints
that do what the test tells them. An hour of traffic takes seconds, and a seed makes it the same every time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from softswitch.acd.events import Stamped
from softswitch.acd.inputs import AgentLoggedIn, ConfigurationSet
from softswitch.acd.model import Agent, Queue
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.service import AcdService, SavedAgent
from softswitch.app.calendar import DialplanCalendar
from softswitch.app.router_journal import StoredRouter
from softswitch.app.switch_events import SwitchEvents
from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import AgentId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import read_kept, survivors_of
from softswitch.calls.runtime.agent_lines import AgentLines
from softswitch.calls.runtime.callbacks import Callbacks
from softswitch.calls.runtime.caller_lists import CallerLists
from softswitch.calls.runtime.conferences.keeper import Conferences
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.desks import Desks
from softswitch.calls.runtime.keeping import Keeping
from softswitch.calls.runtime.open_lines import OpenLines
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.queue_hours import QueueHours
from softswitch.calls.runtime.records import StoreRecords
from softswitch.calls.runtime.screen_pops import ScreenPops
from softswitch.calls.runtime.sip_commands import SipCommands
from softswitch.calls.runtime.succession import Succession
from softswitch.calls.runtime.telling import call_ended
from softswitch.calls.runtime.toll import Toll
from softswitch.calls.runtime.traces import Traces
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.runtime.voice_contacts import VoiceContacts
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.runtime.waiting_messages import WaitingMessages
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment
from softswitch.calls.told.events import SwitchEvent, events_of
from softswitch.calls.verbs import SoundFiles
from softswitch.config.settings import EventsSection
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.runtime.runner import FlowRunner
from softswitch.dialplan.schedule import Schedule
from softswitch.media.protocol import (
    Describe,
    DropFaxPort,
    DropStream,
    FaxPortStatistics,
    MediaCommand,
    MediaEvent,
    Playback,
    PlayFinished,
    Quality,
    Recording,
    RecordingFinished,
    StartPlay,
    StopRecording,
    StreamStatistics,
    VoiceFacts,
)
from softswitch.media.runtime.client import MediaClient
from softswitch.media.runtime.held_ports import HELD_PORTS, RANGE_PER_HELD
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    SipOutput,
)
from softswitch.sip.settings import Account, SipSettings, TrunkPeer
from softswitch.sip.tracing.message_log import MessageLog
from softswitch.store import Store, memory_store
from softswitch.store.memory import MemoryRows
from softswitch.store.schema import Cdr
from softswitch.testing.call import FakeSounds
from softswitch.testing.clock import ManualClock
from softswitch.testing.network import FakeNetwork
from softswitch.testing.records import check_against_events, check_records
from softswitch.testing.runtime.lookups import FakeLookups
from softswitch.testing.runtime.loop import VirtualLoop
from softswitch.testing.runtime.media_worker import ScriptedMediaWorker
from softswitch.testing.runtime.network_loop import NetworkLoop
from softswitch.testing.runtime.simulated_phone import DOMAIN, SWITCH, SimulatedPhone
from softswitch.testing.streamer import FakeStreamer
from softswitch.testing.tapped_station import TappedStation
from softswitch.testing.watcher import Watcher

TRUNK_NETWORKS = tuple(f"10.{number}.9.0/24" for number in range(8))
PORTS = range(20000, 21000)
FEW_PORTS = range(20000, 20000 + 2 * (RANGE_PER_HELD - 1))
"""So few that a worker holds none ready: it is asked for each stream, and whoever needs one waits for its answer."""
PROMPT_S = 2.0
"""How long every prompt is that is not a loop."""


class _AgentStates:
    def __init__(self) -> None:
        self.saved: dict[AgentId, SavedAgent] = {}

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        self.saved[agent_id] = state

    def values(self) -> Sequence[SavedAgent]:
        return list(self.saved.values())


class SimulatedCentre:
    """Make it, then `run(scenario)`; inside the scenario everything is there.

    `routes` map called numbers to flows' names, `projects` to those whose they are. Phones of agents have the agent's
    id as user name.
    """

    def __init__(
        self,
        directory: Path,
        *,
        flows: Mapping[str, Flow],
        routes: Mapping[str, str],
        queues: Sequence[Queue] = (),
        agents: Sequence[Agent] = (),
        phones: Sequence[Extension] = (),
        settings: CallSettings | None = None,
        schedules: Mapping[str, Schedule] | None = None,
        sounds: SoundFiles | None = None,
        workers: int = 1,
        ports: range = PORTS,
        seed: int = 1,
        record: str | None = None,
        projects: Mapping[str, str] | None = None,
        peers: Sequence[TrunkPeer] = (TrunkPeer(name="provider", addresses=TRUNK_NETWORKS),),
        outlives: bool = False,
        rows: MemoryRows | None = None,
    ) -> None:
        """With `outlives` its switch may be killed, and begun anew (`restart`). `rows` are those of its store."""
        self._boot_id = "boot" if outlives else ""
        self._generation = 0
        self._dead: list[asyncio.Task[None]] = []
        """Flows of switches that were killed: they wait for what never comes."""
        self.peers = tuple(peers)
        """The trunks as the SIP endpoint knows them."""
        self.clock = ManualClock()
        self.loop = VirtualLoop(self.clock)
        self.entropy = SeededEntropy(seed)
        self.network = FakeNetwork(self.entropy)
        self._rows = MemoryRows() if rows is None else rows
        self.store: Store = memory_store(self._rows)
        self.agent_states = _AgentStates()
        self.phones: dict[str, SimulatedPhone] = {}
        self._watchers = 0
        self.media_commands: list[MediaCommand] = []
        self.acd_outputs: list[AcdOutput] = []
        self.diary: list[Stamped] = []
        """Every event of the ACD."""
        self.has_lost_words = False
        """The test keeps words of the router from calls, so records cannot say what the diary does."""
        self.arrivals: list[InviteReceived] = []
        """Calls that the switch was given; one that failed to authenticate is none."""
        of_agents = [Extension(username=agent.agent_id, agent_id=agent.agent_id) for agent in agents]
        extensions = {extension.username: extension for extension in (*of_agents, *phones)}
        base = settings or CallSettings(domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(directory))
        self.settings = CallSettings(
            **{name: getattr(base, name) for name in CallSettings.__struct_fields__ if name != "extensions"},
            extensions={**base.extensions, **extensions},
        )
        if not self.settings.queues:
            treatments = {queue.queue_id: QueueTreatment() for queue in queues}
            self.settings = msgspec.structs.replace(self.settings, queues=treatments)
        self.sounds = sounds or FakeSounds()
        routed = [_Row(number, flow, record, (projects or {}).get(number, "")) for number, flow in routes.items()]
        numbers = NumberPlan.compile(routed)
        assert isinstance(numbers, NumberPlan), numbers
        self.dialplan = Dialplan(numbers=numbers, flows=flows, schedules=schedules or {})
        self.quality = Quality(packets_received=500, mos=4.4)
        self.voice = VoiceFacts(talk_s=3.0)
        """The last that is said of every stream."""
        self._directory = directory
        self._ports = ports
        self._worker_paths = {f"media-{number}": str(directory / f"media-{number}.sock") for number in range(workers)}
        self.workers: dict[str, ScriptedMediaWorker] = {}
        self._configuration = ConfigurationSet(queues=list(queues), agents=list(agents))

    def run(self, scenario: Callable[["SimulatedCentre"], Awaitable[None]]) -> None:
        """Run the scenario in virtual time."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._run(scenario))
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    async def until(self, condition: Callable[[], bool], *, within_s: float = 120.0) -> None:
        """Let time go by until the condition holds."""
        deadline = self.clock.now() + within_s
        while not condition():
            assert self.clock.now() < deadline, f"not within {within_s} s"
            await asyncio.sleep(0.01)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def log_in(self, *names: str) -> None:
        """Agents begin to work: their phones register, and they want calls."""
        for name in names:
            assert await self.phone(name).register() == 200
            self.acd.apply(AgentLoggedIn(AgentId(name)))

    async def all_over(self) -> None:
        """Wait for the end of all calls, of SIP's afterthoughts and of wrap-ups; then nothing may be left of them."""
        await self.sleep(0.1)  # what was just sent arrives
        await self.until(lambda: not self.controller.calls)
        await self.sleep(40)
        self.check_nothing_left()

    def check_nothing_left(self) -> None:
        """What calls use and must give back."""
        held = min(HELD_PORTS, len(self._ports) // (2 * RANGE_PER_HELD * len(self.workers)))
        for worker in self.workers.values():
            assert not worker.description.streams, "every port was given back"
            assert not worker.is_serving or len(worker.held) == held, "and others are ready for the next calls"
            assert not worker.description.recordings
            assert not worker.description.fax_ports
            assert not worker.description.feeds
        assert not self.around.programs, "no program is thought to hear a call"
        assert not self.controller.legs, "no leg is remembered"
        assert not self.conferences.all_running(), "no conference goes on"
        assert not self.parking.taken, "nobody is thought to be parked"
        assert not self.project_calls.counts, "no project is thought to have a call"
        assert not self.legs.count, "no extension is thought to be in a call"
        assert not self.lines.in_use, "no agent is thought to be on the phone"
        assert not self.records.recordings_open
        assert not self.voicemail.recordings_open
        assert not self.acd.contact_summaries()
        assert self.endpoint.statistics().legs == 0
        check_records(self.cdrs())
        if not self.has_lost_words:
            check_against_events(self.cdrs(), self.diary)

    def cdrs(self) -> list[Cdr]:
        return list(self.store.cdrs.ascending())

    def happened(self, *kinds: str) -> list[SwitchEvent]:
        """The switch's events of these kinds, from its beginning."""
        wanted = events_of(kinds)
        return [each.event for each in self.events.after(0, 1_000_000).events if type(each.event) in wanted]

    def flush(self) -> None:
        """Send what phones were told to say."""
        self._pump.flush()

    @property
    def worker(self) -> ScriptedMediaWorker:
        """The first, and mostly the only one."""
        return next(iter(self.workers.values()))

    def worker_dies(self, name: str = "media-0") -> None:
        self.workers[name].die()

    def worker_returns(self, name: str = "media-0") -> None:
        """Another process in its place, which knows nothing."""
        worker = ScriptedMediaWorker(self._worker_paths[name], name=name)
        worker.refuse = lambda command: self._carry_out(worker, command)
        worker.start()
        self.workers[name] = worker

    def transfer(self, call: ActiveCall, target: str) -> ActiveCall:
        """As an operator does."""
        return transfer_by_command(call, target)

    def use_flows(self, flows: Mapping[str, Flow]) -> None:
        """As if their files were changed, and loaded again."""
        self.dialplan = msgspec.structs.replace(self.dialplan, flows=flows)

    def configure_next(self, *, queues: Sequence[Queue], agents: Sequence[Agent]) -> None:
        """As if the files were changed, and not loaded again: the next switch reads them."""
        self._configuration = ConfigurationSet(queues=list(queues), agents=list(agents))

    def reload(self, *, queues: Sequence[Queue], agents: Sequence[Agent]) -> None:
        self._configuration = ConfigurationSet(queues=list(queues), agents=list(agents))
        self.acd.apply(self._configuration)
        self.hours.refresh()
        self.controller.settings_changed()

    def phone(self, username: str, *, place: str = "", kind: type[SimulatedPhone] = SimulatedPhone) -> SimulatedPhone:
        """The phone of an account; of one who has several, the one in this place."""
        name = username + place
        if name not in self.phones:
            self._connect(name, kind(self, username, self._address(1)))
        return self.phones[name]

    def watcher(self, username: str) -> Watcher:
        """A device of an account that watches others."""
        self._watchers += 1
        local = HostPort(f"10.0.2.{self._watchers}", 5060)
        watcher = Watcher(local, SWITCH, DOMAIN, username, "Secret-123")
        self._pump.attach(f"watcher {self._watchers}", watcher, watcher.local, lambda _: None)
        return watcher

    def caller(self, number: str, *, kind: type[SimulatedPhone] = SimulatedPhone) -> SimulatedPhone:
        """Somebody who calls through the trunk."""
        phone = kind(self, number, self._address(9))
        self._connect(number, phone)
        return phone

    def _address(self, network: int) -> HostPort:
        count = len(self.phones)
        return HostPort(f"10.{count // 250}.{network}.{count % 250 + 1}", 5060)

    def _connect(self, name: str, phone: SimulatedPhone) -> None:
        self.phones[name] = phone
        self._pump.attach(name, phone.endpoint, phone.address, phone.receive)

    async def restart(self, *, away_s: float = 0.3, rewrite: Callable[[MemoryRows], None] | None = None) -> None:
        """The switch process is killed, and its successor is there `away_s` later, with what the store had then.

        `rewrite` makes it what another version of the switch would have written.

        What is sent to it meanwhile is lost, as to a port that nobody listens on. Needs a centre made with
        `outlives=True`.
        """
        assert self._boot_id, "a centre made with outlives=True"
        left = self._rows.copy()
        if rewrite is not None:
            rewrite(left)
        await self._kill()
        await self.sleep(away_s)
        self._rows = left
        self.store = memory_store(left)
        await self._start()

    async def _kill(self) -> None:
        """Nothing the process does from now on has any effect but on its own store."""
        self._generation += 1
        self._pump.detach("switch")
        self.around.keeping.stop()
        self.conferences.stop_calling()
        await self.media.close()
        self.hours.stop()
        self.acd.stop()
        self._dead += [*self._runner.tasks, *self.controller.tasks]

    async def _start(self) -> None:
        self._build()
        await self.media.start()
        if self._boot_id:
            await self.media.learn(1.0)
        kept = read_kept(self.records.kept_calls())
        succession = Succession(self.controller)
        adopted = succession.adopt(kept, self._boot_id)
        self.conferences.adopt(self.controller.calls)
        self.voicemail.calls_go_on(self.controller.calls)
        self.callbacks.adopt(self.controller.calls.values())
        self.voice_contacts.adopt(self.controller.calls)
        controller, wall = self.controller, self.clock.wall()
        for cdr in self.store.end_leftover_calls(wall, frozenset(controller.calls), succession.last_records):
            call_ended(self.around, cdr)
        self.acd.start(self._configuration, survivors_of(call for call, _ in adopted))
        self.hours.refresh()
        self.callbacks.start()
        self.conferences.start()
        self.voice_contacts.start()
        self.controller.agents_known(self.acd.agent_summaries())
        bindings, now = self.records.stored_bindings(), self.clock.now()
        self.controller.restored(self.endpoint.restore_bindings(bindings, now, self.clock.wall()))
        self.endpoint.restore_subscriptions(self.records.stored_subscriptions(), now)
        succession.resume(adopted, self._runner.go_on)
        if self._boot_id:
            self.media.settle()

    async def _run(self, scenario: Callable[["SimulatedCentre"], Awaitable[None]]) -> None:
        self._pump = NetworkLoop(self.network, self.clock, self.loop)
        for name in self._worker_paths:
            self.worker_returns(name)
        await self._start()
        try:
            await scenario(self)
        finally:
            await self._end_flows()
            await self.media.close()
            for worker in self.workers.values():
                worker.die()
            self.hours.stop()
            self.acd.stop()
            self.events.stop()

    async def _end_flows(self) -> None:
        """Flows of calls that the scenario left as they were, and those that begin when these end."""
        for _ in range(3):
            flows = asyncio.all_tasks() - {asyncio.current_task()}
            for task in flows:
                task.cancel()
            if flows:
                await asyncio.wait(flows, timeout=100)

    def _build(self) -> None:
        generation = self._generation
        accounts = {
            username: Account(username=username, password="Secret-123", caller_number=extension.number or username)
            for username, extension in self.settings.extensions.items()
        }
        places = frozenset(self.settings.parking_slots)
        sip = SipSettings(domain=DOMAIN, accounts=accounts, trunks=self.peers, places=places)
        self.endpoint = SipEndpoint(sip, entropy=self.entropy, wall_offset=self.clock.wall() - self.clock.now())
        self.endpoint.add_listener(TransportKind.UDP, SWITCH)
        self.endpoint.trunks.start(self.clock.now())
        self.media = MediaClient(
            self._worker_paths,
            local_ip="10.0.0.1",
            ports=self._ports,
            clock=self.clock,
            entropy=self.entropy,
            on_event=lambda event: self._media_event(event, generation),
        )
        journal = RouterJournal(StoredRouter(self.store), self.clock, self.loop, self._boot_id)
        self.acd = AcdService(
            Router(),
            self.clock,
            lambda output: self._acd_output(output, generation),
            self.agent_states,
            self.loop,
            on_events=lambda events: self._acd_happened(events, generation),
            journal=journal if self._boot_id else None,
        )
        self.lines = AgentLines(self.acd)
        self.messages = MessageLog()
        self.traces = Traces(self.messages, self.store, self.clock, self.loop, lambda: self.settings)
        self.events = SwitchEvents(self.store, self.clock, self.loop, EventsSection())
        self.records = StoreRecords(self.store, self.clock, traces=self.traces, tell=self.events.tell)
        self.phone_settings = PhoneSettings(self.store, self.clock)
        open_lines = OpenLines()
        self.desks = Desks(
            self.settings,
            self.store,
            self.clock,
            self.acd,
            lines=open_lines,
            take_settings=self._use_settings,
            is_registered=lambda username: bool(self.endpoint.bindings(f"{username}@{DOMAIN}")),
        )
        self.settings = self.desks.settings
        commands = SipCommands(self.endpoint, self.clock, self._pump.flush, self.loop)
        self.files_removed: list[str] = []
        self.voicemail = Voicemail(
            self.store, self.clock, self.entropy, lambda: self.settings, remove_files=self.files_removed.extend
        )
        self.messages_waiting = WaitingMessages(
            commands, lambda: self.settings, self.store, own=self.voicemail.summary_of
        )
        self.voicemail.when_changed(self.messages_waiting.changed)
        self.schedule_is_open = True
        """What the toll policy is told of every schedule."""
        self.toll = Toll(self.store, self.clock, lambda: self.settings, lambda name, at: self.schedule_is_open)
        calendar = DialplanCalendar(lambda: self.dialplan)
        self.callbacks = Callbacks(self.store, self.acd, self.loop, calendar)
        self.lists = CallerLists(self.store, self.clock, lambda: self.settings)
        self.lookups = FakeLookups()
        self.conferences = Conferences(self.store, self.loop, self._boot_id)
        self.voice_contacts = VoiceContacts(self.acd, self.loop)
        around = Surroundings(
            sip=commands,
            media=self.media,
            acd=self.acd,
            lines=self.lines,
            sounds=self.sounds,
            records=self.records,
            messages=self.messages_waiting,
            voicemail=self.voicemail,
            voice_contacts=self.voice_contacts,
            clock=self.clock,
            entropy=self.entropy,
            settings=lambda: self.settings,
            phones=self.phone_settings,
            callbacks=self.callbacks,
            conferences=self.conferences,
            desks=self.desks,
            lists=self.lists,
            lookups=self.lookups,
            toll=self.toll,
            keeping=Keeping(self.records, self.loop, self._boot_id),
            open_lines=open_lines,
            tell=self.events.tell,
        )
        self.around = around
        self.streamer = FakeStreamer(around.programs, self.loop.call_soon)
        self.legs = around.legs
        self.parking = around.parking
        self.project_calls = around.projects
        self.returning = around.returning
        self._runner = runner = FlowRunner(lambda: self.dialplan, loop=self.loop)
        self.controller = CallController(
            around,
            loop=self.loop,
            start_flow=runner.start,
            is_routed=runner.is_routed,
            project_of=runner.project_of,
            run_flow=runner.run,
            has_flow=runner.has,
        )
        self.events.use_pops(
            ScreenPops(lambda: self.controller.calls, lambda: self.settings, self.clock, self.events.tell)
        )
        station = TappedStation(self.endpoint, self.messages, self.clock)
        self._pump.attach("switch", station, SWITCH, self._sip_event)
        self.hours = QueueHours(self.acd, self.store, self.clock, self.loop, lambda: self.settings, calendar)
        self.callbacks.connect(around, self.controller)
        self.voice_contacts.connect(around, self.controller)
        self.conferences.connect(around, self.controller)

    def _use_settings(self, settings: CallSettings) -> None:
        self.settings = settings

    def _acd_happened(self, events: Sequence[Stamped], generation: int) -> None:
        if generation != self._generation:
            return
        self.diary.extend(events)
        self.events.take(events)
        self.callbacks.take_events(each.event for each in events)
        self.voice_contacts.take_events(each.event for each in events)

    def _sip_event(self, event: SipOutput) -> None:
        if isinstance(event, InviteReceived):
            self.arrivals.append(event)
        self.controller.receive_sip(event)

    def _media_event(self, event: MediaEvent, generation: int) -> None:
        if generation == self._generation:
            self.controller.receive_media(event)

    def _acd_output(self, output: AcdOutput, generation: int) -> None:
        if generation != self._generation:
            return
        self.acd_outputs.append(output)
        self.controller.receive_acd(output)

    def _carry_out(self, worker: ScriptedMediaWorker, command: MediaCommand) -> str:
        """What a worker with sound would do: prompts come to their end, files are closed."""
        self.media_commands.append(command)
        match command:
            case StartPlay(playback):
                self._play(worker, playback)
            case Describe():
                self.loop.call_soon(self._play_described, worker)
                self.loop.call_soon(self._complete, worker, list(worker.description.recordings.values()))
            case StopRecording(recording_id):
                recording = worker.description.recordings.get(recording_id)
                if recording is not None:
                    self.loop.call_soon(self._emit, worker, self._closed(recording))
            case DropFaxPort(port_id):
                port = worker.description.fax_ports.get(port_id)
                if port is not None:
                    self.loop.call_soon(self._emit, worker, FaxPortStatistics(port.call_id, port.stream_id, 500, 500))
            case DropStream(stream_id):
                stream = worker.description.streams.get(stream_id)
                if stream is not None:
                    last = StreamStatistics(stream.call_id, stream_id, self.quality, self.voice)
                    self.loop.call_soon(self._emit, worker, last)
            case _:
                pass
        return ""

    def _closed(self, recording: Recording) -> RecordingFinished:
        duration_s = self.clock.now() - recording.started_at
        size_bytes = int(duration_s * 32000)
        return RecordingFinished(
            recording.call_id, recording.recording_id, recording.path, duration_s, size_bytes=size_bytes
        )

    def _complete(self, worker: ScriptedMediaWorker, recordings: list[Recording]) -> None:
        """Those that are not in the description."""
        for recording in recordings:
            if recording.recording_id not in worker.description.recordings:
                self._emit(worker, self._closed(recording))

    def _play_described(self, worker: ScriptedMediaWorker) -> None:
        for playback in worker.description.playbacks.values():
            self._play(worker, playback)

    def _play(self, worker: ScriptedMediaWorker, playback: Playback) -> None:
        stream = worker.description.streams.get(playback.stream_id)
        if playback.loop or stream is None:
            return
        finished = PlayFinished(stream.call_id, playback.stream_id, playback.play_id, completed=True)
        self.loop.call_at(max(self.clock.now(), playback.started_at + PROMPT_S), self._emit, worker, finished)

    def _emit(self, worker: ScriptedMediaWorker, event: MediaEvent) -> None:
        if worker.is_serving:
            worker.emit(event)
        elif isinstance(event, PlayFinished):
            playback = worker.description.playbacks.get(event.stream_id)
            if playback is not None and playback.play_id == event.play_id:
                worker.description.finish_play(event.stream_id, event.play_id)
                worker.waiting_events.append(event)


class _Row:
    """A row of numbers.toml."""

    hours = None
    otherwise = None
    fax_flow = None

    def __init__(self, number: str, flow: str, record: str | None, project: str) -> None:
        self.number = number
        self.flow = flow
        self.record = record
        self.project = project
