"""What becomes of a reservation: accepted, failed, or overtaken by what the agent did."""

from softswitch.acd import contacts, events, rescue
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor, Reservation
from softswitch.acd.inputs import FailureCause
from softswitch.acd.model import DECLINED, NO_ANSWER, UNREACHABLE, Queue
from softswitch.acd.outputs import ContactConnected, EndCause
from softswitch.acd.waiting import Contact

FAILURE_REASONS = {"no_answer": NO_ANSWER, "declined": DECLINED}
"""The reason an agent is made not ready with, unless his queue has another one."""


def accepted(floor: Floor, reservation: Reservation, now: float) -> None:
    """The agent answered. Others who are alerted for the contact need not any more."""
    agent, contact = reservation.agent, reservation.contact
    floor.close_reservation(reservation, "answered", now)
    others = floor.release_all(contact, "answered_elsewhere", now)
    floor.stop_waiting_timers(contact)
    contact.agent_id = agent.agent_id
    floor.count_answered(agent)
    floor.interrupt(agent, contact, now)
    agent.connect(contact, now)
    contact.connected_at = now
    queue = contact.queue
    in_queue_s = now - contact.entered_at
    queue.counters.count_answered(in_queue_s, queue.settings.service_level_s)
    queue.estimator.connected(in_queue_s)
    if contact.forecast is not None:
        queue.estimator.came_true(contact.forecast, now)
    floor.outputs.append(
        ContactConnected(contact.contact_id, agent.agent_id, queue.settings.queue_id, now - contact.enqueued_at)
    )
    floor.tell(
        events.ContactConnected(
            now,
            contact.contact_id,
            queue.settings.queue_id,
            agent.agent_id,
            reservation.reservation_id,
            now - contact.enqueued_at,
            in_queue_s,
            now - reservation.made_at,
            queue.settings.service_level_s,
        )
    )
    floor.settle(agent, now, "contact")
    if contact.channel not in ON_THE_PHONE:
        others.append(agent)  # beside it he may take what waited while he was alerted
    for other in others:
        floor.serve_agent(other, now)
    rescue.answered(floor, contact, now)


def failed(floor: Floor, reservation: Reservation, cause: FailureCause, now: float) -> None:
    """The agent did not take it: he may become not ready, the contact goes to somebody else from its old place.

    While others are still alerted for it, it is theirs.
    """
    agent, contact = reservation.agent, reservation.contact
    contact.queue.counters.failed_reservations += 1
    contact.queue.estimator.failed()
    floor.end_reservation(reservation, cause, now)
    settings = contact.queue.settings
    agent.fail(is_counted=cause != "declined" or settings.declines_count)
    _redirect(floor, agent, settings, cause, now)
    contact.shunned_by = agent.agent_id
    contact.retry_at = now + floor.policy.retry_after_s
    agent.failed_contacts.add(contact.contact_id)
    floor.settle(agent, now, "reservation")
    if not contact.reservations:
        contacts.returned(floor, contact, now)
    floor.serve_agent(agent, now)


def _redirect(floor: Floor, agent: AgentMachine, settings: Queue, cause: FailureCause, now: float) -> None:
    """Whoever cannot be reached, or does not answer again and again, is not alerted any more."""
    if agent.pause_reason is not None or not agent.is_logged_in:
        return
    if cause == "unreachable":
        agent.pause(UNREACHABLE)
    elif agent.failures >= settings.no_answer_limit:
        if settings.no_answer_state == "not_ready":
            agent.pause(settings.no_answer_reason or FAILURE_REASONS[cause])
        elif settings.no_answer_state == "logged_out":
            floor.tell(events.AgentLoggedOut(now, agent.agent_id, "reservation"))
            agent.log_out()
            floor.show_login(agent)


def worth_another_try(floor: Floor, contact: Contact, now: float) -> None:
    """Nobody else could be tried for long enough: the agent who failed the contact may be given it again."""
    contact.shunned_by = None
    if contact.line is not None:
        floor.serve_contact(contact, now)


def taken_away(
    floor: Floor, agent: AgentMachine, cause: EndCause, now: float, source: str = "agent", by: str = ""
) -> None:
    """The agent can not be alerted any more, through no failure of his; the contact returns to its place.

    The agent must not be available when this is called.
    """
    contact = released(floor, agent, cause, now, source, by)
    if contact is not None:
        contacts.returned(floor, contact, now)


def released(
    floor: Floor, agent: AgentMachine, cause: EndCause, now: float, source: str = "agent", by: str = ""
) -> Contact | None:
    """The same, but that nothing is done with the contact, if nobody else is alerted for it: it is returned."""
    if agent.reservation_id is None:
        return None
    reservation = floor.reservations[agent.reservation_id]
    floor.end_reservation(reservation, cause, now)
    agent.release()
    floor.settle(agent, now, source, by)
    return None if reservation.contact.reservations else reservation.contact
