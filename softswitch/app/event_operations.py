"""What the control socket can ask about the switch's events: those after a number, and all as they happen.

Who follows reads on his own, a part a turn: first from the store, if what he wants is older than what is in memory,
then from memory. Nothing is kept for him. Who has come as far as memory and then lets it pass him is cut off with a
reason: he may come back with his cursor, and goes on from the store.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from softswitch.app.switch_events import SwitchEvents
from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.calls.told.events import Numbered, events_of
from softswitch.control.protocol.replies import EventRows, Refused
from softswitch.control.protocol.requests import WatchEvents

FOLLOWERS_MAX = 16
"""At a time; a web process needs one for all its readers."""
EVENTS_A_TURN = 250
"""Looked at, and sent, in one turn of the event loop: about a millisecond."""
RECORDS_A_TURN = 2
"""Of the store: at most twice two hundred events."""
EVERY_S = 0.05
"""What happens meanwhile goes out in one frame."""
SIGN_OF_LIFE_S = 2.0


class EventSurroundings(Protocol):
    """What is looked at."""

    @property
    def switch_events(self) -> SwitchEvents: ...
    @property
    def clock(self) -> Clock: ...


class EventOperations:
    """The part of `SwitchOperations` that is about events."""

    def __init__(self, around: EventSurroundings) -> None:
        self._around = around
        self._followers = 0

    async def watch_events(self, request: WatchEvents) -> AsyncGenerator[EventRows | Refused, None]:
        try:
            wanted = _Wanted(request)
        except LocalError as error:
            yield Refused("malformed", str(error))
            return
        if self._followers >= FOLLOWERS_MAX:
            yield Refused("busy", f"{FOLLOWERS_MAX} programs follow the events already: end one of them first")
            return
        self._followers += 1
        try:
            async for frame in self._follow(request, wanted):
                yield frame
        finally:
            self._followers -= 1

    async def _follow(self, request: WatchEvents, wanted: "_Wanted") -> AsyncGenerator[EventRows, None]:
        events, clock = self._around.switch_events, self._around.clock
        cursor = events.newest if request.after is None else max(0, min(request.after, events.newest))
        is_incomplete = request.after is not None and self._is_forgotten(request.after)
        said_at = -SIGN_OF_LIFE_S  # at first he is told where he is
        has_caught_up = False
        while True:
            following = events.after(cursor, EVENTS_A_TURN)
            if following.is_behind and has_caught_up:
                reason = f"too slow: {events.newest - cursor} events behind; go on after {cursor}"
                yield EventRows([], cursor, is_last=True, end_reason=reason)
                return
            if following.is_behind:
                following = events.stored_after(cursor, RECORDS_A_TURN)
            else:
                has_caught_up = True
            cursor = following.cursor
            rows = [each for each in following.events if wanted.has(each)]
            is_over = not request.is_following and cursor >= events.newest
            if rows or is_incomplete or is_over or clock.now() - said_at >= SIGN_OF_LIFE_S:
                yield EventRows(rows, cursor, is_incomplete=is_incomplete, is_last=is_over)
                is_incomplete, said_at = False, clock.now()
            if is_over:
                return
            if cursor < events.newest:
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(EVERY_S)
                if cursor >= events.newest:
                    await events.more(SIGN_OF_LIFE_S)

    def _is_forgotten(self, after: int) -> bool:
        """Whether events that would come next are in the store no more, or the number is of another switch's."""
        events = self._around.switch_events
        return after > events.newest or 0 < after < events.oldest_known - 1


class _Wanted:
    """Which events one follower wants."""

    def __init__(self, request: WatchEvents) -> None:
        """Raises `LocalError` for a kind that does not exist."""
        self._kinds = events_of(request.kinds)
        self._fields = [
            (names, value)
            for names, value in (
                (("contact_id", "call_id"), request.contact_id),
                (("queue_id",), request.queue_id),
                (("agent_id",), request.agent_id),
            )
            if value
        ]

    def has(self, numbered: Numbered) -> bool:
        event = numbered.event
        if type(event) not in self._kinds:
            return False
        return all(any(getattr(event, name, None) == value for name in names) for names, value in self._fields)
