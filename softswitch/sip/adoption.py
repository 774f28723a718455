"""Takes back the legs another process has kept (kept.py)."""

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptArrival, KeptAttempt, KeptCredential, KeptDialog, KeptLeg, KeptSession, text_of
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.withdrawn_attempt import WithdrawnAttempt


def adopt(core: SipCore, kept: KeptLeg, now: float) -> bool:
    """Whether the leg lives on here, or is withdrawn in order; not if it is here already, or too many are."""
    if kept.leg_id in core.legs or len(core.legs) >= core.settings.limits.sessions_max:
        return False
    match kept:
        case KeptSession():
            return _adopt_session(core, kept, now)
        case KeptArrival():
            return _adopt_arrival(core, kept, now)
        case KeptAttempt():
            return _withdraw(core, kept, now)


def _adopt_session(core: SipCore, kept: KeptSession, now: float) -> bool:
    if _is_known(core, kept.dialog):
        return False
    InviteSession.adopt(core, kept, _challenge(core, kept.credential), now)
    return True


def _adopt_arrival(core: SipCore, kept: KeptArrival, now: float) -> bool:
    invite = parse(kept.invite)
    if not isinstance(invite, Request) or _is_known(core, kept.dialog):
        return False
    InboundInvite.adopt(core, kept, invite, now)
    return True


def _withdraw(core: SipCore, kept: KeptAttempt, now: float) -> bool:
    invite = parse(kept.invite)
    if not isinstance(invite, Request):
        return False
    flow = core.revive(kept.flow)
    WithdrawnAttempt(core, invite, flow, [Dialog.adopt(fork, flow) for fork in kept.forks], now)
    return True


def _is_known(core: SipCore, kept: KeptDialog) -> bool:
    return (text_of(kept.call_id), text_of(kept.local_tag), text_of(kept.remote_tag)) in core.dialogs


def _challenge(core: SipCore, kept: KeptCredential | None) -> ChallengeReply | None:
    """What answers the peer's challenges: the password is the one the settings have now."""
    if kept is None:
        return None
    for peer in core.settings.trunks:
        known = None if peer.link is None else peer.link.credentials
        if known is not None and known.username == kept.username and known.realm in ("", kept.realm):
            return ChallengeReply(
                Credential(username=known.username, realm=kept.realm, password=known.password), core.entropy
            )
    return None
