"""Time of one ACD decision: 10,000 agents, 200 skills and queues, 5,000 contacts waiting.

    python benchmarks/bench_acd_match.py [--json] [--agents N] [--waiting N] [--skills N] [--rounds N] [--replays N]

A decision is one `Router.apply` with its `take_outputs`. A seed makes every run the same, so each centre is replayed
`--replays` times and each decision counts with its fastest replay: what recurs is ours (cold memory, growing heaps),
what does not is the machine's. The 99th percentile without that allowance stands in the last column.

Three centres are measured, since they use different ways through the router: *overloaded* (everybody talks, all
contacts wait, each agent who frees gets the oldest contact he may serve), *idle* (half of the agents are free, each new
contact gets the longest idle of those able to serve it), and *particular* (as idle, but each contact requires a further
skill at a level of its own). Each agent has 5 skills at random levels; one in a hundred is a generalist with all.

`--json` makes the last line one JSON object of microseconds.
"""

import argparse
import gc
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

sys.path.insert(0, str(Path(__file__).parents[1]))

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactFinished,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.model import Agent, Announcements, Queue
from softswitch.acd.outputs import AcdOutput, AgentReserved
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

SKILLS_PER_AGENT = 5
GENERALIST_EVERY = 100
BAR_P99_US = 50.0


class Centre:
    """A router under load, and the time each kind of decision took."""

    def __init__(self, *, agents: int, skills: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.router = Router()
        self.now = 1000.0
        self.contacts = 0
        self.skill_names = [f"skill{number}" for number in range(skills)]
        self.times_us: dict[str, list[float]] = {}
        self.talking: list[ContactId] = []
        self.alerting: dict[ReservationId, ContactId] = {}
        queues = [
            Queue(
                queue_id=QueueId(f"queue-{name}"),
                skills={name: 3},
                wrap_up_s=0.0,
                max_wait_s=86_400.0,
                max_length=1_000_000,
                announcements=Announcements(first_after_s=3600.0, every_s=3600.0),
            )
            for name in self.skill_names
        ]
        self.router.apply(ConfigurationSet(queues, [self._agent(number) for number in range(agents)]), self.now)
        self.router.take_outputs()

    def _agent(self, number: int) -> Agent:
        mine = self.skill_names
        if number % GENERALIST_EVERY:
            mine = self.random.sample(self.skill_names, SKILLS_PER_AGENT)
        return Agent(agent_id=AgentId(f"agent{number}"), skills={skill: self.random.randint(1, 10) for skill in mine})

    def log_in(self, agents: int) -> None:
        for number in self.random.sample(range(agents), agents):
            self.now += 0.001
            agent_id = AgentId(f"agent{number}")
            self.say(AgentLoggedIn(agent_id))
            self.say(AgentReachable(agent_id))

    def arrive(self, *, particular: bool = False) -> AcdInput:
        self.contacts += 1
        name = self.random.choice(self.skill_names)
        extra = {self.random.choice(self.skill_names): self.random.randint(1, 10)} if particular else {}
        return ContactQueued(
            ContactId(f"contact{self.contacts}"),
            QueueId(f"queue-{name}"),
            boost_s=self.random.choice((0.0, 0.0, 0.0, 60.0, 300.0)),
            skills=extra,
        )

    def say(self, fact: AcdInput, kind: str | None = None) -> list[AcdOutput]:
        """Apply a fact, time it under `kind`, and let every reserved agent answer, which is timed apart."""
        outputs = self._timed(lambda: self.router.apply(fact, self.now), kind)
        for output in outputs:
            if isinstance(output, AgentReserved):
                answer = ReservationAccepted(output.reservation_id)
                self._timed(lambda answer=answer: self.router.apply(answer, self.now), kind and "agent answers")
                self.talking.append(output.contact_id)
        return outputs

    def finish_one(self, kind: str) -> list[AcdOutput]:
        """A random conversation ends."""
        position = self.random.randrange(len(self.talking))
        self.talking[position], self.talking[-1] = self.talking[-1], self.talking[position]
        return self.say(ContactFinished(self.talking.pop()), kind)

    def _timed(self, decide: Callable[[], None], kind: str | None) -> list[AcdOutput]:
        self.now += 0.001
        started = perf_counter_ns()
        decide()
        outputs = self.router.take_outputs()
        taken_us = (perf_counter_ns() - started) / 1000
        if kind is not None:
            self.times_us.setdefault(kind, []).append(taken_us)
        return outputs


def overloaded(arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Everybody talks and `waiting` contacts wait: an agent frees, a contact arrives, now and then one hangs up."""
    centre = Centre(agents=arguments.agents, skills=arguments.skills, seed=arguments.seed)
    centre.log_in(arguments.agents)
    waiting: list[ContactId] = []

    def arrive(kind: str | None) -> None:
        fact = centre.arrive()
        assert isinstance(fact, ContactQueued)
        if not any(isinstance(output, AgentReserved) for output in centre.say(fact, kind)):
            waiting.append(fact.contact_id)

    while len(waiting) < arguments.waiting:
        arrive(None)
    for _ in range(arguments.rounds):
        reserved = [
            output.contact_id
            for output in centre.finish_one("agent frees, oldest contact found")
            if isinstance(output, AgentReserved)
        ]
        for contact_id in reserved:
            waiting.remove(contact_id)
            arrive("contact arrives, nobody free")
        leaver = waiting.pop(centre.random.randrange(len(waiting)))
        centre.say(ContactAbandoned(leaver), "contact hangs up")
        arrive("contact arrives, nobody free")
    return centre.times_us


def idle(arguments: argparse.Namespace, *, particular: bool) -> dict[str, list[float]]:
    """Half of the agents talk: a contact arrives and is given an agent, another conversation ends."""
    centre = Centre(agents=arguments.agents, skills=arguments.skills, seed=arguments.seed)
    centre.log_in(arguments.agents)
    while len(centre.talking) < arguments.agents // 2:
        centre.say(centre.arrive())
    name = "contact with a skill of its own, agent found" if particular else "contact arrives, agent found"
    for _ in range(arguments.rounds):
        centre.say(centre.arrive(particular=particular), name)
        centre.finish_one("agent frees, nobody waits")
    return centre.times_us


CENTRES: list[Callable[[argparse.Namespace], dict[str, list[float]]]] = [
    overloaded,
    lambda arguments: idle(arguments, particular=False),
    lambda arguments: idle(arguments, particular=True),
]


def measure(arguments: argparse.Namespace) -> dict[str, list[list[float]]]:
    """For each kind of decision, the times of its decisions: one list per replay, in the same order."""
    times_us: dict[str, list[list[float]]] = {}
    for centre in CENTRES:
        replays = [centre(arguments) for _ in range(arguments.replays)]
        for kind in replays[0]:
            former = times_us.setdefault(kind, [[] for _ in replays])
            for so_far, replay in zip(former, replays, strict=True):
                so_far += replay[kind]
    return times_us


def percentile(times_us: list[float], share: float) -> float:
    return sorted(times_us)[min(len(times_us) - 1, int(share * len(times_us)))]


def summarise(replays: list[list[float]]) -> dict[str, float]:
    fastest = [min(times) for times in zip(*replays, strict=True)]
    return {
        "count": len(fastest),
        "p50": round(percentile(fastest, 0.5), 1),
        "p99": round(percentile(fastest, 0.99), 1),
        "p999": round(percentile(fastest, 0.999), 1),
        "max": round(max(fastest), 1),
        "raw_p99": round(percentile([time for replay in replays for time in replay], 0.99), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, default=5_000)
    parser.add_argument("--skills", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5_000)
    parser.add_argument("--replays", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    gc.disable()
    results = {kind: summarise(replays) for kind, replays in measure(arguments).items()}
    print(
        f"{arguments.agents} agents, {arguments.waiting} waiting, {arguments.skills} skills and queues; "
        f"microseconds per decision, bar p99 <= {BAR_P99_US:.0f}"
    )
    print(f"{'decision':<48}{'count':>8}{'p50':>8}{'p99':>8}{'p99.9':>8}{'max':>8}{'raw p99':>9}")
    for kind, row in results.items():
        figures = "".join(f"{row[column]:>8}" for column in ("count", "p50", "p99", "p999", "max"))
        print(f"{kind:<48}{figures}{row['raw_p99']:>9}")
    if arguments.json:
        print(json.dumps({"bar_p99_us": BAR_P99_US, "decisions_us": results}))


if __name__ == "__main__":
    main()
