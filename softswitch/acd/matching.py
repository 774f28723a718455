"""Who fits whom, decided at once: the oldest contact for an agent, an agent for a contact.

Three small tables answer both questions without a walk over contacts or agents. `serves` bool[agents, slots] says
which agent may serve which line; `channel` intp[slots] is the channel of a line, and the roster says for which of them
an agent is free; `head_key` float64[slots] holds the key of each line's first contact, infinity for an empty line. A
freed agent takes the smallest head among his lines, whatever queue it is in. A contact takes the agent its queue's
strategy picks from those able to serve its line, whatever else they serve.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.limits import LINES_MAX
from softswitch.acd.model import Channel, Skills
from softswitch.acd.skills import Mask, Roster, Rows
from softswitch.acd.strategies import STRATEGIES
from softswitch.acd.waiting import Contact, Line, LineKey, QueueRecord
from softswitch.base.ids import AgentId


class Matching:
    """The lines of `queues` against one roster. A new configuration makes a new one.

    Each queue has its own line from the start, for contacts without requirements of their own. Others open with their
    first contact and close with their last. The tables have their full width from the start (untouched, it costs no
    memory); only the slots below `_used` have ever been looked at.
    """

    __slots__ = ("_channel", "_extra_lines", "_free_slots", "_head_key", "_lines", "_serves", "_used", "roster")

    def __init__(self, roster: Roster, queues: Collection[QueueRecord]) -> None:
        size = len(queues) + LINES_MAX
        self.roster = roster
        self._lines: list[Line | None] = [None] * size
        self._free_slots = list(reversed(range(size)))
        self._used = 0
        self._extra_lines = 0
        self._head_key: NDArray[np.float64] = np.full(size, np.inf)
        self._channel: NDArray[np.intp] = np.zeros(size, np.intp)
        self._serves: NDArray[np.bool_] = np.zeros((len(roster), size), np.bool_)
        for queue in queues:
            queue.lines.clear()
            rows = roster.able(queue.settings).nonzero()[0]
            queue.own_line = self._open(queue, {}, Channel.VOICE, rows)

    # Lines

    def has_room_for(self, queue: QueueRecord, skills: Skills, channel: Channel) -> bool:
        """Whether a new contact of this channel with these extra requirements may be added."""
        return self._extra_lines < LINES_MAX or _key(skills, channel) in queue.lines

    def close_queue(self, queue: QueueRecord) -> None:
        """A queue is gone; nobody waits in it."""
        self._close(queue.own_line)

    def add(self, contact: Contact) -> Line:
        """The contact waits from now on, in its old place if it had one."""
        queue = contact.queue
        line = queue.lines.get(_key(contact.skills, contact.channel))
        if line is None:
            rows = self.roster.most_able(queue.own_line.rows, contact.skills)
            line = self._open(queue, contact.skills, contact.channel, rows)
            self._extra_lines += 1
        line.add(contact)
        contact.line = line
        self._head_key[line.slot] = line.first_key()
        return line

    def remove(self, contact: Contact) -> None:
        """The contact waits no more."""
        line = contact.line
        assert line is not None
        line.remove(contact)
        contact.line = None
        if len(line) == 0 and line is not line.queue.own_line:
            self._close(line)
            self._extra_lines -= 1
        else:
            self._head_key[line.slot] = line.first_key()

    def serves(self, row: int, line: Line) -> bool:
        """Whether the agent of this row may serve the line."""
        return bool(self._serves[row, line.slot])

    def lines_for(self, agent_id: AgentId) -> int:
        """In how many lines somebody waits whom this agent serves."""
        open_to_him = self._open_to(self.roster.row_of[agent_id])
        return int(np.count_nonzero(open_to_him & (self._head_key[: self._used] < np.inf)))

    # Decisions

    def agents_for(self, contact: Contact) -> list[AgentId]:
        """The available agents to alert for this waiting contact now: mostly one, or none."""
        line = contact.line
        assert line is not None
        rows = line.rows
        if contact.shunned_by is not None:
            rows = rows[rows != self.roster.row_of.get(contact.shunned_by, -1)]
        chosen = STRATEGIES[line.queue.settings.strategy](self.roster, rows, line.channel)
        return [self.roster.agent_ids[row] for row in chosen]

    def contact_for(self, agent_id: AgentId) -> Contact | None:
        """The oldest contact over all queues this agent serves, of a channel he is free for, or None."""
        if not self._used:
            return None
        row = self.roster.row_of[agent_id]
        open_to_him = self._open_to(row)
        keys = np.where(open_to_him, self._head_key[: self._used], np.inf)
        oldest = keys[keys.argmin()]
        if oldest == np.inf:
            return None
        heads = [self._head(slot) for slot in (keys == oldest).nonzero()[0].tolist()]
        if any(head.shunned_by == agent_id for head in heads):
            return self._oldest_not_shunned(agent_id, open_to_him)
        return min(heads, key=lambda head: head.serial)

    def alerted_with(self, agent_id: AgentId, contact: Contact) -> list[AgentId]:
        """Whom to alert for the contact that the agent, who is free, is given: him, or with `ring_all` everybody."""
        return self.agents_for(contact) if contact.queue.settings.strategy == "ring_all" else [agent_id]

    def _head(self, slot: int) -> Contact:
        line = self._lines[slot]
        assert line is not None
        head = line.first()
        assert head is not None
        return head

    def _open_to(self, row: int) -> Mask:
        """The lines he may serve and is free for: bool[slots in use]."""
        is_free = self.roster.available_since[:, row] < np.inf
        return self._serves[row, : self._used] & is_free[self._channel[: self._used]]

    def _oldest_not_shunned(self, agent_id: AgentId, open_to_him: Mask) -> Contact | None:
        slots: list[int] = (open_to_him & (self._head_key[: self._used] < np.inf)).nonzero()[0].tolist()
        lines = [line for slot in slots if (line := self._lines[slot]) is not None]
        firsts = [first for line in lines if (first := line.first_for(agent_id)) is not None]
        return min(firsts, key=lambda contact: contact.order, default=None)

    # Slots

    def _open(self, queue: QueueRecord, skills: Skills, channel: Channel, rows: Rows) -> Line:
        if not self._free_slots:
            self._widen()
        slot = self._free_slots.pop()
        self._used = max(self._used, slot + 1)
        line = Line(queue, skills, channel, slot=slot, rows=rows)
        self._serves[rows, slot] = True
        self._channel[slot] = channel.row
        self._lines[slot] = line
        queue.lines[_key(skills, channel)] = line
        return line

    def _close(self, line: Line) -> None:
        del line.queue.lines[_key(line.skills, line.channel)]
        self._serves[line.rows, line.slot] = False
        self._head_key[line.slot] = np.inf
        self._lines[line.slot] = None
        self._free_slots.append(line.slot)

    def _widen(self) -> None:
        """All slots are taken and a contact returns from a reservation, whose line was closed meanwhile."""
        size = len(self._lines)
        self._lines += [None] * size
        self._free_slots = list(reversed(range(size, 2 * size)))
        self._head_key = np.concatenate([self._head_key, np.full(size, np.inf)])
        self._channel = np.concatenate([self._channel, np.zeros(size, np.intp)])
        self._serves = np.concatenate([self._serves, np.zeros_like(self._serves)], axis=1)


def _key(skills: Skills, channel: Channel) -> LineKey:
    return channel, frozenset(skills.items())
