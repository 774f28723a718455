"""What is kept of each decision, so that "why did he get it?" has an answer afterwards.

Kept are numbers, taken with a few array operations from the same columns the decision was made of: how many might have
served the contact, how many were free, who would have been next; and, when nobody was free, what all those who might
have served it were doing (`doing.Condition`). It costs some microseconds and is told as an event.
"""

import msgspec
import numpy as np

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.doing import Condition, count_conditions
from softswitch.acd.events import AgentReserved, ContactWaits
from softswitch.acd.matching import Chosen, Matching
from softswitch.acd.model import Channel
from softswitch.acd.skills import Roster, Rows
from softswitch.acd.waiting import Contact
from softswitch.base.ids import AgentId, ReservationId

OLDEST_CONTACT = "oldest_contact"
"""The rule by which an agent who becomes free chooses among those who wait."""

ROUTING_HOOK = "routing_hook"
"""The rule where a queue's routing hook named the agent."""


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why these agents are alerted for this contact; the fields are those of `events.AgentReserved`."""

    rule: str
    able: int
    free: int = 0
    runner_up: AgentId | None = None


def by_contact(matching: Matching, contact: Contact, chosen: Chosen) -> Decision:
    """The contact, which still stands in its line, chose among agents."""
    assert contact.line is not None
    return Decision(matching.rule_for(contact.line), chosen.able, chosen.free, chosen.runner_up)


def by_agent(matching: Matching, contact: Contact) -> Decision:
    """The agent, who has become free, chose among contacts; this one still stands in its line."""
    line = contact.line
    assert line is not None
    rule = OLDEST_CONTACT if line.plan is not None else matching.rule_for(line)
    return Decision(rule, len(line.rows), free=1)


def step_number(contact: Contact) -> int:
    """The routing step it has come to, from 1; 0 in a queue that has none."""
    return contact.step + 1 if contact.queue.settings.steps else 0


def reserved(
    decision: Decision, agent: AgentMachine, contact: Contact, reservation_id: ReservationId, now: float
) -> AgentReserved:
    """The row of one reservation that the decision led to; before the agent's state follows."""
    return AgentReserved(
        now,
        reservation_id,
        contact.contact_id,
        contact.queue.settings.queue_id,
        agent.agent_id,
        decision.rule,
        step_number(contact),
        now - contact.enqueued_at,
        0.0 if agent.idle_since is None else now - agent.idle_since,
        decision.able,
        decision.free,
        decision.runner_up,
    )


def by_hook(matching: Matching, contact: Contact, former: AgentId) -> Decision:
    """The routing hook chose the agent for a contact, which stands in its line again, instead of the `former`."""
    assert contact.line is not None
    rows = contact.line.rows
    free = int(np.count_nonzero(matching.roster.available_since[contact.channel.row][rows] < np.inf))
    return Decision(ROUTING_HOOK, len(rows), free, runner_up=former)


def nobody_free(matching: Matching, contact: Contact, now: float) -> ContactWaits:
    """The contact, which stands in its line, found nobody."""
    assert contact.line is not None
    rows = contact.line.rows
    return ContactWaits(
        now,
        contact.contact_id,
        contact.queue.settings.queue_id,
        step_number(contact),
        now - contact.enqueued_at,
        len(rows),
        tuple(conditions_for(matching.roster, rows, contact.channel)),
        contact.shunned_by,
    )


def conditions_for(roster: Roster, rows: Rows, channel: Channel) -> list[int]:
    """How many of these agents are in each `Condition`, as far as a contact of the channel cares."""
    counts = count_conditions(roster.condition[rows])
    if roster.sites is not None:
        full = int(roster.sites.held_back(rows, channel).sum())
        counts[Condition.READY] -= full
        counts[Condition.SITE_FULL] += full
    return counts
