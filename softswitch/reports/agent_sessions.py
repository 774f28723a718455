"""Report 3, agent_sessions: when agents were there, what they did, and why they were not ready."""

from softswitch.acd.model import AgentState
from softswitch.acd.reporting.formulas import AGENT_FORMULAS, Formula, ratio
from softswitch.acd.reporting.tallies import AgentTally, add_agent
from softswitch.base.ids import AgentId
from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.limits import TABLE_ROWS_MAX
from softswitch.reports.report import Now
from softswitch.reports.sums import AgentSums, PresenceByInterval
from softswitch.reports.tables import Chart, Column, Figures, Table, Value
from softswitch.reports.terms import Terms

ALL = "all"
NO_REASON = "(no reason)"
OCCUPANCY = Figures(AGENT_FORMULAS, "occupancy")
UTILISATION: Figures[AgentTally] = Figures(
    (
        Formula(
            "utilisation",
            "Utilised",
            "(alerted + contacts + wrap-up + other calls) / logged in",
            lambda tally: ratio(tally.worked_s + tally.other_calls_s, tally.logged_in_s),
        ),
        Formula(
            "shrinkage",
            "Shrinkage",
            "not ready / logged in",
            lambda tally: ratio(tally.not_ready_s, tally.logged_in_s),
        ),
    )
)
AGENT = Column(name="agent", title="Agent", kind="text", formula='the agent; "all": those of this report together')
STATES_COLUMNS = (
    Column(
        name="logged_in_s",
        title="Logged in",
        kind="seconds",
        formula="ready + alerted + contacts + wrap-up + other calls + not ready",
    ),
    Column(name="ready_s", title="Ready", kind="seconds", formula="time in which a contact could have come"),
    Column(
        name="reserved_s",
        title="Alerted",
        kind="seconds",
        formula="time in which his phone rang for a contact",
        is_wide=True,
    ),
    Column(name="contact_s", title="Contacts", kind="seconds", formula="time with contacts, talk and hold"),
    Column(name="wrap_up_s", title="Wrap-up", kind="seconds", formula="time after contacts for what belongs to them"),
    Column(
        name="other_calls_s",
        title="Other calls",
        kind="seconds",
        formula="time in calls that no queue gave him",
        is_wide=True,
    ),
    Column(name="not_ready_s", title="Not ready", kind="seconds", formula="time in breaks and other reasons"),
)


class AgentSessions:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._local = terms.local
        self._sums = AgentSums(terms, presence=True)
        self._by_interval = PresenceByInterval(terms, lambda quarter: self._local.interval(quarter, terms.interval_min))
        self._pauses: dict[tuple[str, str], list[float]] = {}
        self._sessions: list[tuple[str, float, float | None]] = []
        self._last: EventFacts | None = None

    def add(self, facts: EventFacts) -> None:
        self._sums.add(facts)
        self._by_interval.add(facts)
        text = facts.names.text
        for agent, reason, began, ended in facts.rows["pauses"].tolist():
            self._pause(text(agent), text(reason), began, ended)
        for agent, began, ended in facts.rows["sessions"].tolist():
            self._session(text(agent), began, ended)
        self._last = facts

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        self._what_goes_on()
        return self._agents(), self._intervals(), self._pause_table(), self._session_table()

    def _what_goes_on(self) -> None:
        if self._last is None:
            return
        for span in self._last.carried.spans:
            if span.state is AgentState.NOT_READY:
                self._pause(span.agent_id, span.reason, span.from_wall, span.until_wall)
        for agent, began in self._last.carried.logged_in.items():
            self._session(agent, began, None)

    def _pause(self, agent: str, reason: str, began: float, ended: float) -> None:
        began, ended = max(began, self._terms.since), min(ended, self._terms.until)
        if began < ended and self._terms.agent in ("", agent):
            self._pauses.setdefault((agent, reason or NO_REASON), []).append(ended - began)

    def _session(self, agent: str, began: float, ended: float | None) -> None:
        is_within = began < self._terms.until and (ended is None or ended > self._terms.since)
        if is_within and self._terms.agent in ("", agent) and len(self._sessions) < TABLE_ROWS_MAX:
            is_over = ended is not None and ended < self._terms.until
            self._sessions.append((agent, began, ended if is_over else None))

    def _agents(self) -> Table:
        there = [tally for tally in self._sums.tallies() if tally.logged_in_s or tally.logins]
        is_summed = len(there) > 1
        if is_summed:
            there.append(_sum(there))
        return Table(
            name="agents",
            title="What agents did",
            columns=(
                AGENT,
                Column(name="logins", title="Logins", formula="how often he logged in", is_wide=True),
                *STATES_COLUMNS,
                *OCCUPANCY.columns,
                *UTILISATION.columns,
            ),
            rows=[
                (
                    tally.agent_id,
                    tally.logins,
                    *_states(tally),
                    *OCCUPANCY.values(tally),
                    *UTILISATION.values(tally),
                )
                for tally in there
            ],
            sums=int(is_summed),
            empty="Nobody was logged in then.",
            chart=Chart(
                kind="stacked",
                title="Time of agents",
                category="agent",
                series=("ready_s", "reserved_s", "contact_s", "wrap_up_s", "other_calls_s", "not_ready_s"),
            ),
        )

    def _intervals(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for began, (there, total) in self._by_interval.rows().items():
            if not total.logged_in_s:
                continue
            length_s = self._local.until(began, self._terms.interval_min) - began
            staffed, free = total.logged_in_s / length_s, total.ready_s / length_s
            rows.append((began, there, staffed, free, *OCCUPANCY.values(total)))
        return Table(
            name="intervals",
            title="Agents by interval",
            columns=(
                Column(
                    name="from", title="From", kind="instant", formula="when the interval begins, in the report's zone"
                ),
                Column(name="agents", title="Agents", formula="different agents who were logged in at some time of it"),
                Column(name="staffed", title="On average", kind="number", formula="logged in / length of the interval"),
                Column(name="free", title="Ready", kind="number", formula="ready / length of the interval"),
                *OCCUPANCY.columns,
            ),
            rows=rows,
            empty="Nobody was logged in then.",
            chart=Chart(kind="line", title="Agents logged in", category="from", series=("staffed", "free")),
        )

    def _pause_table(self) -> Table:
        return Table(
            name="pauses",
            title="Why agents were not ready",
            columns=(
                Column(name="agent", title="Agent", kind="text", formula="the agent"),
                Column(name="reason", title="Reason", kind="text", formula="what he, or whoever paused him, gave"),
                Column(name="pauses", title="Times", formula="unbroken times for this reason that touch the report's"),
                Column(name="total_s", title="Total", kind="seconds", formula="their sum, cut at the report's bounds"),
                Column(name="average_s", title="Average", kind="seconds", formula="total / times"),
                Column(name="longest_s", title="Longest", kind="seconds", formula="the longest of them"),
            ),
            rows=[
                (agent, reason, len(lengths), sum(lengths), sum(lengths) / len(lengths), max(lengths))
                for (agent, reason), lengths in sorted(self._pauses.items())
            ],
            empty="Everybody was always ready.",
        )

    def _session_table(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for agent, began, ended in sorted(self._sessions, key=lambda session: session[:2]):
            until = self._terms.until if ended is None else ended
            rows.append((agent, began or None, ended, until - max(began, self._terms.since)))
        return Table(
            name="sessions",
            title="From log-in to log-out",
            columns=(
                Column(name="agent", title="Agent", kind="text", formula="the agent"),
                Column(
                    name="login",
                    title="Log-in",
                    kind="instant",
                    formula="when he logged in; empty: before what is known",
                ),
                Column(
                    name="logout",
                    title="Log-out",
                    kind="instant",
                    formula="when he logged out; empty: not before the report's end",
                ),
                Column(
                    name="length_s",
                    title="Length",
                    kind="seconds",
                    formula="log-out - log-in, cut at the report's bounds",
                ),
            ),
            rows=rows,
            empty="Nobody was logged in then.",
        )


def _states(tally: AgentTally) -> tuple[Value, ...]:
    return tuple(getattr(tally, column.name) for column in STATES_COLUMNS)


def _sum(tallies: list[AgentTally]) -> AgentTally:
    total = AgentTally(agent_id=AgentId(ALL))
    for tally in tallies:
        add_agent(total, tally)
    return total
