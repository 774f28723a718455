"""Who fits whom, decided at once: the oldest contact for an agent, an agent for a contact.

A freed agent takes, of the queues he serves first, the contact with the smallest key, whatever queue it is in; the
table of lines answers that without a walk over contacts. A contact takes an agent from those able to serve its line:
of the free ones those of the lowest rank, and of these the one its strategy picks, whatever else they serve.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from math import inf

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.chance import Chance
from softswitch.acd.channels import ON_THE_PHONE, PER_CONTACT_S, FreeFor
from softswitch.acd.lines import Lines
from softswitch.acd.model import ORDER_MIN, Channel, Skills, StrategyName
from softswitch.acd.skills import Roster, Rows
from softswitch.acd.steps import NO_WISHES, Ranks, asked_for, concerns, wished_for
from softswitch.acd.strategies import NOTHING, STRATEGIES, Choice, Since
from softswitch.acd.waiting import Contact, Line, QueueRecord
from softswitch.base.ids import AgentId, QueueId

PREFERRED_AGENT = "preferred_agent"
"""The rule for a contact that is kept for one agent."""


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """Whom a contact takes, of how many who are able and of how many of these who are free; who has been idle for the
    longest time of the others."""

    agent_ids: list[AgentId]
    able: int = 0
    free: int = 0
    runner_up: AgentId | None = None


NOBODY = Chosen([])


class Matching(Lines):
    """Who takes whom, of one roster and those who stand in these lines."""

    __slots__ = ("_asked", "_chance")

    def __init__(self, roster: Roster, queues: Collection[QueueRecord], chance: Chance) -> None:
        super().__init__(roster, queues)
        self._chance = chance
        self._asked: dict[tuple[QueueId, int], tuple[frozenset[str], NDArray[np.uint16]]] = {}
        """The skills a queue asks for in one of its steps, and everybody's levels of them, added up: as far as a
        strategy has wanted to know."""

    def may_serve(self, agent_id: AgentId, queue: QueueRecord) -> bool:
        """Whether the agent serves the queue, be it in its last step."""
        row = self.roster.row_of.get(agent_id)
        return row is not None and bool((queue.own_plan.rows == row).any())

    def set_skills(
        self, agent_id: AgentId, former: Skills, skills: Skills, queues: Iterable[QueueRecord], now: float
    ) -> list[Contact]:
        """An agent has other skills. Returns the contacts for whom that may make a difference, in serving order."""
        row = self.roster.row_of.get(agent_id)
        changed = {skill for skill in former.keys() | skills.keys() if former.get(skill) != skills.get(skill)}
        if row is None or not changed:
            return []
        self.roster.set_skills(row, skills)
        self._asked.clear()
        moved: list[Contact] = []
        for queue in queues:
            if any(concerns(queue.settings, wishes) & changed for wishes in queue.plans):
                moved += self.replan(queue)
        moved.sort(key=lambda contact: contact.order)
        for contact in moved:
            self.add(contact, now)
        return moved

    # Decisions

    def agents_for(self, contact: Contact, now: float) -> Chosen:
        """The available agents to alert for this waiting contact now: mostly one, or none."""
        line, roster = contact.line, self.roster
        assert line is not None
        rows = line.rows
        if not rows.size:
            return NOBODY
        since = roster.available_since[line.channel.row][rows]
        if contact.shunned_by is not None:
            since[rows == roster.row_of.get(contact.shunned_by, -1)] = inf
        longest = int(since.argmin())
        if since.item(longest) == inf:
            return NOBODY
        free = np.isfinite(since).nonzero()[0]
        if free.size == 1:
            return Chosen([roster.agent_ids[rows.item(longest)]], rows.size, 1)
        strategy = line.strategy
        if strategy == "last_agent_first" and contact.preferred_agent_id is None:
            strategy = "longest_idle"  # which is what it comes to
        if strategy != "longest_idle":
            chosen = self._choose(strategy, contact, free, since, now)
        elif line.is_flat:
            chosen = [rows.item(longest)]
        else:
            begin = free.item(0)
            chosen = [rows.item(begin + int(since[begin : _end_of_rank(line.ranks, begin)].argmin()))]
        if rows.item(longest) == chosen[0]:
            since[longest] = inf
            longest = int(since.argmin())
        runner_up = roster.agent_ids[rows.item(longest)]
        return Chosen(list(map(roster.agent_ids.__getitem__, chosen)), rows.size, free.size, runner_up)

    def _choose(self, strategy: StrategyName, contact: Contact, free: Rows, since: Since, now: float) -> list[int]:
        """The rows of the agents to alert: of those in its line who come first, as the strategy says.

        `free` is where in the line those stand who are free.
        """
        line = contact.line
        assert line is not None
        if not line.is_flat:
            end = _end_of_rank(line.ranks, free.item(0))
            if free.item(-1) >= end:
                free = free[: bisect_left(free.data, end)]
        rows, since = _lightest(line.rows[free], since[free])
        if strategy == "ring_all" and self.roster.sites is not None and line.channel in ON_THE_PHONE:
            may = self.roster.sites.with_room(rows, since)
            rows, since = rows[may], since[may]
        return STRATEGIES[strategy](self.roster, rows, since, self._choice(strategy, contact, line, now))

    def free_besides(self, contact: Contact, agent_id: AgentId, count: int) -> list[AgentId]:
        """Who else could take this waiting contact now, the first `count` of them in the order of the line."""
        line = contact.line
        assert line is not None
        is_free = self.roster.available_since[line.channel.row][line.rows] < inf
        free: list[int] = line.rows[is_free][: count + 2].tolist()
        out = (agent_id, contact.shunned_by)
        return [other for row in free if (other := self.roster.agent_ids[row]) not in out][:count]

    def is_for(self, contact: Contact, agent_id: AgentId) -> bool:
        """Whether he may serve this waiting contact in its present stage, be he free or not."""
        line, row = contact.line, self.roster.row_of.get(agent_id)
        assert line is not None
        return row is not None and bool((line.rows == row).any())

    def could_take(self, contact: Contact, agent_id: AgentId, *, instead_of: AgentId) -> bool:
        """Whether he is free, may serve this waiting contact in its present stage, and has not just failed it.

        He may have the place of their site that the other one would leave to him.
        """
        if contact.shunned_by == agent_id or not self.is_for(contact, agent_id):
            return False
        roster, line = self.roster, contact.line
        row, other = roster.row_of[agent_id], roster.row_of.get(instead_of)
        assert line is not None
        if roster.available_since[line.channel.row].item(row) < inf:
            return True
        return roster.sites is not None and other is not None and roster.sites.can_take_over(row, other, line.channel)

    def first_for_any(self, rows: Rows) -> Contact | None:
        """Of all who wait for a call, the first whom any of these agents could take now; assigned ones before all."""
        self._list_lines()
        best: Contact | None = None
        for channel in ON_THE_PHONE:
            if not (self._personal or self._table.has_lines_of(channel)):
                continue
            free = rows[np.isfinite(self.roster.available_since[channel.row][rows]).nonzero()[0]]
            if not free.size:
                continue
            for line in self._personal_lines(free, channel):
                best = _earlier(best, self._first_with_taker(line))
            for line in self._table.lines_for_any(free, channel):
                if best is not None and _place(best) < (True, line.first_key(), 0):
                    break
                best = _earlier(best, self._first_with_taker(line))
        return best

    def _personal_lines(self, rows: Rows, channel: Channel) -> Iterator[Line]:
        for row in rows if self._personal else ():
            for line in self._personal.get(self.roster.agent_ids[int(row)], ()):
                if line.channel is channel:
                    yield line

    def _first_with_taker(self, line: Line) -> Contact | None:
        return next((entry[2] for entry in line.entries if self._has_taker(entry[2])), None)

    def _has_taker(self, contact: Contact) -> bool:
        line = contact.line
        assert line is not None
        is_free = self.roster.available_since[line.channel.row][line.rows] < inf
        if contact.shunned_by is not None:
            is_free &= line.rows != self.roster.row_of.get(contact.shunned_by, -1)
        return bool(is_free.any())

    def contact_for(self, agent_id: AgentId) -> Contact | None:
        """The oldest contact of the queues this agent serves first, of a channel he is free for, or None."""
        if self._unlisted:
            self._list_lines()
        row = self.roster.row_of[agent_id]
        free_for, sites = self.roster.free_for[row], self.roster.sites
        if sites is not None:
            free_for = sites.open_to(row, free_for)
            if not free_for:
                return None
        found = self._table.first_for(row, agent_id, free_for, by_order=self.roster.has_orders.item(row))
        return self._first_for_him_alone(agent_id, row, free_for, found) if agent_id in self._personal else found

    def _first_for_him_alone(
        self, agent_id: AgentId, row: int, free_for: FreeFor, found: Contact | None
    ) -> Contact | None:
        """The first of those who wait for this agent alone, if it comes before what was found in the table."""
        order = 0 if found is None else self._order_of(found, row)
        for line in self._personal[agent_id]:
            first = line.first_for(agent_id)
            if first is not None and line.channel.row in free_for:
                its_order = ORDER_MIN - 1 if line.is_assigned else self._order_of(first, row)
                if found is None or (its_order, first.order) < (order, found.order):
                    found, order = first, its_order
        return found

    def _order_of(self, contact: Contact, row: int) -> int:
        """In what order the agent of this row serves the contact's queue."""
        orders = self.roster.orders(contact.queue.settings.queue_id)
        return orders if isinstance(orders, int) else int(orders[row])

    def alerted_with(self, agent_id: AgentId, contact: Contact, now: float) -> list[AgentId]:
        """Whom to alert for the contact that the agent, who is free, is given: him, or with `ring_all` everybody."""
        assert contact.line is not None
        return self.agents_for(contact, now).agent_ids if contact.line.strategy == "ring_all" else [agent_id]

    def rings_all(self, contact: Contact) -> bool:
        """Whether everybody who is free is alerted for a contact in its step, unless it is kept for one agent."""
        if contact.preferred_until is not None:
            return False
        steps = contact.queue.own_plan.steps
        of_step = steps[min(contact.step, len(steps) - 1)].strategy
        return (of_step or contact.queue.settings.strategy) == "ring_all"

    def in_order_of(self, agent_id: AgentId, contacts: Iterable[Contact]) -> list[Contact]:
        """These contacts as the agent takes them: of the queues he serves first the oldest."""
        row = self.roster.row_of[agent_id]
        return sorted(contacts, key=lambda contact: (self._order_of(contact, row), contact.order))

    def able_beside(self, contact: Contact, agent_id: AgentId, alerted: Collection[AgentId], now: float) -> int:
        """Of how many who may serve the contact he is one; 0 if he is none, or comes after those `alerted` for it."""
        row_of, queue = self.roster.row_of, contact.queue
        followed = queue.plans.get(contact.wishes) or queue.own_plan.narrowed(self.roster, contact.wishes)
        step = min(contact.step, followed.last_step)
        rows, ranks = followed.opened(step, followed.delays_passed(contact.entered_at, now))
        his = ranks[rows == row_of[agent_id]]
        theirs = ranks[np.isin(rows, [row_of.get(each, -1) for each in alerted])]
        if not his.size or (theirs.size and his[0] > theirs.max()):
            return 0
        return len(rows)

    def _choice(self, strategy: StrategyName, contact: Contact, line: Line, now: float) -> Choice:
        """What this strategy has to know."""
        match strategy:
            case "most_skilled":
                return self._asked_for(line)
            case "random":
                return Choice(chance=self._chance.draw())
            case "weighted_random":
                return Choice(chance=self._chance.draw(), weights=self.roster.weights(line.queue.settings.queue_id))
            case "round_robin":
                return Choice(previous_row=self._row_of(line.queue.previous_agent_id))
            case "last_agent_first":
                return Choice(last_agent_row=self._row_of(contact.preferred_agent_id))
            case "least_occupied":
                return Choice(now=now)
            case "fewest_contacts":
                self.roster.workload.welcome(line.rows, self.roster.doing)
                return NOTHING
            case _:
                return NOTHING

    def _row_of(self, agent_id: AgentId | None) -> int:
        return -1 if agent_id is None else self.roster.row_of.get(agent_id, -1)

    def _asked_for(self, line: Line) -> Choice:
        """Of the skills its contacts require or prefer: the levels of the queue's own, and which more they wish for."""
        key = (line.queue.settings.queue_id, line.step)
        of_queue = self._asked.get(key)
        if of_queue is None:
            names = asked_for(line.queue.settings, line.step)
            of_queue = self._asked[key] = names, self.roster.levels(names)
        names, levels = of_queue
        wishes = NO_WISHES if line.plan is None else line.plan.wishes
        return Choice(skills=() if wishes is NO_WISHES else wished_for(wishes) - names, levels=levels)

    def rule_for(self, line: Line) -> str:
        """Why these agents and no others: the strategy, or that the line is one agent's."""
        if line.plan is not None:
            return line.strategy
        return "assigned" if line.is_assigned else PREFERRED_AGENT


def _end_of_rank(ranks: Ranks, place: int) -> int:
    """Where those end who come before the same agents as the one at this place."""
    return bisect_right(ranks.tobytes(), ranks.item(place))


def _earlier(one: Contact | None, other: Contact | None) -> Contact | None:
    """Which of two who wait is served first."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other, key=_place)


def _place(contact: Contact) -> tuple[bool, float, int]:
    """Where it stands among all who wait: smaller is served first."""
    assert contact.line is not None
    return not contact.line.is_assigned, *contact.order


def _lightest(rows: Rows, since: Since) -> tuple[Rows, Since]:
    """Those who have the least in hand (`channels.PER_CONTACT_S`): of others nothing is asked while there are such."""
    if since.item(since.argmax()) < PER_CONTACT_S:
        return rows, since
    in_hand = since // PER_CONTACT_S
    is_lightest = in_hand == in_hand.min()
    return rows[is_lightest], since[is_lightest]
