"""What a check has found."""

from typing import Literal

import msgspec

Subject = Literal["kernel", "ports", "clock", "nat", "certificates", "sounds", "disk", "peers", "switch"]
Level = Literal["good", "warning", "fault"]
"""A fault ends calls, or keeps the switch from starting; with a warning it works less well, or not for ever."""


class Finding(msgspec.Struct, frozen=True):
    """One line. `remedy` says what to do; "" for what is good."""

    subject: Subject
    level: Level
    what: str
    remedy: str = ""
