"""Why a call ends, as an ISDN cause (Q.850): read from Reason headers (RFC 3326), and written.

One side's words are never passed on to the other: a Reason we send has a number and the standard's own text.
"""

import re

from softswitch.sip.messages.message import Message
from softswitch.sip.messages.status import q850_cause

NORMAL_CLEARING = 16

_CAUSE = re.compile(
    r"(SIP|Q\.850)[ \t]*+;(?:.*;)?[ \t]*+cause[ \t]*+=[ \t]*+([0-9]{1,3})(?:[ \t]*+;.*+)?", re.IGNORECASE
)

Q850_TEXTS = {
    1: "Unallocated number",
    2: "No route to network",
    3: "No route to destination",
    16: "Normal call clearing",
    17: "User busy",
    18: "No user responding",
    19: "No answer from user",
    20: "Subscriber absent",
    21: "Call rejected",
    22: "Number changed",
    23: "Redirection to new destination",
    25: "Exchange routing error",
    26: "Non-selected user clearing",
    27: "Destination out of order",
    28: "Invalid number format",
    29: "Facility rejected",
    31: "Normal, unspecified",
    34: "No circuit available",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Switching equipment congestion",
    44: "Requested circuit not available",
    47: "Resource unavailable",
    50: "Requested facility not subscribed",
    55: "Incoming calls barred within CUG",
    57: "Bearer capability not authorized",
    58: "Bearer capability not available",
    63: "Service not available",
    65: "Bearer capability not implemented",
    69: "Requested facility not implemented",
    79: "Service not implemented",
    87: "User not member of CUG",
    88: "Incompatible destination",
    95: "Invalid message",
    102: "Recovery on timer expiry",
    111: "Protocol error",
    127: "Interworking, unspecified",
}


def read_cause(message: Message) -> int:
    """The cause a BYE, CANCEL or failure gives: that of Q.850, else of the SIP status it names; 0 if it gives none."""
    if message.get("reason") is None:
        return 0
    found = [match for value in message.get_all("reason") if (match := _CAUSE.fullmatch(value)) is not None]
    for match in found:
        if match[1].upper() == "Q.850" and 0 < int(match[2]) <= 127:
            return int(match[2])
    for match in found:
        if match[1].upper() == "SIP" and 200 <= int(match[2]) <= 699:
            return q850_cause(int(match[2]))
    return 0


def cause_text(cause: int) -> str:
    """For people; "" for 0."""
    return Q850_TEXTS.get(cause, f"Cause {cause}") if cause else ""


def reason_value(cause: int) -> str:
    """The value of a Reason header."""
    return f'Q.850;cause={cause};text="{cause_text(cause)}"'
