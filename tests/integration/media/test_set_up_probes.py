"""Strangers probe every port of a real worker, RTP and RTCP, while calls are being set up: nothing comes of it."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.protocol import Describe, FirstPacket, Hearing, PutStream, SetHearing, StreamDescription
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess

pytestmark = pytest.mark.network

CALLS = 200
SHARED_PORTS = 16
WORKER, PARTY, STRANGER = "127.0.0.1", "127.0.0.1", "127.0.0.3"
LIKE_A_PHONE = 6
"""Packets in sequence, 20 ms apart: more than a party needs to be learnt."""


class Prober:
    """Sends to every port as a phone would, and listens for any answer."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((STRANGER, 0))
        self.socket.setblocking(False)
        self.sent = 0

    def probe(self, ports: list[int], sequence: int) -> None:
        rtp = struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, 7) + b"\x13" * 160
        report = struct.pack("!BBHII", 0x81, 201, 7, 7, 1) + bytes(20)
        for port in ports:
            self.sent += 2
            self.socket.sendto(rtp, (WORKER, port))
            self.socket.sendto(report, (WORKER, port + 1))

    def answers(self) -> list[bytes]:
        found: list[bytes] = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found


@pytest.fixture
def prober() -> Iterator[Prober]:
    prober = Prober()
    yield prober
    prober.socket.close()


@pytest.fixture
def party() -> Iterator[socket.socket]:
    """Where all the calls' parties are, who say nothing yet; and what it hears is nobody's sound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as party:
        party.bind((PARTY, 0))
        party.setblocking(False)
        yield party


def stream(number: int, port: int, **changes: object) -> StreamDescription:
    settings: dict[str, object] = {
        "stream_id": StreamId(number),
        "call_id": CallId(str(number // 2)),
        "local_ip": WORKER,
        "port": port,
        "ssrc": number + 1,
        "sequence": 0,
        "timestamp": 0,
        "started_at": time.monotonic(),
        "learn_from": PARTY,
    }
    return StreamDescription(**{**settings, **changes})  # type: ignore[arg-type]


def strangers_seen(worker: MediaProcess) -> int:
    """As the worker's next statistics tell."""
    until = time.monotonic() + 2.2
    while time.monotonic() < until:
        worker.command()
        time.sleep(0.05)
    statistics = worker.statistics()
    assert statistics is not None
    return statistics.strangers


def hearings(count: int) -> list[SetHearing]:
    return [SetHearing(Hearing(StreamId(number), [StreamId(number ^ 1)])) for number in range(count)]


def test_no_dedicated_port_latches_or_answers(worker: MediaProcess, prober: Prober) -> None:
    before = strangers_seen(worker)
    ports = list(free_range(4 * CALLS)[::2])
    for first in range(0, 2 * CALLS, 50):
        # The callers' SDP is known, and behind NAT; that of those who are called is not yet.
        numbers = range(first, first + 50)
        waiting = [
            stream(number, ports[number], remote=None if number % 2 else HostPort("192.0.2.7", 4000 + number))
            for number in numbers
        ]
        assert worker.command(*map(PutStream, waiting)) == []
    assert worker.command(*hearings(2 * CALLS)) == []
    for sequence in range(LIKE_A_PHONE):
        prober.probe(ports, sequence)
        time.sleep(0.02)
    # Now the others answer as well.
    answered = [stream(number, ports[number], remote=HostPort("192.0.2.8", 4000 + number)) for number in (1, 3, 5)]
    assert worker.command(*map(PutStream, answered)) == []
    for sequence in range(LIKE_A_PHONE, 2 * LIKE_A_PHONE):
        prober.probe(ports, sequence)
        time.sleep(0.02)
    seen = strangers_seen(worker) - before
    assert prober.answers() == []
    assert not [event for event in worker.events if isinstance(event, FirstPacket)]
    assert seen >= prober.sent // 4  # the rest was dropped unread: no port listens to a flood


def test_no_shared_port_latches_or_answers(worker: MediaProcess, prober: Prober, party: socket.socket) -> None:
    before = strangers_seen(worker)
    ports = list(free_range(2 * SHARED_PORTS)[::2])
    parties = [HostPort(PARTY, 40_000 + number) for number in range(2 * CALLS)]
    parties[0] = HostPort(PARTY, party.getsockname()[1])
    for first in range(0, 2 * CALLS, 50):
        waiting = [
            stream(
                number, ports[number % SHARED_PORTS], remote=parties[number], is_shared=True, learn=False, sends=False
            )
            for number in range(first, first + 50)
        ]
        assert worker.command(*map(PutStream, waiting)) == []
    assert worker.command(*hearings(2 * CALLS)) == []
    for sequence in range(2 * LIKE_A_PHONE):
        prober.probe(ports, sequence)
        time.sleep(0.02)
    assert strangers_seen(worker) - before >= prober.sent
    assert prober.answers() == []
    assert not [event for event in worker.events if isinstance(event, FirstPacket)]
    # The party itself is heard, though the stranger has been there all the time.
    party.sendto(struct.pack("!BBHII", 0x80, 0, 1, 160, 9) + bytes(160), (WORKER, ports[0]))
    assert worker.event(FirstPacket).source == parties[0]


def test_the_sound_of_a_call_that_is_over_reaches_no_other(worker: MediaProcess, party: socket.socket) -> None:
    (port,) = free_range(2)[::2]
    old = HostPort(PARTY, party.getsockname()[1])
    shared = stream(1, port, remote=old, is_shared=True, learn=False)
    assert worker.command(PutStream(shared)) == []
    assert worker.command(Describe([], [], [], [])) == []
    for sequence in range(5):
        party.sendto(struct.pack("!BBHII", 0x80, 0, sequence, 160 * sequence, 9) + bytes(160), (WORKER, port))
    again = stream(2, port, remote=old, is_shared=True, learn=False)
    assert worker.command(PutStream(again)) == ["that remote address rests after another call"]
    other = stream(3, port, remote=HostPort(PARTY, 9), is_shared=True, learn=False)
    assert worker.command(PutStream(other)) == []
    time.sleep(0.1)
    worker.command()
    assert not [event for event in worker.events if isinstance(event, FirstPacket)]
