"""A network in memory and virtual time: UDP with latency, loss, duplicates and reordering, and streams without them.

Everything is drawn from one seeded entropy, or told explicitly (`lose_next`), so that a run can be repeated exactly.
What was sent is kept in `transcript`, the raw material of ladders (testing/ladder.py).
"""

import heapq
from typing import Protocol

import msgspec

from softswitch.base.address import OURS, Flow, HostPort, TransportKind
from softswitch.base.entropy import Entropy
from softswitch.sip.outputs import SipOutput


class Station(Protocol):
    """What can be attached: a SIP endpoint, or a test's own stand-in for one."""

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> object: ...
    def receive_message(self, data: bytes, flow: Flow, now: float) -> object: ...
    def flow_closed(self, flow: Flow, now: float) -> None: ...
    def flow_failed(self, flow: Flow, now: float) -> None: ...
    def next_timeout(self) -> float | None: ...
    def handle_timeout(self, now: float) -> None: ...
    def take_outputs(self) -> list[SipOutput]: ...


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How good the network is. Times in seconds, the rest are probabilities for each datagram.

    A reordered datagram takes `reorder_s` longer, so that those sent after it overtake it.
    """

    latency_s: float = 0.01
    jitter_s: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    reorder_s: float = 0.1


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """One packet's way: names of the stations ("?" if nobody is there), and whether it was lost."""

    sent_at: float
    source: str
    destination: str
    message: bytes
    is_lost: bool


class _Arrival(msgspec.Struct, frozen=True):
    station: str
    flow: Flow
    message: bytes


class _Connection(msgspec.Struct, frozen=True):
    """A connection as each side sees it."""

    opener: str
    opener_flow: Flow
    acceptor: str
    acceptor_flow: Flow


class FakeNetwork:
    """Attach stations, then let `drive` (testing/drive.py) run them."""

    def __init__(self, entropy: Entropy, conditions: Conditions | None = None) -> None:
        self.conditions = conditions or Conditions()
        self.stations: dict[str, Station] = {}
        self.transcript: list[Passage] = []
        self._entropy = entropy
        self._at: dict[tuple[TransportKind, HostPort], str] = {}
        self._in_flight: list[tuple[float, int, _Arrival]] = []
        self._serial = 0
        self._connections: dict[int, _Connection] = {}
        self._open: dict[tuple[TransportKind, HostPort, HostPort], int] = {}
        self._last_number = 0
        self._losses: list[tuple[str, str, bytes]] = []

    # Setting the scene

    def attach(self, name: str, station: Station, *addresses: tuple[TransportKind, HostPort]) -> None:
        """Put a station onto the network under a name and its addresses."""
        self.stations[name] = station
        for address in addresses:
            self._at[address] = name

    def detach(self, name: str) -> None:
        """Take a station off the network; datagrams that are on their way to it are lost."""
        del self.stations[name]
        self._at = {address: station for address, station in self._at.items() if station != name}

    def lose_next(self, source: str, destination: str, start: str) -> None:
        """The next datagram from one station to another that begins with `start` ("BYE", "SIP/2.0 200") is lost.

        Told several times, it loses several.
        """
        self._losses.append((source, destination, start.encode()))

    # Traffic

    def send(self, source: str, flow: Flow, message: bytes, now: float) -> None:
        """Carry a packet that `source` transmits along `flow`."""
        if flow.kind.is_reliable:
            self._send_stream(source, flow, message, now)
        else:
            self._send_datagram(source, flow, message, now)

    def close(self, connection: int, now: float) -> None:
        """Cut a connection; both sides hear of it."""
        ends = self._connections.pop(connection & ~OURS)
        self._open.pop(ends.opener_flow[:3], None)
        self.stations[ends.opener].flow_closed(ends.opener_flow, now)
        self.stations[ends.acceptor].flow_closed(ends.acceptor_flow, now)

    def cut(self, station: str, now: float) -> None:
        """The process of a station dies: its connections break, what was on its way to it along them is gone."""
        for number, ends in list(self._connections.items()):
            if station in (ends.opener, ends.acceptor):
                del self._connections[number]
                self._open.pop(ends.opener_flow[:3], None)
                other, flow = (
                    (ends.acceptor, ends.acceptor_flow) if station == ends.opener else (ends.opener, ends.opener_flow)
                )
                self.stations[other].flow_closed(flow, now)
        self._in_flight = [
            each for each in self._in_flight if each[2].station != station or not each[2].flow.kind.is_reliable
        ]
        heapq.heapify(self._in_flight)

    @property
    def connections(self) -> list[int]:
        """The numbers of the open connections."""
        return list(self._connections)

    def next_arrival(self) -> float | None:
        return self._in_flight[0][0] if self._in_flight else None

    def deliver_next(self, now: float) -> None:
        """Hand the packet that is due first to its station."""
        _, _, arrival = heapq.heappop(self._in_flight)
        station = self.stations.get(arrival.station)
        if station is None:
            return
        if arrival.flow.kind.is_reliable:
            station.receive_message(arrival.message, arrival.flow, now)
        else:
            station.receive_datagram(arrival.message, arrival.flow, now)

    # Private

    def _send_datagram(self, source: str, flow: Flow, message: bytes, now: float) -> None:
        destination = self._at.get((flow.kind, flow.remote))
        conditions = self.conditions
        is_lost = destination is None or self._is_unlucky(source, destination, message)
        self._note(source, destination, message, is_lost, now)
        if is_lost or destination is None:
            return
        back = Flow(flow.kind, flow.remote, flow.local)
        copies = 2 if self._happens(conditions.duplication) else 1
        for _ in range(copies):
            delay_s = conditions.latency_s
            if conditions.jitter_s:
                delay_s += self._entropy.uniform(0.0, conditions.jitter_s)
            if self._happens(conditions.reordering):
                delay_s += conditions.reorder_s
            self._fly(now + delay_s, _Arrival(destination, back, message))

    def _send_stream(self, source: str, flow: Flow, message: bytes, now: float) -> None:
        number = flow.connection & ~OURS
        if number not in self._connections and (not number or flow.connection & OURS):
            number = self._open.get(flow[:3]) or self._connect(source, flow)
        ends = self._connections.get(number)
        if ends is None:
            self._note(source, None, message, True, now)
            self.stations[source].flow_failed(flow, now)
            return
        is_opener = source == ends.opener
        destination = ends.acceptor if is_opener else ends.opener
        self._note(source, destination, message, False, now)
        back = ends.acceptor_flow if is_opener else ends.opener_flow
        self._fly(now + self.conditions.latency_s, _Arrival(destination, back, message))

    def _connect(self, source: str, flow: Flow) -> int:
        """Open a connection; 0 if nobody listens there."""
        acceptor = self._at.get((flow.kind, flow.remote))
        if acceptor is None:
            return 0
        self._last_number += 2
        number = self._last_number
        ephemeral = HostPort(flow.local.host, 50_000 + number)
        self._connections[number] = _Connection(
            source, flow._replace(connection=number | OURS), acceptor, Flow(flow.kind, flow.remote, ephemeral, number)
        )
        self._open[(flow.kind, flow.local, flow.remote)] = number
        return number

    def _is_unlucky(self, source: str, destination: str, message: bytes) -> bool:
        for index, (from_, to, start) in enumerate(self._losses):
            if (from_, to) == (source, destination) and message.startswith(start):
                del self._losses[index]
                return True
        return self._happens(self.conditions.loss)

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._entropy.uniform(0.0, 1.0) < probability

    def _fly(self, at: float, arrival: _Arrival) -> None:
        self._serial += 1
        heapq.heappush(self._in_flight, (at, self._serial, arrival))

    def _note(self, source: str, destination: str | None, message: bytes, is_lost: bool, now: float) -> None:
        self.transcript.append(
            Passage(sent_at=now, source=source, destination=destination or "?", message=message, is_lost=is_lost)
        )
