"""What nobody can make grow: names, rows, intervals."""

from typing import Any

import pytest

from softswitch.reports.facts import names
from softswitch.reports.facts.names import OTHERS, Names
from softswitch.reports.runtime import making
from tests.unit.reports.centre import NOON
from tests.unit.reports.test_calls import came_in, report, rows, stored


def test_names_beyond_the_most_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "NAMES_MAX", 4)
    known = Names()
    numbers = [known.number(text) for text in ("a", "b", "c", "d", "a", None, "")]
    assert numbers == [1, 2, 3, 3, 1, 0, 0]
    assert known.texts == ["", "a", "b", OTHERS]


def test_a_table_of_too_many_rows_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "TABLE_ROWS_MAX", 2)
    made = report(stored(*(came_in(number, NOON + number, 5) for number in range(5))), "calls")
    assert len(made.table("calls").rows) == 2
    assert made.notes[-1] == "Calls, the newest first: 5 rows are too many; these are the first 2."


@pytest.mark.parametrize("minutes", [15, 60])
def test_a_trunk_that_is_quiet_for_hours_is_still_held(minutes: Any) -> None:
    day = stored(came_in(1, NOON, 8 * 3600), came_in(2, NOON + 9 * 3600, 60, trunks=()))
    found = rows(report(day, "trunks", interval_min=minutes).table("intervals"))
    assert sum(float(row["erlangs"] or 0) for row in found) * minutes * 60 == pytest.approx(8 * 3600 + 60)
