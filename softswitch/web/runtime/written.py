"""The configuration as it is written, as far as callers of the API need it: numbers and opening hours."""

import asyncio

from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.configuration import Configuration
from softswitch.config.rows import RouteRow, ScheduleRow
from softswitch.web.problem import ProblemError


class WrittenConfiguration:
    """Implements `services.Written`: reads the files when somebody asks, one reader at a time."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._turn = asyncio.Lock()

    async def numbers(self, project: str) -> list[RouteRow]:
        return [row for row in (await self._read()).routes if project in ("", row.project)]

    async def schedules(self, project: str) -> list[ScheduleRow]:
        return [row for row in (await self._read()).schedules if project in ("", row.project)]

    async def _read(self) -> Configuration:
        try:
            async with self._turn:
                return await asyncio.to_thread(load, self._directory)
        except ConfigurationError as error:
            faults = [str(fault) for fault in error.faults]
            remedy = "Mend what is listed in faults: POST /api/v1/configuration/check looks again"
            raise ProblemError("configuration", "the configuration has faults", remedy, faults=faults) from error
