"""`kill -9` of each process, with real phones: what must go on goes on, what must come back comes back in time."""

import asyncio
import time
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.control.protocol.replies import AgentSet, WorkerSet
from softswitch.control.protocol.requests import SetAgent, SetWorker, WorkerAction
from softswitch.control.protocol.rows import WorkerRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.sip.description.sdes import SrtpPolicy
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

SAMPLE_RATE_HZ = 8000
PASSWORD = "long-enough-4711"
CALLER_HZ, AGENT_HZ = 440.0, 1000.0


def files(port: int, agents: int, srtp: str, workers: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        f'[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = {workers}\n[log]\nlevel = "info"\n',
        "agents.toml": "\n".join(
            f'[[agent]]\nid = "agent{n}"\npassword = "{PASSWORD}"\nskills = {{ support = 5 }}\nsrtp = "{srtp}"\n'
            for n in range(agents)
        ),
        "queues.toml": '[[queue]]\nid = "support"\nskills = { support = 1 }\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\nsrtp = "{srtp}"\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


def tone(path: Path, frequency_hz: float) -> str:
    seconds = np.arange(30 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    write_wav(path, (0.25 * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32))
    return str(path)


def with_phones(
    tmp_path: Path,
    agents: int,
    scenario: Callable[[RunningSwitch, Phones], Awaitable[None]],
    srtp: SrtpPolicy = "off",
    workers: int = 1,
) -> RunningSwitch:
    port = free_port()

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, host="127.0.0.2", srtp=srtp) as phones:
            await scenario(switch, phones)

    with RunningSwitch(tmp_path / "centre", files(port, agents, srtp, workers)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    return switch


def command(switch: RunningSwitch, agent: str, action: str, reason: str = "") -> None:
    with switch.control() as client:
        client.ask(SetAgent(agent, action, reason), AgentSet)  # pyright: ignore[reportArgumentType]


def has_tone(samples: NDArray[np.int16], frequency_hz: float) -> NDArray[np.bool_]:
    """For each 100 ms of `samples`: whether most of its energy is at this frequency."""
    blocks = samples[: len(samples) // 800 * 800].reshape(-1, 800).astype(np.float64)
    phase = np.exp(-2j * np.pi * frequency_hz * np.arange(800) / SAMPLE_RATE_HZ)
    power = np.abs(blocks @ phase) ** 2 * 2 / 800
    return (power > 0.8 * (blocks**2).sum(axis=1)) & (power > 1e6)


def is_replaced(switch: RunningSwitch, name: str, killed: int) -> Callable[[], bool]:
    return lambda: switch.pid(name) not in (0, killed)


@pytest.mark.parametrize(
    ("srtp", "victims"),
    [("off", ["media-0"]), ("required", ["media-0"]), ("required", ["switch", "media-0"])],
)
def test_whoever_is_killed_no_call_ends_and_the_sound_is_back_within_a_second(
    tmp_path: Path, srtp: SrtpPolicy, victims: list[str]
) -> None:
    """A switch that has taken encrypted calls over knows their keys: the next worker has them from it."""

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        agents = [await phones.register(f"agent{n}", PASSWORD) for n in range(10)]
        for phone in agents:
            command(switch, phone.username, "login")
        caller_says, agent_says = tone(tmp_path / "caller.wav", CALLER_HZ), tone(tmp_path / "agent.wav", AGENT_HZ)
        callers = [await phones.dial("100", calling_number=f"+1555010{n}") for n in range(10)]
        served: list[Line] = [await asyncio.wait_for(phone.next_call(), 10) for phone in agents]
        for line in served:
            await line.answer()
        for number, (caller, line) in enumerate(zip(callers, served, strict=True)):
            assert await caller.answered()
            caller.say([caller_says], loop=True)
            line.say([agent_says], loop=True)
            caller.record(str(tmp_path / f"heard-{number}.wav"))
        await asyncio.sleep(3)
        for victim in victims:
            killed = switch.kill(victim)
            await asyncio.to_thread(switch.wait_until, is_replaced(switch, victim, killed), 3.0)
            await asyncio.sleep(4)
        assert all(line.end is None for line in [*callers, *served])
        for line in served:
            line.hang_up()
        for caller in callers:
            assert (await asyncio.wait_for(caller.ended(), 10)).status == 200
            heard = await caller.recorded()
            assert heard is not None
            check_heard(Path(heard.path))

    def check_heard(path: Path) -> None:
        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0]
        is_heard = has_tone(samples, AGENT_HZ)
        silence_s = longest_run(~is_heard[5:-5]) * 0.1
        assert is_heard.any()
        assert silence_s <= 1.0, f"{path.name}: the agent was not heard for {silence_s:.1f} s"

    switch = with_phones(tmp_path, 10, scenario, srtp)
    with switch.store() as store:
        recordings = list(store.recordings.ascending())
        assert [cdr.end_reason for cdr in store.cdrs.ascending()].count("switch restarted") == 0
    assert len(recordings) == 10
    for recording in recordings:
        with wave.open(recording.path) as file:
            both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        caller, agent = has_tone(both[:, 0], CALLER_HZ), has_tone(both[:, 1], AGENT_HZ)
        half = len(caller) // 2
        for name, channel in (("caller", caller), ("agent", agent)):
            assert channel[5:20].all(), f"{name} before the death"
            assert channel[-20:-5].all(), f"{name} after the death"
            assert longest_run(~channel[5:-5]) <= 20, f"{name}: at most two seconds are lost of the recording"
        assert not has_tone(both[:, 1], CALLER_HZ)[:half].any()


def test_a_worker_is_drained_and_restarted_while_calls_go_on(tmp_path: Path) -> None:
    def workers(switch: RunningSwitch) -> dict[str, WorkerRow]:
        status = switch.status()
        assert status is not None
        return {row.name: row for row in status.workers}

    def order(switch: RunningSwitch, action: WorkerAction) -> None:
        with switch.control() as client:
            client.ask(SetWorker("media-0", action), WorkerSet)

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        agents = [await phones.register(f"agent{n}", PASSWORD) for n in range(6)]

        async def conversations(served: list[Phone]) -> list[tuple[Line, Line]]:
            pairs: list[tuple[Line, Line]] = []
            for phone in served:
                command(switch, phone.username, "login")
                caller = await phones.dial("100", calling_number="+15550100")
                line = await asyncio.wait_for(phone.next_call(), 10)
                await line.answer()
                assert await caller.answered()
                pairs.append((caller, line))
            return pairs

        async def until_streams(first: int, second: int) -> None:
            """On the two workers."""
            await asyncio.to_thread(switch.wait_until, lambda: streams() == (first, second), 5.0)

        def streams() -> tuple[int, ...]:
            return tuple(row.streams for row in workers(switch).values())

        first = await conversations(agents[:4])
        await asyncio.to_thread(switch.wait_until, lambda: sum(streams()) == 8, 5.0)
        before = streams()
        order(switch, "drain")
        then = await conversations(agents[4:])
        await until_streams(before[0], before[1] + 4)
        for caller, line in first:
            line.hang_up()
            assert (await asyncio.wait_for(caller.ended(), 10)).status == 200
        await until_streams(0, 4)
        killed = switch.kill("media-0")
        await asyncio.to_thread(switch.wait_until, lambda: switch.pid("media-0") not in (0, killed), 5.0)
        await asyncio.to_thread(switch.wait_until, lambda: workers(switch)["media-0"].is_connected, 5.0)
        assert workers(switch)["media-0"].is_draining
        order(switch, "resume")
        assert not workers(switch)["media-0"].is_draining
        assert all(caller.end is None and line.end is None for caller, line in then)

    with_phones(tmp_path, 6, scenario, workers=2)


def longest_run(flags: NDArray[np.bool_]) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def test_a_killed_switch_knows_its_phones_and_agents_again(tmp_path: Path) -> None:
    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        for number in range(20):
            await phones.register(f"agent{number}", PASSWORD)
        for number in range(10):
            command(switch, f"agent{number}", "login")
        command(switch, "agent3", "pause", "lunch")
        before = states(switch)
        assert before["agent3"] == ("not_ready", "lunch", True)
        assert before["agent15"] == ("logged_out", "", True)
        await asyncio.sleep(0.2)
        killed = switch.kill("switch")
        began_at = time.monotonic()
        await asyncio.to_thread(
            switch.wait_until, lambda: (status := switch.status()) is not None and status.pid != killed, 10.0
        )
        assert time.monotonic() - began_at < 2.0
        assert states(switch) == before
        with switch.control() as client:
            assert len(client.registrations()) == 20

    with_phones(tmp_path, 20, scenario)


def test_a_spare_switch_takes_the_place_of_the_dead_one_and_its_sockets(tmp_path: Path) -> None:
    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        for _ in range(2):
            await asyncio.to_thread(switch.wait_until, lambda: bool(switch.spare_switches()), 20.0)
            (spare,) = switch.spare_switches()
            switch.kill("switch")
            await phones.register("agent0", PASSWORD)  # waits in the socket, and is answered by the next one
            await asyncio.to_thread(switch.wait_until, lambda: switch.status() is not None, 10.0)
            assert switch.pid("switch") == spare
            assert name_and_input(spare) == ("switch", "/dev/null")
            with switch.control() as client:
                assert len(client.registrations()) == 1

        await asyncio.to_thread(switch.wait_until, lambda: bool(switch.spare_switches()), 20.0)
        left.extend(switch.spare_switches())

    left: list[int] = []
    with_phones(tmp_path, 1, scenario)
    assert [pid for pid in left if Path(f"/proc/{pid}").exists()] == [], "it ends with its supervisor"


def name_and_input(pid: int) -> tuple[str, str]:
    process = Path("/proc") / str(pid)
    return (process / "comm").read_text().strip(), str((process / "fd" / "0").readlink())


def states(switch: RunningSwitch) -> dict[str, tuple[str, str, bool]]:
    with switch.control() as client:
        return {agent.agent_id: (agent.status, agent.reason, agent.is_registered) for agent in client.agents()}


def test_a_stopped_switch_lets_calls_finish_and_refuses_new_ones(tmp_path: Path) -> None:
    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        agent = await phones.register("agent0", PASSWORD)
        command(switch, "agent0", "login")
        caller = await phones.dial("100", calling_number="+15550100")
        line = await asyncio.wait_for(agent.next_call(), 10)
        await line.answer()
        assert await caller.answered()
        stopping = asyncio.create_task(asyncio.to_thread(switch.stop))
        await asyncio.to_thread(
            switch.wait_until, lambda: (status := switch.status()) is not None and status.is_draining, 5.0
        )
        late = await phones.dial("100", calling_number="+15550101")
        assert (await asyncio.wait_for(late.ended(), 5)).status == 503
        assert caller.end is None
        line.hang_up()
        assert (await asyncio.wait_for(caller.ended(), 5)).status == 200
        assert await asyncio.wait_for(stopping, 10) == 0

    with_phones(tmp_path, 1, scenario)
