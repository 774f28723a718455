"""Report 7, dispositions: what agents said came of their contacts."""

from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms

MISSING = "(required, not given)"
NONE = "(not given)"
BY = ("queue", "agent")


class Dispositions:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._given = {of: NamedSums(of, "disposition") for of in BY}
        self._missing = {of: NamedSums(of) for of in BY}
        self._handled = {of: NamedSums(of) for of in BY}

    def add(self, facts: EventFacts) -> None:
        given = chosen(facts, "dispositions", self._terms)
        wrap_ups = chosen(facts, "wrap_ups", self._terms)
        conversations = chosen(facts, "conversations", self._terms)
        for of in BY:
            self._given[of].add(given, facts.names, given["count"])
            self._missing[of].add(wrap_ups[wrap_ups["is_missing"]], facts.names)
            self._handled[of].add(conversations, facts.names)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return self._table("queue"), self._table("agent")

    def _table(self, of: str) -> Table:
        handled = {who: self._handled[of].count(who) for (who,) in self._handled[of].found}
        given = {key: round(sums[1]) for key, sums in self._given[of].found.items()}
        for (who,) in self._missing[of].found:
            given[who, MISSING] = self._missing[of].count(who)
        for who, count in handled.items():
            told = sum(number for (whose, _), number in given.items() if whose == who)
            given[who, NONE] = max(0, count - told)
        rows: list[tuple[Value, ...]] = [
            (who, word, count, count / handled[who] if handled.get(who) else None)
            for (who, word), count in sorted(given.items())
            if count
        ]
        return Table(
            name=f"{of}s",
            title=f"By {of}",
            columns=(
                Column(name=of, title=of.capitalize(), kind="text", formula=f"the {of}"),
                Column(
                    name="disposition",
                    title="Disposition",
                    kind="text",
                    formula="what the agent said last of the contact; (required, not given): his queue asks for one, "
                    "and his wrap-up ended without; (not given): handled - all others",
                ),
                Column(name="contacts", title="Contacts", formula="contacts with this disposition"),
                Column(name="share", title="Share", kind="ratio", formula="contacts / conversations that ended"),
            ),
            rows=rows,
            empty="No conversation ended then.",
            chart=Chart(kind="bar", title="Dispositions", category="disposition", series=("contacts",)),
        )
