"""The driver's one timer. Packets and sockets: tests/integration/sip."""

import asyncio
from collections.abc import Callable
from typing import cast

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.runtime.driver import TIMER_GRAIN_S, SipDriver
from softswitch.sip.settings import SipSettings, Target
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
