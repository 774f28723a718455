"""Storms against a whole running switch, run by hand: python -m tests.integration.attack.storm --seconds 20 --seed 1

Ten good calls are up meanwhile. After each storm the line says what was sent and what it cost the switch; the run ends
with the first storm that harmed anybody. `--only NAME` runs one; --list names them.
"""

import argparse
import asyncio
import contextlib
import random
import select
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from tests.integration.attack.arena import (
    GOOD_HOST,
    PASSWORD,
    Arena,
    Attacker,
    Conversations,
    ack_of_refusal,
    call,
    cancel_of,
    drain,
    in_dialog,
    sdp,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "sip"
PIECES = [
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b":", b";", b",", b'"', b"<", b">", b"%", b"\xff", b"\xc3\xbc", b"\x80",
    b"\\", b"=", b"@", b"sip:", b"tag=", b"branch=z9hG4bK", b" " * 5000, b"," * 5000, b";a" * 2000, b"(" * 3000,
    b"9" * 400, b"-1", b"4294967296", b"%00", b"%0d%0a", b"[", b"]", b"::", b"*", b"application/sdp", b"Expires: 0\r\n",
    b"Via: SIP/2.0/UDP h\r\n", b"v: SIP/2.0/TCP [::1]:1;maddr=224.0.0.1\r\n", b"Route: <sip:a;lr>\r\n" * 50,
    b"Content-Length: 99999\r\n", b"l: -1\r\n", b"X: y\r\n" * 300, b"i: 1\r\n", b"Contact: *\r\n",
    b"m: <sip:a>,<sip:b>\r\n",
    b"Require: 100rel\r\n", b"Authorization: Digest username=\"a\"\r\n", b'\\"' * 500, b"a=rtpmap:0 x/1\r\n" * 200,
    b"m=audio 1 RTP/AVP 0\r\n" * 40,
]  # fmt: skip


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Something like `data`: bits, pieces, lines, fields. It is no repetition of what was sent before."""
    mutated = bytearray(data.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%08x" % rng.getrandbits(32)))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(mutated) + 1) if mutated else 0
        match rng.randrange(7):
            case 0 if at < len(mutated):
                mutated[at] ^= 1 << rng.randrange(8)
            case 1:
                mutated[at:at] = rng.choice(PIECES)
            case 2:
                del mutated[at : at + rng.choice((1, 2, 10, 100))]
            case 3:
                lines = bytes(mutated).split(b"\r\n")
                chosen = rng.randrange(len(lines))
                lines.insert(rng.randrange(len(lines)), lines[chosen])
                mutated = bytearray(b"\r\n".join(lines))
            case 4:
                lines = bytes(mutated).split(b"\r\n")
                del lines[rng.randrange(len(lines))]
                mutated = bytearray(b"\r\n".join(lines))
            case 5:
                lines = bytes(mutated).split(b"\r\n")
                line = rng.randrange(len(lines))
                name, colon, _ = lines[line].partition(b":")
                lines[line] = name + colon + b" " + rng.choice(PIECES) + rng.randbytes(rng.randrange(6))
                mutated = bytearray(b"\r\n".join(lines))
            case _:
                mutated[at : at + rng.randrange(30)] = rng.randbytes(rng.randrange(12))
    return bytes(mutated[:65000])


class Storm:
    """What a storm has at hand. Its methods named `storm_*` are the storms; each returns figures."""

    def __init__(self, arena: Arena, talks: Conversations, seed: int, seconds: float) -> None:
        self.arena = arena
        self.talks = talks
        self.rng = random.Random(seed)
        self.seconds = seconds
        self.seeds = [path.read_bytes() for path in sorted(GOLDEN.glob("*/*.sip"))]
        self._host = 0

    def until(self) -> Iterator[int]:
        """Counts until the time is up."""
        end = time.monotonic() + self.seconds
        number = 0
        while time.monotonic() < end:
            yield number
            number += 1

    def host(self) -> str:
        """A stranger's address that was not used before."""
        self._host += 1
        return f"127.1.{self._host // 250}.{self._host % 250 + 1}"

    # SIP over UDP

    def storm_mutants_from_the_trunk(self) -> str:
        """The trunk's address is exempt from the guard: everything is looked at."""
        sent = 0
        with Attacker(self.arena, GOOD_HOST) as trunk:
            seeds = self.seeds
            for sent in self.until():
                if sent % 100 == 0:
                    seeds = [*self.seeds, *self._requests(trunk)]
                trunk.send(mutate(self.rng, self.rng.choice(seeds)))
                if sent % 20 == 0:
                    drain(trunk.socket)
                    time.sleep(0.002)
        return f"{sent} messages"

    def storm_mutants_from_strangers(self) -> str:
        sent = 0
        for _ in self.until():
            with Attacker(self.arena, self.host()) as stranger:
                seeds = [*self.seeds, *self._requests(stranger)]
                for _ in range(150):
                    stranger.send(mutate(self.rng, self.rng.choice(seeds)))
                    sent += 1
                time.sleep(0.02)
        return f"{sent} messages from {self._host} addresses"

    def storm_mutants_in_dialogs(self) -> str:
        """Mallory is in a call of her own and goes mad in it."""
        sent = calls = 0
        with Attacker(self.arena, GOOD_HOST) as trunk:
            for _ in self.until():
                dialog = call(trunk, "190")
                if dialog is None:
                    continue
                calls += 1
                for _ in range(200):
                    method = self.rng.choice(("INVITE", "INFO", "OPTIONS", "ACK", "BYE", "UPDATE", "CANCEL", "MESSAGE"))
                    request = in_dialog(trunk, dialog, method, self.rng.randrange(-2, 4))
                    data = request.serialize()
                    trunk.send(mutate(self.rng, data) if self.rng.random() < 0.7 else data)
                    sent += 1
                    if sent % 10 == 0:
                        self._answer_all(trunk)
                trunk.send(in_dialog(trunk, dialog, "BYE", 50))
        return f"{sent} messages in {calls} calls"

    def _answer_all(self, trunk: Attacker) -> None:
        """Mutated answers to whatever is asked of us."""
        for data in drain(trunk.socket):
            message = parse(data)
            if isinstance(message, Request) and message.method != "ACK":
                answer = Response(self.rng.choice((100, 180, 200, 200, 401, 407, 302, 491, 500, 603)), "X")
                answer.headers = [
                    each for each in message.headers if each[0] in ("via", "from", "to", "call-id", "cseq")
                ]
                trunk.send(mutate(self.rng, answer.serialize()) if self.rng.random() < 0.5 else answer.serialize())

    def storm_registered_phone_floods(self) -> str:
        """A phone with a password and no sense: REGISTERs of all sorts, OPTIONS and INVITEs without an end."""
        sent = 0
        with Attacker(self.arena, self.host()) as phone:
            phone.register()
            challenge = phone.ask(phone.request("REGISTER"))
            assert challenge is not None
            for sent in self.until():
                many = ", ".join(f"<sip:m{self.rng.randrange(10**6)}@{phone.address}>" for _ in range(sent % 12))
                odd = [
                    (("contact", many or "*"), ("expires", self.rng.choice(("0", "60", "999999999999", "-1", "x")))),
                    (("contact", "*"), ("expires", "0")),
                    (("contact", f"<sip:mallory@{phone.address}>;expires=4294967295"),),
                ]
                if sent % 3:
                    request = phone.request("REGISTER", "", *self.rng.choice(odd))
                    phone.send(phone.with_password(request, challenge, "mallory", PASSWORD))
                else:
                    phone.send(phone.request(self.rng.choice(("OPTIONS", "INVITE", "REGISTER", "MESSAGE"))))
                if sent % 20 == 0:
                    for data in drain(phone.socket):
                        message = parse(data)
                        if isinstance(message, Response) and message.status == 401:
                            challenge = message
                    time.sleep(0.005)
        return f"{sent} requests"

    def storm_invites_by_strangers(self) -> str:
        sent = answered = 0
        with contextlib.ExitStack() as stack:
            strangers = [stack.enter_context(Attacker(self.arena, self.host())) for _ in range(100)]
            for sent in self.until():
                stranger = strangers[sent % len(strangers)]
                agent = ("user-agent", self.rng.choice(("friendly-scanner", "Zoiper", "sipvicious", "x")))
                method = self.rng.choice(("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE"))
                stranger.send(stranger.request(method, f"sip:{sent}@{self.arena.address}", agent, user=str(sent)))
                if sent % 50 == 0:
                    answered += sum(len(drain(each.socket)) for each in strangers)
                    time.sleep(0.002)
        return f"{sent} requests from 100 addresses, {answered} answers"

    def storm_calls_by_the_trunk(self) -> str:
        """INVITEs, half of them cancelled, acknowledged or never."""
        sent = 0
        with Attacker(self.arena, GOOD_HOST) as trunk:
            for sent in self.until():
                invite = trunk.request("INVITE", f"sip:190@{self.arena.address}", body=sdp(GOOD_HOST, 4000))
                trunk.send(invite)
                if self.rng.random() < 0.9:
                    trunk.send(cancel_of(invite))
                if sent % 10 == 0:
                    for data in drain(trunk.socket):
                        message = parse(data)
                        if isinstance(message, Response) and message.cseq.method == "INVITE" and message.status >= 300:
                            trunk.send(ack_of_refusal(trunk, message))
                    time.sleep(0.02)
        return f"{sent} calls"

    # SIP over TCP

    def storm_tcp(self) -> str:
        """Connect and close, pipelines, half messages, giant bodies, wrong lengths."""
        sent = 0
        with Attacker(self.arena, self.host()) as speaker:
            for sent in self.until():
                with contextlib.suppress(OSError), connect(self.arena, self.host() if sent % 50 == 0 else "") as tcp:
                    match self.rng.randrange(7):
                        case 0:
                            pass
                        case 1:
                            tcp.sendall(b"".join(speaker.request("OPTIONS").serialize() for _ in range(50)))
                        case 2:
                            data = speaker.request("OPTIONS").serialize()
                            tcp.sendall(data[: self.rng.randrange(len(data))])
                        case 3:
                            tcp.sendall(b"\r\n\r\n" * 2000)
                        case 4:
                            tcp.sendall(b"INVITE sip:a SIP/2.0\r\nContent-Length: 65000\r\n\r\n" + b"x" * 70000)
                        case 5:
                            tcp.sendall(mutate(self.rng, self.rng.choice(self.seeds)))
                        case _:
                            tcp.sendall(b"A" * 100_000)
                            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return f"{sent} connections"

    def storm_slow_tcp(self) -> str:
        """500 connections from one address, each of which says a byte now and then."""
        source = self.host()
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(connect(self.arena, source)) for _ in range(500)]
            closed = 0
            for number in self.until():
                with contextlib.suppress(OSError):
                    connections[number % 500].send(b"O")
                time.sleep(0.005)
            readable, _, _ = select.select(connections, [], [], 0) if len(connections) < 500 else ([], [], [])
            closed += len(readable)
        time.sleep(1.0)
        return "500 connections"

    # RTP

    def storm_rtp_by_strangers(self) -> str:
        """Every port of the range, by strangers: RTP, RTCP, STUN, DTLS, rubbish; nothing may come back."""
        sent = 0
        rtp = self.rng.randbytes
        with Attacker(self.arena, self.host()) as stranger:
            ports = list(self.arena.media_ports)
            for sent in self.until():
                sequence = sent // len(ports)
                packet = self.rng.choice(
                    (
                        struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160, 7) + rtp(160),
                        struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160, 7) + rtp(160),
                        b"\x81\xc8\0\6" + rtp(24),
                        b"\0\1\0\0\x21\x12\xa4\x42" + rtp(12),
                        b"\x16\xfe\xff" + rtp(60),
                        rtp(self.rng.choice((0, 1, 11, 12, 13, 1472, 9000))),
                    )
                )
                stranger.socket.sendto(packet, ("127.0.0.1", ports[sent % len(ports)]))
                if sent % 100 == 0:
                    time.sleep(0.002)
            time.sleep(0.1)
            reflected = len(drain(stranger.socket))
        assert reflected == 0, f"{reflected} packets were sent to a stranger"
        return f"{sent} packets over {len(ports)} ports, none came back"

    def storm_rtp_of_a_mad_party(self) -> str:
        """A caller whose RTP is mutated, jumps, changes its SSRC, floods at ten times the rate."""
        sent = 0
        with Attacker(self.arena, GOOD_HOST) as trunk, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as party:
            party.bind((GOOD_HOST, 0))
            dialog = call(trunk, "190", party.getsockname()[1])
            assert dialog is not None
            port = int(dialog.body.partition(b"m=audio ")[2].split()[0])
            sequence, timestamp, ssrc = 0, 0, 1
            for sent in self.until():
                match self.rng.randrange(12):
                    case 0:
                        ssrc = self.rng.getrandbits(32)
                    case 1:
                        sequence = self.rng.getrandbits(16)
                    case 2:
                        timestamp = self.rng.getrandbits(32)
                    case _:
                        sequence, timestamp = sequence + 1 & 0xFFFF, timestamp + 160 & 0xFFFFFFFF
                size = self.rng.choice((0, 1, 80, 160, 160, 160, 240, 480, 1460))
                kind = self.rng.choice((0, 0, 0, 0, 8, 13, 101, 101, 127)) | self.rng.choice((0, 0, 0x80))
                first = self.rng.choice((0x80, 0x80, 0x80, 0x90, 0x8F, 0xA0, 0xB3, 0x40, 0))
                payload = self.rng.randbytes(self.rng.randrange(8) if kind & 0x7F == 101 else size)
                packet = struct.pack("!BBHII", first, kind, sequence, timestamp, ssrc) + payload
                party.sendto(packet, ("127.0.0.1", port))
                if sent % 5 == 0:
                    time.sleep(0.01)
            trunk.send(in_dialog(trunk, dialog, "BYE", 9))
        return f"{sent} packets"

    # What we say in other storms

    def _requests(self, attacker: Attacker) -> list[bytes]:
        to = f"sip:190@{self.arena.address}"
        plain = [attacker.request(method) for method in ("OPTIONS", "REGISTER", "BYE", "CANCEL", "INFO", "ACK")]
        plain.append(attacker.request("INVITE", to, body=sdp(GOOD_HOST, 4000)))
        plain.append(attacker.request("INVITE", to))
        return [request.serialize() for request in plain]


def connect(arena: Arena, source: str = "") -> socket.socket:
    return socket.create_connection(arena.address, 2.0, source_address=(source, 0) if source else None)


async def run(names: list[str], seconds: float, seed: int, directory: Path) -> None:
    with Arena(directory / "centre", agents=10, ports=8000) as arena:
        for name in names:
            async with arena.conversations(directory / name, 10) as talks:
                storm = Storm(arena, talks, seed, seconds)
                figures: Callable[[], str] = getattr(storm, f"storm_{name}")
                said, prompt_s = await asyncio.gather(asyncio.to_thread(figures), longest_status(arena, seconds))
                for child, before in talks.before.items():
                    after = arena.health(child)
                    said += f"; {child} rss {before.rss_kib // 1024} -> {after.rss_kib // 1024} MiB, files "
                    said += f"{before.files} -> {after.files}"
                print(f"{name}: {said}; status within {prompt_s * 1000:.0f} ms", flush=True)
                await asyncio.sleep(1)
            assert "Traceback" not in arena.log()


async def longest_status(arena: Arena, seconds: float) -> float:
    longest_s = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        longest_s = max(longest_s, await asyncio.to_thread(arena.answers_within_s))
        await asyncio.sleep(0.2)
    return longest_s


def main() -> None:
    storms = [name.removeprefix("storm_") for name in vars(Storm) if name.startswith("storm_")]
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0, help="of each storm")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", action="append", choices=storms)
    arguments.add_argument("--list", action="store_true")
    chosen = arguments.parse_args()
    if chosen.list:
        print("\n".join(storms))
        return
    directory = Path(tempfile.mkdtemp(prefix="storm"))
    print(f"log: {directory}/centre/serve.log", flush=True)
    asyncio.run(run(chosen.only or storms, chosen.seconds, chosen.seed, directory))


if __name__ == "__main__":
    main()
