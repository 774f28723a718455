"""What became of one contact and why, in sentences, from its events."""

from collections.abc import Iterable, Sequence
from typing import assert_never

import msgspec

from softswitch.acd.decisions import OLDEST_CONTACT, ROUTING_HOOK
from softswitch.acd.doing import Condition
from softswitch.acd.events import (
    AcdEvent,
    AgentReserved,
    ContactAbandoned,
    ContactAnnounced,
    ContactAssigned,
    ContactConnected,
    ContactConsulted,
    ContactContinued,
    ContactEnded,
    ContactHeld,
    ContactInterrupted,
    ContactLost,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactRefused,
    ContactReprioritised,
    ContactResumed,
    ContactTransferred,
    ContactWaits,
    ContactWithdrawn,
    DispositionSet,
    HookOutcome,
    ReservationEnded,
    RoutingHookAnswered,
    Stamped,
    StepBegan,
    WrapUpEnded,
)
from softswitch.acd.matching import PREFERRED_AGENT

DOING = {
    Condition.LOGGED_OUT: "not logged in",
    Condition.NOT_READY: "not ready",
    Condition.NO_PHONE: "without a phone",
    Condition.RESERVED: "alerted for others",
    Condition.ON_CONTACT: "talking to others",
    Condition.ON_DIRECT_CALL: "in calls to their own numbers",
    Condition.ON_OUTBOUND_CALL: "in calls they made",
    Condition.ON_OTHER_CALL: "in other calls",
    Condition.WRAP_UP: "in wrap-up",
    Condition.READY: "without room in this channel",
    Condition.SITE_FULL: "at sites that carry no further call",
}
RULES = {
    "longest_idle": "idle for the longest time",
    "least_occupied": "the least occupied",
    "fewest_contacts": "with the fewest contacts",
    "most_skilled": "the most skilled",
    "linear": "the first in the list",
    "round_robin": "the next in turn",
    "random": "by lot",
    "weighted_random": "by lot, by his weight",
    "last_agent_first": "who talked to this customer last, if he was free",
    "ring_all": "everybody free is alerted",
    ROUTING_HOOK: "named by the routing hook",
    PREFERRED_AGENT: "it was kept for him",
}
WHY_STEP = {
    "entered": "",
    "expired": " because its time had come",
    "nobody_logged_in": " because nobody of the former was logged in",
    "nobody_ready": " because nobody of the former was ready",
    "preferred_agent_over": " because it was kept for its preferred agent long enough",
}
REFUSED = {
    "full": "no room",
    "closed": "it is closed",
    "empty": "nobody there who counts",
    "unknown": "there is no such queue",
}
SENT_AWAY = {
    "max_wait": "it had waited too long",
    "full": "there was no room",
    "empty": "nobody was there who counts",
    "closed": "the queue is closed",
    "predicted_wait": "the wait would have been too long",
    "exit_key": "it chose so by a key",
    "supervisor": "a supervisor wanted it so",
}
ENDED = {
    "no_answer": "did not answer",
    "declined": "declined",
    "unreachable": "could not be reached",
    "hung_up": "answered, and hung up before the two heard each other",
    "no_media": "could not be rung, for want of a media worker",
    "abandoned": "rang until the contact hung up",
    "withdrawn": "rang until the contact was taken out",
    "logged_out": "logged out meanwhile",
    "removed": "is not configured any more",
    "restart": "rang until the switch was started anew",
    "answered_elsewhere": "rang until another answered",
}


HOOK_SAID: dict[HookOutcome, str] = {
    "accepted": "agreed to {agent}",
    "chosen": "chose {chosen} instead of {agent}",
    "vetoed": "did not want {agent} for it",
    "impossible": "chose {chosen}, who is not free or may not serve it, so that {agent} stays chosen",
    "late": "was too late to say anything about {agent}",
    "failed": "gave no sensible answer about {agent}",
    "skipped": "was not asked about {agent}",
    "settled": "was asked about {agent}, but one of the two was gone before it answered",
}


class StoryLine(msgspec.Struct, frozen=True):
    """One thing that happened to a contact; `kind` is the name of its event."""

    at: float
    """Epoch seconds."""
    kind: str
    text: str


def tell(events: Iterable[Stamped]) -> list[StoryLine]:
    """The story of the contact these events are about, in their order; others' events have no part in it."""
    lines: list[StoryLine] = []
    for stamped in events:
        text = _text(stamped.event)
        if text:
            kind = str(type(stamped.event).__struct_config__.tag)
            lines.append(StoryLine(stamped.at_wall, kind, text))
    return lines


def _text(event: AcdEvent) -> str:
    match event:
        case ContactQueued() | ContactRefused() | StepBegan() | ContactWaits() | ContactAnnounced():
            return _of_waiting(event)
        case ContactReprioritised() | ContactMoved() | ContactAbandoned() | ContactOverflowed() | ContactWithdrawn():
            return _of_leaving(event)
        case ContactAssigned():
            return f"given to {event.agent_id} alone{_by(event.by)}"
        case ContactLost():
            return "nobody knew of it any more"
        case AgentReserved():
            return _of_decision(event)
        case RoutingHookAnswered():
            return _of_hook(event)
        case ReservationEnded() if event.cause == "answered":
            return ""
        case ReservationEnded():
            cause = ENDED.get(event.cause, event.cause.replace("_", " "))
            return f"{event.agent_id} {cause}, after {seconds(event.ring_s)}"
        case (
            ContactConnected()
            | ContactHeld()
            | ContactResumed()
            | ContactConsulted()
            | ContactTransferred()
            | ContactEnded()
            | ContactInterrupted()
            | ContactContinued()
            | WrapUpEnded()
            | DispositionSet()
            | ContactRated()
        ):
            return _of_talk(event)
        case _:
            return ""


def _of_waiting(event: ContactQueued | ContactRefused | StepBegan | ContactWaits | ContactAnnounced) -> str:
    match event:
        case ContactQueued():
            before_s = event.at - event.enqueued_at
            parts = [f"queued in {event.queue_id}, place {event.position} of {event.waiting}"]
            if before_s >= 1:
                parts.append(f"it had waited {seconds(before_s)} before")
            if event.boost_s:
                older = "older" if event.boost_s > 0 else "younger"
                parts.append(f"counts as {seconds(abs(event.boost_s))} {older}")
            return "; ".join(parts)
        case ContactRefused():
            return f"refused by {event.queue_id}: {REFUSED.get(event.reason, event.reason)}"
        case StepBegan():
            return f"step {event.step} began{WHY_STEP.get(event.why, '')}: {_count(event.able, 'agent')} may serve it"
        case ContactWaits():
            return _nobody_free(event)
        case ContactAnnounced():
            promised = "" if event.estimated_wait_s is None else f", {seconds(event.estimated_wait_s)} to wait"
            return f"told: place {event.position}{promised}"
        case _:
            assert_never(event)


def _nobody_free(event: ContactWaits) -> str:
    where = f"step {event.step}: " if event.step else ""
    if not event.able:
        return f"{where}no agent may serve it"
    counts = dict(zip(Condition, event.counts, strict=False))
    if event.shunned is not None and counts.get(Condition.READY):
        counts[Condition.READY] -= 1
    doing = [f"{number} {DOING[condition]}" for condition, number in counts.items() if number]
    shunned = "" if event.shunned is None else f"; {event.shunned} has just not taken it"
    others = f": {', '.join(doing)}" if doing else ""
    return f"{where}nobody free of {_count(event.able, 'agent')} who may serve it{others}{shunned}"


def _of_leaving(
    event: ContactReprioritised | ContactMoved | ContactAbandoned | ContactOverflowed | ContactWithdrawn,
) -> str:
    match event:
        case ContactReprioritised():
            return f"boost {event.old_boost_s:g} s -> {event.boost_s:g} s{_by(event.by)}; now at place {event.position}"
        case ContactMoved():
            why = SENT_AWAY.get(event.reason, event.reason)
            return (
                f"moved from {event.from_queue_id} to {event.queue_id}, place {event.new_position}, because "
                f"{why}{_by(event.by)}"
            )
        case ContactAbandoned():
            return f"hung up at place {event.position} after {seconds(event.wait_s)}"
        case ContactOverflowed():
            where = f"to flow {event.flow}" if event.flow else "and was let go"
            why = SENT_AWAY.get(event.reason, event.reason)
            return f"left {event.queue_id} {where} after {seconds(event.wait_s)}, because {why}"
        case ContactWithdrawn():
            how = f"left by key {event.key}" if event.key else "taken out"
            why = f": {event.reason}" if event.reason else ""
            return f"{how}{_by(event.by)} at place {event.position} after {seconds(event.wait_s)}{why}"
        case _:
            assert_never(event)


def _of_decision(event: AgentReserved) -> str:
    step = f", step {event.step}" if event.step else ""
    if event.rule == OLDEST_CONTACT:
        why = "became free, and of all contacts he serves it was the one that had waited longest, boosts counted"
    else:
        rule = RULES.get(event.rule, event.rule.replace("_", " "))
        why = f"was chosen among {_count(event.free, 'free agent')} of {event.able} who may serve it: {rule}"
        if event.rule == "longest_idle":
            why += f" ({seconds(event.idle_s)})"
        if event.runner_up is not None:
            why += f"; {event.runner_up} was free as well"
    return f"{event.agent_id} {why}; reservation {event.reservation_id}{step}{_by(event.by)}"


def _of_hook(event: RoutingHookAnswered) -> str:
    """What the routing hook said of a decision, which stands unless it chose or vetoed."""
    said = HOOK_SAID[event.outcome].format(agent=event.agent_id, chosen=event.chosen)
    why = f": {event.reason}" if event.reason else ""
    return f"the routing hook {said}{why}, after {round(event.took_s * 1000)} ms; reservation {event.reservation_id}"


def _of_talk(
    event: ContactConnected
    | ContactHeld
    | ContactResumed
    | ContactConsulted
    | ContactTransferred
    | ContactEnded
    | ContactInterrupted
    | ContactContinued
    | WrapUpEnded
    | DispositionSet
    | ContactRated,
) -> str:
    match event:
        case ContactConnected():
            return (
                f"{event.agent_id} answered after {seconds(event.ring_s)} of ringing; "
                f"it had waited {seconds(event.wait_s)}"
            )
        case ContactHeld():
            return "on hold"
        case ContactResumed():
            return f"no longer on hold, after {seconds(event.held_s)}"
        case ContactConsulted():
            return f"{event.target} was asked meanwhile"
        case ContactTransferred():
            asked = " after asking there" if event.kind == "attended" else ""
            return f"transferred to {event.target}{asked}{_by(event.by)}"
        case ContactEnded():
            hold = f" and {seconds(event.hold_s)} of hold" if event.hold_s else ""
            how = "given to somebody else" if event.is_transferred else f"ended by the {event.ended_by}"
            return f"{how}, after {seconds(event.talk_s)} of talk{hold}"
        case ContactInterrupted():
            return f"{event.agent_id} was interrupted by what cannot wait"
        case ContactContinued():
            return f"{event.agent_id} went on with it, after {seconds(event.rested_s)}"
        case WrapUpEnded():
            return f"{event.agent_id} wrote it up for {seconds(event.lasted_s)}"
        case DispositionSet():
            return f"disposition {event.disposition}{_by(event.by)}"
        case ContactRated():
            question = f", {event.question}" if event.question else ""
            return f"the caller answered {event.score} (survey {event.survey}{question})"
        case _:
            assert_never(event)


def seconds(duration_s: float) -> str:
    """ "0.4 s", "12 s", "3:05 min"; exact enough to see what happened at once and what a moment later."""
    if duration_s < 9.95:
        return f"{duration_s:.1f} s"
    if duration_s < 120:
        return f"{duration_s:.0f} s"
    minutes, rest = divmod(round(duration_s), 60)
    return f"{minutes}:{rest:02} min"


def _by(who: str) -> str:
    return f" by {who}" if who else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def about(events: Iterable[Stamped], contact_id: str) -> Sequence[Stamped]:
    """Those of one contact."""
    return [stamped for stamped in events if getattr(stamped.event, "contact_id", None) == contact_id]
