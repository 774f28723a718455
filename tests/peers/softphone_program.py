"""A softphone in a process of its own: baresip's stack by its Python bindings, told what to do by lines of JSON.

A line in is a command with a number of its own; a line out is its answer, or an event. baresip has one stack for a
process, and a test needs several phones. Used through softphone.py.
"""

import asyncio
import json
import logging
import sys
import tempfile
from array import array
from collections.abc import Awaitable, Callable
from typing import Any

from baresip import Account, BaresipError, Call, Config, DigitEvent, Runtime, StackEvent, UserAgent

from softswitch.media.runtime.precedence import take_precedence

LISTENS_S = 0.5
ATTEMPTS, PAUSE_S = 50, 0.1


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def patiently(change: Callable[[], Awaitable[None]]) -> None:
    """While the session's last change is under way baresip refuses the next, and says when to come back."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await change()
        except BaresipError as error:
            if "retry shortly" not in str(error) or attempt == ATTEMPTS:
                raise
            await asyncio.sleep(PAUSE_S)


class Phone:
    """Calls have numbers from 1 on, in the order in which they came or were made."""

    def __init__(self, username: str, password: str, domain: str) -> None:
        self._account = Account(user=username, domain=domain, password=password, reg_interval=300)
        self._domain = domain
        self._runtime = Runtime()
        self._calls: list[Call] = []

    async def start(self) -> None:
        """A tone is what it says; what it hears goes nowhere. Of loopback addresses it can have only this one."""
        config = Config(
            net_interface="127.0.0.1",
            audio_source="ausine,440",
            sip_trace=True,
            max_concurrent_calls=4,
        )
        await self._runtime.start(config)
        self._agent = await UserAgent.create(self._runtime, self._account)
        self._agent.on_incoming(self._ring)
        await self._agent.register()

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command:
            case {"do": "dial", "number": str(number)}:
                return {"call": self._take(await self._agent.dial(f"sip:{number}@{self._domain}"))}
            case {"do": "answer", "call": int(number)}:
                await self._call(number).answer()
            case {"do": "talk", "call": int(number)}:
                await self._call(number).wait_established()
            case {"do": "hang_up", "call": int(number)}:
                await self._call(number).hangup()
            case {"do": "hold", "call": int(number)}:
                await patiently(self._call(number).hold)
            case {"do": "resume", "call": int(number)}:
                await patiently(self._call(number).resume)
            case {"do": "press", "call": int(number), "digits": str(digits)}:
                await self._call(number).send_dtmf(digits)
            case {"do": "transfer", "call": int(number), "to": str(target)}:
                await self._call(number).transfer(f"sip:{target}@{self._domain}")
            case {"do": "transfer", "call": int(number), "to_call": int(other)}:
                await self._call(number).attended_transfer(self._call(other))
            case {"do": "listen", "call": int(number)}:
                return {"level": await self._level(number)}
            case {"do": "state", "call": int(number)}:
                call = self._call(number)
                return {"state": call.state.value, "is_held": call.remote_on_hold}
            case _:
                raise BaresipError(f"no such command: {command}")
        return {}

    def _take(self, call: Call) -> int:
        self._calls.append(call)
        number = len(self._calls)

        def happened(event: StackEvent) -> None:
            tell(event=event.event.name, call=number, text=event.text)

        def heard(digit: DigitEvent) -> None:
            tell(event="digit", call=number, digit=digit.digit)

        call.on(happened)
        call.on_dtmf(heard)
        return number

    def _ring(self, call: Call) -> None:
        tell(event="incoming", call=self._take(call), peer=call.peer)

    async def _level(self, number: int) -> int:
        """The loudest sample within LISTENS_S from now on."""
        audio = self._call(number).audio
        while audio.read(65_536):
            pass
        loudest = 0
        deadline = asyncio.get_running_loop().time() + LISTENS_S
        while asyncio.get_running_loop().time() < deadline:
            samples = array("h", audio.read(65_536))
            loudest = max(loudest, *map(abs, samples), 0)
            await asyncio.sleep(0.02)
        return loudest

    def _call(self, number: int) -> Call:
        return self._calls[number - 1]


async def run(username: str, password: str, domain: str) -> None:
    phone = Phone(username, password, domain)
    await phone.start()
    tell(event="ready")
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        task = asyncio.create_task(_obey(phone, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _obey(phone: Phone, command: dict[str, Any]) -> None:
    try:
        tell(answers=command["id"], **await phone.obey(command))
    except (BaresipError, ValueError) as error:
        tell(answers=command["id"], error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG, format="%(message)s")
    tempfile.tempdir = sys.argv[4]
    take_precedence()
    asyncio.run(run(*sys.argv[1:4]))
