"""The driver's one timer. Packets and sockets: tests/integration/sip."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import InviteReceived, SipOutput
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.runtime.driver import TIMER_GRAIN_S, SipDriver
from softswitch.sip.runtime.resolver import ServerResolver
from softswitch.sip.settings import SipSettings, Target, TrunkPeer
from softswitch.testing.clock import ManualClock

PEER = HostPort("192.0.2.9", 5060)


class OneTimer:
    """The only thing of an event loop that is used without sockets."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._due = 0.0
        self._callback: Callable[[], object] | None = None
        self.fired = 0

    def call_later(self, delay: float, callback: Callable[[], object]) -> "OneTimer":
        self._due, self._callback = self._clock.now() + delay, callback
        return self

    def cancel(self) -> None:
        self._callback = None

    def advance(self, seconds: float) -> None:
        end = self._clock.now() + seconds
        while self._callback is not None and self._due <= end:
            self._clock.advance(self._due - self._clock.now())
            callback, self._callback = self._callback, None
            self.fired += 1
            callback()
        self._clock.advance(end - self._clock.now())


def test_deadlines_close_to_each_other_take_one_wake_up() -> None:
    clock = ManualClock()
    loop = OneTimer(clock)
    endpoint = SipEndpoint(SipSettings(domain="pbx.example.com"), entropy=SeededEntropy(1))
    endpoint.add_listener(TransportKind.UDP, HostPort("192.0.2.1", 5060))
    driver = SipDriver(endpoint, clock=clock, on_event=lambda _: None, loop=cast(asyncio.AbstractEventLoop, loop))

    def ask() -> None:
        target = Target(uri="sip:peer@192.0.2.9", flow=endpoint.flow_to(TransportKind.UDP, PEER))
        endpoint.request("OPTIONS", target, from_uri="sip:us@pbx.example.com", now=clock.now())
        driver.flush()

    for _ in range(4):
        ask()
        loop.advance(TIMER_GRAIN_S / 5)
    loop.advance(0.5 - 0.8 * TIMER_GRAIN_S)
    assert (len(driver.messages), loop.fired) == (4, 0)
    loop.advance(1.1 * TIMER_GRAIN_S)
    assert (len(driver.messages), loop.fired) == (8, 1)


INVITE = (
    b"INVITE sip:100@pbx.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKx\r\n"
    b"Max-Forwards: 70\r\nFrom: <sip:555@provider.example>;tag=p\r\nTo: <sip:100@pbx.example.com>\r\n"
    b"Call-ID: held\r\nCSeq: 1 INVITE\r\nContact: <sip:555@192.0.2.9>\r\nContent-Length: 0\r\n\r\n"
)


def test_a_call_of_a_provider_that_is_known_by_name_and_has_waited_for_the_next_switch_is_let_in(
    tmp_path: Path,
) -> None:
    """It stood in the socket while there was no switch; the one before knew where the name leads."""
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.9 sip.provider.example\n")
    told: list[SipOutput] = []
    trunk = TrunkPeer(name="provider", server=Wanted("sip.provider.example", None, TransportKind.UDP))

    async def take_over() -> None:
        clock, local, loop = ManualClock(), HostPort("192.0.2.1", 5060), asyncio.get_running_loop()
        endpoint = SipEndpoint(SipSettings(domain="pbx.example.com", trunks=(trunk,)), entropy=SeededEntropy(1))
        endpoint.add_listener(TransportKind.UDP, local)
        resolver = ServerResolver(loop, SeededEntropy(2), hosts_file=hosts)
        driver = SipDriver(endpoint, clock=clock, on_event=told.append, loop=loop, resolver=resolver)
        driver.listening.append((TransportKind.UDP, local))
        driver.hold_back()
        driver.receive_datagram(INVITE, Flow(TransportKind.UDP, local, PEER))
        await driver.start(())
        driver.go_on()
        await driver.stop()

    asyncio.run(take_over())
    assert [fact.source.name for fact in told if isinstance(fact, InviteReceived)] == ["provider"]
