"""When a queue does not keep its promise: reserve agents join it, and its contacts count as older, until it does again.

Each contact is judged once, and as early as it can be: when it is answered in time, or when its time is over and it
still waits. Who gives up in time is not judged. So the window fills with failures while callers still wait, not when
they are answered at last.

```
            level < below (and enough were judged)
   as usual ────────────────────────────────────────► rescue: reserve agents serve the queue,
            ◄────────────────────────────────────────         its contacts are `older_s` older
            level >= until, or nobody was judged for a whole window; not before `hold_s`
```

`below` and `until` lie apart, so that a level near the threshold does not switch it on and off; `hold_s` is for the
agents, who have just been called for help. The reserve needs the skills the queue requires like everybody else.
"""

from math import inf, nextafter

from softswitch.acd import events
from softswitch.acd.floor import Floor
from softswitch.acd.model import Rescue
from softswitch.acd.outputs import RescueChanged
from softswitch.acd.waiting import Contact, QueueRecord

# What happens to contacts


def entered(floor: Floor, contact: Contact) -> None:
    """It is about to wait in a queue: it counts as older there while the rescue goes on."""
    queue = contact.queue
    rescue = queue.settings.rescue
    contact.is_judged = rescue is None
    older_s = 0.0 if rescue is None or queue.rescue.since is None else rescue.older_s
    if older_s != contact.rescue_s:
        _age(contact, older_s)
    if rescue is not None:
        in_time_until = contact.entered_at + queue.settings.service_level_s
        floor.deadlines.set(("late", contact.contact_id), nextafter(in_time_until, inf))


def answered(floor: Floor, contact: Contact, wait_s: float, now: float) -> None:
    """An agent answered it after so long in the queue."""
    floor.deadlines.cancel(("late", contact.contact_id))
    if not contact.is_judged:
        _judge(floor, contact, wait_s <= contact.queue.settings.service_level_s, now)


def left(floor: Floor, contact: Contact, now: float) -> None:
    """The agent who answered it has gone before he heard it: it may be late after all."""
    if not contact.is_judged:
        in_time_until = contact.entered_at + contact.queue.settings.service_level_s
        floor.deadlines.set(("late", contact.contact_id), max(now, nextafter(in_time_until, inf)))


def late(floor: Floor, contact: Contact, now: float) -> None:
    """Its time is over."""
    if not contact.is_judged and contact.connected_at is None:
        _judge(floor, contact, False, now)


# The rescue


def reconfigured(floor: Floor, now: float) -> None:
    """The queues have other settings, and nobody stands in a line: a rescue may be another one, or be none any more."""
    for queue in floor.queues.values():
        if queue.rescue.since is None:
            continue
        rescue = queue.settings.rescue
        if rescue is None:
            queue.rescue.since = None
            _say(floor, queue, False, now)
        for contact in [*queue.contacts(), *_alerting(floor, queue)]:
            _age(contact, 0.0 if rescue is None else rescue.older_s)


def look(floor: Floor, queue: QueueRecord, now: float) -> None:
    """Begin or end the rescue if that is due, and plan the next look."""
    state, rescue = queue.rescue, queue.settings.rescue
    if rescue is None:
        return
    state.window.forget(rescue.window_s, now)
    level = state.window.level
    if state.since is None:
        if level is not None and level < rescue.below and len(state.window) >= rescue.judged_min:
            _begin(floor, queue, rescue, now)
    elif (level is None or level >= rescue.until) and now >= state.since + rescue.hold_s:
        _end(floor, queue, now)
    _plan_look(floor, queue, rescue, now)


def _plan_look(floor: Floor, queue: QueueRecord, rescue: Rescue, now: float) -> None:
    state, due = queue.rescue, list[float]()
    if state.window.oldest_at is not None:
        due.append(state.window.oldest_at + rescue.window_s)
    if state.since is not None and state.since + rescue.hold_s > now:
        due.append(state.since + rescue.hold_s)
    if due:
        floor.deadlines.set(("rescue", queue.settings.queue_id), min(due))
    else:
        floor.deadlines.cancel(("rescue", queue.settings.queue_id))


def _begin(floor: Floor, queue: QueueRecord, rescue: Rescue, now: float) -> None:
    queue.rescue.since = now
    _say(floor, queue, True, now)
    _restaff(floor, queue, rescue.older_s, now)
    for agent_id in rescue.agents:
        agent = floor.agents.get(agent_id)
        if agent is not None:
            floor.serve_agent(agent, now)


def _end(floor: Floor, queue: QueueRecord, now: float) -> None:
    queue.rescue.since = None
    _say(floor, queue, False, now)
    _restaff(floor, queue, 0.0, now)
    floor.presence.restaffed(queue)


def _restaff(floor: Floor, queue: QueueRecord, older_s: float, now: float) -> None:
    """Who serves the queue has changed, and how old its contacts count as."""
    waiting = floor.matching.replan(queue)
    for contact in _alerting(floor, queue):
        _age(contact, older_s)
    for contact in waiting:
        _age(contact, older_s)
        floor.matching.add(contact, now)


def _alerting(floor: Floor, queue: QueueRecord) -> list[Contact]:
    """Who alerts an agent, and may come back to the queue."""
    return [each.contact for each in floor.reservations.values() if each.contact.queue is queue]


def _say(floor: Floor, queue: QueueRecord, is_on: bool, now: float) -> None:
    queue_id, level = queue.settings.queue_id, queue.rescue.window.level
    floor.outputs.append(RescueChanged(queue_id, is_on, level, len(queue.rescue.window)))
    floor.tell(events.RescueChanged(now, queue_id, is_on, level))


def _judge(floor: Floor, contact: Contact, is_in_time: bool, now: float) -> None:
    contact.is_judged = True
    contact.queue.rescue.window.judged(is_in_time, now)
    look(floor, contact.queue, now)


def _age(contact: Contact, older_s: float) -> None:
    """The contact, which is in no line, counts as so much older than it is otherwise."""
    contact.key += contact.rescue_s - older_s
    contact.rescue_s = older_s
