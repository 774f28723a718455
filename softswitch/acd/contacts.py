"""What contacts do, and what is done to those who wait: entry, leaving, overflow, announcements."""

from math import isfinite
from typing import Literal, TypeAlias

from softswitch.acd import overflow
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import ContactQueued
from softswitch.acd.limits import BOOST_S_MAX, CONTACTS_MAX, OVERFLOW_MOVES_MAX, SKILLS_PER_CONTACT_MAX
from softswitch.acd.model import LEVEL_MAX, LEVEL_MIN, HangUp, OverflowTarget, Queue, ToQueue
from softswitch.acd.outputs import (
    AnnouncementDue,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    OverflowReason,
)
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.base.errors import LocalError
from softswitch.base.ids import QueueId

Obstacle: TypeAlias = Literal["full", "empty"]

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
    obstacle = _obstacle(floor, queue, contact)
    if obstacle is None:
        _enter(floor, contact, now)
        return
    target = _destination(floor, contact)
    if isinstance(target, HangUp):
        queue.counters.refused += 1
        floor.outputs.append(ContactRefused(fact.contact_id, fact.queue_id, obstacle))
    else:
        queue.counters.offered += 1
        _send_on(floor, contact, target, obstacle, now)


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


def _obstacle(floor: Floor, queue: QueueRecord, contact: Contact) -> Obstacle | None:
    """Why the queue does not take the contact, or None."""
    if len(queue) >= queue.settings.max_length or not floor.matching.has_room_for(
        queue, contact.skills, contact.channel
    ):
        return "full"
    if queue.settings.refuses_when_empty and not floor.is_staffed(queue):
        return "empty"
    return None


def _enter(floor: Floor, contact: Contact, now: float) -> None:
    """The contact begins to wait in `contact.queue`."""
    queue = contact.queue
    queue.counters.offered += 1
    floor.contacts[contact.contact_id] = contact
    announcements = queue.settings.announcements
    contact.announce_at = None if announcements is None else contact.entered_at + announcements.first_after_s
    floor.join_line(contact)
    floor.serve_contact(contact, now)


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
        _send_on(floor, contact, _destination(floor, contact), "max_wait", now)
        return
    floor.join_line(contact)
    floor.serve_contact(contact, now)


def waited_too_long(floor: Floor, contact: Contact, now: float) -> None:
    """The maximum wait is over. Who alerts an agent just now may still be answered."""
    if contact.line is not None:
        floor.leave_line(contact)
        _send_on(floor, contact, _destination(floor, contact), "max_wait", now)


def reschedule(floor: Floor, contact: Contact, now: float) -> None:
    """The settings of the queue it waits in may have changed: its maximum wait and announcements follow them."""
    floor.stop_waiting_timers(contact)
    announcements = contact.queue.settings.announcements
    if announcements is None:
        contact.announce_at = None
    elif contact.announce_at is None and not contact.is_told:
        contact.announce_at = contact.entered_at + announcements.first_after_s
    floor.serve_contact(contact, now)


def leave_empty_queues(floor: Floor, now: float) -> None:
    """Somebody logged out: queues that do not keep contacts without agents send them on."""
    for queue in list(floor.queues.values()):
        if queue.waiting and queue.settings.refuses_when_empty and not floor.is_staffed(queue):
            for contact in queue.contacts():
                floor.leave_line(contact)
                _send_on(floor, contact, _destination(floor, contact), "empty", now)


def announce(floor: Floor, contact: Contact, now: float) -> None:
    """Tell a waiting contact where it stands. Who alerts an agent is told when he returns, if he does."""
    settings = contact.queue.settings.announcements
    if settings is None or contact.line is None:
        return
    contact.announce_at = now + settings.every_s if settings.every_s > 0 else None
    if contact.announce_at is not None:
        floor.deadlines.set(("announcement", contact.contact_id), contact.announce_at)
    position = contact.queue.position(contact)
    estimated_wait_s = _estimated_wait_s(contact, position, now) if settings.estimated_wait else None
    contact.is_told = True
    floor.outputs.append(
        AnnouncementDue(
            contact.contact_id,
            contact.queue.settings.queue_id,
            position if settings.position else None,
            estimated_wait_s,
        )
    )


def _estimated_wait_s(contact: Contact, position: int, now: float) -> float | None:
    """The estimate, never above what the contact was told before."""
    queue = contact.queue
    head = queue.head()
    estimate = queue.estimator.estimate(
        position=position,
        waited_s=now - contact.entered_at,
        head_waited_s=0.0 if head is None else now - head.entered_at,
    )
    if estimate is not None:
        contact.told_wait_s = estimate if contact.told_wait_s is None else min(estimate, contact.told_wait_s)
    return contact.told_wait_s


# Overflow


def _destination(floor: Floor, contact: Contact) -> OverflowTarget:
    if contact.moves >= OVERFLOW_MOVES_MAX:
        return HangUp()

    def find(queue_id: QueueId) -> Queue | None:
        queue = floor.queues.get(queue_id)
        return None if queue is None else queue.settings

    def accepts(queue_id: QueueId) -> bool:
        queue = floor.queues[queue_id]
        return queue.is_open and _obstacle(floor, queue, contact) is None

    return overflow.destination(contact.queue.settings, find, accepts)


def _send_on(floor: Floor, contact: Contact, target: OverflowTarget, reason: OverflowReason, now: float) -> None:
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
