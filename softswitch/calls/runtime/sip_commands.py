"""The SIP endpoint's commands at this moment: adds the time, and has the driver send what comes of them.

Whatever a command brings about comes after it has returned, at the end of the loop's turn: a leg's id is known to
whoever made it before the leg's first event arrives, and commands given together are sent together.
"""

import asyncio
from collections.abc import Callable, Sequence

from softswitch.base.clock import Clock
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.events.packages import EventState
from softswitch.sip.kept import KeptLeg
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.outputs import Binding
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy, Target
from softswitch.sip.trunks.trunk_links import TrunkLinks


class SipCommands:
    """`flush` sends the endpoint's outputs and arms its timer."""

    def __init__(
        self, endpoint: SipEndpoint, clock: Clock, flush: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._flush_now = flush
        self._loop = loop
        self._is_flushing = False

    def invite(
        self,
        target: Target,
        *,
        from_uri: str,
        from_display: str,
        sdp: bytes,
        headers: Sequence[tuple[str, str]] = (),
        credentials: Credential | None = None,
        max_forwards: int = 70,
        session: SessionPolicy = PLAIN_SESSION,
        contact_user: str = "",
    ) -> LegId:
        leg_id = self._endpoint.invite(
            target,
            from_uri=from_uri,
            from_display=from_display,
            sdp=sdp,
            headers=headers,
            credentials=credentials,
            max_forwards=max_forwards,
            session=session,
            contact_user=contact_user,
            now=self._clock.now(),
        )
        self._flush()
        return leg_id

    def replaces_of(self, leg_id: LegId) -> Replaces | None:
        return self._endpoint.replaces_of(leg_id)

    def progress(self, leg_id: LegId, status: int, sdp: bytes | None = None) -> None:
        self._endpoint.progress(leg_id, status, sdp, self._clock.now())
        self._flush()

    def accept(self, leg_id: LegId, sdp: bytes, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._endpoint.accept(leg_id, sdp, self._clock.now(), headers=headers)
        self._flush()

    def reject(
        self, leg_id: LegId, status: int, reason: str | None = None, *, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._endpoint.reject(leg_id, status, reason, headers, now=self._clock.now())
        self._flush()

    def ask_whether_there(self, leg_id: LegId) -> None:
        self._endpoint.ask_whether_there(leg_id, self._clock.now())
        self._flush()

    def hang_up(self, leg_id: LegId, *, reason: str | None = None) -> None:
        self._endpoint.hang_up(leg_id, self._clock.now(), reason=reason)
        self._flush()

    def send_info(self, leg_id: LegId, content_type: str, body: bytes) -> None:
        self._endpoint.send_info(leg_id, content_type, body, self._clock.now())
        self._flush()

    def ask_to_talk(self, leg_id: LegId) -> bool:
        is_asked = self._endpoint.ask_to_talk(leg_id, self._clock.now())
        self._flush()
        return is_asked

    def accept_refer(self, refer_id: ReferId) -> None:
        self._endpoint.accept_refer(refer_id, self._clock.now())
        self._flush()

    def refuse_refer(self, refer_id: ReferId, status: int) -> None:
        self._endpoint.refuse_refer(refer_id, status, self._clock.now())
        self._flush()

    def notify_refer(self, refer_id: ReferId, status: int) -> None:
        self._endpoint.notify_refer(refer_id, status, self._clock.now())
        self._flush()

    def refer(self, leg_id: LegId, target_uri: str, *, referred_by: str) -> ReferId | None:
        refer_id = self._endpoint.refer(leg_id, target_uri, self._clock.now(), referred_by=referred_by)
        self._flush()
        return refer_id

    def refer_under_way(self, leg_id: LegId) -> ReferId | None:
        return self._endpoint.refer_under_way(leg_id)

    def reinvite(self, leg_id: LegId, sdp: bytes) -> None:
        self._endpoint.reinvite(leg_id, sdp, self._clock.now())
        self._flush()

    def answer_reinvite(self, leg_id: LegId, sdp: bytes) -> None:
        self._endpoint.answer_reinvite(leg_id, sdp, self._clock.now())
        self._flush()

    def refuse_reinvite(self, leg_id: LegId, status: int) -> None:
        self._endpoint.refuse_reinvite(leg_id, status, self._clock.now())
        self._flush()

    @property
    def trunks(self) -> TrunkLinks:
        """The links to providers; what they have to send goes with the next command, or when their time has come."""
        return self._endpoint.trunks

    def is_heard(self, leg_id: LegId) -> bool:
        return self._endpoint.is_heard(leg_id)

    def bindings(self, aor: str) -> list[Binding]:
        return self._endpoint.bindings(aor)

    def set_event_state(self, resource: str, state: EventState) -> None:
        self._endpoint.set_event_state(resource, state, self._clock.now())
        self._flush()

    def request(
        self,
        method: str,
        target: Target,
        *,
        from_uri: str,
        to_uri: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        """Outside any dialog; nobody waits for what becomes of it."""
        now = self._clock.now()
        self._endpoint.request(method, target, from_uri=from_uri, to_uri=to_uri, headers=headers, body=body, now=now)
        self._flush()

    def keep(self, leg_id: LegId) -> KeptLeg | None:
        return self._endpoint.keep(leg_id)

    def adopt(self, kept: KeptLeg) -> bool:
        is_adopted = self._endpoint.adopt(kept, self._clock.now())
        self._flush()
        return is_adopted

    def sip_call_id(self, leg_id: LegId) -> str:
        return self._endpoint.sip_call_id(leg_id)

    def _flush(self) -> None:
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        self._is_flushing = False
        self._flush_now()
