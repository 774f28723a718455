"""Two endpoints over real loopback sockets: registration, a call to the phone and its end, by UDP and by TCP."""

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

import pytest
import uvloop

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.errors import StartError
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    RegistrationChanged,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.runtime.stream_connection import LOOK_EVERY_S
from softswitch.sip.runtime.stream_transport import StreamSettings
from softswitch.sip.runtime.tls import TlsSettings
from softswitch.sip.settings import Account, SipSettings, Target, TrunkPeer
from softswitch.sip.tracing.message_log import MessageLog
from softswitch.testing.certificates import Authority
from softswitch.testing.sip_pair import ANSWER, OFFER

pytestmark = pytest.mark.network

F = TypeVar("F", bound=SipOutput)
HERE = "127.0.0.1"
WAIT_S = 5.0
REACHABLE = [TransportKind.UDP, TransportKind.TCP, TransportKind.TLS]
"""What we open as well as accept."""
LARGEST_DATAGRAM_BYTES = 65_507
"""What IPv4 leaves of 65,535 for whoever speaks by UDP."""


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> StreamSettings:
    """Everybody has a certificate for the loopback addresses, and believes who signed it."""
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    files = authority.issue("here", ["127.0.0.1", "::1"])
    return StreamSettings(
        tls=TlsSettings(certificate=files.certificate, private_key=files.private_key, ca=authority.ca)
    )


class Station:
    """An endpoint with its driver; facts are kept and can be waited for."""

    def __init__(self, settings: SipSettings, streams: StreamSettings | None = None) -> None:
        clock = SystemClock()
        self.clock = clock
        self.endpoint = SipEndpoint(settings, entropy=SystemEntropy(), wall_offset=clock.wall() - clock.now())
        self.on_fact: Callable[[SipOutput], None] = lambda fact: None
        self.messages = MessageLog()
        self.driver = SipDriver(
            self.endpoint,
            clock=clock,
            on_event=self._note,
            loop=asyncio.get_running_loop(),
            streams=streams,
            messages=self.messages,
        )
        self._facts: list[SipOutput] = []
        self._changed = asyncio.Event()

    async def start(self, kind: TransportKind, host: str = HERE) -> HostPort:
        await self.driver.start([(kind, HostPort(host, 0))])
        return self.driver.listening[0][1]

    async def wait_for(self, kind: type[F], number: int = 1) -> F:
        """The first, second … fact of a kind."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = [fact for fact in self._facts if isinstance(fact, kind)]
                if len(found) >= number:
                    return found[number - 1]
                self._changed.clear()
                await self._changed.wait()

    def _note(self, fact: SipOutput) -> None:
        self._facts.append(fact)
        self.on_fact(fact)
        self._changed.set()


def server_settings() -> SipSettings:
    return SipSettings(domain="test.example", accounts={"alice": Account(username="alice", password="correct horse")})


def register(phone: Station, address: HostPort, transport: str) -> None:
    phone.endpoint.request(
        "REGISTER",
        Target(uri=f"sip:{address}{transport}"),
        from_uri="sip:alice@test.example",
        to_uri="sip:alice@test.example",
        credentials=Credential(username="alice", realm="test.example", password="correct horse"),
        now=phone.clock.now(),
    )
    phone.driver.flush()


async def call_a_registered_phone(kind: TransportKind, host: str, streams: StreamSettings) -> None:
    switch = Station(server_settings(), streams)
    address = await switch.start(kind, host)
    phone = Station(SipSettings(domain="phone", trunks=(TrunkPeer(name="switch", addresses=(host,)),)), streams)
    await phone.start(kind, host)

    def answer(fact: SipOutput) -> None:
        if isinstance(fact, InviteReceived):
            phone.endpoint.progress(fact.leg_id, 180, None, phone.clock.now())
            phone.endpoint.accept(fact.leg_id, ANSWER, phone.clock.now())

    phone.on_fact = answer
    transport = f";transport={kind.parameter}"
    register(phone, address, transport)
    assert (await phone.wait_for(RequestFinished)).status == 200
    binding = (await switch.wait_for(RegistrationChanged)).bindings[0]
    leg_id = switch.endpoint.invite(
        Target(uri=binding.contact_uri, flow=binding.flow, route=binding.path),
        from_uri="sip:555@test.example",
        sdp=OFFER,
        now=switch.clock.now(),
    )
    switch.driver.flush()
    assert (await switch.wait_for(LegAnswered)) == LegAnswered(leg_id, ANSWER)
    received = await phone.wait_for(InviteReceived)
    assert (received.called_number, received.calling_number, received.sdp) == ("alice", "555", OFFER)
    await phone.wait_for(LegConfirmed)
    switch.endpoint.hang_up(leg_id, switch.clock.now())
    switch.driver.flush()
    assert (await phone.wait_for(LegEnded)).by == "remote"
    assert (await switch.wait_for(LegEnded)).by == "local"
    await phone.driver.stop()
    if kind.is_reliable:
        assert (await switch.wait_for(RegistrationChanged, 2)).bindings == []
    await switch.driver.stop()
    logged = switch.messages.since(0, 100).messages
    way = [(each.is_sent, each.message.split(b" ")[0 if each.message[:4] != b"SIP/" else 1]) for each in logged]
    assert way[:4] == [(False, b"REGISTER"), (True, b"401"), (False, b"REGISTER"), (True, b"200")]
    assert {(True, b"INVITE"), (False, b"180"), (True, b"ACK"), (True, b"BYE")} <= set(way)
    assert {(each.flow.kind, each.flow.remote.host) for each in logged} == {(kind, host)}
    assert [each.at for each in logged] == sorted(each.at for each in logged)


@pytest.mark.parametrize("host", [HERE, "::1"])
@pytest.mark.parametrize("kind", REACHABLE)
def test_a_registered_phone_is_called_along_its_flow(kind: TransportKind, host: str, streams: StreamSettings) -> None:
    uvloop.run(call_a_registered_phone(kind, host, streams))


@pytest.mark.parametrize("kind", list(TransportKind))
def test_a_port_in_use_is_told_in_one_line(kind: TransportKind, streams: StreamSettings) -> None:
    async def start_twice() -> None:
        first, second = Station(server_settings(), streams), Station(server_settings(), streams)
        address = await first.start(kind)
        try:
            with pytest.raises(StartError) as caught:
                await second.driver.start([(kind, address)])
        finally:
            await first.driver.stop()
        message = str(caught.value)
        assert message.startswith(f"cannot listen on {kind.value.lower()}:{address}: address already in use.")
        assert "\n" not in message

    uvloop.run(start_twice())


@pytest.mark.parametrize("kind", list(TransportKind))
def test_an_address_of_another_machine_is_told_in_one_line(kind: TransportKind, streams: StreamSettings) -> None:
    async def start() -> None:
        with pytest.raises(StartError, match="This machine has no such address") as caught:
            await Station(server_settings(), streams).driver.start([(kind, HostPort("192.0.2.77", 5060))])
        assert "\n" not in str(caught.value)

    uvloop.run(start())


def test_a_wildcard_listener_calls_itself_by_the_address_the_peer_reaches() -> None:
    async def register() -> str:
        switch = Station(server_settings())
        await switch.driver.start([(TransportKind.UDP, HostPort("0.0.0.0", 0))])
        port = switch.driver.listening[0][1].port
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.bind((HERE, 0))
            switch.endpoint.invite(
                Target(uri=f"sip:x@{HERE}:{probe.getsockname()[1]}"),
                from_uri="sip:555@test.example",
                sdp=OFFER,
                now=switch.clock.now(),
            )
            switch.driver.flush()
            async with asyncio.timeout(WAIT_S):
                invite = await loop.sock_recv(probe, 65_535)
        await switch.driver.stop()
        assert f"Via: SIP/2.0/UDP {HERE}:{port};".encode() in invite
        return invite.decode()

    assert f"Contact: <sip:{HERE}:" in uvloop.run(register())


def test_a_datagram_to_a_wildcard_listener_is_answered_and_knows_its_way() -> None:
    async def ask() -> tuple[bytes, Flow]:
        switch = Station(
            SipSettings(domain="test.example", trunks=(TrunkPeer(name="here", addresses=("127.0.0.0/8",)),))
        )
        await switch.driver.start([(TransportKind.UDP, HostPort("0.0.0.0", 0))])
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.bind(("127.0.0.9", 0))
            probe.sendto(b"\r\n\r\n", (HERE, switch.driver.listening[0][1].port))
            probe.sendto(
                b"INVITE sip:x@test.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\r\n"
                b"From: <sip:a@b>;tag=1\r\nTo: <sip:x@test.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
                b"Contact: <sip:a@127.0.0.9>\r\n\r\n",
                (HERE, switch.driver.listening[0][1].port),
            )
            async with asyncio.timeout(WAIT_S):
                answer = await loop.sock_recv(probe, 65_535)
        flow = (await switch.wait_for(InviteReceived)).flow
        await switch.driver.stop()
        return answer, flow

    answer, flow = uvloop.run(ask())
    assert answer.startswith(b"SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc;received=127.0.0.9")
    assert flow.remote.host == "127.0.0.9"
    assert flow.local.host.startswith("127.0.0.")


def test_a_failing_listener_of_events_is_logged_and_the_next_event_comes() -> None:
    async def run() -> list[SipOutput]:
        switch = Station(SipSettings(domain="test.example"))
        told: list[SipOutput] = []

        def fail(fact: SipOutput) -> None:
            told.append(fact)
            raise RuntimeError("a bug in whoever listens")

        switch.on_fact = fail
        await switch.start(TransportKind.UDP)
        for _ in range(2):
            switch.endpoint.request(
                "OPTIONS", Target(uri="sip:nowhere.invalid"), from_uri="sip:x@y", now=switch.clock.now()
            )
        switch.driver.flush()
        await switch.driver.stop()
        return told

    assert [type(each) for each in uvloop.run(run())] == [RequestFinished] * 2


def test_a_stream_that_cannot_be_framed_gets_400_and_is_closed() -> None:
    async def talk() -> bytes:
        switch = Station(server_settings())
        address = await switch.start(TransportKind.TCP)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"\r\n\r\n")
        async with asyncio.timeout(WAIT_S):
            assert await reader.readexactly(2) == b"\r\n"
        writer.write(
            b"OPTIONS sip:x@test.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKabc\r\n"
            b"From: <sip:a@b>;tag=1\r\nTo: <sip:x@test.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
        )
        async with asyncio.timeout(WAIT_S):
            answer = await reader.read()
        writer.close()
        await switch.driver.stop()
        return answer

    assert uvloop.run(talk()).startswith(b"SIP/2.0 400 Content-Length Missing or Malformed\r\n")


@pytest.mark.parametrize("kind", [TransportKind.UDP, TransportKind.TCP])
def test_a_long_invite_goes_whole_the_way_its_target_says(kind: TransportKind) -> None:
    """RFC 3261 section 18.1.1 wants TCP above 1,300 bytes, where few phones and providers listen."""

    async def call() -> None:
        both = [(each, HostPort(HERE, 0)) for each in (TransportKind.UDP, TransportKind.TCP)]
        switch = Station(server_settings())
        phone = Station(SipSettings(domain="phone", trunks=(TrunkPeer(name="switch", addresses=(HERE,)),)))
        await switch.driver.start(both)
        await phone.driver.start(both)

        def answer(fact: SipOutput) -> None:
            if isinstance(fact, InviteReceived):
                phone.endpoint.accept(fact.leg_id, long_answer, phone.clock.now())

        phone.on_fact = answer
        padding = b"".join(b"a=x-padding:%d %s\r\n" % (number, b"x" * 100) for number in range(100))
        long_offer, long_answer = OFFER + padding, ANSWER + padding
        address = dict(phone.driver.listening)[kind]
        leg_id = switch.endpoint.invite(
            Target(uri=f"sip:x@{address}" + (";transport=tcp" if kind is TransportKind.TCP else "")),
            from_uri="sip:555@test.example",
            sdp=long_offer,
            headers=[(f"x-long-{number}", "y" * 1_000) for number in range(10)],
            now=switch.clock.now(),
        )
        switch.driver.flush()
        received = await phone.wait_for(InviteReceived)
        assert (received.sdp, received.headers["x-long-9"]) == (long_offer, "y" * 1_000)
        assert await switch.wait_for(LegAnswered) == LegAnswered(leg_id, long_answer)
        await phone.wait_for(LegConfirmed)
        await switch.driver.stop()
        await phone.driver.stop()
        logged = switch.messages.since(0, 100).messages
        assert {each.flow.kind for each in logged} == {kind}
        assert [len(each.message) > 20_000 for each in logged if each.message.startswith(b"INVITE ")] == [True]

    uvloop.run(call())


def test_the_largest_datagram_there_is_is_answered() -> None:
    """65,535 bytes with the headers of IP and UDP: no request over UDP can be too long for us."""

    async def ask() -> bytes:
        switch = Station(
            SipSettings(domain="test.example", trunks=(TrunkPeer(name="here", addresses=("127.0.0.0/8",)),))
        )
        address = await switch.start(TransportKind.UDP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.bind((HERE, 0))
            head = (
                b"OPTIONS sip:test.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKlong\r\n"
                b"From: <sip:a@b>;tag=1\r\nTo: <sip:test.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
            )
            body_bytes = LARGEST_DATAGRAM_BYTES - len(head % 10_000)
            largest = head % body_bytes + b"x" * body_bytes
            with pytest.raises(OSError, match="too long"):
                probe.sendto(largest + b"x", address)
            probe.sendto(largest, address)
            async with asyncio.timeout(WAIT_S):
                answer = await asyncio.get_running_loop().sock_recv(probe, 65_535)
        await switch.driver.stop()
        return answer

    assert uvloop.run(ask()).startswith(b"SIP/2.0 200 OK\r\n")


OPTIONS = (
    f"OPTIONS sip:test.example SIP/2.0\r\nVia: SIP/2.0/TCP {HERE};branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"
    "From: <sip:m@test.example>;tag=m\r\nTo: <sip:m@test.example>\r\nCall-ID: m\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
).encode()


def test_a_stranger_s_connection_is_closed_and_a_registered_phone_s_is_not() -> None:
    async def scenario() -> None:
        switch = Station(server_settings())
        address = await switch.start(TransportKind.TCP)
        phone = Station(SipSettings(domain="phone"))
        await phone.start(TransportKind.TCP)
        register(phone, address, ";transport=tcp")
        await switch.wait_for(RegistrationChanged)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(OPTIONS)
        assert (await reader.readline()).startswith(b"SIP/2.0 401 ")
        now = asyncio.get_running_loop().time()
        for minute in range(1, 5):
            switch.driver.streams.sweep(now + minute * (LOOK_EVERY_S + 1.0))
        async with asyncio.timeout(WAIT_S):
            await reader.read()  # the rest of the answer, and the end
        assert len(switch.endpoint.bindings("alice@test.example")) == 1
        writer.close()
        await phone.driver.stop()
        await switch.driver.stop()

    uvloop.run(scenario())
