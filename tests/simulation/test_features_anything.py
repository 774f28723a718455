"""Forwards, star codes, pickup, parking, transfers by phone and by key, failing trunks, limits and reloads, all at once
and in any order.

Invariant: no event is a fault of ours, every call has one record, of trunks, limits, lines and slots nothing stays
taken, and no call leaves for a trunk without somebody who may.
"""

from contextlib import suppress
from pathlib import Path
from random import Random

import msgspec
import pytest
import structlog.testing

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, LegId, QueueId
from softswitch.calls.forwarding import REASONS, with_forward
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.settings import CallSettings, Extension, RingGroup, TrunkRoute
from softswitch.calls.toll_policy import TollRules
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.sip.settings import TrunkPeer
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.selection import OutboundRoute
from softswitch.store.schema import Cdr
from softswitch.testing.runtime.centre import TRUNK_NETWORKS, SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

DIALPLANS = Path(__file__).parents[2] / "dialplans"
STEPS = 150
OUTSIDE = "+4420"
NAMES = ("ann", "bob", "carl", "dora")
NUMBERS = {"ann": "101", "bob": "102", "carl": "103", "dora": "104"}
PERMITTED = {"ann", "bob", "101", "102"}
TARGETS = (
    *NUMBERS.values(),
    OUTSIDE,
    "100",
    "700",
    "701",
    "702",
    "**101",
    "**103",
    "*8",
    "*80102",
    "*21*102#",
    "#002#",
)
TARGETS_FROM_OUTSIDE = ("100", "101", "102", "600", "700", "*21*+4420#")


@flow
async def extension(call: Call) -> None:
    outcome = await call.dial(call.called_number, ring_s=8)
    if not outcome.is_answered and call.called_number == "103":
        await call.transfer("104")


@flow
async def support(call: Call) -> None:
    await call.queue("support")


class Chaos:
    """One thing after another happens to the centre."""

    def __init__(self, centre: SimulatedCentre, random: Random) -> None:
        self.centre = centre
        self.random = random
        self.callers = 0
        self.seen: set[CallId] = set()
        self.consultations: list[tuple[SimulatedPhone, LegId, LegId]] = []

    async def step(self) -> None:
        self.seen |= self.centre.controller.calls.keys()
        for name in NAMES:
            phone = self.centre.phone(name)
            phone.answer_after_s = self.random.choice([0.0, 0.5, 3.0, None])
            phone.busy_status = self.random.choice([None, None, None, 486, 603, 480])
            phone.redirect_to = self.random.choice([None] * 6 + [f"sip:{OUTSIDE}@x", "sip:104@x"])
        for provider in ("first", "second"):
            phone = self.centre.phones[provider]
            phone.answer_after_s = self.random.choice([0.0, 1.0, None])
            phone.busy_status = self.random.choice([None, None, 503, 486])
        match self.random.randrange(10):
            case 0 | 1 if len(self.centre.controller.calls) < 5:
                self.callers += 1
                self.centre.caller(f"+1555{self.callers:04}").call(self.random.choice(TARGETS_FROM_OUTSIDE))
            case 2 | 3 if len(self.centre.controller.calls) < 5:
                phone = self.centre.phone(self.random.choice(NAMES))
                if phone.leg is None:
                    phone.call(self.random.choice(TARGETS), password="Secret-123")
            case 4:
                self.choose()
            case 5:
                for call in list(self.centre.controller.calls.values()):
                    if self.random.random() < 0.3:
                        with suppress(LocalError):
                            transfer_by_command(call, self.random.choice(TARGETS))
            case 6 if self.random.random() < 0.3:
                self.reload()
            case _:
                self.somebody()
        if self.random.random() < 0.7:
            await self.centre.sleep(self.random.choice([0.0, 0.01, 0.05, 0.5, 4.0, 11.0]))
        self.seen |= self.centre.controller.calls.keys()

    def choose(self) -> None:
        """An owner forwards his calls, or wants none."""
        settings = self.centre.phone_settings
        chosen = settings.of(self.random.choice(NAMES))
        target = self.random.choice(["", "", OUTSIDE, *NUMBERS.values()])
        chosen = with_forward(chosen, self.random.choice(REASONS), target, self.random.choice([None, 2.0]))
        settings.set(msgspec.structs.replace(chosen, do_not_disturb=self.random.random() < 0.1))

    def reload(self) -> None:
        """An extension or a trunk goes, or comes back."""
        gone, lost = self.random.choice([*NAMES, ""]), self.random.choice(["first", "second", "", ""])
        self.centre.settings = msgspec.structs.replace(
            self.everything,
            extensions={name: each for name, each in self.everything.extensions.items() if name != gone},
            trunks=tuple(each for each in self.everything.trunks if each.name != lost),
        )
        self.centre.controller.settings_changed()

    def somebody(self) -> None:
        talking = [phone for phone in self.centre.phones.values() if phone.leg is not None and phone.is_answered]
        if not talking:
            return
        phone: SimulatedPhone = self.random.choice(talking)
        match self.random.randrange(10):
            case 8 | 9:
                keys = self.random.choice(
                    ["*3102#", "*3103#", "*3100#", "*3", "*1", "*2", "*3", "*4", "*2104#", "*", "5"]
                )
                for key in keys:
                    phone.press(key)
            case 0 | 1:
                phone.hang_up()
            case 2 if phone.name in NAMES:
                first = phone.leg
                second = phone.call(self.random.choice(TARGETS), password="Secret-123")
                phone.leg = first
                assert first is not None
                self.consultations.append((phone, first, second))
            case 3 | 4 if self.consultations:
                phone, first, second = self.consultations.pop(self.random.randrange(len(self.consultations)))
                with suppress(LocalError):  # one of the two is over, or not answered
                    phone.refer("110", leg=first, replaces=second)
            case 5 | 6:
                phone.refer(self.random.choice(TARGETS))
                if self.random.random() < 0.5:
                    phone.hang_up()
            case _:
                phone.hold(self.random.choice(["sendonly", "sendrecv"]))

    async def run(self) -> None:
        centre = self.centre
        self.everything = centre.settings
        for name in ("first", "second"):
            centre.caller(name)
        await centre.log_in("eve")
        for name in NAMES:
            assert await centre.phone(name).register() == 200
        for _ in range(STEPS):
            await self.step()
        await centre.sleep(3)
        self.seen |= centre.controller.calls.keys()
        for call in list(centre.controller.calls.values()):
            call.hang_up_from_outside("the end of the test")
        await centre.all_over()
        self.check()

    def who_had_a_hand_in(self, cdr: Cdr) -> set[str]:
        """Of this call and those it came from: callers, and who transferred or forwarded them."""
        by_id = {each.call_id: each for each in self.centre.cdrs()}
        chain, left = {cdr.call_id}, [cdr.call_id]
        while left:
            linked = set(by_id[left.pop()].linked_calls) - chain
            chain |= linked
            left += linked
        records = [by_id[call_id] for call_id in chain]
        return {name for each in records for name in (each.calling_number, each.transferred_by)} | {
            forward.by for each in records for forward in each.forwards
        }

    def check(self) -> None:
        centre = self.centre
        records = centre.cdrs()
        assert len({cdr.call_id for cdr in records}) == len(records)
        assert self.seen <= {cdr.call_id for cdr in records}
        assert not list(centre.store.active_calls.ascending())
        for summary in centre.endpoint.trunks.summaries(centre.clock.now()):
            assert (summary.used_in, summary.used_out) == (0, 0), summary.name
        assert centre.toll.used()
        assert all(calls_now == 0 for _, calls_now in centre.toll.used())
        for cdr in records:
            assert cdr.ended_at >= cdr.started_at
            assert not cdr.trunks or self.who_had_a_hand_in(cdr) & PERMITTED, "nobody reaches a trunk by nobody's right"
        agents = {agent.agent_id: agent.state for agent in centre.acd.agent_summaries()}
        assert agents[AgentId("eve")] in (AgentState.READY, AgentState.NOT_READY)


def everything(directory: Path, seed: int, *, outlives: bool = False) -> SimulatedCentre:
    """A centre with all features; with `outlives` its switch may be killed."""
    shipped, _ = load_flows([DIALPLANS])
    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(directory),
        trunks=(TrunkRoute(name="first", host="10.0.9.1"), TrunkRoute(name="second", host="10.0.9.2")),
        outbound=(OutboundRoute(number="+!", trunks=("first", "second")),),
        groups={"desk": RingGroup(name="desk", number="600", members=("ann", "bob"), strategy="serial", each_s=3.0)},
        parking_slots=("701", "702"),
        parking_s=6.0,
        toll={"trunk:first": TollRules(calls_max=3), "phone:bob": TollRules(calls_max=2, calls_per_day=40)},
    )
    trunks = frozenset({"first", "second"})
    return SimulatedCentre(
        directory,
        flows={**shipped, "extension": extension, "support": support},
        routes={
            "10x": "extension",
            "600": "extension",
            "100": "support",
            "+!": "extension",
            "*!": "star_codes",
            "#!": "star_codes",
            "700": "park",
            "7xx": "retrieve",
        },
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=1.0)],
        agents=[Agent(agent_id=AgentId("eve"))],
        phones=[
            Extension(
                username=name,
                number=number,
                trunks=trunks if name in ("ann", "bob") else frozenset(),
                pickup_groups=frozenset({"office"}),
                call_waiting=name != "dora",
                intercom=True,
                call_keys=name != "dora",
            )
            for name, number in NUMBERS.items()
        ],
        settings=settings,
        peers=(
            TrunkPeer(name="first", addresses=TRUNK_NETWORKS, capacity=CapacitySettings(both_max=6, out_max=2)),
            TrunkPeer(name="second", capacity=CapacitySettings(out_max=2)),
        ),
        seed=seed,
        workers=1 + seed % 2,
        outlives=outlives,
    )


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_combined_nothing_stays_taken(tmp_path: Path, seed: int) -> None:
    with structlog.testing.capture_logs() as logs:
        everything(tmp_path, seed).run(lambda centre: Chaos(centre, Random(seed)).run())
    assert not [each for each in logs if "not taken" in each["event"] or "Traceback" in str(each.get("fault", ""))]
