"""The switch process is killed again and again, at moments of a seed's choosing, while callers do what they like.

Invariants: each call has one record, none of which says that a flow was lost; the flow of each has done everything
once; and when the calls are over nothing is left of them.
"""

from collections.abc import Awaitable
from pathlib import Path
from random import Random

import pytest
import structlog.testing

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.caller_lists import CallerList
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

STEPS = 100
NUMBERS = ("600", "600", "600", "110", "111", "700", "800")


def note(call: Call, what: str) -> None:
    """In the call's variables, which grow by it: what was done twice is there twice."""
    call.variables["done"] = f"{call.variables.get('done', '')} {what}".strip()
    call.tag("done", call.variables["done"])


@flow
async def hotline(call: Call) -> None:
    await call.play("welcome")
    note(call, "welcome")
    choice = await call.menu("menu", digits="12", default="1")
    note(call, f"menu{choice.digit}")
    if choice.digit == "2":
        outcome = await call.dial("110", ring_s=8.0, limit_s=20.0, warn_s=5.0)
        note(call, f"dial-{outcome.reason.value}")
    outcome = await call.queue("support", boost_s=float(choice.digit))
    note(call, f"queue-{outcome.reason.value}")
    score = await call.survey("satisfaction")
    note(call, f"score{score}")
    await call.voicemail("110", greeting="none")
    note(call, "message")


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number, ring_s=6.0)
    note(call, outcome.reason.value)
    if not outcome.is_answered:
        await call.voicemail("110")
        note(call, "message")


@flow
async def parks(call: Call) -> None:
    outcome = await call.park(timeout_s=10.0)
    note(call, f"parked-{outcome.reason.value}")
    await call.pause(3.0)
    note(call, "paused")


@flow
async def records(call: Call) -> None:
    await call.start_recording()
    taken = await call.record(limit_s=8.0)
    note(call, f"recorded{taken.ended_by}")
    await call.enlist("seen", note=call.id)
    note(call, "listed")


class Chaos:
    def __init__(self, centre: SimulatedCentre, random: Random) -> None:
        self.centre = centre
        self.random = random
        self.callers = 0

    async def step(self) -> None:
        chance = self.random.random()
        if chance < 0.2 and len(self.centre.controller.calls) < 8:
            self.callers += 1
            self.centre.caller(f"+1555{self.callers:04}").call(self.random.choice(NUMBERS))
        elif chance < 0.3:
            await self.restart()
        else:
            self.somebody()
        if self.random.random() < 0.8:
            await self.centre.sleep(self.random.choice([0.05, 0.5, 2.0, 5.0]))

    async def restart(self) -> None:
        """What was done in the last moments before a death may be forgotten, and is none of this test's."""
        await self.centre.sleep(0.1)
        await self.centre.restart(away_s=self.random.choice([0.05, 0.3, 1.2]))

    def somebody(self) -> None:
        talking = [phone for phone in self.centre.phones.values() if phone.leg is not None and phone.is_answered]
        if not talking:
            return
        phone: SimulatedPhone = self.random.choice(talking)
        match self.random.randrange(10):
            case 0:
                phone.hang_up()
            case 1:
                phone.hold(self.random.choice(["sendonly", "sendrecv"]))
            case _:
                phone.press(self.random.choice("12345#"))


@pytest.mark.parametrize("seed", range(6))
def test_calls_and_flows_go_on_whenever_it_dies(tmp_path: Path, seed: int) -> None:
    def scenario(centre: SimulatedCentre) -> Awaitable[None]:
        return _anything(centre, Random(seed))

    with structlog.testing.capture_logs() as logs:
        SimulatedCentre(
            tmp_path,
            flows={"hotline": hotline, "colleague": colleague, "parks": parks, "records": records},
            routes={"600": "hotline", "11x": "colleague", "700": "parks", "800": "records"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=2.0)],
            agents=[Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))],
            phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path / "recordings"),
                voicemail_directory=str(tmp_path / "voicemail"),
                caller_lists={"seen": CallerList(name="seen")},
                parking_slots=("701", "702", "703"),
                voice_boxes={"carl": VoiceBox(box="carl", number="110", owner="carl", pin="4711")},
            ),
            seed=seed,
            workers=1 + seed % 2,
            outlives=True,
        ).run(scenario)
    ours = ("not taken", "not adopted", "not kept", "not resumed", "not read", "conversation lost")
    assert not [each for each in logs if any(word in each["event"] for word in ours)]


async def _anything(centre: SimulatedCentre, random: Random) -> None:
    centre.has_lost_words = True
    await centre.log_in("ann", "bob")
    for name in ("carl", "dora"):
        phone = centre.phone(name)
        assert await phone.register() == 200
        phone.answer_after_s = random.choice([0.5, 3.0])
    chaos = Chaos(centre, random)
    for _ in range(STEPS):
        await chaos.step()
    for phone in list(centre.phones.values()):
        phone.hang_up()
    await centre.all_over()
    cdrs = centre.cdrs()
    assert len(cdrs) == len({cdr.call_id for cdr in cdrs}) == chaos.callers
    assert not [cdr.fault for cdr in cdrs if cdr.fault]
    assert not [cdr.end_reason for cdr in cdrs if cdr.end_reason == "switch restarted"]
    for cdr in cdrs:
        done = cdr.tags.get("done", "").split()
        assert len(done) == len(set(done)), (cdr.call_id, done)
