"""Queues that close and open, and queues whose last agent is gone: what becomes of those who wait."""

from softswitch.acd import contacts, events
from softswitch.acd.admission import has_lost_everybody
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import QueueClosed, QueueOpened
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.waiting import QueueRecord


def closed(floor: Floor, queue: QueueRecord, fact: QueueClosed, now: float) -> None:
    """The queue takes nobody from now on. Whose agent's phone alerts has the time that this takes."""
    floor.tell(events.QueueClosed(now, fact.queue_id, fact.reason[:REASON_LENGTH_MAX], fact.by))
    queue.closing = QueueClosed(fact.queue_id, fact.reason[:REASON_LENGTH_MAX], fact.waiting, fact.by)
    if fact.waiting != "finish":
        for contact in queue.contacts():
            floor.leave_line(contact)
            contacts.closed_on(floor, contact, fact, now)


def opened(floor: Floor, queue: QueueRecord, fact: QueueOpened, now: float) -> None:
    """The queue takes contacts again."""
    if queue.closing is not None:
        floor.tell(events.QueueOpened(now, fact.queue_id, by=fact.by))
    queue.closing = None


def leave_empty_queues(floor: Floor, now: float) -> None:
    """An agent may have been the last who was there: queues that keep nobody without agents send everybody on.

    Who is sent on may take the last agent of the next queue, hence the loop; each contact moves a few times only.
    """
    presence = floor.presence
    if presence.lost and presence.has_gained:
        for queue in [queue for queue in presence.lost if presence.keeps(queue)]:
            presence.lost.remove(queue)
            floor.deadlines.cancel(("empty", queue.settings.queue_id))
    presence.has_gained = False
    while presence.unsure:
        queue = presence.unsure.pop()
        if queue.waiting and contacts.must_leave(floor, queue, now):
            _send_everybody_on(floor, queue, now)


def grace_over(floor: Floor, queue: QueueRecord, now: float) -> None:
    """The last agent is gone for as long as the queue keeps those who wait."""
    if queue in floor.presence.lost:
        floor.presence.lost.remove(queue)
    if has_lost_everybody(floor, queue):
        _send_everybody_on(floor, queue, now)


def _send_everybody_on(floor: Floor, queue: QueueRecord, now: float) -> None:
    for contact in queue.contacts():
        if contact.line is not None and contact.channel.has_listener:
            contacts.turn_away(floor, contact, "empty", now)
