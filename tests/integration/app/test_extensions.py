"""Star codes, pickup and parking between real processes: who hears whom, and what is kept over a `kill -9`."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.control.runtime.client import ControlClient
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

RATE_HZ = 8000
PASSWORD = "long-enough-4711"
VOICES_HZ = {"caller": 440.0, "boris": 1000.0}


def files(port: int) -> dict[str, str]:
    def phone(name: str, number: str) -> str:
        return f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{number}"\npickup_groups = ["office"]\n'

    def route(number: str, flow: str) -> str:
        return f'[[route]]\nnumber = "{number}"\nflow = "{flow}"\n'

    routes = {"1xx": "extension", "*!": "star_codes", "#!": "star_codes", "700": "park", "7xx": "retrieve"}
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "12000-13999"\nworkers = 2\n',
        "agents.toml": phone("anna", "101") + phone("boris", "102") + phone("clara", "103"),
        "numbers.toml": "".join(route(number, flow) for number, flow in routes.items()),
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
    }


def tone(path: Path, frequency_hz: float) -> str:
    """So long that a recording of it, when it was said, holds the half second that is looked at."""
    at = np.arange(int(1.5 * RATE_HZ)) / RATE_HZ
    write_wav(path, (0.1 * np.sin(2 * np.pi * frequency_hz * at)).astype(np.float32))
    return str(path)


def last_voices(path: Path) -> set[str]:
    """Who is heard in the last half second but one of a recording."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0].astype(np.float64)
    heard, at = sound[-RATE_HZ : -RATE_HZ // 2], np.arange(RATE_HZ // 2) / RATE_HZ
    amplitudes = {name: 2 * abs(np.mean(heard * np.exp(-2j * np.pi * hz * at))) for name, hz in VOICES_HZ.items()}
    return {name for name, amplitude in amplitudes.items() if amplitude > 300}


async def they_hear_each_other(folder: Path, caller: Line, boris: Line) -> None:
    lines = {"caller": caller, "boris": boris}
    for name, line in lines.items():
        line.say([str(folder / f"{name}.wav")])
        line.record(str(folder / f"heard-by-{name}-{line.call_id}.wav"))
    for name, line in lines.items():
        await asyncio.wait_for(line.silent(), 10)
        line.say([str(folder / f"{name}.wav")], loop=True)  # until the end, however long that takes to come
    boris.hang_up()
    for line in lines.values():
        await asyncio.wait_for(line.ended(), 10)
        assert await line.recorded() is not None
    assert last_voices(folder / f"heard-by-caller-{caller.call_id}.wav") == {"boris"}
    assert last_voices(folder / f"heard-by-boris-{boris.call_id}.wav") == {"caller"}


def forwards(client: ControlClient, username: str) -> dict[str, str]:
    return next(row.forwards for row in client.phones() if row.username == username)


async def calls_of_extensions(folder: Path, switch: RunningSwitch, phones: Phones) -> None:
    anna, boris, clara = [await phones.register(name, PASSWORD) for name in ("anna", "boris", "clara")]

    # What rings at anna's phone is answered at boris'.
    caller = await phones.dial("101", calling_number="+15550100")
    at_anna = await asyncio.wait_for(anna.next_call(), 10)
    picking_up = await boris.dial("*8")
    assert await caller.answered()
    await asyncio.wait_for(at_anna.ended(), 10)
    await they_hear_each_other(folder, caller, picking_up)

    # Who is parked is fetched by boris.
    caller = await phones.dial("700", calling_number="+15550100")
    assert await caller.answered()
    with switch.control() as client:
        assert [row.slot for row in client.calls()] == ["701"]
    fetching = await boris.dial("701")
    assert await fetching.answered()
    await they_hear_each_other(folder, caller, fetching)

    # What anna has dialled holds, also for the next switch.
    dialling = await anna.dial("*72103")
    assert await dialling.answered()
    with switch.control() as client:
        assert forwards(client, "anna") == {"always": "103"}
    dialling.hang_up()
    await asyncio.wait_for(dialling.ended(), 10)
    killed = switch.kill("switch")
    await asyncio.to_thread(switch.wait_until, lambda: switch.pid("switch") not in (0, killed), 30)
    await asyncio.to_thread(switch.wait_until, lambda: switch.status() is not None, 30)
    caller = await phones.dial("101", calling_number="+15550100")
    at_clara = await asyncio.wait_for(clara.next_call(), 10)
    assert at_clara.headers.get("diversion", "").startswith("<sip:101@127.0.0.1>;reason=unconditional")
    await at_clara.answer()
    assert await caller.answered()
    caller.hang_up()
    await asyncio.wait_for(at_clara.ended(), 10)


def test_star_codes_pickup_and_parking(tmp_path: Path) -> None:
    port = free_port()
    for name, frequency_hz in VOICES_HZ.items():
        tone(tmp_path / f"{name}.wav", frequency_hz)

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            await calls_of_extensions(tmp_path, switch, phones)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        forwarded = [cdr.forwards for cdr in store.cdrs.ascending() if cdr.forwards]
    assert [(each.by, each.to, each.reason) for (each,) in forwarded] == [("101", "103", "always")]
