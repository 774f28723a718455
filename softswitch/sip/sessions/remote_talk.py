"""Asking a phone that rings to pick up (the event package "talk" of BroadSoft's access device extensions).

A phone that does so when it is asked says "Allow-Events: talk" in its 18x: Yealink, Polycom, Snom, Grandstream and
others, where it is switched on. It is asked by a NOTIFY without a body within the early dialog, which is subscribed to
the event by the INVITE itself; it answers 200, and then the INVITE. One that does not say so would refuse, or be
silent.
"""

from softswitch.base.address import Flow
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Response
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.notifying import Notice, Notifying

TALK = "talk"


class Ringing:
    """One of the parties reached, as its last 18x has described it."""

    __slots__ = ("flow", "response")

    def __init__(self, response: Response, flow: Flow) -> None:
        self.response = response
        self.flow = flow


def announces_talk(response: Response) -> bool:
    """Whether who sent it would pick up when asked, and can be asked: within a dialog."""
    if response.get("allow-events") is None or not response.to.tag or response.get("contact") is None:
        return False
    return any(event.lower() == TALK for event in response.get_all("allow-events"))


def ask_to_talk(core: SipCore, dialog: Dialog, challenge: ChallengeReply | None, now: float) -> None:
    """What comes of it the answer to the INVITE tells."""
    Notifying(core, dialog, TALK, challenge, _refused).notify(Notice("active"), now)


def _refused() -> None:
    """It goes on ringing."""
