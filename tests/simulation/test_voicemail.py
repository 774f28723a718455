"""Voicemail in whole calls: who does not answer, the lamp, hearing by phone, PINs, and what a dead switch has left."""

from pathlib import Path

from softswitch.calls.limits import SWEPT_AT_ONCE
from softswitch.calls.pin_guard import LOCKED_S, WRONG_PINS_MAX
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.media.protocol import RecordingFinished, StartPlay
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone
from softswitch.testing.watcher import Watcher

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
BOXES = (
    VoiceBox(box="anna", number="101", owner="anna", pin="4711", messages_max=2),
    VoiceBox(box="sales", number="190", members=frozenset({"anna", "boris"}), pin="2580"),
)
PASSWORD = "Secret-123"


def simulated(tmp_path: Path, boxes: tuple[VoiceBox, ...] = BOXES) -> SimulatedCentre:
    flows, _ = load_flows([DIALPLANS])
    return SimulatedCentre(
        tmp_path,
        flows=flows,
        routes={"101": "extension", "102": "extension", "*97!": "voicemail", "*98!": "voicemail"},
        phones=[Extension(username="anna", number="101"), Extension(username="boris", number="102")],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            voicemail_directory=str(tmp_path / "voicemail"),
            ring_s=5.0,
            voice_boxes={box.box: box for box in boxes},
        ),
    )


async def speak(centre: SimulatedCentre, number: str, seconds: float, *, caller: str = "+15550100") -> SimulatedPhone:
    """Call somebody who does not answer, say something after the tone, and hang up."""
    phone = centre.phones.get(caller) or centre.caller(caller)
    phone.call(number)
    await centre.until(lambda: bool(centre.worker.description.recordings))
    await centre.sleep(seconds)
    phone.hang_up()
    await centre.until(lambda: phone.leg is None)
    await centre.sleep(1.0)
    return phone


async def keys(centre: SimulatedCentre, phone: SimulatedPhone, digits: str) -> None:
    """Each while something is played, or waited for."""
    for digit in digits:
        phone.press(digit)
        await centre.sleep(0.5)


def lamps(watcher: Watcher) -> list[str]:
    return [told.body.split("\r\n")[2].removeprefix("Voice-Message: ") for told in watcher.told]


def played(centre: SimulatedCentre, path: str) -> list[float]:
    """Where in a message each playback of it began."""
    return [
        each.playback.skip_s
        for each in centre.media_commands
        if isinstance(each, StartPlay) and each.playback.sounds == [path]
    ]


def test_a_message_is_left_lights_the_lamp_is_heard_and_deleted(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        watcher = centre.watcher("anna")
        watcher.subscribe("message-summary", "anna")
        await centre.sleep(1)
        await speak(centre, "101", 8.0)
        (message,) = centre.voicemail.of("anna")
        assert (message.state, message.calling_number, round(message.duration_s)) == ("new", "+15550100", 8)
        assert centre.store.voice_messages.get(message.message_id) == message
        assert list(centre.store.recordings.ascending()) == [], "it is no recording of a call"
        anna = centre.phone("anna")
        assert await anna.register() == 200
        anna.call("*97", password=PASSWORD)
        await centre.until(lambda: anna.leg is not None and bool(centre.controller.calls))
        await centre.sleep(3.0)
        await keys(centre, anna, "1")
        await centre.until(lambda: bool(played(centre, message.path)))
        await keys(centre, anna, "7")
        await centre.sleep(3.0)
        anna.hang_up()
        await centre.all_over()
        assert lamps(watcher) == ["0/0 (0/0)", "1/0 (0/0)", "0/1 (0/0)", "0/0 (0/0)"]
        (deleted,) = centre.voicemail.of("anna")
        assert (deleted.state, deleted.heard_by) == ("deleted", "anna")
        assert [cdr.tags.get("voicemail") for cdr in centre.cdrs()] == [f"anna {message.message_id}", None]

    simulated(tmp_path).run(scenario)


def test_forward_and_back_in_a_message(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await speak(centre, "101", 30.0)
        (message,) = centre.voicemail.of("anna")
        anna = centre.phone("anna")
        assert await anna.register() == 200
        anna.call("*97", password=PASSWORD)
        await centre.sleep(3.0)
        await keys(centre, anna, "1")
        await centre.until(lambda: bool(played(centre, message.path)))
        await keys(centre, anna, "##*")
        anna.hang_up()
        await centre.all_over()
        first, second, third, fourth = played(centre, message.path)
        assert first == 0.0
        assert 5.0 < second < 6.5
        assert second + 5.0 < third < second + 6.5
        assert third - 5.0 <= fourth < third

    simulated(tmp_path).run(scenario)


def test_a_shared_box_is_in_the_lamps_of_its_members(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await speak(centre, "101", 5.0)
        assert centre.messages_waiting.of("anna").new == 1
        boris = centre.phone("boris")
        assert await boris.register() == 200
        message = StoredVoiceMessage(message_id="m1", box="sales", path="/v/1.wav", received_wall=1.0)
        centre.voicemail.begin(message)
        assert await centre.voicemail.complete("m1", is_urgent=True)
        assert centre.messages_waiting.of("anna").new == 2
        assert centre.messages_waiting.of("boris").urgent_new == 1
        assert centre.messages_waiting.all().keys() == {"anna", "boris"}

    simulated(tmp_path).run(scenario)


def test_a_full_box_is_said_and_counted(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await speak(centre, "101", 5.0)
        await speak(centre, "101", 5.0)
        phone = centre.caller("+15550199")
        phone.call("101")
        await centre.until(lambda: bool(centre.controller.calls))
        await centre.until(lambda: not centre.controller.calls)
        assert len(centre.voicemail.of("anna")) == 2
        assert centre.store.voice_boxes.get("anna") == centre.voicemail.chosen("anna")
        assert centre.voicemail.chosen("anna").refused == 1
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_too_little_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await speak(centre, "101", 1.0)
        assert centre.voicemail.of("anna") == []
        assert centre.store.voice_messages.count() == 0
        assert len(centre.files_removed) == 1
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_the_switch_that_stops_keeps_what_was_said(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = centre.caller("+15550100")
        phone.call("101")
        await centre.until(lambda: bool(centre.worker.description.recordings))
        await centre.sleep(6.0)
        await centre.controller.drain(0.0)
        (message,) = centre.voicemail.of("anna")
        assert message.state == "new"

    simulated(tmp_path).run(scenario)


def test_what_was_being_said_when_the_switch_died_is_a_message(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        path = centre.voicemail.new_path()
        for number, length_s in ((1, 9.0), (2, 0.5)):
            name = path.replace(".wav", f"{number}.wav")
            row = StoredVoiceMessage(message_id=f"m{number}", box="anna", path=name, received_wall=float(number))
            centre.store.voice_messages.put(row.message_id, row)
            reborn = type(centre.voicemail)(
                centre.store, centre.clock, centre.entropy, lambda: centre.settings, remove_files=lambda paths: None
            )
            assert reborn.of("anna") == [], "not before it is known what there is of it"
            assert reborn.left_over == [name]
            reborn.recording_finished(RecordingFinished(row.call_id, row.message_id, name, length_s, size_bytes=9))  # pyright: ignore[reportArgumentType]
            assert [each.duration_s for each in reborn.of("anna")] == ([9.0] if number == 1 else [])
            centre.store.voice_messages.delete(row.message_id)

    simulated(tmp_path).run(scenario)


def test_what_is_too_old_goes_some_at_a_time(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for number in range(SWEPT_AT_ONCE + 5):
            path = f"{tmp_path}/voicemail/{number}.wav"
            row = StoredVoiceMessage(message_id=f"m{number}", box="old", path=path, received_wall=centre.clock.wall())
            centre.voicemail.begin(row)
            assert await centre.voicemail.complete(row.message_id, is_urgent=False)
        centre.voicemail.start(centre.loop)
        await centre.sleep(86_400.0 - 10)
        assert centre.voicemail.counts("old").new == SWEPT_AT_ONCE + 5
        await centre.sleep(3620.0)
        assert centre.voicemail.counts("old").new == 0
        assert len(centre.files_removed) == SWEPT_AT_ONCE + 5
        assert centre.store.voice_messages.count() == 0
        centre.voicemail.stop()

    simulated(tmp_path, (VoiceBox(box="old", keep_days=1.0, messages_max=10_000),)).run(scenario)


def test_guessing_pins_locks_the_box_and_the_caller(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        voicemail = centre.voicemail
        assert voicemail.open("101", "4711", "boris") is not None
        for _ in range(WRONG_PINS_MAX):
            assert voicemail.open("101", "0000", "boris") is None
        assert voicemail.open("101", "4711", "clara") is None, "the box, for all"
        assert voicemail.open("190", "2580", "boris") is None, "the caller, for all boxes"
        await centre.sleep(LOCKED_S + 1)
        assert voicemail.open("101", "4711", "clara") is not None
        box = voicemail.box_for("anna")
        assert box is not None
        assert [voicemail.set_pin(box, pin) for pin in ("123", "1111", "12a4", "8642")] == [False, False, False, True]
        assert voicemail.open("101", "4711", "boris") is None
        assert voicemail.open("101", "8642", "boris") is not None
        assert voicemail.open("nothing", "1234", "boris") is None

    simulated(tmp_path).run(scenario)


def test_another_box_is_opened_by_keys(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await speak(centre, "101", 5.0)
        (message,) = centre.voicemail.of("anna")
        boris = centre.phone("boris")
        assert await boris.register() == 200
        boris.call("*98", password=PASSWORD)
        await centre.sleep(3.0)
        await keys(centre, boris, "101#")
        await keys(centre, boris, "4711#")
        await keys(centre, boris, "1")
        await centre.until(lambda: bool(played(centre, message.path)))
        boris.hang_up()
        await centre.all_over()
        assert centre.voicemail.of("anna")[0].heard_by == "boris"

    simulated(tmp_path).run(scenario)
