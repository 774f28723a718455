"""One suite for every media worker: the scripted one of the tests and the real process say the same to a switch."""

import asyncio
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, FeedId, RecordingId, RoomId, StreamId
from softswitch.media.description import MediaDescription
from softswitch.media.feeds.feed import Feed
from softswitch.media.limits import HELD_PORTS_MAX
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    Account,
    CommandBatch,
    Describe,
    DropStream,
    EventBatch,
    FaxPort,
    FromWorker,
    GiveAccount,
    Hearing,
    Hello,
    HoldPort,
    MediaCommand,
    Playback,
    PutFaxPort,
    PutRoom,
    PutStream,
    Recording,
    Reply,
    Room,
    SetHearing,
    StartFeed,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamDescription,
    ToWorker,
)
from softswitch.testing.runtime.media_worker import ScriptedMediaWorker

pytestmark = pytest.mark.network

Scenario = Callable[[str], Coroutine[None, None, None]]

HOST = "127.0.0.77"
"""Where nobody else has ports."""

_decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class Switch:
    """The bare end of a connection to a worker."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self._batch_id = 0

    async def connect(self, version: int = PROTOCOL_VERSION) -> Hello:
        """Connect as soon as the worker listens; returns its Hello."""
        while True:
            try:
                self._socket.connect(self._path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.01)
        await self.send(Hello(version, "media-0", 1))
        hello = await self.receive()
        assert isinstance(hello, Hello)
        return hello

    async def send(self, message: ToWorker) -> None:
        await self.send_bytes(msgspec.msgpack.encode(message))

    async def send_bytes(self, packet: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, packet)

    async def receive(self) -> FromWorker | None:
        """The next message that is not an event; None when the worker closed the connection."""
        while True:
            try:
                packet = await asyncio.get_running_loop().sock_recv(self._socket, PACKET_BYTES_MAX)
            except ConnectionResetError:
                return None
            if not packet:
                return None
            message = _decoder.decode(packet)
            if not isinstance(message, EventBatch):
                return message

    async def account(self) -> MediaDescription:
        """What the worker says it does."""
        self._batch_id += 1
        await self.send(CommandBatch(self._batch_id, [GiveAccount()]))
        account = MediaDescription()
        while isinstance(message := await self.receive(), Account):
            assert account.apply(message.part) == ""
        assert message == Reply(self._batch_id, [])
        return account

    async def command(self, *commands: MediaCommand) -> list[int]:
        """Send one batch; returns the indexes of the refused commands."""
        self._batch_id += 1
        await self.send(CommandBatch(self._batch_id, list(commands)))
        reply = await self.receive()
        assert isinstance(reply, Reply)
        assert reply.batch_id == self._batch_id
        assert all(refusal.reason for refusal in reply.refusals)
        return [refusal.index for refusal in reply.refusals]

    def close(self) -> None:
        self._socket.close()


async def with_scripted_worker(path: str, scenario: Scenario) -> None:
    worker = ScriptedMediaWorker(path)
    worker.start()
    try:
        await scenario(path)
    finally:
        worker.die()


async def with_real_worker(path: str, scenario: Scenario) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "softswitch.media.runtime.worker", "--socket", path, "--name", "media-0"
    )
    try:
        await scenario(path)
        assert worker.returncode is None
    finally:
        worker.terminate()
        returncode = await worker.wait()
    assert returncode == 0


@pytest.fixture(params=[with_scripted_worker, with_real_worker], ids=["scripted", "real"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scenario], None]:
    async def main(scenario: Scenario) -> None:
        async with asyncio.timeout(20):
            await request.param(str(tmp_path / "media-0.sock"), scenario)

    return lambda scenario: asyncio.run(main(scenario))


def hold(port: int) -> HoldPort:
    return HoldPort(HostPort(HOST, port))


def put(number: int, port: int, host: str = "127.0.0.1") -> PutStream:
    return PutStream(
        StreamDescription(
            stream_id=StreamId(number),
            call_id=CallId("c"),
            local_ip=host,
            port=port,
            ssrc=number,
            sequence=2,
            timestamp=3,
            started_at=4.0,
        )
    )


def hear(number: int, *sources: int) -> SetHearing:
    return SetHearing(Hearing(StreamId(number), [StreamId(source) for source in sources]))


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def test_hello_is_answered_by_hello(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        hello = await switch.connect()
        assert (hello.version, hello.worker) == (PROTOCOL_VERSION, "media-0")
        assert hello.pid > 0
        switch.close()

    play(scenario)


def test_a_switch_of_another_version_is_told_ours_and_left(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        assert (await switch.connect(version=PROTOCOL_VERSION + 1)).version == PROTOCOL_VERSION
        assert await switch.receive() is None
        switch.close()
        switch = Switch(path)
        await switch.connect()
        switch.close()

    play(scenario)


def test_every_batch_is_answered_and_names_what_was_refused(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        one, two = free_ports(2)
        assert await switch.command(Describe([], [], [], [])) == []
        assert await switch.command() == []
        assert await switch.command(put(1, one), hear(1, 2), put(2, two), hear(1, 2), hear(9, 1)) == [1, 4]
        assert await switch.command(hear(2, 1), hear(1)) == []
        switch.close()

    play(scenario)


def test_what_is_so_already_or_no_longer_is_not_refused(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        (port,) = free_ports(1)
        for _ in range(2):
            assert await switch.command(put(1, port), put(1, port)) == []
            assert await switch.command(StopPlay(StreamId(1), 7), StopRecording(RecordingId("r"))) == []
            assert await switch.command(DropStream(StreamId(1)), DropStream(StreamId(1))) == []
            assert await switch.command(StopPlay(StreamId(1), 7)) == []
        switch.close()

    play(scenario)


def test_a_description_in_parts_replaces_what_was_there(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        one, two, three = free_ports(3)
        assert await switch.command(put(1, one), put(2, two)) == []
        assert await switch.command(Describe([put(2, two).stream], [], [], [], is_last=False)) == []
        assert await switch.command(Describe([put(3, three).stream], [], [], [])) == []
        assert await switch.command(hear(1, 2), hear(2, 3), hear(3, 2)) == [0]
        switch.close()

    play(scenario)


def test_ports_are_held_until_a_stream_has_them_or_everything_is_described(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        first, second = hold(20_000), hold(20_002)
        assert await switch.command(first, first, second) == []
        assert await switch.command(put(1, 20_000, HOST), first, put(2, 20_000, HOST)) == [1, 2]
        assert await switch.command(put(2, 20_002, HOST), DropStream(StreamId(1)), first) == []
        assert await switch.command(*(hold(20_100 + 2 * number) for number in range(HELD_PORTS_MAX - 1))) == []
        assert await switch.command(hold(20_300), first) == [0]
        assert await switch.command(Describe([put(3, 20_000, HOST).stream], [], [], [])) == []
        assert await switch.command(hold(20_002), hold(20_300), first) == [2]
        switch.close()
        switch = Switch(path)
        await switch.connect()
        assert await switch.command(Describe([], [], [], [])) == []
        assert await switch.command(first) == []
        switch.close()

    play(scenario)


@pytest.mark.parametrize("local", [HostPort("127.0.0.77", 0), HostPort("127.0.0.77", 65_535), HostPort("x", 20_000)])
def test_what_is_no_port_is_not_held(play: Callable[[Scenario], None], local: HostPort) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        assert await switch.command(HoldPort(local), hold(20_000)) == [0]
        switch.close()

    play(scenario)


def test_a_new_switch_takes_the_worker_over(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        old = Switch(path)
        await old.connect()
        one, two = free_ports(2)
        assert await old.command(put(1, one), put(2, two)) == []
        new = Switch(path)
        await new.connect()
        assert await old.receive() is None
        assert await new.command(hear(1, 2)) == []  # nothing is dropped before the new switch has said what it wants
        assert await new.command(Describe([], [], [], [])) == []
        assert await new.command(hear(1, 2)) == [0]
        old.close()
        new.close()

    play(scenario)


@pytest.mark.parametrize("packet", [b"junk", b"\x81\xa4type\xa5Reply", b"\xc0"])
def test_a_switch_that_talks_nonsense_is_left(play: Callable[[Scenario], None], packet: bytes) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        await switch.send_bytes(packet)
        assert await switch.receive() is None
        switch.close()
        switch = Switch(path)
        await switch.connect()
        switch.close()

    play(scenario)


def test_a_worker_gives_the_next_switch_account_of_all_it_does(
    play: Callable[[Scenario], None], tmp_path: Path
) -> None:
    ordered = Orders(free_ports(5), str(tmp_path))

    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        assert await switch.command(*ordered.commands, hold(20_000)) == []
        switch.close()
        switch = Switch(path)
        await switch.connect()
        account = await switch.account()
        assert account.streams == {stream.stream_id: stream for stream in ordered.streams}
        assert account.hearings == {StreamId(1): Hearing(StreamId(1), [StreamId(2)], [-3.0])}
        assert account.playbacks == {StreamId(2): ordered.playback}
        assert account.rooms == {RoomId("7"): Room(room_id=RoomId("7"), members=[StreamId(2), StreamId(3)])}
        assert account.recordings == {RecordingId("r"): ordered.recording}
        assert account.fax_ports == {StreamId(8): ordered.fax_port}
        assert account.feeds == {FeedId(9): ordered.feed}
        assert await switch.command(hold(20_000)) == []  # what was held for the last switch is not any more
        assert (await switch.account()).describe() == account.describe()
        assert await switch.command(Describe(account.describe()[0].streams[1:], [], [], [])) == []
        assert list((await switch.account()).streams) == [StreamId(2), StreamId(3)]
        switch.close()

    play(scenario)


def test_what_is_gone_is_not_in_the_account(play: Callable[[Scenario], None]) -> None:
    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        one, two = free_ports(2)
        assert (await switch.account()).describe() == MediaDescription().describe()
        assert await switch.command(put(1, one), put(2, two), hear(1, 2), DropStream(StreamId(2))) == []
        account = await switch.account()
        assert list(account.streams) == [StreamId(1)]
        assert not account.hearings
        switch.close()

    play(scenario)


def test_an_account_larger_than_a_packet_comes_in_parts(play: Callable[[Scenario], None]) -> None:
    ports = range(20_000, 21_000, 2)

    async def scenario(path: str) -> None:
        switch = Switch(path)
        await switch.connect()
        for first in range(0, len(ports), 100):
            some = enumerate(ports[first : first + 100], first)
            assert await switch.command(*(put(number, port, HOST) for number, port in some)) == []
        assert sorted((await switch.account()).streams) == list(range(len(ports)))
        switch.close()

    play(scenario)


class Orders:
    """One of everything that a switch can order."""

    def __init__(self, ports: list[int], folder: str) -> None:
        self.streams = [put(number, port).stream for number, port in zip((1, 2, 3), ports, strict=False)]
        self.playback = Playback(play_id=5, stream_id=StreamId(2), sounds=["tone:425/1000,0/4000"], loop=True)
        self.fax_port = FaxPort(
            port_id=StreamId(8), stream_id=StreamId(1), call_id=CallId("c"), local=HostPort("127.0.0.1", ports[3])
        )
        self.feed = Feed(
            feed_id=FeedId(9), call_id=CallId("c"), socket=f"{folder}/streamer", left=StreamId(1), right=None
        )
        self.recording = Recording(
            recording_id=RecordingId("r"),
            call_id=CallId("c"),
            path=f"{folder}/r.wav",
            left=StreamId(1),
            right=StreamId(2),
            started_at=time.monotonic(),
        )
        self.commands: list[MediaCommand] = [
            *(PutStream(stream) for stream in self.streams),
            SetHearing(Hearing(StreamId(1), [StreamId(2)], [-3.0])),
            StartPlay(self.playback),
            PutRoom(Room(room_id=RoomId("7"), members=[StreamId(2), StreamId(3)])),
            PutFaxPort(self.fax_port),
            StartRecording(self.recording),
            StartFeed(self.feed),
        ]
