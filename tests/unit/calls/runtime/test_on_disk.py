"""What is confirmed to somebody is on the disk; where the disk refuses it, or does not answer, it is as it was."""

import asyncio

import pytest
from msgspec.structs import replace

from softswitch.base.entropy import SeededEntropy
from softswitch.base.log import get_logger
from softswitch.calls.caller_lists import CallerList, Listed
from softswitch.calls.runtime import on_disk
from softswitch.calls.runtime.caller_lists import NOT_STORED, CallerLists
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.settings import CallSettings
from softswitch.calls.voice_box import VoiceBox
from softswitch.store import NotStored
from softswitch.store.schema import StoredPhone
from softswitch.testing.clock import ManualClock
from softswitch.testing.failing_disk import FailingDisk, failing_store

BOX = VoiceBox(box="anna", number="101", owner="anna", pin="4711")
SETTINGS = CallSettings(
    domain="centre.test",
    media_ip="127.0.0.1",
    recordings_directory="/nowhere",
    voicemail_directory="/nowhere",
    caller_lists={"vip": CallerList(name="VIP")},
    voice_boxes={"anna": BOX},
)
NUMBER = "+15550100"
AWAY = StoredPhone(username="anna", do_not_disturb=True)


@pytest.fixture
def disk() -> FailingDisk:
    return FailingDisk()


def phones(disk: FailingDisk) -> PhoneSettings:
    return PhoneSettings(failing_store(disk), ManualClock())


def lists(disk: FailingDisk) -> CallerLists:
    return CallerLists(failing_store(disk), ManualClock(), lambda: SETTINGS)


def voicemail(disk: FailingDisk, removed: list[str] | None = None) -> Voicemail:
    removed = [] if removed is None else removed
    return Voicemail(
        failing_store(disk), ManualClock(), SeededEntropy(1), lambda: SETTINGS, remove_files=removed.extend
    )


def test_a_disk_that_does_not_answer_has_refused(disk: FailingDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_disk, "STORED_WITHIN_S", 0.0)
    disk.is_silent = True
    with pytest.raises(NotStored, match="has not answered"):
        asyncio.run(on_disk.on_disk(failing_store(disk)))
    assert not asyncio.run(on_disk.is_on_disk(failing_store(disk), get_logger("test"), "not stored"))


def test_who_waits_for_a_slow_disk_is_told_when_it_is_done(disk: FailingDisk) -> None:
    async def story() -> bool:
        disk.is_silent = True
        kept = asyncio.ensure_future(phones(disk).keep(AWAY))
        await asyncio.sleep(0)
        assert not kept.done()
        disk.answer()
        return await kept

    assert asyncio.run(story())


def test_a_phone_setting_that_is_refused_is_as_it_was(disk: FailingDisk) -> None:
    known = phones(disk)
    assert asyncio.run(known.keep(AWAY))
    disk.fill()
    assert not asyncio.run(known.keep(replace(AWAY, do_not_disturb=False)))
    assert known.of("anna") == AWAY
    disk.make_room()
    assert phones(disk).of("anna") == AWAY


def test_a_later_setting_is_not_undone_by_an_earlier_one_that_failed(disk: FailingDisk) -> None:
    known, later = phones(disk), replace(AWAY, forwards={"always": "102"})

    async def story() -> None:
        disk.is_silent = True
        kept = asyncio.ensure_future(known.keep(AWAY))
        await asyncio.sleep(0)
        known.set(later)
        disk.fill()
        disk.answer()
        assert not await kept

    asyncio.run(story())
    assert known.of("anna") == later


def test_an_entry_of_a_list_that_is_refused_is_not_there(disk: FailingDisk) -> None:
    known = lists(disk)
    disk.fill()
    assert not asyncio.run(known.add("vip", NUMBER, by="anna"))
    assert known.find("vip", NUMBER) is None
    disk.make_room()
    assert lists(disk).find("vip", NUMBER) is None


def test_an_entry_that_could_not_be_changed_or_removed_is_as_it_was(disk: FailingDisk) -> None:
    known = lists(disk)
    assert asyncio.run(known.add("vip", NUMBER, note="gold", by="anna"))
    disk.fill()
    assert not asyncio.run(known.add("vip", NUMBER, note="silver", by="anna"))
    assert not asyncio.run(known.remove("vip", NUMBER))
    assert known.not_removed("vip", NUMBER) == NOT_STORED
    disk.make_room()
    for each in (known, lists(disk)):
        found = each.find("vip", NUMBER)
        assert isinstance(found, Listed)
        assert found.note == "gold"


def test_a_pin_that_is_refused_does_not_open_and_the_former_does(disk: FailingDisk) -> None:
    boxes = voicemail(disk)
    disk.fill()
    assert boxes.set_pin(BOX, "2580")
    assert not asyncio.run(boxes.stored())
    disk.make_room()
    for each in (boxes, voicemail(disk)):
        assert each.open("anna", "2580", "101") is None
        assert each.open("anna", "4711", "101") == BOX


def test_a_pin_that_is_stored_stays_when_the_next_is_refused(disk: FailingDisk) -> None:
    boxes = voicemail(disk)
    assert boxes.set_pin(BOX, "2580")
    assert asyncio.run(boxes.stored())
    disk.fill()
    assert boxes.set_pin(BOX, "9753")
    assert not asyncio.run(boxes.stored())
    assert boxes.open("anna", "2580", "101") == BOX


def test_the_file_of_a_greeting_stays_until_another_is_on_the_disk(disk: FailingDisk) -> None:
    removed: list[str] = []
    boxes = voicemail(disk, removed)

    async def story() -> None:
        boxes.start(asyncio.get_running_loop())
        boxes.set_greeting(BOX, "busy", "/v/first.wav")
        assert await boxes.stored()
        disk.fill()
        boxes.set_greeting(BOX, "busy", "/v/second.wav")
        assert not await boxes.stored()
        assert boxes.chosen("anna").greetings == {"busy": "/v/first.wav"}
        assert "/v/first.wav" not in removed
        disk.make_room()
        disk.is_silent = True
        boxes.set_greeting(BOX, "busy", "/v/third.wav")
        assert "/v/first.wav" not in removed
        disk.answer()
        await asyncio.sleep(0)
        assert "/v/first.wav" in removed
        boxes.stop()

    asyncio.run(story())


def test_what_is_only_hastened_leaves_a_disk_alone_that_refuses(disk: FailingDisk) -> None:
    store = failing_store(disk)
    store.hasten()
    assert disk.commits == 1
    disk.fill()
    store.hasten()
    assert disk.commits == 1
