"""Wrap-ups begin, are extended, ended and provided with dispositions. What a wrap-up is: `wrap_up`."""

from math import isfinite

from softswitch.acd import events
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import DispositionSet
from softswitch.acd.model import Queue
from softswitch.acd.outputs import DispositionNoted, WrapUpBegan, WrapUpCause, WrapUpOver
from softswitch.acd.waiting import Contact
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.errors import LocalError
from softswitch.base.ids import ContactId


def begin(floor: Floor, agent: AgentMachine, contact: Contact, now: float) -> None:
    """The agent has finished the contact. What was put aside when it ended has been wrapped up long ago."""
    settings = contact.queue.settings
    if not agent.is_logged_in or contact.is_interrupted:
        return
    if settings.wrap_up_s <= 0 and not settings.is_disposition_required:
        return
    wrap_up = WrapUp(contact.contact_id, settings, contact.disposition, now)
    if wrap_up.is_wanted:
        agent.wrap_ups[contact.contact_id] = wrap_up
        floor.outputs.append(WrapUpBegan(contact.contact_id, agent.agent_id, wrap_up.queue.queue_id, wrap_up.due_at))
        _wait(floor, agent, wrap_up)


def time_is_up(floor: Floor, agent: AgentMachine, contact_id: ContactId, now: float) -> None:
    wrap_up = agent.wrap_ups.get(contact_id)
    if wrap_up is not None:
        _end(floor, agent, wrap_up, "maximum" if wrap_up.is_disposition_missing else "time", now)


def extend(floor: Floor, agent: AgentMachine, by_s: float) -> None:
    """Give him more time, or with a negative number less."""
    if not isfinite(by_s):
        raise LocalError(f"agent {agent.agent_id}: wrap-up can be extended by a finite number of seconds only")
    for wrap_up in agent.wrap_ups.values():
        wrap_up.extend(by_s)
        _wait(floor, agent, wrap_up)


def end_early(floor: Floor, agent: AgentMachine, now: float) -> None:
    """He is done. Raises LocalError while a disposition is missing."""
    for wrap_up in agent.wrap_ups.values():
        if wrap_up.is_disposition_missing:
            raise LocalError(
                f"agent {agent.agent_id} has not said what came of {wrap_up.contact_id}: "
                f"give a disposition first ({', '.join(wrap_up.queue.dispositions)})"
            )
    for wrap_up in list(agent.wrap_ups.values()):
        _end(floor, agent, wrap_up, "ended", now)


def cut_short(floor: Floor, agent: AgentMachine, now: float) -> None:
    """He has logged out."""
    for wrap_up in list(agent.wrap_ups.values()):
        _end(floor, agent, wrap_up, "logged_out", now)


def dispose(floor: Floor, agent: AgentMachine, fact: DispositionSet, now: float) -> None:
    """He says what came of a contact. Raises LocalError for a code its queue does not have, or no such contact."""
    subject = _subject(agent, fact.contact_id)
    queue = subject.queue if isinstance(subject, WrapUp) else subject.queue.settings
    _check(queue, fact.code)
    subject.disposition = fact.code
    floor.tell(events.DispositionSet(now, subject.contact_id, queue.queue_id, agent.agent_id, fact.code, by=fact.by))
    floor.outputs.append(DispositionNoted(subject.contact_id, agent.agent_id, queue.queue_id, fact.code, by=fact.by))
    if isinstance(subject, WrapUp):
        if now >= subject.until:
            _end(floor, agent, subject, "disposed", now)
        else:
            _wait(floor, agent, subject)


def _subject(agent: AgentMachine, contact_id: ContactId | None) -> Contact | WrapUp:
    subjects: dict[ContactId, Contact | WrapUp] = {**agent.contacts, **agent.wrap_ups}
    if not subjects:
        raise LocalError(f"agent {agent.agent_id} is in no contact, and wraps none up: a disposition comes too late")
    if contact_id is None and len(subjects) == 1:
        return next(iter(subjects.values()))
    if contact_id is not None and contact_id in subjects:
        return subjects[contact_id]
    known = ", ".join(subjects)
    asked = "" if contact_id is None else f", not {contact_id}"
    raise LocalError(f"agent {agent.agent_id} has {known}{asked}: say which one the disposition is for")


def _check(queue: Queue, code: str) -> None:
    if not queue.dispositions:
        raise LocalError(f"queue {queue.queue_id} has no dispositions: list them in its configuration")
    if code not in queue.dispositions:
        known = ", ".join(queue.dispositions)
        raise LocalError(f'"{code}" is no disposition of queue {queue.queue_id}: it has {known}')


def _wait(floor: Floor, agent: AgentMachine, wrap_up: WrapUp) -> None:
    floor.deadlines.set(("wrap_up", agent.agent_id, wrap_up.contact_id), wrap_up.due_at)


def _end(floor: Floor, agent: AgentMachine, wrap_up: WrapUp, cause: WrapUpCause, now: float) -> None:
    del agent.wrap_ups[wrap_up.contact_id]
    floor.deadlines.cancel(("wrap_up", agent.agent_id, wrap_up.contact_id))
    floor.tell(
        events.WrapUpEnded(
            now,
            agent.agent_id,
            wrap_up.contact_id,
            wrap_up.queue.queue_id,
            now - wrap_up.from_at,
            wrap_up.disposition,
            wrap_up.is_disposition_missing,
        )
    )
    floor.outputs.append(
        WrapUpOver(
            wrap_up.contact_id,
            agent.agent_id,
            wrap_up.queue.queue_id,
            duration_s=now - wrap_up.from_at,
            disposition=wrap_up.disposition,
            is_disposition_missing=wrap_up.is_disposition_missing,
            cause=cause,
        )
    )
