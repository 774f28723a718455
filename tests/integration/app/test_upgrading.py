"""One switch takes the place of another under a supervisor: over real processes, which are tiny."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from softswitch.app.children import Role
from softswitch.app.run_directory import RunDirectory
from softswitch.app.supervisor import Program, Supervisor
from softswitch.app.supervisor_client import ask_supervisor, upgrade
from softswitch.app.supervisor_protocol import Step, Upgrade, Upgraded, supervisor_socket

pytestmark = pytest.mark.network

FAKE = Path(__file__).parent / "fake_switch.py"
PATIENCE_S = 20.0
SWITCH = Role(name="switch", stop_rank=0, kill_after_s=5.0)


class Scene:
    """A supervisor with an old switch that is ready; `said` are its words and those of whoever comes after it."""

    def __init__(self, directory: Path, supervisor: Supervisor, reader: asyncio.StreamReader) -> None:
        self.directory = directory
        self.run_directory = str(directory / "run")
        self.supervisor = supervisor
        self._reader = reader

    async def said(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.readline()).decode().strip()

    def version(self, name: str, fault: str = "") -> str:
        return version_in(self.directory, name, fault)

    async def upgrade(self, python: str, *, can_return: bool = True) -> tuple[list[str], Upgraded]:
        """The steps, and the end."""
        request = Upgrade(python=python, can_return=can_return)
        async with asyncio.timeout(PATIENCE_S):
            replies = await asyncio.to_thread(lambda: list(upgrade(self.run_directory, request)))
        end = replies[-1]
        assert isinstance(end, Upgraded)
        return [reply.what for reply in replies if isinstance(reply, Step)], end


def version_in(directory: Path, name: str, fault: str = "") -> str:
    """An interpreter that runs a version of the switch."""
    path = directory / name
    path.write_text(f'#!/bin/sh\nFAKE_VERSION={name} FAKE_FAULT={fault} exec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return str(path)


@contextlib.asynccontextmanager
async def scene_in(directory: Path, fault: str = "", *, is_orphan: bool = False) -> AsyncGenerator[Scene]:
    """`is_orphan`: the switch was started by a supervisor that was killed."""
    fifo = str(directory / "reports")
    os.mkfifo(fifo)
    reader = asyncio.StreamReader()
    pipe = os.fdopen(os.open(fifo, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run_directory = RunDirectory(str(directory / "run"))
    old = version_in(directory, "old", fault)
    arguments = (old, str(FAKE), fifo, str(port), supervisor_socket(str(run_directory.path)))
    scene = Scene(directory, Supervisor([Program(SWITCH, arguments)], run_directory), reader)
    if is_orphan:
        fakes = (str(FAKE.parent / "supervise_fakes.py"), str(run_directory.path))
        former = await asyncio.create_subprocess_exec(sys.executable, *fakes, *arguments)
        assert await scene.said() == "old ready, bound its socket"
        former.kill()
        await former.wait()
    task = asyncio.create_task(scene.supervisor.run())
    await asyncio.sleep(0)  # let it begin
    try:
        if not is_orphan:
            assert await scene.said() == "old ready, bound its socket"
        yield scene
    finally:
        while not task.done():
            scene.supervisor.stop()
            for pid in scene.supervisor.pids.values():
                os.kill(pid, signal.SIGKILL)
            await asyncio.wait([task], timeout=0.5)
        transport.close()


def wait_for_sockets(run_directory: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not ask_supervisor(run_directory).sockets:
        assert time.monotonic() < deadline, "the supervisor holds nothing"


def test_a_switch_gives_its_sockets_to_the_supervisor_after_the_killed_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path, is_orphan=True) as scene:
            await asyncio.to_thread(wait_for_sockets, scene.run_directory)
            os.kill(scene.supervisor.pids["switch"], signal.SIGKILL)
            assert await scene.said() == "old ready, took over its socket"

    asyncio.run(scenario())


def test_the_next_version_takes_over_and_is_started_again_when_it_dies(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path) as scene:
            steps, end = await scene.upgrade(scene.version("new"))
            assert end == Upgraded("upgraded")
            assert steps == [
                "the new version reads the configuration",
                "the switch hands its calls over",
                "the new version takes them over",
            ]
            assert await scene.said() == "old SIGUSR1"
            assert await scene.said() == "new ready, took over its socket"
            known = await asyncio.to_thread(ask_supervisor, scene.run_directory)
            assert known.children == scene.supervisor.pids
            assert known.python.endswith("/new")
            os.kill(scene.supervisor.pids["switch"], signal.SIGKILL)
            assert await scene.said() == "new ready, took over its socket"

    asyncio.run(scenario())


def test_a_version_that_cannot_start_touches_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path) as scene:
            before = scene.supervisor.pids
            _, end = await scene.upgrade(scene.version("new", "reads"))
            assert end.outcome == "refused"
            assert "exit code 2" in end.reason
            assert scene.supervisor.pids == before
            _, end = await scene.upgrade("/nowhere/python")
            assert end.outcome == "refused"
            assert scene.supervisor.pids == before
            _, end = await scene.upgrade(scene.version("new"))
            assert end.outcome == "upgraded", "and the next attempt finds the sockets as they were"
            assert await scene.said() == "old SIGUSR1"
            assert await scene.said() == "new ready, took over its socket"

    asyncio.run(scenario())


def test_the_old_version_comes_back_on_its_sockets(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path) as scene:
            _, end = await scene.upgrade(scene.version("new", "begins"))
            assert end.outcome == "returned"
            assert await scene.said() == "old SIGUSR1"
            assert await scene.said() == "old ready, took over its socket"

    asyncio.run(scenario())


def test_a_version_whose_store_it_is_by_now_is_tried_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path) as scene:
            new = scene.version("new", "begins")
            once = asyncio.create_task(scene.upgrade(new, can_return=False))
            assert await scene.said() == "old SIGUSR1"
            while scene.supervisor.pids.get("switch") is not None and not once.done():
                await asyncio.wait([once], timeout=0.05)
                scene.version("new")  # somebody has repaired it
            _, end = await once
            assert end.outcome == "returned"
            assert "the store is the new version's" in end.reason
            assert await scene.said() == "new ready, took over its socket"

    asyncio.run(scenario())


def test_a_switch_that_does_not_hand_over_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.app.upgrade.HAND_OVER_WITHIN_S", 0.05)

    async def scenario() -> None:
        async with scene_in(tmp_path, "keeps") as scene:
            _, end = await scene.upgrade(scene.version("new"))
            assert end.outcome == "upgraded"
            assert await scene.said() == "old SIGUSR1"
            assert await scene.said() == "new ready, took over its socket"

    asyncio.run(scenario())


def test_a_stop_in_the_middle_leaves_nobody_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene_in(tmp_path, "keeps") as scene:
            once = asyncio.create_task(scene.upgrade(scene.version("new")))
            assert await scene.said() == "old SIGUSR1"
            scene.supervisor.stop()
            _, end = await once
            assert end.outcome == "refused"
            assert await scene.said() == "old SIGTERM"

    asyncio.run(scenario())
