"""Takes back the legs another process has kept (kept.py)."""

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptCredential, KeptLeg, text_of
from softswitch.sip.sessions.invite_session import InviteSession


def adopt(core: SipCore, kept: KeptLeg, now: float) -> bool:
    """Whether the leg lives on here; not if it is here already, or too many are."""
    if kept.leg_id in core.legs or len(core.legs) >= core.settings.limits.sessions_max:
        return False
    dialog = kept.dialog
    if (text_of(dialog.call_id), text_of(dialog.local_tag), text_of(dialog.remote_tag)) in core.dialogs:
        return False
    InviteSession.adopt(core, kept, _challenge(core, kept.credential), now)
    return True


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
