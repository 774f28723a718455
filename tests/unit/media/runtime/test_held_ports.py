"""Ports held for streams to come: asked for, taken, replaced, lost with the worker, and none of them forgotten."""

import asyncio
from collections.abc import Callable, Coroutine

from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.media.protocol import HoldPort
from softswitch.media.runtime.held_ports import HELD_PORTS, PAUSE_S, RANGE_PER_HELD, HeldPorts
from softswitch.media.runtime.ports import REST_S, PortPool
from softswitch.media.runtime.worker_link import Verdict
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop


class Worker:
    """Answers when it is told to."""

    def __init__(self, ports: range = range(10_000, 20_000), workers: int = 1) -> None:
        self.clock = ManualClock()
        self.pool = PortPool(ports, SeededEntropy(1))
        self.unanswered: dict[HostPort, asyncio.Future[Verdict]] = {}
        self.held = HeldPorts(self.ask, self.pool, local_ip="192.0.2.1", clock=self.clock, workers=workers)

    def ask(self, command: HoldPort) -> asyncio.Future[Verdict]:
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        assert command.local not in self.unanswered
        self.unanswered[command.local] = answer
        return answer

    async def answer(self, verdict: Verdict = "") -> list[int]:
        """To all it was asked; returns the ports."""
        answered, self.unanswered = self.unanswered, {}
        for answer in answered.values():
            answer.set_result(verdict)
        await asyncio.sleep(0)
        assert {local.host for local in answered} <= {"192.0.2.1"}
        return [local.port for local in answered]


def play(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    loop = VirtualLoop(ManualClock())
    try:
        loop.run_until_complete(scenario())
    finally:
        loop.close()


def test_what_the_worker_holds_is_taken_in_turn_and_replaced() -> None:
    async def scenario() -> None:
        worker = Worker()
        worker.held.fill()
        worker.held.fill()
        assert worker.held.take() is None  # asked for, not yet held
        ports = await worker.answer()
        assert len(ports) == HELD_PORTS
        assert worker.held.take() == ports[0]
        worker.held.fill()
        (another,) = await worker.answer()
        assert [worker.held.take() for _ in range(HELD_PORTS + 1)] == [*ports[1:], another, None]
        assert worker.pool.in_use == HELD_PORTS + 1

    play(scenario)


def test_a_port_that_is_refused_is_given_back() -> None:
    async def scenario() -> None:
        worker = Worker()
        worker.held.fill()
        refused = await worker.answer("in use")
        assert worker.held.take() is None
        assert worker.pool.in_use == 0
        worker.held.fill()
        assert not worker.unanswered  # others may be refused as well
        worker.clock.advance(PAUSE_S)
        worker.held.fill()
        assert not set(await worker.answer()) & set(refused)

    play(scenario)


def test_a_lost_worker_holds_nothing_and_its_late_answers_count_for_nothing() -> None:
    async def scenario() -> None:
        worker = Worker(range(10_000, 10_000 + 4 * RANGE_PER_HELD))
        worker.held.fill()
        await worker.answer()
        taken = worker.held.take()
        worker.held.fill()
        worker.held.lose_all()
        assert worker.held.take() is None
        assert worker.pool.in_use == 1
        await worker.answer(None)  # as the link does when it is lost
        assert worker.pool.in_use == 1
        worker.held.fill()
        ports = await worker.answer()
        assert taken not in ports
        assert len(ports) == 2

    play(scenario)


def test_a_late_answer_does_not_count_for_the_same_port_asked_for_anew() -> None:
    async def scenario() -> None:
        worker = Worker(range(10_000, 10_000 + 2 * RANGE_PER_HELD))
        worker.held.fill()
        ((first, late),) = worker.unanswered.items()
        late.set_result("")
        worker.held.lose_all()
        worker.unanswered.clear()
        for _ in range(RANGE_PER_HELD - 1):  # all others are used for calls
            assert worker.pool.take(worker.clock.now()) is not None
        worker.clock.advance(REST_S)
        worker.held.fill()
        assert list(worker.unanswered) == [first]
        await asyncio.sleep(0)
        assert worker.held.take() is None

    play(scenario)


def test_most_of_a_small_range_is_left_for_calls() -> None:
    async def scenario() -> None:
        for even, workers, held in ((RANGE_PER_HELD - 1, 1, 0), (3 * RANGE_PER_HELD, 1, 3), (3 * RANGE_PER_HELD, 2, 1)):
            worker = Worker(range(10_000, 10_000 + 2 * even), workers)
            worker.held.fill()
            assert len(worker.unanswered) == held

    play(scenario)


def test_a_range_that_is_used_up_is_left_alone() -> None:
    async def scenario() -> None:
        worker = Worker(range(10_000, 10_000 + 2 * RANGE_PER_HELD))
        while worker.pool.take(worker.clock.now()) is not None:
            pass
        worker.held.fill()
        assert not worker.unanswered

    play(scenario)
