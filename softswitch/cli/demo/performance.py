"""The performance: phones register, agents log in, callers arrive as the script says, until the last has hung up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from softswitch.cli.demo.centre import Centre, Snapshot
from softswitch.cli.demo.people import Agent, Caller, take_break
from softswitch.cli.demo.script import Script, Visit
from softswitch.cli.demo.voices import Conversation, Voices
from softswitch.config import Configuration
from softswitch.control.protocol.requests import AgentAction
from softswitch.control.runtime.client import ControlFailed, NoSwitchRunning
from softswitch.testing.phones import Phones

OVERTIME_S = 30.0
"""How long after its time the performance may last; whoever is on the line then has met a fault."""
LOOK_EVERY_S = 0.5
SETTLED_WITHIN_S = 3.0
"""After the last call: its recording is closed and in the index."""

Show = Callable[[Snapshot, float], None]
"""Shows the switch as it is so many seconds after the beginning."""


class Performance:
    """One run. `faults` collects what concerns no single call."""

    def __init__(
        self, script: Script, configuration: Configuration, *, centre: Centre, phones: Phones, voices: Voices
    ) -> None:
        self.callers = [Caller(visit) for visit in script.visits]
        self.faults: list[str] = []
        self.snapshot: Snapshot | None = None
        """The switch as it was last seen."""
        self.duration_s = 0.0
        self._script = script
        self._rows = {row.id: row for row in configuration.agents}
        self._centre = centre
        self._phones = phones
        self._voices = voices
        self._by_number = {caller.visit.calling_number: caller for caller in self.callers}
        self._agents: list[Agent] = []
        self._loop = asyncio.get_running_loop()
        self._began_at = 0.0

    async def open(self) -> None:
        """Register every agent's phone and log him in. Raises RegistrationRefused and ControlFailed."""
        await asyncio.gather(*(self._seat(agent_id) for agent_id in self._rows))

    async def play(self, seconds: float, show: Show) -> None:
        """Play the script. Raises Failure when the switch has ended."""
        self._began_at = self._loop.time()
        people = [self._spawn(agent.work()) for agent in self._agents]
        people += [self._spawn(take_break(pause, self._set_agent)) for pause in self._script.breaks]
        watch = self._spawn(self._watch(show))
        arrivals = self._spawn(self._let_arrive())
        try:
            await asyncio.wait({arrivals, watch}, timeout=seconds + OVERTIME_S, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            if not arrivals.done():
                self.faults.append(f"not everybody was off the line after {seconds + OVERTIME_S:.0f} s")
            self.duration_s = self._loop.time() - self._began_at
        finally:
            await self._end([arrivals, watch, *people])
        await self._settle()

    async def _seat(self, agent_id: str) -> None:
        row = self._rows[agent_id]
        phone = await self._phones.register(row.username, row.password)
        await self._centre.set_agent(agent_id, "login")
        habits = self._script.habits[agent_id]
        self._agents.append(Agent(phone, habits, self._by_number, self._converse, self._set_agent))

    async def _let_arrive(self) -> None:
        await asyncio.gather(*(self._arrive(caller) for caller in self.callers))

    async def _arrive(self, caller: Caller) -> None:
        await asyncio.sleep(self._began_at + caller.visit.arrives_at_s - self._loop.time())
        await caller.play(self._phones)

    async def _watch(self, show: Show) -> None:
        while True:
            snapshot = await self._centre.snapshot()
            if snapshot is not None:
                self.snapshot = snapshot
                show(snapshot, self._loop.time() - self._began_at)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _settle(self) -> None:
        """Wait for the last conversation's recording to be in the index."""
        conversations = sum(bool(caller.agent_id) for caller in self.callers)
        deadline = self._loop.time() + SETTLED_WITHIN_S
        while self._loop.time() < deadline:
            self.snapshot = await self._centre.snapshot() or self.snapshot
            if self.snapshot is not None:
                status = self.snapshot.status
                if not status.calls and status.store.recordings >= conversations:
                    return
            await asyncio.sleep(LOOK_EVERY_S / 5)

    async def _set_agent(self, agent_id: str, action: AgentAction, reason: str) -> None:
        try:
            await self._centre.set_agent(agent_id, action, reason)
        except (ControlFailed, NoSwitchRunning) as error:
            self.faults.append(f"{agent_id} {action}: {error}")

    def _converse(self, visit: Visit, agent_id: str) -> Conversation:
        return self._voices.converse(
            visit.dialogue,
            agent_id=agent_id,
            agent_name=self._rows[agent_id].name,
            agent_voice=self._script.habits[agent_id].voice,
            caller_voice=visit.voice,
        )

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._loop.create_task(coroutine)

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.faults.append(f"{type(result).__name__}: {result}")
