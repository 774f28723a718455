"""A switch that comes after another one has died: it learns what the workers do, adopts it, and drops the rest."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import pytest
import uvloop

from softswitch.base.address import HostPort
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.protocol import (
    Describe,
    DtmfReceived,
    GiveAccount,
    HoldPort,
    MediaCommand,
    MediaEvent,
    PlayFinished,
    Quality,
    Recording,
    RecordingFinished,
    SrtpPosition,
    StreamDescription,
    StreamReport,
    StreamReports,
    VoiceFacts,
)
from softswitch.media.runtime.client import MediaClient, MediaStream
from softswitch.testing.runtime.media_worker import ScriptedMediaWorker

pytestmark = pytest.mark.network

CALL = CallId("c1")
PORTS = range(10000, 10040)
"""So few that two clients with the same entropy take the same ones if nothing keeps them from it."""


class Scene:
    """Workers, and one switch after another."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.paths = {f"media-{number}": str(folder / f"media-{number}.sock") for number in range(workers)}
        self.workers = {name: ScriptedMediaWorker(path, name=name) for name, path in self.paths.items()}
        self.events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self.client = self._new_client()

    @property
    def worker(self) -> ScriptedMediaWorker:
        return self.workers["media-0"]

    async def start(self) -> None:
        for worker in self.workers.values():
            worker.start()
        await self.client.start()

    async def next_switch(self, within_s: float = 5.0) -> list[str]:
        """The last one is gone; returns the workers the new one has not heard of."""
        await self.client.close()
        for worker in self.workers.values():
            worker.commands.clear()
        self.events = asyncio.Queue()
        self.client = self._new_client()
        await self.client.start()
        return await self.client.learn(within_s)

    def replace_worker(self, name: str = "media-0") -> None:
        self.workers[name].die()
        self.workers[name] = ScriptedMediaWorker(self.paths[name], name=name)
        self.workers[name].start()

    async def described(self, name: str = "media-0") -> ScriptedMediaWorker:
        """The worker, once it was told what should be."""
        worker = self.workers[name]
        await worker.until(lambda: any(isinstance(command, Describe) for command in worker.commands))
        return worker

    async def close(self) -> None:
        await self.client.close()
        for worker in self.workers.values():
            worker.die()

    def _new_client(self) -> MediaClient:
        return MediaClient(
            self.paths,
            local_ip="127.0.0.1",
            ports=PORTS,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
            on_event=self.events.put_nowait,
            open_within_s=0.2,
        )


Scenario = Callable[[Scene], Coroutine[None, None, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    async def main(scenario: Scenario, workers: int) -> None:
        scene = Scene(tmp_path, workers)
        try:
            async with asyncio.timeout(20):
                await scenario(scene)
        finally:
            await scene.close()

    def run(scenario: Scenario, workers: int = 1) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(scenario, workers))

    return run


Play = Callable[..., None]


def told(worker: ScriptedMediaWorker) -> list[type[MediaCommand]]:
    return [type(command) for command in worker.commands if not isinstance(command, HoldPort)]


def connect(stream: MediaStream, port: int = 4000) -> None:
    stream.connect(
        remote=HostPort("127.0.0.1", port),
        codec="PCMA",
        payload_type=8,
        telephone_event=101,
        ptime_ms=20,
        sends=True,
        receives=True,
    )


def recording(left: StreamId, name: str = "r1") -> Recording:
    return Recording(
        recording_id=RecordingId(name), call_id=CALL, path=f"/{name}.wav", left=left, right=None, started_at=1.0
    )


async def bridged(scene: Scene) -> tuple[MediaStream, MediaStream]:
    """A caller and an agent, as their worker knows them."""
    caller = await scene.client.open_stream(CALL)
    agent = await scene.client.open_stream(CALL, near=caller)
    connect(caller, 4000)
    connect(agent, 4002)
    caller.hear(agent)
    agent.hear(caller)
    worker = scene.workers[caller.worker]
    await worker.until(lambda: len(worker.description.hearings) == 2)
    return caller, agent


def test_what_is_adopted_goes_on_and_what_is_not_is_dropped(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, agent = await bridged(scene)
        third = await scene.client.open_stream(CALL)
        kept = [caller.keep(), agent.keep(), third.keep()]
        music = caller.play(["/m.wav"], loop=True, started_at=5.0)
        await scene.worker.until(lambda: bool(scene.worker.description.playbacks))
        before = scene.worker.description.describe()
        assert await scene.next_switch() == []
        assert told(scene.worker) == [GiveAccount]
        caller = scene.client.adopt(kept[0].description, kept[0].worker)
        agent = scene.client.adopt(kept[1].description, kept[1].worker)
        assert caller.playing == music
        assert caller.keep().hearing == kept[0].hearing
        assert (caller.local, caller.worker, caller.call_id) == (
            third.local._replace(port=caller.local.port),
            "media-0",
            CALL,
        )
        with pytest.raises(LocalError, match="adopted already"):
            scene.client.adopt(kept[0].description, kept[0].worker)
        assert told(scene.worker) == [GiveAccount]
        scene.client.settle()
        worker = await scene.described()
        assert told(worker) == [GiveAccount, Describe]
        (after,) = worker.description.describe()
        assert set(worker.description.streams) == {caller.stream_id, agent.stream_id}
        assert (after.hearings, after.playbacks) == (before[0].hearings, before[0].playbacks)
        caller.stop_play()
        agent.drop()
        assert await scene.events.get() == PlayFinished(CALL, caller.stream_id, music, completed=False)
        await worker.until(lambda: not worker.description.hearings)

    play(scenario)


def test_ports_and_ids_of_what_is_adopted_are_nobody_elses(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        streams = [await scene.client.open_stream(CALL) for _ in range(4)]
        streams[3].drop()
        kept = [stream.keep() for stream in streams[:3]]
        await scene.worker.until(lambda: len(scene.worker.description.streams) == 3)
        await scene.next_switch()
        adopted = [scene.client.adopt(one.description, one.worker) for one in kept[:2]]
        opening = asyncio.ensure_future(scene.client.open_stream(CALL))
        await asyncio.sleep(0)
        assert not opening.done()  # nobody has a port before it is known which are taken
        scene.client.settle()
        adopted += [await opening] + [await scene.client.open_stream(CALL) for _ in range(12)]
        assert len({stream.stream_id for stream in adopted}) == len(adopted)
        assert len({stream.local.port for stream in adopted}) == len(adopted)
        assert kept[2].description.port not in {stream.local.port for stream in adopted}  # it rests

    play(scenario)


def test_a_stream_that_its_worker_does_not_know_begins_where_it_would_be(play: Play) -> None:
    """Worker and switch died together."""

    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, agent = await bridged(scene)
        music = agent.play(["/m.wav"], loop=True, started_at=5.0)
        await scene.worker.until(lambda: bool(scene.worker.description.playbacks))
        kept = [agent.keep(), caller.keep()]
        before = scene.worker.description.describe()
        scene.replace_worker()
        assert await scene.next_switch() == []
        for one in kept:
            scene.client.adopt(one.description, one.worker, hearing=one.hearing, playback=one.playback)
        scene.client.settle()
        worker = await scene.described()
        assert worker.description.streams == {stream.stream_id: stream for stream in before[0].streams}
        assert worker.description.hearings == {hearing.stream_id: hearing for hearing in before[0].hearings}
        assert [playback.play_id for playback in worker.description.playbacks.values()] == [music]

    play(scenario)


def test_events_of_the_gap_are_told_in_order_once_all_is_adopted(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, _ = await bridged(scene)
        kept = caller.keep()
        ended = PlayFinished(CALL, caller.stream_id, 77, completed=True)
        of_nobody = PlayFinished(CALL, StreamId(1), 78, completed=True)
        pressed = [DtmfReceived(CALL, caller.stream_id, digit) for digit in "123"]
        scene.worker.waiting_events = [pressed[0], ended, pressed[1], of_nobody]
        await scene.next_switch()
        caller = scene.client.adopt(kept.description, kept.worker)
        scene.client.settle()
        await scene.described()
        scene.worker.emit(pressed[2], ended)
        assert [await scene.events.get() for _ in range(4)] == [pressed[0], ended, pressed[1], pressed[2]]
        assert scene.events.empty()

    play(scenario)


def test_a_worker_that_comes_late_is_asked_all_the_same(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, agent = await bridged(scene)
        worker = scene.workers[caller.worker]
        music = caller.play(["/m.wav"], loop=True, started_at=5.0)
        await worker.until(lambda: bool(worker.description.playbacks))
        others = await scene.client.open_stream(CALL, near=caller)
        kept = caller.keep(), agent.keep()
        await worker.until(lambda: len(worker.description.streams) == 3)
        worker.reads = worker.answers = False  # it hangs for a moment
        scene.client.settle()
        assert await scene.next_switch(within_s=0.05) == [worker_name(scene, worker)]
        late = scene.client.adopt(kept[0].description, kept[0].worker)
        scene.client.adopt(kept[1].description, kept[1].worker)
        scene.client.settle()
        worker.answers = True
        worker.resume_reading()
        await scene.described(late.worker)
        assert list(worker.description.streams) == [late.stream_id, kept[1].description.stream_id]
        assert others.stream_id not in worker.description.streams
        assert len(worker.description.hearings) == 2
        assert late.playing == music

    play(scenario, workers=2)


def worker_name(scene: Scene, worker: ScriptedMediaWorker) -> str:
    return next(name for name, one in scene.workers.items() if one is worker)


def test_recordings_that_nobody_adopts_are_completed(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, _ = await bridged(scene)
        one, other, lost = (recording(caller.stream_id, name) for name in ("r1", "r2", "r3"))
        masked = msgspec.structs.replace(one, masked_until=9e9)
        scene.client.start_recording(masked)
        scene.client.start_recording(other)
        await scene.worker.until(lambda: len(scene.worker.description.recordings) == 2)
        kept = caller.keep()
        await scene.next_switch()
        with pytest.raises(LocalError):
            scene.client.adopt_recording(lost)
        scene.client.adopt(kept.description, kept.worker)
        scene.client.adopt_recording(one)
        scene.client.settle()
        worker = await scene.described()
        assert list(worker.description.recordings.values()) == [masked]
        over = [RecordingFinished(CALL, each.recording_id, each.path, 1.0, 32044) for each in (other, one)]
        worker.emit(over[0])
        assert await scene.events.get() == over[0]
        scene.client.stop_recording(one.recording_id)
        await worker.until(lambda: not worker.description.recordings)
        worker.emit(over[1])
        assert await scene.events.get() == over[1]

    play(scenario)


def test_conferences_fax_ports_and_feeds_are_adopted(play: Play, tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, agent = await bridged(scene)
        room = scene.client.open_room(caller)
        room.set_members(caller, agent)
        fax_port = await scene.client.open_fax_port(caller)
        fax_port.aim(HostPort("127.0.0.1", 4444))
        feed = scene.client.open_feed(str(tmp_path / "streamer"), 8000)
        feed.give(caller, caller, agent, masked_until=0.0)
        await scene.worker.until(lambda: bool(scene.worker.description.feeds))
        before = scene.worker.description.describe()
        kept = caller.keep(), agent.keep(), fax_port.keep(), feed.keep()
        await scene.next_switch()
        callers, agents = (scene.client.adopt(one.description, one.worker) for one in kept[:2])
        taken = scene.client.adopt_room(room.room_id, room.worker, [])
        assert taken.members == [callers, agents]
        faxes = scene.client.adopt_fax_port(callers, kept[2])
        feeds = scene.client.adopt_feed(kept[3], callers.worker)
        scene.client.settle()
        worker = await scene.described()
        assert worker.description.describe() == before
        taken.remove(agents)
        faxes.drop()
        feeds.drop()
        await worker.until(lambda: not worker.description.feeds)
        assert not worker.description.fax_ports
        assert [room.members for room in worker.description.rooms.values()] == [[callers.stream_id]]

    play(scenario)


def test_a_worker_that_does_not_know_the_question_is_told_what_was_kept(
    play: Play,
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, _ = await bridged(scene)
        kept = caller.keep()
        scene.worker.refuse = lambda command: "unknown" if isinstance(command, GiveAccount) else ""
        assert await scene.next_switch() == []
        scene.client.adopt(kept.description, kept.worker)
        scene.client.settle()
        worker = await scene.described()
        assert list(worker.description.streams.values()) == [kept.description]

    play(scenario)


def test_to_learn_after_a_worker_was_told_is_a_mistake(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        await scene.described()
        await scene.client.open_stream(CALL)
        with pytest.raises(LocalError, match="told already"):
            await scene.client.learn(1.0)
        with pytest.raises(LocalError, match="media-7"):
            scene.client.adopt(
                StreamDescription(
                    stream_id=StreamId(1), call_id=CALL, local_ip="127.0.0.1", port=1, ssrc=1, sequence=1, timestamp=1,
                    started_at=1.0,
                ),
                "media-7",
            )  # fmt: skip

    play(scenario)


def test_how_far_the_partys_packets_came_is_told_to_whoever_goes_on(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.start()
        caller, _ = await bridged(scene)
        came = SrtpPosition(caller.stream_id, 7, 70_000)
        report = StreamReport(CALL, caller.stream_id, Quality(), VoiceFacts(), came)
        scene.worker.emit(StreamReports([report]))
        stranger = msgspec.structs.replace(report, position=SrtpPosition(StreamId(1), 7, 1))
        scene.worker.emit(StreamReports([stranger]), DtmfReceived(CALL, caller.stream_id, "1"))
        await scene.events.get()
        await scene.events.get()
        kept = caller.keep()
        assert kept.position == came
        scene.replace_worker()
        worker = await scene.described()
        assert list(worker.description.positions.values()) == [came]
        scene.replace_worker()
        await scene.next_switch()
        scene.client.adopt(kept.description, kept.worker, position=kept.position)
        scene.client.settle()
        worker = await scene.described()
        assert list(worker.description.positions.values()) == [came]
        await scene.next_switch()
        adopted = scene.client.adopt(kept.description, kept.worker)
        assert adopted.keep().position == came
        adopted.drop()
        assert not adopted.link.description.positions

    play(scenario)
