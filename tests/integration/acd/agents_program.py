"""Agents' phones in a process of their own, so that it can be killed: python -m tests.integration.acd.agents_program.

They answer after a while, talk for a while and hang up; now and then one declines, lets it ring, or stays on the line
until the caller goes. Nobody ever says goodbye when the process is killed. Registered, it prints one line.
"""

import argparse
import asyncio
import random

from softswitch.base.address import HostPort
from softswitch.testing.runtime.silent_room import SilentLine, SilentRoom

REGISTERED = "registered"
DECLINES, IGNORES, CLINGS = 0.06, 0.06, 0.1
"""Shares of calls."""
ANSWERS_WITHIN_S = 1.0
TALKS_S = 1.5
"""In the mean."""
TALKS_S_MAX = 6.0
EXPIRES_S = 60
OK = 200


class Agents:
    def __init__(self, switch: HostPort, address: HostPort, *, seed: int) -> None:
        self.room = SilentRoom(switch, address, domain=switch.host, on_call=self.ring)
        self.random = random.Random(seed)
        self.calls: set[asyncio.Task[None]] = set()

    def ring(self, line: SilentLine) -> None:
        task = asyncio.get_running_loop().create_task(self.serve(line))
        self.calls.add(task)
        task.add_done_callback(self.calls.discard)

    async def serve(self, line: SilentLine) -> None:
        mood = self.random.random()
        if mood < IGNORES:
            return
        if await line.ends_within(self.random.uniform(0.0, ANSWERS_WITHIN_S)):
            return
        if mood < IGNORES + DECLINES:
            line.reject(self.random.choice((480, 486, 603)))
            return
        line.answer()
        if mood < IGNORES + DECLINES + CLINGS:
            return
        if not await line.ends_within(min(self.random.expovariate(1 / TALKS_S), TALKS_S_MAX)):
            line.hang_up()

    async def work(self, names: list[str], password: str) -> None:
        await self.room.start()
        is_new = True
        while True:
            answers = [await self.room.register(name, password, expires_s=EXPIRES_S) for name in names]
            if is_new and all(answer == OK for answer in answers):
                print(REGISTERED, flush=True)
                is_new = False
            await asyncio.sleep(EXPIRES_S / 2 if not is_new else 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--switch", required=True, help="HOST:PORT")
    parser.add_argument("--address", required=True, help="HOST:PORT of the phones")
    parser.add_argument("--password", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()

    async def run() -> None:
        host, _, port = arguments.switch.rpartition(":")
        own_host, _, own_port = arguments.address.rpartition(":")
        agents = Agents(HostPort(host, int(port)), HostPort(own_host, int(own_port)), seed=arguments.seed)
        await agents.work(arguments.names, arguments.password)

    asyncio.run(run())


if __name__ == "__main__":
    main()
