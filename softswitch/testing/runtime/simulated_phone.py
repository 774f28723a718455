"""A phone on a FakeNetwork: a real SIP endpoint that does what a test tells it, and notes what happened to it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.description.offer_answer import Answer, MediaCapabilities, answer_offer, make_offer
from softswitch.sip.description.sdes import Sdes
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    ReferProgress,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.settings import SessionPolicy, SipSettings, Target, TrunkPeer
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

DOMAIN = "centre.test"
SWITCH = HostPort("10.0.0.1", 5060)


class Surrounding(Protocol):
    """What a phone needs of the centre it stands in."""

    clock: ManualClock
    entropy: SeededEntropy
    loop: VirtualLoop

    def flush(self) -> None: ...
    def until(self, condition: Callable[[], bool], *, within_s: float = 120.0) -> Awaitable[None]: ...


class SimulatedPhone:
    """A phone: answers as told, notes what happened to it. `name` is the account it registers for."""

    def __init__(self, centre: Surrounding, name: str, address: HostPort) -> None:
        settings = SipSettings(domain=DOMAIN, trunks=(TrunkPeer(name="switch", addresses=(SWITCH.host,)),))
        self.endpoint = SipEndpoint(settings, entropy=centre.entropy)
        self.endpoint.add_listener(TransportKind.UDP, address)
        self.name = name
        self.address = address
        self.events: list[SipOutput] = []
        self.leg: LegId | None = None
        """The call it is in, ringing or talking; while there is one, others are refused as busy."""
        self.is_answered = False
        self.answer_after_s: float | None = 1.0
        """None: it rings until the caller gives up."""
        self.rings = True
        """Says 180 before it answers."""
        self.busy_status: int | None = None
        self.redirect_to: str | None = None
        """It refuses calls with 302 and this URI."""
        self.talk_s: float | None = None
        """Hangs up this long after the conversation began; None: never."""
        self.has_early_media = False
        """It rings with 183 and a description instead of 180."""
        self.session = SessionPolicy()
        """How it conducts its calls."""
        self.sdes = Sdes("off")
        self.q = 1.0
        """How gladly it is called, among the phones of its account."""
        self.instance = ""
        """Its instance id, "<urn:uuid:…>"; with one it wants a GRUU."""
        self._centre = centre

    def seen(self, kind: type[SipOutput]) -> list[SipOutput]:
        return [event for event in self.events if isinstance(event, kind)]

    async def register(self, password: str = "Secret-123", expires: int = 3600) -> int:
        """Register with digest; returns the final status."""
        self.send_register(expires, password)
        await self._centre.until(lambda: bool(self.seen(RequestFinished)))
        finished = self.seen(RequestFinished)[-1]
        assert isinstance(finished, RequestFinished)
        return finished.status

    def send_register(self, expires: int = 3600, password: str = "Secret-123") -> None:
        """Register, or with `expires` 0 unregister, and do not wait for the outcome."""
        contact = f"<sip:{self.name}@{self.address}>;expires={expires};q={self.q}"
        headers = [("contact", contact + (f';+sip.instance="{self.instance}"' if self.instance else ""))]
        if self.instance:
            headers.append(("supported", "gruu"))
        self.endpoint.request(
            "REGISTER",
            self._target(f"sip:{DOMAIN}"),
            from_uri=f"sip:{self.name}@{DOMAIN}",
            to_uri=f"sip:{self.name}@{DOMAIN}",
            headers=headers,
            body=b"",
            credentials=Credential(username=self.name, realm="", password=password),
            now=self._centre.clock.now(),
        )
        self._centre.flush()

    def call(
        self,
        number: str,
        *,
        password: str | None = None,
        capabilities: MediaCapabilities | None = None,
        max_forwards: int = 70,
        headers: Sequence[tuple[str, str]] = (),
        params: str = "",
    ) -> LegId:
        """`params` are those of the URI that is called, as ";user=phone"."""
        self.leg = self.endpoint.invite(
            self._target(f"sip:{number}@{DOMAIN}{params}"),
            from_uri=f"sip:{self.name}@{DOMAIN}",
            sdp=make_offer(capabilities or MediaCapabilities(), self._rtp(), session_id=1, version=1, sdes=self.sdes),
            max_forwards=max_forwards,
            headers=headers,
            credentials=None if password is None else Credential(username=self.name, realm="", password=password),
            session=self.session,
            now=self._centre.clock.now(),
        )
        self._centre.flush()
        return self.leg

    def hang_up(self) -> None:
        self.hang_up_leg(self.leg)

    def hang_up_leg(self, leg_id: LegId | None) -> None:
        """Hang up this call and no other that may have come after it."""
        if leg_id is not None and leg_id == self.leg:
            self.endpoint.hang_up(leg_id, self._centre.clock.now())
            self._centre.flush()

    def hold(self, direction: str) -> None:
        """Re-INVITE with this direction ("sendonly" = hold, "sendrecv" = resume)."""
        assert self.leg is not None
        offer = make_offer(MediaCapabilities(), self._rtp(), session_id=1, version=2, sdes=self.sdes)
        sdp = offer.replace(b"a=sendrecv", f"a={direction}".encode())
        self.endpoint.reinvite(self.leg, sdp, self._centre.clock.now())
        self._centre.flush()

    def refer(self, target: str, *, leg: LegId | None = None, replaces: LegId | None = None, params: str = "") -> None:
        """Transfer whoever it talks to: to a number, or to who it talks to in the call `replaces`."""
        leg_id = self.leg if leg is None else leg
        assert leg_id is not None
        uri = f"sip:{target}@{DOMAIN}{params}"
        by = f"sip:{self.name}@{DOMAIN}"
        self.endpoint.refer(leg_id, uri, self._centre.clock.now(), referred_by=by, replaces_leg=replaces)
        self._centre.flush()

    def hang_up_all(self, *legs: LegId) -> None:
        for leg_id in legs:
            self.endpoint.hang_up(leg_id, self._centre.clock.now())
        self._centre.flush()

    def told(self) -> list[int]:
        """What it was told of its transfers."""
        return [event.status for event in self.events if isinstance(event, ReferProgress)]

    def press(self, digit: str) -> None:
        assert self.leg is not None
        self.endpoint.send_info(
            self.leg, "application/dtmf-relay", f"Signal={digit}\r\nDuration=160\r\n".encode(), self._centre.clock.now()
        )
        self._centre.flush()

    def receive(self, event: SipOutput) -> None:
        self.events.append(event)
        match event:
            case InviteReceived() if self.leg is not None:
                self.endpoint.reject(event.leg_id, 486, now=self._centre.clock.now())
            case InviteReceived():
                self.leg = event.leg_id
                self._ring(event)
            case ReinviteReceived():
                self._answer_reinvite(event)
            case LegAnswered() if event.leg_id == self.leg:
                self.is_answered = True
            case LegEnded() | LegFailed() if event.leg_id == self.leg:
                self.leg = None
                self.is_answered = False
            case _:
                pass

    def _ring(self, invite: InviteReceived) -> None:
        now = self._centre.clock.now()
        if self.redirect_to is not None:
            contact = ("contact", f"<{self.redirect_to}>")
            self.endpoint.reject(invite.leg_id, 302, headers=[contact], now=now)
            return
        if self.busy_status is not None:
            self.endpoint.reject(invite.leg_id, self.busy_status, now=now)
            return
        if self.has_early_media:
            self.endpoint.progress(invite.leg_id, 183, self._answer_to(invite), now)
        elif self.rings:
            self.endpoint.progress(invite.leg_id, 180, None, now)
        if self.answer_after_s is not None:
            self._centre.loop.call_later(self.answer_after_s, self._answer, invite)

    def _answer(self, invite: InviteReceived) -> None:
        if self.leg != invite.leg_id:
            return
        self.endpoint.accept(invite.leg_id, self._answer_to(invite), self._centre.clock.now())
        self.is_answered = True
        self._centre.flush()
        if self.talk_s is not None:
            self._centre.loop.call_later(self.talk_s, self.hang_up_leg, invite.leg_id)

    def _answer_reinvite(self, event: ReinviteReceived) -> None:
        """It hears and is heard from wherever it is told."""
        answer = answer_offer(event.sdp, MediaCapabilities(), self._rtp(), session_id=1, version=3, sdes=self.sdes)
        assert isinstance(answer, Answer)
        self.endpoint.answer_reinvite(event.leg_id, answer.sdp, self._centre.clock.now())

    def _answer_to(self, invite: InviteReceived) -> bytes:
        answer = answer_offer(invite.sdp, MediaCapabilities(), self._rtp(), session_id=1, version=1, sdes=self.sdes)
        assert isinstance(answer, Answer)
        return answer.sdp

    def _rtp(self) -> HostPort:
        return HostPort(self.address.host, 30000)

    def _target(self, uri: str) -> Target:
        flow = self.endpoint.flow_to(TransportKind.UDP, SWITCH)
        return Target(uri=uri, flow=flow)
