"""Report 1, service_level: who came, who was answered in time, by interval and queue; all service levels there are."""

from collections.abc import Sequence

from softswitch.acd.reporting.formulas import QUEUE_FORMULAS
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.reports import QueueReport, queue_reports
from softswitch.acd.reporting.tallies import QueueTally
from softswitch.reports.facts.event_facts import EventFacts, WaitingContact
from softswitch.reports.report import Now
from softswitch.reports.sums import QueueSums, one_row
from softswitch.reports.tables import Chart, Column, Figures, Table, Value
from softswitch.reports.terms import Terms

FIGURES = Figures(
    QUEUE_FORMULAS,
    "service_level",
    "service_level_negative",
    "service_level_positive",
    "service_level_asterisk",
    "service_level_asterisk_2",
    "average_speed_of_answer_s",
    "average_handle_time_s",
    "abandon_rate",
    "abandon_rate_without_short",
    wide=(
        "service_level_negative",
        "service_level_positive",
        "service_level_asterisk",
        "service_level_asterisk_2",
        "abandon_rate_without_short",
    ),
)
FROM = Column(name="from", title="From", kind="instant", formula="when the interval begins, in the report's zone")
QUEUE = Column(name="queue", title="Queue", kind="text", formula='the queue; "all": those of this report together')
COUNTS = (
    Column(name="offered", title="Offered", formula="contacts that entered the queue in the interval"),
    Column(name="answered", title="Answered", formula="contacts that were connected to an agent in the interval"),
    Column(name="answered_within", title="In T", formula="of the answered, those who had waited T at most"),
    Column(name="abandoned", title="Lost", formula="contacts that hung up while they waited"),
    Column(
        name="abandoned_within", title="Lost in T", formula="of the lost, those who had waited T at most", is_wide=True
    ),
    Column(
        name="abandoned_short",
        title="Short",
        formula="of the lost, those who hung up before the queue's short abandon threshold (5 s unless set)",
        is_wide=True,
    ),
    Column(
        name="overflowed",
        title="Overflowed",
        formula="contacts the queue sent away, or that were moved to another",
        is_wide=True,
    ),
    Column(name="withdrawn", title="Withdrawn", formula="contacts taken out, or that left by a digit", is_wide=True),
    Column(
        name="refused", title="Refused", formula="contacts that never got in: full, closed or unstaffed", is_wide=True
    ),
)
LEVEL = Column(
    name="level_s",
    title="T",
    kind="seconds",
    formula="the queue's service level threshold, as it was last",
    is_wide=True,
)
LONGEST = Column(
    name="longest_wait_s", title="Longest", kind="seconds", formula="the longest wait of those who left the queue"
)


class ServiceLevel:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._by_interval = QueueSums(terms, self._interval)
        self._together = QueueSums(terms, self._interval, by_queue=False)
        self._by_queue = QueueSums(terms, one_row)
        self._waiting: tuple[WaitingContact, ...] = ()

    def add(self, facts: EventFacts) -> None:
        for sums in (self._by_interval, self._together, self._by_queue):
            sums.add(facts)
        self._waiting = facts.carried.waiting

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        by_queue = queue_reports([Interval(self._terms.since, self._terms.until, self._by_queue.tallies(), [])])
        tables = (
            Table(
                name="intervals",
                title="All queues by interval",
                columns=(FROM, *COUNTS, LONGEST, *FIGURES.columns),
                rows=[
                    (began, *count_values(tally), *FIGURES.values(tally))
                    for began, tallies in self._together.rows().items()
                    for tally in tallies
                    if has_happened(tally)
                ],
                chart=Chart(
                    kind="line", title="Service level", category="from", series=("service_level", "abandon_rate")
                ),
            ),
            Table(
                name="queues",
                title="Each queue, the whole time",
                columns=(QUEUE, LEVEL, *COUNTS, LONGEST, *FIGURES.columns),
                rows=queue_rows(by_queue),
                sums=int(len(by_queue) > 1),
                chart=Chart(
                    kind="column", title="Contacts", category="queue", series=("offered", "answered", "abandoned")
                ),
            ),
            Table(
                name="queue_intervals",
                title="Each queue by interval",
                columns=(FROM, QUEUE, LEVEL, *COUNTS, LONGEST, *FIGURES.columns),
                rows=[
                    (began, tally.queue_id, tally.level_s, *count_values(tally), *FIGURES.values(tally))
                    for began, tallies in self._by_interval.rows().items()
                    for tally in tallies
                    if has_happened(tally)
                ],
            ),
        )
        return tables if now is None else (self._now(now), *tables)

    def _interval(self, quarter: int) -> int:
        return self._local.interval(quarter, self._terms.interval_min)

    def _now(self, now: Now) -> Table:
        waiting: dict[str, list[float]] = {}
        for contact in self._waiting:
            if self._terms.project in ("", contact.project) and self._terms.queue in ("", contact.queue):
                waiting.setdefault(contact.queue, []).append(now.at - contact.since)
        return Table(
            name="now",
            title="Waiting now",
            columns=(
                Column(name="queue", title="Queue", kind="text", formula="the queue"),
                Column(
                    name="waiting",
                    title="Waiting",
                    formula="contacts that wait in it now; they are offered, and in no other count",
                ),
                Column(
                    name="longest_s",
                    title="Longest",
                    kind="seconds",
                    formula="how long the first of them has waited in it",
                ),
            ),
            rows=[(queue, len(waits), max(waits)) for queue, waits in sorted(waiting.items())],
            empty="Nobody waits.",
        )


def count_values(tally: QueueTally) -> tuple[Value, ...]:
    """In the order of `COUNTS` and `LONGEST`."""
    return (*(getattr(tally, column.name) for column in COUNTS), tally.longest_wait_s)


def queue_rows(rows: Sequence[QueueReport]) -> list[tuple[Value, ...]]:
    return [
        (row.counts.queue_id, row.counts.level_s or None, *count_values(row.counts), *FIGURES.values(row.counts))
        for row in rows
    ]


def has_happened(tally: QueueTally) -> bool:
    return bool(tally.offered or tally.refused or tally.ended or tally.handled or tally.wrap_up_s)
