"""Why a contact that is here now is where it is: its place, everybody who might serve it and why he does not, what
comes next.

This is worked out when somebody asks, agent by agent. What was decided before is in the events (`decisions`).
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.decisions import conditions_for
from softswitch.acd.doing import Condition, condition
from softswitch.acd.explanation import AgentVerdict, ContactExplanation, NextThing, Verdict
from softswitch.acd.floor import Floor
from softswitch.acd.limits import AGENTS_EXPLAINED_MAX
from softswitch.acd.model import HangUp, OverflowTarget, Skills, ToFlow, ToQueue
from softswitch.acd.skills import Mask
from softswitch.acd.steps import Plan
from softswitch.acd.waiting import Contact, Line
from softswitch.base.ids import AgentId

_OF_CONDITION: dict[int, tuple[Verdict, str]] = {
    Condition.LOGGED_OUT: ("logged_out", "is not logged in"),
    Condition.NOT_READY: ("not_ready", "is not ready"),
    Condition.NO_PHONE: ("no_phone", "his phone is not registered"),
    Condition.RESERVED: ("reserved", "is alerted for another contact"),
    Condition.ON_CONTACT: ("on_contact", "talks to another contact"),
    Condition.ON_DIRECT_CALL: ("on_direct_call", "is in a call to his own number"),
    Condition.ON_OUTBOUND_CALL: ("on_outbound_call", "is in a call he made"),
    Condition.ON_OTHER_CALL: ("on_other_call", "is in another call"),
    Condition.WRAP_UP: ("wrap_up", "writes up his last contact"),
    Condition.READY: ("other_channel", "has no room in this channel"),
    Condition.SITE_FULL: ("site_full", "his site carries as many calls as it can"),
}


def explain(floor: Floor, contact: Contact, now: float) -> ContactExplanation:
    """Walks over the contacts of the queue and over the agents it names; the others it counts by array."""
    queue = contact.queue
    ahead = [each for each in queue.contacts() if each.order < contact.order] if contact.line is not None else []
    older = sum(each.enqueued_at <= contact.enqueued_at for each in ahead)
    return ContactExplanation(
        contact_id=contact.contact_id,
        queue_id=queue.settings.queue_id,
        channel=contact.channel,
        state=contact.state,
        waited_s=(now if contact.connected_at is None else contact.connected_at) - contact.enqueued_at,
        in_queue_s=(now if contact.connected_at is None else contact.connected_at) - contact.entered_at,
        boost_s=contact.enqueued_at - contact.key,
        counts_as_s=now - contact.key,
        position=len(ahead) + 1 if contact.line is not None else None,
        waiting=queue.waiting,
        ahead_older=older,
        ahead_boosted=len(ahead) - older,
        step=contact.step + 1,
        steps=len(queue.settings.steps),
        requires=_requires(contact),
        prefers=contact.wishes[2],
        agent_id=contact.agent_id,
        next=_next_things(floor, contact, now),
        verdicts=_count(floor, contact),
        agents=list(islice(_verdicts(floor, contact, now), AGENTS_EXPLAINED_MAX)),
    )


# Agents


class _Sorted(NamedTuple):
    """The agents of a line that has a plan, by how near they come to serving it: bool[agents]."""

    open_to_it: Mask
    later: Mask
    delayed: Mask
    unskilled: Mask
    unlisted: Mask


def _sort(floor: Floor, contact: Contact, line: Line, plan: Plan) -> _Sorted:
    roster, settings = floor.matching.roster, contact.queue.settings
    listed = roster.able(msgspec.structs.replace(settings, skills={}, requirement=""))
    open_to_it, later, planned = (np.zeros(len(roster), np.bool_) for _ in range(3))
    open_to_it[line.rows] = True
    planned[plan.rows] = True
    later[plan.rows[plan.joins_in > contact.step]] = True
    later &= ~open_to_it
    return _Sorted(open_to_it, later, planned & ~open_to_it & ~later, ~planned & listed, ~planned & ~listed)


def _count(floor: Floor, contact: Contact) -> dict[str, int]:
    """How many agents each verdict falls on."""
    counts: Counter[str] = Counter()
    counts["alerted"] = len(contact.reservations)
    line, roster = contact.line, floor.matching.roster
    if line is not None:
        for each, number in enumerate(conditions_for(roster, line.rows, contact.channel)):
            counts[_OF_CONDITION[each][0]] += number
        shunned = floor.agents.get(contact.shunned_by) if contact.shunned_by is not None else None
        if shunned is not None and (line.rows == roster.row_of.get(shunned.agent_id, -1)).any():
            counts[_OF_CONDITION[_condition(floor, shunned, contact)][0]] -= 1
            counts["failed_it"] += 1
        if line.plan is None:
            counts["kept"] = len(roster) - len(line.rows)
        else:
            kinds = _sort(floor, contact, line, line.plan)
            counts["later_step"] = int(kinds.later.sum())
            counts["delayed"] = int(kinds.delayed.sum())
            counts["lacks_skill"] = int(kinds.unskilled.sum())
            counts["not_listed"] = int(kinds.unlisted.sum())
    return {verdict: number for verdict, number in counts.items() if number}


def _verdicts(floor: Floor, contact: Contact, now: float) -> Iterator[AgentVerdict]:
    """Those who may serve it first, in the order in which they would be asked; then who may not, the nearest first."""
    for reservation_id in contact.reservations:
        agent = floor.reservations[reservation_id].agent
        yield _verdict(floor, agent.agent_id, "alerted", "is alerted for it", now)
    line = contact.line
    if line is None:
        return
    agent_ids = floor.matching.roster.agent_ids
    may_serve: list[int] = line.rows.tolist()
    for row in may_serve:
        yield _able(floor, agent_ids[row], contact, now)
    if line.plan is None:
        for row in _rows(np.arange(len(agent_ids)) != may_serve[0]):
            yield _verdict(floor, agent_ids[row], "kept", f"it is kept for {agent_ids[may_serve[0]]}", now)
        return
    kinds = _sort(floor, contact, line, line.plan)
    steps = dict(zip(line.plan.rows.tolist(), line.plan.joins_in.tolist(), strict=True))
    for row in _rows(kinds.later):
        why = f"may serve it from step {steps[row] + 1} on"
        yield _verdict(floor, agent_ids[row], "later_step", why, now)
    delays = floor.matching.roster.delays(line.queue.settings.queue_id)
    for row in _rows(kinds.delayed):
        delay_s = 0.0 if delays is None else float(delays[row])
        why = f"takes contacts of this queue only after {delay_s:g} s"
        yield _verdict(floor, agent_ids[row], "delayed", why, now)
    for row in _rows(kinds.unskilled):
        agent = floor.agents[agent_ids[row]]
        why = _lack({**agent.skills, **agent.agent.site_skill}, contact)
        yield _verdict(floor, agent_ids[row], "lacks_skill", why, now)
    for row in _rows(kinds.unlisted):
        why = "his list of queues, or the queue's of agents, leaves him out"
        yield _verdict(floor, agent_ids[row], "not_listed", why, now)


def _rows(mask: Mask) -> list[int]:
    rows: list[int] = mask.nonzero()[0].tolist()
    return rows


def _able(floor: Floor, agent_id: AgentId, contact: Contact, now: float) -> AgentVerdict:
    """Somebody who may serve it, and is not free, or has just not taken it."""
    agent = floor.agents[agent_id]
    if contact.shunned_by == agent_id:
        return _verdict(floor, agent_id, "failed_it", "did not take it a moment ago", now)
    verdict, why = _OF_CONDITION[_condition(floor, agent, contact)]
    if verdict == "not_ready" and agent.reason:
        why = f"{why}: {agent.reason}"
    elif verdict == "site_full":
        why = f"{why}: {agent.agent.site}"
    return _verdict(floor, agent_id, verdict, why, now)


def _condition(floor: Floor, agent: AgentMachine, contact: Contact) -> int:
    """As far as this contact cares."""
    if floor.sites is not None and floor.sites.holds_back(agent.row, contact.channel):
        return Condition.SITE_FULL
    return condition(agent.doing)


def _lack(skills: Skills, contact: Contact) -> str:
    """The first that he lacks of what the queue, its last step or the contact itself requires."""
    settings = contact.queue.settings
    last = settings.steps[-1:]
    for part in (settings.skills, *(step.skills for step in last), contact.skills):
        for skill, level in part.items():
            has = skills.get(skill, 0)
            if has < level:
                return f"has {skill} {has}, not {level}" if has else f"has no {skill}, {level} is required"
    return f"does not meet {_requires(contact)}"


def _verdict(floor: Floor, agent_id: AgentId, verdict: Verdict, why: str, now: float) -> AgentVerdict:
    agent = floor.agents[agent_id]
    return AgentVerdict(agent_id=agent_id, name=agent.agent.name, verdict=verdict, why=why, since_s=now - agent.since)


# Requirements and what comes next


def _requires(contact: Contact) -> str:
    """What an agent needs at present, as an expression."""
    settings = contact.queue.settings
    parts: list[str] = []
    for part in (settings, *settings.steps[contact.step : contact.step + 1]):
        parts += [f"{skill} >= {level}" for skill, level in part.skills.items()]
        if part.requirement:
            parts.append(f"({part.requirement})")
    parts += [f"{skill} >= {level}" for skill, level in contact.skills.items()]
    if contact.wishes[1]:
        parts.append(f"({contact.wishes[1]})")
    return " and ".join(parts)


def _next_things(floor: Floor, contact: Contact, now: float) -> list[NextThing]:
    """The deadlines that are running for it, the soonest first."""
    things: list[NextThing] = []
    for reservation_id in contact.reservations:
        agent_id = floor.reservations[reservation_id].agent.agent_id
        _note(things, floor.deadlines.at(("ring", reservation_id)), f"{agent_id} has rung for long enough", now)
    if contact.line is not None:
        contact_id, settings = contact.contact_id, contact.queue.settings
        target = _words(settings.way_out("max_wait"))
        _note(things, floor.deadlines.at(("max_wait", contact_id)), f"it has waited too long: {target}", now)
        _note(things, floor.deadlines.at(("stage", contact_id)), _stage(contact), now)
        _note(things, floor.deadlines.at(("announcement", contact_id)), "it is told where it stands", now)
        _note(things, floor.deadlines.at(("text", contact_id)), "it is told a text", now)
        again = f"{contact.shunned_by} may be given it again"
        _note(things, floor.deadlines.at(("retry", contact_id)), again, now)
    return sorted(things, key=lambda thing: thing.in_s)


def _note(things: list[NextThing], at: float | None, what: str, now: float) -> None:
    if at is not None:
        things.append(NextThing(what, max(0.0, at - now)))


def _stage(contact: Contact) -> str:
    if contact.line is not None and contact.line.plan is None:
        return "it is kept for its preferred agent no longer"
    return "more agents may serve it: the next step, or an agent's delay is over"


def _words(target: OverflowTarget) -> str:
    match target:
        case ToQueue():
            return f"it goes to queue {target.queue_id}"
        case ToFlow():
            return f"it goes to flow {target.flow}"
        case HangUp():
            return "it is hung up"
