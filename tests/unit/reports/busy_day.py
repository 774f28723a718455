"""Thirty hours of a busy centre in virtual time: its events, from an evening until the second midnight after."""

from functools import cache
from typing import Any

from softswitch.acd.events import AcdEvent, Stamped, SwitchStarted
from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingPolicy
from softswitch.acd.simulation.arrivals import Habits, exactly
from softswitch.acd.simulation.durations import Constant, Exponential
from softswitch.acd.simulation.simulator import Shift, Simulation
from softswitch.base.ids import AgentId, QueueId
from softswitch.testing.stored_day import StoredDay
from tests.unit.reports.centre import MIDNIGHT, PROJECTS

BEGAN = MIDNIGHT - 6 * 3600
HOURS = 30
AGENTS = tuple(AgentId(name) for name in ("ann", "bob", "carl", "dora", "eve", "fred"))


class Diary:
    def __init__(self) -> None:
        self.events: list[AcdEvent] = [SwitchStarted(0.0)]

    def happened(self, event: AcdEvent) -> None:
        self.events.append(event)


@cache
def busy_day() -> tuple[Stamped, ...]:
    """1200 calls, two queues, six agents in shifts, some of whom let calls ring out."""
    sales: dict[str, Any] = {"dispositions": ("sold", "later"), "is_disposition_required": True, "project": "acme"}
    queues = [
        Queue(queue_id=QueueId("sales"), wrap_up_s=10.0, max_wait_s=60.0, **sales),
        Queue(queue_id=QueueId("support"), wrap_up_s=20.0, max_length=1),
    ]
    configuration = ConfigurationSet(queues, [Agent(agent_id=agent) for agent in AGENTS], RoutingPolicy())
    habits = Habits(talk=Exponential(200.0), patience=Exponential(120.0))
    calls = exactly(1200, [QueueId("sales"), QueueId("support")], span_s=HOURS * 3600.0, habits=habits, seed=7)
    shifts = [
        Shift(agent_id=agent, from_s=number * 3000.0, until_s=HOURS * 3600.0 - number * 2000.0)
        for number, agent in enumerate(AGENTS)
    ]
    diary = Diary()
    Simulation(configuration, calls, shifts, diary, answer=Constant(4.0), seed=3).run()
    return tuple(
        Stamped(BEGAN + event.at, event, PROJECTS.get(str(getattr(event, "queue_id", "")), ""))
        for event in diary.events
    )


@cache
def stored_busy_day() -> StoredDay:
    day = StoredDay()
    day.put_events(busy_day())
    return day
