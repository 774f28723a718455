"""What a client may cost: how many connections, how large a head, how long a request and an answer may take."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import uvicorn

from softswitch.testing.runtime.free_ports import free_port
from softswitch.web.runtime.connections import BoundedConnection, Occupancy

pytestmark = pytest.mark.network

LARGE = 8 * 1024 * 1024
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def _answer(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """An application whose answer is large for /large, and which reads bodies to their end."""
    while (await receive()).get("more_body"):
        pass
    body = b"x" * (LARGE if scope["path"] == "/large" else 2)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for at in range(0, len(body), 65536):
        await send({"type": "http.response.body", "body": body[at : at + 65536], "more_body": at + 65536 < len(body)})


class Served:
    """A server with little patience."""

    def __init__(self, *, connections: int = 100, address_connections: int = 100) -> None:
        self.port = free_port()
        self.occupancy = Occupancy(connections, address_connections)
        protocol = partial(BoundedConnection, occupancy=self.occupancy, request_s=0.3, slow_reader_s=0.3)
        self._server = uvicorn.Server(
            uvicorn.Config(
                _answer,
                host="127.0.0.1",
                port=self.port,
                http=protocol,  # type: ignore[arg-type]
                lifespan="off",
                log_config=None,
                h11_max_incomplete_event_size=16 * 1024,
                timeout_keep_alive=5,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Served":
        self._task = asyncio.create_task(self._server._serve())  # pyright: ignore[reportPrivateUsage]
        await until(lambda: self._server.started)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._server.should_exit = True
        self._server.force_exit = True
        await self._task

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


async def until(condition: Callable[[], bool]) -> None:
    """Soon: within ten seconds, on a machine that has much to do."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """Until the other side closes."""
    read = b""
    try:
        async with asyncio.timeout(10):
            while chunk := await reader.read(65536):
                read += chunk
    except ConnectionError:
        pass
    return read


def run(check: Callable[[Served], Awaitable[None]], **bounds: int) -> None:
    async def inside() -> None:
        async with Served(**bounds) as served:
            await check(served)

    asyncio.run(inside())


def test_ordinary_clients_are_served_one_request_after_another():
    async def check(served: Served) -> None:
        reader, writer = await served.connect()
        for _ in range(3):
            writer.write(REQUEST)
            assert b"200 OK" in await reader.readuntil(b"xx")
            await asyncio.sleep(0.2)  # longer in all than one request may take
        assert len(served.occupancy) == 1
        writer.close()
        await writer.wait_closed()

    run(check)


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12"],
    ids=["silence", "half a head", "half a body"],
)
def test_a_request_that_never_ends_is_cut_off(begun: bytes):
    async def check(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(begun)
        for _ in range(20):  # a byte now and then does not help
            writer.write(b"a" if begun else b"")
            await asyncio.sleep(0.05)
            if reader.at_eof():
                break
        await read_all(reader)
        assert len(served.occupancy) == 0
        writer.close()

    run(check)


def test_the_second_request_has_no_more_time_than_the_first():
    async def check(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(REQUEST)
        await reader.readuntil(b"xx")
        writer.write(b"GET / HTTP/1.1\r\nHo")
        assert await read_all(reader) == b""
        assert len(served.occupancy) == 0
        writer.close()

    run(check)


def test_a_client_that_does_not_read_is_cut_off():
    async def check(served: Served) -> None:
        _, writer = await served.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: len(served.occupancy) == 1)
        await until(lambda: len(served.occupancy) == 0)
        writer.transport.abort()

    run(check)


def test_a_head_without_end_is_refused():
    async def check(served: Served) -> None:
        reader, writer = await served.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000)
        assert b"400 Bad Request" in await read_all(reader)
        writer.close()

    run(check)


def test_there_are_never_more_connections_than_may_be():
    async def check(served: Served) -> None:
        pairs = [await served.connect() for _ in range(20)]
        await asyncio.sleep(0.1)
        assert len(served.occupancy) == 5
        assert served.occupancy.refused == 15
        for _, writer in pairs:
            writer.transport.abort()
        await until(lambda: len(served.occupancy) == 0)
        reader, writer = await served.connect()
        writer.write(REQUEST)
        assert b"200 OK" in await reader.readuntil(b"xx")
        writer.transport.abort()

    run(check, address_connections=5)
