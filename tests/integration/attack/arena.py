"""A switch in real processes with good phones in conversation, for tests that attack it meanwhile.

Good phones are at 127.0.0.2, which is also the address of the trunk their callers come from. Attackers take other
addresses of 127.0.0.0/8: to the switch they are strangers like any on the Internet.
"""

import asyncio
import contextlib
import os
import socket
import time
import wave
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet, Done
from softswitch.control.protocol.requests import HangUp, SetAgent
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port, free_range
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch

PASSWORD = "long-enough-4711"
GOOD_HOST = "127.0.0.2"
CARRIER = HostPort("127.0.0.9", 5999)
"""Where calls to the outside would go."""
CALLER_HZ, AGENT_HZ = 440.0, 1000.0
SAMPLE_RATE_HZ = 8000
MEDIA_PORTS = 400
FLOWS = """from softswitch.dialplan import Call, flow


@flow
async def support_line(call: Call) -> None:
    await call.queue("support")


@flow
async def lobby(call: Call) -> None:
    await call.queue("lobby")


@flow
async def anybody(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    if not outcome.is_answered:
        await call.reject(403 if outcome.reason.value == "forbidden" else 404)
"""


class Health(msgspec.Struct, frozen=True):
    """What a process costs: resident memory, open files."""

    pid: int
    rss_kib: int
    files: int


class Arena(RunningSwitch):
    """Agents agent0 … serve queue "support" at number 100, nobody serves "lobby" at 190.

    `reception` may call outside through the trunk "carrier"; `mallory` is a phone with a password and no rights.
    """

    def __init__(self, directory: Path, *, agents: int = 4, settings: str = "", ports: int = MEDIA_PORTS) -> None:
        self.port = free_port()
        self.address = HostPort("127.0.0.1", self.port)
        self.media_ports = free_range(ports)
        self.agents = [f"agent{number}" for number in range(agents)]
        super().__init__(directory, self._files(settings))

    def __enter__(self) -> "Arena":
        self.start()
        return self

    def _files(self, settings: str) -> dict[str, str]:
        listen = f'["udp:127.0.0.1:{self.port}", "tcp:127.0.0.1:{self.port}"]'
        ports = f"{self.media_ports.start}-{self.media_ports.stop - 1}"
        return {
            "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = {listen}\n'
            f'[media]\nip = "127.0.0.1"\nports = "{ports}"\nworkers = 1\n{settings}',
            "agents.toml": "\n".join(
                f'[[agent]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "2{number:02}"\n'
                "skills = { support = 5 }\n"
                for number, name in enumerate(self.agents)
            )
            + f'\n[[agent]]\nid = "absent"\npassword = "{PASSWORD}"\nskills = {{ patience = 1 }}\n'
            f'\n[[phone]]\nid = "mallory"\npassword = "{PASSWORD}"\nnumber = "300"\n'
            f'\n[[phone]]\nid = "reception"\npassword = "{PASSWORD}"\nnumber = "301"\n',
            "queues.toml": '[[queue]]\nid = "support"\nskills = { support = 1 }\nwrap_up_s = 0\n'
            '[[queue]]\nid = "lobby"\nskills = { patience = 1 }\n',
            "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n'
            '[[route]]\nnumber = "190"\nflow = "lobby"\n'
            '[[route]]\nnumber = "!"\nflow = "anybody"\n',
            "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["{GOOD_HOST}"]\n'
            f'[[trunk]]\nname = "carrier"\nhost = "{CARRIER.host}"\nport = {CARRIER.port}\nprefix = "+"\n'
            'options_s = 0\nusername = "us"\npassword = "our-own-secret"\npermitted_callers = ["reception"]\n',
            "dialplans/arena.py": FLOWS,
        }

    def health(self, child: str) -> Health:
        pid = self.pid(child)
        status = Path(f"/proc/{pid}/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return Health(pid, rss, len(os.listdir(f"/proc/{pid}/fd")))

    def answers_within_s(self) -> float:
        """How long `status` takes."""
        began_at = time.monotonic()
        assert self.status() is not None
        return time.monotonic() - began_at

    def log_in(self, *agents: str) -> None:
        with self.control() as client:
            for agent in agents:
                client.ask(SetAgent(AgentId(agent), "login", ""), AgentSet)

    def end_calls_to(self, *numbers: str) -> None:
        """Hang up what attackers have left, and wait until it is gone with its ports."""
        with self.control() as client:
            for row in client.calls():
                if row.called_number in numbers:
                    client.ask(HangUp(row.call_id), Done)
        self.wait_until(lambda: not self._are_called(numbers), 5.0)
        time.sleep(0.1)

    def _are_called(self, numbers: Sequence[str]) -> bool:
        with self.control() as client:
            return any(row.called_number in numbers for row in client.calls())

    @asynccontextmanager
    async def phones(self, folder: Path) -> AsyncGenerator[Phones]:
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
        ports = range(self.media_ports.stop, self.media_ports.stop + 400)
        async with Phones(self.address, folder=folder, host=GOOD_HOST, ports=ports) as phones:
            yield phones

    @asynccontextmanager
    async def conversations(self, folder: Path, count: int) -> AsyncGenerator["Conversations"]:
        """`count` callers talk to agents inside; on leaving, nobody may have been harmed."""
        async with self.phones(folder) as phones:
            talks = Conversations(self, phones, folder)
            await talks.begin(count)
            yield talks
            await talks.check()


@dataclass
class Conversations:
    """Calls in progress: caller and agent say a tone each, and each records what is heard."""

    arena: Arena
    phones: Phones
    folder: Path
    callers: list[Line] = field(default_factory=list[Line])
    served: list[Line] = field(default_factory=list[Line])
    setup_s: list[float] = field(default_factory=list[float])
    before: dict[str, Health] = field(default_factory=dict[str, Health])

    async def begin(self, count: int) -> None:
        agents = [await self.phones.register(name, PASSWORD) for name in self.arena.agents[:count]]
        self.arena.log_in(*self.arena.agents[:count])
        caller_says = tone(self.folder / "caller.wav", CALLER_HZ)
        agent_says = tone(self.folder / "agent.wav", AGENT_HZ)
        for number in range(count):
            self.callers.append(await self.phones.dial("100", calling_number=f"+1555010{number}"))
        self.served = [await asyncio.wait_for(phone.next_call(), 10) for phone in agents]
        for line in self.served:
            await line.answer()
        for number, (caller, line) in enumerate(zip(self.callers, self.served, strict=True)):
            assert await caller.answered()
            caller.say([caller_says], loop=True)
            line.say([agent_says], loop=True)
            caller.record(str(self.folder / f"caller-heard-{number}.wav"))
            line.record(str(self.folder / f"agent-heard-{number}.wav"))
        await asyncio.sleep(0.3)
        self.before = {child: self.arena.health(child) for child in ("switch", "media-0")}

    async def check(self, *, rss_growth_kib: int = 60_000, extra_files: int = 8) -> None:
        """Nobody was harmed: same processes, no traceback, calls up, sound whole, `status` prompt."""
        assert self.arena.answers_within_s() < 1.0
        await asyncio.to_thread(self.arena.end_calls_to, "190")
        for child, before in self.before.items():
            after = self.arena.health(child)
            assert after.pid == before.pid, f"{child} died"
            assert after.rss_kib - before.rss_kib < rss_growth_kib, f"{child}: {before} -> {after}"
            assert after.files - before.files <= extra_files, f"{child}: {before} -> {after}"
        assert "Traceback" not in self.arena.log(), traceback_of(self.arena.log())
        lines = [*self.callers, *self.served]
        assert all(line.end is None for line in lines), [line.end for line in lines]
        for caller, line in zip(self.callers, self.served, strict=True):
            line.hang_up()
            assert (await asyncio.wait_for(caller.ended(), 10)).status == 200
            await check_heard(caller, AGENT_HZ)
            await check_heard(line, CALLER_HZ)


async def check_heard(line: Line, frequency_hz: float, *, missing_s: float = 0.2) -> None:
    recorded = await line.recorded()
    assert recorded is not None
    is_heard = has_tone(read(recorded.path), frequency_hz)[5:-3]
    assert longest_run(~is_heard) * 0.1 <= missing_s, f"{recorded.path}: {longest_run(~is_heard) * 0.1:.1f} s missing"
    assert is_heard.any()


def traceback_of(log: str) -> str:
    return log[max(0, log.find("Traceback") - 2000) :][:6000]


def tone(path: Path, frequency_hz: float) -> str:
    seconds = np.arange(30 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    write_wav(path, (0.25 * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32))
    return str(path)


def read(path: str) -> NDArray[np.int16]:
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)[:, 0]


def has_tone(samples: NDArray[np.int16], frequency_hz: float) -> NDArray[np.bool_]:
    """For each 100 ms: whether most of its energy is at this frequency."""
    blocks = samples[: len(samples) // 800 * 800].reshape(-1, 800).astype(np.float64)
    phase = np.exp(-2j * np.pi * frequency_hz * np.arange(800) / SAMPLE_RATE_HZ)
    power = np.abs(blocks @ phase) ** 2 * 2 / 800
    return (power > 0.8 * (blocks**2).sum(axis=1)) & (power > 1e6)


def longest_run(flags: NDArray[np.bool_]) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


class Attacker:
    """A UDP socket at an address of its own. `ask` waits for an answer, `send` does not."""

    def __init__(self, arena: Arena, host: str = "127.0.0.66") -> None:
        self.arena = arena
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(1.0)
        self.address = HostPort(*self.socket.getsockname())
        self.number = 0

    def __enter__(self) -> "Attacker":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, message: bytes | Request) -> None:
        data = message if isinstance(message, bytes) else message.serialize()
        self.socket.sendto(data, self.arena.address)

    def receive(self, timeout_s: float = 1.0) -> Request | Response | None:
        self.socket.settimeout(timeout_s)
        try:
            message = parse(self.socket.recv(65535))
        except TimeoutError:
            return None
        assert isinstance(message, Request | Response), message
        return message

    def response(self, timeout_s: float = 1.0) -> Response | None:
        """The next final response."""
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            message = self.receive(left_s)
            if isinstance(message, Response) and message.status >= 200:
                return message
        return None

    def ask(self, request: bytes | Request, timeout_s: float = 1.0) -> Response | None:
        self.send(request)
        return self.response(timeout_s)

    def request(
        self,
        method: str,
        uri: str = "",
        *headers: tuple[str, str],
        user: str = "mallory",
        to: str = "",
        body: bytes = b"",
    ) -> Request:
        self.number += 1
        uri = uri or f"sip:{self.arena.address}"
        own = [
            ("via", f"SIP/2.0/UDP {self.address};rport;branch=z9hG4bKatt{id(self):x}{self.number}"),
            ("max-forwards", "70"),
            ("from", f"<sip:{user}@127.0.0.1>;tag=a{self.number}"),
            ("to", to or f"<sip:{user}@127.0.0.1>"),
            ("call-id", f"{self.number}-{self.address}"),
            ("cseq", f"{self.number} {method}"),
            ("contact", f"<sip:{user}@{self.address}>"),
        ]
        replaced = {name for name, _ in headers}
        request = Request(method, uri, [header for header in own if header[0] not in replaced] + list(headers), body)
        if body:
            request.headers.append(("content-type", "application/sdp"))
        return request

    def authorized(self, request: Request, user: str = "mallory", password: str = PASSWORD) -> Response | None:
        """Send it, answer the challenge, return the last answer."""
        challenge = self.ask(request)
        if challenge is None or challenge.status != 401:
            return challenge
        return self.ask(self.with_password(request, challenge, user, password))

    def with_password(self, request: Request, challenge: Response, user: str, password: str) -> Request:
        self.number += 1
        value = answer_challenge(
            challenge.get_all("www-authenticate"),
            user,
            password,
            request.method,
            request.uri_text,
            SystemEntropy(),
            {},
        )
        assert value is not None
        headers = [header for header in request.headers if header[0] not in ("via", "cseq", "authorization")]
        headers.insert(0, ("via", f"SIP/2.0/UDP {self.address};rport;branch=z9hG4bKaut{id(self):x}{self.number}"))
        headers += [("cseq", f"{self.number} {request.method}"), ("authorization", value)]
        return Request(request.method, request.uri_text, headers, request.body)

    def register(self, user: str = "mallory") -> None:
        answer = self.authorized(self.request("REGISTER", user=user), user)
        assert answer is not None
        assert answer.status == 200


def sdp(host: str, port: int, codecs: str = "0 8 101") -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {codecs}\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
    ).encode()


def call(attacker: Attacker, number: str, port: int = 4000) -> Response | None:
    """Call and acknowledge the answer; None if there is none."""
    invite = attacker.request("INVITE", f"sip:{number}@{attacker.arena.address}", body=sdp(GOOD_HOST, port))
    drain(attacker.socket)
    attacker.send(invite)
    deadline = time.monotonic() + 3.0
    while (left_s := deadline - time.monotonic()) > 0:
        attacker.socket.settimeout(left_s)
        try:
            answer = parse(attacker.socket.recv(65535))
        except TimeoutError:
            return None
        if isinstance(answer, Response) and answer.get("call-id") == invite.call_id and answer.status >= 200:
            if answer.status >= 300:
                attacker.send(ack_of_refusal(attacker, answer))
                return None
            attacker.send(in_dialog(attacker, answer, "ACK", 0))
            return answer
    return None


def in_dialog(attacker: Attacker, answer: Response, method: str, later: int) -> Request:
    """A request in the dialog that `answer` made; its CSeq is `later` than the INVITE's."""
    attacker.number += 1
    return Request(
        method,
        answer.contacts[0].uri_text,
        [
            ("via", f"SIP/2.0/UDP {attacker.address};rport;branch=z9hG4bKdlg{id(attacker):x}{attacker.number}"),
            ("max-forwards", "70"),
            ("from", answer.get("from") or ""),
            ("to", answer.get("to") or ""),
            ("call-id", answer.call_id),
            ("cseq", f"{max(0, answer.cseq.number + later)} {method}"),
            ("contact", f"<sip:x@{attacker.address}>"),
            ("content-type", "application/sdp" if method in ("INVITE", "UPDATE") else "application/dtmf-relay"),
        ],
        sdp(GOOD_HOST, 4000) if method == "INVITE" else b"Signal=1\r\nDuration=100\r\n",
    )


def cancel_of(invite: Request) -> Request:
    kept = [each for each in invite.headers if each[0] in ("via", "from", "to", "call-id", "max-forwards")]
    return Request("CANCEL", invite.uri_text, [*kept, ("cseq", f"{invite.cseq.number} CANCEL")])


def ack_of_refusal(attacker: Attacker, refusal: Response) -> Request:
    kept = [each for each in refusal.headers if each[0] in ("via", "from", "to", "call-id")]
    return Request("ACK", f"sip:{attacker.arena.address}", [*kept, ("cseq", f"{refusal.cseq.number} ACK")])


def drain(udp: socket.socket) -> list[bytes]:
    received: list[bytes] = []
    udp.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            received.append(udp.recv(65535))
    udp.setblocking(True)
    return received
