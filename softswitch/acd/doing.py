"""What an agent is doing, as one number: the column of the roster by which questions about many agents are answered.

The low byte has a bit for each thing for which a queue may not count him (`presence`), and one for being absent, with
which nobody counts. Above it stands a `Condition`, for explanations. The number of one agent is `AgentMachine.doing`.
"""

import sys
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.model import AgentState, BusyKind

PAUSED, IN_USE, RINGING, UNAVAILABLE, UNKNOWN, WRAPPING_UP, ABSENT = (1 << bit for bit in range(7))
OFF_DUTY = PAUSED | UNAVAILABLE | ABSENT
"""Whoever has none of these takes contacts, now or after what he is in."""

BITS = 0xFF
_CONDITION = 8
"""Where it begins."""


class Condition(IntEnum):
    """Why an agent is not free. The order is stored: only ever append."""

    LOGGED_OUT = 0
    NOT_READY = 1
    NO_PHONE = 2
    RESERVED = 3
    ON_CONTACT = 4
    ON_DIRECT_CALL = 5
    ON_OUTBOUND_CALL = 6
    ON_OTHER_CALL = 7
    WRAP_UP = 8
    READY = 9
    """Free, unless what he does in another channel keeps him from this one."""
    SITE_FULL = 10
    """Free, but his site carries as many calls as it can: of a contact that waits for a call, in no column."""


CONDITIONS = len(Condition)


def _number(condition: Condition, bits: int = 0) -> int:
    return condition << _CONDITION | bits


IN_STATE: dict[AgentState, int] = {
    AgentState.LOGGED_OUT: _number(Condition.LOGGED_OUT),
    AgentState.NOT_READY: _number(Condition.NOT_READY),
    AgentState.READY: _number(Condition.READY),
    AgentState.RESERVED: _number(Condition.RESERVED, RINGING),
    AgentState.WRAP_UP: _number(Condition.WRAP_UP, WRAPPING_UP),
}
"""All states but BUSY."""

IN_CALL: dict[BusyKind | None, int] = {
    BusyKind.ACD: _number(Condition.ON_CONTACT, IN_USE),
    BusyKind.DIRECT_IN: _number(Condition.ON_DIRECT_CALL, IN_USE),
    BusyKind.OUTBOUND: _number(Condition.ON_OUTBOUND_CALL, IN_USE),
    BusyKind.OTHER: _number(Condition.ON_OTHER_CALL, IN_USE),
    None: _number(Condition.ON_OTHER_CALL, IN_USE),
}
NO_PHONE = _number(Condition.NO_PHONE)
"""READY, but nothing can ring."""


def condition(doing: int) -> int:
    """The `Condition` in one agent's number."""
    return doing >> _CONDITION


def conditions_in(doing: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The conditions in a column of numbers: a view of the same memory."""
    return doing.view(np.uint8)[int(sys.byteorder == "little") :: 2]


def count_conditions(conditions: NDArray[np.uint8]) -> list[int]:
    """How many are in each `Condition`."""
    counts: list[int] = np.bincount(conditions, minlength=CONDITIONS).tolist()
    return counts


def is_anybody_without(doing: NDArray[np.uint16], bits: int) -> bool:
    """Whether one of these agents has none of these bits."""
    return int(np.count_nonzero(doing & bits)) < len(doing)
