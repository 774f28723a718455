"""Menus, texts and sums between real processes: keys as RFC 4733 events, and what a caller hears of it all."""

import asyncio
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.control.protocol.replies import Reloaded
from softswitch.control.protocol.requests import Reload
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

RATE_HZ = 8000
LOUD = 500
"""Amplitudes of speech are above it, those of silence far below."""

FLOWS = """
from decimal import Decimal

from softswitch.dialplan import Call, flow, spoken


@flow
async def balance(call: Call) -> None:
    await call.say(f"Number {call.called_number}.")
    await call.play(spoken.money(Decimal("21.50"), "RUB"))
    await call.play("shop/nothing")


@flow
async def spinning(call: Call) -> None:
    await call.answer()
    while True:
        await call.play()
"""

MENUS = """
[[menu]]
id = "main"
text = "To hear nothing, press one. To hear more, press two."
keys = {"1" = "hangup", "2" = ["tag:topic=money", "menu:more"]}

[[menu]]
id = "more"
prompt = "shop/more"
keys = {"10x" = "flow:balance", "*" = "back"}
"""


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "16000-17999"\nworkers = 1\n',
        "numbers.toml": '[[route]]\nnumber = "600"\nflow = "main"\n[[route]]\nnumber = "601"\nflow = "spinning"\n'
        '[[route]]\nnumber = "602"\nflow = "balance"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "menus.toml": MENUS,
        "prompts.toml": '[en]\n"shop/more" = "Dial the number of your account, which begins with ten."\n',
        "dialplans/balance.py": FLOWS,
    }


def speaks(path: Path, begin_s: float, end_s: float) -> float:
    """Which part of the tenths of a second in between somebody spoke."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0]
    between = sound[int(begin_s * RATE_HZ) : int(end_s * RATE_HZ)]
    tenths = np.abs(between[: len(between) // 800 * 800].reshape(-1, 800).astype(int)).max(axis=1)
    return float((tenths > LOUD).mean())


async def through_the_menus(folder: Path, phones: Phones) -> None:
    caller = await phones.dial("600", calling_number="+15550100")
    assert await caller.answered()
    began_at = time.monotonic()
    caller.record(str(folder / "heard.wav"))
    await asyncio.sleep(1.5)
    caller.press("2")
    await asyncio.sleep(1.0)
    caller.press("101")
    typed_s = time.monotonic() - began_at + 1.0
    await asyncio.wait_for(caller.ended(), 30)
    over_s = time.monotonic() - began_at
    assert await caller.recorded() is not None
    assert speaks(folder / "heard.wav", 0.3, 1.5) > 0.5, "the menu is heard"
    assert speaks(folder / "heard.wav", typed_s, over_s - 0.5) > 0.4, "the text, the sum and the missing prompt are"
    spinning = await phones.dial("601", calling_number="+15550100")
    await asyncio.wait_for(spinning.ended(), 30)


def test_a_caller_types_his_way_through_menus_and_hears_what_nobody_has_recorded(tmp_path: Path) -> None:
    port = free_port()

    async def run() -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            await through_the_menus(tmp_path, phones)

    async def run_again() -> None:
        async with Phones(HostPort("127.0.0.1", port), folder=tmp_path / "phones", trunk_host="127.0.0.2") as phones:
            caller = await phones.dial("602", calling_number="+15550100")
            await asyncio.wait_for(caller.ended(), 30)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run())
        status = switch.status()
        assert status is not None
        assert [(row.name, row.language, row.times) for row in status.missing_prompts] == [("shop/nothing", "en", 1)]
        with (switch.directory / "prompts.toml").open("a", encoding="utf-8") as prompts:
            prompts.write('"shop/nothing" = "Nothing else."\n')
        with switch.control() as client:
            reloaded = client.ask(Reload(), Reloaded)
        assert reloaded.changes == ["prompts.en.shop/nothing: added"]
        asyncio.run(run_again())
        status = switch.status()
        assert status is not None
        assert status.missing_prompts == [], "it has words now"
    with switch.store() as store:
        through_menus, spun, again = list(store.cdrs.ascending())
    assert (through_menus.end_reason, through_menus.fault) == ("completed", "")
    assert through_menus.tags == {"topic": "money", "menu": "main:2 more:101"}
    assert spun.fault.startswith("the flow loops without waiting")
    assert "balance.py" in spun.fault
    assert (again.end_reason, again.fault) == ("completed", "")
    assert "there is no such sound" in switch.log()
