"""All events of the switch, followed once for everybody who reads them through this process.

The first reader begins it. When the switch goes away it is asked again, from where it stopped, until it is back.
"""

import asyncio
import contextlib
from contextlib import aclosing

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.told.events import Numbered
from softswitch.calls.told.stored import events_in, stored_records
from softswitch.control.protocol.replies import EventRows
from softswitch.control.protocol.requests import WatchEvents
from softswitch.control.runtime.async_client import AsyncControlClient
from softswitch.store import StoreReader
from softswitch.web.limits import RECENT_EVENTS, STORED_RECORDS_AT_ONCE
from softswitch.web.recent_events import Part, RecentEvents
from softswitch.web.services import History

_log = get_logger("web")
AGAIN_S = 1.0
ON_DISK_S = 0.3
"""What the switch has told is on its disk by then."""
LOOKS_MAX = 5


class EventHub:
    """`after` and `more` for any number of readers."""

    def __init__(self, client: AsyncControlClient, history: History) -> None:
        self._client = client
        self._history = history
        self._recent = RecentEvents(RECENT_EVENTS)
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def start(self) -> None:
        """Once more is fine."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def newest(self) -> int | None:
        """The number of the last event; None before the switch was heard."""
        return None if self._recent.since is None else self._recent.newest

    def after(self, number: int, limit: int) -> Part:
        """From memory."""
        return self._recent.after(number, limit)

    async def catch_up(self, number: int) -> tuple[Part, bool]:
        """Some that are not in memory any more, from the store; and whether some are lost for good.

        Raises `ProblemError`.
        """
        for _ in range(LOOKS_MAX):
            part = await self._history.read(lambda store: _stored(store, number))
            if part.cursor > number:
                return Part(part.events, part.cursor, is_behind=False), part.is_behind
            since = self._recent.since
            if since is not None and number >= since:
                return Part([], number, is_behind=False), False
            await asyncio.sleep(ON_DISK_S)
        since = self._recent.since
        return Part([], number if since is None else since, is_behind=False), since is not None

    async def more(self, number: int, timeout_s: float) -> None:
        """Until there may be one after this number, or for so long."""
        newest = self.newest
        if newest is not None and newest > number:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    # Private

    async def _follow(self) -> None:
        is_away = False
        while True:
            try:
                async with aclosing(self._client.follow(WatchEvents(after=self.newest), EventRows)) as frames:
                    async for frame in frames:
                        if is_away:
                            is_away = False
                            _log.info("events are followed again")
                        self._take(frame)
                        if frame.is_last:
                            break
            except SoftswitchError as error:
                if not is_away:
                    is_away = True
                    _log.warning("events cannot be followed", reason=str(error))
            except Exception:
                _log.exception("events cannot be followed")
            await asyncio.sleep(AGAIN_S)

    def _take(self, frame: EventRows) -> None:
        before = self.newest
        self._recent.take(frame.rows, frame.cursor, is_incomplete=frame.is_incomplete)
        if frame.rows or before is None:
            waiting, self._waiting = self._waiting, set()
            for future in waiting:
                if not future.done():
                    future.set_result(None)


def _stored(store: StoreReader, number: int) -> Part:
    """In a thread. `is_behind`: the oldest that are stored come after what was asked for."""
    events: list[Numbered] = []
    cursor, is_first, is_behind = number, True, False
    for count, record in enumerate(stored_records(store, number), 1):
        if is_first and number > 0 and record.number > number + 1:
            oldest = store.switch_events.oldest(1)
            is_behind = bool(oldest) and oldest[0].number == record.number
        is_first = False
        events += events_in(record, number)
        cursor = record.last
        if count == STORED_RECORDS_AT_ONCE:
            break
    return Part(events, cursor, is_behind)
