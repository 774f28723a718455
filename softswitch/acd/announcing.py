"""What contacts are told while they wait: where they stand, how long it will take, and texts from time to time.

Nobody is passed over because he listens: whoever is told something is offered to agents all the same, and
`AnnouncementCut` ends what he hears when one of them is free (`Floor`).
"""

from softswitch.acd.estimates import Forecast
from softswitch.acd.events import ContactAnnounced
from softswitch.acd.floor import Floor
from softswitch.acd.outputs import AnnouncementDue
from softswitch.acd.waiting import Contact


def entered(contact: Contact) -> None:
    """It begins to wait in a queue: plan what it will be told there."""
    settings = contact.queue.settings.announcements
    if settings is None or not contact.channel.has_listener:
        return
    if settings.position or settings.estimated_wait:
        contact.announce_at = contact.entered_at + settings.first_after_s
    if settings.texts:
        contact.text_at = contact.entered_at + settings.texts_every_s


def resettle(contact: Contact) -> None:
    """The settings of its queue may have changed."""
    settings = contact.queue.settings.announcements if contact.channel.has_listener else None
    if settings is None or not (settings.position or settings.estimated_wait):
        contact.announce_at = None
    elif contact.announce_at is None and not contact.is_told:
        contact.announce_at = contact.entered_at + settings.first_after_s
    if settings is None or not settings.texts:
        contact.text_at = None
    elif contact.text_at is None:
        contact.text_at = contact.entered_at + settings.texts_every_s


def announce(floor: Floor, contact: Contact, now: float) -> None:
    """Tell a waiting contact where it stands. Who alerts an agent is told when he returns, if he does."""
    settings = contact.queue.settings.announcements
    if settings is None or contact.line is None:
        return
    contact.announce_at = now + settings.every_s if settings.every_s > 0 else None
    if contact.announce_at is not None:
        floor.deadlines.set(("announcement", contact.contact_id), contact.announce_at)
    position = contact.queue.position(contact)
    told_wait_s = _told_wait_s(contact, position, now) if settings.estimated_wait else None
    contact.is_told = True
    floor.outputs.append(
        AnnouncementDue(
            contact.contact_id,
            contact.queue.settings.queue_id,
            position if settings.position else None,
            told_wait_s,
        )
    )
    floor.tell(
        ContactAnnounced(
            now,
            contact.contact_id,
            contact.queue.settings.queue_id,
            position,
            now - contact.enqueued_at,
            told_wait_s,
        )
    )


def say_text(floor: Floor, contact: Contact, now: float) -> None:
    """Tell a waiting contact the next of its queue's texts, and after the last the first again."""
    settings = contact.queue.settings.announcements
    if settings is None or not settings.texts or contact.line is None:
        return
    contact.text_at = now + settings.texts_every_s
    floor.deadlines.set(("text", contact.contact_id), contact.text_at)
    text = settings.texts[contact.texts_told % len(settings.texts)]
    contact.texts_told += 1
    contact.is_told = True
    floor.outputs.append(AnnouncementDue(contact.contact_id, contact.queue.settings.queue_id, None, None, text))


def forecast(contact: Contact, position: int, now: float) -> Forecast | None:
    """How long the contact will still wait at this place. The first is kept, and held against what comes of it."""
    queue = contact.queue
    head = queue.head()
    found = queue.estimator.forecast(
        position=position,
        waited_s=now - contact.entered_at,
        head_waited_s=0.0 if head is None else now - head.entered_at,
        now=now,
    )
    if contact.forecast is None:
        contact.forecast = found
    return found


def _told_wait_s(contact: Contact, position: int, now: float) -> float | None:
    """The estimate, never above what the contact was told before."""
    estimate = forecast(contact, position, now)
    if estimate is not None:
        told_s = contact.told_wait_s
        contact.told_wait_s = estimate.wait_s if told_s is None else min(estimate.wait_s, told_s)
    return contact.told_wait_s
