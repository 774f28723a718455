"""Runs one flow for each call, and sees to it that a flow's failure ends that call decently and nothing else.

```
  call ──► route ──► task ──► flow returns ──────────► hang up ──► CDR
             │         ├──── caller hangs up: CallEnded in the verb; cancelled if not over after LINGER_S
             │         └──── exception: apology, 500 if not yet answered, CDR with the traceback
             └─ no route: 404
```
"""

import asyncio
import traceback
from collections.abc import Callable

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import Dialplan, Flow

log = get_logger("dialplan")

LINGER_S = 10.0
"""How long a flow may go on after its caller is gone (to write to somebody else's system) before it is cancelled."""


class FlowRunner:
    """Starts flows. `dialplan` returns the one in force; a call keeps the one it began with."""

    def __init__(self, dialplan: Callable[[], Dialplan], *, loop: asyncio.AbstractEventLoop) -> None:
        self._dialplan = dialplan
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, active: ActiveCall) -> None:
        """Run the flow of the number called."""
        dialplan = self._dialplan()
        name = dialplan.flow_for(active.record.called_number, active.clock.wall())
        if name is None:
            active.record.ended("switch", "no such number", 404)
            active.hang_up_from_outside("no such number")
            active.flow_over()
            return
        active.record.flow = name
        task = self._loop.create_task(self._run(active, dialplan, dialplan.flow_named(name)), name=active.call_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        active.mailbox.when_closed(lambda: self._loop.call_later(LINGER_S, task.cancel))

    async def _run(self, active: ActiveCall, dialplan: Dialplan, flow: Flow) -> None:
        try:
            await flow(Call(active, dialplan))
        except (CallEnded, asyncio.CancelledError):
            pass
        except Exception as error:
            self._failed(active, error)
            await self._apologise(active)
        finally:
            active.flow_over()

    def _failed(self, active: ActiveCall, error: Exception) -> None:
        """Errors we raise on purpose say all in one line; of any other the traceback is what its author needs."""
        told = str(error) if isinstance(error, SoftswitchError) else traceback.format_exc()
        active.record.fault = told
        active.record.ended("switch", "the flow failed", 500)
        log.error("flow failed", call_id=active.call_id, flow=active.record.flow, fault=told)

    async def _apologise(self, active: ActiveCall) -> None:
        if not active.is_answered:
            return
        try:
            await active.play([active.sounds.resolve("fault/technical", active.language)])
        except SoftswitchError:
            log.info("apology not played", call_id=active.call_id)
