"""Attended transfers by key: who waits, who talks, who has the call in the end, and what records and the ACD say."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.events import ContactConsulted, ContactEnded, ContactHeld, ContactResumed, ContactTransferred
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StartPlay, StartRecording
from softswitch.store.schema import Cdr
from softswitch.testing.records import check_records
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE, CALLER = "+18005550100", "+15550123"
SECRET = "Secret-123"
Scenario = Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]]
reasons: list[str] = []


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    reasons.append(outcome.reason.value)


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number, ring_s=10)
    reasons.append(outcome.reason.value)


@flow
async def menu(call: Call) -> None:
    choice = await call.gather("menu/press", maximum=2)
    reasons.append(choice.digits)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Somebody from outside talks to ann, who got him from a queue and may command by keys."""

    def run(scenario: Scenario, *, by_ann: bool = False) -> None:
        reasons.clear()
        centre = SimulatedCentre(
            tmp_path,
            flows={"support": support, "colleague": colleague, "menu": menu},
            routes={HOTLINE: "support", "1xx": "colleague", "600": "menu"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=5.0)],
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[
                Extension(username="ann", number="101", agent_id=AgentId("ann"), call_keys=True),
                Extension(username="bob", number="102"),
                Extension(username="eve", number="103"),
            ],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path),
            ),
        )

        async def begin(_: SimulatedCentre) -> None:
            for name in ("bob", "eve"):
                assert await centre.phone(name).register() == 200
            await centre.log_in("ann")
            ann = centre.phone("ann")
            if by_ann:
                other = centre.phone("eve")
                ann.call("103", password=SECRET)
            else:
                other = centre.caller(CALLER)
                other.call(HOTLINE)
            await centre.until(lambda: ann.is_answered and other.is_answered)
            await centre.sleep(5)
            await scenario(centre, other)
            for phone in centre.phones.values():
                phone.hang_up()
            await centre.all_over()
            assert not any(cdr.fault for cdr in centre.cdrs())
            check_records(centre.cdrs())
            assert all(call.consultation is None for call in centre.controller.calls.values())

        centre.run(begin)

    return run


async def press(centre: SimulatedCentre, keys: str) -> None:
    for key in keys:
        centre.phone("ann").press(key)
    await centre.sleep(0.2)


async def asks_bob(centre: SimulatedCentre) -> SimulatedPhone:
    bob = centre.phone("bob")
    await press(centre, "*3102#")
    await centre.until(lambda: bob.is_answered)
    await centre.sleep(1)
    return bob


def hears(centre: SimulatedCentre) -> set[frozenset[str]]:
    """The pairs who hear each other, by name."""
    names: dict[StreamId, str] = {}
    for call in centre.controller.calls.values():
        for party in call.parties:
            if party.stream is not None and party.stands_for is None:
                names[party.stream.stream_id] = party.leg.party.replace("trunk:provider", "caller").removeprefix(
                    "account:"
                )
    heard = {
        names[h.stream_id]: {names[source] for source in h.sources}
        for worker in centre.workers.values()
        for h in worker.description.hearings.values()
        if h.stream_id in names
    }
    return {frozenset((one, other)) for one in heard for other in heard[one] if one in heard.get(other, set())}


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset((one, other))


def with_music(centre: SimulatedCentre) -> int:
    return sum(
        playback.loop for worker in centre.workers.values() for playback in worker.description.playbacks.values()
    )


def said(centre: SimulatedCentre) -> str:
    return str([each.playback.sounds for each in centre.media_commands if isinstance(each, StartPlay)])


def told(centre: SimulatedCentre) -> list[object]:
    kinds = (ContactHeld, ContactConsulted, ContactResumed, ContactTransferred, ContactEnded)
    return [stamped.event for stamped in centre.diary if isinstance(stamped.event, kinds)]


def by_start(centre: SimulatedCentre) -> list[Cdr]:
    return sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)


def test_he_asks_and_gives_the_call_away_by_hanging_up(play: Callable[..., None]) -> None:
    """The whole chain: no time is lost or counted twice."""

    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        bob.answer_after_s = 4.0
        held_at = centre.clock.now()
        await press(centre, "*3")
        assert with_music(centre) == 1, "the caller hears music while she dials"
        await press(centre, "102#")
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(20)
        assert hears(centre) == {pair("ann", "bob")}
        ann.hang_up()
        await centre.sleep(0.2)
        hold_s = centre.clock.now() - held_at
        assert hears(centre) == {pair("caller", "bob")}
        await centre.sleep(30)
        caller.hang_up()
        await centre.all_over()

        first, second = by_start(centre)
        assert (first.agent, first.queue, first.end_reason, first.transferred_to) == (
            "ann",
            "support",
            "transferred",
            "102",
        )
        assert (first.transferred_by, second.transferred_by) == ("ann", "ann")
        assert (first.linked_calls, second.linked_calls) == ((second.call_id,), (first.call_id,))
        assert (second.calling_number, second.called_number, second.end_reason) == ("101", "102", "completed")
        exactly = pytest.approx
        assert first.answered_at is not None
        of_the_caller = (first.answered_at - first.started_at) + first.queue_wait_s + first.talk_s + second.talk_s
        assert of_the_caller == exactly(second.ended_at - first.started_at, abs=0.3)
        assert first.hold_s == exactly(hold_s, abs=0.3)
        assert first.hold_s == exactly(second.ring_s + second.consult_s, abs=0.6)
        assert second.ring_s + second.consult_s + second.talk_s == exactly(second.ended_at - second.started_at, abs=0.3)
        assert (second.consult_s, second.talk_s) == (exactly(20, abs=0.6), exactly(30, abs=0.6))
        events = told(centre)
        assert [type(event) for event in events] == [
            ContactHeld, ContactConsulted, ContactResumed, ContactTransferred, ContactEnded,
        ]  # fmt: skip
        assert isinstance(events[1], ContactConsulted)
        assert events[1].target == "102"
        assert isinstance(events[3], ContactTransferred)
        assert (events[3].kind, events[3].target) == ("attended", "102")

    play(scenario)


def test_with_a_key_he_connects_them(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await asks_bob(centre)
        await press(centre, "*2")
        await centre.until(lambda: centre.phone("ann").leg is None)
        assert hears(centre) == {pair("caller", "bob")}
        (summary,) = centre.acd.agent_summaries()
        assert summary.state is AgentState.WRAP_UP

    play(scenario)


def test_with_a_key_he_is_back_and_the_contact_is_his_all_the_while(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        bob = await asks_bob(centre)
        (summary,) = centre.acd.agent_summaries()
        assert summary.state is AgentState.BUSY
        await press(centre, "*1")
        await centre.until(lambda: bob.leg is None)
        assert hears(centre) == {pair("ann", "caller")}
        assert with_music(centre) == 0
        await centre.sleep(5)
        centre.phone("ann").hang_up()
        await centre.all_over()
        first, second = by_start(centre)
        assert (first.end_reason, first.talk_s, first.hold_s) == (
            "completed", pytest.approx(12.5, abs=1.5), pytest.approx(2.3, abs=0.5),
        )  # fmt: skip
        assert (second.consult_s, second.talk_s) == (pytest.approx(1.2, abs=0.5), 0)
        assert (second.consults_for, second.chain_id) == (first.call_id, first.chain_id)

    play(scenario)


@pytest.mark.parametrize(
    ("status", "prompt"), [(486, "connect/busy"), (404, "connect/unavailable"), (None, "connect/no-answer")]
)
def test_who_is_not_reached_is_said_and_they_talk_again(
    play: Callable[..., None], status: int | None, prompt: str
) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        bob = centre.phone("bob")
        bob.busy_status, bob.answer_after_s = status, None
        await press(centre, "*3102#")
        await centre.until(lambda: prompt in said(centre), within_s=15)
        assert hears(centre) == set(), "he is told before he is back"
        await centre.until(lambda: hears(centre) == {pair("ann", "caller")})
        await asks_bob_again(centre)

    async def asks_bob_again(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        bob.busy_status, bob.answer_after_s = None, 1.0
        await asks_bob(centre)
        assert hears(centre) == {pair("ann", "bob")}

    play(scenario)


def test_all_three_talk_and_whoever_leaves_the_others_go_on(play: Callable[..., None]) -> None:
    everybody = {pair("ann", "caller"), pair("ann", "bob"), pair("bob", "caller")}

    async def conference(centre: SimulatedCentre) -> SimulatedPhone:
        bob = await asks_bob(centre)
        await press(centre, "*3")
        assert hears(centre) == everybody
        return bob

    async def he(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await conference(centre)
        centre.phone("ann").hang_up()
        await centre.sleep(0.2)
        assert hears(centre) == {pair("bob", "caller")}

    async def whom_he_asked(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        (await conference(centre)).hang_up()
        await centre.sleep(0.2)
        assert hears(centre) == {pair("ann", "caller")}

    async def the_other(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await conference(centre)
        caller.hang_up()
        await centre.sleep(0.2)
        assert hears(centre) == {pair("ann", "bob")}
        assert reasons == []

    for scenario in (he, whom_he_asked, the_other):
        play(scenario)


def test_to_and_fro(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        bob = await asks_bob(centre)
        for _ in range(2):
            await press(centre, "*4")
            assert hears(centre) == {pair("ann", "caller")}
            assert with_music(centre) == 1
            await press(centre, "*4")
            assert hears(centre) == {pair("ann", "bob")}
            assert with_music(centre) == 1
        await press(centre, "*4")
        bob.hang_up()
        await centre.sleep(0.5)
        assert hears(centre) == {pair("ann", "caller")}

    play(scenario)


def test_the_other_hangs_up_while_he_asks(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        bob = await asks_bob(centre)
        caller.hang_up()
        await centre.sleep(1)
        assert hears(centre) == {pair("ann", "bob")}
        (first,) = centre.cdrs()
        assert (first.end_reason, first.ended_by) == ("completed", "caller")
        (summary,) = centre.acd.agent_summaries()
        assert summary.state is not AgentState.READY, "he talks"
        centre.phone("ann").hang_up()
        await centre.until(lambda: bob.leg is None)

    play(scenario)


def test_he_hangs_up_while_it_rings_and_has_the_caller_back_if_nobody_answers(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        bob.answer_after_s = None
        await press(centre, "*3102#")
        await centre.until(lambda: bob.leg is not None)
        ann.hang_up()
        await centre.sleep(1)
        assert caller.is_answered
        assert with_music(centre) == 1, "he hears it ring"
        await centre.until(lambda: ann.is_answered)
        await centre.until(lambda: hears(centre) == {pair("ann", "caller")}, within_s=5)

    play(scenario)


def test_no_number_or_none_that_leads_anywhere(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        for keys in ("*3*", "*3#", "*3999#"):
            await press(centre, keys)
            await centre.sleep(1)
            assert hears(centre) == {pair("ann", "caller")}, keys
        await press(centre, "*3")
        await centre.sleep(11)
        assert hears(centre) == {pair("ann", "caller")}
        await press(centre, "*3")
        centre.phone("ann").hang_up()
        await centre.until(lambda: reasons == ["answered"])

    play(scenario)


def test_keys_are_for_whom_he_talks_to(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await press(centre, "*3600#")
        await centre.until(lambda: "menu/press" in said(centre))
        await centre.sleep(3)
        await press(centre, "42")
        await centre.until(lambda: reasons == ["42"])
        await centre.until(lambda: hears(centre) == {pair("ann", "caller")})

    play(scenario)


@pytest.mark.parametrize("ending", ["hang up", "*1", "*2", "*3", "other", "asked", "operator"])
def test_who_has_called_somebody_asks_as_well(play: Callable[..., None], ending: str) -> None:
    async def scenario(centre: SimulatedCentre, eve: SimulatedPhone) -> None:
        bob = await asks_bob(centre)
        assert hears(centre) == {pair("ann", "bob")}
        if ending == "hang up":
            centre.phone("ann").hang_up()
        elif ending == "other":
            eve.hang_up()
        elif ending == "asked":
            bob.hang_up()
        elif ending == "operator":
            for call in list(centre.controller.calls.values())[:1]:
                call.hang_up_from_outside("test")
        else:
            await press(centre, ending)
        await centre.sleep(0.5)
        expected = {
            "hang up": {pair("eve", "bob")},
            "*1": {pair("ann", "eve")},
            "*2": {pair("eve", "bob")},
            "*3": {pair("ann", "eve"), pair("ann", "bob"), pair("eve", "bob")},
            "other": {pair("ann", "bob")},
            "asked": {pair("ann", "eve")},
            "operator": set[frozenset[str]](),
        }
        assert hears(centre) == expected[ending]

    play(scenario, by_ann=True)


def test_what_he_says_to_another_is_not_recorded(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        def right() -> object:
            return [each.recording for each in centre.media_commands if isinstance(each, StartRecording)][-1].right

        before = right()
        assert before is not None
        await asks_bob(centre)
        assert right() is None
        await press(centre, "*1")
        assert right() == before

    play(scenario)
