"""The supervisor over real processes: tiny ones that report through a FIFO what they are told."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from softswitch.app.children import Role
from softswitch.app.run_directory import RunDirectory
from softswitch.app.supervisor import Program, Supervisor
from softswitch.base.errors import StartError

pytestmark = pytest.mark.network

HERE = Path(__file__).parent
PATIENCE_S = 10.0
SWITCH = Role(name="switch", stop_rank=0, kill_after_s=5.0, reloads=True)
MEDIA = Role(name="media-0", stop_rank=1, kill_after_s=5.0)


class Reports:
    """What the fake children say, a line each."""

    def __init__(self, directory: Path) -> None:
        self.fifo = str(directory / "reports")
        os.mkfifo(self.fifo)
        self._reader = asyncio.StreamReader()

    async def open(self) -> asyncio.BaseTransport:
        pipe = os.fdopen(os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        return transport

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.readline()).decode().strip()

    def program(self, role: Role, *behaviour: str) -> Program:
        return Program(role, (sys.executable, "-IS", str(HERE / "fake_child.py"), self.fifo, role.name, *behaviour))


@contextlib.asynccontextmanager
async def reports_in(directory: Path) -> AsyncGenerator[Reports]:
    reports = Reports(directory)
    transport = await reports.open()
    try:
        yield reports
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def running(programs: list[Program], directory: Path) -> AsyncGenerator[tuple[Supervisor, asyncio.Task[int]]]:
    """A supervisor at work; whatever happens, its children are gone afterwards."""
    supervisor = Supervisor(programs, RunDirectory(str(directory / "run")))
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor, task
    finally:
        while not task.done():
            supervisor.stop()
            for pid in supervisor.pids.values():
                os.kill(pid, signal.SIGKILL)
            await asyncio.wait([task], timeout=0.5)


async def exit_code(task: asyncio.Task[int]) -> int:
    async with asyncio.timeout(PATIENCE_S):
        return await task


def test_a_killed_child_is_back_within_300_ms(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with reports_in(tmp_path) as reports, running([reports.program(SWITCH)], tmp_path) as (supervisor, _):
            assert await reports.next() == "switch started"
            first = supervisor.pids["switch"]
            killed_at = time.monotonic()
            os.kill(first, signal.SIGKILL)
            assert await reports.next() == "switch started"
            assert time.monotonic() - killed_at < 0.3
            assert supervisor.pids["switch"] != first

    asyncio.run(scenario())


def test_the_stop_is_orderly_and_ends_with_code_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            reports_in(tmp_path) as reports,
            running([reports.program(MEDIA), reports.program(SWITCH)], tmp_path) as (supervisor, task),
        ):
            assert {await reports.next(), await reports.next()} == {"media-0 started", "switch started"}
            supervisor.reload()
            assert await reports.next() == "switch SIGHUP"
            supervisor.stop()
            assert await reports.next() == "switch SIGTERM"
            assert await reports.next() == "media-0 SIGTERM"
            assert await exit_code(task) == 0
            assert list((tmp_path / "run").iterdir()) == []

    asyncio.run(scenario())


def test_a_child_that_does_not_end_is_killed(tmp_path: Path) -> None:
    async def scenario() -> None:
        role = Role(name="switch", stop_rank=0, kill_after_s=0.05)
        async with (
            reports_in(tmp_path) as reports,
            running([reports.program(role, "stubborn")], tmp_path) as (supervisor, task),
        ):
            assert await reports.next() == "switch started"
            supervisor.stop()
            assert await reports.next() == "switch SIGTERM"
            assert await exit_code(task) == 0

    asyncio.run(scenario())


def test_a_child_that_cannot_start_ends_the_others_and_the_supervisor_with_code_2(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            reports_in(tmp_path) as reports,
            running([reports.program(MEDIA), reports.program(SWITCH, "exit", "2")], tmp_path) as (_, task),
        ):
            assert await exit_code(task) == 2
            while await reports.next() != "switch started":  # media-0 may have been stopped before its first word
                pass

    asyncio.run(scenario())


def test_a_command_that_does_not_exist_is_tried_again_and_never_a_traceback(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running([Program(SWITCH, ("/nowhere/python",))], tmp_path) as (supervisor, task):
            await asyncio.wait([task], timeout=0.05)
            supervisor.stop()
            assert await exit_code(task) == 0

    asyncio.run(scenario())


def test_children_survive_a_killed_supervisor_and_the_next_one_takes_them_over(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with reports_in(tmp_path) as reports:
            program = reports.program(SWITCH)
            first = await asyncio.create_subprocess_exec(
                sys.executable, str(HERE / "supervise_fakes.py"), str(tmp_path / "run"), *program.arguments
            )
            assert await reports.next() == "switch started"
            pid = noted_process(RunDirectory(str(tmp_path / "run")), "switch")
            with pytest.raises(StartError, match=f"pid {first.pid}"):
                RunDirectory(str(tmp_path / "run")).lock()
            first.kill()
            await first.wait()
            async with running([program], tmp_path) as (supervisor, task):
                await asyncio.sleep(0)  # let it begin
                assert supervisor.pids == {"switch": pid}
                supervisor.stop()
                assert await reports.next() == "switch SIGTERM"
                assert await exit_code(task) == 0

    asyncio.run(scenario())


def noted_process(run_directory: RunDirectory, name: str) -> int:
    """The pid that another supervisor notes when it has started this child; a moment after the child's first word."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if pid := run_directory.living_process(name):
            return pid
    raise TimeoutError(f"no process of {name} was noted")


def spared(reports: Reports, role: Role) -> Program:
    """A program that a spare process may become."""
    plain = reports.program(role)
    return Program(plain.role, plain.arguments, (*plain.arguments[:3], "--spare"))


def test_a_spare_process_takes_the_place_of_a_dead_child_and_another_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            reports_in(tmp_path) as reports,
            running([spared(reports, MEDIA), reports.program(SWITCH)], tmp_path) as (supervisor, task),
        ):
            assert {await reports.next(), await reports.next()} == {"media-0 started", "switch started"}
            assert not supervisor.spare_pids
            supervisor.prepare_spares()
            supervisor.prepare_spares()
            for _ in range(2):
                spare = supervisor.spare_pids.get("media-0")
                assert spare is not None
                os.kill(supervisor.pids["media-0"], signal.SIGKILL)
                assert await reports.next() == "media-0 started"
                assert supervisor.pids["media-0"] == spare
                assert not supervisor.spare_pids
                supervisor.prepare_spares()
            os.kill(supervisor.pids["switch"], signal.SIGKILL)
            assert await reports.next() == "switch started"
            last = supervisor.spare_pids.get("media-0")
            assert last is not None
            assert supervisor.pids["switch"] != last
            supervisor.stop()
            assert await exit_code(task) == 0
            with pytest.raises(ProcessLookupError):
                os.kill(last, 0)

    asyncio.run(scenario())


def test_without_a_living_spare_a_child_is_started_as_any_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            reports_in(tmp_path) as reports,
            running([spared(reports, MEDIA)], tmp_path) as (supervisor, _),
        ):
            assert await reports.next() == "media-0 started"
            supervisor.prepare_spares()
            spare = supervisor.spare_pids.get("media-0")
            assert spare is not None
            os.kill(spare, signal.SIGKILL)
            await asyncio.to_thread(os.waitid, os.P_PID, spare, os.WEXITED | os.WNOWAIT)
            os.kill(supervisor.pids["media-0"], signal.SIGKILL)
            assert await reports.next() == "media-0 started"
            assert supervisor.pids["media-0"] != spare
            supervisor.prepare_spares()
            assert supervisor.spare_pids.get("media-0") not in (None, spare)

    asyncio.run(scenario())
