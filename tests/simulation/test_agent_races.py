"""Agents who are alerted or connected in the same instant in which something else happens."""

from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedIn, ReservationFailed
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import AgentReserved
from softswitch.acd.summaries import AgentSummary
from softswitch.base.ids import AgentId, QueueId
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, SipOutput
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE = "+18005550100"


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def line(call: Call) -> None:
    await call.agent_line()


def centre(tmp_path: Path, *agents: str, workers: int = 1, **queue: object) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"support": support, "line": line},
        routes={HOTLINE: "support", "*88": "line"},
        queues=[Queue(**{"queue_id": QueueId("support"), "wrap_up_s": 0.0, **queue})],  # pyright: ignore[reportArgumentType]
        agents=[Agent(agent_id=AgentId(name)) for name in agents],
        workers=workers,
    )


def agent(centre: SimulatedCentre, name: str) -> AgentSummary:
    return next(each for each in centre.acd.agent_summaries() if each.agent_id == name)


async def open_lines(centre: SimulatedCentre, *names: str) -> None:
    for name in names:
        centre.phone(name).call("*88", password="Secret-123")
        await centre.until(lambda name=name: agent(centre, name).state is AgentState.READY)


def talking(centre: SimulatedCentre) -> int:
    return sum(call.conversation is not None for call in centre.controller.calls.values())


def test_the_next_caller_comes_in_the_same_instant_in_which_the_last_one_leaves(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await open_lines(centre, "ann")
        callers = [centre.caller(number) for number in ("+15550101", "+15550102", "+15550103")]
        for caller in callers:
            caller.call(HOTLINE)
        for caller in callers:
            await centre.until(lambda: talking(centre) == 1)
            await centre.sleep(3)
            assert talking(centre) == 1
            caller.hang_up()
            await centre.sleep(0.5)
        assert agent(centre, "ann").state is AgentState.READY
        centre.phone("ann").hang_up()
        await centre.all_over()
        assert [cdr.agent for cdr in centre.cdrs() if cdr.queue] == ["ann"] * 3

    centre(tmp_path, "ann").run(scenario)


@pytest.mark.parametrize("workers", [1, 2])
def test_two_callers_at_once_and_all_lines_alerted_for_each(tmp_path: Path, workers: int) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await open_lines(centre, "ann", "bob")
        callers = [centre.caller(number) for number in ("+15550101", "+15550102")]
        for caller in callers:
            caller.call(HOTLINE)
        await centre.until(lambda: talking(centre) == 2, within_s=5)
        assert {agent(centre, name).state for name in ("ann", "bob")} == {AgentState.BUSY}
        for caller in callers:
            caller.hang_up()
        await centre.sleep(1)
        assert [agent(centre, name).state for name in ("ann", "bob")] == [AgentState.READY] * 2
        for name in ("ann", "bob"):
            assert not centre.phone(name).seen(LegEnded)
            centre.phone(name).hang_up()
        await centre.all_over()
        assert all(not cdr.fault for cdr in centre.cdrs())

    centre(tmp_path, "ann", "bob", workers=workers, strategy="ring_all").run(scenario)


def test_a_caller_who_hangs_up_while_the_agent_is_brought_is_no_fault_of_the_agents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await open_lines(centre, "ann")
        caller = centre.caller("+15550101")
        open_stream, opened = centre.media.open_stream, 0

        async def open_second_slowly(*args: object, **kwargs: object) -> object:
            nonlocal opened
            opened += 1
            if opened == 2:
                caller.hang_up()
                await centre.sleep(0.5)
            return await open_stream(*args, **kwargs)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(centre.media, "open_stream", open_second_slowly)
        caller.call(HOTLINE)
        await centre.sleep(3)
        assert opened == 2, "the agent's line is on another worker"
        ann = agent(centre, "ann")
        assert (ann.state, ann.reason) == (AgentState.READY, "")
        centre.phone("ann").hang_up()
        await centre.all_over()

    centre(tmp_path, "ann", workers=2).run(scenario)


def test_who_logs_in_otherwise_while_his_line_is_open_stays_there(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await open_lines(centre, "ann")
        centre.acd.apply(AgentLoggedIn(AgentId("ann")))
        caller = centre.caller("+15550101")
        caller.call(HOTLINE)
        await centre.until(lambda: talking(centre) == 1)
        assert not centre.phone("ann").seen(InviteReceived)
        caller.hang_up()
        centre.phone("ann").hang_up()
        await centre.all_over()

    centre(tmp_path, "ann").run(scenario)


def test_of_two_who_answer_at_once_the_second_has_the_caller_if_the_first_was_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob")
        receive, answers = centre.controller.receive_sip, list[LegAnswered]()

        def both_at_once(event: SipOutput) -> None:
            if not isinstance(event, LegAnswered):
                receive(event)
                return
            answers.append(event)
            if len(answers) == 2:
                for answer in answers:
                    receive(answer)
                first = next(output for output in centre.acd_outputs if isinstance(output, AgentReserved))
                centre.acd.apply(ReservationFailed(first.reservation_id, "no_answer"))

        monkeypatch.setattr(centre.controller, "receive_sip", both_at_once)
        caller = centre.caller("+15550101")
        caller.call(HOTLINE)
        await centre.until(lambda: talking(centre) == 1, within_s=5)
        assert agent(centre, "bob").state is AgentState.BUSY
        caller.hang_up()
        await centre.all_over()

    centre(tmp_path, "ann", "bob", strategy="ring_all").run(scenario)
