"""A routing hook of a running switch, over real HTTP and SIP: who is rung is whom the hook leaves, in time."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from softswitch.base.address import HostPort
from softswitch.control.protocol.rows import QueueRow
from softswitch.control.runtime.client import ControlClient
from softswitch.testing.phones import Line, Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
SECRET = "between the two of us"
DEADLINE_S = 0.5


def files(sip_port: int, hook_port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{sip_port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": "".join(
            f'[[agent]]\nid = "{name}"\npassword = "{PASSWORD}"\nauto_login = true\n' for name in ("anna", "boris")
        ),
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 0\n'
        f'hook = {{url = "http://127.0.0.1:{hook_port}/decide", deadline_ms = 500, secret = "{SECRET}"}}\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


class Hook:
    """A service that says what the test wants; "late" answers when the deadline is over."""

    def __init__(self) -> None:
        self.replies: list[str] = []
        self.questions: list[dict[str, Any]] = []

    async def decide(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = request.headers["X-Softswitch-Timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Softswitch-Signature"]):
            raise web.HTTPForbidden
        question = msgspec.json.decode(body)
        self.questions.append(question)
        reply = self.replies.pop(0)
        if reply == "late":
            await asyncio.sleep(2 * DEADLINE_S)
            reply = "choose"
        return web.json_response({"verdict": reply, "agent": question["others"][0] if reply == "choose" else None})

    async def start(self, port: int) -> web.AppRunner:
        app = web.Application()
        app.add_routes([web.post("/decide", self.decide)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner


async def rung(agents: Mapping[str, Phone]) -> tuple[str, Line]:
    """Whose phone rings first, and with what."""
    waits = {asyncio.ensure_future(phone.next_call()): name for name, phone in agents.items()}
    done, others = await asyncio.wait(waits, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    (first,) = done
    return waits[first], first.result()


def queue(switch: RunningSwitch) -> QueueRow:
    with switch.control() as client:
        (row,) = client.queues()
    return row


def states(client: ControlClient) -> list[str]:
    return [row.state for row in client.agents()]


async def until(switch: RunningSwitch, condition: Callable[[ControlClient], bool]) -> None:
    def holds() -> bool:
        with switch.control() as client:
            return condition(client)

    await asyncio.to_thread(switch.wait_until, holds, 10.0)


def test_who_is_rung_is_whom_the_hook_leaves(tmp_path: Path) -> None:
    sip_port, hook_port = free_port(), free_port()
    hook = Hook()

    async def call(
        switch: RunningSwitch, phones: Phones, agents: Mapping[str, Phone], *replies: str
    ) -> tuple[str, list[dict[str, Any]]]:
        """Who answered, and what the hook was asked, while both were free."""
        await until(switch, lambda client: states(client) == ["ready", "ready"])
        hook.replies, hook.questions = list(replies), []
        caller = await phones.dial("100", calling_number="+15550100")
        name, line = await rung(agents)
        await line.answer()
        assert await caller.answered()
        await until(switch, lambda client: "busy" in states(client))
        caller.hang_up()
        await asyncio.wait_for(line.ended(), 10)
        return name, hook.questions

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        agents = {name: await phones.register(name, PASSWORD) for name in ("anna", "boris")}
        name, (question,) = await call(switch, phones, agents, "choose")
        assert [name] == question["others"], "another than the switch would have taken"
        assert (question["queue"], question["caller"], question["vetoes"]) == ("support", "+15550100", 0)

        name, (first, second) = await call(switch, phones, agents, "veto", "accept")
        assert name == second["agent"] != first["agent"]
        assert (second["vetoes"], second["contact"]) == (1, first["contact"])

        loop = asyncio.get_running_loop()
        began_at = loop.time()
        name, (question,) = await call(switch, phones, agents, "late")
        assert name == question["agent"], "the switch's own decision stands"
        assert loop.time() - began_at > DEADLINE_S

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        runner = await hook.start(hook_port)
        try:
            async with Phones(HostPort("127.0.0.1", sip_port), folder=folder, host="127.0.0.2") as phones:
                await scenario(switch, phones)
        finally:
            await runner.cleanup()

    with RunningSwitch(tmp_path / "centre", files(sip_port, hook_port)) as switch:
        asyncio.run(run(switch))
        row = queue(switch)
        assert row.hook is not None
        assert (row.hook.chosen, row.hook.vetoed, row.hook.accepted, row.hook.late) == (1, 1, 1, 1)
        assert (row.offered, row.answered) == (3, 3)
    assert "Traceback" not in switch.log()
