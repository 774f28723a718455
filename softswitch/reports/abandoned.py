"""Report 5, abandoned: who was lost, from which place, after how long; how others left who were not answered."""

from softswitch.acd.reporting.formulas import QUEUE_FORMULAS
from softswitch.acd.reporting.reports import ALL
from softswitch.acd.reporting.tallies import QueueTally, add_queue
from softswitch.base.ids import QueueId
from softswitch.reports.facts.event_facts import ABANDONED, ANSWERED, OUTCOMES, EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, QueueSums, chosen, one_row
from softswitch.reports.tables import Chart, Column, Figures, Table, Value
from softswitch.reports.terms import Terms
from softswitch.reports.wait_bins import WaitBins

FIGURES = Figures(QUEUE_FORMULAS, "abandon_rate", "abandon_rate_without_short", "short_abandon_rate", "patience_s")
COUNTS = (
    Column(name="offered", title="Offered", formula="contacts that entered the queue"),
    Column(name="abandoned", title="Lost", formula="contacts that hung up while they waited"),
    Column(
        name="abandoned_short",
        title="Short",
        formula="of the lost, those who hung up before the queue's short abandon threshold (5 s unless set)",
    ),
    Column(
        name="abandoned_within", title="Lost in T", formula="of the lost, those who had waited T at most", is_wide=True
    ),
)
POSITIONS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, None))
"""Places in the queue that are told together."""


class Abandoned:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._by_queue = QueueSums(terms, one_row)
        self._by_interval = QueueSums(
            terms, lambda quarter: self._local.interval(quarter, terms.interval_min), by_queue=False
        )
        self._waits = NamedSums("queue", "outcome")
        self._longest: dict[str, float] = {}
        self._positions = NamedSums("entered_position", "outcome")
        self._causes = NamedSums("outcome", "reason")
        self._bins = WaitBins()

    def add(self, facts: EventFacts) -> None:
        self._by_queue.add(facts)
        self._by_interval.add(facts)
        visits = chosen(facts, "visits", self._terms)
        waits = visits["in_queue_s"]
        self._waits.add(visits, facts.names, waits, visits["entered_position"], visits["position"])
        self._positions.add(visits, facts.names)
        self._causes.add(visits[visits["outcome"] != ANSWERED], facts.names, waits[visits["outcome"] != ANSWERED])
        lost = visits[visits["outcome"] == ABANDONED]
        self._bins.add("", ABANDONED, lost["in_queue_s"])
        for number, wait_s in zip(lost["queue"].tolist(), lost["in_queue_s"].tolist(), strict=True):
            queue = facts.names.text(number)
            self._longest[queue] = max(self._longest.get(queue, 0.0), wait_s)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return (
            self._queues(),
            self._intervals(),
            self._position_table(),
            self._cause_table(),
            self._bins.table(
                "waits",
                "How long the lost had waited",
                (("", ABANDONED),),
                ("lost", "Lost", "contacts that hung up after so long"),
            ),
        )

    def _queues(self) -> Table:
        found = [tally for tally in self._by_queue.tallies() if tally.offered or tally.abandoned]
        is_summed = len(found) > 1
        if is_summed:
            total = QueueTally(queue_id=QueueId(ALL))
            for tally in found:
                add_queue(total, tally)
            found.append(total)
        return Table(
            name="queues",
            title="Lost contacts by queue",
            columns=(
                Column(
                    name="queue", title="Queue", kind="text", formula='the queue; "all": those of this report together'
                ),
                *COUNTS,
                *FIGURES.columns,
                Column(
                    name="average_wait_s",
                    title="Waited",
                    kind="seconds",
                    formula="wait in the queue of the lost / lost",
                ),
                Column(name="longest_wait_s", title="Longest", kind="seconds", formula="the longest wait of the lost"),
                Column(
                    name="entered_position",
                    title="Came as",
                    kind="number",
                    formula="place in the queue when they came, of the lost / lost",
                    is_wide=True,
                ),
                Column(
                    name="position",
                    title="Left as",
                    kind="number",
                    formula="place in the queue when they hung up, of the lost / lost",
                    is_wide=True,
                ),
            ),
            rows=[(tally.queue_id, *_counts(tally), *FIGURES.values(tally), *self._of_lost(tally)) for tally in found],
            sums=int(is_summed),
            chart=Chart(kind="column", title="Lost", category="queue", series=("abandoned", "abandoned_short")),
        )

    def _of_lost(self, tally: QueueTally) -> tuple[Value, ...]:
        queues = [queue for queue in self._longest if tally.queue_id in (ALL, queue)]
        if not queues:
            return None, None, None, None
        lost = [self._waits.found[queue, ABANDONED] for queue in queues]
        count, wait_s, entered, left = (sum(each[place] for each in lost) for place in range(4))
        return (
            wait_s / count,
            max(self._longest[queue] for queue in queues),
            entered / count,
            left / count,
        )

    def _intervals(self) -> Table:
        rows: list[tuple[Value, ...]] = [
            (began, *_counts(total), *FIGURES.values(total))
            for began, tallies in self._by_interval.rows().items()
            for total in tallies
            if total.offered or total.abandoned
        ]
        return Table(
            name="intervals",
            title="Lost contacts by interval",
            columns=(
                Column(
                    name="from", title="From", kind="instant", formula="when the interval begins, in the report's zone"
                ),
                *COUNTS,
                *FIGURES.columns,
            ),
            rows=rows,
            chart=Chart(kind="column", title="Lost", category="from", series=("abandoned", "abandoned_short")),
        )

    def _position_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for first, last in POSITIONS:
            by_outcome = [0] * len(OUTCOMES)
            for (position, outcome), sums in self._positions.found.items():
                if position >= first and (last is None or position <= last):
                    by_outcome[outcome] += round(sums[0])
            came = sum(by_outcome)
            if came:
                text = str(first) if last == first else f"{first}-{last}" if last else f"{first} and more"
                rows.append((text, came, by_outcome[ANSWERED], by_outcome[ABANDONED], by_outcome[ABANDONED] / came))
        return Table(
            name="positions",
            title="By the place in the queue they came to",
            columns=(
                Column(
                    name="position",
                    title="Place",
                    kind="text",
                    formula="among those who waited when the contact came; 1 is the next",
                ),
                Column(
                    name="left", title="Left", formula="contacts that left the queue then and had come to this place"
                ),
                Column(name="answered", title="Answered", formula="of these, connected to an agent"),
                Column(name="abandoned", title="Lost", formula="of these, hung up while they waited"),
                Column(name="rate", title="Lost, share", kind="ratio", formula="lost / left"),
            ),
            rows=rows,
            chart=Chart(
                kind="column", title="Answered and lost", category="position", series=("answered", "abandoned")
            ),
        )

    def _cause_table(self) -> Table:
        whole = round(sum(sums[0] for sums in self._causes.found.values()))
        return Table(
            name="causes",
            title="How those left who were not answered",
            columns=(
                Column(
                    name="outcome",
                    title="Outcome",
                    kind="text",
                    formula="abandoned: hung up; overflowed: sent away by the queue; withdrawn: taken out, or left by "
                    "a digit; moved: to another queue; refused: never got in",
                ),
                Column(name="reason", title="Reason", kind="text", formula="why, as far as there is a reason"),
                Column(name="contacts", title="Contacts", formula="contacts that left so"),
                Column(name="share", title="Share", kind="ratio", formula="contacts / all who were not answered"),
                Column(name="average_wait_s", title="Waited", kind="seconds", formula="wait in the queue / contacts"),
            ),
            rows=[
                (OUTCOMES[outcome], reason, round(sums[0]), sums[0] / whole, sums[1] / sums[0])
                for (outcome, reason), sums in sorted(self._causes.found.items())
            ],
            empty="Everybody was answered.",
        )


def _counts(tally: QueueTally) -> tuple[Value, ...]:
    return tuple(getattr(tally, column.name) for column in COUNTS)
