"""What a reader of events is sent, and why he is sent away."""

from typing import Literal

import msgspec

from softswitch.calls.told.events import Numbered
from softswitch.web.problem import ProblemCode


class EventFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some events, or none as a sign of life. `cursor` is the number to go on after.

    `incomplete`: some that came before these are no longer stored.
    """

    events: list[Numbered]
    cursor: int
    incomplete: bool = False


CloseCode = Literal[4400, 4401, 4403, 4408, 1013, 1011]

CLOSE_CODES: dict[ProblemCode, CloseCode] = {
    "malformed": 4400,
    "invalid": 4400,
    "unauthenticated": 4401,
    "forbidden": 4403,
    "too_many_requests": 1013,
    "busy": 1013,
    "switch_away": 1013,
}
"""RFC 6455 section 7.4: 4000 and above are ours; 1013 is "try again later"."""
TOO_SLOW: CloseCode = 4408
FAILED: CloseCode = 1011
REASON_BYTES_MAX = 120
"""A control frame has 125 bytes, two of them for the code."""


def close_reason(text: str) -> str:
    return text.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
