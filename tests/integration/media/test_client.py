"""MediaClient against a scripted worker on a real socket, mostly under uvloop as in the switch."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from softswitch.base.address import HostPort
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.errors import MediaUnavailable
from softswitch.media.limits import STREAMS_MAX
from softswitch.media.protocol import (
    PROTOCOL_VERSION,
    Describe,
    DropStream,
    DtmfReceived,
    HoldPort,
    MediaCommand,
    MediaEvent,
    PlayFinished,
    PutStream,
    Quality,
    Recording,
    RecordingFinished,
    SetHearing,
    SrtpKeys,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamReport,
    StreamReports,
    StreamStatistics,
    VoiceFacts,
    WorkerStatistics,
)
from softswitch.media.runtime.client import MediaClient, MediaStream
from softswitch.media.runtime.held_ports import RANGE_PER_HELD
from softswitch.media.runtime.ports import REST_S
from softswitch.testing.runtime.media_worker import ScriptedMediaWorker

pytestmark = pytest.mark.network

CALL = CallId("c1")
STATISTICS = WorkerStatistics(3, 1, 100.0, 200.0, 0, 10, 20, 0, 0.5)


NONE_HELD = range(10000, 10000 + 2 * (RANGE_PER_HELD - 1))
"""So few ports that all are for calls, and none is held in advance."""


class HastyClock(SystemClock):
    """May be ahead of time."""

    passed_s = 0.0

    def now(self) -> float:
        return super().now() + self.passed_s


class Scene:
    """A client, the workers it knows, and the events it published."""

    def __init__(self, folder: Path, workers: int = 1, ports: range = range(10000, 10100), **limits: Any) -> None:
        self.paths = {f"media-{number}": str(folder / f"media-{number}.sock") for number in range(workers)}
        self.events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self.clock = HastyClock()
        self.client = self.new_client(self.events.put_nowait, ports, **limits)
        self.workers = [ScriptedMediaWorker(path, name=name) for name, path in self.paths.items()]
        self.worker = self.workers[0]

    def new_client(
        self, on_event: Callable[[MediaEvent], None], ports: range = range(10000, 10100), **limits: Any
    ) -> MediaClient:
        return MediaClient(
            self.paths,
            local_ip="127.0.0.1",
            ports=ports,
            clock=self.clock,
            entropy=SeededEntropy(1),
            on_event=on_event,
            **limits,
        )

    async def start(self) -> None:
        for worker in self.workers:
            worker.start()
        await self.client.start()

    async def replace_worker(self, pid: int = 4242) -> ScriptedMediaWorker:
        """kill -9 and a new one on the same path, which has been described to when this returns."""
        self.worker.die()
        self.worker = ScriptedMediaWorker(self.paths["media-0"], pid=pid)
        self.worker.start()
        await self.worker.until(lambda: bool(self.worker.commands))
        return self.worker

    async def next_command(self, kind: type[MediaCommand]) -> Any:
        await self.worker.until(lambda: any(isinstance(command, kind) for command in self.worker.commands))
        found = next(command for command in self.worker.commands if isinstance(command, kind))
        self.worker.commands.remove(found)
        return found

    async def close(self) -> None:
        await self.client.close()
        for worker in [*self.workers, self.worker]:
            worker.die()


def play_scene(
    scenario: Callable[[Scene], Coroutine[None, None, None]],
    scene: Callable[[], Scene],
    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> None:
    async def main() -> None:
        stage = scene()
        try:
            async with asyncio.timeout(20):
                await scenario(stage)
        finally:
            await stage.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


async def turns_until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until `condition` holds."""
    while not condition():  # noqa: ASYNC110 - the client announces this to nobody
        await asyncio.sleep(0)


def told(worker: ScriptedMediaWorker) -> list[type[MediaCommand]]:
    """What a worker was told, but for the ports it is to hold."""
    return [type(command) for command in worker.commands if not isinstance(command, HoldPort)]


def port_of(command: MediaCommand) -> int | None:
    """The port that a command would open."""
    match command:
        case PutStream(stream):
            return stream.port
        case HoldPort(local):
            return local.port
        case _:
            return None


def connect(
    stream: MediaStream,
    port: int = 4000,
    ptime_ms: int = 20,
    srtp: SrtpKeys | None = None,
    clock_rate_hz: int = 8000,
) -> None:
    stream.connect(
        remote=HostPort("127.0.0.1", port),
        codec="PCMA",
        payload_type=8,
        telephone_event=101,
        ptime_ms=ptime_ms,
        clock_rate_hz=clock_rate_hz,
        sends=True,
        receives=True,
        srtp=srtp,
    )


def recording(left: MediaStream, right: MediaStream | None, name: str = "r1") -> Recording:
    return Recording(
        recording_id=RecordingId(name),
        call_id=CALL,
        path=f"/{name}.wav",
        left=left.stream_id,
        right=None if right is None else right.stream_id,
        started_at=1.0,
    )


def finished(name: str = "r1", fault: str = "") -> RecordingFinished:
    return RecordingFinished(CALL, RecordingId(name), f"/{name}.wav", 1.0, 32044, fault)


def test_a_call_from_opening_to_dropping(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        agent = await scene.client.open_stream(CALL, near=caller, learn=False)
        assert caller.local.host == "127.0.0.1"
        assert caller.local.port % 2 == 0
        assert caller.local.port != agent.local.port
        assert caller.worker == agent.worker == "media-0"
        connect(caller)
        connect(agent, port=4002)
        caller.hear(agent)
        agent.hear(caller)
        await scene.worker.until(lambda: len(scene.worker.description.hearings) == 2)
        streams = scene.worker.description.streams
        assert streams[caller.stream_id].remote == HostPort("127.0.0.1", 4000)
        assert streams[caller.stream_id].codec == "PCMA"
        assert streams[caller.stream_id].learn
        assert not streams[agent.stream_id].learn
        assert streams[agent.stream_id].ssrc != streams[caller.stream_id].ssrc
        told = [command for command in scene.worker.batches[-1].commands if not isinstance(command, HoldPort)]
        assert len(told) == 5  # one turn of the loop, one batch: that the agent's stream is there as well
        agent.drop()
        agent.drop()
        connect(agent)
        agent.hear(caller)
        agent.stop_play()
        caller.hear(agent)
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 1)
        assert scene.worker.description.hearings == {}
        with pytest.raises(LocalError):
            caller.play(["/a.wav"] * 1000)

    play_scene(scenario, lambda: Scene(tmp_path))


def test_who_is_dropped_need_not_be_told_what_to_hear(tmp_path: Path) -> None:
    """The end of a call, in one turn of the loop."""

    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        agent = await scene.client.open_stream(CALL, near=caller)
        third = await scene.client.open_stream(CALL, near=caller)
        for stream in (caller, agent, third):
            stream.hear(*{caller, agent, third} - {stream})
        await scene.worker.until(lambda: len(scene.worker.description.hearings) == 3)
        caller.hear()
        agent.hear()
        third.hear(caller)
        agent.drop()
        caller.drop()
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 1)
        told = [type(command).__name__ for command in scene.worker.batches[-1].commands]
        assert told == ["SetHearing", "DropStream", "DropStream"]
        assert scene.worker.description.hearings == {}

    play_scene(scenario, lambda: Scene(tmp_path))


def test_events_are_published_and_statistics_are_kept(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        events = [
            DtmfReceived(CALL, stream.stream_id, "5"),
            StreamStatistics(CALL, StreamId(1), Quality(packets_lost=3), VoiceFacts(talk_s=1.5)),
            finished("of another switch"),
        ]
        scene.worker.emit(STATISTICS, *events)
        assert [await scene.events.get() for _ in events] == events
        (state,) = scene.client.workers()
        assert (state.name, state.is_connected, state.pid, state.streams) == ("media-0", True, 4242, 1)
        assert state.statistics == STATISTICS

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_fault_in_taking_an_event_does_not_cost_the_next(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        taken: list[MediaEvent] = []
        arrived = asyncio.Event()

        def take(event: MediaEvent) -> None:
            taken.append(event)
            if len(taken) == 1:
                raise ValueError("a call's fault")
            arrived.set()

        await scene.client.close()
        scene.client = scene.new_client(take)
        await scene.start()
        await scene.client.open_stream(CALL)
        scene.worker.emit(finished("a"), finished("b"))
        await arrived.wait()
        assert taken == [finished("a"), finished("b")]

    play_scene(scenario, lambda: Scene(tmp_path))


def test_every_playback_ends_with_exactly_one_event(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)

        def over(play_id: int, completed: bool, fault: str = "") -> PlayFinished:
            return PlayFinished(CALL, stream.stream_id, play_id, completed, fault)

        whole = stream.play(["/a.wav", "/b.wav"])
        started: StartPlay = await scene.next_command(StartPlay)
        assert started.playback.sounds == ["/a.wav", "/b.wav"]
        assert started.playback.started_at == pytest.approx(scene.clock.now(), abs=5)
        scene.worker.emit(over(whole, True), over(whole, True))
        assert await scene.events.get() == over(whole, True)

        replaced = stream.play(["/a.wav"], loop=True, started_at=5.0)
        stopped = stream.play(["/b.wav"])
        assert scene.events.empty()  # never from within the method
        assert await scene.events.get() == over(replaced, False)
        stream.stop_play(replaced)
        stream.stop_play(stopped)
        stream.stop_play(stopped)
        stream.stop_play()
        assert await scene.events.get() == over(stopped, False)
        stop: StopPlay = await scene.next_command(StopPlay)
        assert stop.play_id == stopped
        scene.worker.emit(over(replaced, False), over(stopped, False))

        scene.worker.refuse = lambda command: "no such file" if isinstance(command, StartPlay) else ""
        refused = stream.play(["/c.wav"])
        assert await scene.events.get() == over(refused, False, "no such file")
        scene.worker.refuse = lambda command: ""

        dropped = stream.play(["/d.wav"])
        stream.drop()
        assert await scene.events.get() == over(dropped, False)
        after = stream.play(["/d.wav"])
        assert await scene.events.get() == over(after, False)
        assert scene.events.empty()

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_playback_that_ran_when_the_worker_died_is_described_with_its_beginning(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        stopped = stream.play(["/a.wav"])
        await scene.next_command(StartPlay)
        scene.worker.die()
        stream.stop_play()
        assert await scene.events.get() == PlayFinished(CALL, stream.stream_id, stopped, completed=False)
        running = stream.play(["/b.wav"], started_at=77.0)
        worker = await scene.replace_worker()
        assert worker.description.playbacks[stream.stream_id].started_at == 77.0
        worker.emit(PlayFinished(CALL, stream.stream_id, running, completed=True))
        assert await scene.events.get() == PlayFinished(CALL, stream.stream_id, running, completed=True)

    play_scene(scenario, lambda: Scene(tmp_path))


def test_the_replacement_of_a_dead_worker_is_told_everything(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        agent = await scene.client.open_stream(CALL, near=caller)
        connect(caller)
        caller.hear(agent)
        scene.client.start_recording(recording(caller, agent))
        await scene.next_command(StartRecording)
        before = scene.worker.description
        scene.worker.die()
        agent.hear(caller)
        await turns_until(lambda: not scene.client.workers()[0].is_connected)
        connect(agent, port=4002)
        worker = await scene.replace_worker()
        assert worker.description.streams[caller.stream_id] == before.streams[caller.stream_id]
        assert worker.description.streams[agent.stream_id].port == agent.local.port
        assert worker.description.streams[agent.stream_id].remote == HostPort("127.0.0.1", 4002)
        assert set(worker.description.hearings) == {caller.stream_id, agent.stream_id}
        assert list(worker.description.recordings) == ["r1"]
        assert scene.client.workers()[0].is_connected

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_new_switch_attaches_to_a_living_worker_and_takes_nothing_over(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        old = await scene.client.open_stream(CALL)
        await scene.client.close()
        assert list(scene.worker.description.streams) == [old.stream_id]
        scene.client = scene.new_client(scene.events.put_nowait)
        scene.worker.commands.clear()
        await scene.client.start()
        new = await scene.client.open_stream(CALL)
        assert list(scene.worker.description.streams) == [new.stream_id]
        assert told(scene.worker) == [Describe, PutStream]

    play_scene(scenario, lambda: Scene(tmp_path))


def test_keys_stay_in_force_with_the_count_of_wraps_they_began_at(tmp_path: Path) -> None:
    agreed = SrtpKeys("AES_CM_128_HMAC_SHA1_80", b"s" * 30, b"r" * 30)

    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        opened = (await scene.next_command(PutStream)).stream
        assert opened.sequence < 32_768
        rolls: list[int] = []
        for passed_s, keys, ptime_ms in (
            (1400.0, agreed, 20),
            (1400.0, agreed, 40),
            (1400.0, agreed, 20),
            (0.0, msgspec.structs.replace(agreed, receive=b"x" * 30), 20),
            (0.0, msgspec.structs.replace(agreed, send=b"x" * 30), 20),
        ):
            scene.clock.passed_s += passed_s
            connect(stream, ptime_ms=ptime_ms, srtp=keys)
            described = (await scene.next_command(PutStream)).stream
            rolls.append(described.srtp.rolls)
        began = opened.sequence + 70_000
        assert rolls == [began >> 16] * 4 + [began + 70_000 + 35_000 >> 16]

    play_scene(scenario, lambda: Scene(tmp_path))


@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_large_description_comes_in_parts_through_a_full_socket(
    tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        streams = await asyncio.gather(*(scene.client.open_stream(CALL) for _ in range(2500)))
        for stream in streams:
            connect(stream)
        scene.worker.reads = False
        for stream in streams:
            stream.hear(streams[0])
            stream.play(["/a" * 100])
        scene.worker.resume_reading()
        await scene.worker.until(lambda: len(scene.worker.description.playbacks) == 2500)
        before = scene.worker.description
        worker = await scene.replace_worker()
        await worker.until(lambda: bool(worker.description.streams))
        assert sum(isinstance(command, Describe) for command in worker.commands) > 5
        assert worker.description.streams == before.streams
        assert worker.description.hearings == before.hearings
        assert worker.description.playbacks == before.playbacks

    play_scene(scenario, lambda: Scene(tmp_path, ports=range(10000, 20000)), new_loop)


def test_a_range_other_programs_hold_is_given_up(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        scene.worker.refuse = lambda command: "in use" if port_of(command) else ""
        with pytest.raises(MediaUnavailable, match=r"10000-10099 on 127.0.0.1 can be opened \(in use\)"):
            await scene.client.open_stream(CALL)
        scene.worker.refuse = lambda command: ""
        assert await scene.client.open_stream(CALL)

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_port_another_program_holds_is_passed_over(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        scene.worker.refuse = lambda command: "in use" if (port_of(command) or 2) % 4 == 0 else ""
        streams = [await scene.client.open_stream(CALL) for _ in range(10)]
        assert all(stream.local.port % 4 == 2 for stream in streams)
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 10)
        assert set(scene.worker.description.streams) == {stream.stream_id for stream in streams}

    play_scene(scenario, lambda: Scene(tmp_path))


def test_an_exhausted_range_says_so(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        first = await scene.client.open_stream(CALL)
        with pytest.raises(MediaUnavailable, match="10000-10001 are in use or resting: widen"):
            await scene.client.open_stream(CALL)
        first.drop()
        with pytest.raises(MediaUnavailable):
            await scene.client.open_stream(CALL)

    play_scene(scenario, lambda: Scene(tmp_path, ports=range(10000, 10002)))


def test_streams_go_to_the_least_loaded_worker_that_is_there(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        first = await scene.client.open_stream(CALL)
        await turns_until(lambda: all(state.is_connected for state in scene.client.workers()))
        second = await scene.client.open_stream(CallId("c2"))
        near = await scene.client.open_stream(CALL, near=first)
        assert {first.worker, second.worker} == {"media-0", "media-1"}
        assert near.worker == first.worker
        with pytest.raises(LocalError):
            first.hear(second)
        with pytest.raises(LocalError):
            scene.client.start_recording(recording(first, second))
        with pytest.raises(LocalError):
            scene.client.open_room(first).set_members(first, second)
        assert sorted(state.streams for state in scene.client.workers()) == [1, 2]
        scene.workers[0].die()
        await turns_until(lambda: not scene.client.workers()[0].is_connected)
        others = [await scene.client.open_stream(CALL) for _ in range(4)]
        assert {stream.worker for stream in others} == {"media-1"}

    play_scene(scenario, lambda: Scene(tmp_path, workers=2))


def test_a_conference_and_its_members(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        first, second, third = [await scene.client.open_stream(CALL) for _ in range(3)]
        room = scene.client.open_room(first)
        room.set_members(first, second)
        room.add(third)
        room.remove(second)
        second.hear(first, third, gains_db=[-6.0, 0.0])
        third.adjust(is_muted=True)
        third.adjust(gain_db=3.0)
        connect(third)
        description = scene.worker.description
        await scene.worker.until(lambda: len(description.streams) == 3)
        assert description.streams[third.stream_id].remote is not None
        assert description.rooms[room.room_id].members == [first.stream_id, third.stream_id]
        assert description.hearings[second.stream_id].gains_db == [-6.0, 0.0]
        told = description.streams[third.stream_id]
        assert (told.is_muted, told.is_deaf, told.gain_db) == (True, False, 3.0)
        first.drop()
        assert room.members == [third]
        worker = await scene.replace_worker()
        assert worker.description.rooms[room.room_id].members == [third.stream_id]
        room.drop()
        room.drop()
        room.add(second)
        await worker.until(lambda: not worker.description.rooms)
        with pytest.raises(LocalError):
            second.hear(third, gains_db=[0.0, 0.0])
        with pytest.raises(LocalError):
            room.set_members(*[second] * 251)

    play_scene(scenario, lambda: Scene(tmp_path))


def loaded(cpu: float, streams: int = 0) -> WorkerStatistics:
    return WorkerStatistics(streams, 0, 100.0, 200.0, 0, 10, 20, 0, 0.5, cpu)


async def report(scene: Scene, *loads: WorkerStatistics) -> None:
    for worker, load in zip(scene.workers, loads, strict=True):
        worker.emit(load)
    await turns_until(lambda: [state.statistics for state in scene.client.workers()] == list(loads))


def test_new_calls_go_where_there_is_least_to_do_and_a_burst_is_spread(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await turns_until(lambda: all(state.is_connected for state in scene.client.workers()))
        await report(scene, loaded(0.22), loaded(0.18))
        burst = [(await scene.client.open_stream(CALL)).worker for _ in range(200)]
        assert burst[:50] == ["media-1"] * 50
        assert 20 < burst.count("media-0") < 100

    play_scene(scenario, lambda: Scene(tmp_path, workers=2, ports=range(10000, 11000)))


def test_full_workers_get_no_new_calls_and_calls_they_have_go_on(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await turns_until(lambda: all(state.is_connected for state in scene.client.workers()))
        await report(scene, loaded(0.1), loaded(0.2))
        first = await scene.client.open_stream(CALL)
        assert first.worker == "media-0"
        await report(scene, loaded(0.95, 1), loaded(0.3))
        assert scene.client.fullness == ""
        assert (await scene.client.open_stream(CALL)).worker == "media-1"
        await report(scene, loaded(0.95, 1), loaded(0.91, 1))
        assert "media-0 95%, media-1 91%" in scene.client.fullness
        with pytest.raises(MediaUnavailable, match="cpu_max"):
            await scene.client.open_stream(CALL)
        assert (await scene.client.open_stream(CALL, near=first)).worker == "media-0"

    play_scene(scenario, lambda: Scene(tmp_path, workers=2))


def test_a_worker_that_is_drained_gets_no_new_calls_until_it_is_resumed(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await turns_until(lambda: all(state.is_connected for state in scene.client.workers()))
        first = await scene.client.open_stream(CALL)
        assert first.worker == "media-0"
        scene.client.drain("media-0", True)
        assert [state.is_draining for state in scene.client.workers()] == [True, False]
        assert {(await scene.client.open_stream(CALL)).worker for _ in range(3)} == {"media-1"}
        assert (await scene.client.open_stream(CALL, near=first)).worker == "media-0"
        await scene.replace_worker()
        assert (await scene.client.open_stream(CALL)).worker == "media-1"
        scene.client.drain("media-1", True)
        assert "softswitch media resume" in scene.client.fullness
        with pytest.raises(MediaUnavailable, match="drained"):
            await scene.client.open_stream(CALL)
        scene.client.drain("media-0", False)
        assert scene.client.fullness == ""
        assert (await scene.client.open_stream(CALL)).worker == "media-0"
        with pytest.raises(LocalError, match="media-0, media-1"):
            scene.client.drain("media-7", True)

    play_scene(scenario, lambda: Scene(tmp_path, workers=2))


def test_a_stream_is_opened_as_soon_as_the_worker_is_there(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.client.start()
        opening = asyncio.ensure_future(scene.client.open_stream(CALL))
        await asyncio.sleep(0)
        scene.worker.start()
        assert (await opening).worker == "media-0"

    play_scene(scenario, lambda: Scene(tmp_path))


def test_without_any_worker_a_stream_is_refused_in_time(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.client.start()
        with pytest.raises(MediaUnavailable, match="no media worker there"):
            await scene.client.open_stream(CALL)
        opening = asyncio.ensure_future(scene.client.open_stream(CALL))
        await asyncio.sleep(0)
        await scene.client.close()
        with pytest.raises(MediaUnavailable, match="being stopped"):
            await opening

    play_scene(scenario, lambda: Scene(tmp_path, open_within_s=0.1))


def test_a_worker_that_dies_while_a_stream_is_opened(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        first = await scene.client.open_stream(CALL)
        scene.worker.answers = False
        opening = asyncio.ensure_future(scene.client.open_stream(CALL, near=first))
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 2)
        await scene.replace_worker()
        second = await opening
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 2)
        assert set(scene.worker.description.streams) == {first.stream_id, second.stream_id}

    play_scene(scenario, lambda: Scene(tmp_path))


def test_opening_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await scene.client.open_stream(CALL)
        opening = asyncio.ensure_future(scene.client.open_stream(CALL))
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await scene.next_command(DropStream)
        assert len(scene.worker.description.streams) == 1
        assert scene.client.workers()[0].streams == 1

    play_scene(scenario, lambda: Scene(tmp_path, ports=NONE_HELD))


def test_on_a_port_that_is_held_a_stream_is_there_at_once(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await turns_until(lambda: scene.client.workers()[0].is_connected)
        await scene.worker.until(lambda: len(scene.worker.held) == 2)
        scene.worker.emit(finished())
        await scene.events.get()  # the answers have come before it
        held = set(scene.worker.held)
        scene.worker.answers = False
        streams = [await scene.client.open_stream(CALL) for _ in range(2)]
        assert {stream.local for stream in streams} == held
        assert not scene.worker.description.streams  # it has not even been told
        opening = asyncio.ensure_future(scene.client.open_stream(CALL))
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 3)
        assert not opening.done()  # nothing is held any more: the worker is asked
        assert not scene.worker.held & held
        await scene.replace_worker()
        third = await opening
        assert {stream.stream_id for stream in (*streams, third)} == set(scene.worker.description.streams)
        assert len(scene.worker.held) == 2

    play_scene(scenario, lambda: Scene(tmp_path, ports=range(10000, 10000 + 2 * 2 * RANGE_PER_HELD)))


def test_held_ports_are_lost_with_each_worker_and_come_back(tmp_path: Path) -> None:
    ports = range(10000, 10000 + 2 * RANGE_PER_HELD)

    async def scenario(scene: Scene) -> None:
        await scene.start()
        for _ in range(len(ports)):
            await scene.worker.until(lambda: len(scene.worker.held) == 1)
            await scene.replace_worker()
            scene.clock.passed_s += REST_S
        await scene.worker.until(lambda: len(scene.worker.held) == 1)
        streams = [await scene.client.open_stream(CALL) for _ in range(RANGE_PER_HELD)]
        assert sorted(stream.local.port for stream in streams) == list(ports)[::2]
        await scene.worker.until(lambda: len(scene.worker.description.streams) == RANGE_PER_HELD)
        assert not scene.worker.held

    play_scene(scenario, lambda: Scene(tmp_path, ports=ports))


def test_a_full_worker_is_asked_whatever_it_holds(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        streams = [await scene.client.open_stream(CALL) for _ in range(STREAMS_MAX)]
        scene.worker.refuse = lambda command: "too many streams" if isinstance(command, PutStream) else ""
        with pytest.raises(MediaUnavailable, match="too many streams"):
            await scene.client.open_stream(CALL)
        scene.worker.refuse = lambda _: ""
        streams[0].drop()
        assert await scene.client.open_stream(CALL)

    play_scene(scenario, lambda: Scene(tmp_path, ports=range(10000, 60000)))


def test_figures_of_a_stream_go_on_where_those_of_the_dead_worker_ended(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)

        def counted(received: int) -> StreamReports:
            return StreamReports(
                [StreamReport(CALL, stream.stream_id, Quality(packets_received=received), VoiceFacts())]
            )

        scene.worker.emit(counted(100))
        assert await scene.events.get() == counted(100)
        scene.worker.send_packet(b"\xff")  # the same worker, connected to anew
        await scene.worker.until(lambda: sum(isinstance(one, Describe) for one in scene.worker.commands) == 2)
        scene.worker.emit(counted(110))
        assert await scene.events.get() == counted(110)
        await scene.replace_worker(pid=4343)
        scene.worker.emit(counted(5))
        assert await scene.events.get() == counted(115)
        assert stream.report == counted(115).reports[0]
        scene.worker.emit(StreamStatistics(CALL, stream.stream_id, Quality(packets_received=7), VoiceFacts()))
        last = await scene.events.get()
        assert isinstance(last, StreamStatistics)
        assert last.quality.packets_received == 117

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_recording_from_start_to_its_file(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.client.start_recording(recording(caller, None))
        scene.client.start_recording(recording(caller, None))
        caller.drop()
        scene.client.stop_recording(RecordingId("r1"))
        scene.client.stop_recording(RecordingId("r1"))
        scene.client.stop_recording(RecordingId("unknown"))
        await scene.next_command(StopRecording)
        assert sum(isinstance(command, StartRecording) for command in scene.worker.commands) == 1
        scene.worker.emit(finished())
        assert await scene.events.get() == finished()
        with pytest.raises(LocalError):
            scene.client.start_recording(recording(caller, None))

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_recording_outlives_an_orderly_change_of_workers(tmp_path: Path) -> None:
    """The worker that is stopped completes its files; for the call the recording is not over."""

    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.client.start_recording(recording(caller, None))
        await scene.next_command(StartRecording)
        scene.worker.emit(finished())
        worker = await scene.replace_worker()
        assert list(worker.description.recordings) == ["r1"]
        assert scene.events.empty()

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_recording_stopped_while_the_worker_is_away_is_completed_by_the_next(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.client.start_recording(recording(caller, None))
        await scene.next_command(StartRecording)
        scene.worker.die()
        scene.client.stop_recording(RecordingId("r1"))
        worker = await scene.replace_worker()
        assert told(worker) == [StartRecording, Describe]  # which says nothing of it, and so completes it
        assert not worker.description.recordings
        worker.emit(finished())
        assert await scene.events.get() == finished()
        worker = await scene.replace_worker()
        assert told(worker) == [Describe]

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_refused_recording_is_over(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.worker.refuse = lambda command: "too many" if isinstance(command, StartRecording | SetHearing) else ""
        caller.hear(caller)
        scene.client.start_recording(recording(caller, None))
        over = await scene.events.get()
        assert isinstance(over, RecordingFinished)
        assert (over.recording_id, over.size_bytes, over.fault) == ("r1", 0, "too many")

    play_scene(scenario, lambda: Scene(tmp_path))


@pytest.mark.parametrize("packet", [b"\xff", b"\x80", b"junk that is no message"])
def test_a_worker_that_sends_nonsense_is_connected_to_anew(tmp_path: Path, packet: bytes) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        scene.worker.commands.clear()
        scene.worker.send_packet(packet)
        describe: Describe = await scene.next_command(Describe)
        assert [known.stream_id for known in describe.streams] == [stream.stream_id]

    play_scene(scenario, lambda: Scene(tmp_path))


def test_a_worker_of_another_version_is_not_used(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        scene.worker = ScriptedMediaWorker(scene.paths["media-0"], version=PROTOCOL_VERSION + 1)
        scene.worker.start()
        await scene.client.start()
        with pytest.raises(MediaUnavailable):
            await scene.client.open_stream(CALL)
        scene.worker.die()
        scene.worker = ScriptedMediaWorker(scene.paths["media-0"])
        scene.worker.start()
        assert await scene.client.open_stream(CALL)

    play_scene(scenario, lambda: Scene(tmp_path, open_within_s=0.1))


def test_a_worker_that_does_not_answer_is_left_and_tried_again(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.worker.answers = False
        scene.worker.commands.clear()
        connect(caller)
        await scene.next_command(Describe)  # after a reconnection
        scene.worker.answers = True
        assert await scene.client.open_stream(CALL, near=caller)

    play_scene(scenario, lambda: Scene(tmp_path, reply_within_s=0.1))


def test_a_worker_that_does_not_read_is_left_before_its_commands_fill_the_memory(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller = await scene.client.open_stream(CALL)
        scene.worker.reads = False
        while scene.client.workers()[0].is_connected:
            caller.play(["/" + "a" * 200] * 200)
            await asyncio.sleep(0)
        scene.worker.resume_reading()
        assert await scene.client.open_stream(CALL, near=caller)

    play_scene(scenario, lambda: Scene(tmp_path, queue_bytes_max=100_000))


def test_another_clock_goes_on_from_the_timestamp_the_old_one_had_reached(tmp_path: Path) -> None:
    """A codec with another clock: the numbers of what was sent before are no longer what the new clock would count."""

    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        opened = scene.worker.description.streams[stream.stream_id]
        connect(stream)
        connect(stream, clock_rate_hz=48000)
        await scene.worker.until(lambda: scene.worker.description.streams[stream.stream_id].clock_rate_hz == 48000)
        changed = scene.worker.description.streams[stream.stream_id]
        packets = round((changed.started_at - opened.started_at) / 0.020)
        assert changed.sequence == opened.sequence + packets
        assert changed.timestamp == (opened.timestamp + 160 * packets) % 2**32

    play_scene(scenario, lambda: Scene(tmp_path))


def test_another_packet_length_goes_on_with_the_same_numbers(tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        stream = await scene.client.open_stream(CALL)
        opened = scene.worker.description.streams[stream.stream_id]
        connect(stream, ptime_ms=20)
        connect(stream, ptime_ms=30)
        await scene.worker.until(lambda: scene.worker.description.streams[stream.stream_id].ptime_ms == 30)
        changed = scene.worker.description.streams[stream.stream_id]
        packets = round((changed.started_at - opened.started_at) / 0.020)
        assert changed.started_at <= scene.clock.now()
        assert changed.sequence == (opened.sequence + packets) % 65536
        assert changed.timestamp == (opened.timestamp + 160 * packets) % 2**32

    play_scene(scenario, lambda: Scene(tmp_path))
