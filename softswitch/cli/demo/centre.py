"""The demo's call centre while it runs: `softswitch serve` as a child process, watched through its control socket.

What is started here is ended here, by its own pid, and nothing is left when `stop` returns.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from contextlib import suppress
from pathlib import Path

import msgspec

from softswitch.base.errors import StartError
from softswitch.base.ids import AgentId
from softswitch.cli.directory import control_socket
from softswitch.cli.failure import Failure
from softswitch.control.protocol.replies import AgentSet, Status
from softswitch.control.protocol.requests import AgentAction, GetStatus, SetAgent
from softswitch.control.protocol.rows import AgentRow, CallRow, QueueRow
from softswitch.control.runtime.client import ControlClient, ControlFailed, NoSwitchRunning

READY_WITHIN_S = 30.0
STOPS_WITHIN_S = 15.0
ORPHANS_STOP_WITHIN_S = 3.0
_POLL_S = 0.05


class Snapshot(msgspec.Struct, frozen=True):
    """The switch at one moment."""

    status: Status
    queues: list[QueueRow]
    agents: list[AgentRow]
    calls: list[CallRow]


class Centre:
    """The switch of one directory. `start`, then whatever else, and `stop` in any case."""

    def __init__(self, directory: Path) -> None:
        self.log_path = directory / "serve.log"
        self._directory = str(directory)
        self._process: Process | None = None
        self._is_up = False
        self._pids: set[int] = set()
        """Children of the supervisor's, as the switch last named them."""

    async def start(self) -> None:
        """Returns when calls can come. Raises StartError with the reason the switch gave."""
        with self.log_path.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "softswitch", "serve", self._directory),
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(self._until_ready(), READY_WITHIN_S)
        except TimeoutError:
            raise StartError(
                f"the switch is not ready after {READY_WITHIN_S:.0f} s: {self.log_path} may say why"
            ) from None

    async def stop(self) -> None:
        """End it in order; what does not end by itself is killed."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOPS_WITHIN_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._process.returncode != 0:
            await self._end_orphans()
        self._process = None

    async def snapshot(self) -> Snapshot | None:
        """None while the switch does not answer. Raises StartError or Failure with its last words when it has ended."""
        try:
            snapshot = await asyncio.to_thread(self._ask)
        except (NoSwitchRunning, ControlFailed):
            self._check()
            return None
        self._pids = {snapshot.status.pid, *(worker.pid for worker in snapshot.status.workers)}
        return snapshot

    async def set_agent(self, agent_id: str, action: AgentAction, reason: str = "") -> None:
        """Raises ControlFailed."""
        await asyncio.to_thread(self._order, SetAgent(AgentId(agent_id), action, reason))

    async def _until_ready(self) -> None:
        while True:
            snapshot = await self.snapshot()
            if snapshot is not None and all(worker.is_connected for worker in snapshot.status.workers):
                self._is_up = True
                return
            await asyncio.sleep(_POLL_S)

    async def _end_orphans(self) -> None:
        """The supervisor is gone without having ended its children: they would go on, waiting for the next one."""
        for number, wait_s in ((signal.SIGTERM, ORPHANS_STOP_WITHIN_S), (signal.SIGKILL, 0.0)):
            for pid in self._pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            await asyncio.sleep(wait_s)

    def _check(self) -> None:
        if self._process is not None and self._process.returncode is not None:
            lines = self.log_path.read_text("utf-8", "replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
            words = f"the switch has ended: {last} (more in {self.log_path})"
            raise Failure(words) if self._is_up else StartError(words)

    def _ask(self) -> Snapshot:
        with self._client() as client:
            return Snapshot(client.ask(GetStatus(), Status), client.queues(), client.agents(), client.calls())

    def _order(self, order: SetAgent) -> None:
        with self._client() as client:
            client.ask(order, AgentSet)

    def _client(self) -> ControlClient:
        return ControlClient(control_socket(self._directory), self._directory, answer_s=3.0)
