"""Ringing one or several phones for one caller; the first to answer wins, the others stop ringing.

```
  ring() ──► every target INVITEd ──► one answers ──► `answered`, the rest cancelled ("completed elsewhere")
                                 └──► all fail ─────► `verdict` says why, best reason first
  end(), in any case: all stop ringing, their streams are given back, the time is noted in the call's record
```
"""

from collections.abc import Sequence

import msgspec

from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.calls.digit_mode import DigitMode, capabilities_for
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.outcomes import CallEnded, DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.fax_passage import NOT_ACCEPTABLE_HERE, offer_to
from softswitch.calls.runtime.negotiation import NOT_ACCEPTABLE
from softswitch.calls.runtime.party import Party
from softswitch.calls.settings import CallSettings, Extension
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.authentication.auth_server import Credential
from softswitch.sip.description.offer_answer import MediaCapabilities, OfferRefused
from softswitch.sip.description.sdes import Sdes, SrtpPolicy
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy, Target

ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""RFC 3326: keeps the call out of the list of missed calls on the phones that lost the race."""

# What a failed leg tells us about the person: the reason nearest to a human decision counts for all of his phones.
_RANK = (
    DialReason.DECLINED,
    DialReason.BUSY,
    DialReason.NO_ANSWER,
    DialReason.FORBIDDEN,
    DialReason.UNREACHABLE,
)


def weightiest(reasons: Sequence[DialReason]) -> DialReason:
    """The one that stands for all."""
    return next((reason for reason in _RANK if reason in reasons), DialReason.UNREACHABLE)


_REASONS_OF_CAUSES = {
    17: DialReason.BUSY,
    18: DialReason.NO_ANSWER,
    19: DialReason.NO_ANSWER,
    21: DialReason.DECLINED,
}
"""What gateways mean by a Q.850 cause beside a status that says little."""


def reason_of_failure(status: int, cause: int = 0) -> DialReason:
    """What the final status of an INVITE (RFC 3261 section 21) says about whoever was called, and the cause with it."""
    if cause in _REASONS_OF_CAUSES and (status == 480 or status >= 500) and status < 600:
        return _REASONS_OF_CAUSES[cause]
    if status in (486, 600):
        return DialReason.BUSY
    if status == 603 or status == 403:
        return DialReason.DECLINED
    if status in (408, 480, 487):
        return DialReason.NO_ANSWER
    return DialReason.UNREACHABLE


class Alerting:
    """The phones that ring for one attempt to reach somebody."""

    __slots__ = (
        "_around",
        "_call",
        "_failures",
        "_is_counted",
        "_is_over",
        "_ringing",
        "_ringing_since",
        "answered",
        "redirected",
        "status",
    )

    def __init__(self, call: ActiveCall, *, is_counted: bool = True) -> None:
        """Unless `is_counted` it is not for the caller that the phones ring: his record does not say so."""
        self._call = call
        self._is_counted = is_counted
        self._around = call.around
        self._ringing: dict[LegId, Party] = {}
        self._failures: list[DialReason] = []
        self.answered: Party | None = None
        self.status = 0
        """The last final status received."""
        self.redirected: tuple[str, ...] = ()
        """Where a phone or network says to call instead, the best first."""
        self._is_over = False
        self._ringing_since = call.around.clock.now()

    @property
    def ring_s(self) -> float:
        """How long it has been ringing."""
        return self._around.clock.now() - self._ringing_since

    @property
    def verdict(self) -> DialReason | None:
        """Why nobody can answer any more; None while a phone still rings or after one was answered."""
        if self._ringing or self.answered is not None:
            return None
        return weightiest(self._failures)

    def _capabilities(self, settings: CallSettings, codecs: tuple[str, ...]) -> MediaCapabilities:
        """The caller's codec is offered first: between equals nothing need be converted. For a fax, alone."""
        capabilities = settings.capabilities_for(codecs)
        audio = self._call.caller.leg.audio
        if audio is not None and self._call.caller.is_fax and audio.format_name in capabilities.codecs:
            return msgspec.structs.replace(capabilities, codecs=(audio.format_name,))
        return capabilities if audio is None else capabilities.preferring(audio.format_name)

    async def ring(
        self,
        target: Target,
        party: str,
        *,
        from_uri: str,
        from_display: str,
        headers: Sequence[tuple[str, str]] = (),
        extension: Extension | None = None,
        credentials: Credential | None = None,
        srtp: SrtpPolicy = "off",
        dtmf: DigitMode = "auto",
        takes_t38: bool = True,
        codecs: tuple[str, ...] = (),
        session: SessionPolicy = PLAIN_SESSION,
        contact_user: str = "",
        number: str = "",
    ) -> LegId | None:
        """Open a stream for one more phone and INVITE it; None if another was answered meanwhile, or if the caller has
        called with T.38 alone and this one must not have it.

        `number` is whom it is to reach outside. Raises `MediaUnavailable`, and `CallEnded` if the caller leaves before
        the phone was rung.
        """
        settings = self._around.settings()
        if self._call.caller.image_offer and not (takes_t38 and srtp == "off"):
            self.refuse(DialReason.UNREACHABLE)
            self.status = NOT_ACCEPTABLE_HERE
            return None
        stream = await self._around.media.open_stream(
            self._call.call_id,
            near=self._call.caller.stream,
            learn_from=settings.learn_from(target.flow.remote if target.flow else None),
        )
        if self._call.mailbox.is_closed or self.answered is not None:
            stream.drop()
        await self._call.mailbox.check()
        if self.answered is not None:
            return None
        leg = Leg(
            LegId(""),
            party,
            capabilities=capabilities_for(dtmf, self._capabilities(settings, codecs)),
            session_id=self._around.entropy.integer(32),
            sdes=Sdes(srtp, self._around.entropy),
        )
        signalling = None if target.flow is None else target.flow.remote
        ringing = Party(leg, extension, digit_mode=dtmf, signalling=signalling, takes_t38=takes_t38)
        ringing.number = number
        ringing.attach(stream, settings.media_ip)
        try:
            offer = await offer_to(self._call, ringing)
            leg.leg_id = self._around.sip.invite(
                target,
                from_uri=from_uri,
                from_display=from_display,
                sdp=offer,
                headers=headers,
                credentials=credentials,
                contact_user=contact_user,
                max_forwards=self._call.max_forwards,
                session=session,
            )
        except (LocalError, MediaUnavailable, CallEnded):
            ringing.release()
            raise
        self._ringing[leg.leg_id] = ringing
        self._call.join(ringing)
        return leg.leg_id

    def rings(self, leg_id: LegId) -> bool:
        """Whether it is the leg of a phone that still rings."""
        return leg_id in self._ringing

    def receive(self, event: LegProgress | LegAnswered | LegFailed) -> None:
        """Take an event of one of our legs; events of legs that no longer ring are of no interest."""
        party = self._ringing.get(event.leg_id)
        if party is None:
            return
        match event:
            case LegAnswered() if party.leg.state is LegState.ENDED:
                self._fail(party, DialReason.DECLINED)  # he has answered and hung up again already
            case LegProgress():
                if party.leg.state is not LegState.ENDED:  # else what ended it is the next that comes
                    party.leg.state = LegState.RINGING
            case LegAnswered():
                self._take_answer(party, event.sdp)
            case LegFailed():
                self.status = event.status
                self.redirected = event.contacts or self.redirected
                self._fail(party, reason_of_failure(event.status, event.cause))

    def take(self, party: Party) -> None:
        """Somebody who has answered already, and belongs to the call, is whom the caller gets; all phones stop."""
        self.answered = party
        self._cancel(ANSWERED_ELSEWHERE)

    def refuse(self, reason: DialReason) -> None:
        """A phone is not rung at all, for this reason."""
        self._failures.append(reason)

    def pass_over(self, reason: DialReason = DialReason.NO_ANSWER) -> None:
        """Whatever still rings has rung long enough; others may be rung instead."""
        for party in list(self._ringing.values()):
            self._fail(party, reason)

    def end(self, reason: str | None = None) -> None:
        """Stop whatever still rings. The answered party, if any, is the caller's business."""
        self._cancel(reason)
        if self._is_counted and not self._is_over:
            self._is_over = True
            self._call.record.ring_s += self.ring_s

    def _take_answer(self, party: Party, sdp: bytes) -> None:
        # Early media may have agreed on it already, or a later offer of his has replaced it (then `sdp` is empty).
        if party.leg.proposes_image:
            if isinstance(party.leg.receive_image_answer(sdp), OfferRefused):
                self._fail(party, DialReason.UNREACHABLE, NOT_ACCEPTABLE)
                return
        elif party.leg.audio is None or (sdp and not party.leg.knows(sdp)):
            if isinstance(party.leg.receive_answer(sdp), OfferRefused):
                self._fail(party, DialReason.UNREACHABLE, NOT_ACCEPTABLE)
                return
            party.connect()
        del self._ringing[party.leg.leg_id]
        party.leg.state = LegState.ANSWERED
        self.answered = party
        self._cancel(ANSWERED_ELSEWHERE)

    def _cancel(self, reason: str | None = None) -> None:
        for party in list(self._ringing.values()):
            self._forget(party, reason)

    def _fail(self, party: Party, verdict: DialReason, reason: str | None = None) -> None:
        self._failures.append(verdict)
        self._forget(party, reason)

    def _forget(self, party: Party, reason: str | None) -> None:
        del self._ringing[party.leg.leg_id]
        self._call.part(party, reason)
