"""In which line each contact stands who waits: that of its queue, its wishes and the stage it has come to.

The lines of contacts without wishes of their own are opened beforehand where they are likely to be needed, and stay
open. Others open with their first contact and close with their last. Who waits for one agent alone stands in a line
beside the table, which only that agent looks at.
"""

from collections.abc import Collection, Iterable
from math import inf

import numpy as np

from softswitch.acd.doing import ABSENT, is_anybody_without
from softswitch.acd.limits import LINES_MAX
from softswitch.acd.line_table import LineTable
from softswitch.acd.model import Channel
from softswitch.acd.skills import Roster
from softswitch.acd.steps import NO_WISHES, Plan, is_flat, next_opening, plan
from softswitch.acd.waiting import Contact, Line, QueueRecord
from softswitch.base.ids import AgentId

SLOTS_AT_FIRST = 64
"""Width of the table of lines beyond two a queue; narrow rows stay in the cache, and it widens by itself."""

UNLISTED_MAX = 4
"""Lines kept out of the table until an agent looks at it: entering all at once must not make him wait."""


class Lines:
    """The lines of `queues` against one roster. A new configuration makes new ones."""

    __slots__ = ("_extra_lines", "_led", "_personal", "_table", "_unlisted", "roster")

    def __init__(self, roster: Roster, queues: Collection[QueueRecord]) -> None:
        self.roster = roster
        self._table = LineTable(len(roster), SLOTS_AT_FIRST + 2 * len(queues))
        self._extra_lines = 0
        self._led: Contact | None = None
        """Who has come to a line and does not stand in it (yet)."""
        self._personal: dict[AgentId, list[Line]] = {}
        self._unlisted: list[Line] = []
        """Lines that are not in the table yet: many have closed again before an agent looks at it."""
        for queue in queues:
            queue.lines.clear()
            queue.plans.clear()
            self._make_plan(queue)
        self._open_likely_lines(queues)

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
        self.lead(contact, now)
        self.stand(contact)

    def lead(self, contact: Contact, now: float) -> None:
        """The contact comes to the line of its stage: now it is known who may serve it.

        Most are served at once, without all that it takes to `stand` in a line; so that is for those who are not.
        """
        line = None if contact.preferred_until is None else self._personal_line(contact, now)
        if line is None:
            followed = self._followed(contact)
            self._advance(contact, followed, now)
            delays_passed = followed.delays_passed(contact.entered_at, now) if followed.delays_s else 0
            line = self._line_at(contact.queue, contact.channel, followed, contact.step, delays_passed)
        contact.line = line
        self._led = contact
        if line.plan is None:
            self.stand(contact)

    def stand(self, contact: Contact) -> None:
        """The contact, which has come to its line, waits there, unless it does already."""
        if contact is self._led:
            self._led = None
            line = contact.line
            assert line is not None
            plan_ = line.plan
            if plan_ is not None and not line.entries and line.key not in line.queue.lines:
                self._open(line, plan_)
            is_first = line.add(contact)
            if plan_ is not None:
                plan_.waiting += 1
                if is_first and line.slot >= 0:
                    self._table.show(line)

    def put_back(self, contact: Contact, delays_passed: int | None) -> None:
        """The contact stands in the line it stood in before a restart, whatever the time; None: its agent's."""
        if delays_passed is None:
            assert contact.preferred_agent_id is not None
            contact.line = self._line_of(contact, contact.preferred_agent_id)
        else:
            followed = self._followed(contact)
            contact.line = self._line_at(contact.queue, contact.channel, followed, contact.step, delays_passed)
        self._led = contact
        self.stand(contact)

    def remove(self, contact: Contact) -> None:
        """The contact waits no more."""
        line = contact.line
        assert line is not None
        if contact is self._led:
            contact.line = self._led = None
            return
        was_first = line.remove(contact)
        contact.line = None
        if line.plan is not None:
            line.plan.waiting -= 1
        if was_first:
            if len(line) == 0 and line.plan is not line.queue.own_plan:
                self._close(line)
            elif line.slot >= 0:
                self._table.show(line)

    def next_opening(self, contact: Contact, now: float) -> float | None:
        """When this waiting contact goes on to another stage by itself, or None."""
        line = contact.line
        assert line is not None
        if line.plan is None:
            return None if line.is_assigned else contact.preferred_until
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
                    is_stranded = not is_anybody_without(self.roster.doing[line.rows], ABSENT)
                else:
                    is_stranded = line.plan.is_void(self.roster, line.step)
                if is_stranded:
                    left += line.contacts()
        left.sort(key=lambda contact: contact.order)
        return left

    # Opening and closing

    def _personal_line(self, contact: Contact, now: float) -> Line | None:
        """The line of the agent it is kept for; None once it is kept no longer."""
        until, agent_id = contact.preferred_until, contact.preferred_agent_id
        if until is None or agent_id is None:
            return None
        row = self.roster.row_of.get(agent_id)
        if row is None or now >= until or self.roster.doing_of[row] & ABSENT or contact.shunned_by == agent_id:
            contact.preferred_until = None
            if contact.step_since is None:
                contact.step_since = min(until, now)
            return None
        return self._line_of(contact, agent_id)

    def _line_of(self, contact: Contact, agent_id: AgentId) -> Line:
        queue, channel = contact.queue, contact.channel
        is_assigned = contact.preferred_until == inf
        key = (channel.row, agent_id, is_assigned)
        line = queue.lines.get(key)
        if line is None:
            rows, ranks = np.array([self.roster.row_of[agent_id]]), np.zeros(1, np.uint8)
            line = Line(queue, channel, key, None, 0, queue.settings.strategy, rows, ranks, True, is_assigned)
            queue.lines[line.key] = line
            self._personal.setdefault(agent_id, []).append(line)
        return line

    def _followed(self, contact: Contact) -> Plan:
        queue, wishes = contact.queue, contact.wishes
        return queue.plans.get(wishes) or queue.own_plan.narrowed(self.roster, wishes)

    def _open_likely_lines(self, queues: Collection[QueueRecord]) -> None:
        """Those of all steps, for calls, while slots are left for others: a decision need not wait for them then."""
        left = SLOTS_AT_FIRST // 2 + 2 * len(queues)
        for queue in queues:
            steps = () if queue.own_plan.delays_s else range(queue.own_plan.last_step + 1)
            for step in steps[:left]:
                self._line_at(queue, Channel.VOICE, queue.own_plan, step, 0)
                left -= 1
        self._list_lines()

    def _line_at(self, queue: QueueRecord, channel: Channel, followed: Plan, step: int, delays_passed: int) -> Line:
        key = (channel.row, followed.wishes, step, delays_passed)
        line = queue.lines.get(key)
        if line is None:
            rows, ranks = followed.opened(step, delays_passed)
            strategy = followed.steps[step].strategy or queue.settings.strategy
            is_plain = followed.is_flat or is_flat(ranks)
            line = Line(queue, channel, key, followed, step, strategy, rows, ranks, is_plain)
            if followed is queue.own_plan:
                self._open(line, followed)
        return line

    def _open(self, line: Line, followed: Plan) -> None:
        queue = line.queue
        queue.lines[line.key] = line
        self._unlisted.append(line)
        if len(self._unlisted) > UNLISTED_MAX:
            self._list(self._unlisted.pop(0))
        if followed is not queue.own_plan:
            queue.plans[followed.wishes] = followed
            self._extra_lines += 1

    def _list_lines(self) -> None:
        while self._unlisted:
            self._list(self._unlisted.pop())

    def _list(self, line: Line) -> None:
        self._table.open(line, self.roster.orders(line.queue.settings.queue_id))
        self._table.show(line)

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
        if line.slot >= 0:
            self._table.close(line)
        else:
            self._unlisted.remove(line)
        if line.plan is not queue.own_plan:
            self._extra_lines -= 1
            if line.plan.waiting == 0:
                queue.plans.pop(line.plan.wishes, None)
