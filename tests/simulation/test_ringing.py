"""Several targets of a `dial`: who rings when, who gets the call, and what the others are told."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState
from softswitch.base.ids import AgentId
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.ringing import RingStrategy
from softswitch.calls.settings import CallSettings, Extension, RingGroup
from softswitch.dialplan import Call, Ring, flow
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

PHONES = ("ann", "bob", "carl")
NUMBERS = {"ann": "101", "bob": "102", "carl": "103"}


def simulated(
    directory: Path,
    *targets: str | Ring,
    strategy: RingStrategy = "parallel",
    each_s: float | None = None,
    ring_s: float | None = None,
    groups: Sequence[RingGroup] = (),
    contacts_each_s: float = 0.0,
) -> tuple[SimulatedCentre, list[DialOutcome]]:
    """A centre where 600 dials the targets."""
    outcomes: list[DialOutcome] = []

    @flow
    async def sales(call: Call) -> None:
        outcomes.append(await call.dial(*targets, strategy=strategy, each_s=each_s, ring_s=ring_s))

    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(directory),
        groups={group.name: group for group in groups},
    )
    centre = SimulatedCentre(
        directory,
        flows={"sales": sales},
        routes={"600": "sales"},
        agents=[Agent(agent_id=AgentId("dora"))],
        phones=[Extension(username=name, number=NUMBERS[name], contacts_each_s=contacts_each_s) for name in PHONES],
        settings=settings,
    )
    return centre, outcomes


async def ready(centre: SimulatedCentre, **answer_after_s: float | None) -> SimulatedPhone:
    """All phones are there; returns a caller."""
    for name in PHONES:
        assert await centre.phone(name).register() == 200
        centre.phone(name).answer_after_s = answer_after_s.get(name)
    return centre.caller("+15550123")


def rung(centre: SimulatedCentre, *names: str) -> list[str]:
    """Who was called so far."""
    return [name for name in names or PHONES if centre.phone(name).seen(InviteReceived)]


def test_whose_phones_have_begun_to_ring_is_known_before_any_verb_looks(tmp_path: Path) -> None:
    centre, _ = simulated(tmp_path, "101", "102")

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, ann=None, bob=None)
        centre.phone("bob").rings = False
        caller.call("600")
        await centre.until(lambda: len(rung(centre)) == 2)
        await centre.sleep(1)
        (call,) = centre.controller.calls.values()
        states = {party.leg.party: party.leg.state for party in call.parties if party is not call.caller}
        assert states == {"ann": LegState.RINGING, "bob": LegState.TRYING}
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_several_ring_at_once_and_the_first_has_the_call(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", "102", "103")

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, ann=None, bob=2.0, carl=None)
        caller.call("600")
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        assert rung(centre) == list(PHONES)
        for name in ("ann", "carl"):
            assert len(centre.phone(name).seen(LegEnded)) == 1
            cancels = [
                m.message for m in centre.network.transcript if m.destination == name and m.message[:6] == b"CANCEL"
            ]
            assert b'SIP;cause=200;text="Call completed elsewhere"' in cancels[0]
        await centre.sleep(5)
        centre.phone("bob").hang_up()
        await centre.all_over()

    centre.run(scenario)
    (outcome,) = outcomes
    assert (outcome.reason, outcome.target, outcome.answered_by) == (DialReason.ANSWERED, "102", "bob")
    assert outcome.ring_s == pytest.approx(2, abs=0.3)
    assert outcome.talk_s == pytest.approx(5, abs=0.3)
    (cdr,) = centre.cdrs()
    assert cdr.ring_s == pytest.approx(2, abs=0.3)


def test_one_after_the_other(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", "102", "103", strategy="serial", each_s=10)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, carl=2.0)
        caller.call("600")
        await centre.sleep(9)
        assert rung(centre) == ["ann"]
        await centre.sleep(2)
        assert rung(centre) == ["ann", "bob"]
        assert centre.phone("ann").leg is None
        await centre.sleep(10)
        assert rung(centre) == ["ann", "bob", "carl"]
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert not outcomes, "the caller was gone before the verb returned"
    (cdr,) = centre.cdrs()
    assert cdr.end_reason == "completed"
    assert cdr.ring_s == pytest.approx(22, abs=0.5)


def test_who_is_busy_or_not_there_costs_the_caller_no_time(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", "999", "103", strategy="serial", each_s=10)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, carl=1.0)
        centre.phone("ann").busy_status = 486
        caller.call("600")
        await centre.sleep(2)
        assert rung(centre) == ["ann", "carl"]
        centre.phone("carl").hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert [(each.answered_by, each.target) for each in outcomes] == [("carl", "103")]


def test_a_second_phone_joins_later_and_the_first_rings_on(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", Ring("102", after_s=6))

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, ann=9.0)
        caller.call("600")
        await centre.sleep(5)
        assert rung(centre) == ["ann"]
        await centre.sleep(2)
        assert rung(centre) == ["ann", "bob"]
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        assert centre.phone("bob").leg is None
        centre.phone("ann").hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert [each.answered_by for each in outcomes] == ["ann"]


@pytest.mark.parametrize("target", ["sales", "650"])
def test_a_group_rings_as_it_is_configured(tmp_path: Path, target: str) -> None:
    group = RingGroup(name="sales", number="650", members=("ann", "bob"), strategy="serial", each_s=5)
    centre, outcomes = simulated(tmp_path, target, groups=[group])

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        caller.call("600")
        await centre.sleep(4)
        assert rung(centre) == ["ann"]
        await centre.sleep(2)
        assert rung(centre) == ["ann", "bob"]
        await centre.all_over()

    centre.run(scenario)
    assert [(each.reason, each.answered_by) for each in outcomes] == [(DialReason.NO_ANSWER, "")]
    assert outcomes[0].ring_s == pytest.approx(10, abs=0.3)


def test_when_all_fail_the_reason_nearest_to_a_human_decision_counts(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", "102", "999")

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        centre.phone("ann").busy_status = 486
        centre.phone("bob").busy_status = 603
        caller.call("600")
        await centre.all_over()

    centre.run(scenario)
    assert [each.reason for each in outcomes] == [DialReason.DECLINED]


def test_an_agent_is_busy_for_the_acd_only_while_his_phone_rings(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "dora", "102", strategy="serial", each_s=5)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        await centre.log_in("dora")
        centre.phone("dora").answer_after_s = None
        caller.call("600")
        await centre.sleep(2)
        assert [each.state for each in centre.acd.agent_summaries()] == [AgentState.BUSY]
        await centre.sleep(5)
        assert [each.state for each in centre.acd.agent_summaries()] == [AgentState.READY]
        await centre.all_over()

    centre.run(scenario)
    assert [each.reason for each in outcomes] == [DialReason.NO_ANSWER]


def test_a_caller_who_gives_up_stops_all_of_them(tmp_path: Path) -> None:
    centre, outcomes = simulated(tmp_path, "101", "102", "103", strategy="delayed", each_s=3)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        caller.call("600")
        await centre.sleep(4)
        caller.hang_up()
        await centre.all_over()
        assert rung(centre) == ["ann", "bob"]
        assert not any(phone.leg for phone in centre.phones.values())

    centre.run(scenario)
    assert not outcomes


@pytest.fixture
def two_phones(tmp_path: Path) -> Callable[[float], SimulatedCentre]:
    def make(contacts_each_s: float) -> SimulatedCentre:
        return simulated(tmp_path, "103", contacts_each_s=contacts_each_s)[0]

    return make


@pytest.mark.parametrize(("contacts_each_s", "at_once"), [(0.0, 3), (8.0, 2)])
def test_phones_of_one_extension_ring_together_or_in_the_order_of_their_q(
    two_phones: Callable[[float], SimulatedCentre], contacts_each_s: float, at_once: int
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        places = {"@desk": 1.0, "@shop": 1.0, "@home": 0.3}
        for place, q in places.items():
            phone = centre.phone("carl", place=place)
            phone.q = q
            phone.answer_after_s = None
            assert await phone.register() == 200
        phones = [centre.phone("carl", place=place) for place in places]
        centre.phones["carl@home"].answer_after_s = 5.0
        caller = centre.caller("+15550123")
        caller.call("600")
        await centre.sleep(2)
        assert [bool(phone.seen(InviteReceived)) for phone in phones] == [True, True, at_once == 3]
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        assert [phone.is_answered for phone in phones] == [False, False, True]
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.ring_s == pytest.approx(5 + contacts_each_s, abs=0.5)

    two_phones(contacts_each_s).run(scenario)
