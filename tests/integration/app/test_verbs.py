"""Verbs of flows between real processes: what no other test of real calls uses. Keys are RFC 4733 events."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from softswitch.base.address import HostPort
from softswitch.control.protocol.rows import AgentRow, CallRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.store.schema import Cdr
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
CALLER = "+74951234567"
FLOWS = """
from softswitch.dialplan import Call, flow


@flow
async def reception(call: Call) -> None:
    await call.ring()
    await call.pause(0.2)
    if not call.is_open("office") or call.listed("blocked"):
        await call.reject(603)
    customer = await call.look_up("crm", order=4711)
    call.variables["name"] = customer.text("name")
    call.tag("balance", str(customer.number("balance")))
    call.tag("region", f"{call.region} {call.region_of('+4930')}")
    call.tag("trunk says", call.header("user-agent") or "nothing")
    await call.enlist("known", note="called", for_s=3600)
    call.tag("note", call.listed("known").note)
    await call.delist("known")
    call.tag("gone", str(call.listed("known")))
    call.tag("spelt", await call.run("spell", name=call.variables["name"]))
    await call.transfer("310")


@flow
async def spell(call: Call, *, name: str = "") -> str:
    return " ".join(name)


@flow
async def second(call: Call) -> None:
    call.tag("name", call.variables["name"])
    await call.start_recording()
    message = await call.record(limit_s=10, beep=False)
    call.tag("message", f"{message.ended_by} {message.duration_s:.1f}")
    await call.mask_recording(20)
    card = await call.gather(maximum=4, timeout_s=10)
    await call.resume_recording()
    call.tag("card", card.digits)
    await call.stop_recording()
    await call.survey("csat", scale=5)
    await call.hang_up()


@flow
async def back(call: Call) -> None:
    call.tag("promised", str(await call.request_callback(queue="support")))


@flow
async def support(call: Call) -> None:
    await call.queue("support")
"""
ROUTES = {
    "300": "reception",
    "310": "second",
    "320": "agent_line",
    "330": "back",
    "340": "support",
    "*85!": "desk_log_in",
    "*86": "desk_log_out",
}


def files(port: int, crm: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "16000-17999"\nworkers = 2\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\npin = "4711"\n'
        f'[[phone]]\nid = "desk"\npassword = "{PASSWORD}"\nnumber = "102"\n',
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 0\ncallbacks = {through = "desk"}\n',
        "numbers.toml": "".join(
            f'[[route]]\nnumber = "{dialled}"\nflow = "{name}"\n' for dialled, name in ROUTES.items()
        ),
        "schedules.toml": '[[schedule]]\nid = "office"\nhours = {daily = ["00:00-24:00"]}\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\nhost = "127.0.0.2"\nprefix = "+"\n'
        'permitted_callers = ["desk"]\n',
        "callers.toml": '[[list]]\nid = "known"\n[[list]]\nid = "blocked"\nnumbers = ["+1900!"]\n'
        '[[region]]\nid = "moscow"\nprefixes = ["+7495"]\n[[region]]\nid = "germany"\nprefixes = ["+49"]\n',
        "lookups.toml": f'[[lookup]]\nid = "crm"\nurl = "http://127.0.0.1:{crm}/who?number={{calling_number}}&order={{order}}"\n',
        "dialplans/verbs.py": FLOWS,
    }


@contextlib.asynccontextmanager
async def customer_service(port: int) -> AsyncGenerator[list[str]]:
    """It knows Eva; what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        return web.Response(text='{"name": "Eva", "balance": 12.30}')

    app = web.Application()
    app.router.add_get("/who", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield asked
    finally:
        await runner.cleanup()


def speech(path: Path) -> str:
    at = np.arange(2 * 8000) / 8000
    write_wav(path, (0.2 * np.sin(2 * np.pi * 440 * at)).astype(np.float32))
    return str(path)


class Story:
    def __init__(self, switch: RunningSwitch, phones: Phones, desk: Phone, folder: Path) -> None:
        self.switch = switch
        self.phones = phones
        self.desk = desk
        self.folder = folder

    def agent(self) -> AgentRow:
        with self.switch.control() as client:
            return client.agents()[0]

    def flows(self) -> list[CallRow]:
        with self.switch.control() as client:
            return client.calls()

    async def until_flow(self, name: str, state: str = "") -> None:
        def is_there() -> bool:
            return any(call.flow == name and state in ("", call.state) for call in self.flows())

        await asyncio.to_thread(self.switch.wait_until, is_there, 20)

    async def call(self, number: str) -> Line:
        line = await self.phones.dial(number, calling_number=CALLER)
        assert await line.answered(), number
        return line


async def known_and_surveyed(story: Story) -> None:
    caller = await story.call("300")
    await story.until_flow("second")
    caller.say([speech(story.folder / "speech.wav")])
    await asyncio.wait_for(caller.silent(), 10)
    caller.press_events("#")
    await asyncio.sleep(0.5)
    caller.press_events("4711")
    await asyncio.sleep(1.5)
    caller.press_events("5")
    await asyncio.wait_for(caller.ended(), 20)


async def at_a_desk(story: Story) -> None:
    """Anna works at a phone that is not hers, with her line open."""
    seat = await story.desk.dial("*85*101")
    assert await seat.answered()
    await asyncio.sleep(1.0)
    seat.press_events("4711#")
    await asyncio.wait_for(seat.ended(), 20)
    assert story.agent().status == "ready"
    line = await story.desk.dial("320")
    assert await line.answered()
    caller = await story.call("340")
    await story.until_flow("support", "talking")
    line.press_events("*")
    await asyncio.wait_for(caller.ended(), 10)
    line.hang_up()
    await asyncio.wait_for(line.ended(), 10)
    assert story.agent().status == "logged_out"


async def called_back(story: Story) -> None:
    await asyncio.wait_for((await story.phones.dial("330", calling_number=CALLER)).ended(), 10)
    with story.switch.control() as client:
        (row,) = client.callbacks()
    assert (row.number, row.queue_id) == (CALLER, "support")
    assert row.state != "over"


def test_verbs(tmp_path: Path) -> None:
    port, crm = free_port(), free_port()

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with (
            customer_service(crm) as asked,
            Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones,
        ):
            story = Story(switch, phones, await phones.register("desk", PASSWORD), tmp_path)
            await known_and_surveyed(story)
            await at_a_desk(story)
            await called_back(story)
            assert asked == ["/who?number=%2B74951234567&order=4711"]

    with RunningSwitch(tmp_path / "centre", files(port, crm)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        records = {cdr.flow: cdr for cdr in store.cdrs.ascending()}
    assert not any(cdr.fault for cdr in records.values())
    check_tags(records)


def check_tags(records: dict[str, Cdr]) -> None:
    first, second = records["reception"], records["second"]
    assert first.tags["balance"] == "12.30"
    assert first.tags["region"] == "moscow germany"
    assert (first.tags["note"], first.tags["gone"], first.tags["spelt"]) == ("called", "None", "E v a")
    assert (second.tags["name"], second.tags["card"], second.scores) == ("Eva", "4711", {"csat": 5})
    assert second.tags["message"].startswith("# ")
    assert len(second.recordings) == 2
    assert second.end_reason == "completed"
    assert records["back"].tags["promised"] == "True"
