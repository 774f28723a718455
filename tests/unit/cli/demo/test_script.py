"""The script follows from its seed, and has in it what the demo is to show."""

import pytest

from softswitch.cli.demo.script import BILLING_LINE, HOTLINE, LAST_CALL_S, RUSSIAN_HOTLINE, read_lines, write_script

AGENTS = tuple(f"agent{number}" for number in range(16))
LINES = read_lines()


def test_the_same_seed_gives_the_same_script() -> None:
    assert write_script(60, 7, AGENTS, LINES) == write_script(60, 7, AGENTS, LINES)
    assert write_script(60, 7, AGENTS, LINES) != write_script(60, 8, AGENTS, LINES)


@pytest.mark.parametrize("seed", range(20))
def test_a_minute_has_sixty_callers_of_every_kind(seed: int) -> None:
    visits = write_script(60, seed, AGENTS, LINES).visits
    assert len(visits) == 60
    assert len({visit.calling_number for visit in visits}) == 60
    assert {visit.number for visit in visits} == {HOTLINE, RUSSIAN_HOTLINE, BILLING_LINE}
    assert all(visit.arrives_at_s <= 60 - LAST_CALL_S for visit in visits)
    assert [visit.arrives_at_s for visit in visits] == sorted(visit.arrives_at_s for visit in visits)
    assert any(visit.patience_s < 10 for visit in visits)
    assert any(visit.hangs_up_first for visit in visits)
    assert {visit.dialogue.language for visit in visits} == {"en", "ru"}


@pytest.mark.parametrize("seconds", [10, 20, 60, 300])
def test_the_number_of_callers_grows_with_the_time(seconds: int) -> None:
    script = write_script(seconds, 1, AGENTS, LINES)
    assert 4 <= len(script.visits) <= 2 * seconds
    assert set(script.habits) == set(AGENTS)


def test_callers_press_what_they_want() -> None:
    for visit in write_script(60, 3, AGENTS, LINES).visits:
        assert visit.digit == {"sales": "1", "support": "2", "billing": ""}[visit.dialogue.topic]
        assert (visit.number == RUSSIAN_HOTLINE) == (visit.dialogue.language == "ru")
        assert visit.score in ("", "1", "2", "3", "4", "5")


def test_some_agents_do_not_hear_one_call() -> None:
    habits = write_script(60, 1, AGENTS, LINES).habits.values()
    assert 1 <= sum(habit.ignores >= 0 for habit in habits) <= 3


def test_every_caller_has_an_answer() -> None:
    assert all(len(dialogue.caller) == len(dialogue.agent) for dialogue in LINES.dialogue)
    assert set(LINES.greeting) == {dialogue.language for dialogue in LINES.dialogue}
