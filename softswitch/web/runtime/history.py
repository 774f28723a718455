"""Reads the store beside the event loop. What looks through many records looks through so many at once, then stops."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from softswitch.base.errors import StartError
from softswitch.base.log import get_logger
from softswitch.store import StoreReader, open_reader
from softswitch.store.tables import DamagedRecord
from softswitch.web.limits import HISTORY_AT_ONCE, HISTORY_WAITING_MAX
from softswitch.web.problem import ProblemError

_log = get_logger("web")
T = TypeVar("T")


class History:
    """Implements `services.History`. The store is opened when somebody asks, and kept open."""

    def __init__(self, directory: str, recordings: str) -> None:
        """Of the store, and of the recordings."""
        self._directory = directory
        self._recordings = recordings
        self._threads = ThreadPoolExecutor(HISTORY_AT_ONCE, thread_name_prefix="history")
        self._reader: StoreReader | None = None
        self._waiting = 0

    async def read(self, read: Callable[[StoreReader], T]) -> T:
        """Raises `ProblemError` if the store cannot be read, or too many want to."""
        if self._waiting >= HISTORY_WAITING_MAX:
            headers = {"Retry-After": "2"}
            raise ProblemError("busy", "too many read records at once", "Try again in a moment", headers=headers)
        self._waiting += 1
        try:
            reader = self._open()
            return await asyncio.get_running_loop().run_in_executor(self._threads, read, reader)
        except (DamagedRecord, StartError) as error:
            _log.error("the store cannot be read", fault=str(error))
            reason = "the records of the switch cannot be read"
            raise ProblemError("switch_failed", reason, "The log of the web process says why") from error
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self) -> StoreReader:
        if self._reader is None:
            self._reader = open_reader(self._directory, recordings=self._recordings)
        return self._reader
