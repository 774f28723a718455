"""Agents and their phones: several rung at once, what comes after a call, and what nobody has said is over."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import (
    AgentBusy,
    ConfigurationSet,
    ContactQueued,
    DispositionSet,
    WrapUpEnded,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, Queue, RoutingPolicy
from softswitch.acd.outputs import AgentRepaired, ContactLost, ReservationEnded
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE = "+18005550100"
ANN, BOB, CYD = AgentId("ann"), AgentId("bob"), AgentId("cyd")
Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


def queue(**changes: object) -> Queue:
    settings: dict[str, object] = {"queue_id": QueueId("support"), "wrap_up_s": 10.0}
    return Queue(**{**settings, **changes})  # pyright: ignore[reportArgumentType]


def centre(directory: Path, settings: Queue) -> SimulatedCentre:
    return SimulatedCentre(
        directory,
        flows={"support": support, "colleague": colleague},
        routes={HOTLINE: "support", "1xx": "colleague"},
        queues=[settings],
        agents=[Agent(agent_id=agent_id) for agent_id in (ANN, BOB, CYD)],
    )


def state(centre: SimulatedCentre, agent_id: AgentId) -> AgentState:
    return next(row.state for row in centre.acd.agent_summaries() if row.agent_id == agent_id)


def watch(centre: SimulatedCentre) -> None:
    """The router asks every minute what is still there."""
    agents = [Agent(agent_id=agent_id) for agent_id in (ANN, BOB, CYD)]
    centre.acd.apply(ConfigurationSet([queue()], agents, RoutingPolicy(watchdog_s=60.0)))


# Several rung at once


def test_all_are_rung_the_first_to_answer_has_the_caller_and_one_who_declines_ends_only_his_own(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob", "cyd")
        centre.phone("ann").busy_status = 603
        centre.phone("bob").answer_after_s = 3.0
        centre.phone("bob").talk_s = 20.0
        centre.phone("cyd").answer_after_s = 8.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: all(centre.phone(name).seen(InviteReceived) for name in ("ann", "bob", "cyd")))
        await centre.until(lambda: state(centre, BOB) is AgentState.BUSY)
        assert (state(centre, ANN), state(centre, CYD)) == (AgentState.NOT_READY, AgentState.READY)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.agent, cdr.end_reason) == ("bob", "completed")
        ended = {output.agent_id: output.cause for output in centre.acd_outputs if isinstance(output, ReservationEnded)}
        assert ended == {ANN: "declined", CYD: "answered_elsewhere"}
        missed = {row.agent_id: row.missed for row in centre.acd.agent_summaries()}
        assert missed == {ANN: 1, BOB: 0, CYD: 0}

    centre(tmp_path, queue(strategy="ring_all")).run(scenario)


def test_two_who_answer_at_the_same_moment_are_one_conversation(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob", "cyd")
        for name in ("ann", "bob", "cyd"):
            centre.phone(name).answer_after_s = 2.0
            centre.phone(name).talk_s = 20.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: AgentState.BUSY in {state(centre, each) for each in (ANN, BOB, CYD)})
        await centre.sleep(1)
        states = sorted(state(centre, each).value for each in (ANN, BOB, CYD))
        assert states == ["busy", "ready", "ready"]
        await centre.all_over()
        assert sum(row.answered for row in centre.acd.agent_summaries()) == 1

    centre(tmp_path, queue(strategy="ring_all")).run(scenario)


def test_the_caller_hangs_up_while_all_are_rung(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob", "cyd")
        for name in ("ann", "bob", "cyd"):
            centre.phone(name).answer_after_s = None
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: all(centre.phone(name).leg is not None for name in ("ann", "bob", "cyd")))
        caller.hang_up()
        await centre.all_over()
        assert {state(centre, each) for each in (ANN, BOB, CYD)} == {AgentState.READY}
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["abandoned"]

    centre(tmp_path, queue(strategy="ring_all")).run(scenario)


# After a call


async def a_call(centre: SimulatedCentre) -> None:
    """Ann has talked; her wrap-up begins, and the call has its record."""
    await centre.log_in("ann")
    centre.phone("ann").talk_s = 20.0
    centre.caller("+15550123").call(HOTLINE)
    await centre.until(lambda: state(centre, ANN) is AgentState.WRAP_UP)
    await centre.until(lambda: not centre.controller.calls)


def test_what_the_agent_says_after_the_call_is_in_its_record_with_the_wrap_up(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await a_call(centre)
        await centre.sleep(4)
        assert centre.cdrs()[0].disposition == ""
        centre.acd.apply(DispositionSet(ANN, "lost"))
        await centre.sleep(0.1)
        assert centre.cdrs()[0].disposition == "lost"
        centre.acd.apply(DispositionSet(ANN, "sold"))
        centre.acd.apply(WrapUpEnded(ANN))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.disposition, cdr.is_disposition_missing) == ("sold", False)
        assert cdr.wrap_up_s == pytest.approx(4.1, abs=0.3)
        assert cdr.legs, "what was measured meanwhile is there as well"

    centre(tmp_path, queue(wrap_up_s=30.0, dispositions=("sold", "lost"))).run(scenario)


def test_what_the_agent_says_during_the_call_is_in_its_record(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 20.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: state(centre, ANN) is AgentState.BUSY)
        centre.acd.apply(DispositionSet(ANN, "sold"))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.disposition, cdr.wrap_up_s) == ("sold", pytest.approx(10.0, abs=0.1))

    centre(tmp_path, queue(dispositions=("sold", "lost"))).run(scenario)


def test_the_record_says_that_a_required_disposition_was_not_given(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await a_call(centre)
        await centre.sleep(55)
        assert state(centre, ANN) is AgentState.WRAP_UP
        await centre.all_over()
        assert state(centre, ANN) is AgentState.READY
        (cdr,) = centre.cdrs()
        assert (cdr.disposition, cdr.is_disposition_missing) == ("", True)
        assert cdr.wrap_up_s == pytest.approx(60.0, abs=0.1)

    settings = queue(dispositions=("sold",), is_disposition_required=True, wrap_up_max_s=60.0)
    centre(tmp_path, settings).run(scenario)


# What nobody has said is over


def test_calls_that_are_there_are_left_alone_by_the_watchdog(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        watch(centre)
        await centre.log_in("ann", "bob")
        centre.phone("ann").talk_s = 400.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: state(centre, ANN) is AgentState.BUSY)
        centre.phone("cyd").talk_s = 400.0
        await centre.log_in("cyd")
        centre.phone("bob").call("cyd")
        await centre.sleep(390)
        assert state(centre, ANN) is AgentState.BUSY
        await centre.all_over()
        lost = [output for output in centre.acd_outputs if isinstance(output, ContactLost | AgentRepaired)]
        assert lost == []
        assert [round(cdr.talk_s) for cdr in centre.cdrs() if cdr.queue] == [400]

    centre(tmp_path, queue()).run(scenario)


def test_an_agent_who_waits_for_a_contact_no_call_knows_is_free_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        watch(centre)
        await centre.log_in("ann")
        centre.acd.apply(ContactQueued(ContactId("ghost"), QueueId("support")))
        await centre.until(lambda: not centre.acd.contact_summaries(), within_s=130)
        lost = [output.contact_id for output in centre.acd_outputs if isinstance(output, ContactLost)]
        assert lost == ["ghost"]

    centre(tmp_path, queue(max_wait_s=None)).run(scenario)


def test_an_agent_in_a_call_nobody_knows_is_free_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        watch(centre)
        await centre.log_in("ann", "bob")
        centre.acd.apply(AgentBusy(ANN, BusyKind.OUTBOUND))
        centre.lines.taken(BOB, BusyKind.DIRECT_IN)
        await centre.until(lambda: state(centre, ANN) is AgentState.READY, within_s=61)
        await centre.until(lambda: state(centre, BOB) is AgentState.READY, within_s=61)
        repaired = [output.agent_id for output in centre.acd_outputs if isinstance(output, AgentRepaired)]
        assert repaired == [BOB], "of ann's call the switch knew at once that there is none"
        assert not centre.lines.in_use

    centre(tmp_path, queue()).run(scenario)
