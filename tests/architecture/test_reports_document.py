"""docs/reports.md and the catalogue say the same: every report, every table, the formula of every column."""

from pathlib import Path

import pytest

from softswitch.reports.catalogue import CATALOGUE
from softswitch.reports.describing import description
from softswitch.reports.report import Now, ReportKind
from softswitch.reports.terms import Terms

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text("utf-8")


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.name)
def test_the_page_says_what_the_report_is(kind: ReportKind) -> None:
    for block in description(kind).strip().split("\n\n"):
        assert block in PAGE, "write what `python -m softswitch.reports.describing` says"


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.name)
def test_every_column_says_how_it_is_computed_and_charts_draw_what_is_there(kind: ReportKind) -> None:
    for table in kind.make(Terms(since=0.0, until=1.0)).tables(Now(at=0.0)):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert all(column.formula and column.title for column in table.columns)
        if table.chart is not None:
            assert {table.chart.category, *table.chart.series} <= set(names)


def test_no_report_is_on_the_page_that_is_not_there() -> None:
    told = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("### `")]
    assert told == [kind.name for kind in CATALOGUE]
