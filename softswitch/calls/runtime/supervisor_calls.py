"""A supervisor whose phone is rung so that he may hear an agent, in one conversation or in all that follow.

When he answers he is the caller of a call of his own, as if he had dialled the code: listening_in.py has what he hears,
what his keys do and who may.
"""

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.first_party import reach
from softswitch.calls.runtime.listening_in import conversation_of, supervise
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.reaching import bindings_of
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import SupervisionMode, may_supervise

log = get_logger("calls")

FLOW = "supervise"
"""Stands in the records of these calls."""


def call_supervisor(
    around: Surroundings,
    exchange: Exchange,
    who: Extension,
    whom: Extension,
    mode: SupervisionMode,
    *,
    is_following: bool,
) -> CallId:
    """Ring `who`, who is to hear `whom`; returns the id of his call. Raises `LocalError`, in words for people."""
    if not may_supervise(who, whom):
        raise LocalError(
            f"{who.username} is set over no team of {whom.username}: see `supervises` and `teams` in agents.toml"
        )
    if not is_following and conversation_of(whom, around, exchange) is None:
        raise LocalError(f"{whom.username} talks to nobody now: with --follow the supervisor waits for the next call")
    record = CallRecord(
        CallId(around.entropy.token(96)),
        calling_number=who.number or who.username,
        calling_name=who.name,
        called_number=whom.number or whom.username,
        started_at=around.clock.wall(),
    )
    record.flow = FLOW
    call = exchange.originate(record)
    call.permissions = who
    if not bindings_of(who, call, around.settings()):
        call.flow_over()
        raise LocalError(f"no phone is registered for {who.username}")
    call.display = f"{mode.value}: {whom.name or whom.username}"
    exchange.spawn(_run(call, who, whom, mode, is_following=is_following))
    return call.call_id


async def _run(call: ActiveCall, who: Extension, whom: Extension, mode: SupervisionMode, *, is_following: bool) -> None:
    try:
        if await reach(call, who.username, call.around.settings().ring_s) is None:
            call.display = ""
            await supervise(call, who, whom.username, mode, is_following=is_following)
    except CallEnded:
        pass  # he has hung up
    except SoftswitchError as error:
        call.record.fault = str(error)
        log.error("supervision failed", call_id=call.call_id, fault=str(error))
    finally:
        call.flow_over()
