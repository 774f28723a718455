from math import inf

import pytest

from softswitch.acd.simulation.arrivals import Arrival, Demand, Habits, PastCall, as_they_came, exactly, expected_calls
from softswitch.acd.simulation.durations import Constant, Exponential
from softswitch.acd.simulation.limits import CALLS_MAX
from softswitch.base.errors import SimulationError
from softswitch.base.ids import QueueId

SALES, SUPPORT = QueueId("sales"), QueueId("support")
HABITS = Habits(talk=Exponential(180.0), patience=Constant(60.0))


def test_a_forecast_is_met_in_the_mean_and_in_its_hours() -> None:
    demands = [
        Demand(queue_id=SALES, from_s=0.0, until_s=3600.0, calls=2000),
        Demand(queue_id=SUPPORT, from_s=1800.0, until_s=3600.0, calls=500),
    ]
    calls = expected_calls(demands, HABITS, seed=1)
    sales = [call for call in calls if call.queue_id == SALES]
    support = [call for call in calls if call.queue_id == SUPPORT]
    assert len(sales) == pytest.approx(2000, abs=4 * 2000**0.5)
    assert len(support) == pytest.approx(500, abs=4 * 500**0.5)
    assert [call.at_s for call in calls] == sorted(call.at_s for call in calls)
    assert min(call.at_s for call in support) >= 1800.0
    assert max(call.at_s for call in calls) < 3600.0
    assert sum(call.talk_s for call in calls) / len(calls) == pytest.approx(180.0, rel=0.1)
    assert {call.patience_s for call in calls} == {60.0}
    assert expected_calls(demands, HABITS, seed=1) == calls
    assert expected_calls(demands, HABITS, seed=2) != calls


def test_exactly_so_many_calls() -> None:
    calls = exactly(1000, [SALES, SUPPORT], span_s=3600.0, habits=HABITS, seed=1)
    assert len(calls) == 1000
    assert sum(call.queue_id == SALES for call in calls) == pytest.approx(500, abs=65)
    assert sum(call.at_s < 1800.0 for call in calls) == pytest.approx(500, abs=65)


def test_recorded_calls_come_again_as_they_came() -> None:
    past = [
        PastCall(at_s=20.0, queue_id=SALES, waited_s=30.0, talk_s=None, is_abandoned=True),
        PastCall(at_s=10.0, queue_id=SALES, waited_s=5.0, talk_s=200.0),
        PastCall(at_s=30.0, queue_id=SALES, waited_s=600.0, talk_s=None),
    ]
    otherwise = Habits(talk=Constant(180.0), patience=Constant(100.0))
    assert as_they_came(past, otherwise=otherwise, seed=1) == [
        Arrival(at_s=10.0, queue_id=SALES, talk_s=200.0, patience_s=105.0),
        Arrival(at_s=20.0, queue_id=SALES, talk_s=180.0, patience_s=30.0),
        Arrival(at_s=30.0, queue_id=SALES, talk_s=180.0, patience_s=700.0),
    ]


def test_where_nobody_ever_hung_up_nobody_will() -> None:
    past = [PastCall(at_s=0.0, queue_id=SALES, waited_s=5.0, talk_s=10.0)]
    patient = Habits(talk=Constant(180.0), patience=Exponential(inf))
    assert as_they_came(past, otherwise=patient, seed=1)[0].patience_s == inf


def test_more_calls_than_there_is_room_for_are_refused_before_they_are_made() -> None:
    with pytest.raises(SimulationError, match="too many"):
        exactly(CALLS_MAX + 1, [SALES], span_s=3600.0, habits=HABITS, seed=1)
    with pytest.raises(SimulationError, match="too many"):
        expected_calls([Demand(queue_id=SALES, from_s=0, until_s=1, calls=2.0 * CALLS_MAX)], HABITS, seed=1)
