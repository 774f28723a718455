"""People who call, talk a while and hang up, all the time, beside those whose calls go on: part of the crowd's program.

What each does is drawn from a seed: whom he calls, how long he talks, whether he puts the agent on hold, when he
chooses in a menu, and whether he gives up before. Nothing is awaited for ever: who is not answered hangs up.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

POLL_S = 0.02
PATIENCE_S = 12.0
HOLDS, GIVES_UP = 0.2, 0.15
"""Shares of calls."""


class Phone(Protocol):
    """What is needed of a line."""

    number: int
    state: str
    goodbye: int


class Exchange(Protocol):
    """What is needed of the crowd."""

    def dial(self, number: str, calling: str, username: str) -> int: ...
    def line(self, number: int) -> Phone: ...
    async def hang_up(self, numbers: Sequence[int]) -> dict[int, int]: ...
    async def reinvite_all(self, numbers: Sequence[int], direction: str) -> dict[int, int]: ...
    def press(self, number: int, keys: str) -> None: ...


class Traffic:
    """`numbers` are called in turn by chance; those in `menus` want a key. `begin`, and later `await end()`."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        numbers: Sequence[str],
        menus: Sequence[str],
        calls_per_s: float,
        talk_s: float,
        seed: int,
    ) -> None:
        self.calling: list[str] = []
        """The numbers of who has called."""
        self._exchange = exchange
        self._numbers = numbers
        self._menus = menus
        self._calls_per_s = calls_per_s
        self._talk_s = talk_s
        self._random = random.Random(seed)
        self._prefix = f"+1777{seed % 100:02}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False

    def begin(self) -> None:
        self._spawn(self._come())

    async def end(self) -> None:
        """Nobody calls any more; returns when the last has hung up."""
        self._is_over = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _come(self) -> None:
        while not self._is_over:
            await asyncio.sleep(min(2.0, self._random.expovariate(self._calls_per_s)))
            self._spawn(self._call(self._random.choice(self._numbers)))

    async def _call(self, number: str) -> None:
        calling = f"{self._prefix}{len(self.calling):06}"
        self.calling.append(calling)
        gives_up, holds = self._random.random() < GIVES_UP, self._random.random() < HOLDS
        patience_s = self._random.uniform(0.0, 1.0) if gives_up else PATIENCE_S
        talk_s, thinks_s = self._random.uniform(0.1, 2 * self._talk_s), self._random.uniform(0.0, 1.0)
        line = self._exchange.line(self._exchange.dial(number, calling, ""))
        if await self._until(lambda: line.state in ("talking", "ended"), patience_s):
            if number in self._menus:
                await asyncio.sleep(thinks_s)
                if line.state == "talking":
                    self._exchange.press(line.number, "1")
            await self._until(lambda: line.state == "ended", talk_s / 2)
            if holds:
                await self._hold(line)
            await self._until(lambda: line.state == "ended", talk_s / 2)
        if line.state != "ended":
            await self._exchange.hang_up([line.number])

    async def _hold(self, line: Phone) -> None:
        for direction in ("sendonly", "sendrecv"):
            if line.state == "talking":
                await self._exchange.reinvite_all([line.number], direction)

    async def _until(self, condition: Callable[[], bool], within_s: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while not condition():
            if loop.time() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
