"""Messages reach a collector of HEP3 on a loopback socket."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.sip.runtime.homer import HomerLink
from softswitch.sip.tracing.message_log import MessageLog

pytestmark = pytest.mark.network

FLOW = Flow(TransportKind.UDP, HostPort("192.0.2.5", 5060), HostPort("198.51.100.7", 5070))
MESSAGE = b'REGISTER sip:a SIP/2.0\r\nCall-ID: one\r\nAuthorization: Digest response="0123"\r\n\r\n'


def link(messages: MessageLog, remote: HostPort, correlate: Callable[[str], str]) -> HomerLink:
    return HomerLink(
        messages,
        remote,
        capture_id=7,
        password="",
        correlate=correlate,
        clock=SystemClock(),
        loop=asyncio.get_running_loop(),
    )


def test_every_message_from_the_start_on_is_sent_without_its_secrets() -> None:
    async def scenario() -> tuple[list[bytes], HomerLink]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
            collector.bind(("127.0.0.1", 0))
            collector.setblocking(False)
            messages = MessageLog()
            messages.add(0.5, False, FLOW, b"before the start")
            there = HostPort("127.0.0.1", collector.getsockname()[1])
            homer = link(messages, there, lambda sip_call_id: f"call of {sip_call_id}")
            homer.start()
            for _ in range(3):
                messages.add(1.0, False, FLOW, MESSAGE)
            async with asyncio.timeout(5):
                packets = [await asyncio.get_running_loop().sock_recv(collector, 65_535) for _ in range(3)]
            homer.stop()
        return packets, homer

    packets, homer = asyncio.run(scenario())
    assert all(packet.startswith(b"HEP3") and b"call of one" in packet for packet in packets)
    assert b'response="****"' in packets[0]
    assert (homer.sent, homer.dropped) == (3, 0)


def test_a_collector_that_cannot_be_reached_costs_messages_and_nothing_else() -> None:
    async def scenario() -> HomerLink:
        messages, is_tried = MessageLog(), asyncio.Event()

        def correlate(_sip_call_id: str) -> str:
            is_tried.set()
            return ""

        homer = link(messages, HostPort("255.255.255.255", 9060), correlate)
        homer.start()
        messages.add(1.0, False, FLOW, MESSAGE)
        async with asyncio.timeout(5):
            await is_tried.wait()
        homer.stop()
        return homer

    homer = asyncio.run(scenario())
    assert (homer.sent, homer.dropped) == (0, 1)
