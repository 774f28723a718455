"""The way to the switch: its control socket, with listings that were just asked for, and refusals as problems."""

import asyncio
from typing import Any, TypeVar

from softswitch.base.clock import Clock
from softswitch.control.protocol.replies import Reply, Rows
from softswitch.control.protocol.requests import InProject, Request
from softswitch.control.runtime.async_client import AsyncControlClient, SwitchBusy
from softswitch.control.runtime.client import ControlFailed, ControlRefused, NoSwitchRunning
from softswitch.web.listings import RecentListings
from softswitch.web.problem import ProblemError, refused

RETRY_AFTER = {"Retry-After": "1"}
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class SwitchLink:
    """Implements `own_switch.Link`."""

    def __init__(self, client: AsyncControlClient, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._recent: RecentListings[asyncio.Task[list[Any]]] = RecentListings()

    async def ask(self, request: Request | InProject, expected: type[ReplyT]) -> ReplyT:
        try:
            return await self.client.ask(request, expected)
        except ControlFailed as error:
            raise _problem(error) from error
        except NoSwitchRunning as error:
            raise _away(error) from error
        finally:
            self.forget()

    async def frames(self, request: Request | InProject, expected: type[RowsT]) -> list[RowsT]:
        now = self._clock.now()
        task = self._recent.find(request, now)
        if task is None:
            task = asyncio.get_running_loop().create_task(self.client.frames(request, expected))
            self._recent.put(request, task, now)
        try:
            # Shielded: who goes away does not take the answer from others who wait for it.
            return await asyncio.shield(task)
        except ControlFailed as error:
            self._recent.forget_one(request, task)
            raise _problem(error) from error
        except NoSwitchRunning as error:
            self._recent.forget_one(request, task)
            raise _away(error) from error

    def forget(self) -> None:
        """Listings are asked for anew: something has changed."""
        self._recent.forget()


def _problem(error: ControlFailed) -> ProblemError:
    if isinstance(error, ControlRefused):
        return refused(error.reply)
    code = "busy" if isinstance(error, SwitchBusy) else "switch_away"
    return ProblemError(code, str(error), "Try again in a moment", headers=RETRY_AFTER)


def _away(error: NoSwitchRunning) -> ProblemError:
    """Without the path of its configuration, which is nobody's business outside."""
    return ProblemError("switch_away", "the switch is not running", "Try again in a moment", headers=RETRY_AFTER)
