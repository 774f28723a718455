"""Report 7, dispositions: what agents said came of their contacts."""

from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms

MISSING = "(required, not given)"
NONE = "(not given)"


class Dispositions:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._given = NamedSums("queue", "agent", "disposition")
        self._missing = NamedSums("queue", "agent")
        self._handled = NamedSums("queue", "agent")

    def add(self, facts: EventFacts) -> None:
        given = chosen(facts, "dispositions", self._terms)
        self._given.add(given, facts.names, given["count"])
        wrap_ups = chosen(facts, "wrap_ups", self._terms)
        self._missing.add(wrap_ups[wrap_ups["is_missing"]], facts.names)
        self._handled.add(chosen(facts, "conversations", self._terms), facts.names)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return self._table("queues", "By queue", 0), self._table("agents", "By agent", 1)

    def _table(self, name: str, title: str, place: int) -> Table:
        given: dict[tuple[str, str], int] = {}
        for key, sums in self._given.found.items():
            row = key[place], key[2]
            given[row] = given.get(row, 0) + round(sums[1])
        handled = _by(self._handled, place)
        for who, count in _by(self._missing, place).items():
            given[who, MISSING] = count
        for who, count in handled.items():
            told = sum(number for (whose, _), number in given.items() if whose == who)
            given[who, NONE] = max(0, count - told)
        head = name.removesuffix("s")
        rows: list[tuple[Value, ...]] = [
            (who, word, count, count / handled[who] if handled.get(who) else None)
            for (who, word), count in sorted(given.items())
            if count
        ]
        return Table(
            name=name,
            title=title,
            columns=(
                Column(name=head, title=head.capitalize(), kind="text", formula=f"the {head}"),
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


def _by(sums: NamedSums, place: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in sums.found:
        found[key[place]] = found.get(key[place], 0) + sums.count(*key)
    return found
