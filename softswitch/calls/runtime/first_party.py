"""Whoever is rung first for a call that begins with nobody, and is its caller when he answers: a customer who is called
back, a colleague who wanted somebody who was busy, the agent a queue has found for either or for a voice message, and
who is called for a conference."""

from softswitch.acd.model import BusyKind
from softswitch.acd.outputs import AgentReserved, ContactConnected, ReservationEnded
from softswitch.calls.call_state import CallState
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_phones import AgentPhones
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.runtime.party import Party
from softswitch.calls.settings import Extension
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress


async def reach(
    call: ActiveCall,
    target: str,
    ring_s: float,
    *,
    answers_itself: bool = False,
    through: Extension | None = None,
) -> DialReason | None:
    """Ring `target`, an account or number, for so long; why he could not be reached, or None: he is the caller.

    His phone is asked to answer by itself if it `answers_itself`; `through` is whose right it is to call out.

    Raises `CallEnded`, `LocalError` and `MediaUnavailable`.
    """
    attempt = Attempt(call, target, answers_itself=answers_itself, through=through)
    try:
        reason = await ring(call, attempt, ring_s)
        if attempt.answered is not None:
            _begin_with(call, attempt, attempt.answered)
        return reason
    finally:
        if attempt.answered is not call.caller:
            attempt.end()


async def ring(call: ActiveCall, attempt: Attempt, ring_s: float) -> DialReason | None:
    """Let it ring for so long; why nobody has answered, or None: `attempt.answered` has. Raises what `reach` does."""
    clock = call.around.clock
    call.set_state(CallState.ALERTING)
    deadline = clock.now() + ring_s
    await attempt.begin()
    while True:
        await attempt.proceed(clock.now())
        if attempt.answered is not None:
            return None
        if attempt.verdict is not None:
            return attempt.verdict
        due = [deadline, *(at for at in (attempt.next_timeout(),) if at is not None)]
        event = await call.mailbox.next(max(0.0, min(due) - clock.now()))
        if clock.now() >= deadline:
            return DialReason.NO_ANSWER
        if isinstance(event, LegProgress | LegAnswered | LegFailed):
            attempt.receive(event)


async def reach_agent(call: ActiveCall, reserved: AgentReserved, display: str) -> ContactConnected | None:
    """Ring the agent reserved for the contact this call is; what the router says when it has connected him, who is the
    caller then. None if nobody answered. His phone shows `display`.

    Raises `CallEnded` and `MediaUnavailable`.
    """
    phones = AgentPhones(call)
    call.set_state(CallState.ALERTING)
    call.display = display
    try:
        await phones.alert(reserved)
        while phones.are_ringing:
            match event := await call.mailbox.next():
                case LegProgress() | LegAnswered() | LegFailed():
                    phones.receive(event)
                case ContactConnected():
                    call.begin_with(phones.connected())
                    call.keeps_agent = True
                    call.record.agent = event.agent_id
                    call.record.queue_wait_s = event.wait_s
                    _note_stay(call, event, reserved)
                    return event
                case AgentReserved():
                    await phones.alert(event)
                case ReservationEnded():
                    phones.ended(event)
                case _:
                    pass
        return None
    finally:
        phones.stop()
        call.display = ""


def _note_stay(call: ActiveCall, event: ContactConnected, reserved: AgentReserved) -> None:
    """The whole call is what came of the contact's stay in the queue."""
    stays = call.record.stays
    stays.entered(reserved.queue_id, call.wall() - event.wait_s, 0.0)
    stays.answered(event.agent_id, event.wait_s, call.record.ring_s)


def _begin_with(call: ActiveCall, attempt: Attempt, party: Party) -> None:
    """He is the caller, and busy as one if he is an agent."""
    attempt.silence()
    attempt.free_line()
    call.begin_with(party)
    if party.extension is not None and party.extension.agent_id is not None:
        party.line = party.extension.agent_id
        call.around.lines.taken(party.line, BusyKind.OUTBOUND)
