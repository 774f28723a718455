"""What the records of whole calls say: legs, stays in queues, chains. Every simulated centre also checks that the times
of all its records add up (`testing/records.py`)."""

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from softswitch.acd.inputs import ContactRequeued
from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.billing.months import month_at
from softswitch.billing.rating import Rater
from softswitch.billing.tariff import Price, Tariff, TariffBook
from softswitch.billing.usage import BilledCall
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.trunks.numbers import Habits
from softswitch.store.schema import Cdr
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

Scenario = Callable[[SimulatedCentre], Awaitable[None]]
HOTLINE = "+18005550100"
CALLER = "+15550123"
SECRET = "Secret-123"


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number, ring_s=10)


@flow
async def office(call: Call) -> None:
    await call.dial("110", "120", ring_s=10)


FLOWS = {each.__name__: each for each in (support, colleague, office)}


@pytest.fixture
def centre(tmp_path: Path) -> Callable[[], SimulatedCentre]:
    def make() -> SimulatedCentre:
        return SimulatedCentre(
            tmp_path,
            flows=FLOWS,
            routes={HOTLINE: "support", "1xx": "colleague", "500": "office"},
            queues=[
                Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=10.0),
                Queue(queue_id=QueueId("second"), skills={"support": 3}, wrap_up_s=5.0),
            ],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5})],
            phones=[Extension(username=name, number=number) for name, number in PHONES.items()],
        )

    return make


PHONES = {"carl": "110", "dora": "120", "eve": "130"}


async def registered(centre: SimulatedCentre, *names: str) -> list[SimulatedPhone]:
    phones = [centre.phone(name) for name in names]
    for phone in phones:
        assert await phone.register() == 200
    return phones


async def talking_to_agent(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    await centre.log_in("ann")
    caller = centre.caller(CALLER)
    caller.call(HOTLINE)
    await centre.until(lambda: centre.phone("ann").is_answered)
    await centre.sleep(5)
    return caller, centre.phone("ann")


def by_start(centre: SimulatedCentre) -> list[Cdr]:
    return sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)


def test_each_leg_says_who_when_and_why(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, eve = await registered(centre, "carl", "dora", "eve")
        carl.answer_after_s = 4.0
        dora.answer_after_s = None
        eve.call("500", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(20)
        carl.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        caller, first, second = cdr.sip_legs
        assert [leg.role for leg in cdr.sip_legs] == ["caller", "called", "called"]
        assert [leg.number for leg in cdr.sip_legs] == ["130", "110", "120"]
        assert first.ringing_at is not None
        assert first.answered_at is not None
        assert first.answered_at - first.ringing_at == pytest.approx(4, abs=0.1)
        assert first.ended_at - first.answered_at == pytest.approx(20, abs=0.1)
        assert (first.ended_by, first.cause) == ("party", 16)
        assert (second.answered_at, second.ended_by, second.cause) == (None, "switch", 26), "answered elsewhere"
        assert second.ended_at == pytest.approx(first.answered_at, abs=0.1)
        assert (caller.ended_by, caller.cause, caller.began_at) == ("switch", 16, cdr.started_at)

    centre().run(scenario)


def test_a_phone_that_nobody_answers_and_one_that_refuses(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, eve = await registered(centre, "carl", "dora", "eve")
        carl.answer_after_s = None
        dora.busy_status = 486
        eve.call("500", password=SECRET)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        _, first, second = cdr.sip_legs
        assert (first.cause, first.ended_by) == (19, "switch"), "no answer"
        assert (second.cause, second.ended_by, second.status) == (17, "party", 486)
        assert cdr.ring_s == pytest.approx(10, abs=0.2)

    centre().run(scenario)


def test_a_caller_who_gives_up_leaves_phones_that_were_not_refused(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, eve = await registered(centre, "carl", "eve")
        carl.answer_after_s = None
        eve.call("110", password=SECRET)
        await centre.sleep(3)
        eve.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        caller, called = cdr.sip_legs
        assert (cdr.end_reason, caller.ended_by, called.cause) == ("abandoned", "party", 16)

    centre().run(scenario)


def test_a_stay_in_a_queue_has_what_came_of_it(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await talking_to_agent(centre)
        ann.hold("sendonly")
        await centre.sleep(3)
        ann.hold("sendrecv")
        await centre.sleep(2)
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        (stay,) = cdr.stays
        assert (stay.queue, stay.agent, stay.outcome) == ("support", "ann", "answered")
        assert stay.talk_s == pytest.approx(cdr.talk_s)
        assert stay.hold_s == pytest.approx(cdr.hold_s) == pytest.approx(3, abs=0.1)
        assert stay.ring_s == pytest.approx(cdr.ring_s)
        assert stay.wrap_up_s == cdr.wrap_up_s == pytest.approx(10, abs=0.1)
        assert [leg.agent for leg in cdr.sip_legs] == ["", "ann"]

    centre().run(scenario)


def test_who_waits_in_one_queue_and_then_in_another_has_two_stays(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller(CALLER)
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.acd.contact_summaries()))
        await centre.sleep(7)
        (call,) = centre.controller.calls.values()
        centre.acd.apply(ContactRequeued(ContactId(call.call_id), QueueId("second")))
        await centre.sleep(4)
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        first, second = cdr.stays
        assert [(stay.queue, stay.outcome) for stay in cdr.stays] == [("support", "moved"), ("second", "abandoned")]
        assert (first.wait_s, second.wait_s) == (pytest.approx(7, abs=0.2), pytest.approx(4, abs=0.2))
        assert first.ended_at == second.began_at

    centre().run(scenario)


def test_a_transferred_caller_is_charged_once_for_each_second(centre: Callable[[], SimulatedCentre]) -> None:
    """His trunk leg goes on in another call: there it has no first minute, and is known by the number he dialled."""
    toll_free = Price(item="inbound", price=Decimal("60"), prefixes=("18005550100",), first_s=2)
    book = TariffBook([Tariff(project="", since=date(2020, 1, 1), prices=(toll_free,))])

    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.talk_s = 20.0
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: carl.is_answered)
        await centre.all_over()
        first, second = by_start(centre)
        before, after = first.sip_legs[0], second.sip_legs[0]
        assert (before.went_to, after.came_from) == (second.call_id, first.call_id)
        assert (before.dialled, after.dialled) == (HOTLINE, HOTLINE)
        calls = list(centre.store.cdrs.narrow(BilledCall).ascending())
        rater = Rater(book, "", month_at(first.started_at, "UTC"), Habits())
        charged_s = sum(rater.rate(call).amount for call in calls)
        assert before.answered_at is not None
        connected_s = after.ended_at - before.answered_at
        assert connected_s <= charged_s < connected_s + 2, "each second begun, of both calls"
        assert caller.leg is None

    centre().run(scenario)


def test_a_question_that_leads_nowhere_belongs_to_the_callers_chain(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        caller, ann = await talking_to_agent(centre)
        ann.hold("sendonly")
        ann.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(6)
        carl.hang_up()
        await centre.sleep(1)
        caller.hang_up()
        await centre.all_over()
        first, asked = by_start(centre)
        assert (asked.consults_for, asked.chain_id) == (first.call_id, first.call_id)
        assert (asked.talk_s, asked.consult_s) == (0.0, pytest.approx(6, abs=0.2))
        assert first.hold_s > 6
        assert first.consults_for == ""

    centre().run(scenario)


def test_calls_that_were_over_before_are_of_the_older_chain_too(centre: Callable[[], SimulatedCentre]) -> None:
    """Whom carl brings together with eve was transferred to him: his first call is over, and learns whose it is."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl, eve = await registered(centre, "carl", "eve")
        eve.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        first_leg, carl.leg = carl.leg, None  # he has a second line
        await centre.sleep(3)
        _, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: carl.leg is not None)
        await centre.sleep(3)
        second_leg = carl.leg
        assert first_leg is not None
        assert second_leg is not None
        carl.refer("110", leg=first_leg, replaces=second_leg)
        await centre.sleep(5)
        eve.hang_up()
        await centre.all_over()
        oldest, *others = by_start(centre)
        assert [cdr.end_reason for cdr in (oldest, *others)] == ["transferred", "transferred", "completed"]
        assert [cdr.chain_id for cdr in (oldest, *others)] == [oldest.call_id] * 3

    centre().run(scenario)


def test_a_call_begun_elsewhere_has_nothing_to_do_with_others(centre: Callable[[], SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = await registered(centre, "carl", "dora")
        carl.call("120", password=SECRET)
        await centre.until(lambda: dora.is_answered)
        await centre.sleep(1)
        carl.hang_up()
        await centre.sleep(1)
        carl.call("120", password=SECRET)
        await centre.until(lambda: dora.is_answered)
        carl.hang_up()
        await centre.all_over()
        assert [cdr.chain_id for cdr in centre.cdrs()] == [cdr.call_id for cdr in centre.cdrs()]

    centre().run(scenario)
