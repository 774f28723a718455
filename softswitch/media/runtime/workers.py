"""The media workers as a whole: which there are, which one gets the next call, and waiting for one to come."""

import asyncio
from collections.abc import Iterable, Iterator

import msgspec

from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.media.errors import MediaUnavailable
from softswitch.media.placement import WorkerLoad, choose, why_none
from softswitch.media.protocol import WorkerStatistics
from softswitch.media.runtime.worker_link import WorkerLink


class WorkerState(msgspec.Struct, frozen=True):
    """A worker as it is now; `statistics` are its own of the last second, None while it is away.

    One that is draining gets no new calls. `adopted` of its streams were there before this switch. `version` is that of
    the softswitch it was started by.
    """

    name: str
    is_connected: bool
    pid: int
    streams: int
    statistics: WorkerStatistics | None
    is_draining: bool = False
    adopted: int = 0
    version: str = ""


class Workers:
    """In the order they were given."""

    __slots__ = ("_arrival", "_clock", "_cpu_max", "_draining", "_is_closed", "_links", "_open_within_s")

    def __init__(self, links: Iterable[WorkerLink], *, clock: Clock, cpu_max: float, open_within_s: float) -> None:
        """A worker that uses `cpu_max` of a core gets no new calls; a new stream waits `open_within_s` for a worker."""
        self._open_within_s = open_within_s
        self._links = {link.name: link for link in links}
        self._clock = clock
        self._cpu_max = cpu_max
        self._draining: set[str] = set()
        """By name: a worker that was restarted meanwhile is drained as well."""
        self._arrival = asyncio.Event()
        """Set, and replaced, when a worker connects."""
        self._is_closed = False

    def __iter__(self) -> Iterator[WorkerLink]:
        return iter(self._links.values())

    def __len__(self) -> int:
        return len(self._links)

    def start(self) -> None:
        for link in self:
            link.start()

    def close(self) -> None:
        """Leave them as they are; nobody waits for one any more."""
        self._is_closed = True
        self.wake()
        for link in self:
            link.close()

    def named(self, name: str) -> WorkerLink:
        """Raises LocalError when there is none."""
        link = self._links.get(name)
        if link is None:
            raise LocalError(f'there is no media worker "{name}": there are {", ".join(self._links)}')
        return link

    def state(self, link: WorkerLink, adopted: int) -> WorkerState:
        return WorkerState(
            link.name,
            link.is_connected,
            link.pid,
            len(link.description.streams),
            link.statistics,
            link.name in self._draining,
            adopted,
            link.program,
        )

    def drain(self, name: str, is_draining: bool) -> None:
        """No new calls for a worker, or again; those it has go on. Raises LocalError for an unknown name."""
        self.named(name)
        if is_draining:
            self._draining.add(name)
        else:
            self._draining.discard(name)

    @property
    def fullness(self) -> str:
        """Why no worker can have a new call now, for people; "" if one can, or if all are away for a moment."""
        loads = self._loads()
        if not loads or any(load.is_able(self._cpu_max) for load in loads):
            return ""
        return why_none(loads, self._cpu_max)

    async def for_stream(self, near: WorkerLink | None, deadline: float) -> WorkerLink:
        """The connected worker for a new stream: `near`, or that with the least to do. Raises MediaUnavailable."""
        while not self._is_closed:
            if near is not None and near.is_connected:
                return near
            if near is None and (loads := self._loads()):
                name = choose(loads, self._cpu_max)
                if name is None:
                    raise MediaUnavailable(why_none(loads, self._cpu_max))
                return self._links[name]
            left_s = deadline - self._clock.now()
            if left_s <= 0.0:
                names = "no media worker" if near is None else f"media worker {near.name}, where the call is, not"
                raise MediaUnavailable(f"{names} there for {self._open_within_s:g} s: see what the supervisor logged")
            await self._wait(left_s)
        raise MediaUnavailable("the switch is being stopped: call again later")

    async def learnt(self, within_s: float) -> list[str]:
        """Wait until all have said what they do; the names of those that have not by then."""
        deadline = self._clock.now() + within_s
        while missing := [link.name for link in self if not link.has_learnt]:
            left_s = deadline - self._clock.now()
            if left_s <= 0.0 or self._is_closed:
                return missing
            await self._wait(left_s)
        return []

    def wake(self) -> None:
        """A worker is there, or has told what it does: whoever waits looks again."""
        self._arrival.set()
        self._arrival = asyncio.Event()

    def _loads(self) -> list[WorkerLoad]:
        """Of the workers that are there."""
        return [
            WorkerLoad(
                name=link.name,
                cpu=None if link.statistics is None else link.statistics.cpu,
                reported_streams=0 if link.statistics is None else link.statistics.streams,
                streams=len(link.description.streams),
                is_draining=link.name in self._draining,
            )
            for link in self
            if link.is_connected
        ]

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrival.wait()
        except TimeoutError:
            pass
