"""Half an hour of a call centre in which everybody does as he likes, by seed: whatever happens, the sums are right.

Callers hang up at any instant, agents do not answer, decline, hold, leave, pause and lose their phones; the
configuration is reloaded, media workers die and return. What must hold then is in `check_always` and `check_at_end`.
"""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import AcdInput, AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentResumed
from softswitch.acd.model import Agent, AgentState, Announcements, Queue, ToFlow, ToQueue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, QueueReason, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

AGENTS = ("ann", "bob", "eve", "joe", "kim", "lee", "max", "zoe")
NUMBERS = ("700", "700", "701", "701", "702", "110", "111", "999")
CALLERS = 30
SPAN_S = 1800.0


@flow
async def sales(call: Call) -> None:
    outcome = await call.queue("sales")
    if outcome.reason is QueueReason.ANSWERED:
        await call.survey("satisfaction")


@flow
async def menu(call: Call) -> None:
    choice = await call.menu("menu/sales-or-support", digits="12", default="2")
    await call.queue("sales" if choice.digit == "1" else "support", boost_s=10.0)
    left = await call.record(limit_s=20)
    call.tag("message", left.ended_by)


@flow
async def sorry(call: Call) -> None:
    await call.play("greeting/closed")


@flow
async def colleague(call: Call) -> None:
    if not (await call.dial(call.called_number, ring_s=12.0, record=True)).is_answered:
        await call.play("connect/no-answer")


FLOWS = {each.__name__: each for each in (sales, menu, sorry, colleague)}
ROUTES = {"700": "sales", "701": "menu", "702": "sorry", "1xx": "colleague"}


def queues(max_wait_s: float) -> list[Queue]:
    announcements = Announcements(first_after_s=3.0, every_s=8.0)
    return [
        Queue(
            queue_id=QueueId("sales"),
            skills={"sales": 3},
            ring_timeout_s=8.0,
            wrap_up_s=4.0,
            max_wait_s=max_wait_s,
            max_length=6,
            overflow=ToQueue(QueueId("support")),
            announcements=announcements,
        ),
        Queue(
            queue_id=QueueId("support"),
            skills={"support": 2},
            ring_timeout_s=10.0,
            wrap_up_s=2.0,
            max_wait_s=2 * max_wait_s,
            max_length=8,
            overflow=ToFlow("sorry"),
            no_answer_limit=2,
            announcements=announcements,
        ),
    ]


def agents(chance: random.Random) -> list[Agent]:
    skills = [{"sales": 5}, {"support": 5}, {"sales": 4, "support": 4}]
    return [Agent(agent_id=AgentId(name), skills=chance.choice(skills)) for name in AGENTS]


class Traffic:
    """Everybody's whims."""

    def __init__(self, centre: SimulatedCentre, chance: random.Random) -> None:
        self.centre = centre
        self.chance = chance
        self.callers = [centre.caller(f"+1555{number:04}") for number in range(CALLERS)]
        self.away = False

    async def run(self) -> None:
        whims: list[tuple[int, Callable[[], object]]] = [
            (60, self.somebody_calls),
            (6, self.a_colleague_calls),
            (12, self.somebody_holds),
            (12, self.somebody_types),
            (15, self.an_agent_changes_his_ways),
            (12, self.an_agent_declares_something),
            (4, self.a_phone_comes_or_goes),
            (1, self.reload),
            (1, self.a_worker_dies),
        ]
        ends_at = self.centre.clock.now() + SPAN_S
        while self.centre.clock.now() < ends_at:
            await asyncio.sleep(self.chance.expovariate(1 / 3.0))
            (whim,) = self.chance.choices([each for _, each in whims], [weight for weight, _ in whims])
            whim()
            self.check_always()

    def somebody_calls(self) -> None:
        idle = [phone for phone in self.callers if phone.leg is None]
        if idle:
            self._call(self.chance.choice(idle), self.chance.choice(NUMBERS), None)

    def a_colleague_calls(self) -> None:
        phone = self.centre.phone(self.chance.choice((*AGENTS, "carl", "dora")))
        if phone.leg is None:
            self._call(phone, self.chance.choice(("110", "111", "101", "102", "700")), "Secret-123")

    def _call(self, phone: SimulatedPhone, number: str, password: str | None) -> None:
        leg_id = phone.call(number, password=password)
        patience_s = self.chance.choice((0.0, self.chance.uniform(0, 3), self.chance.uniform(5, 60), 150.0))
        self.centre.loop.call_later(patience_s, phone.hang_up_leg, leg_id)

    def somebody_holds(self) -> None:
        talking = [phone for phone in self.centre.phones.values() if phone.is_answered]
        if talking:
            self.chance.choice(talking).hold(self.chance.choice(("sendonly", "sendrecv", "inactive")))

    def somebody_types(self) -> None:
        talking = [phone for phone in self.callers if phone.is_answered]
        if talking:
            self.chance.choice(talking).press(self.chance.choice("12345#*"))

    def an_agent_changes_his_ways(self) -> None:
        phone = self.centre.phone(self.chance.choice((*AGENTS, "carl", "dora")))
        phone.answer_after_s = self.chance.choice((0.0, 0.5, 2.0, 2.0, 7.9999, 8.0, 9.9999, None))
        phone.busy_status = self.chance.choice((None, None, None, None, 486, 603, 480))
        phone.talk_s = self.chance.choice((0.0, 0.01, 10.0, 20.0, 40.0, None))

    def an_agent_declares_something(self) -> None:
        agent_id = AgentId(self.chance.choice(AGENTS))
        facts: list[AcdInput] = [AgentLoggedOut(agent_id), AgentPaused(agent_id, "lunch")]
        facts += [AgentLoggedIn(agent_id), AgentResumed(agent_id)] * 4
        self.centre.acd.apply(self.chance.choice(facts))

    def a_phone_comes_or_goes(self) -> None:
        self.centre.phone(self.chance.choice(AGENTS)).send_register(self.chance.choice((0, 3600, 3600, 3600)))

    def reload(self) -> None:
        known = agents(self.chance)
        gone = self.chance.randrange(3)
        self.centre.reload(queues=queues(self.chance.choice((15.0, 40.0))), agents=known[gone:])
        self.centre.loop.call_later(30.0, lambda: self.centre.reload(queues=queues(30.0), agents=known))

    def a_worker_dies(self) -> None:
        if not self.away:
            self.away = True
            self.centre.worker_dies()
            self.centre.loop.call_later(self.chance.choice((0.1, 0.8, 4.0)), self._worker_returns)

    def _worker_returns(self) -> None:
        self.away = False
        self.centre.worker_returns()

    # What must hold

    def check_always(self) -> None:
        centre = self.centre
        contacts = {contact.contact_id for contact in centre.acd.contact_summaries()}
        assert contacts <= set(centre.controller.calls), "who waits or talks is on the line"
        for queue in centre.acd.queue_summaries():
            ended = queue.answered + queue.abandoned + queue.overflowed + queue.withdrawn
            assert queue.offered == ended + queue.waiting, queue.queue_id
        assert all(count > 0 for count in centre.lines.in_use.values())

    def check_at_end(self) -> None:
        centre = self.centre
        cdrs = centre.cdrs()
        assert len(cdrs) == len(centre.arrivals), "one record for each call"
        assert len({cdr.call_id for cdr in cdrs}) == len(cdrs)
        assert all("media worker" in cdr.fault for cdr in cdrs if cdr.fault), "nothing failed but what was broken"
        for cdr in cdrs:
            duration_s = cdr.ended_at - cdr.started_at
            assert 0.0 <= cdr.hold_s <= cdr.talk_s <= duration_s + 0.001, cdr
            assert 0.0 <= cdr.queue_wait_s <= duration_s + 0.001, cdr
            assert cdr.queue_wait_s + cdr.talk_s <= duration_s + 0.001, cdr
            assert (cdr.answered_at is not None) == (cdr.sip_status == 200), cdr
            assert cdr.end_reason in ("completed", "abandoned", "overflowed", "rejected", "failed"), cdr
            if cdr.agent is not None:
                assert cdr.queue is not None
            assert cdr.end_reason != "abandoned" or cdr.ended_by == "caller", cdr
        recorded = [path for cdr in cdrs for path in cdr.recordings]
        indexed = [recording.path for recording in centre.store.recordings.ascending()]
        assert sorted(recorded) == sorted(indexed)
        assert len(set(indexed)) == len(indexed)
        idle = (AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OUT)
        assert all(agent.state in idle for agent in centre.acd.agent_summaries())
        for phone in centre.phones.values():
            assert phone.leg is None, f"{phone.name} has a dead call"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_everybody_does_the_sums_are_right(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in(*AGENTS)
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        traffic = Traffic(centre, chance)
        await traffic.run()
        for name in AGENTS:
            phone = centre.phone(name)
            phone.answer_after_s, phone.busy_status, phone.talk_s = 1.0, None, 10.0
        await centre.sleep(240)
        await centre.all_over()
        traffic.check_always()
        traffic.check_at_end()
        answered = sum(queue.answered for queue in centre.acd.queue_summaries())
        assert len(centre.arrivals) > 200
        assert answered > 10
        assert sum(len(centre.phone(name).seen(InviteReceived)) for name in AGENTS) > 30

    SimulatedCentre(
        tmp_path,
        flows=FLOWS,
        routes=ROUTES,
        queues=queues(30.0),
        agents=agents(chance),
        phones=[
            Extension(username="carl", number="110"),
            Extension(username="dora", number="111"),
            Extension(username="ann", number="101", agent_id=AgentId("ann")),
            Extension(username="bob", number="102", agent_id=AgentId("bob")),
        ],
        seed=seed,
    ).run(scenario)
