"""`/api/v1/events` as a WebSocket: one reader of the switch's events, from his cursor on, at his own pace.

```
 accept ──► read the store until memory goes on ──► memory ──► what happens, as it happens; a sign of life in between
                                                       │
                       memory has passed him, or he takes nothing: 4408 "too slow; go on after N"
                       his key or session is good no more: 4401
```

Nothing is kept for a reader but his cursor and one frame.
"""

import asyncio
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketException
from litestar.handlers import WebsocketRouteHandler

from softswitch.base.log import get_logger
from softswitch.web.event_frames import CLOSE_CODES, FAILED, TOO_SLOW, CloseCode, EventFrame, close_reason
from softswitch.web.limits import (
    EVENT_READERS_MAX,
    EVENT_READERS_OF_ONE_MAX,
    EVENT_SEND_S,
    EVENTS_A_FRAME,
    HEARTBEAT_S,
    RIGHTS_EVERY_S,
)
from softswitch.web.own_events import EventQuery, OwnEvents
from softswitch.web.own_switch import Link, OwnSwitch
from softswitch.web.problem import ProblemError
from softswitch.web.reading import read_query_as
from softswitch.web.route import PREFIX
from softswitch.web.runtime.event_hub import EventHub
from softswitch.web.runtime.gate import Gate

Socket = WebSocket[Any, Any, Any]

_log = get_logger("web")
_encode = msgspec.json.Encoder().encode
TOGETHER_S = 0.05
"""What happens meanwhile goes out in one frame."""


class TooSlowError(Exception):
    """He cannot be waited for."""

    def __init__(self, cursor: int) -> None:
        super().__init__(f"too slow; go on after {cursor}")


class EventSocket:
    """Serves all readers."""

    def __init__(self, gate: Gate, link: Link, hub: EventHub) -> None:
        self._gate = gate
        self._link = link
        self._hub = hub
        self._readers: dict[str, int] = {}

    async def serve(self, socket: Socket) -> None:
        await socket.accept()
        try:
            await self._read(socket)
        except ProblemError as error:
            await _close(socket, CLOSE_CODES.get(error.code, FAILED), error.problem.detail)
        except TooSlowError as error:
            await _close(socket, TOO_SLOW, str(error))
        except (WebSocketException, OSError):
            pass  # he went away
        except Exception:
            _log.exception("a reader of events failed")
            await _close(socket, FAILED, "the web process failed; its log says where")

    async def _read(self, socket: Socket) -> None:
        self._gate.count_address(self._gate.address_of(socket))
        caller = self._gate.enter_socket(socket)
        self._gate.count_caller(caller)
        query: EventQuery = read_query_as(EventQuery, list(socket.query_params.multi_items()))
        self._take_place(caller.name)
        listening = asyncio.get_running_loop().create_task(_until_gone(socket))
        reader = asyncio.get_running_loop().create_task(self._send_all(socket, query))
        try:
            await asyncio.wait({listening, reader}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                reader.result()
        finally:
            for task in (listening, reader):
                task.cancel()
            await asyncio.gather(listening, reader, return_exceptions=True)
            self._leave_place(caller.name)

    async def _send_all(self, socket: Socket, query: EventQuery) -> None:
        hub, loop = self._hub, asyncio.get_running_loop()
        hub.start()
        caller = self._gate.enter_socket(socket)
        own = OwnEvents(caller, await OwnSwitch(caller, self._link).owner(), query)
        looked_at = said_at = loop.time()
        cursor = hub.newest if query.after is None else query.after
        while cursor is None:
            await hub.more(0, HEARTBEAT_S)
            cursor = hub.newest
        has_caught_up = is_incomplete = False
        await _send(socket, EventFrame([], cursor), cursor)
        while True:
            if loop.time() - looked_at >= RIGHTS_EVERY_S:
                looked_at = loop.time()
                caller = self._gate.enter_socket(socket)
                own.owner = await OwnSwitch(caller, self._link).owner()
            part = hub.after(cursor, EVENTS_A_FRAME)
            if part.is_behind and has_caught_up:
                raise TooSlowError(cursor)
            if part.is_behind:
                part, is_lost = await hub.catch_up(cursor)
                is_incomplete |= is_lost
            else:
                has_caught_up = True
            events = own.of(part.events)
            is_new = bool(part.events)
            cursor = max(cursor, part.cursor)
            if events or is_incomplete or loop.time() - said_at >= HEARTBEAT_S:
                await _send(socket, EventFrame(events, cursor, is_incomplete), cursor)
                is_incomplete, said_at = False, loop.time()
            if not is_new:
                await hub.more(cursor, HEARTBEAT_S)
                await asyncio.sleep(TOGETHER_S)

    def _take_place(self, name: str) -> None:
        if sum(self._readers.values()) >= EVENT_READERS_MAX or self._readers.get(name, 0) >= EVENT_READERS_OF_ONE_MAX:
            raise ProblemError("busy", "too many follow the events already", "Use one connection for several pages")
        self._readers[name] = self._readers.get(name, 0) + 1

    def _leave_place(self, name: str) -> None:
        self._readers[name] -= 1
        if not self._readers[name]:
            del self._readers[name]


def event_route(events: EventSocket) -> WebsocketRouteHandler:
    """Beside the route of the same path, which answers in parts."""

    async def follow_events(socket: Socket) -> None:
        await events.serve(socket)

    return WebsocketRouteHandler(f"{PREFIX}/events")(follow_events)


async def _send(socket: Socket, frame: EventFrame, cursor: int) -> None:
    try:
        async with asyncio.timeout(EVENT_SEND_S):
            await socket.send_text(_encode(frame).decode())
    except TimeoutError as error:
        raise TooSlowError(cursor) from error


async def _until_gone(socket: Socket) -> None:
    """What he says is not listened to; that he goes is noticed."""
    try:
        while True:
            await socket.receive_data("text")
    except WebSocketException:
        return


async def _close(socket: Socket, code: CloseCode, reason: str) -> None:
    try:
        async with asyncio.timeout(EVENT_SEND_S):
            await socket.close(code=code, reason=close_reason(reason))
    except (TimeoutError, WebSocketException, OSError, RuntimeError):
        pass  # he does not take that either, or has gone
