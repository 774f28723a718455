"""Runs one flow for each call, and sees to it that a flow's failure ends that call decently and nothing else.

```
  call ──► route ──► task ──► flow returns ──────────► hang up ──► CDR
             │         ├──── caller hangs up: CallEnded in the verb; not waited for if not over after LINGER_S
             │         └──── exception: 500 if not yet answered, else an apology; CDR with the traceback
             └─ no route: 404, or for somebody who was transferred the extension of that name
```

A caller who turns out to be a fax machine goes on with the `fax_flow` of the number he called, if it has one; the
flow he was in ends as if he had hung up.

A caller whose transfer has come to nothing when the flow is over goes back to whoever transferred him (recall.py).

A flow that a former switch process has begun is done again (`resume`, docs/decisions/0021-calls-outlive-the-switch.md)
up to where it was. If that is not possible it is left: what its verb was doing for the caller goes on to its end, and
then the call is over.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_call import KeptCall, KeptTransfer
from softswitch.calls.kept.kept_flow import FlowStage, KeptFlow
from softswitch.calls.kept.kept_verbs import KeptRecall
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.pace import FlowBlocks, FlowSpins
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import talk_on
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.commanding import stay_on as stay_parked
from softswitch.calls.runtime.conferring import stay_on
from softswitch.calls.runtime.faxes import listen_for_fax
from softswitch.calls.runtime.originating import go_on as connect_on
from softswitch.calls.runtime.recall import take_back
from softswitch.calls.runtime.supervisor_calls import go_on as supervise_on
from softswitch.calls.runtime.transfer import Transfer
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.dialplan.runtime.running_flow import RunningFlow
from softswitch.media.errors import MediaUnavailable

log = get_logger("dialplan")

LINGER_S = 10.0
"""How long a flow may go on after its caller is gone (to write to somebody else's system) before it is cancelled."""

TRANSFERRED = "transferred"
"""Stands in records for the flow of somebody who was transferred to an extension that no route leads to."""

APOLOGY_S = 15.0
"""The media worker may be what has failed: then nobody tells us that the apology is over."""


_WITHOUT_A_FLOW: Mapping[FlowStage, Callable[[ActiveCall, KeptFlow], Coroutine[Any, Any, None]]] = {
    "parked": stay_parked,
    "supervise": supervise_on,
    "originate": connect_on,
}
"""What goes on by itself."""


class FlowRunner:
    """Starts flows. `dialplan` returns the one in force; a call keeps the one it began with."""

    def __init__(self, dialplan: Callable[[], Dialplan], *, loop: asyncio.AbstractEventLoop) -> None:
        self._dialplan = dialplan
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The flows that run."""
        return set(self._tasks)

    def is_routed(self, number: str) -> bool:
        """Whether a number leads to a flow."""
        return self._dialplan().numbers.find(number) is not None

    def project_of(self, number: str) -> str:
        """Whose number it is; "": nobody's."""
        return self._dialplan().project_of(number)

    def start(self, active: ActiveCall) -> None:
        """Run the flow of the number called."""
        dialplan = self._dialplan()
        try:
            name = dialplan.flow_for(active.record.called_number, active.around.clock.wall())
            flow = None if name is None else dialplan.flow_named(name)
        except SoftswitchError as error:
            self._failed(active, error)
            active.flow_over()
            return
        if name is None and active.record.transferred_by:
            name, flow = TRANSFERRED, _ring_called
        if name is None or flow is None:
            active.refuse(404)
            active.flow_over()
            return
        self._begin(active, dialplan, name, flow)

    def run(self, active: ActiveCall, name: str) -> None:
        """Run this flow, whatever number was called."""
        dialplan = self._dialplan()
        try:
            self._begin(active, dialplan, name, dialplan.flow_named(name))
        except SoftswitchError as error:
            self._failed(active, error)
            active.flow_over()

    def go_on(self, active: ActiveCall, kept: KeptCall) -> None:
        """Go on with a call of the switch before, by its flow or without one."""
        if kept.flow is None and active.seat is not None:
            self._keep_task(active, self._loop.create_task(self._stay_on(active), name=active.call_id))
        elif kept.flow is None or (active.conversation is not None and _needs_no_flow(kept.flow)):
            self._keep_task(active, self._loop.create_task(talk_on(active), name=active.call_id))
        else:
            self.resume(active, kept.flow)

    async def _stay_on(self, active: ActiveCall) -> None:
        """Somebody who was called for a conference goes on taking part."""
        try:
            if active.seat is not None:
                await stay_on(active, CallerVerbs(active), active.seat)
        except CallEnded:
            pass
        except SoftswitchError as error:
            self._failed(active, error)
        finally:
            active.flow_over()

    def resume(self, active: ActiveCall, kept: KeptFlow) -> None:
        """Go on with a flow that another switch process has begun, in the call as it was adopted."""
        if kept.stage == "callback":  # it is promised no more
            active.flow_over()
            return
        if kept.stage == "recall":
            self._keep_task(active, self._loop.create_task(self._recall(active, kept), name=active.call_id))
            return
        go_on = _WITHOUT_A_FLOW.get(kept.stage)
        if go_on is not None:
            self._keep_task(active, self._loop.create_task(go_on(active, kept), name=active.call_id))
            return
        dialplan = self._dialplan()
        flow = _ring_called if kept.name == TRANSFERRED else dialplan.flows.get(kept.name)
        self._begin(active, dialplan, kept.name, flow, kept)

    def has(self, name: str) -> bool:
        """Whether there is a flow of this name."""
        return name in self._dialplan().flows

    def _begin(
        self, active: ActiveCall, dialplan: Dialplan, name: str, flow: Flow | None, kept: KeptFlow | None = None
    ) -> None:
        active.record.flow = name
        if dialplan.fax_flow_for(active.record.called_number) is not None:
            active.has_fax_flow = True
            listen_for_fax(active.caller)
        active.recordings.policy = dialplan.recording_of(active.record.called_number)
        stage: FlowStage = "main" if kept is None else kept.stage
        running = RunningFlow(active, name, stage, kept)
        task = self._loop.create_task(self._run(active, dialplan, running, flow), name=active.call_id)
        self._keep_task(active, task)

    def _keep_task(self, active: ActiveCall, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        active.mailbox.when_closed(lambda: self._caller_left(active, task))

    async def _run(self, active: ActiveCall, dialplan: Dialplan, running: RunningFlow, flow: Flow | None) -> None:
        try:
            has_ended = await self._run_flow(active, dialplan, running, flow)
            if active.mailbox.is_interrupted and running.stage == "main":
                has_ended = await self._run_fax_flow(active, dialplan)
            if has_ended:
                await self._take_back(active)
        finally:
            active.flow_over()

    async def _run_flow(self, active: ActiveCall, dialplan: Dialplan, running: RunningFlow, flow: Flow | None) -> bool:
        """Whether the flow has come to an end by itself, however. `flow` None: there is none of that name any more."""
        if flow is None or running.is_too_long:
            reason = "there is no such flow any more" if flow is None else "more has happened in it than is noted"
            await self._go_on_without_flow(active, running, reason)
            return True
        try:
            await flow(Call(running.verbs, dialplan))
        except CallEnded:
            await self._end_verb(active, running)
        except asyncio.CancelledError as error:
            if not active.mailbox.is_closed:  # it was not us: something that the flow awaited
                self._failed(active, error)
                await self._apologise(running.real)
            return False
        except GeneratorExit:
            raise  # the loop is gone
        except BaseException as error:
            # SystemExit too: a flow that exits ends its own call, not the switch.
            if running.departure and not running.verbs.left:
                log.error("flow failed while it was resumed", call_id=active.call_id, fault=_in_full(error))
            elif not _is_end_of_call(error) and not running.departure:
                self._failed(active, error)
                await self._apologise(running.real)
        if running.departure and not active.mailbox.is_closed:
            await self._go_on_without_flow(active, running, running.departure)
        return True

    async def _run_fax_flow(self, active: ActiveCall, dialplan: Dialplan) -> bool:
        name = dialplan.fax_flow_for(active.record.called_number)
        assert name is not None, "else the call would not have been interrupted; `start` has looked it up"
        active.mailbox.resume()
        active.record.flow = name
        running = RunningFlow(active, name, "fax")
        active.changed()  # else the next switch would have a fax machine in the former flow again
        return await self._run_flow(active, dialplan, running, dialplan.flow_named(name))

    async def _go_on_without_flow(self, active: ActiveCall, running: RunningFlow, reason: str) -> None:
        """Nothing that the caller has is taken from him: who waits or talks goes on, and is let go afterwards."""
        log.warning("flow not resumed", call_id=active.call_id, flow=running.name, reason=reason)
        active.record.fault = active.record.fault or f"the flow was left after a restart: {reason}"
        try:
            if not await running.real.go_on():
                await self._apologise(running.real)
        except CallEnded:
            pass
        except Exception as error:
            self._failed(active, error)

    async def _end_verb(self, active: ActiveCall, running: RunningFlow) -> None:
        """The caller left before his flow was where it had been: what he had of a verb ends as if it had come there."""
        if not running.real.is_left_over:
            return
        try:
            await running.real.go_on()
        except CallEnded:
            pass
        except Exception as error:
            self._failed(active, error)

    async def _recall(self, active: ActiveCall, kept: KeptFlow) -> None:
        """Whoever has the caller back was being rung, or the caller hears that he is not to be had."""
        verb = kept.verb if isinstance(kept.verb, KeptRecall) else KeptRecall()
        if active.transfer is None:
            active.transfer = Transfer.adopted(active, KeptTransfer(extension=verb.extension))
        try:
            await self._take_back(active)
        finally:
            active.flow_over()

    async def _take_back(self, active: ActiveCall) -> None:
        if active.transfer is None or active.mailbox.is_closed:
            return
        verb = KeptRecall(extension=active.transfer.keep().extension)
        active.keep_flow = lambda: KeptFlow(name=active.record.flow, stage="recall", verb=verb)
        try:
            await take_back(active)
        except CallEnded:
            pass
        except Exception as error:
            self._failed(active, error)

    def _caller_left(self, active: ActiveCall, task: asyncio.Task[None]) -> None:
        """The flow has some time; once it is over nothing here keeps the call."""
        timer = self._loop.call_later(LINGER_S, self._leave_behind, active, task)
        task.add_done_callback(lambda _: timer.cancel())

    def _leave_behind(self, active: ActiveCall, task: asyncio.Task[None]) -> None:
        """The caller is long gone: the call is over even if its flow refuses to be cancelled."""
        if not task.done():
            log.warning("flow cancelled", call_id=active.call_id, flow=active.record.flow, after_s=LINGER_S)
            task.cancel()
            active.flow_over()

    def _failed(self, active: ActiveCall, error: BaseException) -> None:
        told = _in_full(error)
        log.error("flow failed", call_id=active.call_id, flow=active.record.flow, fault=told)
        active.flow_failed(told, 503 if isinstance(error, MediaUnavailable) else 500)

    async def _apologise(self, verbs: CallerVerbs) -> None:
        if not verbs.is_answered or verbs.is_being_transferred:
            return
        try:
            async with asyncio.timeout(APOLOGY_S):
                await verbs.play([verbs.sounds.resolve("fault/technical", verbs.language)])
        except (SoftswitchError, CallEnded, TimeoutError):
            log.info("apology not played", call_id=verbs.call_id)


def _in_full(error: BaseException) -> str:
    """Errors we raise on purpose say all in one line; of any other the traceback is what its author needs."""
    told = str(error) if isinstance(error, SoftswitchError) else "".join(traceback.format_exception(error))
    return f"{error}\n{told}" if isinstance(error, FlowSpins | FlowBlocks) else told


async def _ring_called(call: Call) -> None:
    await call.dial(call.called_number)


def _needs_no_flow(kept: KeptFlow) -> bool:
    """Two who talk go on until one hangs up."""
    return kept.verb is None or kept.stage in ("callback", "recall")


def _is_end_of_call(error: BaseException) -> bool:
    """`CallEnded` out of an asyncio.TaskGroup, in which a flow did something else beside a verb."""
    if not isinstance(error, BaseExceptionGroup):
        return isinstance(error, CallEnded)
    group = cast("BaseExceptionGroup[BaseException]", error)
    return all(_is_end_of_call(cause) for cause in group.exceptions)
