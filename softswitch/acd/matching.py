"""Who fits whom, decided at once: the oldest contact for an agent, an agent for a contact.

A freed agent takes, of the queues he serves first, the contact with the smallest key, whatever queue it is in; the
table of lines answers that without a walk over contacts. A contact takes an agent from those able to serve its line:
of the free ones those of the lowest rank, and of these the one its strategy picks, whatever else they serve.
"""

from collections.abc import Collection, Iterable

import numpy as np

from softswitch.acd.limits import LINES_MAX
from softswitch.acd.line_table import LineTable
from softswitch.acd.model import StrategyName
from softswitch.acd.skills import Roster, Rows
from softswitch.acd.steps import NO_WISHES, Plan, next_opening, plan
from softswitch.acd.strategies import STRATEGIES
from softswitch.acd.waiting import Contact, Line, QueueRecord
from softswitch.base.ids import AgentId

PREFERRED_AGENT = "preferred_agent"
"""The rule for a contact that is kept for one agent."""


class Matching:
    """The lines of `queues` against one roster. A new configuration makes a new one.

    The lines of contacts without wishes of their own stay open once they have been needed. Others open with their first
    contact and close with their last. Who waits for one agent alone stands in a line beside the table, which only that
    agent looks at.
    """

    __slots__ = ("_extra_lines", "_personal", "_table", "roster")

    def __init__(self, roster: Roster, queues: Collection[QueueRecord]) -> None:
        self.roster = roster
        self._table = LineTable(len(roster), len(queues) + LINES_MAX)
        self._extra_lines = 0
        self._personal: dict[AgentId, list[Line]] = {}
        for queue in queues:
            queue.lines.clear()
            queue.plans.clear()
            self._make_plan(queue)

    # Lines

    def has_room_for(self, queue: QueueRecord, contact: Contact) -> bool:
        """Whether a contact like this one may be added to the queue."""
        return self._extra_lines < LINES_MAX or contact.wishes in queue.plans

    def close_queue(self, queue: QueueRecord) -> None:
        """A queue is gone; nobody waits in it."""
        for line in list(queue.lines.values()):
            self._close(line)
        queue.plans.clear()

    def replan(self, queue: QueueRecord) -> list[Contact]:
        """Who serves the queue has changed: take everybody out of its lines, and return them to be added again."""
        waiting = queue.contacts()
        for contact in waiting:
            self.remove(contact)
        for line in list(queue.lines.values()):
            self._close(line)
        queue.plans.clear()
        self._make_plan(queue)
        return waiting

    def _make_plan(self, queue: QueueRecord) -> None:
        is_rescued = queue.rescue.since is not None
        queue.own_plan = queue.plans[NO_WISHES] = plan(self.roster, queue.settings, with_reserve=is_rescued)

    def add(self, contact: Contact, now: float) -> None:
        """The contact waits from now on, in the line of its stage and in its old place if it had one."""
        line = self._personal_line(contact, now)
        if line is None:
            line = self._staged_line(contact, now)
        line.add(contact)
        contact.line = line
        if line.plan is not None:
            line.plan.waiting += 1
            self._table.show(line)

    def remove(self, contact: Contact) -> None:
        """The contact waits no more."""
        line = contact.line
        assert line is not None
        line.remove(contact)
        contact.line = None
        if line.plan is not None:
            line.plan.waiting -= 1
        if len(line) == 0 and line.plan is not line.queue.own_plan:
            self._close(line)
        elif line.plan is not None:
            self._table.show(line)

    def next_opening(self, contact: Contact, now: float) -> float | None:
        """When this waiting contact goes on to another stage by itself, or None."""
        line = contact.line
        assert line is not None
        if line.plan is None:
            return contact.preferred_until
        return next_opening(
            line.plan,
            step=contact.step,
            step_since=contact.entered_at if contact.step_since is None else contact.step_since,
            entered_at=contact.entered_at,
            now=now,
        )

    def stranded(self, queues: Iterable[QueueRecord]) -> list[Contact]:
        """Who waits for somebody who has just left: in a step that is skipped then, or for one agent alone."""
        left: list[Contact] = []
        for queue in queues:
            for line in queue.lines.values() if queue.waiting else ():
                if line.plan is None:
                    is_stranded = not self.roster.is_logged_in[line.rows].any()
                else:
                    is_stranded = line.plan.is_void(self.roster, line.step)
                if is_stranded:
                    left += line.contacts()
        left.sort(key=lambda contact: contact.order)
        return left

    # Decisions

    def agents_for(self, contact: Contact) -> list[AgentId]:
        """The available agents to alert for this waiting contact now: mostly one, or none."""
        return self.choose_for(contact)[0]

    def choose_for(self, contact: Contact) -> tuple[list[AgentId], Rows]:
        """The same, and the rows of those among whom the strategy had the choice."""
        line = contact.line
        assert line is not None
        rows = line.rows
        if not rows.size:
            return [], rows
        is_free = self.roster.available_since[line.channel.row][rows] < np.inf
        if contact.shunned_by is not None:
            is_free &= rows != self.roster.row_of.get(contact.shunned_by, -1)
        first = int(is_free.argmax())
        if not is_free[first]:
            return [], rows[:0]
        end = np.count_nonzero(line.ranks <= line.ranks[first])
        candidates = rows[first:end][is_free[first:end]]
        chosen = STRATEGIES[self._strategy(line)](self.roster, candidates, line.channel)
        return [self.roster.agent_ids[row] for row in chosen], candidates

    def contact_for(self, agent_id: AgentId) -> Contact | None:
        """The oldest contact of the queues this agent serves first, of a channel he is free for, or None."""
        row = self.roster.row_of[agent_id]
        is_free = self.roster.available_since[:, row] < np.inf
        found = self._table.first_for(row, agent_id, is_free, by_order=bool(self.roster.has_orders[row]))
        for line in self._personal.get(agent_id, ()):
            first = line.first_for(agent_id)
            if first is not None and is_free[line.channel.row]:
                orders = self.roster.orders(line.queue.settings.queue_id)
                order = orders if isinstance(orders, int) else int(orders[row])
                if found is None or (order, first.order) < (found[0], found[1].order):
                    found = order, first
        return None if found is None else found[1]

    def alerted_with(self, agent_id: AgentId, contact: Contact) -> list[AgentId]:
        """Whom to alert for the contact that the agent, who is free, is given: him, or with `ring_all` everybody."""
        assert contact.line is not None
        return self.agents_for(contact) if self._strategy(contact.line) == "ring_all" else [agent_id]

    def rule_for(self, line: Line) -> str:
        """By which rule agents are chosen for the contacts of this line, for the record."""
        return PREFERRED_AGENT if line.plan is None else self._strategy(line)

    def _strategy(self, line: Line) -> StrategyName:
        of_queue = line.queue.settings.strategy
        return of_queue if line.plan is None else line.plan.steps[line.step].strategy or of_queue

    # Opening and closing

    def _personal_line(self, contact: Contact, now: float) -> Line | None:
        """The line of the agent it is kept for; None once it is kept no longer."""
        until, agent_id = contact.preferred_until, contact.preferred_agent_id
        if until is None or agent_id is None:
            return None
        row = self.roster.row_of.get(agent_id)
        if row is None or now >= until or not self.roster.is_logged_in[row] or contact.shunned_by == agent_id:
            contact.preferred_until = None
            contact.step_since = min(until, now)
            return None
        queue, channel = contact.queue, contact.channel
        line = queue.lines.get((channel, agent_id))
        if line is None:
            rows, ranks = np.array([row]), np.zeros(1, np.uint8)
            line = Line(queue, channel, (channel, agent_id), plan=None, step=0, rows=rows, ranks=ranks)
            queue.lines[line.key] = line
            self._personal.setdefault(agent_id, []).append(line)
        return line

    def _staged_line(self, contact: Contact, now: float) -> Line:
        queue, wishes = contact.queue, contact.wishes
        followed = queue.plans.get(wishes)
        if followed is None:
            followed = queue.plans[wishes] = queue.own_plan.narrowed(self.roster, wishes)
        self._advance(contact, followed, now)
        delays_passed = followed.delays_passed(contact.entered_at, now)
        key = (contact.channel, wishes, contact.step, delays_passed)
        line = queue.lines.get(key)
        if line is None:
            rows, ranks = followed.opened(contact.step, delays_passed)
            line = Line(queue, contact.channel, key, plan=followed, step=contact.step, rows=rows, ranks=ranks)
            self._table.open(line, self.roster.orders(queue.settings.queue_id))
            queue.lines[key] = line
            if followed is not queue.own_plan:
                self._extra_lines += 1
        return line

    def _advance(self, contact: Contact, followed: Plan, now: float) -> None:
        """Open every step whose time has come."""
        since = contact.entered_at if contact.step_since is None else contact.step_since
        step = min(contact.step, followed.last_step)
        while step < followed.last_step:
            for_s = followed.steps[step].for_s
            if for_s is not None and since + for_s <= now:
                since += for_s
            elif followed.is_void(self.roster, step):
                since = now
            else:
                break
            step += 1
        contact.step, contact.step_since = step, since

    def _close(self, line: Line) -> None:
        queue = line.queue
        del queue.lines[line.key]
        if line.plan is None:
            agent_id = self.roster.agent_ids[int(line.rows[0])]
            self._personal[agent_id].remove(line)
            if not self._personal[agent_id]:
                del self._personal[agent_id]
            return
        self._table.close(line)
        if line.plan is not queue.own_plan:
            self._extra_lines -= 1
            if line.plan.waiting == 0:
                queue.plans.pop(line.plan.wishes, None)
