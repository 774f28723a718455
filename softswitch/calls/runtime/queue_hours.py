"""When queues are open: by the calendar, and by what somebody has commanded. The router is told of every change.

A queue is closed while somebody has closed it by command (a fire alarm, a meeting), which outlives the switch; else
while its hours are over. The router hears `QueueClosed` and `QueueOpened` at the second it happens, and nothing of time
zones, holidays and nights on which the clock is moved: those are the calendar's (dialplan/schedule.py).
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from softswitch.acd.inputs import AcdInput, QueueClosed, QueueOpened
from softswitch.acd.model import WhoWaitsAtClosing
from softswitch.acd.runtime.timers import TimerHandle, TimerLoop
from softswitch.base.clock import Clock
from softswitch.base.ids import QueueId
from softswitch.base.log import get_logger
from softswitch.calls.settings import CallSettings, QueueTreatment
from softswitch.store.schema import StoredQueueClosing
from softswitch.store.store import Store

HOURS = "hours"
"""Why a queue is closed whose hours are over."""

LOOK_S = 60.0
"""However far away the next change is: the machine's clock may be set meanwhile, and then it is soon noticed."""

log = get_logger("acd")


class Calendar(Protocol):
    """Schedules by name. Times of day are seconds since the epoch."""

    def is_open(self, schedule: str, at_wall: float) -> bool: ...
    def next_change(self, schedule: str, at_wall: float) -> float:
        """When to ask again at the latest."""
        ...


class Acd(Protocol):
    def apply(self, fact: AcdInput) -> None: ...


class QueueHours:
    """One per switch. Call `refresh` after the router has got its configuration, and `stop` at the end."""

    __slots__ = (
        "_acd",
        "_calendar",
        "_changes",
        "_clock",
        "_commanded",
        "_loop",
        "_settings",
        "_store",
        "_timer",
        "_told",
    )

    def __init__(
        self,
        acd: Acd,
        store: Store,
        clock: Clock,
        loop: TimerLoop,
        settings: Callable[[], CallSettings],
        calendar: Calendar,
    ) -> None:
        self._acd = acd
        self._store = store
        self._clock = clock
        self._loop = loop
        self._settings = settings
        self._calendar = calendar
        self._commanded = {row.queue_id: row for row in store.queue_closings.ascending()}
        self._changes: dict[str, tuple[float, float]] = {}
        """Of each schedule when that was asked, and when it changes next: finding that takes half a millisecond."""
        self._told: dict[QueueId, QueueClosed] = {}
        """What the router was told last of those that are closed."""
        self._timer: TimerHandle | None = None

    def refresh(self) -> None:
        """The settings or the schedules may have changed: tell the router what is so now."""
        self._changes.clear()
        self._tell({})

    def close(self, queue_id: QueueId, reason: str, waiting: WhoWaitsAtClosing, by: str) -> None:
        """Closed from now on, whatever its hours, until it is opened."""
        row = StoredQueueClosing(
            queue_id=queue_id, since_wall=self._clock.wall(), reason=reason or "closed by hand", waiting=waiting, by=by
        )
        self._commanded[queue_id] = row
        self._store.queue_closings.put(queue_id, row)
        log.warning("queue closed by command", queue=queue_id, reason=row.reason, by=by)
        self.refresh()

    def open(self, queue_id: QueueId, by: str) -> bool:
        """Open as its hours say again. False if nobody had closed it."""
        if self._commanded.pop(queue_id, None) is None:
            return False
        self._store.queue_closings.delete(queue_id)
        log.warning("queue opened by command", queue=queue_id, by=by)
        self._tell({queue_id: by})
        return True

    def stop(self) -> None:
        """No timer runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, opened_by: Mapping[QueueId, str]) -> None:
        wall = self._clock.wall()
        queues = {QueueId(queue_id): treatment for queue_id, treatment in self._settings().queues.items()}
        schedules = {treatment.hours for treatment in queues.values() if treatment.hours}
        over = {schedule for schedule in schedules if not self._calendar.is_open(schedule, wall)}
        closed = {
            queue_id: closing
            for queue_id, treatment in queues.items()
            if (closing := self._closing(queue_id, treatment, over)) is not None
        }
        told, self._told = self._told, closed
        for queue_id in queues:
            closing = closed.get(queue_id)
            if closing is not None and closing != told.get(queue_id):
                log.info("queue closed", queue=queue_id, reason=closing.reason, waiting=closing.waiting)
                self._acd.apply(closing)
            elif closing is None and queue_id in told:
                log.info("queue opened", queue=queue_id)
                self._acd.apply(QueueOpened(queue_id, opened_by.get(queue_id, "")))
        self._arm(schedules, wall)

    def _closing(self, queue_id: QueueId, treatment: QueueTreatment, over: Collection[str]) -> QueueClosed | None:
        commanded = self._commanded.get(queue_id)
        if commanded is not None:
            return QueueClosed(queue_id, commanded.reason, commanded.waiting, commanded.by)
        if treatment.hours in over:
            return QueueClosed(queue_id, HOURS, treatment.at_closing)
        return None

    def _arm(self, schedules: Collection[str], wall: float) -> None:
        self.stop()
        if schedules:
            due = min(self._next_change(schedule, wall) for schedule in schedules)
            # The clock that is asked then has seconds with fractions, and must not be a hair before the change.
            self._timer = self._loop.call_later(min(max(due - wall, 0.001), LOOK_S), self._look)

    def _look(self) -> None:
        """The time has come."""
        self._tell({})

    def _next_change(self, schedule: str, wall: float) -> float:
        asked_at, due = self._changes.get(schedule, (wall, wall))
        if not asked_at <= wall < due:
            due = self._calendar.next_change(schedule, wall)
            self._changes[schedule] = wall, due
        return due
