"""What a routing hook is asked, and what is told of its answer. When it is asked, and what follows: `routing_hook`."""

from collections.abc import Iterable

from softswitch.acd import decisions, events
from softswitch.acd.events import HookOutcome
from softswitch.acd.outputs import RoutingAsked
from softswitch.acd.reserved import Reservation
from softswitch.base.ids import AgentId


def question(reservation: Reservation, others: Iterable[AgentId], deadline_s: float) -> RoutingAsked:
    """Whether the reserved agent is to be alerted; the `others` are free as well."""
    contact = reservation.contact
    return RoutingAsked(
        reservation.reservation_id,
        reservation.agent.agent_id,
        contact.contact_id,
        contact.queue.settings.queue_id,
        deadline_s,
        tuple(others),
        contact.channel,
        decisions.step_number(contact),
        reservation.made_at - contact.enqueued_at,
        contact.enqueued_at - contact.key,
        contact.skills,
        contact.vetoes,
        contact.customer,
        contact.caller,
        contact.called,
    )


def answer(
    reservation: Reservation,
    outcome: HookOutcome,
    now: float,
    reason: str = "",
    chosen: AgentId | None = None,
) -> events.RoutingHookAnswered:
    """What the hook said of a decision, or why it said nothing."""
    contact = reservation.contact
    return events.RoutingHookAnswered(
        now,
        reservation.reservation_id,
        contact.contact_id,
        contact.queue.settings.queue_id,
        reservation.agent.agent_id,
        outcome,
        now - reservation.made_at,
        chosen,
        reason,
    )
