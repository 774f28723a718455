"""Runs the stations of a FakeNetwork on an event loop in virtual time, for tests in which coroutines wait for them."""

import asyncio
from collections.abc import Callable

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import Clock
from softswitch.sip.outputs import CloseFlow, SipOutput, Transmit
from softswitch.testing.network import FakeNetwork, Station


class NetworkLoop:
    """What the SIP drivers are in a real switch, for all stations together."""

    def __init__(self, network: FakeNetwork, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.network = network
        self._clock = clock
        self._loop = loop
        self._on_fact: dict[str, Callable[[SipOutput], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def attach(
        self,
        name: str,
        station: Station,
        address: HostPort,
        on_fact: Callable[[SipOutput], None],
        kind: TransportKind = TransportKind.UDP,
    ) -> None:
        self.network.attach(name, station, (kind, address))
        self._on_fact[name] = on_fact

    def detach(self, name: str) -> None:
        """The station is no more: what it would say is not said, and what is on its way to it is lost."""
        self.network.detach(name)
        self._on_fact.pop(name, None)

    def flush(self) -> None:
        """Send what the stations have to say, and wake up for the next thing that happens."""
        while any(self._drain(name) for name in self.network.stations):
            pass
        if self._timer is not None:
            self._timer.cancel()
        times = [station.next_timeout() for station in self.network.stations.values()]
        times.append(self.network.next_arrival())
        due = min((at for at in times if at is not None), default=None)
        self._timer = None if due is None else self._loop.call_at(due, self._step)

    def _drain(self, name: str) -> bool:
        outputs = self.network.stations[name].take_outputs()
        for output in outputs:
            if isinstance(output, Transmit):
                self.network.send(name, output.flow, output.message, self._clock.now())
            elif isinstance(output, CloseFlow):
                self.network.close(output.flow.connection, self._clock.now())
            else:
                self._on_fact[name](output)
        return bool(outputs)

    def _step(self) -> None:
        self._timer = None
        now = self._clock.now()
        while (arrival := self.network.next_arrival()) is not None and arrival <= now:
            self.network.deliver_next(now)
        for station in self.network.stations.values():
            due = station.next_timeout()
            if due is not None and due <= now:
                station.handle_timeout(now)
        self.flush()
