"""How scanners are known: by the name they give themselves, and, once that is changed, by the shape of their messages.

Only strangers are looked at, and only what costs nothing to read. A shape is a combination that no phone has: numbers
made by a random generator where phones put words, addresses from the examples of a scanner's source.
"""

import re

from softswitch.sip.messages.message import Request

SAMPLE_ADDRESSES = ("@1.1.1.1", "@10.0.0.1.invalid")
"""In From or Contact: the constants of SIPVicious."""
NAMES = ("sipvicious", "friendly-scanner", "sipcli", "sipscan", "smap")
"""In From's display name or user."""
CALL_ID_OF_DIGITS = re.compile(r"[0-9]{1,40}")
LONG_DIGITS = 16
BRANCH_OF_DIGITS = re.compile(r"branch=z9hG4bK-[0-9]{1,10}(?:;|\Z)")
TAG_OF_HEX_TEXT = re.compile(r";tag=(?:[2-7][0-9a-f])+01(?:3[0-9]){3,}(?:;|\Z)")
"""Text in hexadecimal: the scanner finds out by it which request an answer is for."""


def fingerprint(request: Request, scanners: tuple[str, ...]) -> str:
    """What gives a scanner away, for the log; "" for everybody else."""
    user_agent = request.get("user-agent")
    if user_agent is not None and names_scanner(user_agent, scanners):
        return user_agent
    sender, contact = request.get("from") or "", request.get("contact") or ""
    if any(address in sender or address in contact for address in SAMPLE_ADDRESSES):
        return "an address of a scanner's examples"
    lower = sender.lower()
    if any(name in lower for name in NAMES):
        return "a scanner's name in From"
    call_id = request.get("call-id") or ""
    if CALL_ID_OF_DIGITS.fullmatch(call_id):
        shapes = (
            len(call_id) >= LONG_DIGITS,
            BRANCH_OF_DIGITS.search(request.get("via") or "") is not None,
            TAG_OF_HEX_TEXT.search(sender) is not None,
        )
        if sum(shapes) > 1:
            return "the shape of a scanner's requests"
    return ""


def names_scanner(user_agent: str, scanners: tuple[str, ...]) -> bool:
    lower = user_agent.lower()
    return any(scanner in lower for scanner in scanners)
