"""Takes back the legs another process has kept (kept.py)."""

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptAttempt, KeptCredential, KeptDialog, KeptLeg, KeptSession, text_of
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import LegChanged
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.withdrawn_attempt import WithdrawnAttempt


def adopt(core: SipCore, kept: KeptLeg, now: float) -> bool:
    """Whether the leg lives on here, or is withdrawn in order; not if it is here already, or too many are."""
    if kept.leg_id in core.legs or len(core.legs) >= core.settings.limits.sessions_max:
        return False
    if isinstance(kept, KeptAttempt):
        return _withdraw(core, kept, now)
    if _is_known(core, kept.dialog):
        return False
    if isinstance(kept, KeptSession):
        InviteSession.adopt(core, kept, _challenge(core, kept.credential), now)
    else:
        invite = parse(kept.invite)
        if not isinstance(invite, Request):
            return False
        InboundInvite.adopt(core, kept, invite, now)
    # Our numbers have leapt; should they not be written down before the next death, they would be used again.
    core.outputs.append(LegChanged(kept.leg_id))
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
