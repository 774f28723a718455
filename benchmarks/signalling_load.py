"""Calls without sound: a caller and an answering phone on real sockets, for measuring the switch between them.

The caller is a trunk, the phone registers with digest. Each call is INVITE, 180, 200, ACK on both legs, a talk time,
and BYE from the caller. The SDP points to a port that nobody reads: what is measured is signalling.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.description.offer_answer import Answer, MediaCapabilities, answer_offer, make_offer
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import GuardSettings, SipSettings, Target, TrunkPeer

NOWHERE = HostPort("127.0.0.1", 9)


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the calls. Set-up times (INVITE to 200) in ms, sorted."""

    completed: int
    failed: int
    setup_ms: list[float]
    duration_s: float

    def setup_percentile_ms(self, share: float) -> float:
        return self.setup_ms[min(len(self.setup_ms) - 1, int(share * len(self.setup_ms)))] if self.setup_ms else 0.0


class _Station:
    """One SIP endpoint on its own loopback port."""

    def __init__(self, address: HostPort, server: HostPort, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = SystemClock()
        self.server = server
        self.loop = loop
        self.address = address
        settings = SipSettings(
            domain=server.host,
            trunks=(TrunkPeer(name="switch", addresses=(f"{server.host}:{server.port}",)),),
            guard=GuardSettings(requests_per_s=1e6, burst=1e6),
        )
        self.endpoint = SipEndpoint(settings, entropy=SystemEntropy())
        self.driver = SipDriver(self.endpoint, clock=self.clock, on_event=self.receive, loop=loop)

    async def start(self) -> None:
        await self.driver.start([(TransportKind.UDP, self.address)])

    def target(self, uri: str) -> Target:
        return Target(uri=uri, flow=self.endpoint.flow_to(TransportKind.UDP, self.server))

    def receive(self, event: SipOutput) -> None:
        raise NotImplementedError


class AnsweringPhone(_Station):
    """Registers under one user name and answers everything at once."""

    async def register(self, username: str, password: str) -> None:
        self._registered = self.loop.create_future()
        self.endpoint.request(
            "REGISTER",
            self.target(f"sip:{self.server}"),
            from_uri=f"sip:{username}@{self.server.host}",
            to_uri=f"sip:{username}@{self.server.host}",
            headers=[("contact", f"<sip:{username}@{self.address}>;expires=600")],
            body=b"",
            credentials=Credential(username=username, realm="", password=password),
            now=self.clock.now(),
        )
        self.driver.flush()
        status = await self._registered
        if status != 200:
            raise RuntimeError(f"the phone was not registered: {status}")

    def receive(self, event: SipOutput) -> None:
        match event:
            case RequestFinished():
                self._registered.set_result(event.status)
            case InviteReceived():
                now = self.clock.now()
                self.endpoint.progress(event.leg_id, 180, None, now)
                answer = answer_offer(event.sdp, MediaCapabilities(), NOWHERE, session_id=1, version=1)
                assert isinstance(answer, Answer)
                self.endpoint.accept(event.leg_id, answer.sdp, now)
            case _:
                pass


class Caller(_Station):
    """Places calls at a steady rate and ends each after `talk_s`."""

    def __init__(self, address: HostPort, server: HostPort, loop: asyncio.AbstractEventLoop, *, talk_s: float) -> None:
        super().__init__(address, server, loop)
        self._talk_s = talk_s
        self._began: dict[LegId, float] = {}
        self._setup_ms: list[float] = []
        self._completed = 0
        self._failed = 0
        self._expected = -1
        self._dialled = 0
        self._is_over = asyncio.Event()
        self._offer = make_offer(MediaCapabilities(), NOWHERE, session_id=1, version=1)

    async def place(self, number: str, calls: int, per_s: float) -> LoadResult:
        began_at = self.loop.time()
        self._expected = calls
        for index in range(calls):
            due = began_at + index / per_s
            if (wait_s := due - self.loop.time()) > 0:
                await asyncio.sleep(wait_s)
            self._dial(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), calls / per_s + 40)
        return LoadResult(
            completed=self._completed,
            failed=calls - self._completed,
            setup_ms=sorted(self._setup_ms),
            duration_s=self.loop.time() - began_at,
        )

    def _dial(self, number: str) -> None:
        now = self.clock.now()
        self._dialled += 1
        leg_id = self.endpoint.invite(
            self.target(f"sip:{number}@{self.server.host}"),
            from_uri=f"sip:+1555{self._dialled:07}@{self.address.host}",
            sdp=self._offer,
            now=now,
        )
        self._began[leg_id] = now
        self.driver.flush()

    def receive(self, event: SipOutput) -> None:
        match event:
            case LegAnswered():
                self._setup_ms.append((self.clock.now() - self._began[event.leg_id]) * 1000)
                self.loop.call_later(self._talk_s, self._hang_up, event.leg_id)
            case LegEnded():
                self._completed += event.by == "local"
                self._failed += event.by != "local"
            case LegFailed():
                self._failed += 1
            case _:
                return
        if self._completed + self._failed == self._expected:
            self._is_over.set()

    def _hang_up(self, leg_id: LegId) -> None:
        self.endpoint.hang_up(leg_id, self.clock.now())
        self.driver.flush()


async def load(
    server: HostPort,
    addresses: Sequence[HostPort],
    number: str,
    account: tuple[str, str],
    *,
    calls: int,
    per_s: float,
    talk_s: float,
) -> LoadResult:
    """`addresses` are the caller's and the phone's own; `account` is the phone's user name and password."""
    loop = asyncio.get_running_loop()
    phone = AnsweringPhone(addresses[1], server, loop)
    caller = Caller(addresses[0], server, loop, talk_s=talk_s)
    await phone.start()
    await caller.start()
    await phone.register(*account)
    try:
        return await caller.place(number, calls, per_s)
    finally:
        await caller.driver.stop()
        await phone.driver.stop()
