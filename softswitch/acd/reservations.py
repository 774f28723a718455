"""What becomes of a reservation: accepted, failed, or overtaken by what the agent did."""

from softswitch.acd import contacts, events, freeing, rescue
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import FailureCause
from softswitch.acd.model import DECLINED, NO_ANSWER, UNREACHABLE, Queue
from softswitch.acd.outputs import ContactConnected, EndCause
from softswitch.acd.reserved import Reservation
from softswitch.acd.waiting import Contact

FAILURE_REASONS = {"no_answer": NO_ANSWER, "declined": DECLINED, "hung_up": DECLINED}
"""The reason an agent is made not ready with, unless his queue has another one."""


def answered(floor: Floor, reservation: Reservation, now: float) -> None:
    """The agent answered, and is told of the contact before the two hear each other. Nobody else is alerted for it."""
    if reservation.answered_at is not None:
        return
    contact = reservation.contact
    reservation.answered_at = now
    floor.ringing.pop(contact.contact_id, None)
    floor.deadlines.cancel(("ring", reservation.reservation_id))
    floor.deadlines.cancel(("late", contact.contact_id))
    freeing.serve_all(floor, floor.release_all(contact, "answered_elsewhere", now, but=reservation), now)


def accepted(floor: Floor, reservation: Reservation, now: float, *, is_known: bool = False) -> None:
    """The agent answered, and was told what he is told. Others who are alerted for the contact need not any more.

    `is_known`: the two talk already, and nobody has to be told to join them.
    """
    agent, contact = reservation.agent, reservation.contact
    answered_at = now if reservation.answered_at is None else reservation.answered_at
    floor.close_reservation(reservation, "answered", now)
    others = floor.release_all(contact, "answered_elsewhere", now)
    floor.stop_waiting_timers(contact)
    contact.agent_id = agent.agent_id
    floor.count_answered(agent)
    floor.interrupt(agent, contact, now)
    agent.connect(contact, now)
    contact.connected_at = now
    queue = contact.queue
    in_queue_s = answered_at - contact.entered_at
    queue.counters.count_answered(in_queue_s, queue.settings.service_level_s)
    queue.estimator.connected(in_queue_s)
    if contact.forecast is not None:
        queue.estimator.came_true(contact.forecast, answered_at)
    if not is_known:
        wait_s = answered_at - contact.enqueued_at
        floor.outputs.append(ContactConnected(contact.contact_id, agent.agent_id, queue.settings.queue_id, wait_s))
    floor.tell(
        events.ContactConnected(
            now,
            contact.contact_id,
            queue.settings.queue_id,
            agent.agent_id,
            reservation.reservation_id,
            answered_at - contact.enqueued_at,
            in_queue_s,
            answered_at - reservation.made_at,
            queue.settings.service_level_s,
        )
    )
    floor.settle(agent, now, "contact")
    if contact.channel not in ON_THE_PHONE:
        others.append(agent)  # beside it he may take what waited while he was alerted
    freeing.serve_all(floor, others, now)
    rescue.answered(floor, contact, in_queue_s, now)


def failed(floor: Floor, reservation: Reservation, cause: FailureCause, now: float) -> None:
    """The agent did not take it: he may become not ready, the contact goes to somebody else from its old place.

    While others are still alerted for it, it is theirs. Where he could not be rung by no fault of his he is free, first
    for others: for this contact he would be no better the next moment.
    """
    agent, contact = reservation.agent, reservation.contact
    contact.queue.estimator.failed()
    floor.end_reservation(reservation, cause, now)
    agent.failed_contacts.add(contact.contact_id)
    if cause == "no_media":
        agent.release()
        floor.settle_and_serve(agent, now, "reservation")
    else:
        _blame(floor, agent, contact, cause, now)
    if cause == "hung_up":
        rescue.left(floor, contact, now)
    if not contact.reservations:
        contacts.returned(floor, contact, now)
    floor.serve_agent(agent, now)


def _blame(floor: Floor, agent: AgentMachine, contact: Contact, cause: FailureCause, now: float) -> None:
    settings = contact.queue.settings
    contact.queue.counters.failed_reservations += 1
    agent.fail(is_counted=cause not in ("declined", "hung_up") or settings.declines_count)
    _redirect(floor, agent, settings, cause, now)
    contact.shunned_by = agent.agent_id
    contact.retry_at = now + floor.policy.retry_after_s
    floor.settle(agent, now, "reservation")


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
            floor.show_doing(agent)


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
    if reservation.answered_at is not None:
        return None  # he finishes what he is in
    floor.end_reservation(reservation, cause, now)
    agent.release()
    floor.settle(agent, now, source, by)
    return None if reservation.contact.reservations else reservation.contact
