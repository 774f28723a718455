"""Whoever is rung first for a call that begins with nobody, and is its caller when he answers: a customer who is called
back, a colleague who wanted somebody who was busy."""

from softswitch.acd.model import BusyKind
from softswitch.calls.call_state import CallState
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.runtime.party import Party
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress


async def reach(call: ActiveCall, target: str, ring_s: float) -> DialReason | None:
    """Ring `target`, an account or number, for so long; why he could not be reached, or None: he is the caller.

    Raises `CallEnded`, `LocalError` and `MediaUnavailable`.
    """
    clock = call.around.clock
    call.set_state(CallState.ALERTING)
    attempt = Attempt(call, target)
    deadline = clock.now() + ring_s
    try:
        await attempt.begin()
        while True:
            await attempt.proceed(clock.now())
            if attempt.answered is not None:
                _begin_with(call, attempt, attempt.answered)
                return None
            if attempt.verdict is not None:
                return attempt.verdict
            due = [deadline, *(at for at in (attempt.next_timeout(),) if at is not None)]
            event = await call.mailbox.next(max(0.0, min(due) - clock.now()))
            if clock.now() >= deadline:
                return DialReason.NO_ANSWER
            if isinstance(event, LegProgress | LegAnswered | LegFailed):
                attempt.receive(event)
    finally:
        if attempt.answered is not call.caller:
            attempt.end()


def _begin_with(call: ActiveCall, attempt: Attempt, party: Party) -> None:
    """He is the caller, and busy as one if he is an agent."""
    attempt.silence()
    attempt.free_line()
    call.begin_with(party)
    if party.extension is not None and party.extension.agent_id is not None:
        party.line = party.extension.agent_id
        call.around.lines.taken(party.line, BusyKind.OUTBOUND)
