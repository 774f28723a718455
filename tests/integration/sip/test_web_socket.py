"""A browser's phone over WS and WSS on loopback: it registers, is called along its connection, and is gone with it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, RegistrationChanged, SipOutput
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.runtime.stream_connection import PONG_WITHIN_S, WEB_PING_EVERY_S
from softswitch.sip.runtime.stream_transport import StreamSettings
from softswitch.sip.runtime.tls import TlsSettings
from softswitch.sip.settings import Account, SipSettings, Target
from softswitch.testing.certificates import Authority
from softswitch.testing.sip_pair import ANSWER, OFFER

pytestmark = pytest.mark.network

F = TypeVar("F", bound=SipOutput)
HERE = "127.0.0.1"
DOMAIN = "test.example"
WAIT_S = 5.0
CREDENTIAL = Credential(username="alice", realm=DOMAIN, password="correct horse")


class Switch:
    """An endpoint that listens for WebSockets; facts are kept and can be waited for."""

    def __init__(self, streams: StreamSettings) -> None:
        self.clock = SystemClock()
        accounts = {"alice": Account(username="alice", password="correct horse")}
        self.endpoint = SipEndpoint(SipSettings(domain=DOMAIN, accounts=accounts), entropy=SystemEntropy())
        self.driver = SipDriver(
            self.endpoint,
            clock=self.clock,
            on_event=self._note,
            loop=asyncio.get_running_loop(),
            streams=streams,
        )
        self.facts: list[SipOutput] = []
        self._changed = asyncio.Event()

    async def start(self, kind: TransportKind, host: str = HERE) -> HostPort:
        await self.driver.start([(kind, HostPort(host, 0))])
        return self.driver.listening[0][1]

    async def wait_for(self, kind: type[F], number: int = 1) -> F:
        """The first, second … fact of a kind."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = [fact for fact in self.facts if isinstance(fact, kind)]
                if len(found) >= number:
                    return found[number - 1]
                self._changed.clear()
                await self._changed.wait()

    def _note(self, fact: SipOutput) -> None:
        self.facts.append(fact)
        self._changed.set()


class Browser:
    """A phone made of our own message classes; its Contact leads nowhere, as a browser's does."""

    def __init__(self, socket: ClientConnection, via: str) -> None:
        self._socket = socket
        self._via = via
        self._challenge = ChallengeReply(CREDENTIAL, SystemEntropy())
        self.contact = "<sip:alice@df7jal23ls0d.invalid;transport=ws>"

    async def receive(self) -> Request | Response:
        message = await asyncio.wait_for(self._socket.recv(decode=False), WAIT_S)
        parsed = parse(message)
        assert isinstance(parsed, (Request, Response))
        return parsed

    async def send(self, message: Request | Response) -> None:
        await self._socket.send(message.serialize(), text=True)

    async def register(self) -> Response:
        response: Response | None = None
        for cseq in (1, 2):
            request = Request("REGISTER", f"sip:{DOMAIN}")
            request.headers = [
                ("via", f"SIP/2.0/{self._via} df7jal23ls0d.invalid;branch=z9hG4bK{cseq}"),
                ("max-forwards", "70"),
                ("from", f"<sip:alice@{DOMAIN}>;tag=1"),
                ("to", f"<sip:alice@{DOMAIN}>"),
                ("call-id", "1"),
                ("cseq", f"{cseq} REGISTER"),
                ("contact", self.contact),
            ]
            if response is not None:
                assert self._challenge.authorize(request, response)
            await self.send(request)
            answer = await self.receive()
            assert isinstance(answer, Response)
            response = answer
        assert response is not None
        return response

    async def answer(self) -> Request:
        """Take the call that comes; returns its INVITE."""
        invite = await self.receive()
        assert isinstance(invite, Request)
        assert invite.method == "INVITE"
        response = make_response(invite, 200, to_tag="browser")
        response.headers += [("contact", self.contact), ("content-type", "application/sdp")]
        response.body = ANSWER
        await self.send(response)
        ack = await self.receive()
        assert isinstance(ack, Request)
        assert ack.method == "ACK"
        return invite


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def streams(authority: Authority) -> StreamSettings:
    files = authority.issue("here", [HERE, "::1"])
    tls = TlsSettings(certificate=files.certificate, private_key=files.private_key)
    return StreamSettings(tls=tls, origins=("https://phone.example",))


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    uvloop.run(main())


def opened(
    kind: TransportKind, address: HostPort, authority: Authority, *, subprotocol: str = "sip", origin: str = ""
) -> connect:
    secure = kind is TransportKind.WSS
    return connect(
        f"{kind.value.lower()}://{address}/any/path",
        subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
        origin=Origin(origin) if origin else None,
        ssl=ssl.create_default_context(cafile=authority.ca) if secure else None,
        proxy=None,
    )


@pytest.mark.parametrize("host", [HERE, "::1"])
@pytest.mark.parametrize("kind", [TransportKind.WS, TransportKind.WSS])
def test_a_browser_registers_and_is_called_along_its_connection(
    kind: TransportKind, host: str, streams: StreamSettings, authority: Authority
) -> None:
    async def scenario() -> None:
        switch = Switch(streams)
        address = await switch.start(kind, host)
        async with opened(kind, address, authority, origin="https://phone.example") as socket:
            browser = Browser(socket, kind.value)
            assert (await browser.register()).status == 200
            (binding,) = (await switch.wait_for(RegistrationChanged)).bindings
            assert binding.flow.kind is kind
            target = Target(uri=binding.contact_uri, flow=binding.flow)
            leg_id = switch.endpoint.invite(target, from_uri="sip:5@x", sdp=OFFER, now=switch.clock.now())
            switch.driver.flush()
            invite = await browser.answer()
            assert (await switch.wait_for(LegAnswered)).sdp == ANSWER
            assert invite.require("via").startswith(f"SIP/2.0/{kind.value} {address}")
            assert invite.require("contact") == f"<sip:{address};transport=ws>"
            switch.endpoint.hang_up(leg_id, switch.clock.now())
            switch.driver.flush()
            bye = await browser.receive()
            assert isinstance(bye, Request)
            assert bye.uri_text == browser.contact.strip("<>")
            await browser.send(make_response(bye, 200))
            await socket.send("\r\n\r\n")
            assert await asyncio.wait_for(socket.recv(), WAIT_S) == "\r\n"
            await switch.wait_for(LegEnded)
        assert (await switch.wait_for(RegistrationChanged, 2)).bindings == []
        switch.endpoint.invite(target, from_uri="sip:5@x", sdp=OFFER, now=switch.clock.now())
        switch.driver.flush()
        assert (await switch.wait_for(LegFailed)).status == 503
        await switch.driver.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("subprotocol", "origin", "status"), [("", "", 400), ("chat", "", 400), ("sip", "https://evil.example", 403)]
)
def test_whoever_may_not_connect_is_told_by_a_status(
    subprotocol: str, origin: str, status: int, streams: StreamSettings, authority: Authority
) -> None:
    async def scenario() -> None:
        switch = Switch(streams)
        address = await switch.start(TransportKind.WS)
        with pytest.raises(InvalidStatus) as refused:
            async with opened(TransportKind.WS, address, authority, subprotocol=subprotocol, origin=origin):
                pass
        assert refused.value.response.status_code == status
        await switch.driver.stop()

    run(scenario)


def test_a_browser_that_does_not_answer_pings_is_gone(streams: StreamSettings, authority: Authority) -> None:
    async def scenario() -> None:
        switch = Switch(streams)
        address = await switch.start(TransportKind.WS)
        async with opened(TransportKind.WS, address, authority) as socket:
            browser = Browser(socket, "WS")
            await browser.register()
            transport = switch.driver.streams
            now = transport.loop.time()
            transport.sweep(now + WEB_PING_EVERY_S + 1.0)
            for _ in range(2):  # behind the answer to the switch's own ping, which the library gives
                await asyncio.wait_for(await socket.ping(), WAIT_S)
            transport.sweep(now + WEB_PING_EVERY_S + PONG_WITHIN_S + 2.0)
            socket.transport.pause_reading()
            transport.sweep(now + 2 * WEB_PING_EVERY_S + 3.0)
            transport.sweep(now + 2 * WEB_PING_EVERY_S + PONG_WITHIN_S + 4.0)
            assert (await switch.wait_for(RegistrationChanged, 2)).bindings == []
            socket.transport.resume_reading()
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), WAIT_S)
        await switch.driver.stop()

    run(scenario)
