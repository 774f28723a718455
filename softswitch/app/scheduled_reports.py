"""Reports that are mailed by themselves: at their times, each time once, whatever the switch has been doing meanwhile.

```
 when = "daily 07:00"     Mon 07:00          Tue 07:00   the switch is down     Thu 09:12 it runs again
                           │ of Sunday        │ of Mon    Wed, Thu 07:00 missed  │ of Tuesday and of Wednesday
```

Which one was due last is in the store. A report is made by a process of its own (`report_maker.py`), so that no call
waits for it; its file is put into the queue of mails, which sends it, and tries again, on its own. What fails is tried
again in an hour.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from softswitch.app import side_process
from softswitch.app.due_work import RETRY_S, DueWork, Unfinished
from softswitch.app.report_maker import Made, Order
from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.calls.runtime.wall_timer import DAY_S
from softswitch.config import Configuration
from softswitch.config.report_rows import ReportRow
from softswitch.reports.schedule import ReportTime, next_due, read_report_time, span_before
from softswitch.reports.terms import IntervalMinutes, Terms, local_time
from softswitch.store import Store
from softswitch.store.digest_schema import StoredReportTime
from softswitch.store.voicemail_schema import StoredMail

log = get_logger("report")

MISSED_S = 7 * DAY_S
"""Reports that were due longer ago, while the switch was down, are not made any more."""
MAKING_S = 1800.0
"""For a year of a large centre, on a machine that has better things to do."""
_INTERVALS: dict[str, IntervalMinutes] = {"15": 15, "30": 30, "60": 60, "day": 1440}


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A report that somebody wants."""

    row: ReportRow
    to: tuple[str, ...]
    name: str
    """The project's, for the subject."""
    time: ReportTime


def schedules(configuration: Configuration) -> list[Schedule]:
    """`load` has checked that times can be read, and that somebody gets them."""
    projects = {row.id: row for row in configuration.projects}
    found: list[Schedule] = []
    for row in configuration.reports:
        project = projects.get(row.project)
        timezone = row.timezone or ("" if project is None else project.timezone) or "UTC"
        time = read_report_time(row.when, timezone)
        if time is not None:
            to = row.to or (() if project is None else (project.contact,))
            found.append(Schedule(row=row, to=to, name="" if project is None else project.name, time=time))
    return found


class ScheduledReports:
    """`wanted` are those of the moment; `put` sends a mail. Files wait in `directory` until they are sent."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        wanted: Callable[[], Sequence[Schedule]],
        *,
        store_directory: str,
        put: Callable[[StoredMail], None],
        make: Callable[[Order], Awaitable[Made]] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wanted = wanted
        self._made_until = {row.report: row.due_wall for row in store.report_times.ascending()}
        """What was made last of each, as in the store, where what was written is read a moment later."""
        self._told: dict[str, str] = {}
        """Faults of reports that are in the log: one that lasts is told once, not every hour."""
        self._store_directory = store_directory
        self._directory = f"{store_directory.rstrip(os.sep)}.mails"
        self._put = put
        self._make = make or made_beside
        self._due_work = DueWork(loop, clock.wall, name="report", due=self._first_due, work=self._make_those_due)

    def refresh(self) -> None:
        """At the start, and when the configuration has changed: a report that is new is due from now on."""
        wanted = {schedule.row.id for schedule in self._wanted()}
        for report in self._made_until.keys() - wanted:
            del self._made_until[report]
            self._told.pop(report, None)
            self._store.report_times.delete(report)
        for report in wanted - self._made_until.keys():
            self._keep(report, self._clock.wall())
        self._due_work.look()

    async def stop(self) -> None:
        """What is being made is made by the next switch."""
        await self._due_work.stop()

    # Private

    def _first_due(self) -> float | None:
        return min(map(self._next_due, self._wanted()), default=None)

    async def _make_those_due(self) -> None:
        """One after the other; one that fails does not keep the others waiting. Raises `Unfinished` if one did."""
        is_unfinished = False
        for schedule in self._wanted():
            report = schedule.row.id
            try:
                while (due := self._next_due(schedule)) <= self._clock.wall():
                    self._put(await self._mail(schedule, due))
                    self._keep(report, due)
                    self._told.pop(report, None)
                    log.info("report", report=report, to=list(schedule.to))
            except (OSError, TimeoutError, msgspec.MsgspecError) as error:
                fault = str(error) or repr(error)
                if self._told.get(report) != fault:
                    log.error("report failed", report=report, fault=fault, again_in_s=RETRY_S)
                self._told[report] = fault
                is_unfinished = True
        if is_unfinished:
            raise Unfinished

    def _next_due(self, schedule: Schedule) -> float:
        wall = self._clock.wall()
        return next_due(schedule.time, max(self._made_until.get(schedule.row.id, wall), wall - MISSED_S))

    def _keep(self, report: str, due_wall: float) -> None:
        self._made_until[report] = due_wall
        self._store.report_times.put(report, StoredReportTime(report=report, due_wall=due_wall))

    async def _mail(self, schedule: Schedule, due: float) -> StoredMail:
        row = schedule.row
        since, until = span_before(schedule.time, due)
        local = local_time(schedule.time.timezone)
        terms = Terms(
            since=since,
            until=until,
            zone=schedule.time.timezone,
            project=row.project,
            queue=row.queue,
            agent=row.agent,
            interval_min=_INTERVALS[row.interval],
            conversions=row.conversions,
        )
        day = local.text(since)[:10]
        mail_id = f"report-{row.id}-{due:.0f}"
        path = os.path.join(self._directory, f"{re.sub(r'[^A-Za-z0-9_.-]', '_', mail_id)}.{row.format}")
        order = Order(
            store=self._store_directory,
            report=row.report,
            terms=terms,
            now=self._clock.wall(),
            format=row.format,
            path=path,
        )
        async with asyncio.timeout(MAKING_S):
            made = await self._make(order)
        lines = [f"From {local.text(since)} until {local.text(until)} ({schedule.time.timezone}).", *made.notes]
        if made.fault:
            lines.append(f"There is no file: {made.fault}.")
        title = made.title or row.report
        return StoredMail(
            mail_id=mail_id,
            to=schedule.to,
            subject=f"{schedule.name}: {title}, {day}" if schedule.name else f"{title}, {day}",
            text="\n".join([f"{title}.", *lines]) + "\n",
            written_wall=self._clock.wall(),
            document="" if made.fault else path,
            document_name=f"{row.report}-{day}.{row.format}",
        )


async def made_beside(order: Order) -> Made:
    """By a process of its own. Raises OSError and msgspec.MsgspecError."""
    process = await side_process.begin("softswitch.app.report_maker", stdin=asyncio.subprocess.PIPE)
    try:
        said, _ = await process.communicate(msgspec.json.encode(order))
    finally:
        await side_process.end(process)
    if process.returncode != 0:
        raise OSError(f"its process ended with {process.returncode}")
    return msgspec.json.decode(said, type=Made)
