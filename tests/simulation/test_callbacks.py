"""Call-backs in whole calls: the place that is kept, who is called first, what is tried again."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.inputs import AgentBusy, ConfigurationSet, ContactRequeued, ContactWithdrawn
from softswitch.acd.model import Agent, AgentState, BusyKind, Queue, RoutingPolicy, ToFlow, WhoWaitsAtClosing
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.boosts import BoostRule, number_list
from softswitch.calls.callback_book import CallbackTerms, CallbackWish
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.sip.trunks.numbers import Habits
from softswitch.store.schema import StoredCallback
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE = "+18005550100"
CUSTOMER = "+15550101"
SUPPORT = QueueId("support")
promised: list[bool] = []


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def offer(call: Call) -> None:
    await call.answer()
    promised.append(await call.request_callback(queue="support"))


@flow
async def line(call: Call) -> None:
    await call.agent_line()


@flow
async def instead(call: Call) -> None:
    promised.append(await call.request_callback())


Make = Callable[..., SimulatedCentre]


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    promised.clear()

    def make(*agents: str, no_answer_limit: int = 1, **terms: object) -> SimulatedCentre:
        settings = CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            queues={"support": QueueTreatment(callbacks=CallbackTerms(**terms))},  # pyright: ignore[reportArgumentType]
        )
        return SimulatedCentre(
            tmp_path,
            flows={each.__name__: each for each in (support, offer, line, instead)},
            routes={HOTLINE: "support", "+18005550101": "offer", "*88": "line"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=2.0, no_answer_limit=no_answer_limit)],
            agents=[Agent(agent_id=AgentId(name)) for name in agents or ("ann",)],
            phones=[
                *(
                    Extension(username=name, agent_id=AgentId(name), trunks=frozenset({"provider"}))
                    for name in agents or ("ann",)
                ),
                Extension(username="desk", trunks=frozenset({"provider"})),
            ],
            settings=settings,
        )

    return make


def customer(centre: SimulatedCentre) -> SimulatedPhone:
    """The customer's phone is where the provider is, so that calls come from there and go there: make it first."""
    return centre.phones.get(CUSTOMER) or centre.caller(CUSTOMER)


def stored(centre: SimulatedCentre) -> StoredCallback:
    (callback,) = centre.callbacks.listing()
    return callback


async def asked(centre: SimulatedCentre) -> SimulatedPhone:
    phone = customer(centre)
    phone.call("+18005550101")
    await centre.until(lambda: bool(promised))
    await centre.until(lambda: phone.leg is None)
    assert promised == [True]
    return phone


async def busy(centre: SimulatedCentre) -> None:
    """An agent who is at work, and not free."""
    customer(centre)
    centre.acd.apply(AgentBusy(AgentId("ann"), BusyKind.OTHER))
    await centre.log_in("ann")


async def called_first(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    """Somebody the only agent talks to, and a customer who was called first and waits for him then."""
    customer(centre)
    await centre.log_in("ann")
    former = centre.caller("+15550198")
    former.call(HOTLINE)
    await centre.until(lambda: centre.acd.agent_summaries()[0].state is AgentState.BUSY)
    phone = await asked(centre)
    await centre.until(lambda: bool(phone.seen(InviteReceived)))
    await centre.sleep(2)
    phone.press("1")
    return former, phone


def test_the_agent_hears_it_ring_and_talks_to_the_customer(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.talk_s = 20.0
        await centre.log_in("ann")
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        (ringing,) = centre.phone("ann").seen(InviteReceived)
        assert isinstance(ringing, InviteReceived)
        assert ringing.calling_name == f"call-back: {CUSTOMER}"
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        await centre.until(lambda: stored(centre).state == "over")
        assert (stored(centre).result, stored(centre).agent, stored(centre).attempts) == ("served", "ann", 1)
        await centre.all_over()
        cdr = centre.cdrs()[-1]
        assert (cdr.agent, cdr.queue, cdr.called_number, cdr.flow) == ("ann", "support", CUSTOMER, "callback")
        assert cdr.talk_s == pytest.approx(20, abs=1)
        assert cdr.call_id in stored(centre).calls

    centre().run(scenario)


def test_it_keeps_the_place_of_who_asked_for_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        await centre.sleep(5)
        later = centre.caller("+15550199")
        later.call(HOTLINE)
        await centre.sleep(5)
        await centre.log_in("ann")
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        (first,) = centre.phone("ann").seen(InviteReceived)
        assert isinstance(first, InviteReceived)
        assert first.calling_name.startswith("call-back"), "he came before the one who waits on the line"
        later.hang_up()
        customer(centre).talk_s = 1.0
        await centre.until(lambda: stored(centre).state != "dialling")
        await centre.all_over()

    centre().run(scenario)


def test_a_customer_who_does_not_answer_is_tried_again_and_given_up_in_the_end(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.busy_status = 486
        await centre.log_in("ann")
        await centre.until(lambda: stored(centre).attempts == 1)
        assert (stored(centre).attempts, stored(centre).last_failure) == (1, "busy")
        rested_at = centre.clock.now()
        await centre.until(lambda: stored(centre).state == "over", within_s=200)
        assert centre.clock.now() - rested_at == pytest.approx(100, abs=10)
        assert (stored(centre).result, stored(centre).attempts) == ("given up", 2)
        await centre.all_over()
        (ann,) = centre.acd.agent_summaries()
        assert ann.state is AgentState.READY

    centre(attempts=2, retry_s=100.0).run(scenario)


def test_an_agent_who_lets_it_ring_costs_nothing_and_the_next_one_has_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.talk_s = 5.0
        centre.phone("ann").answer_after_s = None
        await centre.log_in("ann", "bob")
        await centre.until(lambda: stored(centre).state == "over")
        assert (stored(centre).result, stored(centre).agent, stored(centre).attempts) == ("served", "bob", 1)
        await centre.all_over()

    centre("ann", "bob").run(scenario)


def test_an_agent_who_hangs_up_while_it_rings_has_had_an_attempt(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        centre.phone("ann").hang_up()
        await centre.until(lambda: stored(centre).attempts == 1)
        await centre.until(lambda: bool(phone.seen(LegEnded)))
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre().run(scenario)


def test_on_an_open_line_an_agent_stays_after_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.talk_s = 5.0
        ann = centre.phone("ann")
        ann.call("*88", password="Secret-123")
        await centre.until(lambda: stored(centre).state == "over")
        assert stored(centre).result == "served"
        await centre.until(lambda: centre.acd.agent_summaries()[0].state is AgentState.READY)
        assert not ann.seen(LegEnded)
        ann.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_where_customers_are_first_one_is_called_when_he_is_next_and_served_in_his_place(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        former, phone = await called_first(centre)
        later = centre.caller("+15550199")
        later.call(HOTLINE)
        await centre.sleep(20)
        assert stored(centre).state == "dialling"
        former.hang_up()
        await centre.until(
            lambda: any(
                call.conversation and call.record.flow == "callback" for call in centre.controller.calls.values()
            )
        )
        phone.hang_up()
        await centre.until(lambda: stored(centre).state == "over")
        assert (stored(centre).result, stored(centre).agent) == ("served", "ann")
        later.hang_up()
        await centre.all_over()

    centre(customer_first=True, through="desk").run(scenario)


def test_a_customer_who_is_called_first_is_heard_where_he_was_told_to_speak(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        former, phone = await called_first(centre)
        await centre.sleep(1)
        (call,) = [each for each in centre.controller.calls.values() if each.record.flow == "callback"]
        (offer,) = [event.sdp.decode() for event in phone.events if isinstance(event, InviteReceived)]
        assert call.caller.is_answered
        assert f"m=audio {call.caller_stream.local.port} " in offer
        former.hang_up()
        await centre.until(lambda: call.conversation is not None)
        phone.hang_up()
        await centre.all_over()

    centre(customer_first=True, through="desk").run(scenario)


def test_an_answering_machine_is_not_put_through(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await busy(centre)
        phone = await asked(centre)
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        await centre.until(lambda: stored(centre).attempts == 1)
        assert stored(centre).last_failure == "not confirmed"
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(customer_first=True, through="desk").run(scenario)


def test_asked_for_twice_it_is_one(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        phone.call("+18005550101")
        await centre.until(lambda: len(promised) == 2)
        await centre.sleep(3)
        assert len(centre.callbacks.listing()) == 1
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre().run(scenario)


def test_a_queue_that_does_not_call_back_promises_nothing(centre: Make, tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = customer(centre)
        phone.call("+18005550101")
        await centre.until(lambda: bool(promised))
        assert promised == [False]
        await centre.all_over()

    made = centre()
    made.settings = CallSettings(
        **{name: getattr(made.settings, name) for name in CallSettings.__struct_fields__ if name != "queues"},
        queues={"support": QueueTreatment()},
    )
    made.run(scenario)


@pytest.mark.parametrize("way", ["key", "closing"])
def test_who_leaves_the_queue_by_key_or_at_closing_time_keeps_his_place(centre: Make, way: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        treatment = msgspec.structs.replace(centre.settings.queues["support"], exit_keys={"1": ToFlow("instead")})
        boosts = (BoostRule(boost_s=7.0, callers=number_list([CUSTOMER])),)
        centre.settings = msgspec.structs.replace(centre.settings, queues={"support": treatment}, boosts=boosts)
        queue = Queue(queue_id=QueueId("support"), overflows={"closed": ToFlow("instead")})
        centre.reload(queues=[queue], agents=[Agent(agent_id=AgentId("ann"))])
        phone = customer(centre)
        phone.call(HOTLINE)
        await centre.sleep(20)
        if way == "key":
            phone.press("1")
        else:
            centre.hours.close(QueueId("support"), "fire alarm", "overflow", "otto")
        await centre.until(lambda: bool(promised))
        assert promised == [True]
        await centre.until(lambda: phone.leg is None)
        assert stored(centre).boost_s == 7.0
        assert centre.clock.wall() - stored(centre).enqueued_wall == pytest.approx(20, abs=1)
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize("waiting", ["finish", "announce", "overflow"])
def test_while_its_queue_is_closed_it_waits_quietly_and_is_there_when_it_opens(
    centre: Make, waiting: WhoWaitsAtClosing
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer(centre)
        centre.hours.close(SUPPORT, "meeting", waiting, "otto")
        phone = await asked(centre)
        phone.talk_s = 5.0
        await centre.log_in("ann")
        await centre.sleep(1800)
        (queue,) = centre.acd.queue_summaries()
        assert (queue.refused, queue.offered, queue.withdrawn, queue.overflowed) == (0, 0, 0, 0)
        assert (stored(centre).state, stored(centre).attempts) == ("resting", 0)
        centre.hours.open(SUPPORT, "otto")
        await centre.until(lambda: stored(centre).state == "over", within_s=30)
        assert stored(centre).result == "served"
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize("waiting", ["announce", "overflow"])
def test_when_its_queue_closes_it_leaves_and_is_there_again_when_it_opens(
    centre: Make, waiting: WhoWaitsAtClosing
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        await centre.until(lambda: stored(centre).state == "waiting")
        centre.hours.close(SUPPORT, "meeting", waiting, "otto")
        await centre.sleep(1800)
        assert stored(centre).state == "resting"
        (queue,) = centre.acd.queue_summaries()
        assert (queue.refused, queue.offered, queue.withdrawn, queue.overflowed) == (0, 1, 1, 0)
        centre.hours.open(SUPPORT, "otto")
        assert stored(centre).state == "waiting"
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize("customer_first", [False, True])
def test_where_it_was_moved_it_is_tried_again(centre: Make, customer_first: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        night = Queue(queue_id=QueueId("night"), agents=(AgentId("ann"),))
        agents = [Agent(agent_id=AgentId("ann"))]
        centre.reload(queues=[Queue(queue_id=SUPPORT, agents=()), night], agents=agents)
        phone = await asked(centre)
        phone.busy_status = 486
        await centre.until(lambda: stored(centre).state == "waiting")
        (contact_id,) = centre.acd.contact_ids()
        centre.acd.apply(ContactRequeued(contact_id, QueueId("night"), "otto"))
        await centre.log_in("ann")
        await centre.until(lambda: stored(centre).attempts == 2, within_s=300)
        assert stored(centre).queue_id == "night"
        counts = {each.queue_id: each.offered for each in centre.acd.queue_summaries()}
        assert counts == {"support": 1, "night": 2}
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(retry_s=100.0, customer_first=customer_first, through="desk").run(scenario)


def test_an_agent_who_declines_and_stays_ready_is_not_rung_without_end(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        centre.phone("ann").busy_status = 486
        await centre.log_in("ann")
        await centre.sleep(120)
        rung = len([cdr for cdr in centre.cdrs() if cdr.flow == "callback"])
        assert 1 < rung < 20, "he is tried again, as often as for a caller who waits on the line"
        assert stored(centre).attempts == 0
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(no_answer_limit=1000).run(scenario)


def test_a_fault_of_ours_costs_no_attempt_and_is_not_repeated_at_once(
    centre: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        async def fail(_: Attempt) -> None:
            raise LocalError("out of order")

        monkeypatch.setattr(Attempt, "begin", fail)
        await busy(centre)
        await asked(centre)
        await centre.sleep(60)
        assert 1 < len([cdr for cdr in centre.cdrs() if cdr.flow == "callback"]) < 20
        assert stored(centre).attempts == 0
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(customer_first=True, through="desk").run(scenario)


def test_who_is_taken_out_while_an_agents_phone_rings_is_not_called_any_more(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        centre.phone("ann").answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        (contact_id,) = centre.acd.contact_ids()
        centre.acd.apply(ContactWithdrawn(contact_id, "does not want it", by="operator"))
        await centre.sleep(3)
        assert (stored(centre).state, stored(centre).result) == ("over", "cancelled")
        await centre.all_over()

    centre().run(scenario)


def test_the_watchdog_leaves_those_alone_that_wait_and_those_that_talk(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        queue = Queue(queue_id=QueueId("support"))
        agents = [Agent(agent_id=AgentId("ann"))]
        centre.acd.apply(ConfigurationSet(queues=[queue], agents=agents, policy=RoutingPolicy(watchdog_s=60.0)))
        phone = await asked(centre)
        phone.talk_s = 600.0
        await centre.sleep(600)
        assert stored(centre).state == "waiting"
        await centre.log_in("ann")
        await centre.sleep(300)
        assert stored(centre).state == "dialling"
        (ann,) = centre.acd.agent_summaries()
        assert ann.state is AgentState.BUSY, "he talks, and gets nobody else"
        await centre.until(lambda: stored(centre).state == "over", within_s=500)
        assert stored(centre).result == "served"
        await centre.all_over()

    centre().run(scenario)


def test_a_switch_that_stops_calls_nobody_back_and_keeps_the_promise(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        await centre.until(lambda: stored(centre).state == "waiting")
        centre.callbacks.stop()
        await centre.log_in("ann")
        await centre.sleep(30)
        assert not centre.phone("ann").seen(InviteReceived)
        assert stored(centre).state == "waiting"
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize("name", ["abc", "anonymous", ""])
def test_a_name_that_is_no_extension_s_is_not_called_through_a_trunk(centre: Make, name: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        wish = CallbackWish(number=name, queue_id=QueueId("support"), enqueued_wall=centre.clock.wall())
        with pytest.raises(LocalError, match="nobody could call it back"):
            await centre.callbacks.request(wish)

    made = centre()
    anywhere = TrunkRoute(name="provider", host="10.0.9.1", port=5060)
    made.settings = msgspec.structs.replace(made.settings, trunks=(anywhere,))
    made.run(scenario)


def test_a_number_is_the_same_however_it_is_written(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await asked(centre)
        wish = CallbackWish(number="0015550101", queue_id=QueueId("support"), enqueued_wall=centre.clock.wall())
        callback, is_new = await centre.callbacks.request(wish)
        assert (callback.number, is_new) == (CUSTOMER, False)
        centre.callbacks.cancel(callback.callback_id, "test")
        await centre.all_over()

    made = centre()
    habits = Habits(country_code="49", national_prefix="0", international_prefix="00")
    made.settings = msgspec.structs.replace(made.settings, habits=habits)
    made.run(scenario)


def test_where_customers_are_first_nobody_is_called_while_no_agent_is_at_work(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await asked(centre)
        await centre.sleep(60)
        assert not phone.seen(InviteReceived), "he would wait for nobody"
        await busy(centre)
        await centre.until(lambda: bool(phone.seen(InviteReceived)), within_s=5)
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(customer_first=True, through="desk").run(scenario)


def test_where_all_are_rung_each_of_them_is_and_nobody_has_missed_what_another_took(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        agents = [Agent(agent_id=AgentId(name)) for name in ("ann", "bob")]
        centre.reload(queues=[Queue(queue_id=SUPPORT, strategy="ring_all")], agents=agents)
        customer(centre)
        centre.phone("ann").answer_after_s, centre.phone("bob").answer_after_s = None, 3.0
        await centre.log_in("ann", "bob")
        phone = await asked(centre)
        phone.talk_s = 5.0
        await centre.until(lambda: stored(centre).state == "over")
        assert (stored(centre).result, stored(centre).agent) == ("served", "bob")
        assert centre.phone("ann").seen(InviteReceived)
        await centre.all_over()
        assert [(each.missed, each.state) for each in centre.acd.agent_summaries()] == [(0, AgentState.READY)] * 2

    centre("ann", "bob").run(scenario)
