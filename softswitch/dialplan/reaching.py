"""Whom the caller reaches: queues, extensions, outside numbers, those who ring or are parked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from softswitch.base.errors import LocalError
from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.outcomes import DialOutcome, ParkOutcome, QueueOutcome
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.ringing import Ring, RingStrategy
from softswitch.dialplan.surveying import Surveying
from softswitch.dialplan.verb_group import Said

QUESTION = "dial/accept-or-refuse"
WARNING = "dial/time-is-nearly-over"


class Reaching(Surveying):
    """Each returns when the caller is free again, with what came of it; queues ask what he thinks of it first."""

    async def queue(
        self,
        queue: str,
        *,
        boost_s: float = 0.0,
        skills: Mapping[str, int] | None = None,
        requirement: str = "",
        preferred_agent: str = "",
        preferred_for_s: float = 0.0,
        site: str = "",
        record: bool | None = None,
    ) -> QueueOutcome:
        """Wait for an agent with music and announcements, and talk to him; returns when the agent has hung up.

        `boost_s` puts the caller as many seconds ahead. `skills`, and an expression such as
        "german >= 3 or french" as `requirement`, are required beyond the queue's own. For the first `preferred_for_s`
        seconds the caller is for `preferred_agent` alone, if he is logged in. Of agents who may answer alike those of
        the `site` come first. `record` None is as the number called or else the queue is configured. If the queue's
        overflow names a flow, that flow has run when this returns; if the queue has a `survey`, an answered caller has
        been asked.
        """
        wishes = QueueWishes(
            boost_s=boost_s,
            skills=dict(skills or {}),
            requirement=requirement,
            preferred_agent=preferred_agent,
            preferred_for_s=preferred_for_s,
            site=site,
            record=record,
        )
        self._asked_by_queue = None
        outcome = await self._verbs.queue(queue, wishes)
        if outcome.flow is not None:
            await self.run(outcome.flow)
        if outcome.is_answered:
            await self._ask_after_queue(outcome.queue)
        return outcome

    async def dial(
        self,
        *targets: str | Ring,
        strategy: RingStrategy = "parallel",
        each_s: float | None = None,
        ring_s: float | None = None,
        record: bool | None = None,
        intercom: bool = False,
        callee_hears: Sequence[Said] = (),
        screened: bool = False,
        limit_s: float | None = None,
        warn_s: float = 60.0,
        through: str = "",
    ) -> DialOutcome:
        """Ring extensions (numbers or user names), groups or, for those who may, outside numbers; returns when the far
        side has hung up or did not come.

        Several targets ring at once ("parallel"), one after the other for `each_s` seconds ("serial"), or each `each_s`
        after the one before and together with it ("delayed"); a `Ring` has times of its own. `record` None is as the
        number called is configured, or else on demand. With `intercom` the phone answers by itself, if it may.

        Whoever answers hears `callee_hears` before he is connected; if `screened` he is asked, and talks to the caller
        when he presses 1. They may talk for `limit_s`; the caller is warned `warn_s` before (0: not). Calls to the
        outside use the trunks and limits of the extension `through`; without it those of the caller, and a caller from
        outside has none. Raises `LocalError` if there is no such extension.
        """
        if limit_s is not None and not limit_s > 0:
            raise LocalError(f"dial: limit_s is {limit_s:g}, and nobody can talk for so long")
        heard = callee_hears or (self._who_calls() if screened else ())
        question = [QUESTION] if screened else []
        terms = DialTerms(
            callee_hears=tuple(await self._files((*heard, *question))),
            is_screened=screened,
            limit_s=limit_s,
            warn_s=warn_s,
            warning=tuple(await self._files((WARNING,))) if limit_s is not None and warn_s else (),
            through=through,
        )
        return await self._verbs.dial(
            targets, strategy=strategy, each_s=each_s, ring_s=ring_s, record=record, intercom=intercom, terms=terms
        )

    def _who_calls(self) -> tuple[Said, ...]:
        """What he is told of the caller who shows his number."""
        number = "" if self._verbs.is_caller_hidden else self._verbs.record.calling_number
        digits = [digit for digit in number if digit in "0123456789"]
        return ("dial/call-from", *(f"digit/{digit}" for digit in digits)) if digits else ("dial/call-from-hidden",)

    async def pick_up(self, extension: str = "") -> bool:
        """Let the caller answer what rings at an extension (""; at any that shares a pickup group with his).

        False if nothing rings there that he may answer; if something does he talks in that call, this one is over, and
        it raises `CallEnded`.
        """
        return await self._verbs.pick_up(extension)

    async def park(self, slot: str = "", *, timeout_s: float | None = None) -> ParkOutcome:
        """Keep the caller with music in a parking slot, the first that is free, until somebody retrieves him.

        Returns after they have talked, or when `timeout_s` ([parking] timeout_s if None) is over. It answers the call.
        """
        return await self._verbs.park(slot, timeout_s=timeout_s)

    async def retrieve(self, slot: str) -> bool:
        """Let the caller talk to who is parked in the slot. False if nobody is; else as `pick_up`."""
        return await self._verbs.retrieve(slot)

    async def request_callback(self, number: str = "", queue: str = "") -> bool:
        """Promise the caller that he is called back at `number`, his own if none is given, from the queue he has waited
        in, or `queue`; he keeps his place. False if that is not possible: the queue does not call back, or nobody could
        reach the number. When it is True the promise is on the disk.
        """
        return await self._verbs.request_callback(number, queue)

    async def transfer(self, target: str) -> NoReturn:
        """Send the caller on to another number or extension, as if he had called it; with a record of its own.

        Nothing after it is run: it raises `CallEnded`. What `target` leads to decides what he hears if nobody is there.
        """
        await self._verbs.transfer(target)

    async def send_away(self, target: str) -> bool:
        """Have the caller's own side (his phone, or the provider he came through) call `target` in place of us.

        False if it does not, or nobody answers there: the caller is still here. Otherwise the call is over here, and it
        raises `CallEnded`.
        """
        return await self._verbs.send_away(target)
