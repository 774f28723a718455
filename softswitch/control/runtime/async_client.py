"""The control socket's client for programs with an event loop: a few kept connections, which many callers share.

A connection is made when all others are in use, kept as long as the switch likes, and made anew when a switch has taken
another's place. One that somebody stopped waiting for is closed: its answer would be taken for the next one's.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TypeVar

import msgspec

from softswitch.control.framing import HEADER_BYTES, encode_frame, payload_length
from softswitch.control.limits import REPLY_BYTES_MAX
from softswitch.control.protocol.replies import Refused, Reply, Rows
from softswitch.control.protocol.requests import InProject, Request
from softswitch.control.runtime.client import ControlFailed, ControlRefused, NoSwitchRunning

CONNECTIONS_MAX = 8
"""Requests that are with the switch at once. It answers them one after the other whatever their number; others of the
64 connections it takes are for command lines."""
ANSWER_S = 10.0
"""From when a request was wanted. A reload and a lookup outside take seconds, everything else milliseconds."""

_decoder = msgspec.msgpack.Decoder(Reply)
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class SwitchBusy(ControlFailed):
    """All connections were in use for as long as somebody wanted to wait."""


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_usable(self) -> bool:
        """The switch has not closed it, as far as is known."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def send(self, request: Request | InProject) -> None:
        self._writer.write(encode_frame(request))
        await self._writer.drain()

    async def receive(self) -> Reply:
        length = payload_length(await self._reader.readexactly(HEADER_BYTES))
        if length > REPLY_BYTES_MAX:
            raise ControlFailed("what answers at the control socket is not a switch")
        try:
            return _decoder.decode(await self._reader.readexactly(length))
        except msgspec.MsgspecError as error:
            raise ControlFailed(f"the switch answers in words of another version of softswitch: {error}") from error

    def close(self) -> None:
        self._writer.close()

    async def closed(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class AsyncControlClient:
    """Asks the switch behind one socket. Every method raises `NoSwitchRunning`, `ControlFailed` or `ControlRefused`.

    `directory` is the configuration directory that messages name. Used on one event loop.
    """

    def __init__(
        self, path: str, directory: str, *, connections_max: int = CONNECTIONS_MAX, answer_s: float = ANSWER_S
    ) -> None:
        self._path = path
        self._directory = directory
        self._answer_s = answer_s
        self._idle: list[_Connection] = []
        self._free = asyncio.Semaphore(connections_max)

    async def ask(self, request: Request | InProject, expected: type[ReplyT]) -> ReplyT:
        """Send a request that has a single reply, and wait for it."""
        (reply,) = await self._converse(request, expected)
        return reply

    async def frames(self, request: Request | InProject, expected: type[RowsT]) -> list[RowsT]:
        """All frames of a listing."""
        return await self._converse(request, expected)

    async def follow(self, request: Request | InProject, expected: type[ReplyT]) -> AsyncGenerator[ReplyT, None]:
        """Frames of a request that has no end, on a connection of its own, until the switch or the caller closes it."""
        connection = await self._connect()
        try:
            await connection.send(request)
            while True:
                yield _expect(await connection.receive(), expected)
        except (OSError, EOFError) as error:
            raise ControlFailed(_CLOSED) from error
        finally:
            connection.close()

    async def close(self) -> None:
        """Of connections that nobody uses."""
        while self._idle:
            await self._idle.pop().closed()

    async def _converse(self, request: Request | InProject, expected: type[ReplyT]) -> list[ReplyT]:
        deadline = asyncio.get_running_loop().time() + self._answer_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError as error:
            raise SwitchBusy("the switch has too much to answer: try again in a moment") from error
        try:
            async with asyncio.timeout_at(deadline):
                return await self._on_a_connection(request, expected)
        except TimeoutError as error:
            raise ControlFailed(f"the switch has not answered for {self._answer_s:g} s") from error
        finally:
            self._free.release()

    async def _on_a_connection(self, request: Request | InProject, expected: type[ReplyT]) -> list[ReplyT]:
        """On one that was kept, or on a new one. A kept one that the switch closed before it took the request is no
        reason to fail; what was sent is never sent twice."""
        connection = self._kept() or await self._connect()
        is_in_step = False
        try:
            await connection.send(request)
            replies = [_expect(await connection.receive(), expected)]
            while not getattr(replies[-1], "is_last", True):
                replies.append(_expect(await connection.receive(), expected))
            is_in_step = True
            return replies
        except ControlRefused:
            is_in_step = True
            raise
        except (OSError, EOFError) as error:
            raise ControlFailed(_CLOSED) from error
        finally:
            if is_in_step:
                self._idle.append(connection)
            else:
                connection.close()

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        try:
            return _Connection(*await asyncio.open_unix_connection(self._path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoSwitchRunning(
                f"no switch is running for {self._directory}: start it with `softswitch serve {self._directory}`"
            ) from error
        except OSError as error:
            raise ControlFailed(f"cannot speak to the switch at {self._path} ({error.strerror or error})") from error


def _expect(reply: Reply, expected: type[ReplyT]) -> ReplyT:
    if isinstance(reply, Refused):
        raise ControlRefused(reply)
    if not isinstance(reply, expected):
        raise ControlFailed(f"the switch answered with {type(reply).__name__} instead of {expected.__name__}")
    return reply


_CLOSED = "the switch closed the connection; it may just be restarting: try again"
