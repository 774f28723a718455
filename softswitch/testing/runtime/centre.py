"""A whole call centre in one process and in virtual time: the real switch but for sound, disk and network.

SIP runs over a FakeNetwork, streams over a scripted media worker, records go into memory. Phones are real SIP endpoints
that do what the test tells them. An hour of traffic takes seconds, and a seed makes it the same every time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.router import Router
from softswitch.acd.runtime.service import AcdService, SavedAgent
from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import AgentId, LegId
from softswitch.calls.runtime.agent_lines import AgentLines
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.records import StoreRecords
from softswitch.calls.runtime.sip_commands import SipCommands
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.runtime.runner import FlowRunner
from softswitch.dialplan.schedule import Schedule
from softswitch.media.protocol import MediaCommand, PlayFinished, RecordingFinished, StartPlay, StopRecording
from softswitch.media.runtime.client import MediaClient
from softswitch.sip.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.offer_answer import Answer, MediaCapabilities, answer_offer, make_offer
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.settings import Account, SipSettings, Target, TrunkPeer
from softswitch.store import Store, memory_store
from softswitch.testing.call import FakeSounds
from softswitch.testing.clock import ManualClock
from softswitch.testing.network import FakeNetwork
from softswitch.testing.runtime.loop import VirtualLoop
from softswitch.testing.runtime.media_worker import ScriptedMediaWorker
from softswitch.testing.runtime.network_loop import NetworkLoop

DOMAIN = "centre.test"
SWITCH = HostPort("10.0.0.1", 5060)
PROMPT_S = 2.0
"""How long every prompt is that is not a loop."""


class SimulatedPhone:
    """A phone: answers as told, notes what happened to it."""

    def __init__(self, centre: "SimulatedCentre", name: str, address: HostPort) -> None:
        settings = SipSettings(domain=DOMAIN, trunks=(TrunkPeer(name="switch", addresses=(SWITCH.host,)),))
        self.endpoint = SipEndpoint(settings, entropy=centre.entropy)
        self.endpoint.add_listener(TransportKind.UDP, address)
        self.name = name
        self.address = address
        self.events: list[SipOutput] = []
        self.leg: LegId | None = None
        self.answer_after_s: float | None = 1.0
        """None: it rings until the caller gives up."""
        self.busy_status: int | None = None
        self.talk_s: float | None = None
        """Hangs up this long after the conversation began; None: never."""
        self._centre = centre

    def seen(self, kind: type[SipOutput]) -> list[SipOutput]:
        return [event for event in self.events if isinstance(event, kind)]

    async def register(self, password: str = "Secret-123", expires: int = 3600) -> int:
        """Register with digest; returns the final status."""
        contact = f"<sip:{self.name}@{self.address}>;expires={expires}"
        self.endpoint.request(
            "REGISTER",
            self._target(f"sip:{DOMAIN}"),
            from_uri=f"sip:{self.name}@{DOMAIN}",
            to_uri=f"sip:{self.name}@{DOMAIN}",
            headers=[("contact", contact)],
            body=b"",
            credentials=Credential(username=self.name, realm="", password=password),
            now=self._centre.clock.now(),
        )
        self._centre.flush()
        await self._centre.until(lambda: bool(self.seen(RequestFinished)))
        finished = self.seen(RequestFinished)[-1]
        assert isinstance(finished, RequestFinished)
        return finished.status

    def call(self, number: str, *, password: str | None = None) -> LegId:
        self.leg = self.endpoint.invite(
            self._target(f"sip:{number}@{DOMAIN}"),
            from_uri=f"sip:{self.name}@{DOMAIN}",
            sdp=make_offer(MediaCapabilities(), self._rtp(), session_id=1, version=1),
            credentials=None if password is None else Credential(username=self.name, realm="", password=password),
            now=self._centre.clock.now(),
        )
        self._centre.flush()
        return self.leg

    def hang_up(self) -> None:
        if self.leg is not None:
            self.endpoint.hang_up(self.leg, self._centre.clock.now())
            self._centre.flush()

    def hold(self, direction: str) -> None:
        """Re-INVITE with this direction ("sendonly" = hold, "sendrecv" = resume)."""
        assert self.leg is not None
        offer = make_offer(MediaCapabilities(), self._rtp(), session_id=1, version=2)
        sdp = offer.replace(b"a=sendrecv", f"a={direction}".encode())
        self.endpoint.reinvite(self.leg, sdp, self._centre.clock.now())
        self._centre.flush()

    def press(self, digit: str) -> None:
        assert self.leg is not None
        self.endpoint.send_info(
            self.leg, "application/dtmf-relay", f"Signal={digit}\r\nDuration=160\r\n".encode(), self._centre.clock.now()
        )
        self._centre.flush()

    def receive(self, event: SipOutput) -> None:
        self.events.append(event)
        match event:
            case InviteReceived():
                self.leg = event.leg_id
                self._ring(event)
            case LegAnswered() | ReinviteAnswered():
                pass
            case LegEnded() | LegFailed():
                if event.leg_id == self.leg:
                    self.leg = None
            case _:
                pass

    def _ring(self, invite: InviteReceived) -> None:
        now = self._centre.clock.now()
        if self.busy_status is not None:
            self.endpoint.reject(invite.leg_id, self.busy_status, now=now)
            return
        self.endpoint.progress(invite.leg_id, 180, None, now)
        if self.answer_after_s is not None:
            self._centre.loop.call_later(self.answer_after_s, self._answer, invite)

    def _answer(self, invite: InviteReceived) -> None:
        if self.leg != invite.leg_id:
            return
        answer = answer_offer(invite.sdp, MediaCapabilities(), self._rtp(), session_id=1, version=1)
        assert isinstance(answer, Answer)
        self.endpoint.accept(invite.leg_id, answer.sdp, self._centre.clock.now())
        self._centre.flush()
        if self.talk_s is not None:
            self._centre.loop.call_later(self.talk_s, self.hang_up)

    def _rtp(self) -> HostPort:
        return HostPort(self.address.host, 30000)

    def _target(self, uri: str) -> Target:
        flow = self.endpoint.flow_to(TransportKind.UDP, SWITCH)
        return Target(uri=uri, flow=flow)


class _AgentStates:
    def __init__(self) -> None:
        self.saved: dict[AgentId, SavedAgent] = {}

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        self.saved[agent_id] = state

    def values(self) -> Sequence[SavedAgent]:
        return list(self.saved.values())


class SimulatedCentre:
    """Make it, then `run(scenario)`; inside the scenario everything is there.

    `routes` map called numbers to flows' names. Phones of agents have the agent's id as user name.
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
        seed: int = 1,
    ) -> None:
        self.clock = ManualClock()
        self.loop = VirtualLoop(self.clock)
        self.entropy = SeededEntropy(seed)
        self.network = FakeNetwork(self.entropy)
        self.store: Store = memory_store()
        self.agent_states = _AgentStates()
        self.phones: dict[str, SimulatedPhone] = {}
        self.media_commands: list[MediaCommand] = []
        self.acd_outputs: list[AcdOutput] = []
        extensions = {extension.username: extension for extension in phones} | {
            agent.agent_id: Extension(username=agent.agent_id, agent_id=agent.agent_id) for agent in agents
        }
        base = settings or CallSettings(domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(directory))
        self.settings = CallSettings(
            **{name: getattr(base, name) for name in CallSettings.__struct_fields__ if name != "extensions"},
            extensions={**base.extensions, **extensions},
        )
        rows = [_Row(number, flow) for number, flow in routes.items()]
        numbers = NumberPlan.compile(rows)
        assert isinstance(numbers, NumberPlan), numbers
        self.dialplan = Dialplan(numbers=numbers, flows=flows, schedules=schedules or {})
        self._directory = directory
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

    def flush(self) -> None:
        """Send what phones were told to say."""
        self._pump.flush()

    def phone(self, name: str) -> SimulatedPhone:
        """A phone on the network, an account's or an outside caller's."""
        if name not in self.phones:
            address = HostPort(f"10.0.1.{len(self.phones) + 1}", 5060)
            phone = SimulatedPhone(self, name, address)
            self.phones[name] = phone
            self._pump.attach(name, phone.endpoint, address, phone.receive)
        return self.phones[name]

    def caller(self, number: str) -> SimulatedPhone:
        """Somebody who calls through the trunk."""
        address = HostPort(f"10.0.9.{len(self.phones) + 1}", 5060)
        phone = SimulatedPhone(self, number, address)
        self.phones[number] = phone
        self._pump.attach(number, phone.endpoint, address, phone.receive)
        return phone

    async def _run(self, scenario: Callable[["SimulatedCentre"], Awaitable[None]]) -> None:
        self._build()
        await self.media.start()
        await scenario(self)
        await self.media.close()
        self.worker.die()
        self.acd.stop()

    def _build(self) -> None:
        self._pump = NetworkLoop(self.network, self.clock, self.loop)
        accounts = {
            username: Account(username=username, password="Secret-123", caller_number=extension.number or username)
            for username, extension in self.settings.extensions.items()
        }
        sip = SipSettings(
            domain=DOMAIN, accounts=accounts, trunks=(TrunkPeer(name="provider", addresses=("10.0.9.0/24",)),)
        )
        self.endpoint = SipEndpoint(sip, entropy=self.entropy)
        self.endpoint.add_listener(TransportKind.UDP, SWITCH)
        path = str(self._directory / "media.sock")
        self.worker = ScriptedMediaWorker(path)
        self.worker.refuse = self._carry_out
        self.worker.start()
        self.media = MediaClient(
            {"media-0": path},
            local_ip="10.0.0.1",
            ports=range(20000, 21000),
            clock=self.clock,
            entropy=self.entropy,
            on_event=lambda event: self.controller.receive_media(event),
        )
        self.acd = AcdService(Router(), self.clock, self._acd_output, self.agent_states, self.loop)
        around = Surroundings(
            sip=SipCommands(self.endpoint, self.clock, self._pump.flush, self.loop),
            media=self.media,
            acd=self.acd,
            lines=AgentLines(self.acd),
            sounds=FakeSounds(),
            records=StoreRecords(self.store, self.clock),
            clock=self.clock,
            entropy=self.entropy,
            settings=lambda: self.settings,
        )
        runner = FlowRunner(lambda: self.dialplan, loop=self.loop)
        self.controller = CallController(around, loop=self.loop, start_flow=runner.start)
        self._pump.attach("switch", self.endpoint, SWITCH, self.controller.receive_sip)
        self.acd.start(self._configuration)

    def _acd_output(self, output: AcdOutput) -> None:
        self.acd_outputs.append(output)
        self.controller.receive_acd(output)

    def _carry_out(self, command: MediaCommand) -> str:
        """What a worker with sound would do: prompts come to their end, files are closed."""
        self.media_commands.append(command)
        if isinstance(command, StopRecording):
            recording = self.worker.description.recordings[command.recording_id]
            duration_s = self.clock.now() - recording.started_at
            closed = RecordingFinished(
                recording.call_id, recording.recording_id, recording.path, duration_s, int(duration_s * 32000)
            )
            self.loop.call_soon(self.worker.emit, closed)
        if isinstance(command, StartPlay) and not command.playback.loop:
            playback = command.playback
            call_id = next(
                stream.call_id
                for stream in self.worker.description.streams.values()
                if stream.stream_id == playback.stream_id
            )
            finished = PlayFinished(call_id, playback.stream_id, playback.play_id, completed=True)
            self.loop.call_later(PROMPT_S, self.worker.emit, finished)
        return ""


class _Row:
    """A row of numbers.toml."""

    hours = None
    otherwise = None

    def __init__(self, number: str, flow: str) -> None:
        self.number = number
        self.flow = flow
