"""A control server on a Unix socket in a thread of its own, over a switch with fixed contents."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import uvloop

from softswitch.control.operations import Operations
from softswitch.control.runtime.server import ControlServer
from softswitch.testing.operations import FixedOperations

T = TypeVar("T")


class RunningServer:
    """A `ControlServer` with an event loop, for clients that block."""

    def __init__(self, operations: Operations, path: str) -> None:
        self.path = path
        self._loop = uvloop.new_event_loop()
        self._server = ControlServer(operations, path, idle_s=5.0, clients_max=8)
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(5)

    def do(self, act: Callable[[], T]) -> T:
        """On its event loop."""

        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(5)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def operations() -> FixedOperations:
    return FixedOperations()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration directory whose switch would have its control socket at run/control.sock."""
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def server(operations: FixedOperations, directory: Path) -> Iterator[RunningServer]:
    running = RunningServer(operations, str(directory / "run" / "control.sock"))
    running.start()
    yield running
    running.stop()
