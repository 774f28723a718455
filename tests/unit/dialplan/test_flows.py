"""Which flow a call runs."""

import pytest

from softswitch.config.rows import ScheduleRow
from softswitch.dialplan import Call, UnknownName, flow
from softswitch.dialplan.flows import Dialplan, is_flow
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.schedule import Schedule, compile_schedule


class Row:
    """A row of numbers.toml."""

    def __init__(self, number: str, flow: str, hours: str | None = None, otherwise: str | None = None) -> None:
        self.number, self.flow, self.hours, self.otherwise = number, flow, hours, otherwise
        self.record: str | None = None
        self.project = ""
        self.fax_flow: str | None = None


MONDAY = 1_700_438_400.0 + 3600
"""2023-11-20 01:00 UTC."""
TUESDAY = MONDAY + 86_400


@flow
async def day(call: Call) -> None: ...


@flow
async def night(call: Call) -> None: ...


def dialplan(*rows: Row) -> Dialplan:
    numbers = NumberPlan.compile(list(rows))
    assert isinstance(numbers, NumberPlan)
    schedule = compile_schedule(ScheduleRow(id="office", timezone="UTC", hours={"mon": ("00:00-24:00",)}))
    assert isinstance(schedule, Schedule), schedule
    return Dialplan(numbers=numbers, flows={"day": day, "night": night}, schedules={"office": schedule})


def test_a_mark_makes_a_flow() -> None:
    assert is_flow(day)
    assert not is_flow(dialplan)


def test_a_number_that_is_not_ours_has_no_flow() -> None:
    assert dialplan(Row("100", "day")).flow_for("200", MONDAY) is None


@pytest.mark.parametrize(("at_wall", "name"), [(MONDAY, "day"), (TUESDAY, "night")])
def test_outside_opening_hours_the_other_flow_runs(at_wall: float, name: str) -> None:
    assert dialplan(Row("100", "day", "office", "night")).flow_for("100", at_wall) == name


def test_unknown_names_are_told_with_those_that_exist() -> None:
    plan = dialplan(Row("100", "day"))
    with pytest.raises(UnknownName, match='there is no flow "dai"; known: day, night'):
        plan.flow_named("dai")
    with pytest.raises(UnknownName, match='there is no schedule "home"; known: office'):
        plan.is_open("home", MONDAY)
