"""A phone answers what rings elsewhere, and fetches who is parked, in whole calls."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import structlog.testing
from msgspec.structs import replace

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.call_state import CallState
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegFailed
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone
from softswitch.testing.watcher import Watcher

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
SECRET = "Secret-123"
CALLER = "+15550123"
NAMES = ("ann", "bob", "carl", "dora")
Make = Callable[..., SimulatedCentre]


@flow
async def extension(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    call.tag("reason", outcome.reason.value)
    call.tag("answered_by", outcome.answered_by)


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def hold_the_line(call: Call) -> None:
    parked = await call.park("999", timeout_s=30)
    call.tag("parked", parked.reason.value)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    shipped, _ = load_flows([DIALPLANS])
    flows = {each.__name__: each for each in (extension, support, hold_the_line)}
    groups = {"ann": {"office"}, "bob": {"office", "shop"}, "carl": {"shop"}, "dora": set[str]()}

    def make(**changes: object) -> SimulatedCentre:
        settings: dict[str, object] = {
            "flows": {**shipped, **flows},
            "routes": {
                "1xx": "extension",
                "600": "support",
                "800": "hold_the_line",
                "700": "park",
                "7xx": "retrieve",
                "*!": "star_codes",
            },
            "queues": [Queue(queue_id=QueueId("support"), wrap_up_s=1.0)],
            "agents": [Agent(agent_id=AgentId("eve"))],
            "phones": [
                Extension(username=name, number=str(101 + place), pickup_groups=frozenset(groups[name]))
                for place, name in enumerate(NAMES)
            ],
            "settings": CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path),
                parking_slots=("701", "702"),
                parking_s=60.0,
                ring_s=20.0,
            ),
        }
        return SimulatedCentre(tmp_path, **{**settings, **changes})  # pyright: ignore[reportArgumentType]

    return make


async def ready(centre: SimulatedCentre) -> list[SimulatedPhone]:
    phones = [centre.phone(name) for name in NAMES]
    for phone in phones:
        assert await phone.register() == 200
        phone.answer_after_s = None
    return phones


def hears(centre: SimulatedCentre) -> int:
    """How many pairs hear each other."""
    heard = {h.stream_id: set(h.sources) for w in centre.workers.values() for h in w.description.hearings.values()}
    return sum(1 for one in heard for other in heard[one] if one < other and one in heard.get(other, set()))


def spoken(centre: SimulatedCentre) -> list[list[str]]:
    plays = [each.playback for each in centre.media_commands if isinstance(each, StartPlay)]
    return [each.sounds for each in plays if not each.loop]


def parked(centre: SimulatedCentre) -> list[str]:
    stays = [each for each in centre.controller.calls.values() if each.state is CallState.PARKED]
    assert {centre.parking.slot_of(each) for each in stays} <= set(centre.parking.taken)
    return sorted(centre.parking.taken)


async def ringing_at_ann(centre: SimulatedCentre) -> SimulatedPhone:
    caller = centre.caller(CALLER)
    caller.call("101")
    await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
    await centre.sleep(0.5)
    return caller


# Pickup


@pytest.mark.parametrize("code", ["**101", "**ann", "*8", "*8#"])
@pytest.mark.parametrize("workers", [1, 2])
def test_who_shares_a_group_answers_in_the_place_of_the_phone_that_rings(centre: Make, code: str, workers: int) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, _, _ = await ready(centre)
        caller = await ringing_at_ann(centre)
        bob.call(code, password=SECRET)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        await centre.sleep(1)
        assert (ann.leg, bob.is_answered, hears(centre)) == (None, True, 1)
        answers = [m.message for m in centre.network.transcript if m.destination == "bob" and b"200 OK" in m.message]
        assert any(b"P-Asserted-Identity: <sip:+15550123@centre.test>" in each for each in answers)
        cancels = [
            m.message for m in centre.network.transcript if m.destination == "ann" and m.message[:6] == b"CANCEL"
        ]
        assert b"Call completed elsewhere" in cancels[0]
        await centre.sleep(5)
        bob.hang_up()
        await centre.all_over()
        own, picked = sorted(centre.cdrs(), key=lambda cdr: cdr.called_number == "101")
        assert (own.calling_number, own.end_reason, own.linked_calls) == ("102", "transferred", (picked.call_id,))
        assert picked.tags == {"reason": "answered", "answered_by": "bob"}
        assert picked.talk_s == pytest.approx(6, abs=0.5)

    centre(workers=workers).run(scenario)


@pytest.mark.parametrize(("who", "code"), [("carl", "**101"), ("carl", "*8"), ("dora", "**101"), ("bob", "**103")])
def test_nobody_else_answers_what_rings_there(centre: Make, who: str, code: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await ready(centre)
        caller = await ringing_at_ann(centre)
        centre.phone(who).call(code, password=SECRET)
        await centre.until(lambda: bool(centre.phone(who).seen(LegEnded)))
        assert ["phone/nobody-rings"] in spoken(centre)
        assert centre.phone("ann").leg is not None
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_caller_from_outside_picks_up_nothing(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await ready(centre)
        caller = await ringing_at_ann(centre)
        stranger = centre.caller("+15550999")
        stranger.call("**101")
        await centre.until(lambda: bool(stranger.seen(LegEnded)))
        assert centre.phone("ann").leg is not None
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_two_who_pick_up_at_once_do_not_both_get_him(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, carl, _ = await ready(centre)
        caller = centre.caller(CALLER)
        caller.call("102")
        await centre.until(lambda: bool(bob.seen(InviteReceived)))
        ann.call("*8", password=SECRET)
        carl.call("**102", password=SECRET)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        await centre.sleep(4)
        assert sorted([ann.is_answered, carl.is_answered]) == [False, True]
        assert (hears(centre), bob.leg) == (1, None)
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_the_call_that_has_rung_longest_is_picked_up_first(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, carl, _ = await ready(centre)
        first, second = centre.caller("+15550001"), centre.caller("+15550002")
        first.call("103")
        await centre.until(lambda: bool(carl.seen(InviteReceived)))
        await centre.sleep(1)
        second.call("101")
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        bob.call("*8", password=SECRET)
        await centre.until(lambda: bool(first.seen(LegAnswered)))
        assert not second.seen(LegAnswered)
        bob.hang_up()
        second.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_queue_s_call_belongs_to_its_agent(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, bob, _, _ = await ready(centre)
        await centre.log_in("eve")
        eve = centre.phone("eve")
        eve.answer_after_s = None
        caller = centre.caller(CALLER)
        caller.call("600")
        await centre.until(lambda: bool(eve.seen(InviteReceived)))
        bob.call("**eve", password=SECRET)
        await centre.until(lambda: bool(bob.seen(LegEnded)))
        assert eve.leg is not None
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


# Parking


async def talking(centre: SimulatedCentre) -> SimulatedPhone:
    """A caller from outside who talks to ann."""
    caller = centre.caller(CALLER)
    centre.phone("ann").answer_after_s = 0.5
    caller.call("101")
    await centre.until(lambda: centre.phone("ann").is_answered)
    await centre.sleep(1)
    return caller


@pytest.mark.parametrize("workers", [1, 2])
def test_a_caller_is_parked_by_a_blind_transfer_and_fetched(centre: Make, workers: int) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, _, _ = await ready(centre)
        caller = await talking(centre)
        changed: list[str] = []
        centre.parking.when_changed(changed.append)
        ann.refer("700")
        await centre.until(lambda: parked(centre) == ["701"])
        await centre.until(lambda: ann.leg is None)
        assert spoken(centre) == [["parking/slot", "digit/7", "digit/0", "digit/1"]], "who parks hears where"
        assert ann.told() == [202, 100, 200]
        (music,) = [p for w in centre.workers.values() for p in w.description.playbacks.values() if p.loop]
        assert music.sounds == ["music default"]
        await centre.sleep(10)
        bob.call("701", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(1)
        assert (parked(centre), hears(centre), changed) == ([], 1, ["701", "701"])
        bob.hang_up()
        await centre.all_over()
        assert caller.seen(LegEnded)
        (stay,) = [cdr for cdr in centre.cdrs() if cdr.called_number == "700"]
        assert (stay.end_reason, stay.fault) == ("completed", "")

    centre(workers=workers).run(scenario)


def test_who_parks_himself_first_hears_the_number_and_puts_the_caller_in_his_place(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, _, _ = await ready(centre)
        caller = await talking(centre)
        with_caller = ann.leg
        assert with_caller is not None
        ann.hold("sendonly")
        await centre.sleep(1)
        at_slot = ann.call("700", password=SECRET)
        await centre.until(lambda: parked(centre) == ["701"])
        await centre.sleep(4)
        assert spoken(centre) == [["parking/slot", "digit/7", "digit/0", "digit/1"]]
        ann.refer("700", leg=with_caller, replaces=at_slot)
        await centre.sleep(2)
        assert parked(centre) == ["701"]
        bob.call("701", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(1)
        assert hears(centre) == 1
        caller.hang_up()
        await centre.all_over()
        assert bob.seen(LegEnded)

    centre().run(scenario)


async def lamp(centre: SimulatedCentre, slot: str) -> Watcher:
    watcher = centre.watcher("dora")
    watcher.subscribe("dialog", slot)
    centre.flush()
    await centre.until(lambda: bool(watcher.told), within_s=2.0)
    return watcher


def lit(watcher: Watcher) -> list[tuple[str, str]]:
    """State and remote party of every NOTIFY's one dialog."""
    bodies = [told.body for told in watcher.told]
    assert all(body.count("<dialog ") == 1 for body in bodies)
    return [
        (body.partition("<state>")[2].partition("<")[0], body.partition('<target uri="')[2].partition('"')[0])
        for body in bodies
    ]


@pytest.mark.parametrize("shows_parties", [False, True])
def test_a_slot_s_lamp_is_lit_while_somebody_is_there(centre: Make, shows_parties: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, _, _ = await ready(centre)
        await talking(centre)
        first, other = await lamp(centre, "701"), await lamp(centre, "702")
        assert not centre.controller.watching.is_any_call_watched, "a slot's lamp costs calls nothing"
        ann.refer("700")
        await centre.until(lambda: parked(centre) == ["701"])
        await centre.sleep(5)
        late = await lamp(centre, "701")
        bob.call("701", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(1)
        who = f"sip:{CALLER}@{DOMAIN}" if shows_parties else ""
        assert lit(first) == [("terminated", ""), ("confirmed", who), ("terminated", "")]
        assert lit(late) == lit(first)[1:]
        assert lit(other) == [("terminated", "")]
        assert all(f'entity="sip:701@{DOMAIN}"' in told.body for told in first.told)
        for watcher in (first, late):
            watcher.refresh("dialog", "701", expires=0)
        bob.hang_up()
        await centre.all_over()

    made = centre()
    made.settings = replace(made.settings, lamps_show_parties=shows_parties)
    made.run(scenario)


def test_who_is_put_into_a_slot_by_who_has_called_it_is_who_the_others_see(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, _, _ = await ready(centre)
        await talking(centre)
        with_caller = ann.leg
        assert with_caller is not None
        watcher = await lamp(centre, "701")
        ann.hold("sendonly")
        await centre.sleep(1)
        at_slot = ann.call("700", password=SECRET)
        await centre.sleep(4)
        ann.refer("700", leg=with_caller, replaces=at_slot)
        await centre.sleep(2)
        bob.call("701", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(1)
        shown = [("confirmed", f"sip:101@{DOMAIN}"), ("confirmed", f"sip:{CALLER}@{DOMAIN}")]
        assert lit(watcher) == [("terminated", ""), *shown, ("terminated", "")]
        answers = [m.message for m in centre.network.transcript if m.destination == "bob" and b"200 OK" in m.message]
        assert any(f"P-Asserted-Identity: <sip:{CALLER}@{DOMAIN}>".encode() in each for each in answers)
        bob.hang_up()
        await centre.all_over()

    made = centre()
    made.settings = replace(made.settings, lamps_show_parties=True)
    made.run(scenario)


def test_who_hides_his_number_is_nobody_on_lamps(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, _, _, _ = await ready(centre)
        await talking(centre)
        (call,) = centre.controller.calls.values()
        call.is_caller_hidden = True
        watcher = await lamp(centre, "701")
        ann.refer("700")
        await centre.sleep(5)
        assert lit(watcher) == [("terminated", ""), ("confirmed", "sip:anonymous@anonymous.invalid")]

    made = centre()
    made.settings = replace(made.settings, lamps_show_parties=True)
    made.run(scenario)


def test_a_reload_that_makes_a_watched_slot_an_extension_harms_nobody(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, _, _, _ = await ready(centre)
        await talking(centre)
        watcher = await lamp(centre, "701")
        extensions = {**centre.settings.extensions, "701": Extension(username="701", number="109")}
        centre.settings = replace(centre.settings, extensions=extensions)
        centre.reload(queues=[], agents=[])
        ann.refer("700")
        await centre.until(lambda: parked(centre) == ["701"])
        await centre.sleep(1)
        assert lit(watcher)[-1] == ("confirmed", "")
        watcher.refresh("dialog", "701", expires=0)
        centre.flush()
        await centre.sleep(1)
        after = await lamp(centre, "701")
        assert lit(after) == [("terminated", "")], "now it is the extension's"

    centre().run(scenario)


def test_when_nobody_fetches_him_who_parked_him_is_rung(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, _, _, _ = await ready(centre)
        caller = await talking(centre)
        ann.refer("700")
        await centre.until(lambda: ann.leg is None and parked(centre) == ["701"])
        ann.answer_after_s = None
        await centre.sleep(55)
        assert len(ann.seen(InviteReceived)) == 1
        await centre.sleep(6)
        _, again = ann.seen(InviteReceived)
        assert isinstance(again, InviteReceived)
        assert again.calling_name == f"parked 701: {CALLER}", "she is called back, and sees why"
        assert parked(centre) == []
        await centre.sleep(20)
        assert parked(centre) == ["701"], "she is not there: he is parked again"
        ann.answer_after_s = 1.0
        await centre.until(lambda: ann.is_answered)
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_transfer_of_somebody_who_has_just_hung_up_comes_too_late(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, _, _, _ = await ready(centre)
        caller = await talking(centre)
        ann.hang_up()
        caller.refer("700")
        await centre.sleep(1)
        assert parked(centre) == []
        await centre.all_over()
        assert len(centre.cdrs()) == 1

    centre().run(scenario)


def test_when_no_slot_is_free_who_parks_has_the_caller_back(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, _, _, _ = await ready(centre)
        for number in ("+15550001", "+15550002"):
            centre.caller(number).call("700")
        await centre.until(lambda: parked(centre) == ["701", "702"])
        caller = await talking(centre)
        ann.refer("700")
        await centre.until(lambda: len(ann.seen(InviteReceived)) == 2)
        assert ["parking/full"] in spoken(centre)
        await centre.until(lambda: ann.is_answered)
        for phone in (caller, centre.phones["+15550001"], centre.phones["+15550002"]):
            phone.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_where_nobody_is_parked_nobody_is_fetched(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, bob, _, _ = await ready(centre)
        bob.call("701", password=SECRET)
        await centre.all_over()
        assert ["parking/nobody-there"] in spoken(centre)
        centre.caller(CALLER).call("800")
        await centre.until(lambda: parked(centre) == ["999"])
        stranger = centre.caller("+15550999")
        stranger.call("799")
        await centre.all_over()
        assert [cdr.tags for cdr in centre.cdrs() if cdr.called_number == "800"] == [{"parked": "timed_out"}]

    centre().run(scenario)


def test_who_hangs_up_while_he_is_parked_has_given_up(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller(CALLER)
        caller.call("700")
        await centre.until(lambda: parked(centre) == ["701"])
        caller.hang_up()
        await centre.all_over()
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["abandoned"]

    centre().run(scenario)


# Whatever happens


@pytest.mark.parametrize("seed", range(16))
def test_whatever_is_parked_fetched_and_picked_up_nothing_is_left(centre: Make, seed: int) -> None:
    random = Random(seed)

    async def scenario(centre: SimulatedCentre) -> None:
        phones = await ready(centre)
        callers = [centre.caller(f"+1555000{number}") for number in range(3)]
        for _ in range(70):
            phone = random.choice(phones)
            match random.randrange(7):
                case 0:
                    phone.answer_after_s = random.choice([None, 0.0, 2.0])
                case 1 if phone.is_answered:
                    phone.refer(random.choice(["700", "701", "104"]))
                case 2:
                    random.choice([*callers, *phones]).hang_up()
                case 3 if phone.is_answered:
                    phone.hold(random.choice(["sendonly", "sendrecv"]))
                case 4 | 5 if phone.leg is None:
                    phone.call(random.choice(["*8", "**102", "701", "702", "700", "103"]), password=SECRET)
                case _:
                    caller = random.choice(callers)
                    if caller.leg is None:
                        caller.call(random.choice(["101", "102", "103", "700", "800"]))
            await centre.sleep(random.choice([0.0, 0.01, 0.05, 0.5, 3.0, 20.0]))
        await centre.sleep(1)  # whoever has called just now
        for call in list(centre.controller.calls.values()):
            call.hang_up_from_outside("the end of the test")
        await centre.all_over()
        assert not centre.parking.taken

    with structlog.testing.capture_logs() as logs:
        centre(workers=1 + seed % 2).run(scenario)
    assert not [each for each in logs if "not taken" in each["event"] or "Traceback" in str(each.get("fault", ""))]


def named_dialog(watcher: Watcher) -> dict[str, str]:
    """What the last lamp says that an INVITE with Replaces could name."""
    root = ElementTree.fromstring(watcher.told[-1].body)
    return {name: root[0].get(name, "") for name in ("call-id", "local-tag", "remote-tag")}


def test_a_press_on_the_lamp_of_a_phone_that_rings_answers_for_it(centre: Make) -> None:
    """RFC 4235 names the dialog, RFC 3891 takes its place; whoever may not pick up is told nothing he could name."""

    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob, carl, dora = await ready(centre)
        watchers = {name: centre.watcher(name) for name in ("bob", "dora")}
        for watcher in watchers.values():
            watcher.subscribe("dialog", "ann")
        centre.flush()
        await centre.until(lambda: all(watcher.told for watcher in watchers.values()))
        caller = centre.caller(CALLER)
        caller.call("101")
        await centre.until(lambda: ann.leg is not None)
        await centre.until(lambda: all("early" in watcher.told[-1].body for watcher in watchers.values()))
        named = named_dialog(watchers["bob"])
        assert all(named.values())
        assert not any(named_dialog(watchers["dora"]).values())
        replaces = "{call-id};to-tag={local-tag};from-tag={remote-tag}".format_map(named)
        for stranger in (dora, carl):
            stranger.call("101", password=SECRET, headers=[("replaces", replaces)])
            await centre.until(lambda stranger=stranger: stranger.leg is None)
            (failed,) = stranger.seen(LegFailed)
            assert isinstance(failed, LegFailed)
            assert failed.status == 403
        assert ann.leg is not None
        bob.call("101", password=SECRET, headers=[("replaces", replaces)])
        await centre.until(lambda: bob.is_answered and caller.is_answered and ann.leg is None)
        assert hears(centre) == 1
        await centre.until(lambda: "early" not in watchers["bob"].told[-1].body)
        assert not any(named_dialog(watchers["bob"]).values())
        caller.hang_up()
        await centre.until(lambda: bob.leg is None)
        await centre.all_over()

    centre().run(scenario)
