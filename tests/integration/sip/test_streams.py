"""Stream connections that stall, crowd, break or cannot be opened; sockets on loopback, no endpoint."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from math import inf

import pytest
import uvloop

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.runtime import stream_transport
from softswitch.sip.runtime.limits import IDLE_TIMEOUT_S, MESSAGE_TIMEOUT_S, STRANGER_TIMEOUT_S
from softswitch.sip.runtime.stream_connection import LOOK_EVERY_S, PING_EVERY_S, PONG_WITHIN_S
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
        self.known: dict[Flow, float] = {}
        """Which connections are there for something, and how long their peers may be silent."""
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

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        return {flow: self.known[flow] for flow in flows if flow in self.known}

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
            recorder.known = {flow: inf for _, flow in recorder.messages}
            transport.sweep(now + IDLE_TIMEOUT_S - 100.0)
            assert len(recorder.closed) == 1
            transport.sweep(now + IDLE_TIMEOUT_S + 1.0)
            await recorder.until(lambda: len(recorder.closed) == 2)
            quiet.close()
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


class RawPeer:
    """The other end of a connection as the kernel has it: bytes, and no opinion about them."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def connect(cls, address: HostPort) -> "RawPeer":
        peer = cls(socket.socket())
        await peer._loop.sock_connect(peer._connection, address)
        return peer

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._connection, data)

    async def receive(self, length: int) -> bytes:
        """So many bytes, fewer if the connection ends before."""
        received = b""
        async with asyncio.timeout(WAIT_S):
            while len(received) < length:
                try:
                    data = await self._loop.sock_recv(self._connection, length - len(received))
                except ConnectionResetError:
                    data = b""
                if not data:
                    break
                received += data
        return received

    async def is_cut_off(self) -> bool:
        return await self.receive(1) == b""

    def close(self) -> None:
        self._connection.close()


def test_a_keep_alive_is_answered_however_it_is_cut() -> None:
    """RFC 5626 section 3.5.1: CRLF CRLF is answered with CRLF, and with nothing else."""

    async def scenario() -> None:
        async with listening() as (_, recorder, address):
            phone = await RawPeer.connect(address)
            await phone.send(MESSAGE + b"\r\n\r\n")
            assert await phone.receive(2) == b"\r\n"
            await phone.send(b"\r\n")
            await phone.send(b"\r\n")
            assert await phone.receive(2) == b"\r\n"
            await phone.send(b"\r\n\r\n\r\n\r\n" + MESSAGE)
            assert await phone.receive(4) == b"\r\n\r\n"
            await recorder.until(lambda: len(recorder.messages) == 2)
            phone.close()

    run(scenario)


@asynccontextmanager
async def calling(transport: StreamTransport, here: HostPort) -> AsyncGenerator[tuple[RawPeer, Flow]]:
    """A connection that we have opened, on which its peer has answered a message."""
    with socket.socket() as listener:
        listener.setblocking(False)
        listener.bind((HERE, 0))
        listener.listen()
        flow = Flow(TransportKind.TCP, here, HostPort(*listener.getsockname()))
        transport.send(flow, MESSAGE)
        async with asyncio.timeout(WAIT_S):
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        peer = RawPeer(connection)
        assert await peer.receive(len(MESSAGE)) == MESSAGE
        await peer.send(MESSAGE)
        yield peer, flow
        peer.close()


def test_a_server_that_has_answered_a_keep_alive_must_go_on_answering() -> None:
    """RFC 5626 section 4.4.1: no CRLF within ten seconds, and the flow has failed."""

    async def scenario() -> None:
        async with listening() as (transport, recorder, here), calling(transport, here) as (server, _):
            await recorder.until(lambda: recorder.messages)
            now = transport.loop.time() + PING_EVERY_S
            transport.sweep(now)
            assert await server.receive(4) == b"\r\n\r\n"
            await server.send(b"\r\n" + MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 2)
            now += PING_EVERY_S
            transport.sweep(now)
            assert await server.receive(4) == b"\r\n\r\n"
            transport.sweep(now + PONG_WITHIN_S - 1.0)
            assert not recorder.closed
            transport.sweep(now + PONG_WITHIN_S + 1.0)
            assert await server.is_cut_off()
            await recorder.until(lambda: recorder.closed)

    run(scenario)


def test_a_server_that_answers_no_keep_alive_at_all_is_left_alone() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, here), calling(transport, here) as (server, flow):
            await recorder.until(lambda: recorder.messages)
            now = transport.loop.time() + PING_EVERY_S
            transport.sweep(now)
            assert await server.receive(4) == b"\r\n\r\n"
            transport.sweep(now + PONG_WITHIN_S + 1.0)
            transport.send(flow, MESSAGE)
            assert await server.receive(len(MESSAGE)) == MESSAGE
            assert not recorder.closed

    run(scenario)


def test_a_phone_that_has_sent_keep_alives_is_gone_when_it_sends_none_any_more() -> None:
    """RFC 5626: it was told how often; one that has never sent any is not expected to."""

    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            silent, lively = await RawPeer.connect(address), await RawPeer.connect(address)
            await silent.send(MESSAGE)
            await recorder.until(lambda: recorder.messages)
            await lively.send(MESSAGE + b"\r\n\r\n")
            assert await lively.receive(2) == b"\r\n"
            recorder.known = {flow: 150.0 for _, flow in recorder.messages}
            now = transport.loop.time()
            transport.sweep(now + LOOK_EVERY_S + 1.0)
            transport.sweep(now + 149.0)
            assert not recorder.closed
            transport.sweep(now + 152.0)
            assert await lively.is_cut_off()
            await recorder.until(lambda: recorder.closed)
            assert recorder.closed == [recorder.messages[1][1]]
            silent.close()
            lively.close()

    run(scenario)


def test_keep_alives_alone_keep_nobody_here() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            stranger = await RawPeer.connect(address)
            await stranger.send(b"\r\n\r\n")
            assert await stranger.receive(2) == b"\r\n"
            transport.sweep(transport.loop.time() + MESSAGE_TIMEOUT_S + 1.0)
            assert await stranger.is_cut_off()
            await recorder.until(lambda: recorder.closed)
            stranger.close()

    run(scenario)


def test_a_stranger_may_not_stay_however_much_he_says_and_a_phone_may() -> None:
    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            phone, stranger = await RawPeer.connect(address), await RawPeer.connect(address)
            await phone.send(MESSAGE)
            await recorder.until(lambda: recorder.messages)
            recorder.known = {recorder.messages[0][1]: inf}
            await stranger.send(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 2)
            now = transport.loop.time()
            for at in (LOOK_EVERY_S + 1.0, 2.0 * LOOK_EVERY_S + 2.0):
                transport.sweep(now + at)
            assert not recorder.closed
            transport.sweep(now + STRANGER_TIMEOUT_S + 3.0)
            assert await stranger.is_cut_off()
            assert recorder.closed == [recorder.messages[1][1]]
            await phone.send(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 3)
            # A phone whose registration is over is a stranger from then on.
            recorder.known = {}
            later = now + STRANGER_TIMEOUT_S + 3.0
            for _ in range(3):
                later += LOOK_EVERY_S + 1.0
                transport.sweep(later)
            assert await phone.is_cut_off()
            assert len(recorder.closed) == 2
            phone.close()
            stranger.close()

    run(scenario)


def test_strangers_make_room_for_whoever_comes_and_phones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_transport, "STRANGERS_MAX", 4)

    async def scenario() -> None:
        async with listening() as (transport, recorder, address):
            phone = await RawPeer.connect(address)
            await phone.send(MESSAGE)
            await recorder.until(lambda: recorder.messages)
            recorder.known = {recorder.messages[0][1]: inf}
            strangers: list[RawPeer] = []
            for number in range(4):
                strangers.append(await RawPeer.connect(address))
                await strangers[-1].send(MESSAGE)
                await recorder.until(lambda number=number: len(recorder.messages) == number + 2)
            # The fifth since the phone was last looked at: the older half of the three strangers went for the fourth.
            assert await strangers[0].is_cut_off()
            assert await strangers[1].is_cut_off()
            assert transport.evicted == 2
            await phone.send(MESSAGE)
            await strangers[2].send(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 7)
            for peer in (phone, *strangers):
                peer.close()

    run(scenario)


def test_a_phone_gets_in_where_strangers_fill_its_address_and_not_where_phones_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_transport, "CONNECTIONS_PER_SOURCE_MAX", 2)

    async def scenario() -> None:
        async with listening() as (_, recorder, address):
            strangers = [await RawPeer.connect(address) for _ in range(2)]
            phone = await RawPeer.connect(address)
            await phone.send(MESSAGE)
            await recorder.until(lambda: recorder.messages)
            assert await strangers[0].is_cut_off()
            await strangers[1].send(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 2)
            recorder.known = {flow: inf for _, flow in recorder.messages}
            crowding = await RawPeer.connect(address)
            assert await crowding.is_cut_off()
            for peer in (phone, crowding, *strangers):
                peer.close()

    run(scenario)
