"""The catalogue as Markdown, for docs/reports.md: every report, its tables, and the formula of every column.

python -m softswitch.reports.describing
"""

import sys

from softswitch.reports.catalogue import CATALOGUE
from softswitch.reports.report import Now, ReportKind
from softswitch.reports.tables import Table
from softswitch.reports.terms import Terms

_TERMS = Terms(since=0.0, until=1.0)


def description(kind: ReportKind) -> str:
    """What docs/reports.md says of it."""
    filters = ", ".join(f"`{name}`" for name in (("project",) if kind.is_for_projects else ()) + kind.filters)
    lines = [f"### `{kind.name}`: {kind.title}", "", f"{kind.about} Filters: {filters or 'none'}.", ""]
    past = {table.name for table in kind.make(_TERMS).tables(None)}
    for table in kind.make(_TERMS).tables(Now(at=0.0)):
        lines += _table(table, is_live=table.name not in past)
    return "\n".join(lines)


def _table(table: Table, *, is_live: bool) -> list[str]:
    title = f"`{table.name}`: {table.title}{' (with `--live`)' if is_live else ''}"
    rows = [f"| `{column.name}` | {column.title} | {_cell(column.formula)} |" for column in table.columns]
    return [title, "", "| column | title | formula |", "|---|---|---|", *rows, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write("\n".join(description(kind) for kind in CATALOGUE))
