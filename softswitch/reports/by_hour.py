"""Report 2, by_hour: when contacts come, by hour of the day and day of the week, and how they fare then."""

from collections.abc import Callable

from softswitch.acd.reporting.formulas import QUEUE_FORMULAS
from softswitch.acd.reporting.reports import ALL
from softswitch.acd.reporting.tallies import QueueTally, add_queue
from softswitch.base.ids import QueueId
from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.local_time import HOUR_S
from softswitch.reports.report import Now
from softswitch.reports.service_level import has_happened
from softswitch.reports.sums import QueueSums
from softswitch.reports.tables import Chart, Column, Figures, Table, Value
from softswitch.reports.terms import Terms

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIGURES = Figures(
    QUEUE_FORMULAS,
    "service_level",
    "average_speed_of_answer_s",
    "average_handle_time_s",
    "abandon_rate",
    wide=("average_handle_time_s",),
)
DAYS = Column(name="days", title="Days", formula="dates of the report's time on which the clock showed it")
COUNTS = (
    Column(name="offered", title="Offered", formula="contacts that entered a queue then"),
    Column(name="answered", title="Answered", formula="contacts that were connected to an agent then"),
    Column(name="abandoned", title="Lost", formula="contacts that hung up then, while they waited"),
)
PER_DAY = Column(name="offered_per_day", title="A day", kind="number", formula="offered / days")
LOAD = Column(
    name="erlangs",
    title="Erlangs",
    kind="number",
    formula="(talk + hold + wrap-up) that ended then / (days * seconds of the row in a day)",
    is_wide=True,
)


class ByHour:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._sums = QueueSums(terms, self._hour_of_week, by_queue=False)

    def add(self, facts: EventFacts) -> None:
        self._sums.add(facts)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        dates = self._dates()
        tallies = {row: _sum(found) for row, found in self._sums.rows().items()}
        return (
            self._table(
                tallies, dates, "hours", "By hour of the day", "Hour", lambda row: row % 24, _hour_text, HOUR_S
            ),
            self._table(
                tallies,
                dates,
                "weekdays",
                "By day of the week",
                "Day",
                lambda row: row // 24,
                lambda day: WEEKDAYS[day],
                24 * HOUR_S,
            ),
            self._week(tallies),
        )

    def _hour_of_week(self, quarter: int) -> int:
        return self._local.weekday(quarter) * 24 + self._local.hour(quarter)

    def _dates(self) -> dict[int, set[int]]:
        """The dates of each hour of the week."""
        dates: dict[int, set[int]] = {}
        for quarter in self._local.quarters(self._terms.since, self._terms.until):
            dates.setdefault(self._hour_of_week(quarter), set()).add(self._local.day(quarter))
        return dates

    def _table(
        self,
        tallies: dict[int, QueueTally],
        dates: dict[int, set[int]],
        name: str,
        title: str,
        head: str,
        row_of: Callable[[int], int],
        text: Callable[[int], str],
        length_s: int,
    ) -> Table:
        found: dict[int, list[QueueTally]] = {}
        for hour, tally in tallies.items():
            found.setdefault(row_of(hour), []).append(tally)
        rows: list[tuple[Value, ...]] = []
        for row, parts in sorted(found.items()):
            total = _sum(parts)
            if not has_happened(total):
                continue
            days = len({date for hour, found in dates.items() if row_of(hour) == row for date in found})
            work_s = total.talk_s + total.hold_s + total.wrap_up_s
            rows.append(
                (
                    text(row),
                    days,
                    *(getattr(total, column.name) for column in COUNTS),
                    total.offered / days if days else None,
                    *FIGURES.values(total),
                    work_s / (days * length_s) if days else None,
                )
            )
        return Table(
            name=name,
            title=title,
            columns=(
                Column(name=head.lower(), title=head, kind="text", formula="in the report's zone"),
                DAYS,
                *COUNTS,
                PER_DAY,
                *FIGURES.columns,
                LOAD,
            ),
            rows=rows,
            chart=Chart(kind="column", title=title, category=head.lower(), series=("offered", "answered", "abandoned")),
        )

    def _week(self, tallies: dict[int, QueueTally]) -> Table:
        """A row an hour, a column a day: where the peaks are."""
        hours = sorted({hour % 24 for hour, tally in tallies.items() if tally.offered})
        empty = QueueTally(queue_id=QueueId(ALL))
        return Table(
            name="week",
            title="Offered, by hour and day of the week",
            columns=(
                Column(name="hour", title="Hour", kind="text", formula="in the report's zone"),
                *(
                    Column(
                        name=day.lower(),
                        title=day[:3],
                        formula=f"contacts that entered a queue in that hour of a {day}",
                    )
                    for day in WEEKDAYS
                ),
            ),
            rows=[
                (_hour_text(hour), *(tallies.get(day * 24 + hour, empty).offered for day in range(7))) for hour in hours
            ],
        )


def _hour_text(hour: int) -> str:
    return f"{hour:02}:00"


def _sum(tallies: list[QueueTally]) -> QueueTally:
    total = QueueTally(queue_id=QueueId(ALL))
    for tally in tallies:
        add_queue(total, tally)
    return total
