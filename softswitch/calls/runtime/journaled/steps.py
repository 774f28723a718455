"""What every noted verb is made of: look it up in the journal, or else carry it out and note what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from softswitch.calls.kept.verb_journal import Kind, VerbJournal
from softswitch.calls.outcomes import FlowLeft
from softswitch.calls.pace import FlowSpins
from softswitch.calls.verbs import CallVerbs

T = TypeVar("T")

AGAIN_S = 86_400.0
"""A verb that was cancelled by its flow is cancelled again by it; until then it is waited, at most for a day."""


REFUSALS_MAX = 100
"""Verbs a flow may still try when it was left: whatever catches everything and tries again never stops by itself."""


class JournaledSteps:
    """For the verbs of one flow. `changed` is told when something is noted that is worth writing down soon.

    What has changed for the caller is told when the flow goes on to the next verb: one that is about to end needs no
    more of it. What has changed elsewhere, as a list, is told at once.
    """

    def __init__(
        self, verbs: CallVerbs, journal: VerbJournal, changed: Callable[[], None], is_masked: Callable[[], bool]
    ) -> None:
        self.verbs = verbs
        """Which really do it."""
        self.journal = journal
        self.left = ""
        """Why the flow was left, if it was."""
        self._changed = changed
        self._is_masked = is_masked
        self._refused = 0
        self._when_arrived: Callable[[], None] | None = None

    @property
    def is_replaying(self) -> bool:
        """The flow is done again, and is not yet where it was."""
        return self.journal.is_replaying

    def when_arrived(self, told: Callable[[], None]) -> None:
        """Call `told` when the flow is where it was, with the next thing it asks or does."""
        self._when_arrived = told

    async def wait(
        self,
        name: str,
        arguments: object,
        verb: Callable[[], Awaitable[T]],
        kind: Kind[T],
        typed: Callable[[T], str] = lambda _: "",
    ) -> T:
        """A verb that takes its time with the caller; `typed` is what of its result he has typed."""
        place = await self._begin_or_wait(name, arguments)
        if self.journal.is_over(place):
            return self.journal.result(place, kind)
        self._tell()
        return await self._carry_out(place, verb, kind, typed=typed)

    async def wait_elsewhere(self, name: str, arguments: object, verb: Callable[[], Awaitable[T]], kind: Kind[T]) -> T:
        """One that changes something beside the call, which must not happen twice."""
        place = await self._begin_or_wait(name, arguments)
        if self.journal.is_over(place):
            return self.journal.result(place, kind)
        result = await self._carry_out(place, verb, kind)
        self._tell()
        return result

    async def learn(self, name: str, arguments: object, verb: Callable[[], Awaitable[T]], kind: Kind[T]) -> T:
        """One that only finds something out."""
        place = await self._begin_or_wait(name, arguments)
        if self.journal.is_over(place):
            return self.journal.result(place, kind)
        return await self._carry_out(place, verb, kind, is_news=False)

    def now(self, name: str, arguments: object, verb: Callable[[], T], kind: Kind[T], *, is_news: bool = True) -> T:
        """A verb that is done at once, and only once."""
        place = self._begin(name, arguments)
        if self.journal.is_over(place):
            return self.journal.result(place, kind)
        try:
            result = verb()
        except Exception as error:
            self.journal.raised(place, error)
            raise
        self.journal.returned(place, result, kind, is_news=is_news)
        if is_news:
            self._tell()
        return result

    def read(self, name: str, arguments: object, value: Callable[[], T], kind: Kind[T]) -> T:
        """What the flow only looks at."""
        self._check()
        try:
            read = self.journal.read(name, arguments, value, kind)
        except FlowLeft as error:
            self.left = str(error)
            raise
        self._look()
        return read

    def set(self, verb: Callable[[], None]) -> None:
        """What the flow only sets: while it is done again that is so already, or somebody has changed it since."""
        self._check()
        if not self.is_replaying:
            verb()

    # Private

    async def _begin_or_wait(self, name: str, arguments: object) -> int:
        if self.left:
            # A flow that goes on regardless, in a loop: others have their turn, and at last it has none.
            self._refused += 1
            await (asyncio.sleep(0) if self._refused <= REFUSALS_MAX else asyncio.Event().wait())
        place = self._begin(name, arguments)
        if self.journal.is_cancelled(place):
            await self.verbs.pause(AGAIN_S)
        return place

    async def _carry_out(
        self,
        place: int,
        verb: Callable[[], Awaitable[T]],
        kind: Kind[T],
        *,
        is_news: bool = True,
        typed: Callable[[T], str] = lambda _: "",
    ) -> T:
        try:
            result = await verb()
        except (Exception, FlowSpins) as error:
            self.journal.raised(place, error)
            raise
        except asyncio.CancelledError:
            self.journal.cancelled(place)
            raise
        if typed(result) and self._is_masked():
            self.journal.withheld(place)
        else:
            self.journal.returned(place, result, kind, is_news=is_news)
        return result

    def _begin(self, name: str, arguments: object) -> int:
        self._check()
        try:
            place = self.journal.begin(name, arguments)
        except FlowLeft as error:
            self.left = str(error)
            raise
        self._look()
        return place

    def _look(self) -> None:
        if self._when_arrived is not None and not self.journal.is_replaying:
            told, self._when_arrived = self._when_arrived, None
            told()

    def _check(self) -> None:
        if self.left:
            raise FlowLeft(self.left)

    def _tell(self) -> None:
        if self.journal.told():
            self._changed()
