"""Who gets into a queue, and who may stay: questions only, nothing here changes anything.

A contact that a queue does not take, or does not keep, goes where the queue's `overflows` lead (`contacts.send_on`).
"""

from softswitch.acd.floor import Floor
from softswitch.acd.model import Obstacle
from softswitch.acd.waiting import Contact, QueueRecord


def obstacle(floor: Floor, queue: QueueRecord, contact: Contact) -> Obstacle | None:
    """Why the queue does not take the contact, or None."""
    settings = queue.settings
    if queue.closing is not None or not queue.is_open:
        return "closed"
    if not floor.matching.has_room_for(queue, contact):
        return "full"
    if not contact.channel.has_listener:
        return None  # it has been promised, and can wait for days
    if queue.waiting + queue.alerting >= settings.max_length:
        return "full"
    if settings.join_empty and not floor.presence.is_anybody_there(queue.own_plan.rows, settings.join_empty):
        return "empty"
    return None


def has_lost_everybody(floor: Floor, queue: QueueRecord) -> bool:
    """Whether the queue does not keep who waits, because nobody is there for it any more."""
    return not floor.presence.keeps(queue)
