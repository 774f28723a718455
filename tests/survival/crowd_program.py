"""A crowd of people at phones in a process of its own: python -m tests.survival.crowd_program. Told by crowd.py.

A line in is a command with a number of its own, a line out its answer. Real SIP over UDP by our own endpoint; what it
says and is told goes by a tap as well, so that what a BYE was answered with is known, and that no description was taken
back. Real RTP by voices.py, with a processor to itself where the system allows it. Whoever dials is a caller from
outside, or the owner of a phone; phones answer, or let it ring, as they are told. Nobody hangs up unless told to:
whatever else ends a call is written down with its reason.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import uvloop

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.media.runtime.precedence import take_precedence
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ReinviteAnswered,
    ReinviteFailed,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import PLAIN_SESSION, SipSettings, Target, TrunkPeer
from softswitch.sip.tracing.message_log import MessageLog
from tests.survival.traffic import Traffic
from tests.survival.voices import SLICES, TICK_S, Voices

SIP_PORT = 5060
REGISTERED_FOR_S = 3600
UNKNOWN = 404
ANSWERED_WITHIN_S = 25.0
"""A request and its repetitions, as long as a busy machine may be without a switch."""
STORY_MESSAGES = 40_000
_BODY = b"\r\n\r\n"


class Tap(MessageLog):
    """What goes over the wire, in short: final answers to our requests of a dialog by Call-ID and method."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[tuple[str, str], int] = {}
        self.story: deque[tuple[float, bool, str, str]] = deque(maxlen=STORY_MESSAGES)
        self.has_come = asyncio.Event()

    def add(self, at: float, is_sent: bool, flow: Flow, message: bytes) -> None:
        head = message.partition(_BODY)[0].decode("utf-8", "replace")
        first, _, rest = head.partition("\r\n")
        call_id = _header(rest, "call-id", "i")
        cseq = _header(rest, "cseq", "cseq")
        self.story.append((time.time(), is_sent, call_id, f"{first} | {cseq}"))
        if is_sent or not first.startswith("SIP/2.0 "):
            return
        status = int(first[8:11])
        if status >= 200:
            self.answers[(call_id, cseq.rpartition(" ")[2])] = status
            self.has_come.set()
            self.has_come = asyncio.Event()

    def ladder(self, call_id: str) -> list[str]:
        return [
            f"{at:.3f} {'->' if is_sent else '<-'} {what}"
            for at, is_sent, whose, what in self.story
            if whose == call_id
        ]


class CrowdLine:
    """One call at one phone."""

    def __init__(self, number: int, leg_id: LegId, row: int, *, username: str, calling: str, called: str) -> None:
        self.number = number
        self.leg_id = leg_id
        self.row = row
        self.username = username
        self.calling = calling
        self.called = called
        self.state = "dialling"
        self.sip_call_id = ""
        self.direction = "sendrecv"
        self.version = 0
        self.remote: tuple[str, int, str] | None = None
        """The switch's address and port, and which way it wants sound to go."""
        self.seen: tuple[str, int, str] | None = None
        """The switch's session as it was described last: its id, version and text."""
        self.began_at = time.time()
        self.answered_at = self.ended_at = 0.0
        self.status = 0
        self.ended_by = self.reason = ""
        self.faults: list[str] = []
        self.reinvited: asyncio.Future[int] | None = None
        self.goodbye = 0
        """What its BYE, or CANCEL, was answered with."""
        self.goodbye_at = 0.0
        self.is_to_end = False
        """The crowd has hung up."""

    def row_of_facts(self) -> dict[str, Any]:
        return {
            "line": self.number,
            "username": self.username,
            "calling": self.calling,
            "called": self.called,
            "state": self.state,
            "status": self.status,
            "ended_by": self.ended_by,
            "reason": self.reason,
            "began_at": self.began_at,
            "answered_at": self.answered_at,
            "ended_at": self.ended_at,
            "is_to_end": self.is_to_end,
            "goodbye": self.goodbye,
            "goodbye_at": self.goodbye_at,
            "faults": self.faults,
            "sip_call_id": self.sip_call_id,
        }


class Crowd:
    def __init__(self, order: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        self.domain: str = order["domain"]
        self.switch = HostPort(self.domain, SIP_PORT)
        self.phones_at = HostPort(order["phones_host"], SIP_PORT)
        self.callers_at = HostPort(order["callers_host"], SIP_PORT)
        self.lines: dict[int, CrowdLine] = {}
        self.tap = Tap()
        self.voices = Voices(order["sound_host"], order["hertz"], order["others"])
        self._by_leg: dict[LegId, CrowdLine] = {}
        self._credentials: dict[str, Credential] = {}
        self._rings: set[str] = set()
        """Whose phones are not picked up."""
        self._delays: dict[str, float] = {}
        """Who picks up within so many seconds, and not at once."""
        self._random = random.Random(1)
        self._traffic: Traffic | None = None
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._line_of_row: dict[int, int] = {}
        self._numbers = 0
        self._loop = loop
        self._clock = SystemClock()
        peers = (TrunkPeer(name="switch", addresses=(self.domain,)),)
        self._endpoint = SipEndpoint(
            SipSettings(domain=self.domain, user_agent="crowd", trunks=peers), entropy=SystemEntropy()
        )
        self._endpoint.note_load = _never_overloaded
        self._driver = SipDriver(
            self._endpoint, clock=self._clock, on_event=self._receive, loop=loop, messages=self.tap
        )
        self._slice_at = 0.0

    async def start(self) -> None:
        await self._driver.start([(TransportKind.UDP, self.phones_at), (TransportKind.UDP, self.callers_at)])
        self._slice_at = self._loop.time()
        self._speak()

    # Commands

    async def obey(self, command: dict[str, Any]) -> Any:
        match command["do"]:
            case "register":
                names: list[str] = command["names"]
                self._credentials |= {
                    name: Credential(username=name, realm="", password=command["password"]) for name in names
                }
                return await asyncio.gather(*map(self._register, names))
            case "dial":
                return await self._dial_all(command["calls"], command["pace_s"])
            case "let ring":
                self._rings |= set(command["names"])
            case "pick up":
                self._pick_up(command["names"])
            case "lines":
                return [line.row_of_facts() for line in self.lines.values()]
            case "mark":
                self.voices.mark()
            case "listen":
                return self._hearings()
            case "hang up":
                return await self.hang_up(command["lines"])
            case "press":
                self.press(command["line"], command["keys"])
            case "reinvite":
                return await self.reinvite_all(command["lines"], command["direction"])
            case "probe":
                return await self._probe(command["lines"], command["every_s"], command["within_s"])
            case "delay":
                self._delays |= dict.fromkeys(command["names"], command["within_s"])
            case "traffic":
                self._traffic = Traffic(self, **command["habits"])
                self._traffic.begin()
            case "end traffic":
                assert self._traffic is not None, "there is none"
                await self._traffic.end()
                return self._traffic.calling
            case "forget":
                for number in command["lines"]:
                    del self.lines[number]
            case "ladder":
                return self.tap.ladder(command["sip_call_id"])
            case _:
                raise ValueError(f"no such command: {command}")
        return None

    async def _register(self, name: str) -> int:
        uri = f"sip:{name}@{self.domain}"
        request_id = self._endpoint.request(
            "REGISTER",
            Target(uri=f"sip:{self.domain}", flow=self._flow(self.phones_at)),
            from_uri=uri,
            to_uri=uri,
            headers=(("Expires", str(REGISTERED_FOR_S)),),
            credentials=self._credentials[name],
            now=self._clock.now(),
        )
        answer = self._answers[request_id] = self._loop.create_future()
        self._driver.flush()
        return await answer

    async def _dial_all(self, calls: Sequence[dict[str, str]], pace_s: float) -> list[int]:
        """Each with `number`, and `calling` (from outside) or `username` (from a phone)."""
        numbers: list[int] = []
        for call in calls:
            numbers.append(self.dial(call["number"], call.get("calling", ""), call.get("username", "")))
            await asyncio.sleep(pace_s)
        return numbers

    def dial(self, number: str, calling: str, username: str) -> int:
        row = self.voices.open()
        line = CrowdLine(self._next_number(), LegId(""), row, username=username, calling=calling, called=number)
        uri = f"sip:{username}@{self.domain}" if username else f"sip:{calling}@{self.callers_at.host}"
        line.leg_id = self._endpoint.invite(
            Target(uri=f"sip:{number}@{self.domain}", flow=self._flow(self.phones_at if username else self.callers_at)),
            from_uri=uri,
            sdp=self._description(line),
            credentials=self._credentials.get(username),
            session=PLAIN_SESSION,
            now=self._clock.now(),
        )
        self._enter(line)
        self._driver.flush()
        line.sip_call_id = self._endpoint.sip_call_id(line.leg_id) or ""
        return line.number

    def _pick_up(self, names: Sequence[str]) -> None:
        self._rings -= set(names)
        for line in list(self.lines.values()):
            if line.username in names and line.state == "ringing":
                self._accept(line)

    async def hang_up(self, numbers: Sequence[int]) -> dict[int, int]:
        """What each BYE was answered with; 0: with nothing. Of calls that were over before nothing is said."""
        waiting: dict[int, tuple[str, str]] = {}
        lines = {number: self.lines[number] for number in numbers}
        for number, line in lines.items():
            if line.state == "ended":
                continue
            line.is_to_end = True
            waiting[number] = (line.sip_call_id, "BYE" if line.state == "talking" else "CANCEL")
            self._endpoint.hang_up(line.leg_id, self._clock.now())
            self._driver.flush()
            await asyncio.sleep(0)
        deadline = self._loop.time() + ANSWERED_WITHIN_S
        while not all(key in self.tap.answers for key in waiting.values()):
            left = deadline - self._loop.time()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self.tap.has_come.wait(), left)
            except TimeoutError:
                break
        for number, key in waiting.items():
            lines[number].goodbye = self.tap.answers.get(key, 0)
            lines[number].goodbye_at = time.time()
        return {number: lines[number].goodbye for number in waiting}

    async def reinvite_all(self, numbers: Sequence[int], direction: str) -> dict[int, int]:
        """What each was answered with; 0: with nothing within a while."""
        asked = {number: self._reinvite(self.lines[number], direction) for number in numbers}
        if asked:
            await asyncio.wait(asked.values(), timeout=ANSWERED_WITHIN_S)
        return {number: answer.result() if answer.done() else 0 for number, answer in asked.items()}

    def _reinvite(self, line: CrowdLine, direction: str) -> "asyncio.Future[int]":
        answer = line.reinvited = self._loop.create_future()
        if line.state != "talking":
            answer.set_result(0)
            return answer
        line.direction = direction
        line.version += 1
        self._endpoint.reinvite(line.leg_id, self._description(line), self._clock.now())
        self._driver.flush()
        return answer

    async def _probe(self, numbers: Sequence[int], every_s: float, within_s: float) -> dict[str, Any]:
        """Ask again and again, each time in another dialog, until one is answered: when was that?"""
        asked: list[asyncio.Future[int]] = []
        deadline = self._loop.time() + within_s
        for number in numbers:
            asked.append(self._reinvite(self.lines[number], "sendrecv"))
            done, _ = await asyncio.wait(asked, timeout=every_s, return_when=asyncio.FIRST_COMPLETED)
            if any(each.result() == 200 for each in done):
                return {"answered_at": time.monotonic(), "asked": len(asked)}
            if self._loop.time() > deadline:
                break
            asked = [each for each in asked if not each.done()]
            if not done:
                continue
            await asyncio.sleep(every_s)
        return {"answered_at": 0.0, "asked": len(asked)}

    def _hearings(self) -> dict[str, Any]:
        names = {int(self.voices.hertz[row]): number for row, number in self._line_of_row.items()}

        def told(hertz: list[int]) -> list[int]:
            """Lines' numbers; what is no line's voice is a frequency below nought."""
            return [names.get(each, -each) for each in hertz]

        lines: dict[int, Any] = {}
        for line in self.lines.values():
            if line.state != "talking":
                continue
            heard = self.voices.hearing(line.row)
            lines[line.number] = {
                **{name: getattr(heard, name) for name in heard.__struct_fields__},
                "heard": told(heard.heard),
                "hears": told(heard.hears),
            }
        return {"lines": lines, "strangers": self.voices.strangers, "late_ms": round(1000 * self.voices.late_s, 1)}

    # From traffic (Exchange)

    def line(self, number: int) -> CrowdLine:
        return self.lines[number]

    def press(self, number: int, keys: str) -> None:
        self.voices.press(self.lines[number].row, keys)

    # Events

    def _receive(self, event: SipOutput) -> None:
        match event:
            case InviteReceived():
                self._ring(event)
            case RequestFinished():
                answer = self._answers.pop(event.request_id, None)
                if answer is not None and not answer.done():
                    answer.set_result(event.status)
            case _:
                line = self._by_leg.get(getattr(event, "leg_id", LegId("")))
                if line is not None:
                    self._receive_line(line, event)

    def _receive_line(self, line: CrowdLine, event: SipOutput) -> None:
        match event:
            case LegProgress():
                line.state = "ringing" if line.state == "dialling" else line.state
            case LegAnswered():
                self._talk(line, event.sdp)
            case LegConfirmed():
                line.answered_at = time.time()
                if event.sdp:
                    self._talk(line, event.sdp)
            case ReinviteReceived():
                line.version += 1
                if event.sdp:
                    self._talk(line, event.sdp)
                self._endpoint.answer_reinvite(line.leg_id, self._description(line), self._clock.now())
            case ReinviteAnswered():
                self._talk(line, event.sdp)
                self._told(line, 200)
            case ReinviteFailed():
                self._told(line, event.status)
            case LegEnded():
                self._end(line, event.status, event.by, event.reason)
            case LegFailed():
                self._end(line, event.status, "remote", event.reason)
            case _:
                pass

    def _told(self, line: CrowdLine, status: int) -> None:
        if line.reinvited is not None and not line.reinvited.done():
            line.reinvited.set_result(status)

    def _ring(self, event: InviteReceived) -> None:
        if event.called_number not in self._credentials:
            self._endpoint.reject(event.leg_id, UNKNOWN, now=self._clock.now())
            return
        line = CrowdLine(
            self._next_number(),
            event.leg_id,
            self.voices.open(),
            username=event.called_number,
            calling=event.calling_number,
            called=event.called_number,
        )
        line.sip_call_id = event.sip_call_id
        line.state = "ringing"
        self._enter(line)
        self._describe(line, event.sdp)
        self._endpoint.progress(event.leg_id, 180, None, self._clock.now())
        delay_s = self._delays.get(event.called_number, 0.0)
        if delay_s:
            self._loop.call_later(self._random.uniform(0.0, delay_s), self._answer, line)
        else:
            self._answer(line)

    def _answer(self, line: CrowdLine) -> None:
        if line.state == "ringing" and line.username not in self._rings:
            self._accept(line)

    def _accept(self, line: CrowdLine) -> None:
        self._endpoint.accept(line.leg_id, self._description(line), self._clock.now())
        line.state = "talking"
        self._connect(line)
        self._driver.flush()

    def _talk(self, line: CrowdLine, sdp: bytes) -> None:
        line.state = "talking"
        line.answered_at = line.answered_at or time.time()
        self._describe(line, sdp)
        self._connect(line)

    def _end(self, line: CrowdLine, status: int, by: str, reason: str) -> None:
        line.state, line.status, line.ended_by, line.reason = "ended", status, by, reason
        line.ended_at = time.time()
        self._told(line, 0)
        self._by_leg.pop(line.leg_id, None)
        self._line_of_row.pop(line.row, None)
        self.voices.release(line.row)

    # Descriptions

    def _description(self, line: CrowdLine) -> bytes:
        host = self.voices.host
        lines = (
            "v=0",
            f"o=- {line.number + 1000} {line.version} IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {self.voices.port_of(line.row)} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            f"a={line.direction}",
        )
        return "".join(f"{each}\r\n" for each in lines).encode("ascii")

    def _describe(self, line: CrowdLine, sdp: bytes) -> None:
        """Take note of what the switch says of its side; a session may go on, but never back (RFC 3264 section 8)."""
        if not sdp:
            return
        text = sdp.decode("utf-8", "replace")
        origin = re.search(r"^o=\S+ (\S+) (\d+) ", text, re.MULTILINE)
        audio = re.search(r"^m=audio (\d+) ", text, re.MULTILINE)
        address = re.search(r"^c=IN IP4 (\S+)", text, re.MULTILINE)
        way = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", text, re.MULTILINE)
        if origin is None or audio is None or address is None:
            line.faults.append(f"a description without an origin, sound or an address: {text}")
            return
        told = (origin[1], int(origin[2]), text)
        if line.seen is not None:
            if told[0] != line.seen[0]:
                line.faults.append(f"another session in the same dialog: {line.seen[0]}, then {told[0]}")
            elif told[1] < line.seen[1]:
                line.faults.append(f"the session went back from version {line.seen[1]} to {told[1]}")
            elif told[1] == line.seen[1] and told[2] != line.seen[2]:
                line.faults.append(f"the session changed, and its version did not: {line.seen[2]} then {told[2]}")
        line.seen = told
        line.remote = (address[1], int(audio[1]), way[1] if way else "sendrecv")

    def _connect(self, line: CrowdLine) -> None:
        if line.remote is not None:
            ip, port, way = line.remote
            speaks = way in ("sendrecv", "recvonly") and line.direction == "sendrecv"
            self.voices.connect(line.row, ip, port, speaks=speaks)

    # Private

    def _enter(self, line: CrowdLine) -> None:
        self.lines[line.number] = line
        self._by_leg[line.leg_id] = line
        self._line_of_row[line.row] = line.number

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _flow(self, local: HostPort) -> Flow:
        return Flow(TransportKind.UDP, local, self.switch)

    def _speak(self) -> None:
        """A slice of the voices; after having been away, all that were missed."""
        now = self._loop.time()
        self.voices.late_s = max(self.voices.late_s, now - self._slice_at)
        while self._slice_at <= now:
            self.voices.slice()
            self._slice_at += TICK_S / SLICES
        self._loop.call_at(self._slice_at, self._speak)


def _header(head: str, name: str, short: str) -> str:
    for line in head.split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() in (name, short):
            return value.strip()
    return ""


def _never_overloaded(busy: float, queue_s: float, now: float) -> None:
    """People refuse no call because the machine under them all is busy."""


async def run() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    crowd = Crowd(json.loads(await lines.readline()), loop)
    await crowd.start()
    print(json.dumps({"answers": 0, "result": "ready"}), flush=True)
    tasks: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        task = asyncio.create_task(_obey(crowd, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _obey(crowd: Crowd, command: dict[str, Any]) -> None:
    try:
        told = {"answers": command["id"], "result": await crowd.obey(command)}
    except Exception as error:
        told = {"answers": command["id"], "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    take_precedence()
    uvloop.run(run())
