"""Report 6, waits: how waits are distributed, of those who were answered and of those who were not."""

from softswitch.reports.facts.event_facts import ABANDONED, ANSWERED, OUTCOMES, REFUSED, EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms
from softswitch.reports.wait_bins import WaitBins, percentile

SHARES = (0.5, 0.8, 0.9, 0.95)
OTHERS = len(OUTCOMES)
"""In place of an outcome: neither answered nor lost."""
ALL = ""


class Waits:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._bins = WaitBins()
        self._sums = NamedSums("queue", "outcome")

    def add(self, facts: EventFacts) -> None:
        visits = chosen(facts, "visits", self._terms)
        visits = visits[visits["outcome"] != REFUSED]  # who never got in has not waited
        self._sums.add(visits, facts.names, visits["in_queue_s"])
        is_other = (visits["outcome"] != ANSWERED) & (visits["outcome"] != ABANDONED)
        self._bins.add(ALL, OTHERS, visits["in_queue_s"][is_other])
        for outcome in (ANSWERED, ABANDONED):
            self._bins.add(ALL, outcome, visits["in_queue_s"][visits["outcome"] == outcome])
        for queue, outcome in {*zip(visits["queue"].tolist(), visits["outcome"].tolist(), strict=True)}:
            is_its = (visits["queue"] == queue) & (visits["outcome"] == outcome)
            self._bins.add(facts.names.text(queue), outcome, visits["in_queue_s"][is_its])

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return (
            self._bins.table(
                "distribution",
                "Waits of all queues",
                ((ALL, ANSWERED), (ALL, ABANDONED), (ALL, OTHERS)),
                ("answered", "Answered", "contacts connected to an agent after so long"),
                ("abandoned", "Lost", "contacts that hung up after so long"),
                ("others", "Others", "contacts that overflowed, were moved or were withdrawn after so long"),
            ),
            self._queues(),
        )

    def _queues(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for queue, outcome in self._bins.keys:
            if queue == ALL:
                continue
            count, wait_s = self._sums.found[queue, outcome]
            counts = self._bins.of((queue, outcome))
            rows.append(
                (
                    queue,
                    OUTCOMES[outcome],
                    round(count),
                    wait_s / count,
                    *(percentile(counts, share) for share in SHARES),
                    self._bins.longest[queue, outcome],
                )
            )
        return Table(
            name="queues",
            title="What most stayed below",
            columns=(
                Column(name="queue", title="Queue", kind="text", formula="the queue"),
                Column(
                    name="outcome",
                    title="Outcome",
                    kind="text",
                    formula="answered; abandoned: hung up; overflowed: sent away; withdrawn: taken out or left by a "
                    "digit; moved: to another queue",
                ),
                Column(name="contacts", title="Contacts", formula="contacts that left the queue so"),
                Column(name="average_s", title="Average", kind="seconds", formula="wait in the queue / contacts"),
                *(
                    Column(
                        name=f"p{share * 100:.0f}_s",
                        title=f"{share * 100:.0f} %",
                        kind="seconds",
                        formula=f"whole seconds {share * 100:.0f} % of the waits stayed below; over an hour is one",
                    )
                    for share in SHARES
                ),
                Column(name="longest_s", title="Longest", kind="seconds", formula="the longest wait"),
            ),
            rows=rows,
            chart=Chart(kind="column", title="Waits", category="queue", series=("average_s", "p90_s")),
        )
