import pytest

from softswitch.acd.simulation.limits import AGENTS_MAX
from softswitch.acd.simulation.staffing import Target, agents_for, parse_target, smallest
from softswitch.base.errors import SimulationError


@pytest.mark.parametrize(
    ("per_hour", "handle_s", "target", "agents"),
    [
        (100, 180, "80/20", 8),
        (200, 180, "80/20", 14),
        (500, 240, "80/20", 39),
        (1000, 300, "80/20", 91),
        (1000, 300, "90/20", 94),
        (100, 300, "90/30", 13),
    ],
)
def test_how_many_agents(per_hour: float, handle_s: float, target: str, agents: int) -> None:
    assert agents_for(parse_target(target), arrivals_per_s=per_hour / 3600, handle_s=handle_s) == agents


def test_impatient_callers_need_fewer_agents() -> None:
    target = parse_target("80/20")
    patient = agents_for(target, arrivals_per_s=720 / 3600, handle_s=240)
    impatient = agents_for(target, arrivals_per_s=720 / 3600, handle_s=240, patience_s=60)
    assert impatient < patient


@pytest.mark.parametrize("text", ["", "80", "80/", "/20", "0/20", "100/20", "80/-1", "80/x", "80/inf", "nan/20"])
def test_what_is_no_service_level(text: str) -> None:
    with pytest.raises(SimulationError, match="80/20 means"):
        parse_target(text)


def test_a_service_level() -> None:
    assert parse_target("80/20") == Target(share=0.8, within_s=20.0)


@pytest.mark.parametrize("needed", [1, 2, 3, 7, 64, 1000, AGENTS_MAX])
@pytest.mark.parametrize("start", [-5, 0, 1, 6, 64, 900, 10 * AGENTS_MAX])
def test_the_smallest_number_is_found_from_wherever_one_starts(needed: int, start: int) -> None:
    asked: list[int] = []

    def reaches(agents: int) -> bool:
        asked.append(agents)
        return agents >= needed

    assert smallest(reaches, start=start) == needed
    assert len(asked) == len(set(asked)) <= 34


def test_where_nobody_is_enough() -> None:
    with pytest.raises(SimulationError, match="not even"):
        smallest(lambda agents: False, start=10)
