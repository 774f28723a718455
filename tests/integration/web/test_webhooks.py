"""Webhooks against a real server: signed, in order, again after failures and restarts, set aside and sent again."""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from click.testing import CliRunner
from litestar.testing import TestClient

from softswitch.base.clock import SystemClock
from softswitch.base.ids import CallId
from softswitch.calls.told.call_events import RecordingEnded
from softswitch.calls.told.events import TrunkUp
from softswitch.cli.main import main
from softswitch.config import load_settings
from softswitch.testing.runtime.free_ports import free_port
from softswitch.web.runtime.building import WebParts
from tests.integration.web.conftest import Api, bearer, make_directory
from tests.integration.web.telling import TellingSwitch, share_store, wait_until

pytestmark = pytest.mark.network

SECRET = "0123456789abcdef-secret"


class Receiver:
    """A CRM. `answer` says with which status it answers the events with these numbers."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answer: Callable[[list[int]], int] = lambda numbers: 200
        self.accepted: list[int] = []
        self.deliveries: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.unsigned = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = request.headers["X-Softswitch-Timestamp"].encode() + b"." + body
        digest = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        self.unsigned += not hmac.compare_digest(digest, request.headers["X-Softswitch-Signature"])
        read = msgspec.json.decode(body)
        numbers = [each["number"] for each in read["events"]]
        status = self.answer(numbers)
        self.deliveries.append(request.headers["X-Softswitch-Delivery"])
        if status == 200:
            self.accepted += numbers
            self.bodies.append(read)
        return web.Response(status=status)

    async def _begin(self) -> None:
        application = web.Application()
        application.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(5)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Place:
    def __init__(self, directory: Path, switch: TellingSwitch, receiver: Receiver) -> None:
        self.directory = directory
        self.switch = switch
        self.receiver = receiver

    def configure(self, more: str = "") -> None:
        (self.directory / "webhooks.toml").write_text(
            f'[[webhook]]\nid = "crm"\nurl = "http://127.0.0.1:{self.receiver.port}/hook"\n'
            f'secret = "{SECRET}"\nbatch = 4\n{more}'
        )

    @contextmanager
    def web_process(self) -> Generator[Api]:
        parts = WebParts(str(self.directory), load_settings(self.directory), SystemClock())
        with TestClient(parts.application) as api:
            wait_until(lambda: bool(states(api)) and states(api)[0]["cursor"] is not None)
            yield api


def states(api: Api) -> list[dict[str, Any]]:
    return api.get("/api/v1/webhooks", headers=bearer("admin")).json()["rows"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    directory = make_directory(tmp_path)
    switch, receiver = TellingSwitch(), Receiver()
    switch.run_in(directory)
    receiver.start()
    share_store(switch, monkeypatch)
    monkeypatch.setattr("softswitch.web.runtime.webhooks.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("softswitch.web.delivery.BACKOFF_FIRST_S", 0.02)
    yield Place(directory, switch, receiver)
    receiver.stop()
    switch.end()


def test_what_is_wanted_goes_out_signed_and_in_order(place: Place) -> None:
    place.configure('kinds = ["call.answered", "recording"]\nproject = "acme"\n')
    place.switch.tell_calls(3)  # before there was a webhook
    with place.web_process():
        place.switch.tell_calls(6)
        place.switch.tell((TrunkUp(1.0, "provider", "health"), ""))
        place.switch.tell_calls(1, "bolt")
        ended = RecordingEnded(1.0, "r1", CallId("c1"), "/var/r1.wav", 1.0, 5.0)  # type: ignore[arg-type]
        place.switch.tell((ended, "acme"))
        wait_until(lambda: len(place.receiver.accepted) == 7)
    assert place.receiver.accepted == [4, 5, 6, 7, 8, 9, 12]
    assert place.receiver.unsigned == 0
    assert all(len(body["events"]) <= 4 and body["webhook"] == "crm" for body in place.receiver.bodies)
    assert "/var" not in str(place.receiver.bodies), "where files lie is nobody's business outside"


def test_failures_cost_nothing_and_a_restart_goes_on_at_the_cursor(place: Place) -> None:
    place.configure()
    failures = iter([500, 503, 429, 500])
    place.receiver.answer = lambda numbers: next(failures, 200)
    with place.web_process() as api:
        place.switch.tell_calls(10)
        wait_until(lambda: place.receiver.accepted == list(range(1, 11)))
        assert len(set(place.receiver.deliveries[:5])) <= 2, "the same delivery, until it is taken"
        wait_until(lambda: states(api)[0]["cursor"] == 10)
        (state,) = states(api)
        assert (state["delivered"], state["failed"], state["behind"], state["dead"]) == (10, 4, 0, 0)
    place.switch.tell_calls(1500)  # nobody sends anything meanwhile
    with place.web_process():
        wait_until(lambda: len(place.receiver.accepted) >= 1510, 60)
    assert place.receiver.accepted == list(range(1, 1511))


def test_who_fails_is_shown_until_it_is_well_also_by_the_command_line(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> dict[str, Any]:
        result = CliRunner().invoke(main, ["webhooks", "--json"])
        return msgspec.json.decode(result.stdout)[0]

    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(place.directory))
    monkeypatch.setattr("softswitch.web.delivery.FAILURES_TO_REST", 3)
    monkeypatch.setattr("softswitch.web.delivery.REST_S", 600.0)
    place.configure()
    place.receiver.answer = lambda numbers: 503
    with place.web_process() as api:
        (well,) = states(api)
        assert (well["failing_since"], well["failed_at"], well["retry_s"], well["waiting"]) == (None, None, None, 0)
        place.switch.tell_calls(5)
        wait_until(lambda: states(api)[0]["state"] == "resting")
        (state,) = states(api)
        assert (state["failed"], state["waiting"], state["dead"], state["last_fault"]) == (3, 5, 0, "it answers 503")
        assert state["failing_since"] <= state["failed_at"]
        assert 200 < state["retry_s"] <= 900
    line = shown()
    assert (line["is_resting"], line["waiting"], line["dead"]) == (True, 5, 0)
    assert (line["failing_since"], line["last_fault"]) == (state["failing_since"], "it answers 503")
    assert " resting " in CliRunner().invoke(main, ["webhooks"]).stdout
    place.receiver.answer = lambda numbers: 200 if place.receiver.deliveries[4:] else 500
    with place.web_process() as api:
        assert states(api)[0]["failing_since"] == line["failing_since"], "a restart forgets nothing"
        wait_until(lambda: len(place.receiver.accepted) == 5)
        wait_until(lambda: states(api)[0]["failing_since"] is None)
    assert (shown()["failing_since"], shown()["last_fault"]) == (None, "")
    assert " well " in CliRunner().invoke(main, ["webhooks"]).stdout


def test_what_is_refused_is_set_aside_and_sent_again_when_asked_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure()
    place.receiver.answer = lambda numbers: 400 if {2, 5} & set(numbers) else 200
    with place.web_process() as api:
        place.switch.tell_calls(6)
        wait_until(lambda: states(api)[0]["dead"] == 2 and states(api)[0]["cursor"] == 6)
        assert place.receiver.accepted == [1, 3, 4, 6]
        dead = api.get("/api/v1/webhooks/crm/dead", headers=bearer("admin")).json()["rows"]
        assert [(row["number"], row["kind"], row["reason"]) for row in dead] == [
            (2, "call.answered", "it answers 400"),
            (5, "call.answered", "it answers 400"),
        ]
        place.receiver.answer = lambda numbers: 200
        again = api.post("/api/v1/webhooks/crm/replay", json={"number": 5}, headers=bearer("admin"))
        assert again.json() == {"events": 1}
        wait_until(lambda: place.receiver.accepted[-1] == 5 and states(api)[0]["dead"] == 1)
        assert api.get("/api/v1/webhooks/none/dead", headers=bearer("admin")).status_code == 404
    # The list survives the process; the command line has it too.
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(place.directory))
    shown = CliRunner().invoke(main, ["webhooks", "dead", "crm", "--json"])
    assert [row["number"] for row in msgspec.json.decode(shown.stdout)] == [2]
    assert "crm" in CliRunner().invoke(main, ["webhooks"]).stdout
    assert CliRunner().invoke(main, ["webhooks", "replay", "crm"]).stdout.startswith("1 events")
    with place.web_process() as api:
        wait_until(lambda: place.receiver.accepted[-1] == 2 and states(api)[0]["dead"] == 0)
    assert CliRunner().invoke(main, ["webhooks", "discard", "crm"]).stdout.startswith("0 events")
    assert CliRunner().invoke(main, ["webhooks", "dead", "none"]).exit_code == 2
