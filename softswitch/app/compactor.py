"""Has snapshots of the router made by a process of their own (`app/compaction.py`), one at a time."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable

from softswitch import __version__
from softswitch.acd.runtime.rebuilding import Compacted
from softswitch.app import side_process
from softswitch.app.compaction import LENGTH, NUMBER
from softswitch.base.log import get_logger

TIMEOUT_S = 120.0
"""A full journal is done again in a few seconds, on a machine that has better things to do in some more."""
FRAME_BYTES_MAX = 64 << 20

_log = get_logger("acd")


class SnapshotProcess:
    """A `Compactor` for the store in one directory."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._task: asyncio.Task[None] | None = None

    def begin(self, offset_s: float, done: Callable[[Compacted | None], None]) -> None:
        """Start; `done` gets the snapshot, or None where that is not possible: why is in the log."""
        self._task = asyncio.get_running_loop().create_task(self._run(offset_s, done), name="snapshot of the ACD")

    def stop(self) -> None:
        """At once; `done` is not called any more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, offset_s: float, done: Callable[[Compacted | None], None]) -> None:
        compacted: Compacted | None = None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                compacted = await self._compact(offset_s)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            _log.warning("the snapshot of the ACD is made by the switch itself", reason=str(error) or repr(error))
        done(compacted)

    async def _compact(self, offset_s: float) -> Compacted:
        arguments = (self._directory, repr(offset_s), __version__)
        process = await side_process.begin("softswitch.app.compaction", *arguments)
        try:
            return await _read(process)
        except EOFError:
            raise EOFError("its process ended before it was done") from None
        finally:
            await side_process.end(process)


async def _read(process: Process) -> Compacted:
    """Raises EOFError where the process ends too soon, ValueError for what is no frame."""
    assert process.stdout is not None
    frames: list[bytes] = []
    while True:
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if length > FRAME_BYTES_MAX:
            raise ValueError("its process said something strange")
        if not length:
            break
        frames.append(await process.stdout.readexactly(length))
    if len(frames) < 2 or len(frames[0]) != NUMBER.size:
        raise ValueError("its process said something strange")
    return Compacted(NUMBER.unpack(frames[0])[0], frames[1:])
