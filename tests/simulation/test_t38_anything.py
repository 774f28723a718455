"""Two machines ask for T.38 and for sound, refuse, hold and take their time, at random: both carry the same in the end,
and nothing is left of it."""

import random
from pathlib import Path

import pytest

from softswitch.testing.network import Conditions
from softswitch.testing.runtime.centre import SimulatedCentre
from tests.simulation.faxing import FaxMachine, connected, simulated

STEPS = 12
QUIET_S = 60.0
"""After that whatever crossed something else has been repeated."""


def step(chance: random.Random, phone: FaxMachine) -> None:
    match chance.randrange(8):
        case 0 | 1:
            phone.offer_image()
        case 2:
            phone.offer_image(before="m=audio 30000 RTP/AVP 8")
        case 3 | 4:
            phone.offer_sound()
        case 5:
            phone.hold(chance.choice(["sendonly", "sendrecv"]))
        case 6:
            phone.press("5")
        case _:
            phone.takes_t38 = chance.choice([True, True, False, 488, 606, 500])
            phone.thinks_s = chance.choice([0.0, 0.0, 0.3, 3.0])


@pytest.mark.parametrize("seed", range(12))
def test_whatever_two_machines_do(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        phones = (caller, machine)
        if seed % 3 == 0:
            centre.network.conditions = Conditions(loss=0.1)
        for _ in range(STEPS):
            step(chance, chance.choice(phones))
            await centre.sleep(chance.choice([0.0, 0.005, 0.015, 0.5, 5.0]))
            if chance.random() < 0.02:
                break
        if all(phone.leg is not None for phone in phones) and chance.random() < 0.8:
            await centre.sleep(QUIET_S)
            calls = list(centre.controller.calls.values())
            if calls and (conversation := calls[0].conversation) is not None:
                has_image = [party.leg.image is not None for party in (conversation.near, conversation.far)]
                assert has_image[0] == has_image[1]
                passage = conversation.fax_passage
                assert (passage is not None and passage.passes) == has_image[0]
                assert len(centre.worker.description.fax_ports) == 2 * has_image[0]
        chance.choice(phones).hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.fault == ""

    simulated(tmp_path).run(scenario)
