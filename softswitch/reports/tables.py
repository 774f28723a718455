"""What a report is: tables whose columns say how they are computed, and a chart beside some of them."""

from typing import Generic, Literal, TypeAlias, TypeVar

import msgspec

from softswitch.acd.reporting.formulas import Formula

Value: TypeAlias = str | int | float | None
Kind = Literal["text", "instant", "count", "seconds", "minutes", "ratio", "number"]
"""An instant is epoch seconds; a ratio is a part of 1."""
ChartKind = Literal["column", "stacked", "line", "bar"]
TallyT = TypeVar("TallyT")
NOTHING = "Nothing happened then."


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is for programs, `title` for people."""

    name: str
    title: str
    kind: Kind = "count"
    formula: str
    """How it is computed, or what it is."""
    is_wide: bool = False
    """A narrow terminal leaves it out."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Drawn of the rows of its table, sums left out; all by the names of columns."""

    kind: ChartKind
    title: str
    category: str
    series: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`sums` rows at the end are totals of the others."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Value, ...]]
    sums: int = 0
    empty: str = NOTHING
    """What stands there instead of rows."""
    chart: Chart | None = None

    def column(self, name: str) -> list[Value]:
        """Its values, row by row."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Times are epoch seconds; `made_at` is also until when something that goes on was counted."""

    name: str
    title: str
    since: float
    until: float
    zone: str
    made_at: float
    filters: dict[str, str] = {}
    is_live: bool = False
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    """What its reader must know to believe it."""

    def table(self, name: str) -> Table:
        """Raises KeyError."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


class Figures(Generic[TallyT]):
    """Columns made of the ACD's formulas, and their values for a tally."""

    __slots__ = ("_formulas", "columns")

    def __init__(self, formulas: tuple[Formula[TallyT], ...], *names: str, wide: tuple[str, ...] = ()) -> None:
        """Of the formulas with these names, in this order; of all, where none is named."""
        known = {formula.name: formula for formula in formulas}
        self._formulas = [known[name] for name in names or known]
        self.columns = tuple(
            Column(
                name=formula.name,
                title=formula.title,
                kind="seconds" if formula.name.endswith("_s") else "ratio",
                formula=formula.text,
                is_wide=formula.name in wide,
            )
            for formula in self._formulas
        )

    def values(self, tally: TallyT) -> tuple[Value, ...]:
        return tuple(formula.of(tally) for formula in self._formulas)
