"""How many phones a second can register with digest: REGISTER, 401, REGISTER with the answer, 200.

The switch is the real one with its store, and every phone an account of its own. Each registration is challenged anew,
as by a phone that keeps no nonce; `--refresh` measures phones that do, which costs the switch one request instead of
two. The phones are a process of their own on the other core: so many registrations are always under way, so the rate is
what the switch can do, on one core.

    python benchmarks/registrations.py [--phones 2000] [--seconds 10] [--json]
"""

import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import md5
from pathlib import Path

import click
import msgspec
from processes import LOAD_CORE, SERVER_CORE, cpu_s, own_kib, put_on_core, where_and_when

from softswitch.base.address import HostPort
from softswitch.testing.runtime.running import RunningSwitch

SERVER = HostPort("127.0.0.2", 5060)
PASSWORD = "long-enough-4711"
ADDRESSES = 100
"""Loopback addresses that the phones are spread over: the switch does not let one address ask too much."""
FIRST_PER_S = 1500.0
"""The pace of the first registrations, for the same reason."""
UNDER_WAY = 24
REPEATED_AFTER_S = 2.0
NONCE = re.compile(rb'nonce="([^"]+)"')
USER = re.compile(rb"To: <sip:p([0-9]+)@")


class Order(msgspec.Struct):
    phones: int
    seconds: float
    keeps_nonce: bool


class Figures(msgspec.Struct):
    registered: int
    lost: int
    seconds: float
    began_at: float
    """Monotonic: the first registrations are over then."""


class Phones:
    """All phones in one process, as bare as can be."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._poller = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        own: list[socket.socket] = []
        for index in range(ADDRESSES):
            each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
            each.bind((f"127.0.1.{index + 1}", 0))
            each.connect(SERVER)
            each.setblocking(False)
            self._poller.register(each.fileno(), select.EPOLLIN)
            self._sockets[each.fileno()] = each
            own.append(each)
        self._socket_of = [own[phone % ADDRESSES] for phone in range(order.phones)]
        self._cseq = [0] * order.phones
        self._nonce: list[tuple[bytes, int]] = [(b"", 0)] * order.phones
        self._ha1 = [md5(f"p{phone}:{SERVER.host}:{PASSWORD}".encode()).hexdigest() for phone in range(order.phones)]
        self._ha2 = md5(f"REGISTER:sip:{SERVER.host}".encode()).hexdigest()
        self._sent_at: dict[int, float] = {}
        self.registered = self.lost = 0

    def run(self) -> Figures:
        self._round(range(self._order.phones), FIRST_PER_S)
        self.registered = self.lost = 0
        began_at = time.monotonic()
        end = began_at + self._order.seconds
        phone = 0
        while time.monotonic() < end:
            while len(self._sent_at) < UNDER_WAY:
                self._begin(phone)
                phone = (phone + 1) % self._order.phones
            self._receive()
        return Figures(self.registered, self.lost, time.monotonic() - began_at, began_at)

    def _round(self, phones: range, per_s: float) -> None:
        began_at = time.monotonic()
        for number, phone in enumerate(phones):
            self._begin(phone)
            while time.monotonic() < began_at + number / per_s or len(self._sent_at) >= UNDER_WAY:
                self._receive()
        while self._sent_at:
            self._receive()
        if self.registered < len(phones) * 0.99:
            raise click.ClickException(f"{len(phones) - self.registered} of {len(phones)} phones were not registered")

    def _begin(self, phone: int) -> None:
        nonce, count = self._nonce[phone]
        self._sent_at[phone] = time.monotonic()
        self._send(phone, self._answer(phone, nonce, count + 1) if nonce and self._order.keeps_nonce else b"")

    def _send(self, phone: int, authorization: bytes) -> None:
        self._cseq[phone] += 1
        host, port = self._socket_of[phone].getsockname()
        cseq = self._cseq[phone]
        message = (
            f"REGISTER sip:{SERVER.host} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bKp{phone}n{cseq}\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:p{phone}@{SERVER.host}>;tag=p{phone}n{cseq}\r\n"
            f"To: <sip:p{phone}@{SERVER.host}>\r\n"
            f"Call-ID: registration-{os.getpid()}-of-{phone}@{host}\r\n"
            f"CSeq: {cseq} REGISTER\r\n"
            f"Contact: <sip:p{phone}@{host}:{port}>\r\n"
            "User-Agent: benchmark phone\r\n"
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY\r\n"
            "Expires: 3600\r\n"
        ).encode() + authorization
        with suppress(OSError):
            self._socket_of[phone].send(message + b"Content-Length: 0\r\n\r\n")

    def _answer(self, phone: int, nonce: bytes, count: int) -> bytes:
        self._nonce[phone] = (nonce, count)
        text = nonce.decode()
        digest = md5(f"{self._ha1[phone]}:{text}:{count:08x}:0a4f113b:auth:{self._ha2}".encode()).hexdigest()
        return (
            f'Authorization: Digest username="p{phone}", realm="{SERVER.host}", nonce="{text}", '
            f'uri="sip:{SERVER.host}", response="{digest}", algorithm=MD5, cnonce="0a4f113b", '
            f"qop=auth, nc={count:08x}\r\n"
        ).encode()

    def _receive(self) -> None:
        for number, _ in self._poller.poll(0.05):
            with suppress(BlockingIOError):
                while True:
                    self._take(self._sockets[number].recv(4096))
        now = time.monotonic()
        for phone in [phone for phone, at in self._sent_at.items() if now - at > REPEATED_AFTER_S]:
            del self._sent_at[phone]
            self.lost += 1

    def _take(self, response: bytes) -> None:
        found = USER.search(response)
        if found is None:
            return
        phone = int(found[1])
        if response.startswith(b"SIP/2.0 401"):
            nonce = NONCE.search(response)
            if nonce is not None and phone in self._sent_at:
                self._send(phone, self._answer(phone, nonce[1], 1))
        elif self._sent_at.pop(phone, None) is not None:
            self.registered += response.startswith(b"SIP/2.0 200")
            self.lost += not response.startswith(b"SIP/2.0 200")


def measure(order: Order, pid: int) -> dict[str, float]:
    """Run the phones in a process of their own; CPU of the switch while they registered again and again."""
    command = [sys.executable, __file__, "--order", msgspec.json.encode(order).decode()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    put_on_core(process.pid, LOAD_CORE)
    samples: list[tuple[float, float]] = []
    while process.poll() is None:
        samples.append((time.monotonic(), cpu_s(pid)))
        time.sleep(0.05)
    assert process.stdout is not None
    printed = process.stdout.read()
    if process.returncode:
        raise click.ClickException("the phones could not register, see above")
    figures = msgspec.json.decode(printed, type=Figures)
    inside = [sample for sample in samples if figures.began_at <= sample[0] <= figures.began_at + figures.seconds]
    share = (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])
    rate = figures.registered / figures.seconds
    return {
        "registrations_per_s": round(rate, 1),
        "lost": figures.lost,
        "core": round(share, 3),
        "cpu_us": round(1e6 * share / rate, 1),
        "per_core_s": round(rate / share, 1),
    }


@click.command
@click.option("--phones", default=2000)
@click.option("--seconds", default=10.0)
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object.")
@click.option("--order", hidden=True, help="For the process of the phones.")
def main(phones: int, seconds: float, as_json: bool, order: str | None) -> None:
    """Measure registrations of the whole switch."""
    if order is not None:
        print(msgspec.json.encode(Phones(msgspec.json.decode(order, type=Order)).run()).decode())
        return
    accounts = "".join(f'[[phone]]\nid = "p{phone}"\npassword = "{PASSWORD}"\n' for phone in range(phones))
    files = {
        "softswitch.toml": f'[sip]\ndomain = "{SERVER.host}"\nlisten = ["udp:{SERVER}"]\n'
        f'[media]\nip = "{SERVER.host}"\nworkers = 1\n',
        "agents.toml": accounts,
    }
    with tempfile.TemporaryDirectory(prefix="registrations-") as name, RunningSwitch(Path(name, "centre"), files) as it:
        pid = it.pid("switch")
        put_on_core(pid, SERVER_CORE)
        before = own_kib(pid)
        full = measure(Order(phones, seconds, keeps_nonce=False), pid)
        kept = measure(Order(phones, seconds, keeps_nonce=True), pid)
        grown = own_kib(pid) - before
    for what, row in (("challenged each time", full), ("nonce kept", kept)):
        print(
            f"  {what:<22}{row['registrations_per_s']:8.0f}/s  {row['lost']:.0f} lost  {row['cpu_us']:6.0f} µs of CPU"
            f"  {100 * row['core']:.0f} % of a core: {row['per_core_s']:.0f}/s on a whole one"
        )
    print(f"  memory                {grown} KiB more for {phones} phones")
    if as_json:
        print(json.dumps({**full, "refresh": kept, "phones": phones, "grown_kib": grown, **where_and_when()}))


if __name__ == "__main__":
    main()
