"""Transfers that find nobody at the first number: who has transferred is not forgotten on the way to the next."""

from pathlib import Path

import pytest

from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre

SECRET = "Secret-123"


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def second_choice(call: Call) -> None:
    """Carl, or else whoever is at 120."""
    if not (await call.dial("110")).is_answered:
        await call.transfer("120")


@pytest.mark.parametrize("is_there", [False, True])
def test_a_flow_that_sends_a_transferred_caller_further_keeps_his_transferor(tmp_path: Path, is_there: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora", "ann", "bob"):
            assert await centre.phone(name).register() == 200
        carl, dora, ann, bob = (centre.phone(name) for name in ("carl", "dora", "ann", "bob"))
        carl.busy_status = 486
        dora.busy_status = None if is_there else 486
        bob.call("130", password=SECRET)
        await centre.until(lambda: ann.is_answered and bob.is_answered)
        ann.refer("700")
        await centre.sleep(5)
        assert ann.told()[-1] == (200 if is_there else 486)
        assert ann.is_answered == (not is_there)
        assert dora.is_answered == is_there
        (last,) = centre.controller.calls.values()
        assert last.conversation is not None, "nobody is left alone"
        bob.hang_up()
        await centre.all_over()
        assert [cdr.end_reason for cdr in centre.cdrs()].count("completed") == 1
        assert len(centre.cdrs()) == 3

    SimulatedCentre(
        tmp_path,
        flows={"extension": extension, "second_choice": second_choice},
        routes={"1xx": "extension", "700": "second_choice"},
        phones=[
            Extension(username=name, number=number)
            for name, number in (("carl", "110"), ("dora", "120"), ("ann", "130"), ("bob", "140"))
        ],
    ).run(scenario)
