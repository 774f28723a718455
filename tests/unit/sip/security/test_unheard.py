"""Whoever is banned is neither read nor answered, whatever he sends, and his flood does not push out what is kept."""

import asyncio

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import CloseFlow, Transmit
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import SipSettings
from softswitch.testing.clock import ManualClock

HERE = HostPort("192.0.2.1", 5060)
BANNED = HostPort("198.51.100.7", 40000)
OTHER = HostPort("198.51.100.8", 5060)
OPTIONS = b"\r\n".join(
    (
        b"OPTIONS sip:x@192.0.2.1 SIP/2.0",
        b"Via: SIP/2.0/TCP 198.51.100.7;branch=z9hG4bKa",
        b"From: <sip:a@b>;tag=a",
        b"To: <sip:x@192.0.2.1>",
        b"Call-ID: a",
        b"CSeq: 1 OPTIONS",
        b"Max-Forwards: 70",
        b"",
        b"",
    )
)


@pytest.fixture
def endpoint() -> SipEndpoint:
    made = SipEndpoint(SipSettings(domain="example.test"), entropy=SeededEntropy(1))
    made.add_listener(TransportKind.UDP, HERE)
    made.add_listener(TransportKind.TCP, HERE)
    made.ban(BANNED.host, 3600.0, "test", 0.0)
    made.take_outputs()
    return made


def test_a_broken_stream_of_a_banned_source_is_closed_without_a_word(endpoint: SipEndpoint) -> None:
    flow = Flow(TransportKind.TCP, HERE, BANNED, 1)
    request = parse(OPTIONS)
    assert isinstance(request, Request)
    endpoint.receive_malformed(Malformed(400, "Bad Framing", request), flow, 1.0)
    outputs = endpoint.take_outputs()
    assert not [each for each in outputs if isinstance(each, Transmit)]
    assert CloseFlow(flow) in outputs


def test_what_is_not_read_has_no_place_in_the_log(endpoint: SipEndpoint) -> None:
    loop = asyncio.new_event_loop()
    driver = SipDriver(endpoint, clock=ManualClock(), on_event=lambda event: None, loop=loop)
    driver.receive_datagram(OPTIONS, Flow(TransportKind.UDP, HERE, BANNED))
    driver.receive_message(OPTIONS, Flow(TransportKind.TCP, HERE, BANNED, 1))
    assert len(driver.messages) == 0
    driver.receive_datagram(OPTIONS, Flow(TransportKind.UDP, HERE, OTHER))
    logged = driver.messages.since(0, 10).messages
    assert logged[0].message == OPTIONS
    assert {each.flow.remote for each in logged} == {OTHER}
    loop.close()
