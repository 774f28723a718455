"""What programs outside are told of whole calls: every kind of event, in order, with what it says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.acd.inputs import ContactQueued
from softswitch.acd.model import Agent, Channel, Queue
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.calls.callback_book import CallbackTerms, CallbackWish
from softswitch.calls.outcomes import LookupAnswer
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.settings import CallSettings, Extension, Project, QueueTreatment, TrunkRoute
from softswitch.calls.told.call_events import (
    CallAnswered,
    CallBegan,
    CallBridged,
    CallEnded,
    CallHeld,
    CallParked,
    CallParted,
    CallResumed,
    CallRetrieved,
    CallRinging,
    CallTransferred,
    ConferenceJoined,
    ConferenceLeft,
    RecordingEnded,
    RecordingStarted,
    ScreenPop,
)
from softswitch.calls.told.events import CallbackChanged, PhoneRegistered, PhoneUnregistered, TrunkDown, kind_of
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, TrunkChanged
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN
from tests.simulation.conferring import ConferenceCentre, board

HOTLINE, CALLER = "+18005550100", "+15550123"
SUPPORT, ANN = QueueId("support"), AgentId("ann")
Make = Callable[..., SimulatedCentre]


@flow
async def hotline(call: Call) -> None:
    await call.answer()
    known = await call.look_up("crm")
    call.variables["customer"] = known.text("id")
    call.tag("language", "en")
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def hold_the_line(call: Call) -> None:
    await call.park("701", timeout_s=30)


@flow
async def fetch(call: Call) -> None:
    await call.retrieve(call.called_number)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(**changes: object) -> SimulatedCentre:
        settings = CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            queues={SUPPORT: QueueTreatment(project="acme", callbacks=CallbackTerms(retry_s=600.0))},
            projects={"acme": Project(id="acme")},
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            parking_slots=("701",),
        )
        whole: dict[str, object] = {
            "flows": {each.__name__: each for each in (hotline, colleague, hold_the_line, fetch)},
            "routes": {HOTLINE: "hotline", "10x": "colleague", "700": "hold_the_line", "701": "fetch"},
            "queues": [Queue(queue_id=SUPPORT, wrap_up_s=1.0, project="acme")],
            "agents": [Agent(agent_id=ANN)],
            "phones": [
                Extension(username="bob", number="101"),
                Extension(username="carl", number="102", trunks=frozenset({"provider"})),
            ],
            "settings": settings,
        }
        return SimulatedCentre(tmp_path, **{**whole, **changes})  # pyright: ignore[reportArgumentType]

    return make


def kinds(centre: SimulatedCentre, *groups: str) -> list[str]:
    return [kind_of(event) for event in centre.happened(*groups)]


def only(centre: SimulatedCentre, kind: str) -> object:
    (event,) = centre.happened(kind)
    return event


def test_a_call_from_its_beginning_to_its_end_in_order(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.lookups.answers["crm"] = LookupAnswer(fields={"id": 4711})
        await centre.log_in("ann")
        ann, caller = centre.phone("ann"), centre.caller(CALLER)
        ann.answer_after_s = 3.0
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        await centre.sleep(10)
        ann.hold("sendonly")
        await centre.sleep(5)
        ann.hold("sendrecv")
        await centre.sleep(2)
        caller.hang_up()
        await centre.all_over()
        assert kinds(centre, "call", "screen", "recording") == [
            "call.began",
            "call.answered",
            "screen.pop",
            "call.ringing",
            "recording.started",
            "call.bridged",
            "call.held",
            "call.resumed",
            "call.parted",
            "call.ended",
            "recording.ended",
        ]
        began, ended = only(centre, "call.began"), only(centre, "call.ended")
        assert isinstance(began, CallBegan)
        assert isinstance(ended, CallEnded)
        assert (began.calling_number, began.called_number, began.source) == (CALLER, HOTLINE, "trunk:provider")
        (cdr,) = centre.cdrs()
        assert (ended.call_id, ended.started_at, ended.end_reason, ended.ended_by) == (
            cdr.call_id,
            cdr.started_at,
            "completed",
            "caller",
        )
        assert (ended.agent_id, ended.queue_id, ended.tags, ended.cause) == (ANN, SUPPORT, {"language": "en"}, 16)
        assert ended.talk_s == pytest.approx(cdr.talk_s, abs=0.01)
        bridged, ringing = only(centre, "call.bridged"), only(centre, "call.ringing")
        assert isinstance(bridged, CallBridged)
        assert isinstance(ringing, CallRinging)
        assert (bridged.agent_id, bridged.queue_id, ringing.agent_id) == (ANN, SUPPORT, ANN)
        assert bridged.at - ringing.at == pytest.approx(3.0, abs=0.2)
        held, resumed, parted = (only(centre, f"call.{each}") for each in ("held", "resumed", "parted"))
        assert isinstance(held, CallHeld)
        assert isinstance(resumed, CallResumed)
        assert isinstance(parted, CallParted)
        assert held.party == "ann"
        assert resumed.held_s == pytest.approx(5.0, abs=0.2)
        assert parted.hold_s == resumed.held_s
        started, closed = only(centre, "recording.started"), only(centre, "recording.ended")
        assert isinstance(started, RecordingStarted)
        assert isinstance(closed, RecordingEnded)
        assert (started.recording_id, started.path) == (closed.recording_id, closed.path)
        assert closed.duration_s == pytest.approx(17.0, abs=1.0)

    centre().run(scenario)


def test_whose_each_event_is(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 5.0
        centre.caller(CALLER).call(HOTLINE)
        await centre.until(lambda: bool(centre.happened("call.ended")))
        rows = centre.events.after(0, 1000).events
        owner = {kind_of(row.event): row.project for row in rows}
        assert owner["call.began"] == "", "nobody knows yet: its number is nobody's"
        told = ("call.bridged", "call.ended", "screen.pop", "recording.started", "recording.ended", "contact.queued")
        assert {owner[kind] for kind in told} == {"acme"}
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        now_wall, now = centre.clock.wall(), centre.clock.now()
        assert all(row.at_wall - row.event.at == pytest.approx(now_wall - now, abs=0.001) for row in rows)

    centre().run(scenario)


def test_a_screen_pops_up_before_the_phone_rings_and_knows_who_calls(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.lookups.answers["crm"] = LookupAnswer(fields={"id": 4711})
        await centre.log_in("ann")
        ann, caller = centre.phone("ann"), centre.caller(CALLER)
        for _ in range(2):
            caller.call(HOTLINE)
            seen = len(ann.seen(InviteReceived))
            await centre.until(lambda seen=seen: len(ann.seen(InviteReceived)) > seen)
            await centre.sleep(10)
            caller.hang_up()
            await centre.sleep(5)
        first, second = centre.happened("screen.pop")
        assert isinstance(first, ScreenPop)
        assert isinstance(second, ScreenPop)
        assert (first.agent_id, first.queue_id, first.calling_number, first.called_number) == (
            ANN,
            SUPPORT,
            CALLER,
            HOTLINE,
        )
        assert (first.variables, first.tags, first.previous) == ({"customer": "4711"}, {"language": "en"}, ())
        (former,) = second.previous
        assert (former.call_id, former.agent_id, former.end_reason) == (first.contact_id, ANN, "completed")
        assert kinds(centre, "screen", "call.ringing")[:2] == ["screen.pop", "call.ringing"]
        await centre.all_over()

    centre().run(scenario)


def test_a_chat_pops_up_with_whoever_wrote_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.acd.apply(
            ContactQueued(
                ContactId("chat-1"),
                SUPPORT,
                enqueued_at=centre.clock.now(),
                channel=Channel.CHAT,
                caller="eva@example.com",
            )
        )
        pop = only(centre, "screen.pop")
        assert isinstance(pop, ScreenPop)
        assert (pop.contact_id, pop.channel, pop.calling_number) == ("chat-1", "chat", "eva@example.com")

    centre().run(scenario)


def test_a_transfer_leads_from_one_call_to_the_next(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        bob, caller = centre.phone("bob"), centre.caller(CALLER)
        assert await bob.register() == 200
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        (call,) = centre.controller.calls.values()
        follow_up = transfer_by_command(call, "101")
        await centre.until(lambda: len(centre.happened("call.bridged")) == 2)
        transferred = only(centre, "call.transferred")
        assert isinstance(transferred, CallTransferred)
        assert (transferred.call_id, transferred.next_call) == (call.call_id, follow_up.call_id)
        assert (transferred.to, transferred.by, transferred.is_attended) == ("101", "operator", False)
        began = centre.happened("call.began")[1]
        assert isinstance(began, CallBegan)
        assert (began.call_id, began.former_call, began.calling_number) == (follow_up.call_id, call.call_id, CALLER)
        caller.hang_up()
        await centre.all_over()
        ended = [each for each in centre.happened("call.ended") if isinstance(each, CallEnded)]
        assert [each.end_reason for each in ended] == ["transferred", "completed"]

    centre().run(scenario)


def test_who_gives_up_and_who_is_nobody_s_number(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, lost = centre.caller(CALLER), centre.caller("+15550999")
        caller.call(HOTLINE)
        await centre.sleep(20)
        caller.hang_up()
        await centre.sleep(1)
        lost.call("12345")
        await centre.all_over()
        ended = [each for each in centre.happened("call.ended") if isinstance(each, CallEnded)]
        assert [(each.end_reason, each.sip_status) for each in ended] == [("abandoned", 200), ("rejected", 404)]
        (answered,) = centre.happened("call.answered")
        assert isinstance(answered, CallAnswered)
        assert not centre.happened("call.ringing", "call.bridged")

    centre().run(scenario)


def test_parked_and_retrieved(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, caller = centre.phone("bob"), centre.caller(CALLER)
        assert await bob.register() == 200
        caller.call("700")
        await centre.sleep(10)
        bob.call("701", password="Secret-123")
        await centre.until(lambda: bool(centre.happened("call.retrieved")))
        caller.hang_up()
        await centre.all_over()
        parked, retrieved = only(centre, "call.parked"), only(centre, "call.retrieved")
        assert isinstance(parked, CallParked)
        assert isinstance(retrieved, CallRetrieved)
        assert (parked.slot, retrieved.slot, retrieved.by) == ("701", "701", "bob")
        assert parked.call_id == retrieved.call_id
        assert retrieved.waited_s == pytest.approx(10.0, abs=0.5)

    centre().run(scenario)


def test_who_comes_into_a_conference_and_goes(tmp_path: Path) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+1", "+2")
        guest.hang_up()
        await centre.sleep(1)
        host.hang_up()
        await centre.all_over()
        told = centre.happened("conference")
        assert [kind_of(each) for each in told] == ["conference.joined"] * 2 + ["conference.left"] * 2
        first, last = told[0], told[-1]
        assert isinstance(first, ConferenceJoined)
        assert isinstance(last, ConferenceLeft)
        assert (first.room, first.number, first.role) == ("board", "+1", "host")
        assert (last.call_id, last.conference_id, last.reason) == (first.call_id, first.conference_id, "hung up")

    ConferenceCentre(tmp_path, board(rejoin_s=0.0)).hold(scenario)


def test_phones_come_and_go_and_a_refresh_is_no_news(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, home = centre.phone("ann"), centre.phone("ann", place=" at home")
        for phone in (desk, home, desk, home):
            assert await phone.register() == 200
        assert await desk.register(expires=0) == 200
        await centre.sleep(4000)
        told = centre.happened("phone")
        assert [kind_of(each) for each in told] == ["phone.registered"] * 2 + ["phone.unregistered"] * 2
        assert [getattr(each, "phones", None) for each in told] == [1, 2, 1, 0]
        first, last = told[0], told[-1]
        assert isinstance(first, PhoneRegistered)
        assert isinstance(last, PhoneUnregistered)
        assert (first.username, first.agent_id, first.address) == ("ann", ANN, str(desk.address))

    centre().run(scenario)


def test_trunks_are_up_or_down(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for subject, state, reason in (
            ("registration", "trying", ""),
            ("registration", "registered", ""),
            ("registration", "trying", "expired"),
            ("health", "down", "no answer"),
            ("health", "up", ""),
        ):
            centre.controller.receive_sip(TrunkChanged("provider", subject, state, reason))
        assert kinds(centre, "trunk") == ["trunk.up", "trunk.down", "trunk.down", "trunk.up"]
        down = centre.happened("trunk.down")[1]
        assert down == replace(down, trunk="provider", subject="health", state="down", reason="no answer")
        assert isinstance(down, TrunkDown)

    centre().run(scenario)


def test_what_becomes_of_a_call_back(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        wish = CallbackWish(number="102", queue_id=SUPPORT, enqueued_wall=centre.clock.wall(), project="acme")
        callback, _ = await centre.callbacks.request(wish)
        centre.phone("carl").talk_s = 20.0
        assert await centre.phone("carl").register() == 200
        await centre.log_in("ann")
        await centre.until(lambda: bool(centre.happened("call.ended")))
        await centre.all_over()
        told = [each for each in centre.happened("callback") if isinstance(each, CallbackChanged)]
        assert [each.state for each in told][:2] == ["waiting", "dialling"]
        last = told[-1]
        assert (last.callback_id, last.state, last.result, last.agent) == (
            callback.callback_id,
            "over",
            "served",
            "ann",
        )
        pop = only(centre, "screen.pop")
        assert isinstance(pop, ScreenPop)
        assert (pop.channel, pop.calling_number, pop.contact_id) == ("callback", "102", last.call_id)

    centre().run(scenario)
