"""Sound under attack: strangers at the ports, a party gone mad, rubbish at the worker's own socket."""

import asyncio
import random
import socket
import struct
import time
from pathlib import Path

import msgspec
import pytest

from softswitch.media.protocol import PACKET_BYTES_MAX, PROTOCOL_VERSION, CommandBatch, DropStream, Hello
from tests.integration.attack.arena import GOOD_HOST, Arena, Attacker, call, drain, in_dialog

pytestmark = pytest.mark.network

ODD_PACKETS = [
    b"",
    b"\x80",
    b"\x80\0" + bytes(10),
    b"\x81\xc8\0\6" + bytes(24),
    b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12),
    b"\x16\xfe\xff" + bytes(60),
    b"\x8f" + bytes(11),
    b"\x90\0" + bytes(10) + b"\xbe\xde\xff\xff",
    b"\xa0\0" + bytes(10) + b"\xff",
    b"\x80\x65" + bytes(11),
    bytes(9000),
]


def spray(arena: Arena, rounds: int) -> None:
    """Four and more in sequence to every port, from one source: who learns carelessly learns this one."""
    rng = random.Random(4)
    with Attacker(arena, "127.0.3.1") as stranger:
        for number in range(rounds):
            for port in arena.media_ports:
                header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 7)
                stranger.socket.sendto(header + rng.randbytes(160), ("127.0.0.1", port))
            for port in rng.sample(arena.media_ports, 40):
                stranger.socket.sendto(rng.choice(ODD_PACKETS), ("127.0.0.1", port))
            time.sleep(0.02)
        time.sleep(0.1)
        assert drain(stranger.socket) == [], "nothing is sent to a stranger"


def go_mad(arena: Arena, packets: int) -> None:
    """A caller whose numbers jump and whose packets are of any size and kind, ten times too many."""
    rng = random.Random(5)
    with Attacker(arena, GOOD_HOST) as trunk, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as party:
        party.bind((GOOD_HOST, 0))
        answer = call(trunk, "190", party.getsockname()[1])
        assert answer is not None
        port = int(answer.body.partition(b"m=audio ")[2].split()[0])
        for number in range(packets):
            header = struct.pack(
                "!BBHII",
                rng.choice((0x80, 0x80, 0x80, 0x90, 0x8F, 0xA0, 0x40)),
                rng.choice((0, 0, 0, 8, 13, 101, 101, 127, 0x80)),
                rng.choice((number & 0xFFFF, rng.getrandbits(16))),
                rng.choice((number * 160 & 0xFFFFFFFF, rng.getrandbits(32))),
                rng.choice((1, 1, 1, rng.getrandbits(32))),
            )
            size = rng.choice((0, 1, 4, 80, 160, 480, 628, 629, 1460))
            party.sendto(header + rng.randbytes(size), ("127.0.0.1", port))
            if number % 5 == 0:
                time.sleep(0.01)
        trunk.send(in_dialog(trunk, answer, "BYE", 9))


def test_sound_is_whole_and_strangers_hear_nothing(arena: Arena, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with arena.conversations(tmp_path, 2):
            await asyncio.gather(asyncio.to_thread(spray, arena, 25), asyncio.to_thread(go_mad, arena, 600))

    asyncio.run(scenario())


def bother(arena: Arena, number: int, rng: random.Random) -> None:
    """One connection to the worker's socket, which takes the switch's place until the switch comes back."""
    hello = msgspec.msgpack.encode(Hello(PROTOCOL_VERSION, "rubbish", 1))
    batch = msgspec.msgpack.encode(CommandBatch(1, [DropStream(stream_id=0)] * 1000))  # pyright: ignore[reportArgumentType]
    said = [
        [b"\xc1"],
        [hello, rng.randbytes(5000)],
        [hello, batch, batch[:-1]],
        [hello, bytes(PACKET_BYTES_MAX)],
        [hello[:-2], hello],
        [msgspec.msgpack.encode(Hello(99, "newer", 1))],
        [],
    ]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(2.0)
        connection.connect(str(arena.directory / "run" / "media-0.sock"))
        try:
            for packet in said[number % len(said)]:
                connection.send(packet)
        except (BrokenPipeError, ConnectionResetError):
            pass  # that is a way to say no


def test_rubbish_at_the_workers_socket_costs_no_call_its_sound(arena: Arena, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with arena.conversations(tmp_path, 2):
            rng = random.Random(6)
            for number in range(14):
                await asyncio.to_thread(bother, arena, number, rng)
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.3)

    asyncio.run(scenario())
