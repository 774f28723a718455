"""Callers, agents, supervisors, operators and a dying media worker, all at once and in any order.

Invariant: no event is a fault of ours, and when the calls are over nothing is left of them.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import structlog.testing

from softswitch.acd.model import Agent, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, LegId, QueueId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "100"
SUPERVISORS = ("carl", "dora", "eve")
STEPS = 120
TARGETS = (HOTLINE, "110", "111", "999", "ann")
"""Where parties are transferred to."""


@flow
async def hotline(call: Call) -> None:
    await call.start_recording()
    await call.mask_recording(3)
    await call.queue("support")
    await call.resume_recording()
    await call.pause(2)
    await call.dial("110", ring_s=5)


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number, ring_s=5)


class Chaos:
    """One thing after another happens to the centre."""

    def __init__(self, centre: SimulatedCentre, random: Random) -> None:
        self.centre = centre
        self.random = random
        self.callers = 0
        self.is_worker_away = False
        self.consultations: list[tuple[SimulatedPhone, LegId, LegId]] = []
        self.orders: list[asyncio.Task[None]] = []

    async def step(self) -> None:
        calls = list(self.centre.controller.calls.values())
        if len(calls) < 2 and self.random.random() < 0.2:
            self.callers += 1
            self.centre.caller(f"+1555{self.callers:04}").call(HOTLINE)
        elif not self.is_worker_away and self.random.random() < 0.03:
            self.worker_dies()
        elif calls and self.random.random() < 0.5:
            self.operator(self.random.choice(calls))
        else:
            self.somebody()
        if self.random.random() < 0.7:
            await self.centre.sleep(self.random.choice([0.0, 0.01, 0.05, 0.5, 2.0]))

    def operator(self, call: ActiveCall) -> None:
        match self.random.randrange(7):
            case 6:
                with suppress(LocalError):  # not connected, or nobody there
                    transfer_by_command(call, self.random.choice(TARGETS))
            case 0:
                call.recordings.mask(self.random.choice([None, 1.0, 0.0]), "operator")
            case 1:
                call.recordings.unmask()
            case 2 if call.is_answered and not call.mailbox.is_closed:
                call.recordings.start()
            case 3:
                call.recordings.stop()
            case 4:
                for supervision in call.supervisions:
                    supervision.switch_to(self.mode())
            case _:
                self.orders.append(asyncio.get_running_loop().create_task(self.supervise(call)))

    async def supervise(self, call: ActiveCall) -> None:
        name = self.random.choice(SUPERVISORS)
        for phone in self.centre.phones.values():
            if phone.name == name:
                phone.answer_after_s = self.random.choice([0.0, 0.3, None])
                phone.busy_status = self.random.choice([None, None, 486])
        with suppress(LocalError):  # nobody talks, he is there already, no worker
            await Supervision(call, self.centre.settings.extensions[name], self.mode()).begin()

    def somebody(self) -> None:
        talking = [phone for phone in self.centre.phones.values() if phone.leg is not None and phone.is_answered]
        if not talking:
            return
        phone: SimulatedPhone = self.random.choice(talking)
        match self.random.randrange(12):
            case 0:
                phone.hang_up()
            case 10:
                self.ask_first(phone)
            case 11:
                self.hand_over()
            case 8 | 9:
                phone.refer(self.random.choice(TARGETS))
                if self.random.random() < 0.3:
                    phone.hang_up()
            case 1 | 2 | 3:
                phone.hold(self.random.choice(["sendonly", "sendrecv", "inactive"]))
            case _:
                phone.press(self.random.choice("123456"))

    def ask_first(self, phone: SimulatedPhone) -> None:
        """He calls somebody else besides."""
        first = phone.leg
        password = None if phone.name.startswith("+") else "Secret-123"
        second = phone.call(self.random.choice(TARGETS), password=password)
        phone.leg = first
        assert first is not None
        self.consultations.append((phone, first, second))

    def hand_over(self) -> None:
        """Somebody connects the two he talks to, or one with the other who still rings."""
        if self.consultations:
            phone, first, second = self.consultations.pop(self.random.randrange(len(self.consultations)))
            with suppress(LocalError):  # one of the two is over, or not answered
                phone.refer("110", leg=first, replaces=second)

    def worker_dies(self) -> None:
        self.is_worker_away = True
        self.centre.worker_dies()
        self.centre.loop.call_later(1.5 * self.random.random(), self.worker_returns)

    def worker_returns(self) -> None:
        self.centre.worker_returns()
        self.is_worker_away = False

    def mode(self) -> SupervisionMode:
        return self.random.choice(list(SupervisionMode))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_nothing_is_left_and_nothing_is_our_fault(tmp_path: Path, seed: int) -> None:
    def scenario(centre: SimulatedCentre) -> Awaitable[None]:
        return _anything(centre, Random(seed))

    with structlog.testing.capture_logs() as logs:
        SimulatedCentre(
            tmp_path,
            flows={"hotline": hotline, "colleague": colleague},
            routes={HOTLINE: "hotline", "11x": "colleague"},
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=1.0)],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5}), Agent(agent_id=AgentId("eve"), skills={})],
            phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
            seed=seed,
            workers=1 + seed % 2,
        ).run(scenario)
    assert not [each for each in logs if "not taken" in each["event"] or "Traceback" in str(each.get("fault", ""))]


async def _anything(centre: SimulatedCentre, random: Random) -> None:
    await centre.log_in("ann")
    for name in SUPERVISORS:
        assert await centre.phone(name).register() == 200
    assert await centre.phone("carl", place="@home").register() == 200
    chaos = Chaos(centre, random)
    for _ in range(STEPS):
        await chaos.step()
    await centre.sleep(3)
    await asyncio.gather(*chaos.orders)
    for call in list(centre.controller.calls.values()):
        call.hang_up_from_outside("the end of the test")
    await centre.all_over()
    cdrs = {cdr.call_id: cdr for cdr in centre.cdrs()}
    assert len(cdrs) >= len(centre.arrivals)
    for cdr in cdrs.values():
        assert bool(cdr.transferred_to) == (cdr.end_reason == "transferred")
        assert all(cdr.call_id in cdrs[other].linked_calls for other in cdr.linked_calls), "links go both ways"
