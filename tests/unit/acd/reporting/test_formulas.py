"""Every figure against numbers worked out by hand."""

import pytest

from softswitch.acd.reporting.formulas import AGENT_FORMULAS, QUEUE_FORMULAS, figures
from softswitch.acd.reporting.tallies import AgentTally, QueueTally, add_agent, add_queue
from softswitch.base.ids import AgentId, QueueId

SALES, ANN = QueueId("sales"), AgentId("ann")


def queue(**counts: float) -> dict[str, float | None]:
    return figures(QueueTally(queue_id=SALES, **counts), QUEUE_FORMULAS)  # type: ignore[arg-type]  # by name


def agent(**counts: float) -> dict[str, float | None]:
    return figures(AgentTally(agent_id=ANN, **counts), AGENT_FORMULAS)  # type: ignore[arg-type]  # by name


def test_ciscos_three_service_levels_of_one_hundred_contacts():
    """70 answered in time, 10 abandoned in time, 20 others."""
    level = queue(offered=100, answered=85, answered_within=70, abandoned=15, abandoned_within=10)
    assert level["service_level"] == pytest.approx(0.778, abs=0.0005)
    assert level["service_level_negative"] == 0.7
    assert level["service_level_positive"] == 0.8


def test_asterisks_two_service_levels():
    level = queue(offered=110, answered=80, answered_within=60, abandoned=20, abandoned_within=10, overflowed=10)
    assert level["service_level_asterisk"] == 0.75
    assert level["service_level_asterisk_2"] == 0.7


def test_who_still_waits_counts_nowhere():
    few = queue(offered=10, answered=8, answered_within=6, abandoned=2, abandoned_within=1)
    many = queue(offered=99, answered=8, answered_within=6, abandoned=2, abandoned_within=1)
    assert few == many


def test_times_per_contact():
    times = queue(answered=4, answered_wait_s=60.0, handled=5, talk_s=500.0, hold_s=50.0, wrap_up_s=100.0, transfers=1)
    assert times["average_speed_of_answer_s"] == 15.0
    assert times["average_talk_s"] == 100.0
    assert times["average_hold_s"] == 10.0
    assert times["average_wrap_up_s"] == 20.0
    assert times["average_handle_time_s"] == 130.0
    assert times["transfer_rate"] == 0.2


def test_abandons_short_ones_apart():
    rates = queue(answered=76, abandoned=24, abandoned_short=4, wait_s=4800.0)
    assert rates["abandon_rate"] == 0.24
    assert rates["short_abandon_rate"] == 0.04
    assert rates["abandon_rate_without_short"] == pytest.approx(20 / 96)
    assert rates["patience_s"] == 200.0


def test_reservations_that_ring_out():
    assert queue(reservations=50, no_answers=2, declines=3)["no_answer_rate"] == 0.04
    assert agent(reservations=20, no_answers=5)["no_answer_rate"] == 0.25


def test_how_wrong_estimated_waits_were():
    errors = queue(told_waits=4, told_error_s=80.0, told_bias_s=-40.0)
    assert (errors["estimate_error_s"], errors["estimate_bias_s"]) == (20.0, -10.0)


def test_an_agents_occupancy_leaves_pauses_and_other_calls_out():
    day = agent(
        contact_s=2900.0, reserved_s=100.0, wrap_up_s=600.0, ready_s=1200.0, not_ready_s=999.0, other_calls_s=99.0
    )
    assert day["occupancy"] == 0.75


def test_an_agents_times_per_contact():
    day = agent(handled=10, talk_s=1000.0, hold_s=100.0, wrap_up_s=300.0, contact_s=1100.0, transfers=3)
    assert day["average_handle_time_s"] == 140.0
    assert (day["average_talk_s"], day["average_hold_s"], day["average_wrap_up_s"]) == (100.0, 10.0, 30.0)
    assert day["transfer_rate"] == 0.3


def test_before_anything_has_happened_no_figure_is_invented():
    assert set(queue().values()) == {None}
    assert set(agent().values()) == {None}


def test_each_formula_has_a_name_of_its_own_and_says_what_it_computes():
    for formulas in (QUEUE_FORMULAS, AGENT_FORMULAS):
        assert len({formula.name for formula in formulas}) == len(formulas)
        assert all(formula.text and formula.title for formula in formulas)


def test_sums_over_queues_and_agents():
    total = QueueTally(queue_id=QueueId(""), offered=1, longest_wait_s=9.0)
    add_queue(total, QueueTally(queue_id=SALES, name="Sales", offered=2, longest_wait_s=5.0, talk_s=3.0))
    assert (total.offered, total.longest_wait_s, total.talk_s, total.name) == (3, 9.0, 3.0, "")
    everybody = AgentTally(agent_id=AgentId(""))
    for _ in range(2):
        add_agent(everybody, AgentTally(agent_id=ANN, not_ready_s=7.0, reasons_s={"lunch": 7.0}))
    assert (everybody.not_ready_s, everybody.reasons_s) == (14.0, {"lunch": 14.0})
