"""Report 9, trunks: calls in and out, how many were answered, how busy the lines were, why calls failed."""

from typing import Any

import numpy as np

from softswitch.reports.facts.call_facts import ANSWERED_STATUS, CallFacts
from softswitch.reports.local_time import HOUR_S
from softswitch.reports.occupancy import Occupancy
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms

ALL = "all"
MINUTES_OF_AN_HOUR = 60
BUSY_HOUR_STEP_MIN = 15
FROM = Column(name="from", title="From", kind="instant", formula="when the interval begins, in the report's zone")
TRUNK = Column(name="trunk", title="Trunk", kind="text", formula='the trunk; "all": those of this report together')
LOAD = (
    Column(
        name="erlangs",
        title="Erlangs",
        kind="number",
        formula="seconds its channels were held in the interval, from the INVITE to the end / its seconds",
    ),
    Column(name="peak", title="Peak", formula="the most channels held at once in the interval"),
)


class Trunks:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._calls = NamedSums("trunk")
        self._answered = NamedSums("trunk")
        self._tries = NamedSums("trunk", "status", "reason")
        self._refusals = NamedSums("trunk", "sip_status", "end_reason")
        self._talked = NamedSums("trunk", "is_in")
        self._by_interval: dict[str, Occupancy] = {}
        self._by_hour: dict[str, Occupancy] = {}

    def add(self, facts: CallFacts) -> None:
        names = facts.names
        calls = chosen(facts, "calls", self._terms)
        calls = calls[calls["trunk"] != 0]
        is_answered = ~np.isnan(calls["answered"])
        self._calls.add(calls, names)
        self._answered.add(calls[is_answered], names)
        self._refusals.add(calls[~is_answered], names)
        self._tries.add(chosen(facts, "tries", self._terms), names)
        legs = chosen(facts, "legs", self._terms)
        connected = legs[~np.isnan(legs["answered"])]
        self._talked.add(connected, names, np.maximum(connected["ended"] - connected["answered"], 0.0))
        self._occupy(facts)

    def _occupy(self, facts: CallFacts) -> None:
        """Also by what began before the report."""
        legs = facts.rows["legs"]
        if self._terms.project:
            legs = legs[legs["project"] == facts.names.known(self._terms.project)]
        names = {facts.names.text(number) for number in np.unique(legs["trunk"]).tolist()}
        waiting = {trunk for trunk, occupancy in self._by_interval.items() if occupancy.is_waiting}
        for trunk in (names | waiting) - {ALL}:
            self._hold(trunk, legs[legs["trunk"] == facts.names.known(trunk)], facts.until)
        self._hold(ALL, legs, facts.until)

    def _hold(self, trunk: str, legs: Any, known_until: float) -> None:
        terms = self._terms
        if trunk not in self._by_interval:
            made = Occupancy(self._local, terms.interval_min, terms.since, terms.until)
            is_hourly = terms.interval_min == MINUTES_OF_AN_HOUR
            self._by_interval[trunk] = made
            self._by_hour[trunk] = (
                made if is_hourly else Occupancy(self._local, MINUTES_OF_AN_HOUR, terms.since, terms.until)
            )
        for occupancy in {self._by_interval[trunk], self._by_hour[trunk]}:
            occupancy.add(legs["at"], legs["ended"], known_until)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        for occupancy in (*self._by_interval.values(), *self._by_hour.values()):
            occupancy.finish()
        tables = self._whole(), self._intervals(), self._failures()
        return tables if now is None else (_now(now), *tables)

    def _whole(self) -> Table:
        trunks = sorted(
            {*self._by_interval, *(key[0] for key in self._calls.found), *(key[0] for key in self._tries.found)}
        )
        trunks = [trunk for trunk in trunks if trunk != ALL]
        is_summed = len(trunks) > 1
        return Table(
            name="trunks",
            title="Trunks",
            columns=(
                TRUNK,
                Column(name="calls_in", title="In", formula="calls that came from it, one who is transferred once"),
                Column(name="answered_in", title="Answered", formula="of these, answered by the switch"),
                Column(name="asr_in", title="ASR in", kind="ratio", formula="answered / in (answer-seizure ratio)"),
                Column(name="tries_out", title="Out", formula="outside numbers that were called through it, each try"),
                Column(name="connected_out", title="Connected", formula="of these, answered (200)"),
                Column(name="asr_out", title="ASR out", kind="ratio", formula="connected / out"),
                Column(
                    name="minutes_in",
                    title="Minutes in",
                    kind="minutes",
                    formula="from the answer to the end of legs that came in, in minutes",
                    is_wide=True,
                ),
                Column(
                    name="minutes_out",
                    title="Minutes out",
                    kind="minutes",
                    formula="from the answer to the end of legs that went out, in minutes",
                    is_wide=True,
                ),
                Column(
                    name="acd_s",
                    title="ACD",
                    kind="seconds",
                    formula="minutes in and out / legs that were answered (average call duration)",
                ),
                Column(
                    name="busy_hour",
                    title="Busy hour",
                    kind="instant",
                    formula="the hour of the clock with the most erlangs",
                ),
                Column(
                    name="busy_hour_erlangs",
                    title="Erlangs",
                    kind="number",
                    formula="seconds in which its channels were held in the busy hour / seconds of the hour",
                ),
                Column(name="peak", title="Peak", formula="the most channels held at once"),
            ),
            rows=[self._row(trunk) for trunk in ([*trunks, ALL] if is_summed else trunks)],
            sums=int(is_summed),
            empty="No call came or went through a trunk then.",
            chart=Chart(kind="column", title="Calls", category="trunk", series=("calls_in", "tries_out")),
        )

    def _row(self, trunk: str) -> tuple[Value, ...]:
        def total(sums: NamedSums, place: int, *rest: Any) -> float:
            return sum(
                values[place]
                for key, values in sums.found.items()
                if trunk in (ALL, key[0]) and (not rest or key[1:2] == rest)
            )

        came, answered = round(total(self._calls, 0)), round(total(self._answered, 0))
        tried, connected = round(total(self._tries, 0)), round(total(self._tries, 0, ANSWERED_STATUS))
        seconds = total(self._talked, 1)
        legs = total(self._talked, 0)
        busy_hour, erlangs = self._busy_hour(trunk)
        return (
            trunk,
            came,
            answered,
            answered / came if came else None,
            tried,
            connected,
            connected / tried if tried else None,
            total(self._talked, 1, True) / 60,
            total(self._talked, 1, False) / 60,
            seconds / legs if legs else None,
            busy_hour,
            erlangs,
            max(self._by_hour[trunk].peaks(self._hours()), default=0) if trunk in self._by_hour else 0,
        )

    def _hours(self) -> list[int]:
        return self._local.intervals(self._terms.since, self._terms.until, MINUTES_OF_AN_HOUR)

    def _busy_hour(self, trunk: str) -> tuple[int | None, float | None]:
        occupancy = self._by_hour.get(trunk)
        if occupancy is None:
            return None, None
        found = [(occupancy.erlangs(hour, HOUR_S), -hour) for hour in self._hours()]
        erlangs, hour = max(found, default=(0.0, 0))
        return (-hour, erlangs) if erlangs else (None, None)

    def _intervals(self) -> Table:
        minutes = self._terms.interval_min
        intervals = self._local.intervals(self._terms.since, self._terms.until, minutes)
        rows: list[tuple[Value, ...]] = []
        for trunk in sorted(self._by_interval, key=lambda name: (name != ALL, name)):
            if trunk == ALL and len(self._by_interval) == 2:
                continue  # it would say the same twice
            occupancy = self._by_interval[trunk]
            for began, peak in zip(intervals, occupancy.peaks(intervals), strict=True):
                erlangs = occupancy.erlangs(began, self._local.until(began, minutes) - began)
                if peak:
                    rows.append((trunk, began, erlangs, peak))
        return Table(
            name="intervals",
            title="Load by interval",
            columns=(TRUNK, FROM, *LOAD),
            rows=rows,
            chart=Chart(kind="line", title="Load", category="from", series=("erlangs", "peak")),
        )

    def _failures(self) -> Table:
        found: list[tuple[str, str, int, str, int]] = []
        for (trunk, status, reason), sums in self._tries.found.items():
            if status != ANSWERED_STATUS:
                found.append((trunk, "out", status, reason, round(sums[0])))
        for (trunk, status, reason), sums in self._refusals.found.items():
            found.append((trunk, "in", status, reason, round(sums[0])))
        whole: dict[tuple[str, str], int] = {}
        for trunk, way, _, _, count in found:
            whole[trunk, way] = whole.get((trunk, way), 0) + count
        return Table(
            name="failures",
            title="Why calls failed",
            columns=(
                TRUNK,
                Column(
                    name="way",
                    title="Way",
                    kind="text",
                    formula="in: calls that came and were not answered; out: tries that were not",
                ),
                Column(name="status", title="Status", formula="the final SIP status; 0: none came in time"),
                Column(
                    name="reason",
                    title="Reason",
                    kind="text",
                    formula="out: the words that came with it; in: why the call ended",
                ),
                Column(name="calls", title="Calls", formula="calls, or tries, that ended so"),
                Column(
                    name="share", title="Share", kind="ratio", formula="calls / all of this trunk and way that failed"
                ),
            ),
            rows=[
                (trunk, way, status, reason, count, count / whole[trunk, way])
                for trunk, way, status, reason, count in sorted(
                    found, key=lambda row: (row[0], row[1], -row[4], row[2])
                )
            ],
            empty="No call failed then.",
        )


def _now(now: Now) -> Table:
    return Table(
        name="now",
        title="Held now",
        columns=(
            Column(name="trunk", title="Trunk", kind="text", formula="the trunk"),
            Column(
                name="used_in",
                title="In",
                formula="its channels held now by calls that came from it; they are in no other count",
            ),
            Column(
                name="used_out",
                title="Out",
                formula="its channels held now by calls through it; they are in no other count",
            ),
        ),
        rows=[(trunk, used_in, used_out) for trunk, (used_in, used_out) in sorted(now.trunks.items())],
        empty="There are no trunks to be seen.",
    )
