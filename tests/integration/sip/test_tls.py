"""TLS on loopback: strangers who speak none or never finish, new certificates, servers that are not whom we called."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import msgspec
import pytest
import uvloop

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.errors import StartError
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.runtime import stream_transport
from softswitch.sip.runtime.limits import MESSAGE_TIMEOUT_S
from softswitch.sip.runtime.stream_transport import StreamSettings, StreamTransport
from softswitch.sip.runtime.tls import OwnCertificate, TlsContexts, TlsPeer, TlsSettings
from softswitch.testing.certificates import Authority

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
        self._changed = asyncio.Event()

    def receive_datagram(self, data: bytes, flow: Flow) -> None:
        raise AssertionError("no datagrams here")

    def receive_message(self, data: bytes, flow: Flow) -> None:
        self.messages.append((data, flow))
        self._changed.set()

    def receive_malformed(self, fault: Malformed, flow: Flow) -> None:
        raise AssertionError(fault.reason)

    def flow_closed(self, flow: Flow) -> None:
        self.closed.append(flow)
        self._changed.set()

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        return dict.fromkeys(flows, inf)

    def flow_failed(self, flow: Flow) -> None:
        self.failed.append(flow)
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Told:
    """What went into the log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.faults: list[str] = []
        monkeypatch.setattr(stream_transport.log, "warning", self._warn)

    def _warn(self, event: str, **values: str) -> None:
        assert event == "no TLS connection"
        self.faults.append(values["fault"])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def settings(authority: Authority) -> TlsSettings:
    files = authority.issue("here", [HERE, "pbx.example"])
    return TlsSettings(certificate=files.certificate, private_key=files.private_key, ca=authority.ca)


@asynccontextmanager
async def listening(
    settings: TlsSettings, kind: TransportKind = TransportKind.TLS
) -> AsyncGenerator[tuple[StreamTransport, Recorder, HostPort]]:
    recorder = Recorder()
    transport = StreamTransport(recorder, asyncio.get_running_loop(), StreamSettings(tls=settings))
    try:
        yield transport, recorder, await transport.listen(kind, HostPort(HERE, 0))
    finally:
        await transport.stop()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        await scenario()
        assert errors == []

    uvloop.run(main())


def test_plain_text_on_the_tls_port_is_cut_off_and_told_once(settings: TlsSettings, told: Told) -> None:
    async def scenario() -> None:
        async with listening(settings) as (_, recorder, address):
            for number in range(1, 4):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(MESSAGE)
                await asyncio.wait_for(reader.read(), WAIT_S)
                await recorder.until(lambda number=number: len(recorder.closed) == number)
                writer.close()
            assert told.faults == ["no TLS"]

    run(scenario)


@pytest.mark.parametrize("octets", [b"", b"\x16\x03\x01\x02\x00\x01\x00"])
@pytest.mark.parametrize("kind", [TransportKind.TLS, TransportKind.WSS])
def test_a_handshake_that_never_ends_is_ended(
    settings: TlsSettings, told: Told, kind: TransportKind, octets: bytes
) -> None:
    async def scenario() -> None:
        async with listening(settings, kind) as (transport, recorder, address):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(octets)
            _, probe = await asyncio.open_connection(*address)
            probe.write(MESSAGE)  # when this one is known to be over, the first has been accepted
            await recorder.until(lambda: recorder.closed)
            transport.sweep(transport.loop.time() + MESSAGE_TIMEOUT_S + 1.0)
            assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
            await recorder.until(lambda: len(recorder.closed) == 2)
            assert told.faults == ["no TLS", "the handshake never ended"]
            writer.close()
            probe.close()

    run(scenario)


async def shown(authority: Authority, address: HostPort, name: str = "pbx.example") -> tuple[str, asyncio.StreamWriter]:
    """The serial number of the certificate that is shown there; what is connected has said something."""
    context = ssl.create_default_context(cafile=authority.ca)
    _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name)
    certificate = writer.get_extra_info("peercert")
    writer.write(MESSAGE)
    return certificate["serialNumber"], writer


def test_a_listener_shows_its_own_certificate_and_a_renewed_one_after_a_reload(
    settings: TlsSettings, authority: Authority
) -> None:
    def with_own(name: str) -> TlsSettings:
        files = authority.issue(name, ["web.example"])
        own = OwnCertificate(certificate=files.certificate, private_key=files.private_key)
        return msgspec.structs.replace(settings, listeners={(TransportKind.TLS, HostPort("127.0.0.2", 0)): own})

    async def scenario() -> None:
        first, renewed = with_own("web"), with_own("web renewed")
        async with listening(first) as (transport, _, address):
            other = await transport.listen(TransportKind.TLS, HostPort("127.0.0.2", 0))
            serials: list[str] = []
            for settings in (first, renewed):
                transport.use(StreamSettings(tls=settings), TlsContexts(settings))
                for where, name in ((address, "pbx.example"), (other, "web.example")):
                    serial, writer = await shown(authority, where, name)
                    serials.append(serial)
                    writer.close()
            assert serials[0] == serials[2]
            assert len(set(serials)) == 3

    run(scenario)


def test_a_listener_of_its_own_certificate_needs_no_other(authority: Authority) -> None:
    files = authority.issue("alone", ["web.example"])
    own = OwnCertificate(certificate=files.certificate, private_key=files.private_key)
    settings = TlsSettings(listeners={(TransportKind.TLS, HostPort(HERE, 0)): own})

    async def scenario() -> None:
        async with listening(settings) as (transport, _, address):
            _, writer = await shown(authority, address, "web.example")
            writer.close()
            with pytest.raises(StartError):
                await transport.listen(TransportKind.TLS, HostPort("127.0.0.2", 0))

    run(scenario)


def test_a_new_certificate_is_shown_to_whoever_comes_next(
    settings: TlsSettings, authority: Authority, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with listening(settings) as (transport, recorder, address):
            old, old_writer = await shown(authority, address)
            files = authority.issue("renewed", [HERE, "pbx.example"])
            renewed = msgspec.structs.replace(settings, certificate=files.certificate, private_key=files.private_key)
            transport.use(StreamSettings(tls=renewed), TlsContexts(renewed))
            new, new_writer = await shown(authority, address)
            assert old != new
            old_writer.write(MESSAGE)
            await recorder.until(lambda: len(recorder.messages) == 3)
            assert recorder.closed == []
            old_writer.close()
            new_writer.close()

    run(scenario)


def test_a_server_we_call_must_be_whom_we_called(settings: TlsSettings, told: Told) -> None:
    async def scenario() -> None:
        async with listening(settings) as (_, there_recorder, there), listening(settings) as (near, recorder, here):
            good = Flow(TransportKind.TLS, here, there, 0, "pbx.example")
            wrong = Flow(TransportKind.TLS, here, there, 0, "sip.provider.example")
            near.send(good, MESSAGE)
            await there_recorder.until(lambda: there_recorder.messages)
            near.send(wrong, MESSAGE)
            await recorder.until(lambda: recorder.failed)
            assert recorder.failed == [wrong]
            near.send(good, MESSAGE)
            await there_recorder.until(lambda: len(there_recorder.messages) == 2)
            assert any("certificate not accepted: Hostname mismatch" in fault for fault in told.faults)

    run(scenario)


def test_mutual_tls_refuses_whoever_shows_nothing(settings: TlsSettings, authority: Authority, told: Told) -> None:
    mutual = msgspec.structs.replace(settings, is_client_certificate_required=True)
    nobody = TlsSettings(peers={HERE: TlsPeer(ca=authority.ca)})

    async def scenario() -> None:
        async with listening(mutual) as (near, recorder, there), listening(settings, TransportKind.TCP) as (_, _, here):
            near.send(Flow(TransportKind.TLS, there, there), MESSAGE)
            await recorder.until(lambda: recorder.messages)
            stranger_recorder = Recorder()
            stranger = StreamTransport(stranger_recorder, asyncio.get_running_loop(), StreamSettings(tls=nobody))
            stranger.send(Flow(TransportKind.TLS, here, there), MESSAGE)
            await stranger_recorder.until(lambda: stranger_recorder.closed or stranger_recorder.failed)
            assert len(recorder.messages) == 1
            assert "peer did not return a certificate" in told.faults
            await stranger.stop()

    run(scenario)


def test_without_a_certificate_nobody_listens_with_tls() -> None:
    async def scenario() -> None:
        with pytest.raises(StartError, match=r"there is no certificate. Name one in \[tls\]"):
            async with listening(TlsSettings()):
                pass

    run(scenario)
