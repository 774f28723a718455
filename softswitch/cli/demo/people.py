"""Callers and agents as people: each plays his part of the script on a real phone and remembers what befell him.

A caller knows only what he hears, and cannot hear here whether music or an agent is on the line. So agents tell: they
know by the calling number whom they have answered.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum

from softswitch.base.errors import SoftswitchError
from softswitch.cli.demo.script import Break, Habits, Visit
from softswitch.cli.demo.voices import Conversation
from softswitch.control.protocol.requests import AgentAction
from softswitch.media.protocol import StreamStatistics
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.phone_line import Line, LineEnd

ANSWERED_WITHIN_S = 5.0
"""The switch answers a hotline at once; a caller who is kept ringing for so long has met a fault."""
TAKEN_LEAVE_OF_WITHIN_S = 25.0
"""Survey, thanks and goodbye, with both tries of the question."""
HEARD_AFTER_S = 1.0
"""On a line that was answered for longer than this, something must have been heard."""

Converse = Callable[[Visit, str], Conversation]
"""What a caller and the agent with this id say to each other."""
SetAgent = Callable[[str, AgentAction, str], Awaitable[None]]


class Stage(Enum):
    """How far a caller has come."""

    DIALLED = "dialled"
    GREETED = "greeted"
    WAITING = "waiting"
    TALKING = "talking"
    SERVED = "served"


class Caller:
    """One caller. `faults` are what nobody scripted, in words for people."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.stage = Stage.DIALLED
        self.agent_id = ""
        self.faults: list[str] = []
        self.is_answered = asyncio.Event()
        """An agent has picked up."""
        self.is_served = asyncio.Event()
        """The agent has hung up, or is about to."""
        self.conversation: Conversation | None = None
        self.gave_up = False

    async def play(self, phones: Phones) -> None:
        """From dialling to hanging up."""
        try:
            line = await phones.dial(self.visit.number, calling_number=self.visit.calling_number)
        except SoftswitchError as error:
            self.faults.append(f"could not call: {error}")
            return
        try:
            await self._stay_on(line)
        finally:
            line.hang_up()
        await self._look_back(line)

    def met(self, agent_id: str, conversation: Conversation) -> None:
        """An agent has picked up."""
        self.agent_id = agent_id
        self.conversation = conversation
        self.is_answered.set()

    async def _stay_on(self, line: Line) -> None:
        if not await _within(ANSWERED_WITHIN_S, line.answered()):
            self.faults.append("was not answered" if line.end is None else f"was refused: {_words(line.end)}")
            return
        self.stage = Stage.GREETED
        if await _ends_within(self.visit.listens_s, line):
            return
        line.press(self.visit.digit)
        self.stage = Stage.WAITING
        if not await self._wait_for_agent(line):
            return
        self.stage = Stage.TALKING
        await self._talk(line)

    async def _wait_for_agent(self, line: Line) -> bool:
        """Music and announcements; False if the caller lost patience or was sent away."""
        answered = asyncio.ensure_future(self.is_answered.wait())
        ended = asyncio.ensure_future(line.ended())
        _, left = await asyncio.wait(
            {answered, ended}, timeout=self.visit.patience_s, return_when=asyncio.FIRST_COMPLETED
        )
        for waiting in left:
            waiting.cancel()
        self.gave_up = line.end is None and not self.is_answered.is_set()
        return self.is_answered.is_set()

    async def _talk(self, line: Line) -> None:
        assert self.conversation is not None, "told together with the answer"
        line.say(self.conversation.caller)
        if self.visit.hangs_up_first:
            if not await _ends_within(self.conversation.duration_s, line):
                self.stage = Stage.SERVED
            return
        if not await _within(self.conversation.duration_s + ANSWERED_WITHIN_S, self.is_served.wait()):
            self.faults.append(f"the agent {self.agent_id} was not heard to hang up")
            return
        self.stage = Stage.SERVED
        if await _ends_within(self.visit.ponders_s, line):
            self.faults.append(f"was hung up on before the survey: {_words(line.end)}")
        elif not self.visit.score:
            line.hang_up()
        else:
            line.press(self.visit.score)
            if not await _ends_within(TAKEN_LEAVE_OF_WITHIN_S, line):
                self.faults.append("was not taken leave of after the survey")

    async def _look_back(self, line: Line) -> None:
        end = await line.ended()
        statistics = await line.statistics()
        if end.by == "timeout":
            self.faults.append(f"in stage {self.stage.value}: {_words(end)}")
        elif end.by == "them" and self.stage in (Stage.GREETED, Stage.TALKING):
            self.faults.append(f"was hung up on in stage {self.stage.value}: {_words(end)}")
        if self.stage is not Stage.DIALLED and _heard_nothing(statistics):
            self.faults.append("heard nothing (0 packets)")


class Agent:
    """One agent, at a phone that is registered and logged in."""

    def __init__(
        self, phone: Phone, habits: Habits, callers: dict[str, Caller], converse: Converse, set_agent: SetAgent
    ) -> None:
        self.agent_id = phone.username
        self._phone = phone
        self._habits = habits
        self._callers = callers
        self._converse = converse
        self._set_agent = set_agent
        self._calls = 0

    async def work(self) -> None:
        """Take calls until cancelled."""
        while True:
            line = await self._phone.next_call()
            if line.end is not None:  # it rang while he was away from the desk, and so he is not ready
                await self._set_agent(self.agent_id, "resume", "")
                continue
            number = self._calls
            self._calls += 1
            if number == self._habits.ignores:
                await line.ended()
                await asyncio.sleep(self._habits.away_s)
                await self._set_agent(self.agent_id, "resume", "")
                continue
            rings_s = self._habits.picks_up_s[number % len(self._habits.picks_up_s)]
            if await _ends_within(rings_s, line):
                continue
            caller = self._callers.get(line.calling_number)
            if caller is None:
                line.reject(404)
                continue
            await self._serve(line, caller)

    async def _serve(self, line: Line, caller: Caller) -> None:
        try:
            await line.answer()
        except SoftswitchError as error:
            caller.faults.append(f"the agent {self.agent_id} could not answer: {error}")
            line.reject(500)
            return
        conversation = self._converse(caller.visit, self.agent_id)
        caller.met(self.agent_id, conversation)
        line.say(conversation.agent)
        loop = asyncio.get_running_loop()
        answered_at = loop.time()
        patience_s = ANSWERED_WITHIN_S if caller.visit.hangs_up_first else 0.0
        if not await _ends_within(conversation.duration_s + patience_s, line):
            if caller.visit.hangs_up_first:
                caller.faults.append(f"did not get off the line of {self.agent_id}")
            line.hang_up()
        caller.is_served.set()
        lasted_s = loop.time() - answered_at
        await self._look_back(line, caller, lasted_s)

    async def _look_back(self, line: Line, caller: Caller, lasted_s: float) -> None:
        end = await line.ended()
        if end.by == "timeout":
            caller.faults.append(f"the line of the agent {self.agent_id}: {_words(end)}")
        if lasted_s > HEARD_AFTER_S and _heard_nothing(await line.statistics()):
            caller.faults.append(f"the agent {self.agent_id} heard nothing (0 packets)")


async def take_break(pause: Break, set_agent: SetAgent) -> None:
    """Somebody fetches a coffee."""
    await asyncio.sleep(pause.at_s)
    await set_agent(pause.agent_id, "pause", pause.reason)
    await asyncio.sleep(pause.length_s)
    await set_agent(pause.agent_id, "resume", "")


async def _within(seconds: float, awaitable: Awaitable[bool]) -> bool:
    """What it says, or False if it takes longer."""
    try:
        return await asyncio.wait_for(awaitable, seconds)
    except TimeoutError:
        return False


async def _ends_within(seconds: float, line: Line) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(line.ended(), seconds)
    return line.end is not None


def _heard_nothing(statistics: StreamStatistics | None) -> bool:
    return statistics is None or statistics.quality.packets_received == 0


def _words(end: LineEnd | None) -> str:
    return "" if end is None else f"{end.status} {end.reason} ({end.by})"
