"""A room full of phones for the demo and for tests: real SIP on loopback sockets, real RTP from a media worker.

All phones of a room share one SIP endpoint and one media worker process, so that hundreds of them cost little. The room
has two addresses. At `address` are the softphones: each registers with its own user name and password and is called
there. Callers from the outside, who have no phone of ours, come from `trunk_address`, which the switch must know as a
trunk's.

    async with Phones(HostPort("127.0.0.1", 5060), folder="/tmp/phones") as phones:
        anna = await phones.register("anna", "secret")
        caller = await phones.dial("100", calling_number="+442071838750")
        line = await anna.next_call()
        await line.answer()
        caller.say(["/tmp/hello.wav"])
        await caller.silent()
        line.hang_up()
        print(await caller.ended(), await caller.statistics())
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakValueDictionary

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import Entropy, SystemEntropy
from softswitch.base.errors import SoftswitchError, StartError
from softswitch.base.ids import CallId, LegId, RecordingId, StreamId
from softswitch.calls.leg import Leg
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import MediaEvent, Recording, StreamReports, TalkersChanged, WorkerStatistics
from softswitch.media.runtime.client import MediaClient
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.description.offer_answer import MediaCapabilities
from softswitch.sip.description.sdes import Sdes, SrtpPolicy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ReferReceived,
    ReinviteConfirmed,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import SipSettings, Target, TrunkPeer
from softswitch.testing.runtime.phone_line import Line

WORKER_STARTS_WITHIN_S = 10.0
WORKER_ENDS_WITHIN_S = 5.0
RETRY_S = 1.0
"""A phone whose registrar does not answer tries again after so long."""
CALLS_WAITING_MAX = 16
"""Calls ringing at one phone that nobody has taken with `next_call`; the next caller hears busy."""
CAPABILITIES = MediaCapabilities()

_WORKER = "phones"


class RegistrationRefused(SoftswitchError):
    """The registrar said no; `status` is its answer, 408 for none."""

    def __init__(self, username: str, status: int, reason: str) -> None:
        super().__init__(f"{username} cannot register: {status} {reason}")
        self.status = status


class Phone:
    """A softphone. Made by `Phones.register`."""

    def __init__(self, phones: "Phones", username: str, password: str, expires_s: int) -> None:
        self.username = username
        self.credentials = Credential(username=username, realm="", password=password)
        self.is_registered = False
        self._phones = phones
        self._expires_s = expires_s
        self._calls: asyncio.Queue[Line] = asyncio.Queue(CALLS_WAITING_MAX)
        self._refreshing: asyncio.Task[None] | None = None

    async def next_call(self) -> Line:
        """The next call that rings here; it may have ended since."""
        return await self._calls.get()

    async def dial(self, number: str) -> Line:
        """Call somebody, as this phone's owner. Raises MediaUnavailable."""
        return await self._phones.dial_from(self, number)

    async def register(self) -> None:
        """Register, and again before it expires. Raises `RegistrationRefused`."""
        granted_s = await self._register_for(self._expires_s)
        if self._refreshing is None:
            self._refreshing = self._phones.spawn(self._keep_registered(granted_s))

    async def unregister(self) -> None:
        """Take the registration back. Raises `RegistrationRefused`."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            self._refreshing = None
        await self._register_for(0)

    def ring(self, line: Line) -> bool:
        """A call arrives; False if too many ring already."""
        with suppress(asyncio.QueueFull):
            self._calls.put_nowait(line)
            return True
        return False

    async def _keep_registered(self, granted_s: int) -> None:
        while True:
            await asyncio.sleep(granted_s / 2 if self.is_registered else RETRY_S)
            with suppress(RegistrationRefused):
                granted_s = await self._register_for(self._expires_s)

    async def _register_for(self, expires_s: int) -> int:
        """Returns the seconds that were granted."""
        answer = await self._phones.send_register(self, expires_s)
        self.is_registered = answer.status == 200 and expires_s > 0
        if answer.status != 200:
            raise RegistrationRefused(self.username, answer.status, answer.reason)
        return _granted_s(answer, self.username) or expires_s


class Phones:
    """The room. An async context manager, or `start` and `close`. It starts one process, and ends it."""

    def __init__(
        self,
        switch: HostPort,
        *,
        folder: str | Path,
        domain: str = "",
        host: str = "127.0.0.1",
        trunk_host: str = "",
        trunk_port: int = 0,
        kind: TransportKind = TransportKind.UDP,
        ports: range = range(24000, 28000),
        capabilities: MediaCapabilities = CAPABILITIES,
        srtp: SrtpPolicy = "off",
        entropy: Entropy | None = None,
    ) -> None:
        """`switch` is where SIP goes: from phones by `kind`, from trunk callers by UDP. `domain` is its host if empty.

        `srtp` is how the phones and callers want their sound encrypted.

        `host` is our own address, `trunk_host` that of trunk callers if it is another one; `ports` are for RTP. With
        `trunk_port` the switch can call people outside, who are there (`outside`).
        `folder` takes the worker's socket and its log; its path must be short enough for a socket (90 characters).
        """
        self.address = HostPort(host, 0)
        """Where the softphones are; known after `start`, like `trunk_address`."""
        self.trunk_address = HostPort(trunk_host or host, trunk_port)
        self.lines: dict[LegId, Line] = {}
        """Calls in progress."""
        self._switch = switch
        self._domain = domain or switch.host
        self._kind = kind
        self._capabilities = capabilities
        self._srtp: SrtpPolicy = srtp
        self._folder = Path(folder)
        self._entropy = entropy or SystemEntropy()
        self._clock = SystemClock()
        self._phones: dict[str, Phone] = {}
        self._by_call: WeakValueDictionary[CallId, Line] = WeakValueDictionary()
        """Calls that somebody still looks at: what comes from the worker after their end is for them."""
        self._requests: dict[int, asyncio.Future[RequestFinished]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        peers = (TrunkPeer(name="switch", addresses=(switch.host,)),)
        self._endpoint = SipEndpoint(
            SipSettings(domain=host, user_agent="softswitch-phones", trunks=peers), entropy=self._entropy
        )
        loop = asyncio.get_running_loop()
        self._driver = SipDriver(self._endpoint, clock=self._clock, on_event=self._receive_sip, loop=loop)
        self._media = MediaClient(
            {_WORKER: str(self._folder / "phones.sock")},
            local_ip=host,
            ports=ports,
            clock=self._clock,
            entropy=self._entropy,
            on_event=self._receive_media,
        )
        self._worker: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "Phones":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # Beginning and end

    async def start(self) -> None:
        """Open the sockets and start the media worker. Raises StartError; then nothing is left running."""
        try:
            await self._driver.start([(self._kind, self.address), (TransportKind.UDP, self.trunk_address)])
            self.address, self.trunk_address = (bound for _, bound in self._driver.listening)
            await self._start_worker()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Hang up every call and end the worker. Registrations are left to expire."""
        for task in self._tasks:
            task.cancel()
        for line in list(self.lines.values()):
            line.hang_up()
        await self._driver.stop()
        await self._media.close()
        if self._worker is not None:
            await _end_process(self._worker)
            self._worker = None

    @property
    def worker_pid(self) -> int:
        """The media worker's process; 0 before `start` and after `close`."""
        return 0 if self._worker is None else self._worker.pid

    # Phones and calls

    async def register(self, username: str, password: str, *, expires_s: int = 300) -> Phone:
        """Put up a phone and register it; the registration is kept up. Raises `RegistrationRefused`."""
        phone = self._phones[username] = Phone(self, username, password, expires_s)
        await phone.register()
        return phone

    def outside(self, number: str) -> Phone:
        """Somebody who has no phone of ours, and can be called through the trunk by this number."""
        phone = self._phones[number] = Phone(self, number, "", 0)
        return phone

    async def dial(self, number: str, *, calling_number: str, calling_name: str = "") -> Line:
        """Call the switch from the outside, through the trunk. Raises MediaUnavailable."""
        flow = Flow(TransportKind.UDP, self.trunk_address, self._switch)
        caller = f"sip:{calling_number}@{self.trunk_address.host}"
        return await self._call(number, calling_number, calling_name, flow, caller, None)

    # From phones

    async def dial_from(self, phone: Phone, number: str) -> Line:
        caller = f"sip:{phone.username}@{self._domain}"
        return await self._call(number, phone.username, "", self._phone_flow(), caller, phone.credentials)

    async def send_register(self, phone: Phone, expires_s: int) -> RequestFinished:
        """Returns the registrar's last answer."""
        address_of_record = f"sip:{phone.username}@{self._domain}"
        request_id = self._endpoint.request(
            "REGISTER",
            Target(uri=f"sip:{self._domain}", flow=self._phone_flow()),
            from_uri=address_of_record,
            to_uri=address_of_record,
            headers=(("Expires", str(expires_s)),),
            credentials=phone.credentials,
            now=self._clock.now(),
        )
        finished = self._requests[request_id] = asyncio.get_running_loop().create_future()
        self._driver.flush()
        return await finished

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends with the room."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # From lines (Exchange)

    async def open_stream(self, call_id: CallId) -> MediaStream:
        return await self._media.open_stream(call_id)

    def accept(self, leg_id: LegId, sdp: bytes) -> None:
        self._endpoint.accept(leg_id, sdp, self._clock.now())
        self._driver.flush()

    def reject(self, leg_id: LegId, status: int) -> None:
        self._endpoint.reject(leg_id, status, now=self._clock.now())
        self._driver.flush()

    def hang_up(self, leg_id: LegId) -> None:
        self._endpoint.hang_up(leg_id, self._clock.now())
        self._driver.flush()

    def send_info(self, leg_id: LegId, content_type: str, body: bytes) -> None:
        self._endpoint.send_info(leg_id, content_type, body, self._clock.now())
        self._driver.flush()

    def answer_reinvite(self, leg_id: LegId, sdp: bytes) -> None:
        self._endpoint.answer_reinvite(leg_id, sdp, self._clock.now())
        self._driver.flush()

    def refuse_reinvite(self, leg_id: LegId, status: int) -> None:
        self._endpoint.refuse_reinvite(leg_id, status, self._clock.now())
        self._driver.flush()

    def start_recording(self, call_id: CallId, path: str, heard: StreamId) -> Recording:
        recording = Recording(
            recording_id=RecordingId(self._entropy.token(96)),
            call_id=call_id,
            path=path,
            left=heard,
            right=None,
            started_at=self._clock.now(),
        )
        self._media.start_recording(recording)
        return recording

    def stop_recording(self, recording: Recording) -> None:
        self._media.stop_recording(recording.recording_id)

    # Events

    def _receive_sip(self, event: SipOutput) -> None:
        match event:
            case InviteReceived():
                self._ring(event)
            case ReferReceived():
                self._go_away(event)
            case RequestFinished():
                finished = self._requests.pop(event.request_id, None)
                if finished is not None and not finished.done():
                    finished.set_result(event)
            case LegEnded() | LegFailed():
                line = self.lines.pop(event.leg_id, None)
                if line is not None:
                    line.receive(event)
            case LegProgress() | LegAnswered() | LegConfirmed() | ReinviteReceived() | ReinviteConfirmed():
                line = self.lines.get(event.leg_id)
                if line is not None:
                    line.receive(event)
            case _:
                pass

    def _receive_media(self, event: MediaEvent) -> None:
        if isinstance(event, WorkerStatistics | StreamReports | TalkersChanged):
            return
        line = self._by_call.get(event.call_id)
        if line is not None:
            line.receive_media(event)

    # Private

    def _go_away(self, event: ReferReceived) -> None:
        """A line is to be connected elsewhere: it says that it is, and is not."""
        line = self.lines.get(event.leg_id)
        if line is not None:
            line.sent_to = event.target
        self._endpoint.accept_refer(event.refer_id, self._clock.now())
        self._endpoint.notify_refer(event.refer_id, 200, self._clock.now())
        self._driver.flush()

    def _ring(self, event: InviteReceived) -> None:
        phone = self._phones.get(event.called_number)
        line = self._make_line(
            event.leg_id,
            calling_number=event.calling_number,
            calling_name=event.calling_name,
            called_number=event.called_number,
            headers=event.headers,
            offer=event.sdp,
        )
        if phone is None or not phone.ring(line):
            self.reject(event.leg_id, 404 if phone is None else 486)
            return
        self._endpoint.progress(event.leg_id, 180, None, self._clock.now())

    def _make_line(
        self,
        leg_id: LegId,
        *,
        calling_number: str,
        calling_name: str,
        called_number: str,
        headers: dict[str, str] | None = None,
        offer: bytes | None = None,
    ) -> Line:
        leg = Leg(
            leg_id,
            called_number,
            capabilities=self._capabilities,
            session_id=self._entropy.integer(32),
            sdes=Sdes(self._srtp, self._entropy),
        )
        line = Line(
            self,
            CallId(self._entropy.token(64)),
            Party(leg),
            host=self.address.host,
            calling_number=calling_number,
            calling_name=calling_name,
            called_number=called_number,
            headers=headers,
            offer=offer,
        )
        self._by_call[line.call_id] = line
        if leg_id:
            self.lines[leg_id] = line
        return line

    async def _call(
        self,
        number: str,
        calling_number: str,
        calling_name: str,
        flow: Flow,
        caller: str,
        credentials: Credential | None,
    ) -> Line:
        line = self._make_line(
            LegId(""), calling_number=calling_number, calling_name=calling_name, called_number=number
        )
        await line.attach_stream()
        leg_id = self._endpoint.invite(
            Target(uri=f"sip:{number}@{self._domain}", flow=flow),
            from_uri=caller,
            from_display=calling_name,
            sdp=line.offer(),
            credentials=credentials,
            now=self._clock.now(),
        )
        line.number(leg_id)
        self.lines[leg_id] = line
        self._driver.flush()
        return line

    def _phone_flow(self) -> Flow:
        return Flow(self._kind, self.address, self._switch)

    async def _start_worker(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        log_path = self._folder / "phones.log"
        arguments = ("-P", "-m", "softswitch.media.runtime.worker", "--socket", str(self._folder / "phones.sock"))
        with log_path.open("ab") as log:
            self._worker = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, "--name", _WORKER, stderr=log, stdin=DEVNULL, start_new_session=True
            )
        await self._media.start()
        deadline = self._clock.now() + WORKER_STARTS_WITHIN_S
        while not self._media.workers()[0].is_connected:
            if self._worker.returncode is not None or self._clock.now() > deadline:
                raise StartError(f"the phones' media worker has not started: {log_path} says why")
            await asyncio.sleep(0.02)


def _granted_s(answer: RequestFinished, username: str) -> int:
    """The expiry of our own contact in the answer to a REGISTER; 0 if it does not say."""
    for name, value in answer.headers:
        if name == "contact":
            with suppress(Malformed, ValueError):
                contact = NameAddr.parse(value)
                if contact.user == username:
                    return int(contact.params.get("expires") or 0)
    return 0


async def _end_process(process: Process) -> None:
    """TERM, and KILL for one that does not listen."""
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), WORKER_ENDS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
