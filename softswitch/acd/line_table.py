"""The lines that wait, as two columns an agent's question is answered from in one look.

`orders` uint8[agents, slots] says whether an agent serves a line (0: not) and, of the lines he serves, which he serves
first (1). `channel` intp[slots] is the channel of a line, and the roster says for which of them an agent is free.
`head_key` float64[slots] holds the key of each line's first contact, infinity for an empty line. A freed agent takes
the smallest head of the lowest order. The columns have their full width from the start (untouched, it costs
no memory); only the slots below `_used` have ever been looked at.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.model import ORDER_MIN
from softswitch.acd.skills import Mask
from softswitch.acd.waiting import Contact, Line
from softswitch.base.ids import AgentId


class LineTable:
    """The open lines of one roster."""

    __slots__ = ("_channel", "_free_slots", "_head_key", "_lines", "_orders", "_used")

    def __init__(self, agents: int, slots: int) -> None:
        self._lines: list[Line | None] = [None] * slots
        self._free_slots = list(reversed(range(slots)))
        self._used = 0
        self._head_key: NDArray[np.float64] = np.full(slots, np.inf)
        self._channel: NDArray[np.intp] = np.zeros(slots, np.intp)
        self._orders: NDArray[np.uint8] = np.zeros((agents, slots), np.uint8)

    def open(self, line: Line, orders: NDArray[np.uint8] | int) -> None:
        """Take up a line; `orders` is that of each agent, or that of all."""
        if not self._free_slots:
            self._widen()
        line.slot = self._free_slots.pop()
        self._used = max(self._used, line.slot + 1)
        self._orders[line.rows, line.slot] = orders if isinstance(orders, int) else orders[line.rows]
        self._channel[line.slot] = line.channel.row
        self._lines[line.slot] = line

    def close(self, line: Line) -> None:
        """Nobody waits in the line, nor will."""
        self._orders[line.rows, line.slot] = 0
        self._head_key[line.slot] = np.inf
        self._lines[line.slot] = None
        self._free_slots.append(line.slot)
        line.slot = -1

    def show(self, line: Line) -> None:
        """The line's first contact may be another one."""
        self._head_key[line.slot] = line.first_key()

    def first_for(self, row: int, agent_id: AgentId, is_free: Mask, *, by_order: bool) -> tuple[int, Contact] | None:
        """The contact this agent takes next, with the order of its line.

        `is_free` bool[channels] says for which he is, `by_order` whether he serves some lines before others.
        """
        used = self._used
        if not used:
            return None
        orders = self._orders[row, :used]
        keys = np.where((orders > 0) & is_free[self._channel[:used]], self._head_key[:used], np.inf)
        order = ORDER_MIN
        if by_order:
            waiting = keys < np.inf
            if not waiting.any():
                return None
            order = int(orders[waiting].min())
            keys[orders != order] = np.inf
        oldest = keys[keys.argmin()]
        if oldest == np.inf:
            return None
        heads = [self._head(slot) for slot in (keys == oldest).nonzero()[0].tolist()]
        if any(head.shunned_by == agent_id for head in heads):
            return self._first_not_shunned(row, agent_id, is_free)
        return order, min(heads, key=lambda head: head.serial)

    def _head(self, slot: int) -> Contact:
        line = self._lines[slot]
        assert line is not None
        head = line.first()
        assert head is not None
        return head

    def _first_not_shunned(self, row: int, agent_id: AgentId, is_free: Mask) -> tuple[int, Contact] | None:
        orders = self._orders[row]
        is_open = (orders > 0) & (self._head_key < np.inf) & is_free[self._channel]
        slots: list[int] = is_open.nonzero()[0].tolist()
        firsts = [
            (int(orders[slot]), first)
            for slot in slots
            if (line := self._lines[slot]) is not None and (first := line.first_for(agent_id)) is not None
        ]
        return min(firsts, key=lambda found: (found[0], found[1].order), default=None)

    def _widen(self) -> None:
        """All slots are taken, and a contact goes on to another stage."""
        size = len(self._lines)
        self._lines += [None] * size
        self._free_slots = list(reversed(range(size, 2 * size)))
        self._head_key = np.concatenate([self._head_key, np.full(size, np.inf)])
        self._channel = np.concatenate([self._channel, np.zeros(size, np.intp)])
        self._orders = np.concatenate([self._orders, np.zeros_like(self._orders)], axis=1)
