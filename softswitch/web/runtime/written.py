"""The configuration as it is written, as far as callers of the API need it: numbers and opening hours."""

import asyncio

from softswitch.base.clock import Clock
from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.configuration import Configuration
from softswitch.config.rows import RouteRow, ScheduleRow
from softswitch.web.limits import WRITTEN_FRESH_S
from softswitch.web.problem import ProblemError


class WrittenConfiguration:
    """Implements `services.Written`: reads the files when somebody asks, once for all who ask meanwhile."""

    def __init__(self, directory: str, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._turn = asyncio.Lock()
        self._read_at = 0.0
        self._known: Configuration | None = None

    async def numbers(self, project: str) -> list[RouteRow]:
        return [row for row in (await self._read()).routes if project in ("", row.project)]

    async def schedules(self, project: str) -> list[ScheduleRow]:
        return [row for row in (await self._read()).schedules if project in ("", row.project)]

    async def _read(self) -> Configuration:
        async with self._turn:
            now = self._clock.now()
            if self._known is not None and now - self._read_at < WRITTEN_FRESH_S:
                return self._known
            try:
                self._known = await asyncio.to_thread(load, self._directory)
            except ConfigurationError as error:
                faults = [str(fault) for fault in error.faults]
                remedy = "Mend what is listed in faults: POST /api/v1/configuration/check looks again"
                raise ProblemError("configuration", "the configuration has faults", remedy, faults=faults) from error
            self._read_at = now
            return self._known
