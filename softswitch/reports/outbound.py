"""Report 10, outbound: calls of phones, flows and call-backs to the outside; who was reached, and what came of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.reports.facts.call_facts import ANSWERED_STATUS, NOWHERE, ORIGINS, CallFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, buckets, chosen, quarters_of
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms

ALL = "all"
COUNTS = (
    Column(name="calls", title="Calls", formula="calls in which an outside number was called"),
    Column(name="connected", title="Connected", formula="of these, answered there (200 through the last trunk tried)"),
    Column(name="connect_rate", title="Connect rate", kind="ratio", formula="connected / calls"),
    Column(
        name="talk_s", title="Talked", kind="seconds", formula="conversations of the connected calls, holds included"
    ),
    Column(name="average_talk_s", title="On average", kind="seconds", formula="talked / connected"),
    Column(name="average_ring_s", title="Rang", kind="seconds", formula="ringing of the calls / calls", is_wide=True),
    Column(
        name="conversions",
        title="Conversions",
        formula="connected calls whose disposition means success (--conversion); empty: nobody has said which do",
    ),
    Column(name="conversion_rate", title="Conversion", kind="ratio", formula="conversions / connected"),
)


class Outbound:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._sums = {"origin": _Sums(), "caller": _Sums(), "interval": _Sums()}
        self._failures = NamedSums("trunk", "status", "reason")

    def add(self, facts: CallFacts) -> None:
        calls = chosen(facts, "calls", self._terms)
        calls = calls[calls["origin"] != NOWHERE]
        wanted = [facts.names.known(word) for word in self._terms.conversions]
        is_conversion = calls["is_connected"] & np.isin(
            calls["disposition"], [number for number in wanted if number > 0]
        )
        values = np.column_stack(
            [
                np.ones(len(calls)),
                calls["is_connected"],
                np.where(calls["is_connected"], calls["talk_s"], 0.0),
                calls["ring_s"],
                is_conversion,
            ]
        ).astype(np.float64)
        self._sums["origin"].add([ORIGINS[number] for number in calls["origin"].tolist()], values)
        self._sums["caller"].add([facts.names.text(number) for number in calls["caller"].tolist()], values)
        intervals = buckets(
            quarters_of(calls["at"]), lambda quarter: self._local.interval(quarter, self._terms.interval_min)
        )
        self._sums["interval"].add(intervals.tolist(), values)
        tries = chosen(facts, "tries", self._terms)
        self._failures.add(tries[tries["status"] != ANSWERED_STATUS], facts.names)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return (
            self._table(
                "origins",
                "Who called out",
                Column(
                    name="origin",
                    title="Origin",
                    kind="text",
                    formula="phone: one of our phones dialled; flow: for somebody who had called; call-back: promised",
                ),
                "origin",
                is_summed=True,
            ),
            self._table(
                "callers",
                "Each who called out",
                Column(
                    name="caller",
                    title="Caller",
                    kind="text",
                    formula="the agent or the phone's account; the flow; of a call-back the agent",
                ),
                "caller",
            ),
            self._table(
                "intervals",
                "By interval",
                Column(
                    name="from", title="From", kind="instant", formula="when the interval begins, in the report's zone"
                ),
                "interval",
            ),
            self._failure_table(),
        )

    def _table(self, name: str, title: str, head: Column, by: str, *, is_summed: bool = False) -> Table:
        found = self._sums[by].found
        rows: list[tuple[Value, ...]] = [(key, *self._values(sums)) for key, sums in sorted(found.items())]
        has_sum = is_summed and len(rows) > 1
        if has_sum:
            rows.append((ALL, *self._values(np.sum(list(found.values()), axis=0))))
        return Table(
            name=name,
            title=title,
            columns=(head, *COUNTS),
            rows=rows,
            sums=int(has_sum),
            empty="No outside number was called then.",
            chart=Chart(kind="column", title=title, category=head.name, series=("calls", "connected")),
        )

    def _values(self, sums: NDArray[np.float64]) -> tuple[Value, ...]:
        calls, connected, talk_s, ring_s, conversions = sums.tolist()
        is_known = bool(self._terms.conversions)
        return (
            round(calls),
            round(connected),
            connected / calls,
            talk_s,
            talk_s / connected if connected else None,
            ring_s / calls,
            round(conversions) if is_known else None,
            conversions / connected if is_known and connected else None,
        )

    def _failure_table(self) -> Table:
        whole = sum(round(sums[0]) for sums in self._failures.found.values())
        found = sorted((-round(sums[0]), key) for key, sums in self._failures.found.items())
        return Table(
            name="failures",
            title="Tries that failed",
            columns=(
                Column(name="trunk", title="Trunk", kind="text", formula="the trunk that was tried"),
                Column(name="status", title="Status", formula="the final SIP status; 0: none came in time"),
                Column(name="reason", title="Reason", kind="text", formula="the words that came with it"),
                Column(name="tries", title="Tries", formula="tries that ended so"),
                Column(name="share", title="Share", kind="ratio", formula="tries / all that failed"),
            ),
            rows=[(*key, -count, -count / whole) for count, key in found],
            empty="No try failed then.",
        )


class _Sums:
    """Sums by a key that is a name or an interval."""

    def __init__(self) -> None:
        self.found: dict[Any, NDArray[np.float64]] = {}

    def add(self, keys: list[Any], values: NDArray[np.float64]) -> None:
        if not keys:
            return
        distinct, places = np.unique(np.array(keys), return_inverse=True)
        for place, key in enumerate(distinct.tolist()):
            self.found[key] = self.found.get(key, 0.0) + values[places == place].sum(axis=0)
