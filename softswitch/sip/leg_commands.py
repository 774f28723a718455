"""Commands for legs: calls to somebody and from somebody, and the transfers their parties ask for or are asked for.

Part of the endpoint, which says what becomes of them (outputs.py). Wrong commands raise LocalError; commands for a leg
that is over do nothing.
"""

from collections.abc import Sequence

from softswitch.base.address import Flow
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.kept import KeptLeg
from softswitch.sip.messages.refer_to import with_replaces
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import SDP
from softswitch.sip.outputs import LegFailed
from softswitch.sip.plain_request import build_request, is_uri, way_to
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.outbound_invite import OutboundInvite
from softswitch.sip.sessions.session_timer import ask
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy, Target


class LegCommands:
    """See `SipEndpoint`."""

    __slots__ = ("_core",)

    def __init__(self, core: SipCore) -> None:
        self._core = core

    # Legs

    def invite(
        self,
        target: Target,
        *,
        from_uri: str,
        sdp: bytes,
        now: float,
        from_display: str = "",
        to_uri: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        credentials: Credential | None = None,
        max_forwards: int = 70,
        session: SessionPolicy = PLAIN_SESSION,
        contact_user: str = "",
    ) -> LegId:
        """Call somebody. The leg's id comes back at once, what becomes of it as outputs, LegFailed in the worst case.

        `contact_user` is the user part of our Contact, for a peer that looks at it.
        `credentials` answer a challenge by whoever is called, so give them only for a party that may have their digest.
        Raises LocalError for a header that would break the message.
        """
        core = self._core
        leg_id = LegId(core.entropy.token(48))
        way = way_to(core, target)
        if way is None or len(core.legs) >= core.settings.limits.sessions_max:
            reason = "No Route to Target" if way is None else "Too Many Calls"
            core.outputs.append(LegFailed(leg_id, 503, reason))
            return leg_id
        flow = way if isinstance(way, Flow) else None
        invite = build_request(
            core,
            "INVITE",
            target,
            flow,
            from_uri=from_uri,
            from_display=from_display,
            to_uri=to_uri,
            headers=headers,
            body=sdp,
            max_forwards=max_forwards,
        )
        invite.headers.append(("contact", "" if flow is None else core.addresses.contact_for(contact_user, flow)))
        invite.headers.append(("allow", ALLOW))
        invite.headers.append(("supported", session.option_tags))
        if session.reliable == "required":
            invite.headers.append(("require", "100rel"))
        invite.headers.extend(ask(session))
        if sdp:
            invite.headers.append(("content-type", SDP))
        challenge = None if credentials is None else ChallengeReply(credentials, core.entropy)
        others = [core.addresses.rehome(other) for other in target.others]
        leg = core.legs[leg_id] = OutboundInvite(
            core, leg_id, invite, flow, challenge, session, contact_user, now, others
        )
        if isinstance(way, Wanted):
            core.look_up(way, leg.found, now)
        return leg_id

    def progress(self, leg_id: LegId, status: int, sdp: bytes | None, now: float) -> None:
        """Send a provisional response (180, 183 with SDP, 182 …) on an inbound leg that is not answered."""
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.progress(status, sdp or b"", now)

    def accept(self, leg_id: LegId, sdp: bytes, now: float, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Answer an inbound leg with 200 and our answer (our offer, if it came without one).

        Raises LocalError for a broken header.
        """
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.accept(sdp, now, tuple(headers))

    def reject(
        self,
        leg_id: LegId,
        status: int,
        reason: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """Refuse an inbound leg with 300-699; LegEnded follows. Raises LocalError for a broken header."""
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.reject(status, reason, tuple(headers), now)

    def ask_whether_there(self, leg_id: LegId, now: float) -> None:
        """Of an answered leg: LegEnded follows if its peer does not know it any more."""
        leg = self._core.legs.get(leg_id)
        if isinstance(leg, InviteSession):
            leg.ask_whether_there(now)

    def hang_up(self, leg_id: LegId, now: float, *, reason: str | None = None) -> None:
        """End a leg by whatever fits its state: CANCEL, BYE, or 480. LegEnded follows at once.

        `reason` becomes a Reason header (RFC 3326), as 'SIP;cause=200;text="Call completed elsewhere"'.
        """
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.hang_up(reason, now)

    def reinvite(self, leg_id: LegId, sdp: bytes, now: float) -> None:
        """Offer a changed session; sent as soon as nothing is in the way. Before the answer it may go as UPDATE."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.reinvite(sdp, now)

    def answer_reinvite(self, leg_id: LegId, sdp: bytes, now: float) -> None:
        """Answer a ReinviteReceived (with our offer, if it came without one)."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.answer_reinvite(sdp, now)

    def refuse_reinvite(self, leg_id: LegId, status: int, now: float) -> None:
        """Refuse a ReinviteReceived (488); the session goes on as it was."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.refuse_reinvite(status, now)

    def send_info(self, leg_id: LegId, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO on an answered leg; nobody hears what became of it."""
        leg = self._answered(leg_id)
        if leg is not None:
            leg.send_info(content_type, body, now)

    def ask_to_talk(self, leg_id: LegId, now: float) -> bool:
        """Ask the phone of an outbound leg that rings to pick up; False if it has not announced that it would."""
        leg = self._core.legs.get(leg_id)
        return isinstance(leg, OutboundInvite) and leg.ask_to_talk(now)

    # Transfers

    def accept_refer(self, refer_id: ReferId, now: float) -> None:
        """Take on what a ReferReceived asks for; the party is told so, and then what notify_refer says."""
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.accept(now)

    def refuse_refer(self, refer_id: ReferId, status: int, now: float, *, reason: str | None = None) -> None:
        """Refuse a ReferReceived. 404, 410, 416, 481 and the like would end the call (RFC 5057): 403, 603."""
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.refuse(status, reason, now)

    def notify_refer(self, refer_id: ReferId, status: int, now: float, *, reason: str | None = None) -> None:
        """Tell the party how far an accepted transfer is: 1xx, and once 200-699, which is the end of it.

        It need not be in the call any more; one that wants to hear nothing is told nothing.
        """
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.notify(status, reason, now)

    def refer(
        self, leg_id: LegId, target_uri: str, now: float, *, referred_by: str, replaces_leg: LegId | None = None
    ) -> ReferId | None:
        """Ask the party of an answered leg to call `target_uri` instead of us; ReferProgress follows.

        With `replaces_leg`, another leg that is answered or that we have called and that rings, it is to take our place
        there. `referred_by` is the URI of who wants it (RFC 3892). None for a leg that is over, or whose 2xx still
        waits. Raises LocalError for URIs that cannot be written.
        """
        leg = self._answered(leg_id)
        replaced = None if replaces_leg is None else self._core.legs.get(replaces_leg)
        replaces = None if replaced is None else replaced.replaces_for_peer()
        if leg is None or (replaces_leg is not None and replaces is None):
            return None
        if not is_uri(target_uri) or not is_uri(referred_by):
            raise LocalError(f"{target_uri!r} or {referred_by!r} is no URI: write it as sip:number@host.")
        target = target_uri if replaces is None else with_replaces(target_uri, replaces)
        return leg.refer(f"<{target}>", f"<{referred_by}>", now)

    # Getters

    def refer_under_way(self, leg_id: LegId) -> ReferId | None:
        """What `refer` has begun with this leg, be it in another process, and is not over."""
        leg = self._core.legs.get(leg_id)
        refer = leg.refer_under_way if isinstance(leg, InviteSession) else None
        return None if refer is None else refer.refer_id

    def is_heard(self, leg_id: LegId) -> bool:
        """Whether any response to the INVITE of an outbound leg has come, be it 100."""
        leg = self._core.legs.get(leg_id)
        return not isinstance(leg, OutboundInvite) or leg.is_heard

    def sip_call_id(self, leg_id: LegId) -> str:
        """The Call-ID of a leg; "" if there is none."""
        leg = self._core.legs.get(leg_id)
        return "" if leg is None else leg.sip_call_id

    def replaces_of(self, leg_id: LegId) -> Replaces | None:
        """What names the dialog of an outbound leg to whoever would take its place (RFC 3891), once there is one."""
        leg = self._core.legs.get(leg_id)
        return None if leg is None else leg.replaces_for_peer()

    def keep(self, leg_id: LegId) -> KeptLeg | None:
        """What another endpoint needs to go on with a leg (`adopt`); None for one that is over."""
        leg = self._core.legs.get(leg_id)
        return None if leg is None else leg.keep()

    # Private

    def _inbound(self, leg_id: LegId) -> InboundInvite | None:
        """The inbound leg if it is still unanswered; LocalError for an outbound one."""
        leg = self._core.legs.get(leg_id)
        if isinstance(leg, OutboundInvite):
            raise LocalError(f"leg {leg_id} is outbound: only the called party can answer it.")
        return leg if isinstance(leg, InboundInvite) else None

    def _answered(self, leg_id: LegId) -> InviteSession | None:
        """The leg's session, None as long as its 2xx waits for a PRACK; LocalError if nobody has answered yet."""
        leg = self._core.legs.get(leg_id)
        if isinstance(leg, InboundInvite) and leg.is_accepted:
            return None
        if leg is not None and not isinstance(leg, InviteSession):
            raise LocalError(f"leg {leg_id} is not answered yet: there is no session to change.")
        return leg
