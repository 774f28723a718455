"""A call that a program makes (calls/origination.py): one party is rung, and goes on as if he had called himself.

```
 begin ──► `first` rings ──► he answers, and is the caller ──► the number's flow, or the extension, or a trunk
                │                                         ├──► the flow named
                │                                         └──► who is parked in the slot
                └── busy, no answer, not reached: over; the call's tag "not_reached" says why
```

What holds for a call that he dials holds for this one: the project's and the number's recording, toll policy, limits.
If the switch dies, the next one goes on once he has answered; while he is rung, nobody has anything to lose.
"""

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import AgentId, CallId
from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_verbs import KeptDialling
from softswitch.calls.origination import Origination
from softswitch.calls.outcomes import CallEnded, DialOutcome
from softswitch.calls.record import CallRecord
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import project_at_work, refusal_of_full
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.first_party import reach
from softswitch.calls.runtime.picking_up import retrieve
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import CallSettings, Extension
from softswitch.sip.trunks.numbers import normalised

log = get_logger("calls")

FLOW = "originate"
"""Stands in the records of these calls until a number's flow has them."""
NOT_REACHED = "not_reached"


def originate(wish: Origination, around: Surroundings, exchange: Exchange) -> ActiveCall:
    """Begin it, and return the call that it is. Raises `LocalError`, in words for people, where it cannot be made."""
    wish.check()
    settings = around.settings()
    first = extension_named(wish.first, settings)
    through = _through(wish, settings)
    _check_goals(wish, first, through, around, exchange)
    project = wish.project or (project_at_work(around, first) if first is not None else "")
    if project and refusal_of_full(around, project):
        raise LocalError(f"project {project} has as many calls as it may have: wait for one to end, or see max_calls")
    if around.media.fullness:
        raise LocalError(f"no further call can be carried now: {around.media.fullness}")
    record = CallRecord(
        CallId(around.entropy.token(96)),
        calling_number=wish.first if first is None else first.number or first.username,
        calling_name="" if first is None else first.name,
        called_number=wish.to or wish.slot or wish.flow,
        started_at=around.clock.wall(),
    )
    record.project = project
    record.flow = wish.flow or FLOW
    record.tags.update(wish.tags)
    call = exchange.originate(record)
    call.variables.update(wish.variables)
    call.permissions = through or first
    log.info("call made", call_id=call.call_id, first=wish.first, to=record.called_number, by=wish.by)
    exchange.spawn(_Originating(call, wish, wish.first if first is None else first.username, through).run())
    return call


def extension_named(name: str, settings: CallSettings) -> Extension | None:
    """By account, number or agent; None for an outside number."""
    return settings.extension_for(name) or settings.extension_of_agent(AgentId(name))


def _through(wish: Origination, settings: CallSettings) -> Extension | None:
    through = extension_named(wish.through, settings) if wish.through else None
    if wish.through and through is None:
        raise LocalError(f'there is no extension "{wish.through}" whose right to call out could be used')
    return through


def _check_goals(
    wish: Origination,
    first: Extension | None,
    through: Extension | None,
    around: Surroundings,
    exchange: Exchange,
) -> None:
    settings = around.settings()
    if first is None:
        if settings.outbound_for(normalised(wish.first, settings.habits)) is None:
            raise LocalError(f'no extension, no agent and no trunk leads to "{wish.first}"')
        if through is None:
            raise LocalError(
                f"{wish.first} is an outside number: say through which extension it is called (its right is used)"
            )
    elif not around.sip.bindings(f"{first.username}@{settings.domain}"):
        raise LocalError(f"no phone of {first.username} is registered, so it cannot ring")
    if wish.slot and (around.parking.at(wish.slot) is None or first is None):
        reason = "only one of our phones can fetch somebody" if first is None else f"nobody is parked in {wish.slot}"
        raise LocalError(reason)
    if wish.flow and not exchange.has_flow(wish.flow):
        raise LocalError(f'there is no flow "{wish.flow}": flows are functions with @flow in the dialplans')
    is_outside = settings.outbound_for(normalised(wish.to, settings.habits)) is not None
    if wish.to and not exchange.is_reachable(wish.to) and not is_outside:
        raise LocalError(f'no route, no extension and no trunk leads to "{wish.to}": see numbers.toml')


class _Originating:
    """Whatever happens, the call is over afterwards, or its flow has it."""

    def __init__(self, call: ActiveCall, wish: Origination, first: str, through: Extension | None) -> None:
        self._call = call
        self._wish = wish
        self._first = first
        self._through = through

    async def run(self) -> None:
        call, wish = self._call, self._wish
        is_in_flow = False
        try:
            if await self._is_reached():
                is_in_flow = await self._go_on()
        except CallEnded:
            pass  # he, or somebody for him, has hung up; or he talks to who was parked
        except SoftswitchError as error:
            call.record.fault = str(error)
            log.error("call not made", call_id=call.call_id, first=wish.first, fault=str(error))
        finally:
            if not is_in_flow:
                call.flow_over()

    async def _is_reached(self) -> bool:
        call, wish = self._call, self._wish
        own = (wish.caller_id, wish.caller_name) if wish.caller_id else None
        is_ours = self._first in call.around.settings().extensions
        call.shown_as = (call.record.called_number, "") if is_ours else own
        call.display = wish.display
        ring_s = call.around.settings().ring_s if wish.ring_s is None else wish.ring_s
        reason = await reach(call, self._first, ring_s, answers_itself=wish.answers_itself, through=self._through)
        call.display = ""
        if reason is not None:
            call.record.tags[NOT_REACHED] = reason.value
            return False
        call.shown_as = own
        return True

    async def _go_on(self) -> bool:
        """Whether a flow has the call from now on."""
        call, wish = self._call, self._wish
        if wish.slot:
            await retrieve(call, wish.slot)
            return False
        if wish.flow:
            call.exchange.run_flow(call, wish.flow)
            return True
        if call.exchange.is_routed(wish.to):
            call.exchange.start_flow(call)
            return True
        ring_s = call.around.settings().ring_s
        await connect(call, Dialling(call, RingPlan([wish.to]), record=None, ring_s=ring_s))
        return False


async def go_on(call: ActiveCall, kept: KeptFlow) -> None:
    """He heard it ring, or talked, in the switch before."""
    try:
        if isinstance(kept.verb, KeptDialling):
            await connect(call, Dialling.resumed(call, kept.verb))
    except CallEnded:
        pass
    finally:
        call.flow_over()


async def connect(call: ActiveCall, dialling: Dialling) -> DialOutcome:
    """Without a flow, as is kept for the next switch."""
    call.keep_flow = lambda: KeptFlow(name=FLOW, stage="originate", verb=dialling.keep())
    return await dialling.run()
