"""How soon an agent's phone is rung, over real SIP, from packet to packet.

    python benchmarks/acd_sip.py [--json] [--agents N] [--waiting N] [--calls N]

Two times are measured, on loopback sockets:

* `agent_free_to_invite_ms`: everybody talks and `waiting` callers wait; an agent hangs up (his BYE is sent), and his
  phone is rung for the next (the INVITE is there).
* `call_to_invite_ms`: agents are idle; a caller's INVITE is sent, and an agent's phone is rung for him. In between the
  flow answers the call and queues it.

Both are given twice. `..._ms` is what the phones see. They are one program on the core of the worker, whose ticks come
before everything else: what they do about other calls, and for reading a message, is in it (1.5 ms in the middle). The
switch's part is `..._wire_ms` (as root only): from the one packet on the wire to the other, as the kernel saw them.

The switch is the real one in its own processes, with its media worker, records and events. Where it may, it has the
first core to itself; worker and phones share the second. `--json` makes the last line one JSON object.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from processes import LOAD_CORE, SERVER_CORE, put_on_core, where_and_when
from wire import Request, Wire

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet
from softswitch.control.protocol.requests import SetAgent
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.runtime.silent_room import SilentLine, SilentRoom

SWITCH_HOST, PHONES_HOST, CALLERS_HOST = "127.0.0.1", "127.0.0.2", "127.0.0.3"
PASSWORD = "long-enough-4711"
TALK_S = 3.0
"""In the mean: with a hundred agents thirty-three become free in a second."""
IDLE_CALLS_PER_S = 20.0
IDLE_TALK_S = 1.0
WARM_UP = 0.1
"""Of the calls, not counted."""
BAR_MS = 5.0
FLOW = """from softswitch.dialplan import Call, flow


@flow
async def hotline(call: Call) -> None:
    await call.queue("hotline")
"""


def files(port: int, agents: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "{SWITCH_HOST}"\nlisten = ["udp:{SWITCH_HOST}:{port}"]\n'
        f'[media]\nip = "{SWITCH_HOST}"\nports = "10000-29999"\nworkers = 1\n[log]\nlevel = "warning"\n',
        "agents.toml": "".join(
            f'[[agent]]\nid = "agent{number}"\npassword = "{PASSWORD}"\n' for number in range(agents)
        ),
        "queues.toml": '[[queue]]\nid = "hotline"\nwrap_up_s = 0\nmax_wait_s = 3600\nmax_length = 10000\n'
        'record = "never"\nannounce = {first_after_s = 3600, every_s = 3600}\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "hotline"\n',
        "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["{CALLERS_HOST}"]\n',
        "dialplans/hotline.py": FLOW,
    }


class Floor:
    """The agents and the callers, all in this process."""

    def __init__(self, switch: HostPort) -> None:
        self.phones = SilentRoom(switch, HostPort(PHONES_HOST, 0), domain=SWITCH_HOST, on_call=self.ring)
        self.callers = SilentRoom(switch, HostPort(CALLERS_HOST, 0), domain=SWITCH_HOST)
        self.random = random.Random(1)
        self.freed_at: dict[str, float] = {}
        """When each agent who is free became so."""
        self.dialled_at: dict[str, float] = {}
        """When each caller whom nobody was rung for yet dialled."""
        self.free_to_invite_ms: list[float] = []
        self.call_to_invite_ms: list[float] = []
        self.dialled = 0
        self.talk_s = TALK_S
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self, agents: int) -> None:
        await self.phones.start()
        await self.callers.start()
        for number in range(agents):
            status = await self.phones.register(f"agent{number}", PASSWORD, expires_s=3600)
            assert status == 200, f"agent{number} cannot register: {status}"

    async def close(self) -> None:
        for room in (self.callers, self.phones):
            for line in list(room.lines.values()):
                line.hang_up()
        await asyncio.sleep(1.0)
        for task in self.tasks:
            task.cancel()
        await self.phones.stop()
        await self.callers.stop()

    # Agents

    def ring(self, line: SilentLine) -> None:
        freed_at = self.freed_at.pop(line.username, None)
        if freed_at is not None:
            self.free_to_invite_ms.append((line.began_at - freed_at) * 1000)
        dialled_at = self.dialled_at.pop(line.calling_number, None)
        if dialled_at is not None:
            self.call_to_invite_ms.append((line.began_at - dialled_at) * 1000)
        self.spawn(line)

    def spawn(self, line: SilentLine) -> None:
        task = asyncio.get_running_loop().create_task(self.talk(line))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def talk(self, line: SilentLine) -> None:
        line.answer()
        if not await line.ends_within(self.random.expovariate(1 / self.talk_s)):
            self.freed_at[line.username] = time.monotonic()
            line.hang_up()

    # Callers

    def dial(self) -> SilentLine:
        self.dialled += 1
        number = f"+1555{self.dialled:07}"
        self.dialled_at[number] = time.monotonic()
        return self.callers.dial("100", calling_number=number)

    async def keep_full(self, calls: int, waiting: int) -> None:
        """So many callers are there until so many agents have become free."""
        while len(self.free_to_invite_ms) < calls:
            for _ in range(waiting - len(self.callers.lines)):
                self.dial()
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.05)

    async def come_now_and_then(self, calls: int) -> None:
        for _ in range(calls):
            self.dial()
            await asyncio.sleep(self.random.expovariate(IDLE_CALLS_PER_S))
        await asyncio.sleep(2.0)


async def overloaded(switch: HostPort, arguments: argparse.Namespace, log_in: "LogIn") -> list[float]:
    floor = Floor(switch)
    await floor.open(arguments.agents)
    await log_in()
    await floor.keep_full(arguments.calls, arguments.agents + arguments.waiting)
    await floor.close()
    return floor.free_to_invite_ms


async def idle(switch: HostPort, arguments: argparse.Namespace, log_in: "LogIn") -> list[float]:
    floor = Floor(switch)
    floor.talk_s = IDLE_TALK_S
    await floor.open(arguments.agents)
    await log_in()
    await floor.come_now_and_then(arguments.calls)
    await floor.close()
    return floor.call_to_invite_ms


class LogIn:
    """Everybody is ready."""

    def __init__(self, running: RunningSwitch, agents: int) -> None:
        self.running = running
        self.agents = agents

    async def __call__(self) -> None:
        await asyncio.to_thread(self.all)

    def all(self) -> None:
        with self.running.control() as client:
            for number in range(self.agents):
                client.ask(SetAgent(AgentId(f"agent{number}"), "login", ""), AgentSet)


def free_to_invite_wire_ms(requests: list[Request]) -> list[float]:
    """From an agent's BYE to the next INVITE for him."""
    freed_at: dict[str, float] = {}
    times_ms: list[float] = []
    for request in requests:
        if request.source == PHONES_HOST and request.method == "BYE":
            # The agent was called: the dialog's local side, which his BYE's From names, is he.
            freed_at[request.calling] = request.at_ms
        elif request.destination == PHONES_HOST and request.method == "INVITE":
            at_ms = freed_at.pop(request.called, None)
            if at_ms is not None:
                times_ms.append(request.at_ms - at_ms)
    return times_ms


def call_to_invite_wire_ms(requests: list[Request]) -> list[float]:
    """From a caller's INVITE to that for an agent."""
    dialled_at: dict[str, float] = {}
    times_ms: list[float] = []
    for request in requests:
        if request.method == "INVITE" and request.source == CALLERS_HOST:
            dialled_at.setdefault(request.calling, request.at_ms)
        elif request.method == "INVITE" and request.destination == PHONES_HOST:
            at_ms = dialled_at.pop(request.calling, None)
            if at_ms is not None:
                times_ms.append(request.at_ms - at_ms)
    return times_ms


def open_wire() -> Wire | None:
    try:
        return Wire()
    except PermissionError:
        return None


def summary(name: str, times_ms: list[float]) -> dict[str, float]:
    times_ms = sorted(times_ms[int(len(times_ms) * WARM_UP) :])
    result: dict[str, float] = {f"{name}_count": len(times_ms)}
    for share in (50, 99):
        result[f"{name}_p{share}"] = round(times_ms[min(len(times_ms) - 1, len(times_ms) * share // 100)], 2)
    result[f"{name}_max"] = round(times_ms[-1], 2)
    return result


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Each of the two with a switch of its own."""
    put_on_core(os.getpid(), LOAD_CORE)
    result: dict[str, float] = {}
    for name, scene, on_wire in (
        ("agent_free_to_invite", overloaded, free_to_invite_wire_ms),
        ("call_to_invite", idle, call_to_invite_wire_ms),
    ):
        port, wire = free_port(), open_wire()
        with (
            tempfile.TemporaryDirectory(prefix="softswitch-") as folder,
            RunningSwitch(Path(folder) / "centre", files(port, arguments.agents)) as running,
        ):
            put_on_core(running.pid("switch"), SERVER_CORE)
            put_on_core(running.pid("media-0"), LOAD_CORE)
            log_in = LogIn(running, arguments.agents)
            times_ms = asyncio.run(scene(HostPort(SWITCH_HOST, port), arguments, log_in))
        result |= summary(f"{name}_ms", times_ms)
        if wire is not None:
            result |= summary(f"{name}_wire_ms", on_wire(wire.requests(port))[: len(times_ms)])
            wire.close()
    return result


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command line, or these."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--waiting", type=int, default=300)
    parser.add_argument("--calls", type=int, default=2000)
    return parser.parse_args(arguments)


def main() -> None:
    arguments = parse()
    gc.disable()
    result = measure(arguments)
    for name, value in result.items():
        print(f"{name:<36}{value:>10}")
    print(f"the bar for p99 is {BAR_MS:g} ms, on the wire")
    if arguments.json:
        print(json.dumps({**result, "bar_ms": BAR_MS, **where_and_when()}))


if __name__ == "__main__":
    main()
