"""Two hundred callers, fifty agents, thirty skills, and phones that die and come back: in the end everything adds up.

The processes in which the agents' phones live are killed at random and started again; callers hang up whenever they
like. Afterwards no agent is stuck, nobody is kept in a queue, and of every queue
offered = answered + abandoned + overflowed + withdrawn.

It lasts half a minute; SOFTSWITCH_STORM_MINUTES=10 makes it ten.
"""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import Stamped
from softswitch.acd.reporting.fold import Tallies
from softswitch.acd.reporting.tallies import QueueTally
from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet
from softswitch.control.protocol.requests import AgentAction, SetAgent
from softswitch.control.protocol.rows import AgentRow
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.runtime.silent_room import SilentRoom
from tests.integration.acd.agents_program import REGISTERED

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

STORM_S = 60.0 * float(os.environ.get("SOFTSWITCH_STORM_MINUTES", "0.5"))
CALLERS, AGENTS, SKILLS, QUEUES, HOUSES = 200, 50, 30, 6, 5
PASSWORD = "long-enough-4711"
SWITCH_HOST, PHONES_HOST, CALLERS_HOST = "127.0.1.1", "127.0.1.2", "127.0.1.3"
RING_S, WRAP_UP_S = 3.0, 1.0
PROBES = "+16660000"
"""Who calls when the storm is over."""
ANSWERED_WITHIN_S = 12.0
SETTLED_WITHIN_S = 20.0
"""Longer than any phone rings, any wrap-up lasts, and any request waits to be answered by a phone that is back."""
FLOWS = '''from softswitch.dialplan import Call, flow


@flow
async def storm(call: Call) -> None:
    """2nn: skill nn, in one of the queues."""
    number = int(call.called_number[1:])
    await call.queue(f"queue{number % QUEUES}", skills={f"skill{number}": 1})


@flow
async def sorry(call: Call) -> None:
    pass
'''


def files(port: int) -> dict[str, str]:
    rng = random.Random(7)
    skills = [[each % SKILLS for each in range(number, number + 60, 20)] for number in range(AGENTS)]
    for mine in skills:
        mine += rng.sample(range(SKILLS), 3)
    queues = (
        f'[[queue]]\nid = "queue{number}"\nring_timeout_s = {RING_S}\nwrap_up_s = {WRAP_UP_S}\nmax_wait_s = 15\n'
        f"no_answer_limit = {1 + number % 2}\nmax_length = 60\n"
        f'announce = {{first_after_s = 3, every_s = 10}}\noverflow = "{overflow}"\n'
        for number, overflow in enumerate(
            ["flow:sorry", "queue:queue0", "hangup", "queue:queue1", "hangup", "queue:queue2"]
        )
    )
    return {
        "softswitch.toml": f'[sip]\ndomain = "{SWITCH_HOST}"\nlisten = ["udp:{SWITCH_HOST}:{port}"]\n'
        f'[media]\nip = "{SWITCH_HOST}"\nports = "10000-23999"\nworkers = 1\n[log]\nlevel = "warning"\n',
        "agents.toml": "\n".join(
            f'[[agent]]\nid = "agent{number}"\npassword = "{PASSWORD}"\n'
            f"skills = {{ {', '.join(f'skill{each} = {1 + number % 9}' for each in sorted(set(mine)))} }}\n"
            for number, mine in enumerate(skills)
        ),
        "queues.toml": "\n".join(queues),
        "numbers.toml": '[[route]]\nnumber = "2xx"\nflow = "storm"\n',
        "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["{CALLERS_HOST}"]\n',
        "dialplans/storm.py": FLOWS.replace("QUEUES", str(QUEUES)),
    }


class House:
    """The phones of some agents, in one process."""

    def __init__(self, switch: HostPort, names: list[str], seed: int) -> None:
        self.names = names
        self._switch = switch
        self._port = free_port(PHONES_HOST)
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self.deaths = 0

    def start(self) -> None:
        arguments = ["--switch", str(self._switch), "--address", f"{PHONES_HOST}:{self._port}", "--password", PASSWORD]
        self._process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "tests.integration.acd.agents_program", *arguments),
                *("--seed", str(self._seed + self.deaths), *self.names),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def wait_until_registered(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stdout.readline().decode().strip() == REGISTERED

    def kill(self) -> None:
        """No goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.deaths += 1


class Storm:
    def __init__(self, switch: RunningSwitch, address: HostPort) -> None:
        self.switch = switch
        self.address = address
        self.random = random.Random(11)
        self.until = 0.0
        self.dialled = 0
        self.refused: list[int] = []
        names = [f"agent{number}" for number in range(AGENTS)]
        self.houses = [House(address, names[number::HOUSES], 100 * number) for number in range(HOUSES)]

    async def rage(self) -> None:
        for house in self.houses:
            house.start()
        await asyncio.to_thread(self.open)
        callers = SilentRoom(self.address, HostPort(CALLERS_HOST, 0), domain=SWITCH_HOST)
        await callers.start()
        self.until = time.monotonic() + STORM_S
        await asyncio.gather(
            self.kill_and_restart(),
            self.supervise(),
            *(self.call_again_and_again(callers, each) for each in range(CALLERS)),
        )
        await asyncio.to_thread(self.check_everything_settles)
        await self.call_once_more(callers)
        await callers.stop()

    def open(self) -> None:
        for house in self.houses:
            house.wait_until_registered()
        for house in self.houses:
            for name in house.names:
                self.command(name, "login")

    async def call_again_and_again(self, room: SilentRoom, number: int) -> None:
        calling_number = f"+1555{number:07}"
        await asyncio.sleep(self.random.uniform(0.0, 5.0))
        while time.monotonic() < self.until:
            line = room.dial(f"2{self.random.randrange(SKILLS):02}", calling_number=calling_number)
            self.dialled += 1
            patience_s = self.random.choice((self.random.uniform(0.0, 3.0), 20.0, 20.0, 20.0))
            if not await line.ends_within(min(patience_s, self.until - time.monotonic())):  # at the end all at once
                line.hang_up()
            status = await line.ended()
            if status not in (200, 487):
                self.refused.append(status)
            await asyncio.sleep(self.random.uniform(0.0, 2.0))

    async def kill_and_restart(self) -> None:
        while time.monotonic() < self.until:
            await asyncio.sleep(self.random.uniform(1.0, 4.0))
            house = self.random.choice(self.houses)
            house.kill()
            await asyncio.sleep(self.random.uniform(0.2, 4.0))
            house.start()
            await asyncio.to_thread(house.wait_until_registered)

    async def supervise(self) -> None:
        """Whoever missed a call is sent back to work."""
        while time.monotonic() < self.until:
            await asyncio.sleep(1.0)
            await asyncio.to_thread(self.resume_all)

    def resume_all(self) -> None:
        for row in self.agents():
            if row.status == "not_ready":
                self.command(row.agent_id, "resume")

    def command(self, agent_id: str, action: AgentAction) -> None:
        with self.switch.control() as client:
            client.ask(SetAgent(AgentId(agent_id), action, ""), AgentSet)

    def agents(self) -> list[AgentRow]:
        with self.switch.control() as client:
            return client.agents()

    # Afterwards

    def check_everything_settles(self) -> None:
        def is_quiet() -> bool:
            status = self.switch.status()
            return status is not None and status.calls == 0

        self.switch.wait_until(is_quiet, SETTLED_WITHIN_S)
        self.switch.wait_until(lambda: not self.stuck(), SETTLED_WITHIN_S)
        self.resume_all()
        assert {row.state for row in self.agents()} == {"ready"}
        assert all(row.is_registered for row in self.agents())
        with self.switch.control() as client:
            assert [row.waiting for row in client.queues()] == [0] * QUEUES, "somebody is kept in a queue"
            assert client.calls() == []

    def stuck(self) -> list[AgentRow]:
        return [row for row in self.agents() if row.state in ("reserved", "busy", "wrap_up")]

    async def call_once_more(self, room: SilentRoom) -> None:
        """A caller for each skill, when all is over; their records say whether each met an agent."""
        lines = [room.dial(f"2{skill:02}", calling_number=f"{PROBES}{skill:02}") for skill in range(SKILLS)]
        self.dialled += len(lines)
        await asyncio.gather(*(line.ends_within(ANSWERED_WITHIN_S) for line in lines))
        for line in lines:
            line.hang_up()
            await line.ended()


def tallies(switch: RunningSwitch) -> list[QueueTally]:
    """The figures of the queues, computed from the events that were stored."""
    folded = Tallies()
    with switch.store() as store:
        for batch in store.events.ascending():
            for stamped in msgspec.msgpack.decode(batch.stamped, type=list[Stamped]):
                folded.take(stamped)
    return sorted(folded.queues.values(), key=lambda tally: tally.queue_id)


@contextlib.contextmanager
def houses_closed(storm: Storm) -> Generator[None]:
    try:
        yield
    finally:
        for house in storm.houses:
            with contextlib.suppress(AssertionError):
                house.kill()


def test_a_storm(tmp_path: Path) -> None:
    port = free_port(SWITCH_HOST)
    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        storm = Storm(switch, HostPort(SWITCH_HOST, port))
        with houses_closed(storm):
            asyncio.run(storm.rage())
        with switch.control() as client:
            live = {row.queue_id: row for row in client.queues()}
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        records = list(store.cdrs.ascending())
    queues = tallies(switch)
    print(f"{storm.dialled} calls, {sum(house.deaths for house in storm.houses)} deaths, refused {storm.refused}")
    for tally in queues:
        assert tally.offered == tally.answered + tally.abandoned + tally.overflowed + tally.withdrawn
        assert (tally.offered, tally.answered) == (live[tally.queue_id].offered, live[tally.queue_id].answered)
    probes = [record for record in records if record.calling_number.startswith(PROBES)]
    assert len(probes) == SKILLS
    assert all(record.agent is not None for record in probes), "afterwards there is an agent for every skill"
    came = sum(tally.offered - tally.moved_in + tally.refused for tally in queues)
    assert len(records) == storm.dialled
    assert came == sum(record.queue is not None for record in records)
    assert sum(tally.answered for tally in queues) == sum(record.agent is not None for record in records)
    assert sum(tally.answered for tally in queues) > storm.dialled / 3, "and most of them found an agent"
    assert sum(house.deaths for house in storm.houses) > STORM_S / 10
