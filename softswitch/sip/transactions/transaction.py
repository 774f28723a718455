"""What the four transaction machines have in common: their outputs.

Each machine is a core of its own: network and user put something in, `take_outputs()` gives one ordered list of
bytes to send, responses for the user (clients only) and facts. The machines know neither addresses nor dialogs;
`TransactionTable` finds the one a message belongs to, runs its timers and carries out what it says.
"""

from enum import Enum
from typing import Protocol


class Timed(Protocol):
    """Something with a deadline in the endpoint's one heap."""

    def handle_timeout(self, now: float) -> None: ...


class Symbol(Enum):
    """Names in the tables of the machines. Enum's own hash, of the name, takes a call in Python with each look-up."""

    __hash__ = object.__hash__


class Fact(Enum):
    """What a transaction tells its user or its table."""

    TIMED_OUT = "timed out"
    """The peer never answered (Timers B, F), or never acknowledged (Timer H)."""
    BROKEN = "broken"
    """The transport failed before there was a final response."""
    ACKED = "acked"
    """The ACK came for what we answered to an INVITE."""
    ENDED = "ended"
    """Nothing more will come of it: forget it."""
