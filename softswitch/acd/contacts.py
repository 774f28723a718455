"""What contacts do, and what is done to those who wait: entry, leaving, overflow, announcements."""

from math import isfinite
from typing import Literal

from softswitch.acd import announcing, overflow
from softswitch.acd.admission import has_lost_everybody, obstacle
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import ContactQueued, QueueClosed
from softswitch.acd.limits import BOOST_S_MAX, CONTACTS_MAX, OVERFLOW_MOVES_MAX, SKILLS_PER_CONTACT_MAX
from softswitch.acd.model import LEVEL_MAX, LEVEL_MIN, HangUp, OverflowReason, OverflowTarget, Queue, ToQueue
from softswitch.acd.outputs import (
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
)
from softswitch.acd.waiting import Contact
from softswitch.base.errors import LocalError
from softswitch.base.ids import QueueId

# Entry


def queued(floor: Floor, fact: ContactQueued, now: float) -> None:
    """A contact arrives."""
    _check(floor, fact)
    queue = floor.queues.get(fact.queue_id)
    if queue is None:
        floor.outputs.append(ContactRefused(fact.contact_id, fact.queue_id, "unknown"))
        return
    if not queue.is_open or len(floor.contacts) >= CONTACTS_MAX:
        queue.counters.refused += 1
        floor.outputs.append(ContactRefused(fact.contact_id, fact.queue_id, "full" if queue.is_open else "closed"))
        return
    contact = Contact(
        fact.contact_id,
        queue,
        channel=fact.channel,
        skills=fact.skills,
        enqueued_at=now if fact.enqueued_at is None else min(fact.enqueued_at, now),
        boost_s=max(-BOOST_S_MAX, min(fact.boost_s, BOOST_S_MAX)),
        serial=floor.next_serial(),
    )
    reason = obstacle(floor, queue, contact)
    if reason is None:
        _enter(floor, contact, now)
        return
    target = destination(floor, contact, reason)
    if isinstance(target, HangUp):
        queue.counters.refused += 1
        floor.outputs.append(ContactRefused(fact.contact_id, fact.queue_id, reason))
    else:
        queue.counters.offered += 1
        send_on(floor, contact, target, reason, now)


def _check(floor: Floor, fact: ContactQueued) -> None:
    if fact.contact_id in floor.contacts:
        raise LocalError(f"contact {fact.contact_id} is known already: finish or withdraw it before queueing it again")
    if len(fact.skills) > SKILLS_PER_CONTACT_MAX:
        raise LocalError(
            f"contact {fact.contact_id} requires {len(fact.skills)} skills: {SKILLS_PER_CONTACT_MAX} at most"
        )
    for skill, level in fact.skills.items():
        if not LEVEL_MIN <= level <= LEVEL_MAX:
            raise LocalError(f"contact {fact.contact_id}: level {level} of {skill!r} is not {LEVEL_MIN}-{LEVEL_MAX}")
    if not isfinite(fact.boost_s) or not isfinite(fact.enqueued_at or 0.0):
        raise LocalError(f"contact {fact.contact_id}: boost_s and enqueued_at must be finite numbers")


def _enter(floor: Floor, contact: Contact, now: float) -> None:
    """The contact begins to wait in `contact.queue`."""
    queue = contact.queue
    queue.counters.offered += 1
    floor.contacts[contact.contact_id] = contact
    announcing.entered(contact)
    floor.join_line(contact)
    floor.serve_contact(contact, now)
    if contact.line is None:
        return
    if has_lost_everybody(floor, queue):
        turn_away(floor, contact, "empty", now)
    elif _waits_too_long(contact, now):
        turn_away(floor, contact, "predicted_wait", now)


def _waits_too_long(contact: Contact, now: float) -> bool:
    """Whether a contact that finds no agent will probably wait longer than its queue lets anybody wait."""
    longest_s = contact.queue.settings.max_predicted_wait_s
    if longest_s is None:
        return False
    forecast = announcing.forecast(contact, contact.queue.position(contact), now)
    return forecast is not None and forecast.wait_s > longest_s


# Leaving


def abandoned(floor: Floor, contact: Contact, now: float) -> None:
    """A contact that did not talk yet hung up."""
    queue = contact.queue
    queue.counters.count_abandoned(now - contact.entered_at, queue.settings.service_level_s)
    _leave(floor, contact, "abandoned", now)


def withdrawn(floor: Floor, contact: Contact, now: float) -> None:
    """A contact that did not talk yet was taken out."""
    contact.queue.counters.withdrawn += 1
    _leave(floor, contact, "withdrawn", now)


def exited(floor: Floor, contact: Contact, queue_id: QueueId | None, now: float) -> None:
    """A contact that did not talk yet pressed a key to leave."""
    if queue_id is None:
        withdrawn(floor, contact, now)
        return
    queue = floor.queues.get(queue_id)
    is_possible = queue is not None and queue is not contact.queue and obstacle(floor, queue, contact) is None
    if contact.line is not None and is_possible:
        floor.leave_line(contact)
        send_on(floor, contact, ToQueue(queue_id), "exit_key", now)


def _leave(floor: Floor, contact: Contact, cause: Literal["abandoned", "withdrawn"], now: float) -> None:
    floor.stop_waiting_timers(contact)
    if not contact.reservations:
        floor.leave_line(contact)
        floor.forget(contact)
        return
    released = floor.release_all(contact, cause, now)
    floor.forget(contact)
    for agent in released:
        floor.serve_agent(agent, now)


def finished(floor: Floor, contact: Contact, now: float) -> None:
    """A conversation is over."""
    assert contact.agent_id is not None
    agent = floor.agents[contact.agent_id]
    floor.forget(contact)
    agent.finish(contact.queue.settings.wrap_up_s, now)
    if agent.wrap_up_until is not None:
        floor.deadlines.set(("wrap_up", agent.agent_id), agent.wrap_up_until)
    floor.settle(agent, now)
    floor.serve_agent(agent, now)


# Waiting


def returned(floor: Floor, contact: Contact, now: float) -> None:
    """Its reservation came to nothing: back to its old place, or away if it has waited too long meanwhile."""
    overdue_at = contact.overdue_at
    if overdue_at is not None and now >= overdue_at:
        send_on(floor, contact, destination(floor, contact, "max_wait"), "max_wait", now)
        return
    closing = contact.queue.closing
    if closing is not None and closing.waiting != "finish":
        send_on(floor, contact, closing_target(floor, contact, closing), "closed", now)
        return
    floor.join_line(contact)
    floor.serve_contact(contact, now)


def waited_too_long(floor: Floor, contact: Contact, now: float) -> None:
    """The maximum wait is over. Who alerts an agent just now may still be answered."""
    if contact.line is not None:
        turn_away(floor, contact, "max_wait", now)


def reschedule(floor: Floor, contact: Contact, now: float) -> None:
    """The settings of the queue it waits in may have changed: its maximum wait and announcements follow them."""
    floor.stop_waiting_timers(contact)
    announcing.resettle(contact)
    floor.serve_contact(contact, now)


# Overflow


def turn_away(floor: Floor, contact: Contact, reason: OverflowReason, now: float) -> None:
    """A contact that waits goes where its queue sends it for this reason."""
    floor.leave_line(contact)
    send_on(floor, contact, destination(floor, contact, reason), reason, now)


def closing_target(floor: Floor, contact: Contact, closing: QueueClosed) -> OverflowTarget:
    """Where a contact goes whose queue has closed and does not let it finish."""
    return destination(floor, contact, "closed") if closing.waiting == "overflow" else HangUp()


def destination(floor: Floor, contact: Contact, reason: OverflowReason) -> OverflowTarget:
    """Where a contact goes that its queue does not keep."""
    if contact.moves >= OVERFLOW_MOVES_MAX:
        return HangUp()

    def find(queue_id: QueueId) -> Queue | None:
        queue = floor.queues.get(queue_id)
        return None if queue is None else queue.settings

    def obstacle_there(queue_id: QueueId) -> OverflowReason | None:
        return obstacle(floor, floor.queues[queue_id], contact)

    return overflow.destination(contact.queue.settings, reason, find, obstacle_there)


def send_on(floor: Floor, contact: Contact, target: OverflowTarget, reason: OverflowReason, now: float) -> None:
    """The contact, which is in no line, leaves its queue for `target`."""
    queue = contact.queue
    queue.counters.overflowed += 1
    floor.stop_waiting_timers(contact)
    floor.forget(contact)
    wait_s = now - contact.enqueued_at
    if not isinstance(target, ToQueue):
        floor.outputs.append(ContactOverflowed(contact.contact_id, queue.settings.queue_id, target, wait_s, reason))
        return
    contact.queue = floor.queues[target.queue_id]
    contact.entered_at = now
    contact.moves += 1
    floor.outputs.append(ContactMoved(contact.contact_id, queue.settings.queue_id, target.queue_id, wait_s))
    _enter(floor, contact, now)
