"""Why a call ended: what one side says is told to the other, and stands in the record."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent
from softswitch.base.ids import AgentId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import LegEnded, LegFailed
from softswitch.store.schema import Cdr
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone


@flow
async def sales(call: Call) -> None:
    outcome = await call.dial("101")
    if not outcome.is_answered:
        await call.reject(outcome.refusal_status)


def run(directory: Path, scenario: Callable[[SimulatedCentre, SimulatedPhone, SimulatedPhone], Awaitable[None]]) -> Cdr:
    centre = SimulatedCentre(
        directory,
        flows={"sales": sales},
        routes={"600": "sales"},
        agents=[Agent(agent_id=AgentId("dora"))],
        phones=[Extension(username="ann", number="101")],
    )

    async def prepared(centre: SimulatedCentre) -> None:
        ann, caller = centre.phone("ann"), centre.caller("+15550123")
        assert await ann.register() == 200
        await scenario(centre, caller, ann)
        await centre.all_over()

    centre.run(prepared)
    (cdr,) = centre.cdrs()
    return cdr


@pytest.mark.parametrize(
    ("status", "refused_with", "cause"),
    [(486, 486, 17), (600, 486, 17), (603, 603, 21), (480, 480, 18), (404, 404, 1), (410, 410, 22), (488, 488, 65),
     (401, 480, 21), (302, 480, 31), (500, 480, 41), (503, 480, 41)],
)  # fmt: skip
def test_whoever_cannot_be_reached_is_named_to_the_caller(
    tmp_path: Path, status: int, refused_with: int, cause: int
) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone, ann: SimulatedPhone) -> None:
        ann.busy_status = status
        caller.call("600")
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        (failed,) = caller.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert (failed.status, failed.cause) == (refused_with, cause)

    cdr = run(tmp_path, scenario)
    assert (cdr.sip_status, cdr.cause) == (refused_with, cause)


@pytest.mark.parametrize(
    ("status", "cause", "refused_with"),
    [(480, 17, 486), (503, 17, 486), (500, 21, 603), (503, 34, 480), (404, 17, 404)],
)
def test_a_gateway_that_says_it_in_the_reason_is_understood(
    tmp_path: Path, status: int, cause: int, refused_with: int
) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone, ann: SimulatedPhone) -> None:
        ann.answer_after_s = None
        caller.call("600")
        await centre.until(lambda: ann.leg is not None)
        assert ann.leg is not None
        ann.endpoint.reject(ann.leg, status, headers=[("reason", f"Q.850;cause={cause}")], now=centre.clock.now())
        centre.flush()
        await centre.until(lambda: bool(caller.seen(LegFailed)))

    cdr = run(tmp_path, scenario)
    assert (cdr.sip_status, cdr.cause) == (refused_with, cause)


def hang_up(centre: SimulatedCentre, phone: SimulatedPhone, reason: str) -> None:
    assert phone.leg is not None
    phone.endpoint.hang_up(phone.leg, centre.clock.now(), reason=reason)
    centre.flush()


def test_why_the_called_party_hangs_up_reaches_the_caller(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone, ann: SimulatedPhone) -> None:
        caller.call("600")
        await centre.until(lambda: caller.is_answered)
        hang_up(centre, ann, 'Q.850;cause=38;text="secret of 10.1.2.3"')
        await centre.until(lambda: bool(caller.seen(LegEnded)))
        (ended,) = caller.seen(LegEnded)
        assert isinstance(ended, LegEnded)
        assert (ended.reason, ended.cause) == ("Network out of order", 38)

    cdr = run(tmp_path, scenario)
    assert (cdr.ended_by, cdr.cause, cdr.cause_text) == ("agent", 38, "Network out of order")


def test_why_the_caller_hangs_up_reaches_the_called_party(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone, ann: SimulatedPhone) -> None:
        caller.call("600")
        await centre.until(lambda: caller.is_answered)
        hang_up(centre, caller, "Q.850;cause=41")
        await centre.until(lambda: bool(ann.seen(LegEnded)))
        (ended,) = ann.seen(LegEnded)
        assert isinstance(ended, LegEnded)
        assert (ended.reason, ended.cause) == ("Temporary failure", 41)

    cdr = run(tmp_path, scenario)
    assert (cdr.ended_by, cdr.cause) == ("caller", 41)


def test_an_ordinary_end_is_said_in_the_record_alone(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone, ann: SimulatedPhone) -> None:
        caller.call("600")
        await centre.until(lambda: caller.is_answered)
        caller.hang_up()
        await centre.until(lambda: bool(ann.seen(LegEnded)))
        (ended,) = ann.seen(LegEnded)
        assert isinstance(ended, LegEnded)
        assert (ended.reason, ended.cause) == ("bye", 0)

    assert run(tmp_path, scenario).cause == 16
