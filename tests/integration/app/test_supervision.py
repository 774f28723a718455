"""A supervisor in a real call: what each of the three hears while he listens, whispers and barges in."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet, SupervisionSet
from softswitch.control.protocol.requests import SetAgent, SetSupervision, Supervise
from softswitch.control.runtime.client import ControlRefused
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

RATE_HZ = 8000
PASSWORD = "long-enough-4711"
VOICES_HZ = {"caller": 440.0, "agent": 1000.0, "supervisor": 1500.0}
STEP_S = 2.0


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nskills = {{ support = 5 }}\n'
        f'[[phone]]\nid = "chief"\npassword = "{PASSWORD}"\nnumber = "111"\n',
        "queues.toml": '[[queue]]\nid = "support"\nskills = { support = 1 }\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


def tone(path: Path, frequency_hz: float) -> str:
    at = np.arange(30 * RATE_HZ) / RATE_HZ
    write_wav(path, (0.1 * np.sin(2 * np.pi * frequency_hz * at)).astype(np.float32))
    return str(path)


def voices(sound: NDArray[np.float64]) -> set[str]:
    """Who is heard in it."""
    at = np.arange(len(sound)) / RATE_HZ
    amplitudes = {
        name: 2 * abs(np.mean(sound * np.exp(-2j * np.pi * hz * at))) / 32768 for name, hz in VOICES_HZ.items()
    }
    return {name for name, amplitude in amplitudes.items() if amplitude > 0.01}


def level_db(sound: NDArray[np.float64], frequency_hz: float) -> float:
    """Of a tone in the sound, against full scale."""
    at = np.arange(len(sound)) / RATE_HZ
    amplitude = 2 * abs(np.mean(sound * np.exp(-2j * np.pi * frequency_hz * at))) / 32768
    return 20 * float(np.log10(amplitude + 1e-9))


def heard(path: str) -> list[set[str]]:
    """Who is heard in the recording, in each of its tenths of a second."""
    with wave.open(path) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0].astype(np.float64)
    return [voices(sound[begin : begin + 800]) for begin in range(0, len(sound) - 800, 800)]


def longest_runs(heard_each: list[set[str]]) -> list[set[str]]:
    """What was heard for a second or more, one after another."""
    runs: list[tuple[set[str], int]] = []
    for each in heard_each:
        if runs and runs[-1][0] == each:
            runs[-1] = (each, runs[-1][1] + 1)
        else:
            runs.append((each, 1))
    long = [voices for voices, tenths in runs if tenths >= 10]
    return [each for index, each in enumerate(long) if not index or each != long[index - 1]]


def test_what_all_three_hear(tmp_path: Path) -> None:
    port = free_port()
    says = {name: tone(tmp_path / f"{name}.wav", hz) for name, hz in VOICES_HZ.items()}

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        anna, chief = await phones.register("anna", PASSWORD), await phones.register("chief", PASSWORD)
        with switch.control() as client:
            client.ask(SetAgent(AgentId("anna"), "login"), AgentSet)
        caller = await phones.dial("100", calling_number="+15550100")
        agent = await asyncio.wait_for(anna.next_call(), 10)
        await agent.answer()
        assert await caller.answered()
        with switch.control() as client:
            (call,) = client.calls()
            row = client.ask(Supervise(call.call_id, "111"), SupervisionSet).call
            assert row.supervisors == {"chief": "listen"}
            with pytest.raises(ControlRefused, match="no phone"):
                client.ask(Supervise(call.call_id, "999"), SupervisionSet)
            with pytest.raises(ControlRefused, match="anna is in this call already"):
                client.ask(Supervise(call.call_id, "anna"), SupervisionSet)
            with pytest.raises(ControlRefused, match=r"name a phone that supervises this call \(chief\)"):
                client.ask(SetSupervision(call.call_id, "barge", "anna"), SupervisionSet)
        supervisor = await asyncio.wait_for(chief.next_call(), 10)
        await supervisor.answer()
        for name, line in (("caller", caller), ("agent", agent), ("supervisor", supervisor)):
            line.say([says[name]], loop=True)
            line.record(str(tmp_path / f"heard-by-{name}.wav"))
        await asyncio.sleep(STEP_S)
        with switch.control() as client:
            done = client.ask(SetSupervision(call.call_id, "whisper"), SupervisionSet)
        assert (done.phone, done.call.supervisors) == ("chief", {"chief": "whisper"})
        await asyncio.sleep(STEP_S)
        supervisor.press("6")
        await asyncio.sleep(STEP_S)
        caller.hang_up()
        for line in (caller, agent, supervisor):
            await asyncio.wait_for(line.ended(), 10)
            assert await line.recorded() is not None

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, host="127.0.0.2") as phones:
            await scenario(switch, phones)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    assert longest_runs(heard(str(tmp_path / "heard-by-caller.wav"))) == [{"agent"}, {"agent", "supervisor"}]
    assert longest_runs(heard(str(tmp_path / "heard-by-agent.wav"))) == [{"caller"}, {"caller", "supervisor"}]
    assert longest_runs(heard(str(tmp_path / "heard-by-supervisor.wav"))) == [{"caller", "agent"}]
    with switch.store() as store:
        (cdr,) = store.cdrs.ascending()
        (recording,) = store.recordings.ascending()
    assert [each.mode for each in cdr.supervisions] == ["listen", "whisper", "barge", "end"]
    with wave.open(recording.path) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2).astype(np.float64)
    for channel, speaker in ((0, "caller"), (1, "agent")):
        assert voices(both[-4 * RATE_HZ : -RATE_HZ, channel]) == {speaker}
    assert level_db(both[:, 0], VOICES_HZ["supervisor"]) < -60, "nothing of a whisper is in the caller's channel"
