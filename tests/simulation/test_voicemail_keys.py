"""Every key of voicemail in whole calls: what callers do with their messages, and owners with theirs."""

from pathlib import Path

import pytest

from softswitch.base.ids import AgentId
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
BOXES = (
    VoiceBox(box="anna", number="101", owner="anna", pin="4711", operator="102"),
    VoiceBox(box="boris", number="102", owner="boris"),
    VoiceBox(box="sales", number="190", pin="2580"),
)
PASSWORD = "Secret-123"


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    flows, _ = load_flows([DIALPLANS])
    return SimulatedCentre(
        tmp_path,
        flows=flows,
        routes={"101": "extension", "102": "extension", "*97": "voicemail", "*85": "desk_log_in"},
        phones=[
            Extension(username="anna", number="101", agent_id=AgentId("anna"), pin="1111"),
            Extension(username="boris", number="102", agent_id=AgentId("boris"), pin="2222"),
        ],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            voicemail_directory=str(tmp_path / "voicemail"),
            ring_s=5.0,
            voice_boxes={box.box: box for box in BOXES},
        ),
    )


async def keys(centre: SimulatedCentre, phone: SimulatedPhone, digits: str) -> None:
    for digit in digits:
        phone.press(digit)
        await centre.sleep(0.3)


async def say(centre: SimulatedCentre, phone: SimulatedPhone, seconds: float) -> None:
    """When the tone has come, and then the pound key."""
    await centre.until(lambda: bool(centre.worker.description.recordings))
    await centre.sleep(seconds)
    phone.press("#")
    await centre.until(lambda: not centre.worker.description.recordings)


async def leaving(centre: SimulatedCentre, number: str = "101", *, caller: str = "+15550100") -> SimulatedPhone:
    phone = centre.caller(caller)
    phone.call(number)
    await centre.until(lambda: bool(centre.worker.description.recordings))
    return phone


async def left(centre: SimulatedCentre, number: int, *, sender: str = "102", is_urgent: bool = False) -> str:
    """A message in anna's box, as if somebody had called; its file."""
    row = StoredVoiceMessage(
        message_id=f"m{number}",
        box="anna",
        path=centre.voicemail.new_path(),
        received_wall=centre.clock.wall() + number,
        calling_number=sender,
    )
    centre.voicemail.begin(row)
    centre.voicemail.recorded(row.message_id, row.path, 20.0)
    assert await centre.voicemail.complete(row.message_id, is_urgent=is_urgent)
    return row.path


async def opened(centre: SimulatedCentre, name: str = "anna") -> SimulatedPhone:
    """Its owner's phone, connected with his box."""
    phone = centre.phone(name)
    assert await phone.register() == 200
    phone.call("*97", password=PASSWORD)
    await centre.until(lambda: phone.is_answered)
    return phone


def played(centre: SimulatedCentre) -> list[str]:
    """The last part of every playback."""
    return [each.playback.sounds[-1] for each in centre.media_commands if isinstance(each, StartPlay)]


def state(centre: SimulatedCentre, number: int) -> str:
    message = centre.voicemail.get(f"m{number}")
    return "" if message is None else message.state


async def until_played(centre: SimulatedCentre, sound: str) -> None:
    before = played(centre).count(sound)
    await centre.until(lambda: played(centre).count(sound) > before)


# Leaving a message


def test_it_is_heard_made_urgent_and_said_again(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await leaving(centre)
        await say(centre, caller, 5.0)
        (first,) = [row.path for row in centre.voicemail.all_messages()]
        await keys(centre, caller, "2")
        await centre.until(lambda: first in played(centre))
        await keys(centre, caller, "43")
        await say(centre, caller, 7.0)
        await keys(centre, caller, "1")
        await centre.until(lambda: not centre.controller.calls)
        (message,) = centre.voicemail.of("anna")
        assert (message.state, message.is_urgent, round(message.duration_s)) == ("new", True, 7)
        assert centre.files_removed == [first]
        assert played(centre)[-1] == "voicemail/saved"
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("key", ["7", "*"])
def test_it_is_deleted(centre: SimulatedCentre, key: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await leaving(centre)
        await say(centre, caller, 5.0)
        await keys(centre, caller, key)
        await centre.until(lambda: not centre.controller.calls)
        assert centre.voicemail.all_messages() == []
        assert len(centre.files_removed) == 1
        await centre.all_over()

    centre.run(scenario)


def test_who_presses_nothing_has_left_it(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await leaving(centre)
        await say(centre, caller, 5.0)
        await centre.until(lambda: not centre.controller.calls)
        assert [each.state for each in centre.voicemail.of("anna")] == ["new"]
        await centre.all_over()

    centre.run(scenario)


def test_zero_leads_to_the_operator_and_keeps_what_was_said(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        boris = centre.phone("boris")
        assert await boris.register() == 200
        boris.talk_s = 5.0
        caller = await leaving(centre)
        await say(centre, caller, 5.0)
        await keys(centre, caller, "0")
        await centre.until(lambda: bool(boris.seen(InviteReceived)))
        assert [each.state for each in centre.voicemail.of("anna")] == ["new"]
        await centre.until(lambda: not centre.controller.calls)
        await centre.all_over()

    centre.run(scenario)


# Hearing messages


def test_the_keys_with_a_message(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second = await left(centre, 1), await left(centre, 2)
        anna = await opened(centre)
        await keys(centre, anna, "1")
        await centre.until(lambda: first in played(centre))
        await keys(centre, anna, "3")  # when, and from whom
        await centre.until(lambda: played(centre)[-1].startswith("duration"))
        await keys(centre, anna, "1")
        await until_played(centre, first)
        await keys(centre, anna, "22")  # a pause, and on
        assert played(centre).count(first) == 3
        await keys(centre, anna, "6")
        await centre.until(lambda: second in played(centre))
        await keys(centre, anna, "4")
        await until_played(centre, first)
        await keys(centre, anna, "9")
        await until_played(centre, second)
        assert (state(centre, 1), state(centre, 2)) == ("new", "old")
        await keys(centre, anna, "7")
        await centre.until(lambda: state(centre, 2) == "deleted")
        await keys(centre, anna, "7")
        await centre.until(lambda: state(centre, 2) == "old")
        anna.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_eight_forwards_and_five_calls_the_sender(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        boris = centre.phone("boris")
        assert await boris.register() == 200
        boris.talk_s = 5.0
        path = await left(centre, 1)
        anna = await opened(centre)
        await keys(centre, anna, "1")
        await centre.until(lambda: path in played(centre))
        await keys(centre, anna, "8190#")
        await centre.until(lambda: bool(centre.voicemail.of("sales")))
        assert centre.voicemail.of("sales")[0].forwarded_by == "anna"
        await keys(centre, anna, "5")
        await centre.until(lambda: bool(boris.seen(InviteReceived)))
        (ringing,) = boris.seen(InviteReceived)
        assert isinstance(ringing, InviteReceived)
        assert ringing.calling_number == "101"
        await until_played(centre, "voicemail/message-menu")
        anna.hang_up()
        await centre.all_over()

    centre.run(scenario)


# Greetings and PINs


def test_a_greeting_is_recorded_and_heard_by_callers(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        anna = await opened(centre)
        await keys(centre, anna, "011")
        await say(centre, anna, 4.0)
        await until_played(centre, "voicemail/accept-greeting")
        await keys(centre, anna, "1")
        await centre.until(lambda: "away" in centre.voicemail.chosen("anna").greetings)
        anna.hang_up()
        await centre.until(lambda: not centre.controller.calls)
        greeting = centre.voicemail.chosen("anna").greetings["away"]
        assert centre.store.voice_boxes.get("anna") == centre.voicemail.chosen("anna")
        anna.answer_after_s = None
        caller = await leaving(centre)
        heard = [each.playback.sounds for each in centre.media_commands if isinstance(each, StartPlay)]
        assert [greeting, "voicemail/leave-message"] in heard
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_the_pin_is_changed(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        anna = await opened(centre)
        await keys(centre, anna, "05")
        await keys(centre, anna, "8642#8642#")
        await centre.until(lambda: centre.voicemail.chosen("anna").pin == "8642")
        await keys(centre, anna, "**")
        await centre.until(lambda: not centre.controller.calls)
        await centre.all_over()

    centre.run(scenario)


def test_at_somebody_elses_phone_he_hears_his_own_messages(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        path = await left(centre, 1)
        assert centre.desks.log_in(centre.settings.extensions["boris"], "101", "1111")
        boris = await opened(centre, "boris")
        await keys(centre, boris, "1")
        await centre.until(lambda: path in played(centre))
        boris.hang_up()
        await centre.until(lambda: not centre.controller.calls)
        # And at the phone he has left nobody hears anything without a PIN.
        anna = await opened(centre)
        await centre.until(lambda: "voicemail/enter-mailbox" in played(centre))
        anna.hang_up()
        await centre.all_over()

    centre.run(scenario)
