"""Who gets into a queue and who has to leave it, with whole calls: closing time, nobody there, full."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.inputs import AgentLoggedIn, AgentLoggedOut
from softswitch.acd.model import Agent, Announcements, Queue, Rescue, ToFlow, WhoWaitsAtClosing
from softswitch.acd.outputs import AnnouncementCut, ContactOverflowed, RescueChanged
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.boosts import BoostRule, number_list
from softswitch.calls.settings import CallSettings, QueueTreatment
from softswitch.dialplan import Call, flow
from softswitch.dialplan.schedule import Schedule, compile_schedule
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived, LegAnswered
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE = "+18005550100"
SUPPORT = QueueId("support")


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)
    if outcome.key:
        call.tag("key", outcome.key)


@flow
async def sorry(call: Call) -> None:
    await call.play("queue/nobody-available")


class Row(msgspec.Struct, frozen=True):
    hours: dict[str, tuple[str, ...]]
    id: str = "office"
    timezone: str = "UTC"
    holidays: dict[str, tuple[str, ...]] = {}


Make = Callable[..., SimulatedCentre]


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(treatment: QueueTreatment | None = None, **queue: object) -> SimulatedCentre:
        schedule = compile_schedule(Row({"daily": ("09:00-22:15",)}))  # the simulation begins at 22:13:20
        assert isinstance(schedule, Schedule)
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            queues={"support": treatment or QueueTreatment()},
        )
        return SimulatedCentre(
            tmp_path,
            flows={"support": support, "sorry": sorry},
            routes={HOTLINE: "support"},
            queues=[Queue(queue_id=SUPPORT, **queue)],  # pyright: ignore[reportArgumentType]
            agents=[Agent(agent_id=AgentId("ann"))],
            schedules={"office": schedule},
            settings=settings,
        )

    return make


def played(centre: SimulatedCentre, name: str) -> int:
    return sum(isinstance(command, StartPlay) and name in command.playback.sounds for command in centre.media_commands)


@pytest.mark.parametrize(
    ("at_closing", "reasons", "prompts"),
    [("finish", ["answered"] * 2, 0), ("announce", ["closed"] * 2, 2), ("overflow", ["overflowed"] * 2, 0)],
)
def test_closing_time_with_callers_waiting(
    centre: Make, at_closing: WhoWaitsAtClosing, reasons: list[str], prompts: int
) -> None:
    treatment = QueueTreatment(hours="office", at_closing=at_closing)

    async def scenario(centre: SimulatedCentre) -> None:
        callers = [centre.caller(f"+1555012{number}") for number in range(2)]
        for caller in callers:
            caller.call(HOTLINE)
        await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 2)
        await centre.sleep(99 - (centre.clock.now() - 1000))
        assert centre.acd.queue_summaries()[0].is_open
        await centre.sleep(1.01)
        row = centre.acd.queue_summaries()[0]
        assert (row.is_open, row.closed_for) == (False, "hours")
        assert row.waiting == (2 if at_closing == "finish" else 0)
        late = centre.caller("+15550199")
        late.call(HOTLINE)
        await centre.until(lambda: len(centre.cdrs()) >= 1)
        if at_closing == "finish":
            centre.phone("ann").talk_s = 5.0
            await centre.log_in("ann")
        await centre.all_over()
        by_caller = {cdr.calling_number: cdr.tags.get("reason") for cdr in centre.cdrs()}
        assert [by_caller[f"+1555012{number}"] for number in range(2)] == reasons
        assert by_caller["+15550199"] == ("overflowed" if at_closing == "overflow" else "closed")
        assert played(centre, "greeting/closed") == prompts

    overflow = ToFlow("sorry")
    queue = {"overflows": {"closed": overflow}} if at_closing == "overflow" else {}
    centre(treatment, **queue).run(scenario)


def test_a_fire_alarm_by_command(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 1)
        centre.hours.close(SUPPORT, "fire alarm", "announce", "otto")
        await centre.all_over()
        assert centre.cdrs()[0].tags == {"reason": "closed"}
        assert centre.cdrs()[0].end_reason == "overflowed"
        centre.hours.open(SUPPORT, "otto")
        assert centre.acd.queue_summaries()[0].is_open

    centre().run(scenario)


def test_all_agents_log_out_while_five_wait_and_each_leaves_once(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 1000.0
        for number in range(6):
            centre.caller(f"+1555012{number}").call(HOTLINE)
        await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 5)
        centre.acd.apply(AgentLoggedOut(AgentId("ann")))
        left = [output for output in centre.acd_outputs if isinstance(output, ContactOverflowed)]
        assert len(left) == len({output.contact_id for output in left}) == 5
        await centre.until(lambda: len(centre.cdrs()) == 5)
        assert {cdr.tags["reason"] for cdr in centre.cdrs()} == {"overflowed"}
        assert played(centre, "queue/nobody-available") == 5
        centre.phone("ann").hang_up()
        await centre.all_over()
        row = centre.acd.queue_summaries()[0]
        assert row.offered == 6 == row.answered + row.overflowed

    centre(leave_when_empty=("invalid",), overflows={"empty": ToFlow("sorry")}).run(scenario)


# Leaving by key, and what is said meanwhile


def test_a_caller_leaves_by_key_for_a_flow_and_for_his_own(centre: Make) -> None:
    treatment = QueueTreatment(exit_keys={"1": ToFlow("sorry"), "*": None})

    async def scenario(centre: SimulatedCentre) -> None:
        for number, key in enumerate("15*"):
            caller = centre.caller(f"+1555012{number}")
            caller.call(HOTLINE)
            await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 1)
            await centre.until(lambda caller=caller: bool(caller.seen(LegAnswered)))
            caller.press(key)
            await centre.sleep(1.0)
            if key == "5":
                assert centre.acd.queue_summaries()[0].waiting == 1, "the key leads nowhere"
                caller.hang_up()
            await centre.until(lambda: not centre.controller.calls)
        await centre.all_over()
        tags = {cdr.calling_number: cdr.tags for cdr in centre.cdrs()}
        assert tags["+15550120"] == {"reason": "exited", "key": "1"}
        assert tags["+15550121"] == {}
        assert tags["+15550122"] == {"reason": "exited", "key": "*"}
        assert played(centre, "queue/nobody-available") == 1
        row = centre.acd.queue_summaries()[0]
        assert (row.offered, row.withdrawn, row.abandoned) == (3, 2, 1)

    centre(treatment).run(scenario)


def test_announcements_follow_each_other_and_are_cut_when_an_agent_is_free(centre: Make) -> None:
    announcements = Announcements(first_after_s=5.0, every_s=0.0, texts=("queue/please-hold",), texts_every_s=5.0)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(played(centre, "position 1")))
        began_at = centre.clock.now()
        assert not played(centre, "queue/please-hold"), "the text waits for the end of the announcement"
        await centre.until(lambda: bool(played(centre, "queue/please-hold")))
        assert centre.clock.now() - began_at == pytest.approx(2.0, abs=0.05)
        assert await centre.phone("ann").register() == 200
        centre.acd.apply(AgentLoggedIn(AgentId("ann")))
        reserved_at = centre.clock.now()
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        assert centre.clock.now() - reserved_at < 0.05, "nobody waits for the end of a prompt"
        assert any(isinstance(output, AnnouncementCut) for output in centre.acd_outputs)
        caller.hang_up()
        await centre.all_over()

    centre(announcements=announcements).run(scenario)


# Who comes earlier


def test_a_dropped_caller_has_his_place_back_and_an_important_one_comes_earlier(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.settings = msgspec.structs.replace(
            centre.settings, boosts=(BoostRule(boost_s=30.0, callers=number_list(["+44!"])),)
        )
        first, second = centre.caller("+15550121"), centre.caller("+15550122")
        first.call(HOTLINE)
        await centre.sleep(10)
        second.call(HOTLINE)
        await centre.sleep(10)
        first.hang_up()
        await centre.sleep(20)
        centre.caller("+442079460000").call(HOTLINE)
        await centre.sleep(5)
        first.call(HOTLINE)
        await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 3)
        numbers = {call.call_id: call.record.calling_number for call in centre.controller.calls.values()}
        order = [numbers[CallId(row.contact_id)] for row in centre.acd.contact_summaries()]
        assert order == ["+15550121", "+15550122", "+442079460000"]
        await centre.sleep(1)
        assert centre.acd.contact_summaries()[0].wait_s < 2.0

    centre(keep_place_s=60.0).run(scenario)


# Service level rescue


def test_the_reserve_is_rung_when_the_level_falls_and_not_any_more_when_it_is_over(centre: Make) -> None:
    rescue = Rescue(below=0.8, until=0.9, window_s=120.0, hold_s=30.0, judged_min=2, agents=(AgentId("ann"),))

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        ann = centre.phone("ann")
        ann.talk_s = 5.0
        callers = [centre.caller(f"+1555012{number}") for number in range(3)]
        for caller in callers[:2]:
            caller.call(HOTLINE)
        await centre.sleep(19.0)
        assert not ann.seen(InviteReceived), "the reserve has nothing to do with the queue"
        await centre.until(lambda: bool(ann.seen(InviteReceived)), within_s=2.0)
        assert centre.acd.queue_summaries()[0].is_rescued
        await centre.until(lambda: len(centre.cdrs()) == 2)
        await centre.sleep(150.0)
        assert not centre.acd.queue_summaries()[0].is_rescued
        callers[2].call(HOTLINE)
        await centre.sleep(10.0)
        assert len(ann.seen(InviteReceived)) == 2
        callers[2].hang_up()
        await centre.all_over()
        told = [output.is_on for output in centre.acd_outputs if isinstance(output, RescueChanged)]
        assert told == [True, False]

    centre(rescue=rescue).run(scenario)
