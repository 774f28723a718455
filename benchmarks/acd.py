"""Time and memory of the ACD's decisions: 10,000 agents, 200 skills and queues, 5,000 contacts waiting.

    python benchmarks/acd.py [--json] [--agents N] [--waiting N] [--skills N] [--rounds N] [--replays N] [--seed N]

A decision is one `Router.apply` or `handle_timeout` with `take_outputs` and `take_events`. A seed makes every run the
same, so each centre is replayed `--replays` times and each decision counts with its fastest replay: what recurs is ours
(cold memory, growing heaps), what does not is the machine's. The 99th percentile without that allowance stands in the
last column. Python looks for garbage when it does so in the switch (`app/garbage.py`).

Each agent has 5 skills at random levels, one in a hundred is a generalist with all; one in four serves his queues in an
order of his own. A third of the queues asks for a skill, a third has specialists before general agents, a third has
three routing steps of 20 s, with expressions and preferred skills; all strategies are in use. Four centres are
measured, since they use different ways through the router:

* *overloaded*: everybody talks, all contacts wait, each agent who frees gets the oldest contact of the queues he serves
  first; now and then one hangs up, or a step opens;
* *idle*: half of the agents are free, each new contact gets the one its strategy chooses;
* *particular*: as idle, but each contact requires a further skill at a level of its own;
* *supervised*: as overloaded, and somebody gives waiting contacts another boost.

A restart is measured with the overloaded centre: the snapshot of everybody is decoded and put back (`restore_s`), and
before that copied, which is all the time the switch stands still for it (`copy_ms`), and written. Of an input of the
journal (`journal_us`): noted, and encoded with others, as `acd/runtime/journal.py` does it. While the switch runs a
process makes snapshots (`app/compaction.py`): `snapshot_s` is how long one takes with a full journal of 20,000 inputs,
`stall_ms` the longest the event loop of the switch has to compute for that in one turn.

`--json` makes the last line one JSON object: `decision_us_p50` and `decision_us_p99` over all decisions,
`decisions_per_s` is how many fit into a second of their mean, `kib_per_waiting_contact` is all that the router keeps of
a contact that waits, timers included. With `--sip` the figures of `acd_sip.py` are measured as well.
"""

import argparse
import asyncio
import gc
import json
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns, thread_time

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

import acd_sip

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactFinished,
    ContactPrioritised,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.limits import JOURNAL_ENTRIES_MAX
from softswitch.acd.model import Agent, Announcements, Queue, RoutingStep, Serving, Skills
from softswitch.acd.outputs import AcdOutput, AgentReserved
from softswitch.acd.router import Router
from softswitch.acd.router_snapshot import joined
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.rebuilding import Compacted
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.acd.strategies import STRATEGIES
from softswitch.app.compactor import SnapshotProcess
from softswitch.app.garbage import GarbageRounds
from softswitch.app.router_journal import StoredRouter
from softswitch.base.clock import SystemClock
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.store import Store, open_store

SKILLS_PER_AGENT = 5
GENERALIST_EVERY = 100
PROFILE_EVERY = 4
STEP_S = 20.0
BAR_P99_US = 50.0
BAR_PER_S = 30_000
BAR_KIB = 2.0
BAR_RESTORE_S = 1.0
BAR_JOURNAL_US = 10.0


class Centre:
    """A router under load, and the time each kind of decision took."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.random = random.Random(arguments.seed)
        self.router = Router()
        self.now = 1000.0
        self.contacts = 0
        self.skill_names = [f"skill{number}" for number in range(arguments.skills)]
        self.times_us: dict[str, list[float]] = {}
        self.talking: list[ContactId] = []
        queues = [self._queue(number, name) for number, name in enumerate(self.skill_names)]
        agents = [self._agent(number) for number in range(arguments.agents)]
        self.say(ConfigurationSet(queues, agents))
        for number in self.random.sample(range(arguments.agents), arguments.agents):
            self.say(AgentLoggedIn(AgentId(f"agent{number}")))
            self.say(AgentReachable(AgentId(f"agent{number}")))

    def _queue(self, number: int, skill: str) -> Queue:
        other = self.skill_names[(number + 1) % len(self.skill_names)]
        plain: tuple[RoutingStep, ...] = ()
        specialists = (RoutingStep(skills={skill: 7}, for_s=0.0), RoutingStep())
        widening = (
            RoutingStep(requirement=f"{skill} >= 8 or {other} >= 9", preferred={other: 1}, for_s=STEP_S),
            RoutingStep(requirement=f"{skill} >= 5", preferred={other: 1}, for_s=STEP_S),
            RoutingStep(),
        )
        return Queue(
            queue_id=QueueId(f"queue-{skill}"),
            skills={skill: 3},
            steps=(plain, specialists, widening)[number % 3],
            strategy="longest_idle" if number % 2 else list(STRATEGIES)[number // 2 % (len(STRATEGIES) - 1)],
            wrap_up_s=0.0,
            max_wait_s=86_400.0,
            max_length=1_000_000,
            announcements=Announcements(first_after_s=3600.0, every_s=3600.0),
        )

    def _agent(self, number: int) -> Agent:
        mine = self.skill_names
        if number % GENERALIST_EVERY:
            mine = self.random.sample(self.skill_names, SKILLS_PER_AGENT)
        skills: Skills = {skill: self.random.randint(1, 10) for skill in mine}
        orders: dict[QueueId, Serving] = {}
        if number % PROFILE_EVERY == 0:
            orders = {QueueId(f"queue-{skill}"): Serving(order=self.random.randint(1, 3)) for skill in mine[:5]}
        return Agent(agent_id=AgentId(f"agent{number}"), skills=skills, profile=orders)

    def arrival(self, *, particular: bool = False) -> ContactQueued:
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
        """Apply a fact, time it under `kind`, and let the first agent reserved answer, which is timed apart."""
        self.now += 0.001
        return self._answered(self._timed(lambda: self.router.apply(fact, self.now), kind), kind)

    def let_a_step_open(self, kind: str) -> list[AcdOutput]:
        """Time passes until the next thing is due."""
        due = self.router.next_timeout()
        assert due is not None
        self.now = max(self.now, due)
        return self._answered(self._timed(lambda: self.router.handle_timeout(self.now), kind), kind)

    def finish_one(self, kind: str) -> list[AcdOutput]:
        """A random conversation ends."""
        position = self.random.randrange(len(self.talking))
        self.talking[position], self.talking[-1] = self.talking[-1], self.talking[position]
        return self.say(ContactFinished(self.talking.pop()), kind)

    def _answered(self, outputs: list[AcdOutput], kind: str | None) -> list[AcdOutput]:
        for output in outputs:
            if isinstance(output, AgentReserved):
                answer = ReservationAccepted(output.reservation_id)
                self._timed(lambda answer=answer: self.router.apply(answer, self.now), kind and "agent answers")
                self.talking.append(output.contact_id)
        return outputs

    def _timed(self, decide: Callable[[], None], kind: str | None) -> list[AcdOutput]:
        started = perf_counter_ns()
        decide()
        outputs = self.router.take_outputs()
        self.router.take_events()
        taken_us = (perf_counter_ns() - started) / 1000
        if kind is not None:
            self.times_us.setdefault(kind, []).append(taken_us)
        return outputs


class Waiting:
    """A centre in which everybody talks and so many contacts wait."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.centre = Centre(arguments)
        self.random = self.centre.random
        self.contacts: list[ContactId] = []
        while len(self.contacts) < arguments.waiting:
            self.arrive(None)

    def arrive(self, kind: str | None) -> None:
        fact = self.centre.arrival()
        if not reserved(self.centre.say(fact, kind)):
            self.contacts.append(fact.contact_id)

    def pick(self) -> ContactId:
        return self.contacts[self.random.randrange(len(self.contacts))]

    def left(self, outputs: list[AcdOutput]) -> None:
        """Whoever has got an agent waits no more; somebody else comes."""
        for contact_id in reserved(outputs):
            self.contacts.remove(contact_id)
            self.arrive("contact arrives, nobody free")


def reserved(outputs: list[AcdOutput]) -> list[ContactId]:
    return [output.contact_id for output in outputs if isinstance(output, AgentReserved)]


def overloaded(arguments: argparse.Namespace) -> dict[str, list[float]]:
    waiting = Waiting(arguments)
    for _ in range(arguments.rounds):
        waiting.left(waiting.centre.finish_one("agent frees, oldest contact found"))
        leaver = waiting.pick()
        waiting.contacts.remove(leaver)
        waiting.centre.say(ContactAbandoned(leaver), "contact hangs up")
        waiting.arrive("contact arrives, nobody free")
        waiting.left(waiting.centre.let_a_step_open("a step opens, nobody free"))
    return waiting.centre.times_us


def idle(arguments: argparse.Namespace, *, particular: bool) -> dict[str, list[float]]:
    centre = Centre(arguments)
    while len(centre.talking) < arguments.agents // 2:
        centre.say(centre.arrival())
    name = "contact with a skill of its own, agent found" if particular else "contact arrives, agent found"
    for _ in range(arguments.rounds):
        centre.say(centre.arrival(particular=particular), name)
        centre.finish_one("agent frees, nobody waits")
    return centre.times_us


def supervised(arguments: argparse.Namespace) -> dict[str, list[float]]:
    waiting = Waiting(arguments)
    for _ in range(arguments.rounds):
        boost_s = waiting.random.uniform(-600.0, 600.0)
        waiting.centre.say(ContactPrioritised(waiting.pick(), boost_s, "supervisor"), "contact gets another boost")
    return waiting.centre.times_us


CENTRES: list[Callable[[argparse.Namespace], dict[str, list[float]]]] = [
    overloaded,
    lambda arguments: idle(arguments, particular=False),
    lambda arguments: idle(arguments, particular=True),
    supervised,
]


def measure(arguments: argparse.Namespace) -> dict[str, list[list[float]]]:
    """For each kind of decision, the times of its decisions: one list per replay, in the same order."""
    times_us: dict[str, list[list[float]]] = {}
    for centre in CENTRES:
        replays = [_replayed(centre, arguments) for _ in range(arguments.replays)]
        for kind in replays[0]:
            former = times_us.setdefault(kind, [[] for _ in replays])
            for so_far, replay in zip(former, replays, strict=True):
                so_far += replay[kind]
    return times_us


def _replayed(
    centre: Callable[[argparse.Namespace], dict[str, list[float]]], arguments: argparse.Namespace
) -> dict[str, list[float]]:
    """A centre on its own: the one before it is gone."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return centre(arguments)


def kib_per_waiting_contact(arguments: argparse.Namespace) -> float:
    """What is allocated while `waiting` contacts come to wait, by contact."""
    none = argparse.Namespace(**{**vars(arguments), "waiting": 0})
    waiting = Waiting(none)
    for _ in range(arguments.agents + 1000):  # until hardly anybody is free
        waiting.arrive(None)
    gc.collect()
    tracemalloc.start()
    began, before = len(waiting.contacts), tracemalloc.get_traced_memory()[0]
    while len(waiting.contacts) < began + arguments.waiting:
        waiting.arrive(None)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / 1024 / arguments.waiting


class NoTable:
    """A table that only takes."""

    is_failing = False

    def append(self, first_entry: int, entries: bytes) -> None:
        pass

    def put_snapshot(self, parts: Sequence[bytes], obsolete: Iterable[int]) -> None:
        pass

    def snapshot(self) -> list[bytes]:
        return []

    def journal(self) -> list[tuple[int, bytes]]:
        return []


class Handle:
    def cancel(self) -> None:
        pass


class Later:
    """A loop that calls when told to."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], object]] = []

    def call_later(self, delay: float, callback: Callable[[], object]) -> Handle:
        self.callbacks.append(callback)
        return Handle()

    def run(self) -> None:
        while self.callbacks:
            self.callbacks.pop(0)()


def restart(arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds to restore a full centre, milliseconds it stands still to be copied, microseconds an input costs."""
    centre = Waiting(arguments).centre
    encode, decode = msgspec.msgpack.encode, msgspec.msgpack.Decoder(RouterSnapshot).decode
    copies_ms: list[float] = []
    restores_s: list[float] = []
    size = 0
    for _ in range(arguments.replays):
        started = perf_counter_ns()
        copied = centre.router.copy(centre.now, 0.0)
        copies_ms.append((perf_counter_ns() - started) / 1e6)
        written = encode(joined(copied.head, copied.parts()))
        size = len(written)
        started = perf_counter_ns()
        Router.restored(decode(written))
        restores_s.append((perf_counter_ns() - started) / 1e9)
    return {
        "restore_s": round(min(restores_s), 3),
        "copy_ms": round(min(copies_ms), 1),
        "snapshot_mb": round(size / 1e6, 1),
        "journal_us": round(min(journal_us(arguments) for _ in range(arguments.replays)), 2),
    }


def snapshot_beside(arguments: argparse.Namespace) -> dict[str, float]:
    """Of the full centre with a full journal, in a real store."""
    centre = Waiting(arguments).centre
    with TemporaryDirectory() as directory:
        store = open_store(directory, report=print)
        stall_ms, took_s = asyncio.run(_make_snapshot(centre, store, directory))
        store.close()
    return {"snapshot_s": round(took_s, 1), "stall_ms": round(stall_ms, 1)}


async def _make_snapshot(centre: Centre, store: Store, directory: str) -> tuple[float, float]:
    """What the loop computed in its longest turn meanwhile, in ms, and seconds from beginning to end."""
    loop, table = asyncio.get_running_loop(), StoredRouter(store)
    process, done = SnapshotProcess(directory), asyncio.Event()
    journal = RouterJournal(table, SystemClock(), loop, "boot", entries_max=1 << 30)
    journal.begin(centre.router)
    await asyncio.sleep(3)
    for number in range(JOURNAL_ENTRIES_MAX // 2):
        for fact in (AgentReachable(AgentId(f"agent{number}")), ContactAbandoned(ContactId(f"contact{number}"))):
            journal.note(fact, centre.now)
    await asyncio.sleep(1)
    await asyncio.wrap_future(store.commit())
    obsolete = [first for first, _ in table.journal()]

    def take(compacted: Compacted | None) -> None:
        assert compacted is not None
        table.put_snapshot(compacted.parts, obsolete)
        loop.call_later(1.0, done.set)

    started = loop.time()
    process.begin(0.0, take)
    longest_s = 0.0
    while not done.is_set():
        computed_s = thread_time()
        await asyncio.sleep(0.001)
        longest_s = max(longest_s, thread_time() - computed_s)
    return longest_s * 1000, loop.time() - started - 1.0


def journal_us(arguments: argparse.Namespace) -> float:
    """Of one input, fifty in a record."""
    loop = Later()
    journal = RouterJournal(NoTable(), SystemClock(), loop, "")
    journal.begin(Router())
    loop.run()
    facts = [ContactQueued(ContactId(f"contact{n}"), QueueId("queue"), caller="+491701234567") for n in range(50)]
    rounds = arguments.rounds // len(facts) + 1
    started = perf_counter_ns()
    for _ in range(rounds):
        for fact in facts:
            journal.note(fact, 1000.0)
        loop.run()
    return (perf_counter_ns() - started) / 1000 / (rounds * len(facts))


def percentile(times_us: list[float], share: float) -> float:
    return sorted(times_us)[min(len(times_us) - 1, int(share * len(times_us)))]


def fastest(replays: list[list[float]]) -> list[float]:
    return [min(times) for times in zip(*replays, strict=True)]


def summarise(replays: list[list[float]]) -> dict[str, float]:
    times_us = fastest(replays)
    return {
        "count": len(times_us),
        "p50": round(percentile(times_us, 0.5), 1),
        "p99": round(percentile(times_us, 0.99), 1),
        "p999": round(percentile(times_us, 0.999), 1),
        "max": round(max(times_us), 1),
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
    parser.add_argument("--sip", action="store_true", help="and over real SIP with 100 agents, as acd_sip.py does")
    arguments = parser.parse_args()
    kib = kib_per_waiting_contact(arguments)
    GarbageRounds(lambda: False, 0.0).start()
    restarted = {**restart(arguments), **snapshot_beside(arguments)}
    measured = measure(arguments)
    rows = {kind: summarise(replays) for kind, replays in measured.items()}
    decisions = [time for replays in measured.values() for time in fastest(replays)]
    per_s = 1e6 * len(decisions) / sum(decisions)
    print(
        f"{arguments.agents} agents, {arguments.waiting} waiting, {arguments.skills} skills and queues; "
        f"microseconds per decision, bar p99 <= {BAR_P99_US:.0f}"
    )
    print(f"{'decision':<48}{'count':>8}{'p50':>8}{'p99':>8}{'p99.9':>8}{'max':>8}{'raw p99':>9}")
    for kind, row in rows.items():
        figures = "".join(f"{row[column]:>8}" for column in ("count", "p50", "p99", "p999", "max"))
        print(f"{kind:<48}{figures}{row['raw_p99']:>9}")
    print(f"{per_s:,.0f} decisions a second (bar {BAR_PER_S:,}); {kib:.2f} KiB per waiting contact (bar {BAR_KIB:.0f})")
    print(
        f"restart: {restarted['restore_s']} s to restore {restarted['snapshot_mb']} MB (bar {BAR_RESTORE_S} s), "
        f"{restarted['copy_ms']} ms to copy everything; a snapshot beside takes {restarted['snapshot_s']} s "
        f"and {restarted['stall_ms']} ms of the loop; "
        f"{restarted['journal_us']} us per input (bar {BAR_JOURNAL_US:.0f})"
    )
    over_sip = acd_sip.measure(acd_sip.parse([])) if arguments.sip else {}
    for name, value in over_sip.items():
        print(f"{name:<48}{value:>8}")
    if arguments.json:
        summary = {
            "decision_us_p50": round(percentile(decisions, 0.5), 1),
            "decision_us_p99": round(percentile(decisions, 0.99), 1),
            "decisions_per_s": round(per_s),
            "kib_per_waiting_contact": round(kib, 2),
            **over_sip,
            **restarted,
            "decisions_us": rows,
        }
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
