"""What goes over the wire for a fax by T.38, between a provider's machine and one of ours; see tests/golden/ladders.

`SOFTSWITCH_GOLDEN=write pytest tests/simulation/test_t38_ladders.py` writes them anew; read the difference.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.testing.ladder import render_ladder
from softswitch.testing.runtime.centre import SimulatedCentre
from tests.simulation.faxing import FaxMachine, connected, simulated

GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"


async def accepted(centre: SimulatedCentre, caller: FaxMachine, machine: FaxMachine) -> None:
    machine.offer_image()
    await centre.sleep(2)
    caller.offer_sound()
    await centre.sleep(2)


async def refused(centre: SimulatedCentre, caller: FaxMachine, machine: FaxMachine) -> None:
    caller.takes_t38 = 488
    machine.offer_image()
    await centre.sleep(2)


async def declined(centre: SimulatedCentre, caller: FaxMachine, machine: FaxMachine) -> None:
    """The machine that is asked accepts it with a port of 0."""
    caller.takes_t38 = False
    machine.offer_image()
    await centre.sleep(2)


async def both_ask(centre: SimulatedCentre, caller: FaxMachine, machine: FaxMachine) -> None:
    caller.offer_image()
    machine.offer_image()
    await centre.sleep(10)


async def thinking(centre: SimulatedCentre, caller: FaxMachine, machine: FaxMachine) -> None:
    """The machine that is asked takes three seconds; nobody need send anything again."""
    caller.thinks_s = 3.0
    machine.offer_image()
    await centre.sleep(4)


Scene = Callable[[SimulatedCentre, FaxMachine, FaxMachine], Awaitable[None]]
SCENES: dict[str, Scene] = {each.__name__: each for each in (accepted, refused, declined, both_ask, thinking)}


@pytest.mark.parametrize("name", SCENES)
def test_t38(tmp_path: Path, name: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        transcript = centre.network.transcript
        transcript.clear()
        began = centre.clock.now()
        await SCENES[name](centre, caller, machine)
        caller.hang_up()
        await centre.all_over()
        ladder = render_ladder(transcript, began)
        path = GOLDEN / f"t38_{name}.txt"
        if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
            path.write_text(ladder)
        assert ladder == path.read_text()

    simulated(tmp_path).run(scenario)
