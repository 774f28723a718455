"""Routing hooks over real HTTP: whatever the server does, the question ends, and the log has a line."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from softswitch.acd.inputs import RoutingAnswered
from softswitch.acd.limits import HOOK_ANSWER_BYTES_MAX, HOOK_ASKED_AT_ONCE_MAX, HOOK_FAILURES_MAX, HOOK_REST_S
from softswitch.acd.model import Channel
from softswitch.acd.outputs import RoutingAsked, RoutingSettled
from softswitch.acd.runtime.hook_client import HookClient, HookTarget
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.certificates import Authority

pytestmark = pytest.mark.network

SALES = QueueId("sales")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def question(number: int = 1) -> RoutingAsked:
    return RoutingAsked(
        ReservationId(number),
        AgentId("ann"),
        ContactId(f"c{number}"),
        SALES,
        0.2,
        (AgentId("bob"),),
        Channel.VOICE,
        1,
        12.3456,
        5.0,
        {"en": 3},
        0,
        "+7495",
        "+7495",
        "100",
    )


class SetClock:
    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at + 1_700_000_000.0


class Hook:
    """A client, and a server that does what the test says."""

    def __init__(self, serve: Serve, secret: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._serve = serve
        self._secret = secret
        self.clock = SetClock()
        self.answers: list[RoutingAnswered] = []
        self.answered = asyncio.Event()
        self.connections = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "Hook":
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        port = self.server.sockets[0].getsockname()[1]
        scheme = "http" if self._tls is None else "https"
        self.client = HookClient(self._take, self.clock, asyncio.get_running_loop())
        self.client.configure({SALES: HookTarget(f"{scheme}://127.0.0.1:{port}/route", self._secret)})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()
        self.server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _take(self, answer: RoutingAnswered) -> None:
        self.answers.append(answer)
        self.answered.set()

    async def ask(self, number: int = 1) -> RoutingAnswered:
        self.answered.clear()
        self.client.ask(question(number))
        await asyncio.wait_for(self.answered.wait(), 10)
        return self.answers[-1]


async def request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
    headers = {name.lower(): value for name, value in lines}
    return headers, await reader.readexactly(int(headers["content-length"]))


def answering(content: bytes, status: str = "200 OK") -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)

    return serve


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"verdict": "accept"}', RoutingAnswered(ReservationId(1), "accept")),
        (b'{"verdict": "accept", "agent": "bob"}', RoutingAnswered(ReservationId(1), "accept")),
        (
            b'{"verdict": "choose", "agent": "bob", "reason": "his customer", "more": [1]}',
            RoutingAnswered(ReservationId(1), "choose", AgentId("bob"), "his customer"),
        ),
        (b'{"verdict": "veto", "reason": "no"}', RoutingAnswered(ReservationId(1), "veto", None, "no")),
        (b'{"verdict": "veto", "agent": null, "reason": null}', RoutingAnswered(ReservationId(1), "veto")),
    ],
)
def test_what_a_hook_can_say(content: bytes, expected: RoutingAnswered) -> None:
    async def story() -> None:
        async with Hook(answering(content)) as hook:
            assert await hook.ask() == expected
            await hook.ask(2)
            assert hook.connections == 1, "it is kept"

    run(story())


def test_no_content_is_consent() -> None:
    async def story() -> None:
        async with Hook(answering(b"", "204 No Content")) as hook:
            assert (await hook.ask()).verdict == "accept"

    run(story())


def test_what_it_is_asked_and_that_it_is_we_who_ask() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def story() -> None:
        async with Hook(serve, secret="s3cret-between-us") as hook:
            await hook.ask()

    run(story())
    headers, body = seen[0]
    assert msgspec.json.decode(body) == {
        "version": 1,
        "reservation": 1,
        "contact": "c1",
        "queue": "sales",
        "channel": "voice",
        "agent": "ann",
        "others": ["bob"],
        "step": 1,
        "waited_s": 12.346,
        "boost_s": 5.0,
        "skills": {"en": 3},
        "vetoes": 0,
        "customer": "+7495",
        "caller": "+7495",
        "called": "100",
        "deadline_ms": 200,
    }
    assert headers["x-softswitch-timestamp"] == "1700001000"
    signed = hmac.new(b"s3cret-between-us", b"1700001000." + body, hashlib.sha256).hexdigest()
    assert headers["x-softswitch-signature"] == f"sha256={signed}"


@pytest.mark.parametrize(
    ("serve", "fault"),
    [
        (answering(b"oops", "500 Internal Server Error"), "it answers 500"),
        (answering(b"", "302 Found\r\nLocation: http://127.0.0.1:1/"), "it answers 302"),
        (answering(b"{"), "its answer cannot be read"),
        (answering(b"\xff\xfe"), "its answer cannot be read"),
        (answering(b'{"verdict": "perhaps"}'), "its answer cannot be read"),
        (answering(b'{"verdict": "choose"}'), "it chooses, but names no agent"),
        (answering(b"[" * HOOK_ANSWER_BYTES_MAX), "its answer cannot be read"),
    ],
)
def test_an_answer_that_makes_no_sense(serve: Serve, fault: str) -> None:
    async def story() -> None:
        async with Hook(serve) as hook:
            answer = await hook.ask()
            assert (answer.verdict, answer.reason.startswith(fault)) == ("failed", True), answer.reason

    run(story())


def test_an_answer_without_end_is_read_no_further_than_it_may_be() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    async def story() -> None:
        async with Hook(serve) as hook:
            assert (await hook.ask()).reason.startswith("its answer has more than")

    run(story())


@pytest.mark.parametrize(
    "said", [b"", b"SIP/2.0 200 OK\r\n\r\n", b"\x00" * 100_000, b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000]
)
def test_a_server_that_speaks_no_http(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(said)
        await writer.drain()

    async def story() -> None:
        async with Hook(serve) as hook:
            answer = await hook.ask()
            assert answer.verdict == "failed"
            assert answer.reason
            assert "\n" not in answer.reason

    run(story())


def test_a_slow_one_is_given_up_when_the_router_does() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await asyncio.Event().wait()

    async def story() -> None:
        async with Hook(serve) as hook:
            hook.client.ask(question())
            await asyncio.sleep(0)
            hook.client.settle(RoutingSettled(ReservationId(1), ContactId("c1"), is_late=True))
            hook.client.settle(RoutingSettled(ReservationId(1), ContactId("c1"), is_late=True))
            for number in range(2, HOOK_FAILURES_MAX + 1):
                hook.client.ask(question(number))
                hook.client.settle(RoutingSettled(ReservationId(number), ContactId("c1"), is_late=True))
            assert hook.answers == []
            assert (await hook.ask(99)).verdict == "skipped"

    run(story())


def test_one_that_fails_again_and_again_is_left_alone_and_tried_again() -> None:
    works = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n" if works else b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    async def story() -> None:
        nonlocal works
        async with Hook(serve) as hook:
            for number in range(HOOK_FAILURES_MAX):
                assert (await hook.ask(number)).verdict == "failed"
            works = True
            assert await hook.ask(50) == RoutingAnswered(ReservationId(50), "skipped", reason="it has failed too often")
            hook.clock.at += HOOK_REST_S
            assert (await hook.ask(51)).verdict == "accept"
            assert (await hook.ask(52)).verdict == "accept"

    run(story())


def test_nobody_listens() -> None:
    async def story() -> None:
        async with Hook(answering(b"")) as hook:
            hook.client.configure({SALES: HookTarget("http://127.0.0.1:1/")})
            assert (await hook.ask()).verdict == "failed"

    run(story())


def test_only_so_many_at_once_and_a_stop_ends_them() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def story() -> None:
        async with Hook(serve) as hook:
            for number in range(HOOK_ASKED_AT_ONCE_MAX):
                hook.client.ask(question(number))
            assert hook.answers == []
            hook.client.ask(question(9999))
            assert [answer.reason for answer in hook.answers] == ["too many questions at once"]
        assert len(hook.answers) == 1

    run(story())


def test_a_queue_that_has_lost_its_hook_asks_nobody() -> None:
    async def story() -> None:
        async with Hook(answering(b"")) as hook:
            hook.client.configure({})
            assert (await hook.ask()).verdict == "skipped"

    run(story())


def test_a_certificate_nobody_vouches_for_is_no_hook(tmp_path: Path) -> None:
    files = Authority(tmp_path).issue("hook", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.private_key)

    async def story() -> None:
        async with Hook(answering(b"", "204 No Content"), tls=context) as hook:
            answer = await hook.ask()
            assert answer.verdict == "failed"
            assert "ssl" in answer.reason.lower()
            assert hook.connections == 0, "no question was put"

    run(story())
