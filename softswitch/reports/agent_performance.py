"""Report 4, agent_performance: what agents answered and missed, how long it took, what callers said of them."""

from softswitch.acd.reporting.formulas import AGENT_FORMULAS
from softswitch.acd.reporting.tallies import AgentTally, add_agent
from softswitch.base.ids import AgentId
from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import AgentSums, NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Figures, Table, Value
from softswitch.reports.terms import Terms

ALL = "all"
BY_AGENT = "agent"
FIGURES = Figures(
    AGENT_FORMULAS,
    "average_handle_time_s",
    "average_talk_s",
    "average_hold_s",
    "average_wrap_up_s",
    "no_answer_rate",
    "transfer_rate",
    wide=("average_talk_s", "average_hold_s", "average_wrap_up_s", "transfer_rate"),
)
COUNTS = (
    Column(name="reservations", title="Alerted", formula="how often his phone rang for a contact", is_wide=True),
    Column(name="answered", title="Answered", formula="contacts he was connected to"),
    Column(name="no_answers", title="Missed", formula="reservations he let ring out (redirection on no answer, RONA)"),
    Column(
        name="declines", title="Declined", formula="reservations he declined, or could not be reached for", is_wide=True
    ),
    Column(name="handled", title="Handled", formula="conversations that ended"),
    Column(name="talk_s", title="Talked", kind="seconds", formula="of these, without hold"),
    Column(name="hold_s", title="Held", kind="seconds", formula="of these, on hold", is_wide=True),
    Column(name="holds", title="Holds", formula="how often he or the caller put the other on hold", is_wide=True),
    Column(
        name="wrap_up_s",
        title="Wrapped up",
        kind="seconds",
        formula="what wrap-ups of contacts that ended then took",
        is_wide=True,
    ),
    Column(name="transfers", title="Transfers", formula="contacts he gave to somebody else", is_wide=True),
)
SCORES = (
    Column(name="answers", title="Answers", formula="answers callers gave to questions of surveys"),
    Column(name="average", title="Score", kind="number", formula="sum of the scores / answers"),
)


class AgentPerformance:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sums = AgentSums(terms, presence=False)
        self._wrap_ups = NamedSums("agent")
        self._hung_up = NamedSums("agent", "ended_by")
        self._ratings = NamedSums("agent", "survey", "question")

    def add(self, facts: EventFacts) -> None:
        self._sums.add(facts)
        wrap_ups = chosen(facts, "wrap_ups", self._terms)
        self._wrap_ups.add(wrap_ups, facts.names, wrap_ups["lasted_s"])
        self._hung_up.add(chosen(facts, "conversations", self._terms), facts.names)
        ratings = chosen(facts, "ratings", self._terms)
        self._ratings.add(ratings, facts.names, ratings["score"])

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return self._agents(), self._scores()

    def _agents(self) -> Table:
        tallies = [tally for tally in self._sums.tallies() if tally.reservations or tally.handled]
        known = {tally.agent_id for tally in tallies}
        rated = {agent for agent, _, _ in self._ratings.found} | {agent for (agent,) in self._wrap_ups.found}
        tallies += [AgentTally(agent_id=AgentId(agent)) for agent in sorted(rated - known) if agent]
        tallies.sort(key=lambda tally: tally.agent_id)
        for tally in tallies:
            # Of contacts, as queues have it. The time he was in wrap-up, for several at once, is in agent_sessions.
            tally.wrap_up_s = self._wrap_ups.found.get((tally.agent_id,), (0.0, 0.0))[1]
        is_summed = len(tallies) > 1
        if is_summed:
            total = AgentTally(agent_id=AgentId(ALL))
            for tally in tallies:
                add_agent(total, tally)
            tallies.append(total)
        return Table(
            name="agents",
            title="What agents achieved",
            columns=(
                Column(
                    name="agent", title="Agent", kind="text", formula='the agent; "all": those of this report together'
                ),
                *COUNTS,
                *FIGURES.columns,
                Column(
                    name="hung_up_rate",
                    title="Hung up",
                    kind="ratio",
                    formula="conversations the agent ended / handled",
                    is_wide=True,
                ),
                *SCORES,
            ),
            rows=[self._row(tally) for tally in tallies],
            sums=int(is_summed),
            empty="No agent had a contact then.",
            chart=Chart(kind="bar", title="Answered and missed", category="agent", series=("answered", "no_answers")),
        )

    def _row(self, tally: AgentTally) -> tuple[Value, ...]:
        agents = None if tally.agent_id == ALL else tally.agent_id
        hung_up = sum(
            round(sums[0])
            for (agent, ended_by), sums in self._hung_up.found.items()
            if ended_by == BY_AGENT and agents in (None, agent)
        )
        ratings = [sums for (agent, _, _), sums in self._ratings.found.items() if agents in (None, agent)]
        answers = round(sum(sums[0] for sums in ratings))
        return (
            tally.agent_id,
            *(getattr(tally, column.name) for column in COUNTS),
            *FIGURES.values(tally),
            hung_up / tally.handled if tally.handled else None,
            answers,
            sum(sums[1] for sums in ratings) / answers if answers else None,
        )

    def _scores(self) -> Table:
        return Table(
            name="scores",
            title="What callers said of them",
            columns=(
                Column(name="agent", title="Agent", kind="text", formula="the agent the caller had talked to"),
                Column(name="survey", title="Survey", kind="text", formula="the survey"),
                Column(name="question", title="Question", kind="text", formula="its question"),
                *SCORES,
            ),
            rows=[(*key, round(sums[0]), sums[1] / sums[0]) for key, sums in sorted(self._ratings.found.items())],
            empty="No caller has answered a survey.",
        )
