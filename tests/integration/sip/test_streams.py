"""Stream connections that stall, crowd, break or cannot be opened; sockets on loopback, no endpoint."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.runtime import stream_transport
from softswitch.sip.runtime.limits import IDLE_TIMEOUT_S, MESSAGE_TIMEOUT_S
from softswitch.sip.runtime.stream_transport import StreamTransport

pytestmark = pytest.mark.network

HERE = "127.0.0.1"
WAIT_S = 5.0
MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class Recorder:
    """A receiver that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, Flow]] = []
        self.closed: list[Flow] = []
        self.failed: list[Flow] = []
        self.faults: list[Malformed] = []
        self._changed = asyncio.Event()

    def receive_datagram(self, data: bytes, flow: Flow) -> None:
        raise AssertionError("no datagrams here")

    def receive_message(self, data: bytes, flow: Flow) -> None:
        self.messages.append((data, flow))
        self._changed.set()

    def receive_malformed(self, fault: Malformed, flow: Flow) -> None:
        self.faults.append(fault)

    def flow_closed(self, flow: Flow) -> None:
        self.closed.append(flow)
        self._changed.set()

    def flow_failed(self, flow: Flow) -> None:
        self.failed.append(flow)
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[StreamTransport, Recorder, HostPort]]:
    recorder = Recorder()
    transport = StreamTransport(recorder, asyncio.get_running_loop())
    try:
        yield transport, recorder, await transport.listen(TransportKind.TCP, HostPort(HERE, 0))
    finally:
        await transport.stop()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    uvloop.run(main())


def test_a_connection_that_stalls_in_a_message_is_closed_and_a_quiet_one_is_not() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            _, quiet = await asyncio.open_connection(*address)
            stalling, writer = await asyncio.open_connection(*address)
            quiet.write(MESSAGE)
            writer.write(MESSAGE + MESSAGE[:10])
            await recorder.until(lambda: len(recorder.messages) == 2)
            now = transport.loop.time()
            transport.sweep(now + MESSAGE_TIMEOUT_S + 1.0)
            assert await asyncio.wait_for(stalling.read(), WAIT_S) == b""
            await recorder.until(lambda: recorder.closed)
            assert len(recorder.closed) == 1
            assert [fault.reason for fault in recorder.faults] == ["Message Not Finished in Time"]
            transport.sweep(now + IDLE_TIMEOUT_S + 1.0)
            await recorder.until(lambda: len(recorder.closed) == 2)
            quiet.close()
            writer.close()

    run(scenario)


def test_one_address_gets_only_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_transport, "CONNECTIONS_PER_SOURCE_MAX", 2)

    async def scenario() -> None:
        async with listening() as (_, recorder, address):
            writers = [(await asyncio.open_connection(*address))[1] for _ in range(2)]
            for writer in writers:
                writer.write(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 2)
            crowding, third = await asyncio.open_connection(*address)
            with suppress(ConnectionResetError):
                assert await asyncio.wait_for(crowding.read(), WAIT_S) == b""
            for writer in (*writers, third):
                writer.close()

    run(scenario)


def test_a_connection_is_opened_once_and_used_in_both_directions() -> None:
    async def scenario() -> None:
        async with listening() as (near, near_recorder, here), listening() as (far, far_recorder, there):
            flow = Flow(TransportKind.TCP, here, there)
            near.send(flow, MESSAGE)
            near.send(flow, MESSAGE)
            await far_recorder.until(lambda: len(far_recorder.messages) == 2)
            near.send(flow, MESSAGE)
            await far_recorder.until(lambda: len(far_recorder.messages) == 3)
            back = far_recorder.messages[0][1]
            assert {each for _, each in far_recorder.messages} == {back}
            far.send(back, MESSAGE)
            await near_recorder.until(lambda: near_recorder.messages)
            opened = near_recorder.messages[0][1]
            assert opened == flow._replace(connection=opened.connection)
            far.close_flow(back)
            await near_recorder.until(lambda: near_recorder.closed)
            await far_recorder.until(lambda: far_recorder.closed)
            far.send(back, MESSAGE)
            await far_recorder.until(lambda: far_recorder.failed)
            assert far_recorder.failed == [back]
            near.send(opened, MESSAGE)
            await far_recorder.until(lambda: len(far_recorder.messages) == 4)
            near.send(opened, MESSAGE)
            await far_recorder.until(lambda: len(far_recorder.messages) == 5)
            assert far_recorder.messages[3][1] == far_recorder.messages[4][1] != back

    run(scenario)


def test_a_connection_that_cannot_be_opened_is_told_once_per_flow() -> None:
    async def scenario() -> None:
        async with listening() as (_, _, nowhere):
            pass
        async with listening() as (transport, recorder, here):
            flow = Flow(TransportKind.TCP, here, nowhere)
            transport.send(flow, MESSAGE)
            transport.send(flow, MESSAGE)
            await recorder.until(lambda: recorder.failed)
            assert recorder.failed == [flow]

    run(scenario)


def test_what_is_no_address_is_told_and_tried_again() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, here):
            flow = Flow(TransportKind.TCP, here, HostPort("x" * 70, 5060))
            transport.send(flow, MESSAGE)
            await recorder.until(lambda: recorder.failed)
            transport.send(flow, MESSAGE)
            await recorder.until(lambda: len(recorder.failed) == 2)

    run(scenario)


def test_a_peer_that_does_not_read_is_cut_off() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            _, writer = await asyncio.open_connection(*address, limit=1024)
            writer.write(MESSAGE)
            await recorder.until(lambda: recorder.messages)
            flow = recorder.messages[0][1]
            for _ in range(40):
                transport.send(flow, bytes(256 * 1024))
            await recorder.until(lambda: recorder.closed)
            writer.close()

    run(scenario)
