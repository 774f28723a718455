"""The web process beside a real switch: every route under random requests, and its death during a call."""

import asyncio
import hashlib
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from softswitch.base.address import HostPort
from softswitch.testing.certificates import Authority
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
KEY = "ssw_everything"
SLOW = ("explain_call", "make_report", "make_bill", "simulate", "check_configuration", "list_audit")
"""Operations that take processes or time of their own; other tests ask them."""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"
)


class WebSwitch(RunningSwitch):
    """A switch with a web process."""

    def __init__(self, directory: Path) -> None:
        self.sip_port, self.web_port = free_port(), free_port()
        phones = "".join(
            f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{number}"\n'
            for name, number in (("anna", "101"), ("boris", "102"))
        )
        agent = f'[[agent]]\nid = "clara"\npassword = "{PASSWORD}"\nnumber = "103"\nteams = ["first"]\n'
        files = {
            "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{self.sip_port}"]\n'
            '[media]\nip = "127.0.0.1"\nports = "14000-15999"\nworkers = 1\n'
            f'[web]\nenabled = true\nlisten = "127.0.0.1:{self.web_port}"\n'
            "requests_per_s = 100000\naddress_requests_per_s = 100000\n",
            "agents.toml": agent + phones,
            "queues.toml": '[[queue]]\nid = "support"\ndispositions = ["sold"]\n',
            "callers.toml": '[[list]]\nid = "vip"\n',
            "numbers.toml": '[[route]]\nnumber = "1xx"\nflow = "extension"\n',
            "users.toml": f'[[key]]\nid = "all"\nrole = "admin"\nhash = "{hashlib.sha256(KEY.encode()).hexdigest()}"\n',
        }
        super().__init__(directory, files)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def get(self, path: str) -> Any:
        """None while nothing answers."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {KEY}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def wait_for_web(self) -> None:
        self.wait_until(lambda: self.get("/api/v1/health") is not None, 120)


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSwitch]:
    running = WebSwitch(tmp_path_factory.mktemp("web") / "centre")
    with running:
        running.wait_for_web()
        yield running
    assert "Traceback" not in running.log()


def test_status_says_where_it_is(switch: WebSwitch) -> None:
    status = switch.status()
    assert status is not None
    assert status.web is not None
    assert (status.web.url, status.web.pid) == (switch.url, switch.pid("web"))


def test_it_gives_way_to_the_switch(switch: WebSwitch) -> None:
    assert os.getpriority(os.PRIO_PROCESS, switch.pid("web")) == 10


def test_killing_it_and_flooding_it_costs_a_call_nothing(switch: WebSwitch, tmp_path: Path) -> None:
    asyncio.run(_call_during_murder(switch, tmp_path))
    switch.wait_for_web()
    switch.wait_until(lambda: bool(switch.get("/api/v1/cdrs?limit=1")["rows"]), 30)
    (row,) = switch.get("/api/v1/cdrs?limit=1")["rows"]
    assert (row["end_reason"], row["called_number"]) == ("completed", "102")


async def _call_during_murder(switch: WebSwitch, folder: Path) -> None:
    async with Phones(HostPort("127.0.0.1", switch.sip_port), folder=folder) as phones:
        anna, boris = [await phones.register(name, PASSWORD) for name in ("anna", "boris")]
        calling = await anna.dial("102")
        called = await asyncio.wait_for(boris.next_call(), 10)
        await called.answer()
        assert await calling.answered()
        (before,) = switch.get("/api/v1/calls")["rows"]
        flood = [await _hang_on(switch) for _ in range(200)]
        killed = switch.kill("web")
        await asyncio.to_thread(switch.wait_until, lambda: switch.pid("web") not in (0, killed), 120)
        await asyncio.to_thread(switch.wait_for_web)
        (after,) = switch.get("/api/v1/calls")["rows"]
        assert (after["call_id"], after["state"]) == (before["call_id"], "talking")
        for writer in flood:
            writer.transport.abort()
        calling.hang_up()
        await asyncio.wait_for(called.ended(), 10)


async def _hang_on(switch: WebSwitch) -> asyncio.StreamWriter:
    """A client that begins a request and goes no further."""
    _, writer = await asyncio.open_connection("127.0.0.1", switch.web_port)
    writer.write(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n{")
    return writer


def test_it_speaks_tls_alone_and_without_a_switch(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    files = authority.issue("web", ["127.0.0.1"])
    port = free_port()
    (tmp_path / "run").mkdir()
    (tmp_path / "softswitch.toml").write_text(
        f'[web]\nenabled = true\nlisten = "127.0.0.1:{port}"\ncertificate = "{files.certificate}"\n'
        f'private_key = "{files.private_key}"\n'
    )
    trust = ssl.create_default_context(cafile=authority.ca)
    process = subprocess.Popen([sys.executable, "-m", "softswitch.web", str(tmp_path)])
    try:
        assert _first_answer(f"https://127.0.0.1:{port}/api/v1/health", trust) == {"status": "ok"}
        assert _first_answer(f"http://127.0.0.1:{port}/api/v1/health", None, tries=1) is None
        again = [sys.executable, "-m", "softswitch.web", str(tmp_path)]
        taken = subprocess.run(again, capture_output=True, text=True, timeout=60, check=False)
        assert taken.returncode == 1
        assert "cannot be listened at" in taken.stderr
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def _first_answer(url: str, trust: ssl.SSLContext | None, *, tries: int = 300) -> Any:
    """None if there is none."""
    for _ in range(tries):
        try:
            with urllib.request.urlopen(url, timeout=5, context=trust) as answer:
                return json.load(answer)
        except (OSError, HTTPException):
            time.sleep(0.1)
    return None


def test_what_has_happened_comes_over_a_websocket(switch: WebSwitch, tmp_path: Path) -> None:
    asyncio.run(_one_call(switch, tmp_path))
    url = f"{switch.url.replace('http', 'ws', 1)}/api/v1/events?after=0&kinds=call,phone"
    kinds: list[str] = []
    numbers: list[int] = []
    with connect(url, additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
        while kinds.count("call.ended") == 0 or kinds[-1] != "call.ended":
            frame = json.loads(socket.recv(timeout=10))
            kinds += [each["event"]["type"] for each in frame["events"]]
            numbers += [each["number"] for each in frame["events"]]
    assert numbers == sorted(set(numbers))
    assert {"phone.registered", "call.began", "call.ringing", "call.answered", "call.bridged"} <= set(kinds)
    with connect(url.replace("kinds=call,phone", "kinds=calls")) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def _one_call(switch: WebSwitch, folder: Path) -> None:
    async with Phones(HostPort("127.0.0.1", switch.sip_port), folder=folder) as phones:
        anna, boris = [await phones.register(name, PASSWORD) for name in ("anna", "boris")]
        calling = await anna.dial("102")
        called = await asyncio.wait_for(boris.next_call(), 10)
        await called.answer()
        assert await calling.answered()
        calling.hang_up()
        await asyncio.wait_for(called.ended(), 10)
    await asyncio.to_thread(switch.wait_until, lambda: not switch.get("/api/v1/calls")["rows"], 10)


def test_random_requests_of_every_route_are_answered_as_is_written(switch: WebSwitch, tmp_path: Path) -> None:
    """The last one here: what was ordered at random (a ban, a forward) would hold for the tests after it."""
    described = switch.get("/openapi.json")
    for path in described["paths"].values():
        for operation in path.values():
            # The same key with another request is refused; other tests are about that.
            operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "Idempotency-Key"]
    (tmp_path / "openapi.json").write_text(json.dumps(described))
    excluded = [argument for name in SLOW for argument in ("--exclude-operation-id", name)]
    arguments = [
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", switch.url),
        *("--header", f"Authorization: Bearer {KEY}", "--phases", "coverage,fuzzing", "--max-examples", "2"),
        *("--checks", CHECKS, "--seed", "1", "--max-time", "20", "--no-color", *excluded),
    ]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    status = switch.status()
    assert status is not None
    assert status.web is not None
    assert status.web.pid
