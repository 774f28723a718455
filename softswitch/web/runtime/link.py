"""The way to the switch: its control socket, with listings that were just asked for, and refusals as problems."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from softswitch.base.clock import Clock
from softswitch.base.errors import SoftswitchError
from softswitch.control.protocol.replies import Reply, Rows
from softswitch.control.protocol.requests import GetStatus, InProject, Request
from softswitch.control.runtime.async_client import AsyncControlClient, SwitchBusy
from softswitch.control.runtime.client import ControlRefused, NoSwitchRunning
from softswitch.web.listings import RecentListings
from softswitch.web.problem import ProblemError, refused

RETRY_AFTER = {"Retry-After": "1"}
T = TypeVar("T")
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class SwitchLink:
    """Implements `own_switch.Link`."""

    def __init__(self, client: AsyncControlClient, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._recent: RecentListings[asyncio.Task[list[Any]]] = RecentListings()

    async def ask(self, request: Request | InProject, expected: type[ReplyT]) -> ReplyT:
        if isinstance(request, GetStatus):
            (reply,) = await self._recently(request, lambda: self._alone(request, expected))
            return reply
        try:
            return await self.client.ask(request, expected)
        except SoftswitchError as error:
            raise _problem(error) from error
        finally:
            self.forget()

    async def frames(self, request: Request | InProject, expected: type[RowsT]) -> list[RowsT]:
        return await self._recently(request, lambda: self.client.frames(request, expected))

    async def _alone(self, request: Request | InProject, expected: type[ReplyT]) -> list[ReplyT]:
        return [await self.client.ask(request, expected)]

    async def _recently(self, request: Request | InProject, ask: Callable[[], Coroutine[Any, Any, list[T]]]) -> list[T]:
        """What was answered a moment ago, or is being answered, or is asked now."""
        now = self._clock.now()
        task = self._recent.find(request, now)
        if task is None:
            task = asyncio.get_running_loop().create_task(ask())
            task.add_done_callback(_look_at)
            self._recent.put(request, task, now)
        try:
            # Shielded: who goes away does not take the answer from others who wait for it.
            return await asyncio.shield(task)
        except SoftswitchError as error:
            self._recent.forget_one(request, task)
            raise _problem(error) from error

    def forget(self) -> None:
        """Listings are asked for anew: something has changed."""
        self._recent.forget()


def _look_at(done: asyncio.Task[list[Any]]) -> None:
    """Its failure is no news where everybody who waited for it has gone."""
    if not done.cancelled():
        done.exception()


def _problem(error: SoftswitchError) -> ProblemError:
    """Without paths of the machine, which are nobody's business outside."""
    match error:
        case ControlRefused():
            return refused(error.reply)
        case SwitchBusy():
            return ProblemError(
                "busy", "the switch has too much to answer", "Try again in a moment", headers=RETRY_AFTER
            )
        case NoSwitchRunning():
            reason = "the switch is not running"
        case _:
            reason = "the switch does not answer"
    return ProblemError("switch_away", reason, "Try again in a moment", headers=RETRY_AFTER)
