"""The streamer as the switch keeps it: started when wanted, again when it died or hangs, ended with the switch."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from softswitch.app.streamer_process import StreamerProcess
from softswitch.base.ids import FeedId
from softswitch.calls.runtime.programs import Programs
from softswitch.media.feeds.orders import Dial, Fact, ProgramConnected, ProgramLeft, ProgramLost
from softswitch.testing.runtime.streamer import WebProgram

pytestmark = pytest.mark.network

SILENT_S = 7.0
"""Somewhat more than the five seconds in which it says something."""


def takes_all(socket: ServerConnection) -> None:
    for _ in socket:
        pass


async def until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.02)


def kinds(facts: list[Fact]) -> list[type[Fact]]:
    return [type(fact) for fact in facts if isinstance(fact, ProgramConnected | ProgramLost | ProgramLeft)]


def pid_of(socket: str) -> int:
    """Of the streamer that listens there; 0 if there is none."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if socket.encode() in (directory / "cmdline").read_bytes().split(b"\0"):
                return int(directory.name)
        except OSError:
            continue
    return 0


def test_a_streamer_that_dies_or_hangs_is_another_one(tmp_path: Path) -> None:
    program, socket = WebProgram(takes_all), str(tmp_path / "streamer.sock")
    listening: list[Fact] = []
    talking: list[Fact] = []

    async def run() -> None:
        programs = Programs()
        process = StreamerProcess(programs, asyncio.get_running_loop(), socket, silent_s=SILENT_S)
        assert pid_of(socket) == 0, "nobody wants it yet"
        programs.dial(Dial(feed_id=FeedId(1), url=program.url, returns=True), listening.append)
        programs.dial(Dial(feed_id=FeedId(2), url=program.url, talks=True), talking.append)
        await until(lambda: ProgramConnected in kinds(listening) and ProgramConnected in kinds(talking))
        os.kill(pid_of(socket), signal.SIGKILL)
        await until(lambda: kinds(listening) == [ProgramConnected, ProgramLost, ProgramConnected])
        assert kinds(talking) == [ProgramConnected, ProgramLeft], "who talked is lost"
        os.kill(pid_of(socket), signal.SIGSTOP)
        await until(lambda: kinds(listening)[3:] == [ProgramLost, ProgramConnected])
        programs.leave(FeedId(1), "over")
        await until(lambda: not programs)
        assert programs.ended == {"closed": 1, "lost": 1}
        await process.stop()
        assert pid_of(socket) == 0

    asyncio.run(run())
    program.close()
