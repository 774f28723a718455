"""Checks passwords beside the event loop, a few at a time: each costs 20 ms of CPU, and is meant to."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from softswitch.web.limits import LOG_INS_AT_ONCE, LOG_INS_WAITING_MAX
from softswitch.web.passwords import is_password
from softswitch.web.problem import ProblemError


class PasswordChecks:
    """Of one event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOG_INS_AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    async def check(self, password: str, known_hash: str) -> bool:
        """Raises `ProblemError` if too many wait already."""
        if self._waiting >= LOG_INS_WAITING_MAX:
            headers = {"Retry-After": "5"}
            raise ProblemError("busy", "too many log in at once", "Try again in a moment", headers=headers)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, is_password, password, known_hash)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
