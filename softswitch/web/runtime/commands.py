"""Runs our own command line as a process beside this one, for what would take seconds of it: one of a kind at a time.

What it prints is the answer. It is stopped when nobody waits for it any more, or after its time.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from softswitch.web.limits import COMMAND_BYTES_MAX, COMMAND_S, COMMANDS_AT_ONCE
from softswitch.web.problem import ProblemError
from softswitch.web.services import Finished

NICENESS = "5"
"""Beyond that of the web process, in whose session they are: behind it, which is behind the switch."""


class Commands:
    """Implements `services.Commands`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._running = 0

    async def run(self, *arguments: str) -> Finished:
        """`softswitch ARGUMENTS --config DIRECTORY`. Raises `ProblemError` if it cannot be, or takes too long."""
        if self._running >= COMMANDS_AT_ONCE:
            headers = {"Retry-After": "5"}
            reason = f"{COMMANDS_AT_ONCE} such requests are being worked on"
            raise ProblemError("busy", reason, "Try again when they are done", headers=headers)
        self._running += 1
        try:
            async with asyncio.timeout(COMMAND_S):
                return await self._finished(arguments)
        except TimeoutError as error:
            raise ProblemError("not_possible", f"it took longer than {COMMAND_S:g} s", "Ask for less") from error
        except OSError as error:
            reason = f"the system starts no process ({error.strerror})"
            raise ProblemError("busy", reason, "Try again in a moment") from error
        finally:
            self._running -= 1

    async def _finished(self, arguments: tuple[str, ...]) -> Finished:
        program = ("nice", "-n", NICENESS, sys.executable, "-P", "-m", "softswitch")
        environment = {**os.environ, "SOFTSWITCH_CONFIG": self._directory, "OPENBLAS_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            *program, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            output, errors = await _read(process)
            return Finished(await process.wait(), output, errors.decode(errors="replace"))
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _read(process: Process) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = await asyncio.gather(_read_all(process.stdout), _read_all(process.stderr))
    return output, errors


async def _read_all(stream: asyncio.StreamReader) -> bytes:
    read = bytearray()
    while chunk := await stream.read(64 * 1024):
        if len(read) + len(chunk) > COMMAND_BYTES_MAX:
            raise ProblemError("not_possible", "its answer is too large", "Ask for less")
        read += chunk
    return bytes(read)
