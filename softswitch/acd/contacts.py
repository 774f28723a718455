"""What contacts do, and what is done to those who wait: entry, leaving, overflow, announcements."""

from math import isfinite
from typing import Literal

from softswitch.acd import announcing, events, freeing, overflow, requirements, rescue
from softswitch.acd.admission import has_lost_everybody, obstacle
from softswitch.acd.events import AcdEvent
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import ContactExited, ContactQueued, QueueClosed
from softswitch.acd.limits import (
    BOOST_S_MAX,
    CONTACTS_MAX,
    CUSTOMER_LENGTH_MAX,
    OVERFLOW_MOVES_MAX,
    REASON_LENGTH_MAX,
    SKILLS_PER_CONTACT_MAX,
)
from softswitch.acd.model import (
    LEVEL_MAX,
    LEVEL_MIN,
    Channel,
    HangUp,
    OverflowReason,
    OverflowTarget,
    Queue,
    ToFlow,
    ToQueue,
)
from softswitch.acd.outputs import (
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ContactTakenOut,
    RefusalReason,
)
from softswitch.acd.steps import wishes_for
from softswitch.acd.waiting import Contact, QueueRecord
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
        _refuse(floor, queue, fact, "full" if queue.is_open else "closed", now)
        return
    enqueued_at = now if fact.enqueued_at is None else min(fact.enqueued_at, now)
    contact = Contact(
        fact.contact_id,
        queue,
        fact.channel,
        fact.skills,
        wishes_for(fact.skills, fact.requirement, _site_of(floor, fact) if fact.site else ""),
        enqueued_at,
        enqueued_at,
        enqueued_at - max(-BOOST_S_MAX, min(fact.boost_s, BOOST_S_MAX)),
        floor.next_serial(),
        fact.customer[:CUSTOMER_LENGTH_MAX],
        fact.caller,
        fact.called,
    )
    _prefer(floor, contact, fact)
    reason = obstacle(floor, queue, contact)
    if reason is None:
        _credit(floor, contact, now)
        _join(floor, contact, now)
        floor.tell(_queued(contact, fact, now))
        _serve(floor, contact, now)
        return
    target = destination(floor, contact, reason)
    if isinstance(target, HangUp):
        _refuse(floor, queue, fact, reason, now)
    else:
        queue.counters.offered += 1
        _credit(floor, contact, now)
        floor.tell(_queued(contact, fact, now))
        send_on(floor, contact, target, reason, now)


def _site_of(floor: Floor, fact: ContactQueued) -> str:
    """Whose agents it prefers; nobody's if there is no such site."""
    return fact.site if any(site.site_id == fact.site for site in floor.policy.sites) else ""


def _prefer(floor: Floor, contact: Contact, fact: ContactQueued) -> None:
    """Whom it knows, and until when it is for him alone: as is wished, or else who talked to its customer last."""
    agent_id, for_s = fact.preferred_agent, fact.preferred_for_s
    if agent_id is None:
        agent_id = floor.customers.last_agent(contact.customer)
        if agent_id is None or not floor.matching.may_serve(agent_id, contact.queue):
            return
        for_s = contact.queue.settings.last_agent_s
    contact.preferred_agent_id = agent_id
    if for_s > 0:
        contact.preferred_until = contact.entered_at + for_s


def _credit(floor: Floor, contact: Contact, now: float) -> None:
    """It counts as older for what its customer went through before."""
    if contact.customer:
        settings = contact.queue.settings
        contact.credit = floor.customers.credit(contact.customer, contact.contact_id, settings, now)
        contact.key -= contact.credit.kept_s + contact.credit.repeat_s


def _refuse(floor: Floor, queue: QueueRecord, fact: ContactQueued, reason: RefusalReason, now: float) -> None:
    queue.counters.refused += 1
    floor.outputs.append(ContactRefused(fact.contact_id, fact.queue_id, reason))
    floor.tell(events.ContactRefused(now, fact.contact_id, fact.queue_id, reason))


def _queued(contact: Contact, fact: ContactQueued, now: float) -> events.ContactQueued:
    queue = contact.queue
    waiting = queue.waiting if contact.line is not None else queue.waiting + 1
    return events.ContactQueued(
        now,
        contact.contact_id,
        queue.settings.queue_id,
        contact.enqueued_at,
        contact.enqueued_at - contact.key,
        queue.position(contact) if waiting > 1 else 1,
        waiting,
        fact.caller,
        contact.channel,
        fact.project,
    )


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
    if fact.requirement:
        try:
            requirements.parse(fact.requirement)
        except LocalError as error:
            raise LocalError(f"contact {fact.contact_id}: requirement {fact.requirement!r}: {error}") from error
    if not isfinite(fact.boost_s + (fact.enqueued_at or 0.0) + fact.preferred_for_s):
        raise LocalError(f"contact {fact.contact_id}: boost_s, enqueued_at and preferred_for_s must be finite numbers")


def _join(floor: Floor, contact: Contact, now: float) -> None:
    """The contact begins to wait in `contact.queue`."""
    queue = contact.queue
    queue.counters.offered += 1
    floor.contacts[contact.contact_id] = contact
    announcing.entered(contact)
    rescue.entered(floor, contact)
    floor.join_line(contact, now)


def _serve(floor: Floor, contact: Contact, now: float) -> None:
    """The contact, which has just joined its queue, gets an agent, or may find that waiting is of no use."""
    if contact.step > 0:
        floor.tell_step(contact, "entered", now)
    floor.watch(contact, now)
    floor.serve_contact(contact, now)
    if contact.line is None or not contact.channel.has_listener:
        return
    if must_leave(floor, contact.queue, now):
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
    in_queue_s = now - contact.entered_at
    queue.counters.count_abandoned(in_queue_s, queue.settings.service_level_s)
    dropped_since = contact.enqueued_at - contact.credit.kept_s
    floor.customers.ended(contact.customer, contact.contact_id, now, credit=contact.credit, dropped_since=dropped_since)
    event = events.ContactAbandoned(
        now,
        contact.contact_id,
        queue.settings.queue_id,
        now - contact.enqueued_at,
        in_queue_s,
        queue.settings.service_level_s,
        queue.position(contact),
        queue.settings.short_abandon_s,
    )
    _leave(floor, contact, "abandoned", event, now)


def withdrawn(floor: Floor, contact: Contact, now: float, *, reason: str = "", key: str = "", by: str = "") -> None:
    """A contact that did not talk yet was taken out."""
    queue = contact.queue
    queue.counters.withdrawn += 1
    floor.customers.ended(contact.customer, contact.contact_id, now, credit=contact.credit)
    event = events.ContactWithdrawn(
        now,
        contact.contact_id,
        queue.settings.queue_id,
        now - contact.enqueued_at,
        now - contact.entered_at,
        queue.position(contact),
        reason=reason[:REASON_LENGTH_MAX],
        key=key,
        by=by,
    )
    _leave(floor, contact, "withdrawn", event, now)
    if by:
        queue_id, wait_s = queue.settings.queue_id, now - contact.enqueued_at
        floor.outputs.append(ContactTakenOut(contact.contact_id, queue_id, wait_s, by, reason))


def exited(floor: Floor, contact: Contact, fact: ContactExited, now: float) -> None:
    """A contact that did not talk yet pressed a key to leave."""
    queue_id = fact.queue_id
    if queue_id is None:
        withdrawn(floor, contact, now, key=fact.key)
        return
    queue = floor.queues.get(queue_id)
    is_possible = queue is not None and queue is not contact.queue and obstacle(floor, queue, contact) is None
    if contact.line is not None and is_possible:
        floor.leave_line(contact)
        send_on(floor, contact, ToQueue(queue_id), "exit_key", now, key=fact.key)


def _leave(
    floor: Floor, contact: Contact, cause: Literal["abandoned", "withdrawn"], event: AcdEvent, now: float
) -> None:
    floor.stop_waiting_timers(contact)
    if not contact.reservations:
        if contact.line is not None:
            floor.leave_line(contact)
        floor.tell(event)
        floor.forget(contact)
        return
    released = floor.release_all(contact, cause, now)
    floor.tell(event)
    floor.forget(contact)
    freeing.serve_all(floor, released, now)


# Waiting


def returned(floor: Floor, contact: Contact, now: float) -> None:
    """Its reservation came to nothing: back to its old place, or away if it has waited too long meanwhile."""
    if stands_again(floor, contact, now):
        waits_on(floor, contact, now)


def stands_again(floor: Floor, contact: Contact, now: float) -> bool:
    """The same, but that nobody is given to it yet. False if it went away."""
    overdue_at = contact.overdue_at
    if overdue_at is not None and now >= overdue_at:
        send_on(floor, contact, destination(floor, contact, "max_wait"), "max_wait", now)
        return False
    closing = contact.queue.closing
    if closing is not None and closing.waiting != "finish":
        closed_on(floor, contact, closing, now)
        return False
    floor.join_line(contact, now)
    return True


def waits_on(floor: Floor, contact: Contact, now: float) -> None:
    """It stands in its place again, and gets an agent, or what belongs to waiting begins anew."""
    floor.serve_contact(contact, now)
    if contact.line is not None and must_leave(floor, contact.queue, now):
        turn_away(floor, contact, "empty", now)


def stage_due(floor: Floor, contact: Contact, now: float) -> None:
    """The next routing step of a contact opens, or more agents take it. Who alerts an agent goes on when he returns."""
    if contact.line is not None:
        floor.open_stage(contact, "expired", now)


def skip_steps(floor: Floor, now: float) -> None:
    """Somebody takes no contacts any more: nobody waits for him in vain where the steps say so."""
    if floor.has_lost_staff:
        floor.has_lost_staff = False
        for contact in floor.matching.stranded(floor.queues.values()):
            steps = contact.queue.settings.steps
            skip_if = steps[contact.step].skip_if if steps else None
            floor.open_stage(contact, skip_if or "expired", now)


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


def must_leave(floor: Floor, queue: QueueRecord, now: float) -> bool:
    """Whether nobody is there for those who wait in the queue, and has not been for as long as it keeps them then."""
    if not has_lost_everybody(floor, queue):
        return False
    grace_s = queue.settings.leave_when_empty_after_s
    if grace_s <= 0:
        return True
    if queue not in floor.presence.lost:
        floor.presence.lost.append(queue)
        floor.deadlines.set(("empty", queue.settings.queue_id), now + grace_s)
    return False


def turn_away(floor: Floor, contact: Contact, reason: OverflowReason, now: float) -> None:
    """A contact that waits goes where its queue sends it for this reason."""
    floor.leave_line(contact)
    send_on(floor, contact, destination(floor, contact, reason), reason, now)


def closed_on(floor: Floor, contact: Contact, closing: QueueClosed, now: float) -> None:
    """The queue of a contact, which is in no line, has closed and does not let it finish.

    A call-back waits elsewhere until the queue opens: whoever has promised it queues it again then.
    """
    if contact.channel is Channel.CALLBACK:
        withdrawn(floor, contact, now, reason="closed")
        return
    target = destination(floor, contact, "closed") if closing.waiting == "overflow" else HangUp()
    send_on(floor, contact, target, "closed", now)


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


def send_on(
    floor: Floor,
    contact: Contact,
    target: OverflowTarget,
    reason: OverflowReason,
    now: float,
    *,
    key: str = "",
    by: str = "",
) -> None:
    """The contact, which is in no line, leaves its queue for `target`, perhaps by a `key` it pressed or sent `by`
    somebody."""
    queue, queue_id = contact.queue, contact.queue.settings.queue_id
    position = queue.position(contact)
    queue.counters.overflowed += 1
    floor.stop_waiting_timers(contact)
    floor.forget(contact)
    wait_s, in_queue_s = now - contact.enqueued_at, now - contact.entered_at
    if not isinstance(target, ToQueue):
        floor.customers.ended(contact.customer, contact.contact_id, now, credit=contact.credit)
        floor.outputs.append(ContactOverflowed(contact.contact_id, queue_id, target, wait_s, reason))
        flow = target.flow if isinstance(target, ToFlow) else ""
        floor.tell(
            events.ContactOverflowed(now, contact.contact_id, queue_id, reason, wait_s, in_queue_s, position, flow)
        )
        return
    contact.enter(floor.queues[target.queue_id], now)
    if reason not in ("exit_key", "supervisor"):
        contact.moves += 1  # somebody wants it so: no way that leads in circles by itself
    floor.outputs.append(ContactMoved(contact.contact_id, queue_id, target.queue_id, wait_s))
    _join(floor, contact, now)
    floor.tell(
        events.ContactMoved(
            now,
            contact.contact_id,
            queue_id,
            target.queue_id,
            reason,
            wait_s,
            in_queue_s,
            position,
            contact.queue.position(contact),
            key,
            by,
        )
    )
    _serve(floor, contact, now)
