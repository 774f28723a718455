"""A supervisor whose phone is rung so that he may hear an agent, in one conversation or in all that follow.

When he answers he is the caller of a call of his own, as if he had dialled the code: listening_in.py has what he hears,
what his keys do and who may. If the switch dies, the next one lets him go on; while his phone rang it stops.
"""

from collections.abc import Awaitable

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_verbs import KeptWatch
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.first_party import reach
from softswitch.calls.runtime.listening_in import Watch, conversation_of, watch
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
    exchange.spawn(_until_over(call, _call(call, who, whom, mode, is_following=is_following)))
    return call.call_id


async def go_on(call: ActiveCall, kept: KeptFlow) -> None:
    """He was listening in the switch before."""
    who, verb = call.caller.extension, kept.verb
    watching = None
    if who is not None and isinstance(verb, KeptWatch):
        whom = call.record.called_number
        watching = watch(call, who, whom, verb.mode, is_following=verb.is_following, kept=verb)
    await _until_over(call, _supervise(call, watching))


async def _call(
    call: ActiveCall, who: Extension, whom: Extension, mode: SupervisionMode, *, is_following: bool
) -> None:
    if await reach(call, who.username, call.around.settings().ring_s) is None:
        call.display = ""
        await _supervise(call, watch(call, who, whom.username, mode, is_following=is_following))


async def _supervise(call: ActiveCall, watching: Watch | None) -> None:
    if watching is not None:
        call.keep_flow = lambda: KeptFlow(name=FLOW, stage="supervise", verb=watching.keep())
        await watching.run()


async def _until_over(call: ActiveCall, what: Awaitable[None]) -> None:
    """Whatever happens, the call is over afterwards."""
    try:
        await what
    except CallEnded:
        pass  # he has hung up
    except SoftswitchError as error:
        call.record.fault = str(error)
        log.error("supervision failed", call_id=call.call_id, fault=str(error))
    finally:
        call.flow_over()
