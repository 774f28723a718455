"""One program's WebSocket: dialled, fed, listened to, dialled again. What is said is decided in program_link.py."""

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import CloseCode

from softswitch.media.feeds import messages
from softswitch.media.feeds.limits import MESSAGE_BYTES_MAX
from softswitch.media.feeds.messages import Stop
from softswitch.media.feeds.orders import (
    Dial,
    EndReason,
    Fact,
    ProgramConnected,
    ProgramCounted,
    ProgramKeys,
    ProgramLeft,
    ProgramLost,
)
from softswitch.media.feeds.program_link import ProgramLink
from softswitch.media.feeds.returning import Redialling

T = TypeVar("T")

PING_EVERY_S = 5.0
PONG_WITHIN_S = 10.0
"""A program that is gone without a word is known to be so after a quarter of a minute."""
TAKES_WITHIN_S = 15.0
"""A program that takes nothing of what it is sent for so long is given up: then not even a ping gets through to it."""
LEAVE_S = 1.0
"""What is left to a program to answer our goodbye."""
FLOOD_PAUSE_S = 0.02
"""Between two messages of a program that is a minute ahead already: others have their turn."""
PLAY_OUT_S = 5.0
"""Longer than what was said ahead lasts, a program that has said "stop" is not waited for."""

_PASSING = (408, 425, 429)
"""Statuses below 500 that may be others a moment later."""


FAULT_CHARACTERS_MAX = 300


class _Straight(connect):
    """Goes where it is told and nowhere else: a call's sound, and the keys in headers, are for that program alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Left(Exception):
    """The switch takes leave of the program."""


class Connection:
    """See the module. `flush` hands on what the program has said, after every input."""

    def __init__(self, dial: Dial, *, say: Callable[[Fact], None], flush: Callable[["Connection"], None]) -> None:
        self.dial = dial
        self.link = ProgramLink(dial)
        self._say = say
        self._flush = flush
        self._wake = asyncio.Event()
        """There is something to send, or the end has come."""
        self._leaving: str | None = None
        self._left = asyncio.Event()

    async def run(self) -> None:
        """Until it is over, which is said then."""
        redialling = Redialling()
        while True:
            began_at = 0.0
            reason: EndReason = "refused"
            try:
                socket = await self._until_left(self._connect())
                began_at, reason = time.monotonic(), "lost"
                reason, fault = await self._talk(socket)
                is_final = reason != "lost"
            except _Left:
                reason, fault, is_final = "closed", "", True
            except InvalidStatus as error:
                status = error.response.status_code
                fault = f"it answers {status} {error.response.reason_phrase}".strip()
                is_final = 300 <= status < 500 and status not in _PASSING
            except TimeoutError:
                fault, is_final = f"it does not answer within {self.dial.connect_s:g} s", False
            except ssl.SSLError as error:
                fault, is_final = f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}", False
            except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
                text = error.strerror if isinstance(error, OSError) else ""
                fault = text or str(error) or type(error).__name__
                is_final = isinstance(error, InvalidURI | ValueError)
            if is_final or not self.dial.returns:
                self._over(reason, fault)
                return
            self.link.counts.reconnects += 1
            wait_s = redialling.lost_after(time.monotonic() - began_at if began_at else 0.0)
            self._say(ProgramLost(self.dial.feed_id, fault, wait_s))
            try:
                await self._until_left(asyncio.sleep(wait_s))
            except _Left:
                self._over("closed", "")
                return

    def leave(self, reason: str) -> None:
        """Take leave of the program; `run` ends soon. What it has carried is said at once."""
        self._say(ProgramCounted(self.dial.feed_id, self.link.counts))
        self._leaving = reason
        self._left.set()
        self._wake.set()

    def after_input(self) -> None:
        """Hand on what an input has brought."""
        self._flush(self)
        digits = self.link.take_digits()
        if digits:
            self._say(ProgramKeys(self.dial.feed_id, digits))
        self._wake.set()

    async def _connect(self) -> ClientConnection:
        context = _context(self.dial.ca_file) if self.dial.url.startswith("wss:") else None
        async with asyncio.timeout(self.dial.connect_s):
            return await _Straight(
                self.dial.url,
                additional_headers=self.dial.headers,
                ssl=context,
                compression=None,
                proxy=None,
                open_timeout=None,
                ping_interval=PING_EVERY_S,
                ping_timeout=PONG_WITHIN_S,
                close_timeout=LEAVE_S,
                max_size=MESSAGE_BYTES_MAX,
                user_agent_header="softswitch",
            )

    async def _talk(self, socket: ClientConnection) -> tuple[EndReason, str]:
        """Until the connection or the feed is over; why, and what is wrong about it."""
        self.link.connected()
        self._say(ProgramConnected(self.dial.feed_id))
        reader = asyncio.ensure_future(self._listen(socket))
        try:
            fault = await self._send(socket, reader)
        finally:
            if not reader.done():
                reader.cancel()
            await asyncio.wait([reader])
            self.link.disconnected()
            await self._part_from(socket)
        if self._leaving is not None:
            return "closed", ""
        ended = self.link.ended
        if ended is not None and ended.fault:
            return "lost", ended.fault
        if ended is None and fault is not None:
            return "lost", fault
        await self._play_out()
        return ("closed" if ended is None else "stopped"), ""

    async def _send(self, socket: ClientConnection, reader: "asyncio.Future[str | None]") -> str | None:
        """What the program is told, until the end. None: it has closed as one does; else what has happened."""
        reader.add_done_callback(lambda _: self._wake.set())
        while not reader.done() and self.link.ended is None and self._leaving is None:
            message = self.link.next_message()
            if message is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            sending = asyncio.ensure_future(socket.send(message))
            # A program that reads nothing holds `send` up, and must not hold the end up with it.
            leaving = asyncio.ensure_future(self._left.wait())
            try:
                await asyncio.wait(
                    [sending, leaving, reader], timeout=TAKES_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
                )
                if sending.done():
                    await sending
                elif not leaving.done() and not reader.done():
                    return f"it reads nothing: of what it is sent it has taken nothing for {TAKES_WITHIN_S:g} s"
            except ConnectionClosed:
                pass
            finally:
                leaving.cancel()
                if not sending.done():
                    sending.cancel()
                    await asyncio.wait([sending])
        return await reader if reader.done() and not reader.cancelled() else None

    async def _listen(self, socket: ClientConnection) -> str | None:
        """What the program says, until the connection is closed: as one does (None), or otherwise."""
        try:
            while self.link.ended is None:
                self.link.receive(await socket.recv())
                self.after_input()
                if self.link.is_full:
                    await asyncio.sleep(FLOOD_PAUSE_S)
        except ConnectionClosedOK as error:
            is_away = error.rcvd is not None and error.rcvd.code == CloseCode.GOING_AWAY
            return "it went away, and may be back" if is_away else None
        except ConnectionClosed as error:
            sent = error.sent
            if sent is not None and sent.code == CloseCode.INTERNAL_ERROR:
                return f"it is silent: a ping was not answered within {PONG_WITHIN_S:g} s"
            if sent is not None and sent.code != 1000 and not error.rcvd_then_sent:
                return f"it was cut off: {sent.code} {sent.reason}".strip()
            return "the connection broke" if error.rcvd is None else f"it closed with {error.rcvd.code}"
        return None

    async def _part_from(self, socket: ClientConnection) -> None:
        """Say goodbye, if somebody is there to hear it."""
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                ended = self.link.ended
                why = self._leaving or ("" if ended is None else ended.fault) or "stopped"
                await socket.send(messages.write(Stop(why)))
                await socket.close()
                return
        socket.transport.abort()

    async def _play_out(self) -> None:
        """What the program has said before it left is heard to its end."""
        deadline = time.monotonic() + self.link.said_ahead_s + PLAY_OUT_S
        while not self.link.is_silent and self._leaving is None and time.monotonic() < deadline:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1.0)

    def _over(self, reason: EndReason, fault: str) -> None:
        ended = self.link.ended
        result = "" if ended is None else ended.result
        fault = fault[:FAULT_CHARACTERS_MAX]
        self._say(
            ProgramLeft(feed_id=self.dial.feed_id, reason=reason, fault=fault, result=result, counts=self.link.counts)
        )

    async def _until_left(self, doing: "asyncio.Future[T] | Coroutine[Any, Any, T]") -> T:
        """What `doing` returns. Raises `_Left` if the switch takes leave before."""
        task, leaving = asyncio.ensure_future(doing), asyncio.ensure_future(self._left.wait())
        try:
            await asyncio.wait([task, leaving], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return await task
            raise _Left
        finally:
            leaving.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait([task])


def _context(ca_file: str) -> ssl.SSLContext:
    """Made once for each file as it is: reading the system's authorities takes as long as a tick."""
    return _context_of(ca_file, os.stat(ca_file).st_mtime_ns if ca_file else 0)


@lru_cache(maxsize=64)
def _context_of(ca_file: str, changed_at_ns: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)
