"""What packets cost a media worker, sockets included. Run: python benchmarks/bench_packet_io.py

Another process is the parties: one socket each, one G.711 packet every 20 ms, and reading what comes back. Measured is
the CPU time, user and system, of the process that serves them, per leg and 20 ms:

* `blind`, `epoll`, `recvmmsg`: three ways to read one socket per leg, then one `send` per leg: an echo, no engine;
* `shared`: a socket for 64 legs, read with `recvmmsg`, then `sendmmsg`: the same echo;
* `worker`: a real media worker process that bridges the legs in pairs, and the delay it adds (each packet carries the
  time it was sent); `shared-worker`: the same with shared ports.

`--json` prints one object as the last line.
"""

import argparse
import ctypes
import json
import platform
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import call
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.protocol import Hearing, PutStream, SetHearing, StreamDescription
from softswitch.media.runtime.sockets.message_batch import IncomingMessages, OutgoingMessages, name_of
from softswitch.testing.runtime.media_process import MediaProcess

TICK_S = 0.020
LEG_PORT, PARTY_PORT = 10_000, 32_000
ROOM_BYTES = 640
PORTS_PER_PHASE, LEGS_PER_PORT, PHASES = 8, 64, 4
"""Shared ports are filled one after another and phase by phase, as the media client does."""
WARM_UP_S = 1.5
WINDOW_S = 0.2


Reader = Callable[[list[socket.socket], list[memoryview]], Callable[[], None]]
"""Makes, for sockets and room for a packet of each, what reads them all."""

_call = cast("Callable[[Callable[[memoryview], int], memoryview], int]", call)


def bound(port: int) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.bind(("127.0.0.1", port))
    return udp


def each(calls: Iterator[Any]) -> None:
    """Make all the calls; those that fail are passed over."""
    while True:
        try:
            deque(calls, maxlen=0)
        except OSError:
            continue
        return


def port_of(leg: int, *, is_shared: bool) -> int:
    """The leg's port at the worker."""
    if not is_shared:
        return LEG_PORT + 2 * leg
    phase, index = divmod(leg // LEGS_PER_PORT % (PHASES * PORTS_PER_PHASE), PORTS_PER_PHASE)
    return LEG_PORT + 2 * (PHASES * index + phase)


def parties(legs: int, seconds: float, *, is_shared: bool) -> None:
    """The other process: prints the delays of what it received, in milliseconds, as JSON."""
    sockets = [bound(PARTY_PORT + 2 * leg) for leg in range(legs)]
    for leg, udp in enumerate(sockets):
        udp.connect(("127.0.0.1", port_of(leg, is_shared=is_shared)))
    packets = np.zeros((legs, 172), np.uint8)
    header = packets[:, :12].view(
        np.dtype([("first", ">u2"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
    )
    header["first"] = 0x8000
    header["ssrc"][:, 0] = np.arange(legs) + 1
    stamp = packets[:, 12:20]
    views = [memoryview(packets[leg]) for leg in range(legs)]
    room = np.zeros((legs, ROOM_BYTES), np.uint8)
    rooms = [memoryview(room[leg]) for leg in range(legs)]
    sends = [udp.send for udp in sockets]
    poll = select.epoll()
    leg_of_descriptor = {udp.fileno(): leg for leg, udp in enumerate(sockets)}
    for descriptor in leg_of_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    delays: list[float] = []
    at = time.monotonic()
    end = at + seconds
    slices = 10  # the parties' clocks are not in step: they send spread over the 20 ms
    step = -(-legs // slices)
    while at < end:
        header["sequence"] += 1
        header["timestamp"] += 160
        for first in range(0, legs, step):
            at += TICK_S / slices
            time.sleep(max(0.0, at - time.monotonic()))
            part = slice(first, first + step)
            stamp[part] = np.frombuffer(np.float64(time.monotonic()).tobytes(), np.uint8)
            each(map(_call, sends[part], views[part]))
            ready = [leg_of_descriptor[descriptor] for descriptor, _ in poll.poll(0, legs)]
            each(map(_call, [sockets[leg].recv_into for leg in ready], [rooms[leg] for leg in ready]))
            received = time.monotonic()
            if at > end - seconds / 2:
                sent = room[ready, 12:20].copy().view(np.float64)[:, 0]
                delays += (received - sent[(sent > end - 3600) & (sent < received)]).tolist()
    ordered = sorted(delays) or [0.0]
    quantiles = {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100]}
    print(json.dumps({name: round(1000 * delay, 1) for name, delay in quantiles.items()}))


def start_parties(legs: int, seconds: float, *, is_shared: bool) -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, __file__, "--parties", str(legs), "--seconds", str(seconds)]
    arguments += ["--shared"] if is_shared else []
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def echo(read: str, legs: int, seconds: float) -> float:
    """Read all legs with one of the ways, send a packet to each; microseconds per leg and tick."""
    is_shared = read == "shared"
    ports = sorted({port_of(leg, is_shared=is_shared) for leg in range(legs)})
    sockets = [bound(port) for port in ports]
    other = start_parties(legs, seconds + WARM_UP_S, is_shared=is_shared)
    if is_shared:
        read_all, send_all = shared(sockets, legs)
    else:
        read_all, send_all = dedicated(sockets, READERS[read])
    at = time.monotonic()
    measured_from, end = at + WARM_UP_S, at + WARM_UP_S + seconds
    spent: list[float] = []
    while at < end:
        at += TICK_S
        time.sleep(max(0.0, at - time.monotonic()))
        began = time.process_time()
        read_all()
        send_all()
        if at >= measured_from:
            spent.append(time.process_time() - began)
    other.wait()
    for udp in sockets:
        udp.close()
    return undisturbed(spent) / legs * 1e6


def dedicated(sockets: list[socket.socket], reader: Reader) -> tuple[Callable[[], None], Callable[[], None]]:
    """What reads all legs, and what sends to all, through a socket each."""
    for leg, udp in enumerate(sockets):
        udp.connect(("127.0.0.1", PARTY_PORT + 2 * leg))
    room = [memoryview(bytearray(ROOM_BYTES)) for _ in sockets]
    packets = [memoryview(bytearray(172)) for _ in sockets]
    sends = [udp.send for udp in sockets]
    return reader(sockets, room), lambda: each(map(_call, sends, packets))


def shared(sockets: list[socket.socket], legs: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """What reads all legs, and what sends to all, through sockets that they share."""
    incoming = IncomingMessages(np.zeros((legs + 1024, ROOM_BYTES), np.uint8))
    packets = np.zeros((legs, 172), np.uint8)
    names = [name_of(HostPort("127.0.0.1", PARTY_PORT + 2 * leg)) for leg in range(legs)]
    rows = [[leg for leg in range(legs) if port_of(leg, is_shared=True) == udp.getsockname()[1]] for udp in sockets]
    outgoing = [OutgoingMessages(packets, mine, [names[leg] for leg in mine]) for mine in rows]

    def read_all() -> None:
        incoming.rewind(is_timed=False)
        for udp in sockets:
            incoming.receive(udp)

    def send_all() -> None:
        for udp, messages in zip(sockets, outgoing, strict=True):
            messages.send(udp)

    return read_all, send_all


def blind(sockets: list[socket.socket], room: list[memoryview]) -> Callable[[], None]:
    receives = [udp.recv_into for udp in sockets]
    return lambda: each(map(_call, receives, room))


def epoll(sockets: list[socket.socket], room: list[memoryview]) -> Callable[[], None]:
    poll = select.epoll()
    receive_of = {udp.fileno(): udp.recv_into for udp in sockets}
    for descriptor in receive_of:
        poll.register(descriptor, select.EPOLLIN)

    def read_all() -> None:
        ready = poll.poll(0, len(sockets))
        each(map(_call, [receive_of[descriptor] for descriptor, _ in ready], room))

    return read_all


class Recvmmsg:
    """Up to two packets per call and socket: finds a second packet without another system call."""

    def __init__(self, sockets: list[socket.socket], room: list[memoryview]) -> None:
        legs = len(sockets)
        self._receive = ctypes.CDLL(None).recvmmsg
        self._buffer = np.zeros((legs, 2, ROOM_BYTES), np.uint8)
        self._vectors = np.zeros((legs, 2, 2), np.uint64)
        self._messages = np.zeros((legs, 2, 8), np.uint64)
        number = np.arange(2 * legs, dtype=np.uint64).reshape(legs, 2)
        self._vectors[:, :, 0] = self._buffer.ctypes.data + number * ROOM_BYTES
        self._vectors[:, :, 1] = ROOM_BYTES
        self._messages[:, :, 2] = self._vectors.ctypes.data + number * 16
        self._messages[:, :, 3] = 1
        self._calls = [
            (ctypes.c_int(udp.fileno()), ctypes.c_void_p(self._messages[leg].ctypes.data))
            for leg, udp in enumerate(sockets)
        ]

    def __call__(self) -> None:
        count, flags, no_time = ctypes.c_uint(2), ctypes.c_int(socket.MSG_DONTWAIT), ctypes.c_void_p(None)
        for descriptor, message in self._calls:
            self._receive(descriptor, message, count, flags, no_time)


READERS: dict[str, Reader] = {
    "blind": blind,
    "epoll": epoll,
    "recvmmsg": Recvmmsg,
}
WAYS = [*READERS, "shared", "worker", "shared-worker"]


def worker(legs: int, seconds: float, *, is_shared: bool) -> tuple[float, dict[str, float], str]:
    """A media worker bridging `legs` in pairs: microseconds per leg and tick, delays in ms, and its last statistics."""
    with tempfile.TemporaryDirectory() as directory:
        process = MediaProcess(Path(directory, "media-0.sock"))
        try:
            for first in range(0, legs, 200):
                numbers = range(first, min(first + 200, legs))
                refusals = process.command(
                    *(PutStream(leg_of(number, is_shared=is_shared)) for number in numbers),
                    *(SetHearing(Hearing(StreamId(number), [StreamId(number ^ 1)])) for number in numbers),
                )
                if refusals:
                    raise SystemExit(refusals[0])
            other = start_parties(legs, seconds + 2 * WARM_UP_S, is_shared=is_shared)
            time.sleep(2 * WARM_UP_S)
            end = time.monotonic() + seconds - WINDOW_S
            spent: list[float] = []
            while time.monotonic() < end:
                began, at = cpu_s(process.process.pid), time.monotonic()
                time.sleep(WINDOW_S)
                spent.append((cpu_s(process.process.pid) - began) / (time.monotonic() - at))
            delays = json.loads(other.communicate()[0])
            return undisturbed(spent) * TICK_S / legs * 1e6, delays, str(process.statistics())
        finally:
            process.kill()


def leg_of(number: int, *, is_shared: bool) -> StreamDescription:
    return StreamDescription(
        stream_id=StreamId(number),
        call_id=CallId(str(number // 2)),
        local_ip="127.0.0.1",
        port=port_of(number, is_shared=is_shared),
        is_shared=is_shared,
        learn=not is_shared,
        ssrc=number + 1,
        sequence=0,
        timestamp=0,
        started_at=time.monotonic(),
        remote=HostPort("127.0.0.1", PARTY_PORT + 2 * number),
    )


def cpu_s(pid: int) -> float:
    """Time another process was on a processor; its other threads sleep here."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def undisturbed(samples: list[float]) -> float:
    """Median of the lower half: other programs on the machine make things dearer, never cheaper."""
    return median(sorted(samples)[: max(1, len(samples) // 2)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, nargs="+", default=[100, 400, 1000])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--what", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--parties", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--shared", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if arguments.parties:
        parties(arguments.parties, arguments.seconds, is_shared=arguments.shared)
        return
    results: dict[str, dict[str, float]] = {what: {} for what in arguments.what}
    delays: dict[str, dict[str, dict[str, float]]] = {}
    for legs in arguments.legs:
        for what in arguments.what:
            if what in ("worker", "shared-worker"):
                cost, delay, statistics = worker(legs, arguments.seconds, is_shared=what == "shared-worker")
                delays.setdefault(what, {})[str(legs)] = delay
                print(f"{what:13} {legs:5} legs: {cost:5.2f} us per leg and tick; delay {delay} ms\n{statistics}")
            else:
                cost = echo(what, legs, arguments.seconds)
                print(f"{what:13} {legs:5} legs: {cost:5.2f} us per leg and tick")
            results[what][str(legs)] = round(cost, 2)
    if arguments.json:
        print(json.dumps({"python": platform.python_version(), "us_per_leg_tick": results, "delay_ms": delays}))


if __name__ == "__main__":
    main()
