"""Phones and callers without sound: real SIP on a real socket and nothing else, so that hundreds cost next to nothing.

Their descriptions name one port that is open and never read, so whoever sends there is neither refused nor heard.
Whoever is called rings (180) and is told to `on_call`; what becomes of a call is awaited at its `SilentLine`. `stop`
leaves everything as it is, like a process that dies.
"""

import asyncio
import socket
from collections.abc import Callable

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import SipSettings, Target, TrunkPeer

UNKNOWN = 404


class SilentLine:
    """One call, made or received. Times are monotonic seconds."""

    def __init__(
        self, room: "SilentRoom", leg_id: LegId, *, username: str, calling_number: str, began_at: float
    ) -> None:
        self.leg_id = leg_id
        self.username = username
        """Whose phone it is; "" for a caller from outside."""
        self.calling_number = calling_number
        self.began_at = began_at
        """When its INVITE was sent, or came."""
        self.status = 0
        """The SIP status that fits its end; 0 while it goes on."""
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self._room = room
        self._decided = asyncio.Event()
        self._over = asyncio.Event()

    async def answered(self) -> bool:
        """Until the call is answered, by whichever side; False if it ended without."""
        await self._decided.wait()
        return self.answered_at is not None

    async def ended(self) -> int:
        """Until the end of the call; the status that fits."""
        await self._over.wait()
        return self.status

    async def ends_within(self, seconds: float) -> bool:
        """Whether the call is over so many seconds from now."""
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def answer(self) -> None:
        """Pick up a call that rings."""
        if self.answered_at is None and self.ended_at is None:
            self._room.accept(self)

    def reject(self, status: int) -> None:
        """Refuse a call that rings."""
        if self.answered_at is None and self.ended_at is None:
            self._room.reject(self, status)

    def hang_up(self) -> None:
        """End the call, or give up dialling."""
        if self.ended_at is None:
            self._room.hang_up(self)

    # From the room

    def take_answer(self, now: float) -> None:
        self.answered_at = now
        self._decided.set()

    def take_end(self, status: int, now: float) -> None:
        self.status, self.ended_at = status, now
        self._decided.set()
        self._over.set()


class SilentRoom:
    """Phones, and callers from a trunk's address, on one socket. `start` before anything else."""

    def __init__(
        self, switch: HostPort, address: HostPort, *, domain: str, on_call: Callable[[SilentLine], None] | None = None
    ) -> None:
        """`switch` is where SIP goes. Port 0 in `address` lets the kernel choose. Without `on_call` nobody answers."""
        self.address = address
        self.lines: dict[LegId, SilentLine] = {}
        """Calls in progress."""
        self._switch = switch
        self._domain = domain
        self._on_call = on_call
        self._clock = SystemClock()
        self._credentials: dict[str, Credential] = {}
        self._answers: dict[int, asyncio.Future[int]] = {}
        peers = (TrunkPeer(name="switch", addresses=(switch.host,)),)
        self._endpoint = SipEndpoint(
            SipSettings(domain=domain, user_agent="softswitch-silent", trunks=peers), entropy=SystemEntropy()
        )
        loop = asyncio.get_running_loop()
        self._driver = SipDriver(self._endpoint, clock=self._clock, on_event=self._receive, loop=loop)
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def start(self) -> None:
        await self._driver.start([(TransportKind.UDP, self.address)])
        ((_, self.address),) = self._driver.listening
        self._sink.bind((self.address.host, 0))

    async def stop(self) -> None:
        """Nothing is ended before: calls and registrations are left as they are."""
        await self._driver.stop()
        self._sink.close()

    async def register(self, username: str, password: str, *, expires_s: int = 300) -> int:
        """Returns the registrar's status; 408 when it does not answer."""
        credential = self._credentials[username] = Credential(username=username, realm="", password=password)
        address_of_record = f"sip:{username}@{self._domain}"
        request_id = self._endpoint.request(
            "REGISTER",
            Target(uri=f"sip:{self._domain}", flow=self._flow()),
            from_uri=address_of_record,
            to_uri=address_of_record,
            headers=(("Expires", str(expires_s)),),
            credentials=credential,
            now=self._clock.now(),
        )
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        self._driver.flush()
        return await answer

    def dial(self, number: str, *, calling_number: str) -> SilentLine:
        """Call the switch, as somebody outside."""
        now = self._clock.now()
        leg_id = self._endpoint.invite(
            Target(uri=f"sip:{number}@{self._domain}", flow=self._flow()),
            from_uri=f"sip:{calling_number}@{self.address.host}",
            sdp=self._description(),
            now=now,
        )
        line = self.lines[leg_id] = SilentLine(self, leg_id, username="", calling_number=calling_number, began_at=now)
        self._driver.flush()
        return line

    # From lines

    def accept(self, line: SilentLine) -> None:
        now = self._clock.now()
        self._endpoint.accept(line.leg_id, self._description(), now)
        line.take_answer(now)
        self._driver.flush()

    def reject(self, line: SilentLine, status: int) -> None:
        self._endpoint.reject(line.leg_id, status, now=self._clock.now())
        self._driver.flush()

    def hang_up(self, line: SilentLine) -> None:
        self._endpoint.hang_up(line.leg_id, self._clock.now())
        self._driver.flush()

    # Events

    def _receive(self, event: SipOutput) -> None:
        now = self._clock.now()
        match event:
            case InviteReceived():
                self._ring(event, now)
            case RequestFinished():
                answer = self._answers.pop(event.request_id, None)
                if answer is not None and not answer.done():
                    answer.set_result(event.status)
            case LegAnswered():
                line = self.lines.get(event.leg_id)
                if line is not None:
                    line.take_answer(now)
            case LegEnded() | LegFailed():
                line = self.lines.pop(event.leg_id, None)
                if line is not None:
                    line.take_end(event.status, now)
            case ReinviteReceived():
                self._endpoint.answer_reinvite(event.leg_id, self._description(), now)
            case _:
                pass

    def _ring(self, event: InviteReceived, now: float) -> None:
        if self._on_call is None or event.called_number not in self._credentials:
            self._endpoint.reject(event.leg_id, UNKNOWN, now=now)
            return
        line = SilentLine(
            self, event.leg_id, username=event.called_number, calling_number=event.calling_number, began_at=now
        )
        self.lines[event.leg_id] = line
        self._endpoint.progress(event.leg_id, 180, None, now)
        self._on_call(line)

    def _flow(self) -> Flow:
        return Flow(TransportKind.UDP, self.address, self._switch)

    def _description(self) -> bytes:
        host, port = self.address.host, self._sink.getsockname()[1]
        lines = (
            "v=0",
            f"o=- 1 1 IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 0",
            "a=rtpmap:0 PCMU/8000",
            "a=sendrecv",
        )
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")
