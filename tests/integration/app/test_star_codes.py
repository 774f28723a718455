"""Every code that can be dialled does what it says, over real SIP. Those of breaks, of calls to people who were busy,
of the last caller and of taking over are in test_codes.py; of parking in test_extensions.py; of voicemail in
test_voicemail.py and test_shipped_dialplans.py."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet
from softswitch.control.protocol.requests import SuperviseAgent
from softswitch.control.protocol.rows import AgentRow, CallRow, PhoneRow
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.short_prompts import replace_prompts

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
SOON_S = 15.0
PHONES = {"ben": "102", "eve": "103", "dan": "104", "fay": "105", "olga": "110"}
ROUTES = {
    "100": "support",
    "1xx": "extension",
    "*!": "star_codes",
    "#!": "star_codes",
    "*51!": "supervise_listen",
    "*52!": "supervise_whisper",
    "*53!": "supervise_barge",
    "*54!": "supervise_follow",
    "*85!": "desk_log_in",
    "*86": "desk_log_out",
    "*87!": "desk_pause",
    "*88": "desk_resume",
}
FLOWS = """
from softswitch.dialplan import Call, flow

@flow
async def support(call: Call) -> None:
    await call.queue("support")
"""
FORWARDS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "ben": [
        ("*21*103#", {"always": "103"}),
        ("#21", {}),
        ("*67*103", {"busy": "103"}),
        ("#67", {}),
        ("*61*103*15#", {"no_answer": "103"}),
        ("#61", {}),
        ("*62*103", {"unregistered": "103"}),
        ("#62", {}),
    ],
    "eve": [
        ("*72104", {"always": "104"}),
        ("*73", {}),
        ("*90104", {"busy": "104"}),
        ("*91", {}),
        ("*92104", {"no_answer": "104"}),
        ("*93", {}),
        ("*94104", {"unregistered": "104"}),
        ("*95", {}),
    ],
    "dan": [
        ("*21103", {"always": "103"}),
        ("*61103", {"always": "103", "no_answer": "103"}),
        ("*#21", {"always": "103", "no_answer": "103"}),
        ("#002", {}),
    ],
}
"""What each dials, one after the other, and what is forwarded then."""


def files(port: int) -> dict[str, str]:
    def phone(name: str, number: str) -> str:
        rest = 'supervises = ["west"]\n' if name == "olga" else ""
        return (
            f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{number}"\nintercom = true\n'
            f'pickup_groups = ["office"]\n{rest}'
        )

    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "14000-15999"\nworkers = 1\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\nteams = ["west"]\n'
        + "".join(phone(name, number) for name, number in PHONES.items()),
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 0\n',
        "numbers.toml": "".join(
            f'[[route]]\nnumber = "{number}"\nflow = "{flow}"\n' for number, flow in ROUTES.items()
        ),
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/codes.py": FLOWS,
    }


class Story:
    def __init__(self, switch: RunningSwitch, phones: Phones, people: dict[str, Phone]) -> None:
        self.switch = switch
        self.phones = phones
        self.people = people

    def phone(self, name: str) -> PhoneRow:
        with self.switch.control() as client:
            return next(row for row in client.phones() if row.username == name)

    def agent(self) -> AgentRow:
        with self.switch.control() as client:
            return client.agents()[0]

    def calls(self) -> list[CallRow]:
        with self.switch.control() as client:
            return client.calls()

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(round(SOON_S / 0.05)):
            if condition():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("not in time")

    async def code(self, name: str, number: str) -> None:
        """Dial a code and listen to the end of what is said."""
        line = await self.people[name].dial(number)
        assert await asyncio.wait_for(line.answered(), SOON_S), number
        assert (await asyncio.wait_for(line.ended(), SOON_S)).by == "them", number

    async def rung(self, name: str) -> Line:
        return await asyncio.wait_for(self.people[name].next_call(), SOON_S)


async def forwards(story: Story, name: str) -> None:
    for dialled, expected in FORWARDS[name]:
        await story.code(name, dialled)
        assert story.phone(name).forwards == expected, dialled


async def switches(story: Story) -> None:
    for dialled, is_on in (("*26", True), ("#26", False), ("*78", True), ("*79", False)):
        await story.code("fay", dialled)
        assert story.phone("fay").do_not_disturb is is_on, dialled
    for dialled, is_on in (("#43", False), ("*43", True), ("*71", False), ("*70", True)):
        await story.code("fay", dialled)
        assert story.phone("fay").call_waiting is is_on, dialled


async def work(story: Story) -> None:
    for dialled, status in (("*85", "ready"), ("*87", "not_ready"), ("*88", "ready"), ("*86", "logged_out")):
        await story.code("anna", dialled)
        assert story.agent().status == status, dialled


async def calls_of_others(story: Story) -> None:
    """The intercom, a colleague's call that is picked up, and somebody who is not waited for any more."""
    speaking = await story.people["ben"].dial("*80104")
    at_dan = await story.rung("dan")
    assert "answer-after" in str(at_dan.headers), "its phone is to answer by itself"
    await at_dan.answer()
    assert await asyncio.wait_for(speaking.answered(), SOON_S)

    assert not story.phone("dan").forwards
    await story.code("dan", "#43")
    refused = await story.people["eve"].dial("104")
    assert not await asyncio.wait_for(refused.answered(), SOON_S)
    await story.code("eve", "*37")
    await story.code("eve", "#37")
    speaking.hang_up()
    await asyncio.wait_for(at_dan.ended(), SOON_S)

    caller = await story.phones.dial("104", calling_number="+15550100")
    at_dan = await story.rung("dan")
    answering = await story.people["fay"].dial("**104")
    assert await asyncio.wait_for(caller.answered(), SOON_S)
    assert await asyncio.wait_for(answering.answered(), SOON_S)
    await asyncio.wait_for(at_dan.ended(), SOON_S)
    answering.hang_up()
    await asyncio.wait_for(caller.ended(), SOON_S)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(story.people["eve"].next_call(), 3)


async def supervisors(story: Story) -> None:
    def supervised(mode: str) -> bool:
        return any(call.supervisors == {"olga": mode} for call in story.calls())

    async def served() -> tuple[Line, Line]:
        caller = await story.phones.dial("100", calling_number="+15550111")
        at_anna = await story.rung("anna")
        await at_anna.answer()
        assert await asyncio.wait_for(caller.answered(), SOON_S)
        return caller, at_anna

    await story.code("anna", "*85")
    caller, at_anna = await served()
    for dialled, mode in (("*51101", "listen"), ("*52101", "whisper"), ("*53101", "barge"), ("*54101", "listen")):
        line = await story.people["olga"].dial(dialled)
        await story.until(lambda mode=mode: supervised(mode))
        if dialled != "*54101":
            line.hang_up()
            await story.until(lambda: not any(call.supervisors for call in story.calls()))
    caller.hang_up()
    await asyncio.wait_for(at_anna.ended(), SOON_S)
    caller, at_anna = await served()
    await story.until(lambda: supervised("listen"))
    line.hang_up()
    caller.hang_up()
    await asyncio.wait_for(at_anna.ended(), SOON_S)

    # The same by command.
    with story.switch.control() as client:
        client.ask(SuperviseAgent(AgentId("anna"), "olga", "whisper", is_following=True), AgentSet)
    at_olga = await story.rung("olga")
    await at_olga.answer()
    caller, at_anna = await served()
    await story.until(lambda: supervised("whisper"))
    at_olga.press_events("0")
    await asyncio.wait_for(at_olga.ended(), SOON_S)
    caller.hang_up()


def test_every_code(tmp_path: Path) -> None:
    port = free_port()
    replace_prompts(tmp_path / "centre")

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            people = {name: await phones.register(name, PASSWORD) for name in ("anna", *PHONES)}
            story = Story(switch, phones, people)
            await asyncio.gather(*(forwards(story, name) for name in FORWARDS), switches(story), work(story))
            await asyncio.gather(calls_of_others(story), supervisors(story))

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        assert not any(cdr.fault for cdr in store.cdrs.ascending())
