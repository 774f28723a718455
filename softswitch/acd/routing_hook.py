"""An external service has a word in decisions: it may choose another agent, or veto, and has not long for it.

In a queue with a hook a decision reserves its agent, who is not alerted yet (`RoutingAsked`). So nothing else can take
him or the contact meanwhile, and if either goes the reservation ends as any other would.

```
  decision ──► ASKED ──accept, failed, skipped, deadline, impossible choice──► ALERTED (the router's decision stands)
                 ├────choose: another agent, free and able──────────────────► ALERTED, he instead
                 ├────veto──────────────────────────────────────────────────► the contact is in its old place, its next
                 │                                                            decision is made without this agent
                 └────contact or agent gone─────────────────────────────────► over (`RoutingSettled`)
```

The decision stands only if the agent could still be chosen: nothing else tells of a skill that a supervisor took away
while the hook was asked, or of a new configuration. If he could not, the contact is in its old place again.

A veto is no failure of the agent's: nothing is counted, his idle time goes on. It holds as a failure does (until he is
ready afresh, or `retry_after_s` are over), of several for one contact the last. After `VETOES_MAX` the hook is not
asked about that contact any more, nor is it where a supervisor has assigned the contact to an agent. A strategy that
alerts several agents leaves nothing to choose: if it finds several, nobody is asked, and who has become free while it
was asked about the only one is alerted beside him.
"""

from softswitch.acd import contacts, decisions, hook_words
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.events import HookOutcome
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import RoutingAnswered
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.outputs import AnnouncementCut, RoutingSettled
from softswitch.acd.reserved import Reservation
from softswitch.base.ids import AgentId


def answered(floor: Floor, reservation: Reservation, fact: RoutingAnswered, now: float) -> None:
    """The hook has spoken, or it is known that it will not."""
    counters, reason = reservation.contact.queue.hook, fact.reason[:REASON_LENGTH_MAX]
    if fact.verdict == "failed":
        counters.failed += 1
        _let_stand(floor, reservation, "failed", now, reason)
        return
    if fact.verdict == "skipped":
        counters.skipped += 1
        _let_stand(floor, reservation, "skipped", now, reason)
        return
    counters.count_answer(now - reservation.made_at)
    if fact.verdict == "veto":
        counters.vetoed += 1
        _veto(floor, reservation, now, reason)
    elif fact.verdict == "choose" and fact.agent_id is not None and fact.agent_id != reservation.agent.agent_id:
        _choose(floor, reservation, fact.agent_id, now, reason)
    else:
        counters.accepted += 1
        _let_stand(floor, reservation, "accepted", now, reason)


def late(floor: Floor, reservation: Reservation, now: float) -> None:
    """The time of the hook is over."""
    reservation.contact.queue.hook.late += 1
    floor.outputs.append(RoutingSettled(reservation.reservation_id, reservation.contact.contact_id, is_late=True))
    _let_stand(floor, reservation, "late", now)


def _let_stand(
    floor: Floor,
    reservation: Reservation,
    outcome: HookOutcome,
    now: float,
    reason: str = "",
    chosen: AgentId | None = None,
) -> None:
    """The agent is alerted, unless he has begun a break or another call meanwhile, or may not serve it any more."""
    agent, contact = reservation.agent, reservation.contact
    floor.tell(hook_words.answer(reservation, outcome, now, reason, chosen))
    agent.release()
    if agent.is_free_for(contact.channel, floor.policy.interrupted_by) and _may_serve(floor, reservation, now):
        agent.reserve(reservation.reservation_id)
        _alert_after_all(floor, reservation, now)
        return
    _undo(floor, reservation, now)
    contacts.returned(floor, contact, now)
    floor.serve_agent(agent, now)


def _may_serve(floor: Floor, reservation: Reservation, now: float) -> bool:
    """Whether he may still: supervisors and a new configuration take away skills, queues and places on the phone."""
    agent, contact = reservation.agent, reservation.contact
    if floor.sites is not None and contact.channel in ON_THE_PHONE and floor.sites.is_overloaded(agent.agent.site):
        return False
    floor.matching.add(contact, now)  # in line again, it is known who may serve it by now
    may_serve = floor.matching.is_for(contact, agent.agent_id)
    floor.matching.remove(contact)
    return may_serve


def _alert_after_all(floor: Floor, reservation: Reservation, now: float) -> None:
    """The hook has nothing against it, or has said nothing: the agent is alerted from now on."""
    decision, contact = reservation.asked_about, reservation.contact
    assert decision is not None, "the hook was asked"
    reservation.asked_about = None
    floor.deadlines.cancel(("hook", reservation.reservation_id))
    reservation.made_at = now
    if contact.is_told:
        floor.outputs.append(AnnouncementCut(contact.contact_id))
    contact.queue.previous_agent_id = reservation.agent.agent_id
    floor.note_ringing(contact)
    floor.ring(reservation, now, decision)
    floor.let_join_in(contact.queue.own_plan.rows, contact.channel, now)


def _veto(floor: Floor, reservation: Reservation, now: float, reason: str) -> None:
    agent, contact = reservation.agent, reservation.contact
    floor.tell(hook_words.answer(reservation, "vetoed", now, reason))
    contact.vetoes += 1
    contact.shunned_by = agent.agent_id
    contact.retry_at = now + floor.policy.retry_after_s
    agent.failed_contacts.add(contact.contact_id)
    contact.queue.estimator.failed()
    _undo(floor, reservation, now)
    contacts.returned(floor, contact, now)
    floor.serve_agent(agent, now)


def _choose(floor: Floor, reservation: Reservation, chosen: AgentId, now: float, reason: str) -> None:
    contact, counters = reservation.contact, reservation.contact.queue.hook
    floor.matching.add(contact, now)  # in line again, it is known who may serve it by now
    is_possible = floor.matching.could_take(contact, chosen, instead_of=reservation.agent.agent_id)
    floor.matching.remove(contact)
    if not is_possible:
        counters.impossible += 1
        _let_stand(floor, reservation, "impossible", now, reason, chosen)
        return
    counters.chosen += 1
    floor.tell(hook_words.answer(reservation, "chosen", now, reason, chosen))
    contact.queue.estimator.failed()
    _undo(floor, reservation, now)
    floor.join_line(contact, now)
    decision = decisions.by_hook(floor.matching, contact, reservation.agent.agent_id)
    floor.alert([chosen], contact, now, decision)
    floor.serve_agent(reservation.agent, now)
    floor.let_join_in(contact.queue.own_plan.rows, contact.channel, now)


def _undo(floor: Floor, reservation: Reservation, now: float) -> None:
    """The agent has no reservation any more, through nothing he did."""
    floor.close_reservation(reservation, "", now)
    reservation.agent.release()
    floor.settle(reservation.agent, now, "reservation")
