import pytest

from softswitch.media.tick_grid import PHASES, TICK_S, first_slot, slot_at, time_of


@pytest.mark.parametrize("phase", range(PHASES))
@pytest.mark.parametrize("started_at", [0.0, 1000.0, 1000.0049, 1000.005, 1000.013, 86_400.019999])
def test_a_stream_begins_with_the_next_slot_of_its_phase(started_at: float, phase: int) -> None:
    slot = first_slot(started_at, phase)
    assert slot % PHASES == phase
    assert started_at <= time_of(slot) + 1e-9 < started_at + TICK_S + 1e-6


def test_a_slot_lasts_until_the_next() -> None:
    assert slot_at(time_of(200_000) + 0.0001) == 200_000
    assert slot_at(time_of(200_001) - 0.0001) == 200_000
