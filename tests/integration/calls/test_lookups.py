"""Lookups over real HTTP: whatever the server does, the flow has an answer within the deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from aiohttp import web

from softswitch.acd.limits import HOOK_FAILURES_MAX, HOOK_REST_S
from softswitch.base.errors import LocalError
from softswitch.calls.limits import LOOKUP_ANSWER_BYTES_MAX
from softswitch.calls.lookups import Lookup
from softswitch.calls.outcomes import LookupAnswer
from softswitch.calls.runtime.lookups import Lookups
from softswitch.testing.clock import ManualClock

pytestmark = pytest.mark.network

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Story = Callable[["Crm"], Awaitable[None]]


class Crm:
    """A service and its client; what is asked is noted."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.lookups = Lookups(self.clock)
        self.asked: list[tuple[str, bytes, dict[str, str]]] = []
        self.url = ""

    def configure(self, **changes: object) -> None:
        lookup = {"url": f"{self.url}?number={{calling_number}}", "deadline_s": 5.0, **changes}
        self.lookups.configure({"crm": Lookup(**lookup)})  # pyright: ignore[reportArgumentType]

    async def ask(self, number: str = "+74951234567") -> LookupAnswer:
        return await self.lookups.ask("crm", {"calling_number": number})


def play(answer: Answer, story: Story) -> None:
    async def run() -> None:
        crm = Crm()

        async def serve(request: web.Request) -> web.StreamResponse:
            crm.asked.append((request.query.get("number", ""), await request.read(), dict(request.headers)))
            return await answer(request)

        app = web.Application()
        app.router.add_route("*", "/who", serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        crm.url = f"http://127.0.0.1:{port}/who"
        crm.configure()
        try:
            await story(crm)
        finally:
            await crm.lookups.stop()
            await runner.cleanup()

    asyncio.run(run())


async def eva(_: web.Request) -> web.StreamResponse:
    return web.json_response(text='{"name": "Eva", "balance": 1203.70, "vip": true}')


def test_a_customer_is_found() -> None:
    async def story(crm: Crm) -> None:
        answer = await crm.ask()
        assert answer.is_found
        assert (answer.text("name"), answer.number("balance"), answer.is_true("vip")) == (
            "Eva",
            Decimal("1203.70"),
            True,
        )
        assert crm.asked[0][0] == "+74951234567"
        assert crm.lookups.counts()["crm"].found == 1

    play(eva, story)


def test_post_is_signed_and_headers_are_sent() -> None:
    async def story(crm: Crm) -> None:
        crm.configure(is_post=True, secret="s3cret", headers={"X-Key": "abc"})
        await crm.ask()
        _, body, headers = crm.asked[0]
        assert body == b'{"calling_number":"+74951234567"}'
        assert headers["X-Key"] == "abc"
        assert headers["X-Softswitch-Signature"].startswith("sha256=")

    play(eva, story)


@pytest.mark.parametrize("status", [204, 404])
def test_nobody_is_known(status: int) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async def story(crm: Crm) -> None:
        assert await crm.ask() == LookupAnswer()
        assert crm.lookups.counts()["crm"].failed == 0

    play(answer, story)


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        ({"status": 500}, "it answers 500"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "it answers 302"),
        ({"text": "<html>"}, "no JSON object"),
        ({"text": "[1]"}, "no JSON object"),
        ({"body": b"{" + b" " * LOOKUP_ANSWER_BYTES_MAX + b"}"}, "more than"),
    ],
)
def test_an_answer_that_is_none(response: dict[str, object], fault: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(**response)  # pyright: ignore[reportArgumentType]

    async def story(crm: Crm) -> None:
        answer = await crm.ask()
        assert not answer.is_found
        assert fault in answer.fault

    play(answer, story)


def test_one_that_hangs_costs_its_deadline_and_is_left_alone_after_some_times() -> None:
    hanging = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        await hanging.wait()
        return web.Response()

    async def story(crm: Crm) -> None:
        crm.configure(deadline_s=0.02)
        for _ in range(HOOK_FAILURES_MAX):
            assert (await crm.ask()).fault == "no answer within 0.02 s"
        assert "left alone" in (await crm.ask()).fault
        assert len(crm.asked) <= HOOK_FAILURES_MAX
        assert crm.lookups.is_resting("crm")
        hanging.set()
        crm.clock.advance(HOOK_REST_S)
        await crm.ask()
        assert crm.lookups.counts()["crm"].skipped == 1

    play(answer, story)


def test_nobody_listens() -> None:
    async def story(crm: Crm) -> None:
        crm.lookups.configure({"crm": Lookup(url="http://127.0.0.1:1/")})
        assert "Cannot connect" in (await crm.ask()).fault

    play(eva, story)


def test_an_answer_is_remembered_for_its_time() -> None:
    async def story(crm: Crm) -> None:
        crm.configure(remember_s=60.0)
        await crm.ask()
        await crm.ask()
        await crm.ask("+1")
        assert len(crm.asked) == 2
        crm.clock.advance(60)
        await crm.ask()
        assert len(crm.asked) == 3
        assert crm.lookups.counts()["crm"].remembered == 1

    play(eva, story)


def test_a_lookup_that_does_not_exist_is_named_with_those_that_do() -> None:
    async def story(crm: Crm) -> None:
        with pytest.raises(LocalError, match='there is no lookup "cmr"; known: crm'):
            await crm.lookups.ask("cmr", {})

    play(eva, story)
