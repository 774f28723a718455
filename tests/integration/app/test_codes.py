"""Codes and keys between real processes, keys as RFC 4733 events: supervisors, breaks, commands while talking, calls to
people who were busy, the last caller, calls that are screened."""

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.control.protocol.rows import AgentRow, CallRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.short_prompts import replace_prompts

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
RATE_HZ, TONE_HZ = 8000, 440.0
ROUTES = {
    "100": "support",
    "200": "screened",
    "1xx": "extension",
    "*!": "star_codes",
    "#!": "star_codes",
    "*51!": "supervise_listen",
    "*87!": "desk_pause",
    "*88": "desk_resume",
    "*89": "desk_done",
}
FLOWS = """
from softswitch.dialplan import Call, flow

@flow
async def support(call: Call) -> None:
    await call.queue("support")

@flow
async def screened(call: Call) -> None:
    await call.dial("102", screened=True)
"""


def files(port: int) -> dict[str, str]:
    one_line = "call_waiting = false\ncalls_max = 1\n"
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "14000-15999"\nworkers = 2\n'
        '[agents]\nnot_ready_reasons = ["lunch", "training"]\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\nteams = ["west"]\n'
        "auto_login = true\ncall_keys = true\n"
        f'[[phone]]\nid = "boris"\npassword = "{PASSWORD}"\nnumber = "102"\n{one_line}'
        f'[[phone]]\nid = "olga"\npassword = "{PASSWORD}"\nnumber = "103"\nsupervises = ["west"]\n',
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 60\nrecord = "on_demand"\n',
        "numbers.toml": "".join(
            f'[[route]]\nnumber = "{number}"\nflow = "{flow}"\n' for number, flow in ROUTES.items()
        ),
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/codes.py": FLOWS,
    }


def tone(path: Path) -> str:
    at = np.arange(RATE_HZ) / RATE_HZ
    write_wav(path, (0.1 * np.sin(2 * np.pi * TONE_HZ * at)).astype(np.float32))
    return str(path)


def has_tone(path: Path) -> list[bool]:
    """In each quarter of a second."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0].astype(np.float64)
    step = RATE_HZ // 4
    basis = np.exp(-2j * np.pi * TONE_HZ * np.arange(step) / RATE_HZ)
    pieces = [sound[at : at + step] for at in range(0, len(sound) - step + 1, step)]
    return [bool(2 * abs(np.mean(piece * basis)) > 1000) for piece in pieces]


class Story:
    """The switch and the phones."""

    def __init__(self, switch: RunningSwitch, phones: Phones, anna: Phone, boris: Phone, olga: Phone) -> None:
        self.switch = switch
        self.phones = phones
        self.anna, self.boris, self.olga = anna, boris, olga

    async def until(self, condition: Callable[[], bool]) -> None:
        await asyncio.to_thread(self.switch.wait_until, condition, 20)

    def agent(self) -> AgentRow:
        with self.switch.control() as client:
            (row,) = client.agents()
            return row

    def calls(self) -> list[CallRow]:
        with self.switch.control() as client:
            return client.calls()

    async def code(self, phone: Phone, number: str) -> None:
        """Dial a code and listen to the end of what is said."""
        line = await phone.dial(number)
        assert await line.answered(), number
        await asyncio.wait_for(line.ended(), 20)

    async def served(self) -> tuple[Line, Line]:
        """A caller, and anna who talks to him."""
        caller = await self.phones.dial("100", calling_number="+15550100")
        assert await caller.answered()
        at_anna = await asyncio.wait_for(self.anna.next_call(), 10)
        await at_anna.answer()
        await self.until(lambda: any(call.state == "talking" for call in self.calls()))
        return caller, at_anna


async def supervised_and_taken_over(story: Story) -> None:
    caller, at_anna = await story.served()
    olga = await story.olga.dial("*51101")
    assert await olga.answered()
    for keys, mode in (("", "listen"), ("5", "whisper"), ("6", "barge")):
        if keys:
            olga.press_events(keys)
        await story.until(lambda mode=mode: any(call.supervisors == {"olga": mode} for call in story.calls()))
    olga.press_events("7")
    await asyncio.wait_for(at_anna.ended(), 10)
    await story.until(lambda: [call.state for call in story.calls()] == ["talking"])
    caller.hang_up()
    await asyncio.wait_for(olga.ended(), 10)


async def work_by_code(story: Story) -> None:
    await story.until(lambda: bool(story.agent().wrap_ups))
    await story.code(story.anna, "*89")
    await story.until(lambda: story.agent().state == "ready")
    await story.code(story.anna, "*872")
    assert (story.agent().status, story.agent().reason) == ("not_ready", "training")
    await story.code(story.anna, "*88")
    await story.until(lambda: story.agent().state == "ready")


async def commands_while_talking(story: Story) -> None:
    caller, at_anna = await story.served()
    at_anna.press_events("*1")
    await story.until(lambda: any(call.recording for call in story.calls()))
    at_anna.press_events("*2102#")
    at_boris = await asyncio.wait_for(story.boris.next_call(), 15)
    await at_boris.answer()
    await asyncio.wait_for(at_anna.ended(), 10)

    # Boris talks, and is wanted.
    busy = await story.olga.dial("102")
    assert not await busy.answered()
    await story.code(story.olga, "*37")
    caller.hang_up()
    await asyncio.wait_for(at_boris.ended(), 10)
    at_olga = await asyncio.wait_for(story.olga.next_call(), 15)
    await at_olga.answer()
    at_boris = await asyncio.wait_for(story.boris.next_call(), 15)
    await at_boris.answer()
    at_olga.hang_up()
    await asyncio.wait_for(at_boris.ended(), 10)


async def asked_before(story: Story, folder: Path) -> None:
    """Boris is asked, and asked again, then all three talk, and anna leaves: boris hears the caller when he is to."""
    await story.code(story.anna, "*89")
    await story.until(lambda: story.agent().state == "ready")
    caller, at_anna = await story.served()
    caller.say([tone(folder / "caller.wav")], loop=True)
    at_anna.press_events("*3102#")
    at_boris = await asyncio.wait_for(story.boris.next_call(), 15)
    await at_boris.answer()
    await asyncio.sleep(0.8)
    for keys in ("*4", "*4", "*1"):
        at_anna.press_events(keys)
        await asyncio.sleep(0.8)
    await asyncio.wait_for(at_boris.ended(), 10)

    at_anna.press_events("*3102#")
    at_boris = await asyncio.wait_for(story.boris.next_call(), 15)
    await at_boris.answer()
    at_boris.record(str(folder / "boris.wav"))
    await asyncio.sleep(1.0)
    at_anna.press_events("*3")
    await asyncio.sleep(1.5)
    at_anna.hang_up()
    await asyncio.sleep(1.0)
    at_boris.hang_up()
    await asyncio.wait_for(caller.ended(), 10)
    assert await at_boris.recorded() is not None
    heard = has_tone(folder / "boris.wav")
    assert not any(heard[:4]), "the caller waits"
    assert all(heard[-7:-2]), "he is heard by all, and then by boris alone"


async def screened_and_called_back(story: Story) -> None:
    caller = await story.olga.dial("200")
    at_boris = await asyncio.wait_for(story.boris.next_call(), 10)
    await at_boris.answer()
    at_boris.press_events("1")
    assert await caller.answered()
    caller.hang_up()
    await asyncio.wait_for(at_boris.ended(), 10)

    # Who was that?
    back = await story.boris.dial("*69")
    assert await back.answered()
    back.press_events("1")
    at_olga = await asyncio.wait_for(story.olga.next_call(), 15)
    await at_olga.answer()
    back.hang_up()
    await asyncio.wait_for(at_olga.ended(), 10)


def test_codes_and_keys(tmp_path: Path) -> None:
    port = free_port()
    replace_prompts(tmp_path / "centre")

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            names = ("anna", "boris", "olga")
            story = Story(switch, phones, *[await phones.register(name, PASSWORD) for name in names])
            await story.until(lambda: story.agent().status == "ready")
            await supervised_and_taken_over(story)
            await work_by_code(story)
            await commands_while_talking(story)
            await screened_and_called_back(story)
            await asked_before(story, tmp_path)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        cdrs = list(store.cdrs.ascending())
    assert not any(cdr.fault for cdr in cdrs)
    assert [each.mode for cdr in cdrs for each in cdr.supervisions] == [
        "listen", "whisper", "barge", "take over", "end",
    ]  # fmt: skip
    assert [cdr.flow for cdr in cdrs].count("call_when_free") == 1
    assert any(cdr.recordings for cdr in cdrs), "on demand"
    (asked,) = [cdr for cdr in cdrs if cdr.consult_s and cdr.linked_calls]
    (first,) = [cdr for cdr in cdrs if cdr.call_id in asked.linked_calls]
    assert (first.agent, first.transferred_to, asked.transferred_by) == ("anna", "102", "anna")
    assert first.hold_s > 2.0
    assert first.answered_at is not None
    of_the_caller = (first.answered_at - first.started_at) + first.queue_wait_s + first.talk_s + asked.talk_s
    assert of_the_caller == pytest.approx(asked.ended_at - first.started_at, abs=0.3)
    of_the_second = asked.ring_s + asked.consult_s + asked.talk_s
    assert of_the_second == pytest.approx(asked.ended_at - asked.started_at, abs=0.3)
    assert asked.chain_id == first.chain_id
