"""Joins the SIP endpoint to the world: packets in, outputs out, one timer, and the measured load.

After every input the endpoint's outputs are drained completely: packets go to the transports, facts to `on_event`.
Whoever gives commands to the endpoint calls `flush` afterwards. No input from a peer raises out of here; should the
endpoint or `on_event` fail, the failure is logged and the switch goes on.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import Clock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.log import get_logger
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.outputs import CloseFlow, ResolveTarget, SipOutput, Transmit
from softswitch.sip.routing.server_location import Destination, QuestionKind, Wanted
from softswitch.sip.runtime.held_listeners import HeldListeners, NoneHeld
from softswitch.sip.runtime.limits import HELD_BACK_MAX
from softswitch.sip.runtime.load_meter import LoadMeter
from softswitch.sip.runtime.local_address import WILDCARDS, LocalAddressFinder, addresses_of, family_of
from softswitch.sip.runtime.resolver import ServerResolver
from softswitch.sip.runtime.stream_transport import StreamSettings, StreamTransport
from softswitch.sip.runtime.tls import TlsContexts
from softswitch.sip.runtime.udp import UdpListener, open_udp
from softswitch.sip.tracing.limits import KEEP_ALIVE_BYTES_MAX
from softswitch.sip.tracing.message_log import MessageLog

log = get_logger("sip")

TIMER_GRAIN_S = 0.01
"""Deadlines are met so much later, a fiftieth of T1, and all that have come by then at once. Without it each takes
a wake-up of its own, and several: the loop's timers count whole milliseconds, and what fires before its time finds
nothing to do and is armed again.
"""

TRUNKS_FOUND_WITHIN_S = 0.3
"""A provider that is known by its name would be a stranger to a switch that takes over, and refused (401), until its
addresses are known; its calls of before would not be known to be a trunk's, whose connections are opened anew. A name
server that does not answer must not keep everybody else waiting."""

FAMILIES: tuple[tuple[QuestionKind, bool], ...] = (("A", False), ("AAAA", True))
"""Which addresses are asked for, in this order, and whether they are IPv6."""


class SipDriver:
    """Make it, `await start(...)`, give commands and `flush`, `await stop()`.

    `clock.now()` and the loop's own time are both CLOCK_MONOTONIC, so one may arm the other.
    """

    def __init__(
        self,
        endpoint: SipEndpoint,
        *,
        clock: Clock,
        on_event: Callable[[SipOutput], None],
        loop: asyncio.AbstractEventLoop,
        messages: MessageLog | None = None,
        streams: StreamSettings | None = None,
        resolver: ServerResolver | None = None,
        held: HeldListeners | None = None,
    ) -> None:
        """`held` are listeners that somebody else keeps open while no switch is there."""
        self._held = held or NoneHeld()
        self.endpoint = endpoint
        self.messages = MessageLog() if messages is None else messages
        """Everything that comes and goes."""
        self.listening: list[tuple[TransportKind, HostPort]] = []
        """What is listened on, with the ports the kernel chose."""
        self._clock = clock
        self._on_event = on_event
        self._loop = loop
        self._finder = LocalAddressFinder()
        self._udp: dict[HostPort, UdpListener] = {}
        self._stream_settings = streams or StreamSettings()
        self._streams: StreamTransport | None = None
        self.resolver = resolver or ServerResolver(loop, SystemEntropy())
        self._load: LoadMeter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_at: float | None = None
        self._is_flushing = False
        self._held_back: list[Callable[[], None]] | None = None
        """Inputs that wait; None: none does."""

    async def start(self, listen: Sequence[tuple[TransportKind, HostPort]]) -> None:
        """Open all listeners, or none: raises StartError or TlsFault with one line that says what to do."""
        self._streams = StreamTransport(self, self._loop, self._stream_settings, self._held)
        self._load = LoadMeter(self._loop, self._note_load, self._waiting_bytes)
        try:
            for kind, local in listen:
                await self._listen(kind, local)
        except Exception:
            await self.stop()
            raise
        self.endpoint.look_up_trunks(self._clock.now())
        self.flush()
        if self._held_back is not None:
            await self.resolver.settle(TRUNKS_FOUND_WITHIN_S)

    def hold_back(self) -> None:
        """What comes is kept, in order, and taken in when `go_on` says so: until then nobody knows what it is about."""
        self._held_back = []

    def go_on(self) -> None:
        """Take in what was held back, and from now on everything as it comes."""
        held_back, self._held_back = self._held_back or [], None
        for take_in in held_back:
            take_in()
        self.flush()

    async def stop(self) -> None:
        """Close everything at once; end calls before."""
        if self._timer is not None:
            self._timer.cancel()
        if self._load is not None:
            self._load.stop()
        await self.resolver.stop()
        for listener in self._udp.values():
            listener.close()
        self._udp.clear()
        if self._streams is not None:
            await self._streams.stop()
        # The loop closes sockets in its next turn, and should it be the last one, never.
        await asyncio.sleep(0)

    def use_streams(self, settings: StreamSettings, contexts: TlsContexts) -> None:
        """Other certificates and origins, for connections to come. `contexts` are those of `settings`."""
        self._stream_settings = settings
        if self._streams is not None:
            self._streams.use(settings, contexts)

    @property
    def streams(self) -> StreamTransport:
        """What carries everything but UDP; there after the start."""
        assert self._streams is not None, "start comes first"
        return self._streams

    @property
    def lag_s(self) -> float:
        """How late the event loop was when last measured."""
        return 0.0 if self._load is None else self._load.lag_s

    def flush(self) -> None:
        """Carry out everything the endpoint wants, and arm its timer. To be called after commands."""
        if self._is_flushing:
            return
        self._is_flushing = True
        try:
            while outputs := self.endpoint.take_outputs():
                for output in outputs:
                    if isinstance(output, Transmit):
                        self._transmit(output.flow, output.message)
                    else:
                        self._tell(output)
        finally:
            self._is_flushing = False
        self._arm()

    # Inputs from the transports (Receiver)

    def receive_datagram(self, data: bytes, flow: Flow) -> None:
        if self._held_back is not None:
            self._hold(lambda: self.receive_datagram(data, flow))
            return
        if self._load is not None:
            self._load.taken += 1
        self._receive(self.endpoint.receive_datagram, data, flow)

    def receive_message(self, data: bytes, flow: Flow) -> None:
        if self._held_back is not None:
            self._hold(lambda: self.receive_message(data, flow))
            return
        self._receive(self.endpoint.receive_message, data, flow)

    def receive_malformed(self, fault: Malformed, flow: Flow) -> None:
        self._input(self.endpoint.receive_malformed, fault, flow)

    def flow_closed(self, flow: Flow) -> None:
        self._input(self.endpoint.flow_closed, flow)

    def flow_failed(self, flow: Flow) -> None:
        self._input(self.endpoint.flow_failed, flow)

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        return self.endpoint.patience(flows)

    # Private

    def _hold(self, take_in: Callable[[], None]) -> None:
        if self._held_back is not None and len(self._held_back) < HELD_BACK_MAX:
            self._held_back.append(take_in)

    def _receive(self, receive: Callable[[bytes, Flow, float], bool], data: bytes, flow: Flow) -> None:
        """Whoever is banned and goes on sending does not push out of the log what others have said."""
        now = self._clock.now()
        try:
            is_heard = receive(data, flow, now)
        except Exception:
            log.exception("endpoint failed on an input", input=repr((data, flow))[:2000])
            is_heard = True
        if is_heard and len(data) > KEEP_ALIVE_BYTES_MAX:
            self.messages.add(now, False, flow, data)
        self.flush()

    def _input(self, receive: Callable[..., None], *what: Any) -> None:
        if self._held_back is not None:
            self._hold(lambda: self._input(receive, *what))
        else:
            self._take_in(receive, *what)

    def _take_in(self, receive: Callable[..., None], *what: Any) -> None:
        try:
            receive(*what, self._clock.now())
        except Exception:
            log.exception("endpoint failed on an input", input=repr(what)[:2000])
        self.flush()

    def _tell(self, output: SipOutput) -> None:
        if isinstance(output, ResolveTarget):
            self._resolve(output)
            return
        if isinstance(output, CloseFlow):
            if self._streams is not None:
                self._streams.close_flow(output.flow)
            return
        try:
            self._on_event(output)
        except Exception:
            log.exception("event was not dealt with", sip_event=repr(output)[:2000])

    def _resolve(self, question: ResolveTarget) -> None:
        wanted = Wanted(question.host, question.port, question.kind, question.is_secure)
        kinds = [kind for kind in TransportKind if any(kind is known for known, _ in self.listening)]
        versions = {":" in local.host for _, local in self.listening}
        families: list[QuestionKind] = [family for family, is_v6 in FAMILIES if is_v6 in versions]

        def deliver(destinations: tuple[Destination, ...]) -> None:
            # Never held back: what is depends on it.
            self._take_in(self.endpoint.resolved, question.query_id, destinations)

        self.resolver.locate(wanted, kinds, families, deliver)

    def _transmit(self, flow: Flow, message: bytes) -> None:
        self.messages.add(self._clock.now(), True, flow, message)
        if flow.kind is TransportKind.UDP:
            listener = self._udp.get(flow.local) or self._find_listener(flow.local)
            if listener is not None:
                listener.send(message, flow.remote)
        elif self._streams is not None:
            self._streams.send(flow, message)

    def _find_listener(self, local: HostPort) -> UdpListener | None:
        """The wildcard listener that has this address among its own."""
        family = family_of(local.host)
        for listener in self._udp.values():
            bound = listener.local
            if bound.host in WILDCARDS and bound.port == local.port and family_of(bound.host) == family:
                self._udp[local] = listener
                return listener
        return None

    def _arm(self) -> None:
        at = self.endpoint.next_timeout()
        # A timer that fires for what was cancelled only finds nothing to do; moving it with every message costs more.
        if at is None or (self._armed_at is not None and self._armed_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_at = at
        self._timer = self._loop.call_later(max(0.0, at - self._clock.now()) + TIMER_GRAIN_S, self._time_is_up)

    def _time_is_up(self) -> None:
        self._armed_at = None
        self._timer = None
        self._input(self.endpoint.handle_timeout)

    async def _listen(self, kind: TransportKind, local: HostPort) -> None:
        if kind is TransportKind.UDP:
            listener = await open_udp(local, self, self._finder, self._loop, self._held)
            bound = listener.local
            for host in addresses_of(bound.host):
                self._udp[HostPort(host, bound.port)] = listener
        else:
            assert self._streams is not None
            bound = await self._streams.listen(kind, local)
        for host in addresses_of(bound.host):
            self.endpoint.add_listener(kind, HostPort(host, bound.port), is_wildcard=bound.host in WILDCARDS)
        self.listening.append((kind, bound))

    def _note_load(self, busy: float, queue_s: float) -> None:
        before = self.endpoint.admission_rate_per_s
        self.endpoint.note_load(busy, queue_s, self._clock.now())
        rate = self.endpoint.admission_rate_per_s
        if (before is None) != (rate is None):
            said = "no longer overloaded" if rate is None else "overloaded, new calls beyond a rate are refused"
            measured = {"busy": round(busy, 2), "queue_s": round(queue_s, 3)}
            log.warning(said, rate_per_s=None if rate is None else round(rate), **measured)

    def _waiting_bytes(self) -> int:
        """Before the UDP sockets; a listener on a wildcard stands here under each of its addresses."""
        return sum(listener.waiting_bytes() for listener in set(self._udp.values()))
