"""Programs that take the connection and then do nothing: one that answers no ping, one that reads nothing at all."""

import asyncio
import base64
import hashlib
import socket
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from softswitch.base.ids import FeedId
from softswitch.media.feeds.orders import Dial, Fact, ProgramConnected, ProgramLeft, ProgramLost
from softswitch.media.runtime.feeds import connection
from softswitch.media.runtime.feeds.connection import Connection

pytestmark = pytest.mark.network

FRAME = np.zeros((2, 320), np.int16)
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PING_EVERY_S", 0.2)
    monkeypatch.setattr(connection, "PONG_WITHIN_S", 0.3)
    monkeypatch.setattr(connection, "TAKES_WITHIN_S", 0.4)
    monkeypatch.setattr(connection, "LEAVE_S", 0.1)


class Peers:
    """A server that takes every connection, and what becomes of feeds to it."""

    def __init__(self, *, reads: bool) -> None:
        self._reads = reads
        self.facts: list[Fact] = []
        self.fed = 0
        self._ends = asyncio.Event()

    async def __aenter__(self) -> "Peers":
        listening = socket.socket()
        if not self._reads:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listening.bind(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        self._server = await asyncio.start_server(self._take, sock=listening, limit=4096)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ends.set()
        self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        key = next(line.partition(": ")[2] for line in head if line.lower().startswith("sec-websocket-key"))
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode(), usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade"
        writer.write(f"HTTP/1.1 101 Yes\r\n{upgrade}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        while self._reads and await reader.read(4096):
            pass  # and says nothing
        await self._ends.wait()
        writer.close()

    async def feed(self, *, returns: bool, until: type[Fact], a_turn: int = 1) -> Fact:
        """Give the program sound until this is said of it."""
        program = Connection(
            Dial(feed_id=FeedId(1), url=self.url, returns=returns, rate_hz=16000),
            say=self.facts.append,
            flush=lambda _: None,
        )
        running = asyncio.ensure_future(program.run())
        async with asyncio.timeout(10.0):
            while not any(isinstance(fact, until) for fact in self.facts):
                for _ in range(a_turn):
                    self.fed += 1
                    program.link.heard(self.fed, 0, FRAME)
                program.after_input()
                await asyncio.sleep(0.005)
            program.leave("over")
            await running
        self.counts = program.link.counts
        return next(fact for fact in self.facts if isinstance(fact, until))


def test_one_that_answers_no_ping_is_lost_and_the_reason_is_said() -> None:
    async def run() -> None:
        async with Peers(reads=True) as peers:
            left = await peers.feed(returns=False, until=ProgramLeft)
            assert isinstance(left, ProgramLeft)
            assert (left.reason, left.fault) == ("lost", "it is silent: a ping was not answered within 0.3 s")
            assert left.counts.sent > 10
            assert isinstance(peers.facts[0], ProgramConnected)

    asyncio.run(run())


@pytest.fixture
def pings_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing goes through any more: such a ping waits for ever, and so does what waits for its answer."""
    monkeypatch.setattr(connection, "PING_EVERY_S", 2.0)


@pytest.mark.usefixtures("pings_come_late")
def test_one_that_reads_nothing_at_all_is_given_up_though_not_even_a_ping_gets_through() -> None:
    async def run() -> None:
        async with Peers(reads=False) as peers:
            left = await peers.feed(returns=False, until=ProgramLeft, a_turn=50)
            assert isinstance(left, ProgramLeft)
            assert (left.reason, left.fault) == (
                "lost",
                "it reads nothing: of what it is sent it has taken nothing for 0.4 s",
            )
            assert left.counts.dropped > 100, "what waits for it has a bound"
            assert left.counts.sent + left.counts.dropped <= peers.fed

    asyncio.run(run())


@pytest.mark.usefixtures("pings_come_late")
def test_one_that_only_listens_is_dialled_again_after_that() -> None:
    async def run() -> None:
        async with Peers(reads=False) as peers:
            lost = await peers.feed(returns=True, until=ProgramLost, a_turn=50)
            assert isinstance(lost, ProgramLost)
            assert lost.fault.startswith("it reads nothing")
            (left,) = [fact for fact in peers.facts if isinstance(fact, ProgramLeft)]
            assert (left.reason, left.fault) == ("closed", "")

    asyncio.run(run())
