from collections.abc import Callable

import pytest

from softswitch.acd.simulation.arrivals import Arrival, Demand, Habits
from softswitch.acd.simulation.call_lists import read_calls, read_forecast, read_shifts
from softswitch.acd.simulation.durations import Constant
from softswitch.acd.simulation.simulator import Shift
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, QueueId

SALES = QueueId("sales")
HABITS = Habits(talk=Constant(180.0), patience=Constant(60.0))


def calls(text: str) -> list[Arrival]:
    return read_calls("calls.csv", text.splitlines(), habits=HABITS, seed=1)


def forecast(text: str) -> list[Demand]:
    return read_forecast("forecast.csv", text.splitlines(), interval_s=1800.0)


def shifts(text: str) -> list[Shift]:
    return read_shifts("shifts.csv", text.splitlines())


def test_calls_with_everything_and_with_the_least() -> None:
    read = calls(
        "at,queue,talk_s,patience_s,boost_s,skills\n09:00:30, sales, 100, 20, 60, english:5 billing\n09:00, sales,,,,\n"
    )
    assert read == [
        Arrival(at_s=32400.0, queue_id=SALES, talk_s=180.0, patience_s=60.0),
        Arrival(
            at_s=32430.0,
            queue_id=SALES,
            talk_s=100.0,
            patience_s=20.0,
            boost_s=60.0,
            skills={"english": 5, "billing": 1},
        ),
    ]
    assert calls("queue,at\nsales,12.5") == [Arrival(at_s=12.5, queue_id=SALES, talk_s=180.0, patience_s=60.0)]


def test_dates_count_from_the_midnight_before_the_first() -> None:
    read = calls("at,queue\n2026-11-30 09:00,sales\n2026-11-29 23:30:15,sales\n")
    assert [call.at_s for call in read] == [84615.0, 24 * 3600 + 32400.0]


def test_a_forecast() -> None:
    assert forecast("from,queue,calls,until\n08:00,sales,40,\n08:30,sales,55.5,09:30\n") == [
        Demand(queue_id=SALES, from_s=28800.0, until_s=30600.0, calls=40.0),
        Demand(queue_id=SALES, from_s=30600.0, until_s=34200.0, calls=55.5),
    ]


def test_shifts() -> None:
    assert shifts("agent,from,until\nanna,08:00,16:30\nboris,20:00,28:00") == [
        Shift(agent_id=AgentId("anna"), from_s=28800.0, until_s=59400.0),
        Shift(agent_id=AgentId("boris"), from_s=72000.0, until_s=100800.0),
    ]


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (calls, "", "calls.csv: there is no column 'at'"),
        (calls, "at\n9:00", "no column 'queue'"),
        (calls, "at,queue\n09:00,", "calls.csv, line 2: 'queue' is empty"),
        (calls, "at,queue\n09:00,sales\nnoon,sales", "calls.csv, line 3: 'noon' is no time"),
        (calls, "at,queue\n-5,sales", "'-5' is no time"),
        (calls, "at,queue\n2026-13-01,sales", "is no time"),
        (calls, "at,queue\n9:00,sales\n2026-11-30 09:00,sales", "some times have a date"),
        (calls, "at,queue,talk_s\n9:00,sales,long", "line 2: talk_s is 'long'"),
        (calls, "at,queue,talk_s\n9:00,sales,-1", "talk_s is '-1'"),
        (calls, "at,queue,skills\n9:00,sales,english:11", "'english:11' is no skill"),
        (calls, "at,queue,skills\n9:00,sales,:3", "':3' is no skill"),
        (forecast, "from,queue,calls\n9:00,sales,many", "calls is 'many'"),
        (forecast, "from,queue,calls,until\n9:00,sales,5,8:00", "ends before it begins"),
        (shifts, "agent,from,until\nanna,22:00,06:00", "past midnight ends at 24:00 or later"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(read: Callable[[str], object], text: str, said: str) -> None:
    with pytest.raises(SimulationError) as error:
        read(text)
    assert said in str(error.value)
