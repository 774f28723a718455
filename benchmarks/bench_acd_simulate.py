"""How many times as fast as life a day of a typical centre is simulated.

    python benchmarks/bench_acd_simulate.py [--json] [--agents N] [--queues N] [--hours N] [--load SHARE] [--replays N]

The centre has queues by skill, agents with one to three of the skills, announcements, a maximum wait with overflow, and
wrap-up; phones ring for four seconds, conversations are lognormal, callers hang up. A day is run several times, and the
fastest CPU time counts.

`--json` makes the last line one JSON object: `times_real_time`, `us_per_call`, `facts_per_s` and the scenario.
"""

import argparse
import json
import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Announcements, Queue, ToFlow
from softswitch.acd.simulation.arrivals import Arrival, Demand, Habits, expected_calls
from softswitch.acd.simulation.day import Scenario, run_day
from softswitch.acd.simulation.durations import Constant, Exponential, Lognormal
from softswitch.acd.simulation.report import SimulationReport
from softswitch.base.clock import SystemClock
from softswitch.base.ids import AgentId, QueueId

BAR_TIMES_REAL_TIME = 5_000
HANDLE_S = 194.0
"""Four seconds of ringing, three minutes of talk, ten seconds of wrap-up."""


def centre(*, agents: int, queues: int) -> ConfigurationSet:
    return ConfigurationSet(
        [
            Queue(
                queue_id=QueueId(f"queue{number}"),
                skills={f"skill{number}": 3},
                wrap_up_s=10.0,
                max_wait_s=300.0,
                overflow=ToFlow("message"),
                announcements=Announcements(first_after_s=20.0, every_s=60.0),
            )
            for number in range(queues)
        ],
        [
            Agent(
                agent_id=AgentId(f"agent{number}"),
                skills={f"skill{(number + each) % queues}": 3 + number % 8 for each in range(1 + number % 3)},
            )
            for number in range(agents)
        ],
    )


def calls(*, agents: int, queues: int, hours: float, load: float) -> list[Arrival]:
    per_queue = agents * load / HANDLE_S * hours * 3600 / queues
    demands = [
        Demand(queue_id=QueueId(f"queue{number}"), from_s=0.0, until_s=hours * 3600, calls=per_queue)
        for number in range(queues)
    ]
    return expected_calls(demands, Habits(talk=Lognormal(180.0, 150.0), patience=Exponential(180.0)), seed=1)


def timed(scenario: Scenario) -> tuple[float, SimulationReport]:
    began = process_time()
    report = run_day(scenario, SystemClock())
    return process_time() - began, report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--queues", type=int, default=10)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--load", type=float, default=0.85, help="of the agents, 0 to 1")
    parser.add_argument("--replays", type=int, default=3)
    arguments = parser.parse_args()
    shape = {"agents": arguments.agents, "queues": arguments.queues}
    scenario = Scenario(
        configuration=centre(**shape),
        arrivals=calls(hours=arguments.hours, load=arguments.load, **shape),
        answer=Constant(4.0),
    )
    cpu_s, report = min((timed(scenario) for _ in range(arguments.replays)), key=lambda run: run[0])
    result = {
        **shape,
        "hours": arguments.hours,
        "calls": report.calls,
        "answered": sum(row.answered for row in report.queues),
        "cpu_s": round(cpu_s, 3),
        "times_real_time": round(report.simulated_s / cpu_s),
        "bar_times_real_time": BAR_TIMES_REAL_TIME,
        "us_per_call": round(cpu_s / report.calls * 1e6, 1),
        "facts_per_s": round(report.facts / cpu_s),
    }
    for name, value in result.items():
        print(f"{name:<22}{value:>12}")
    if arguments.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
