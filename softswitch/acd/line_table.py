"""The lines that wait, as two columns an agent's question is answered from in one look.

`orders` uint8[agents, slots] says whether an agent serves a line (0: not) and, of the lines he serves, which he serves
first (1). `channel` intp[slots] is the channel of a line, and the roster says for which of them an agent is free.
`head_key` float64[slots] holds the key of each line's first contact, infinity for an empty line. A freed agent takes
the smallest head of the lowest order. The columns widen when all slots are taken; only those below `_used` have ever
been looked at.
"""

from collections.abc import Iterator
from math import inf

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.channels import FreeFor
from softswitch.acd.columns import floats
from softswitch.acd.model import ORDER_MAX, Channel
from softswitch.acd.skills import Rows
from softswitch.acd.waiting import Contact, Line
from softswitch.base.ids import AgentId

_VOICE = Channel.VOICE.row

_FEW = 16
"""So many lines are looked at faster one by one than by operations on arrays."""
_CELLS_AT_ONCE = 20_000
"""Of the table, looked at in some ten microseconds."""


class LineTable:
    """The open lines of one roster."""

    __slots__ = ("_channel", "_free_slots", "_head_key", "_heads", "_is_of_voice_alone", "_lines", "_orders", "_used")

    def __init__(self, agents: int, slots: int) -> None:
        self._lines: list[Line | None] = [None] * slots
        self._free_slots = list(reversed(range(slots)))
        self._used = 0
        self._is_of_voice_alone = True
        """No line of another channel has been opened yet: one thing less to look at."""
        self._head_key: NDArray[np.float64] = np.full(slots, np.inf)
        self._heads = floats(self._head_key)
        self._channel: NDArray[np.intp] = np.zeros(slots, np.intp)
        self._orders: NDArray[np.uint8] = np.zeros((agents, slots), np.uint8)

    def open(self, line: Line, orders: NDArray[np.uint8] | int) -> None:
        """Take up a line; `orders` is that of each agent, or that of all."""
        if not self._free_slots:
            self._widen()
        line.slot = self._free_slots.pop()
        order_of, former = self._orders[:, line.slot], self._lines[line.slot]
        if former is not None:
            order_of[former.rows] = 0
        order_of[line.rows] = orders if isinstance(orders, int) else orders[line.rows]
        self._used = max(self._used, line.slot + 1)
        self._channel[line.slot] = line.channel.row
        self._is_of_voice_alone &= line.channel is Channel.VOICE
        self._lines[line.slot] = line

    def close(self, line: Line) -> None:
        """Nobody waits in the line, nor will.

        Who serves it stays written down until another line takes the slot: an agent has just been given its last
        contact, and need not wait for that.
        """
        self._heads[line.slot] = inf
        self._free_slots.append(line.slot)
        line.slot = -1

    def show(self, line: Line) -> None:
        """The line's first contact is another one."""
        self._heads[line.slot] = line.first_key()

    def first_for(self, row: int, agent_id: AgentId, free_for: FreeFor, *, by_order: bool) -> Contact | None:
        """The contact this agent takes next; `by_order` says whether he serves some lines before others."""
        slots, keys = self._open_to(row, free_for, by_order=by_order)
        if by_order:
            places = _oldest_by_order(keys, self._orders[row][slots])
        else:
            places = _oldest_of_few(keys.tolist()) if slots.size <= _FEW else _oldest_of_many(keys)
        if not places:
            return None
        head = self._head(slots.item(places[0]))
        if len(places) == 1 and head.shunned_by != agent_id:
            return head
        for other in [self._head(slots.item(place)) for place in places]:
            if other.shunned_by == agent_id:
                return self._first_not_shunned(row, agent_id, free_for)
            if other.serial < head.serial:
                head = other
        return head

    def has_lines_of(self, channel: Channel) -> bool:
        """Whether there may be a line of this channel."""
        return channel is Channel.VOICE or not self._is_of_voice_alone

    def lines_for_any(self, rows: Rows, channel: Channel) -> Iterator[Line]:
        """The lines of this channel in which somebody waits and that one of these agents serves, by their heads.

        As mostly the first is wanted, a few are asked who serves them; the others are looked up some at a time.
        """
        keys = self._head_key[: self._used].copy()
        if not self._is_of_voice_alone:
            keys[self._channel[: self._used] != channel.row] = inf
        is_one_of_them = np.zeros(len(self._orders), np.bool_)
        is_one_of_them[rows] = True
        for _ in range(min(_FEW, keys.size)):
            slot = int(keys.argmin())
            line = self._lines[slot]
            if keys.item(slot) == inf or line is None:
                return
            if is_one_of_them[line.rows].any():
                yield line
            keys[slot] = inf
        slots = np.isfinite(keys).nonzero()[0]
        slots = slots[keys[slots].argsort(kind="stable")]
        at_once = max(8, _CELLS_AT_ONCE // rows.size)
        for begin in range(0, slots.size, at_once):
            some = slots[begin : begin + at_once]
            served: list[int] = some[self._orders[np.ix_(rows, some)].any(axis=0)].tolist()
            for slot in served:
                line = self._lines[slot]
                assert line is not None
                yield line

    def _open_to(self, row: int, free_for: FreeFor, *, by_order: bool = True) -> tuple[Rows, NDArray[np.float64]]:
        """The slots of the lines he serves, and the keys of their heads; infinity where he is not free for it."""
        if self._is_of_voice_alone and _VOICE not in free_for:
            return self._channel[:0], self._head_key[:0]
        orders = self._orders[row, : self._used]
        serves = orders.astype(np.bool_) if by_order else orders.view(np.bool_)  # who has no orders has ones and zeros
        slots = serves.nonzero()[0]
        if self._is_of_voice_alone:
            return slots, self._head_key[slots]
        is_free = np.zeros(len(Channel), np.bool_)
        is_free[list(free_for)] = True
        return slots, np.where(is_free[self._channel[slots]], self._head_key[slots], inf)

    def _head(self, slot: int) -> Contact:
        line = self._lines[slot]
        assert line is not None
        head = line.first()
        assert head is not None
        return head

    def _first_not_shunned(self, row: int, agent_id: AgentId, free_for: FreeFor) -> Contact | None:
        slots, keys = self._open_to(row, free_for)
        waiting: list[int] = slots[keys < np.inf].tolist()
        firsts = [
            (self._orders.item(row, slot), first.key, first.serial, first)
            for slot in waiting
            if (line := self._lines[slot]) is not None and (first := line.first_for(agent_id)) is not None
        ]
        return min(firsts)[-1] if firsts else None

    def _widen(self) -> None:
        """All slots are taken, and a contact goes on to another stage."""
        size = len(self._lines)
        self._lines += [None] * size
        self._free_slots = list(reversed(range(size, 2 * size)))
        self._head_key = np.concatenate([self._head_key, np.full(size, np.inf)])
        self._heads = floats(self._head_key)
        self._channel = np.concatenate([self._channel, np.zeros(size, np.intp)])
        self._orders = np.concatenate([self._orders, np.zeros_like(self._orders)], axis=1)


def _oldest_of_few(keys: list[float]) -> list[int]:
    """Where the smallest key is: in more than one place if several are equal, nowhere if nobody waits."""
    oldest = min(keys, default=inf)
    if oldest == inf:
        return []
    if keys.count(oldest) == 1:
        return [keys.index(oldest)]
    return [place for place, key in enumerate(keys) if key == oldest]


def _oldest_of_many(keys: NDArray[np.float64]) -> list[int]:
    """The same."""
    first = int(keys.argmin())  # of equal ones the first
    oldest, behind = keys.item(first), keys[first + 1 :]
    if oldest == inf:
        return []
    if not behind.size or behind.item(behind.argmin()) > oldest:
        return [first]
    places: list[int] = (keys == oldest).nonzero()[0].tolist()
    return places


def _oldest_by_order(keys: NDArray[np.float64], orders: NDArray[np.uint8]) -> list[int]:
    """The same of the lines of the lowest order in which somebody waits."""
    if not keys.size or keys.item(keys.argmin()) == inf:
        return []
    if orders.size > _FEW:
        of_lowest = _where(orders, orders.item(orders.argmin()))
        places = _oldest_of_many(keys[of_lowest])
        if places:
            return [of_lowest.item(place) for place in places]
    return _oldest_by_order_of_few(keys.tolist(), orders.tolist())


def _where(orders: NDArray[np.uint8], order: int) -> Rows:
    """Where this order is. A comparison of arrays would do, but code of numpy's that is seldom run takes long."""
    is_it = orders.tobytes().translate(bytes(order) + b"\1" + bytes(255 - order))
    return np.frombuffer(is_it, np.bool_).nonzero()[0]


def _oldest_by_order_of_few(keys: list[float], orders: list[int]) -> list[int]:
    lowest, oldest, places = ORDER_MAX + 1, inf, list[int]()
    for place, key in enumerate(keys):
        if key < inf:
            order = orders[place]
            if order < lowest or (order == lowest and key < oldest):
                lowest, oldest, places = order, key, [place]
            elif order == lowest and key == oldest:
                places.append(place)
    return places
