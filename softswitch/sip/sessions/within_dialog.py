"""What every leg answers within its dialog without asking anybody, and what it reads from a BYE."""

import re

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.core import ALLOW, CAPABILITIES, SipCore
from softswitch.sip.messages.grammar import QUOTED, unquote
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import InfoReceived
from softswitch.sip.sessions.reliable_provisional import RAck

REASON_TEXT = re.compile(rf"text[ \t]*=[ \t]*({QUOTED})", re.IGNORECASE)


def answer_simply(core: SipCore, leg_id: LegId, request: Request, flow: Flow, now: float) -> None:
    """Answer what needs no decision: INFO is passed on, OPTIONS described; the rest is not for a dialog, or for one
    that is answered: nobody is transferred before."""
    if request.method == "INFO":
        core.answer(request, flow, 200, now)
        core.outputs.append(InfoReceived(leg_id, legible(request.content_type), request.body))
    elif request.method == "OPTIONS":
        core.answer(request, flow, 200, now, headers=CAPABILITIES)
    elif request.method in ("REFER", "NOTIFY"):
        core.answer(request, flow, 403, now)
    elif request.method == "PRACK":
        RAck.of(request)  # raises Malformed, which is 400; of what waits for one the leg knows
        core.answer(request, flow, 481, now)
    else:
        core.answer(request, flow, 405, now, headers=(("allow", ALLOW),))


def read_reason(request: Request) -> str:
    """The text of a Reason header (RFC 3326), else its value; "" if there is none."""
    value = request.get("reason") or ""
    match = REASON_TEXT.search(value)
    return legible(unquote(match[1]) if match else value)
