"""The floor under a media engine: receives every leg's packet and sends one to every leg, 50 times a second, no more.

One JSON object on standard input: `ports` and `remotes` by leg, and `is_shared`. With `is_shared` the legs of a port
share its socket, read with `recvmmsg` and written with `sendmmsg`; otherwise each has one, connected, read with one
`recv_into` and written with one `send` per tick. Those are the cheapest ways there are to do either from Python. Like
the engine it has four phases 5 ms apart. It ends when standard input does.
"""

import ctypes
import json
import resource
import select
import socket
import sys
import time

import numpy as np
from media_load import BATCH, PACKET_BYTES, ROOM_BYTES, Messages

from softswitch.media.runtime.sockets.transfers import apply_to, call_each

PHASES = 4
SLOT_S = 0.005

_libc = ctypes.CDLL(None, use_errno=True)


class Dedicated:
    """The legs of one phase, a socket each."""

    def __init__(self, ports: list[int], remotes: list[int]) -> None:
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
        for udp, port, remote in zip(sockets, ports, remotes, strict=True):
            udp.setblocking(False)
            udp.bind(("127.0.0.1", port))
            udp.connect(("127.0.0.1", remote))
        room = np.zeros((len(ports), ROOM_BYTES), np.uint8)
        packets = np.zeros((len(ports), PACKET_BYTES), np.uint8)
        packets[:, 0] = 0x80
        self._rooms = [row.data for row in room]
        self._packets = [row.data for row in packets]
        self._receives = [udp.recv_into for udp in sockets]
        self._sends = [udp.send for udp in sockets]

    def tick(self) -> None:
        call_each(map(apply_to, self._receives, self._rooms))
        call_each(map(apply_to, self._sends, self._packets))


class Shared:
    """The legs of one phase, many to a socket. Every phase's packets come to these: each reads what is there."""

    def __init__(self, sockets: dict[int, socket.socket], ports: list[int], remotes: list[int]) -> None:
        self._sockets = sockets
        order = sorted(range(len(ports)), key=ports.__getitem__)
        packets = np.zeros((len(ports), PACKET_BYTES), np.uint8)
        packets[:, 0] = 0x80
        self._packets = packets
        self._outgoing = Messages(packets, PACKET_BYTES)
        self._outgoing.address["family"] = socket.AF_INET
        self._outgoing.address["port"] = np.array(remotes)[order]
        self._outgoing.address["ip"] = (127, 0, 0, 1)
        self._runs: list[tuple[int, int, int]] = []
        sorted_ports = np.array(ports)[order]
        for port in sockets:
            first, end = np.searchsorted(sorted_ports, [port, port + 1]).tolist()
            self._runs.append((sockets[port].fileno(), first, end))
        self._room = np.zeros((BATCH, ROOM_BYTES), np.uint8)
        self._incoming = Messages(self._room, ROOM_BYTES)

    def tick(self) -> None:
        for udp in self._sockets.values():
            while _libc.recvmmsg(udp.fileno(), self._incoming.at(0), BATCH, socket.MSG_DONTWAIT, None) == BATCH:
                pass
        for descriptor, first, end in self._runs:
            at = first
            while at < end:
                sent = _libc.sendmmsg(descriptor, self._outgoing.at(at), min(1024, end - at), socket.MSG_DONTWAIT)
                if sent <= 0:
                    break
                at += sent


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    order = json.loads(sys.stdin.readline())
    ports, remotes = order["ports"], order["remotes"]
    legs = range(len(ports))
    # Both legs of a call are in one phase.
    of_phase = [[leg for leg in legs if leg // 2 % PHASES == phase] for phase in range(PHASES)]
    phases: list[Dedicated | Shared] = []
    if order["is_shared"]:
        sockets: dict[int, socket.socket] = {}
        for port in sorted(set(ports)):
            sockets[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sockets[port].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sockets[port].bind(("127.0.0.1", port))
        phases += [Shared(sockets, [ports[i] for i in mine], [remotes[i] for i in mine]) for mine in of_phase]
    else:
        phases += [Dedicated([ports[i] for i in mine], [remotes[i] for i in mine]) for mine in of_phase]
    print("ready", flush=True)
    slot = int(time.monotonic() / SLOT_S) + 1
    while not select.select([sys.stdin], [], [], max(0.0, slot * SLOT_S - time.monotonic()))[0]:
        phases[slot % PHASES].tick()
        slot += 1


if __name__ == "__main__":
    main()
