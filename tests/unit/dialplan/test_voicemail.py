"""Leaving messages, and the flow that plays them: every key, against a fake caller and the real book of messages."""

import msgspec
import pytest

from softswitch.base.ids import QueueId
from softswitch.calls.outcomes import (
    HUNG_UP,
    DialOutcome,
    DialReason,
    RecordedMessage,
    VoicemailOutcome,
    VoicemailReason,
)
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.store.schema import StoredPhone
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped as all_flows

pytestmark = pytest.mark.usefixtures("restarts")

BOX = VoiceBox(box="anna", number="101", owner="anna", pin="4711")
SALES = VoiceBox(box="sales", number="190", members=frozenset({"anna"}), pin="2580", operator="100")
ANNA = StoredPhone(username="anna")
outcomes: list[VoicemailOutcome] = []


@flow
async def leave(call: Call) -> None:
    outcomes[:] = [await call.voicemail("101")]


@flow
async def leave_busy(call: Call) -> None:
    outcomes[:] = [await call.voicemail("101", greeting="busy")]


@flow
async def leave_for_sales(call: Call) -> None:
    outcomes[:] = [await call.voicemail("sales")]


@flow
async def leave_for_nobody(call: Call) -> None:
    await call.voicemail("nobody")


@pytest.fixture(scope="module")
def shipped() -> dict[str, Flow]:
    return all_flows()


@pytest.fixture(autouse=True)
def forget() -> None:
    outcomes.clear()


def spoken(length_s: float = 8.0, ended_by: str = "#") -> RecordedMessage:
    return RecordedMessage(path="", duration_s=length_s, size_bytes=1, ended_by=ended_by)


def caller(*said: RecordedMessage | DialOutcome, **more: object) -> FakeCall:
    return FakeCall(outcomes=said, boxes=[BOX, SALES], **more)  # pyright: ignore[reportArgumentType]


def states(call: FakeCall, box: str = "anna") -> list[str]:
    return [each.state for each in call.voicemail.book.of(box)]


# Leaving


def test_a_message_is_said_reviewed_and_saved() -> None:
    call = caller(spoken(), digits="1")
    call.run(leave)
    assert call.transcript == [
        "answer",
        "play voicemail/person-at digits 101 voicemail/cannot-answer voicemail/leave-message",
        "play tone:beep",
        "record",
        "play voicemail/review",
        "play voicemail/saved",
    ]
    (message,) = call.voicemail.book.of("anna")
    assert (message.state, message.duration_s, message.calling_number) == ("new", 8.0, "+15550100")
    assert outcomes == [
        VoicemailOutcome(
            reason=VoicemailReason.SAVED, box="anna", message_id=message.message_id, duration_s=8.0, is_urgent=False
        )
    ]
    assert call.record.tags["voicemail"] == f"anna {message.message_id}"


def test_who_hangs_up_has_left_it() -> None:
    call = caller(spoken(ended_by=HUNG_UP))
    call.run(leave)
    assert states(call) == ["new"]
    assert [each.reason for each in outcomes] == [VoicemailReason.SAVED]


def test_who_hangs_up_in_the_review_has_left_it_as_well() -> None:
    call = caller(spoken(), digits="4", hang_up_after=10)
    call.run(leave)
    assert call.is_over
    assert outcomes == []
    (message,) = call.voicemail.book.of("anna")
    assert (message.state, message.is_urgent) == ("new", True)


@pytest.mark.parametrize("length_s", [0.0, 1.9])
def test_too_little_is_thrown_away(length_s: float) -> None:
    call = caller(spoken(length_s, HUNG_UP))
    call.run(leave)
    assert call.voicemail.book.all_messages() == []
    assert [each.reason for each in outcomes] == [VoicemailReason.TOO_SHORT]


def test_who_said_too_little_is_asked_again() -> None:
    call = caller(spoken(0.5), spoken(5.0), digits="1")
    call.run(leave)
    assert "play voicemail/too-short" in call.transcript
    (message,) = call.voicemail.book.of("anna")
    assert message.duration_s == 5.0
    assert message.path != "file-2", "each take has a file of its own"


def test_the_keys_of_the_review() -> None:
    call = caller(spoken(5.0), spoken(6.0), digits="2344951")
    call.run(leave)
    (message,) = call.voicemail.book.of("anna")
    assert call.transcript[4:] == [
        "play voicemail/review",
        "play_file file-2",
        "play voicemail/review",
        "play voicemail/record-again",
        "play tone:beep",
        "record",
        "play voicemail/review",
        "play voicemail/urgent",
        "play voicemail/review",
        "play voicemail/not-urgent",
        "play voicemail/review",
        "play menu/invalid-choice",
        "play voicemail/review",
        "play menu/invalid-choice",
        "play voicemail/review",
        "play voicemail/saved",
    ]
    assert (message.duration_s, message.is_urgent) == (6.0, False)


@pytest.mark.parametrize("key", ["7", "*"])
def test_a_caller_can_delete_it(key: str) -> None:
    call = caller(spoken(), digits=key)
    call.run(leave)
    assert call.voicemail.book.all_messages() == []
    assert [each.reason for each in outcomes] == [VoicemailReason.DISCARDED]


def test_a_second_take_that_is_too_short_does_not_cost_the_first() -> None:
    call = caller(spoken(5.0), spoken(0.1, HUNG_UP), digits="3")
    call.run(leave)
    (message,) = call.voicemail.book.of("anna")
    assert message.duration_s == 5.0


def test_who_speaks_too_long_is_told_so() -> None:
    call = caller(spoken(180.0, ""), digits="1")
    call.run(leave)
    assert "play voicemail/longest" in call.transcript
    assert states(call) == ["new"]


def test_zero_leads_to_the_operator_where_there_is_one() -> None:
    call = caller(digits="0")
    call.run(leave_for_sales)
    assert call.transcript[-1] == "transfer 100"
    assert call.voicemail.book.all_messages() == []
    without = caller(spoken(), digits="01")
    without.run(leave)
    assert not any(line.startswith("transfer") for line in without.transcript)


def test_zero_in_the_review_keeps_the_message() -> None:
    call = caller(spoken(), digits="#0")
    call.run(leave_for_sales)
    assert call.transcript[-1] == "transfer 100"
    assert states(call, "sales") == ["new"]


def test_a_full_box_says_so_and_counts() -> None:
    call = FakeCall(boxes=[VoiceBox(box="anna", number="101", messages_max=1)], messages=[message(1)])
    call.run(leave)
    assert call.transcript[-1] == "play voicemail/full"
    assert [each.reason for each in outcomes] == [VoicemailReason.FULL]
    assert call.voicemail.book.chosen("anna").refused == 1


def test_a_disk_that_refuses_is_no_saved_message() -> None:
    call = caller(spoken(), digits="1")
    call.voicemail.takes = False
    call.run(leave)
    assert call.transcript[-1] == "play fault/technical"
    assert [each.reason for each in outcomes] == [VoicemailReason.NOT_STORED]


def test_a_message_of_which_something_is_lost_is_not_called_saved_and_reaches_its_owner() -> None:
    holed = msgspec.structs.replace(spoken(), fault="no space left on device; 2.0 s are silent")
    call = caller(holed, digits="1")
    call.run(leave)
    assert "play voicemail/saved" not in call.transcript
    assert call.transcript[-1] == "play fault/technical"
    assert [each.reason for each in outcomes] == [VoicemailReason.NOT_STORED]
    assert [each.state for each in call.voicemail.book.all_messages()] == ["new"]


def test_a_recording_that_failed_is_not_called_too_short() -> None:
    failed = RecordedMessage(path="", duration_s=0.0, size_bytes=0, ended_by="#", fault="no space left on device")
    call = caller(failed)
    call.run(leave)
    assert call.transcript[-1] == "play fault/technical"
    assert [each.reason for each in outcomes] == [VoicemailReason.NOT_STORED]
    assert call.voicemail.book.all_messages() == []


def test_a_box_that_does_not_exist_is_a_fault_of_the_flow() -> None:
    with pytest.raises(Exception, match='there is no box "nobody"'):
        caller().run(leave_for_nobody)


@pytest.mark.parametrize(
    ("greetings", "flow_", "heard"),
    [
        ({"away": "a.wav"}, leave, "a.wav"),
        ({"away": "a.wav", "busy": "b.wav"}, leave, "a.wav"),
        ({"away": "a.wav", "busy": "b.wav"}, leave_busy, "b.wav"),
        ({"away": "a.wav"}, leave_busy, "a.wav"),
        ({"temporary": "t.wav", "busy": "b.wav"}, leave_busy, "t.wav"),
        ({"name": "n.wav"}, leave_busy, "n.wav voicemail/on-the-phone"),
        ({"name": "n.wav"}, leave, "n.wav voicemail/cannot-answer"),
        ({}, leave_for_sales, "voicemail/person-at digits 190 voicemail/cannot-answer"),
    ],
)
def test_which_greeting_is_heard(greetings: dict[str, str], flow_: Flow, heard: str) -> None:
    call = caller(spoken(), digits="#1")
    for kind, path in greetings.items():
        call.voicemail.book.set_greeting("anna", kind, path)  # pyright: ignore[reportArgumentType]
    call.run(flow_)
    assert call.transcript[1] == f"play {heard} voicemail/leave-message"


# Hearing


def message(number: int, box: str = "anna", state: str = "new", **more: object) -> StoredVoiceMessage:
    return StoredVoiceMessage(
        message_id=f"m{number}",
        box=box,
        path=f"{number}.wav",
        received_wall=1_000_000.0 + number,
        state=state,  # pyright: ignore[reportArgumentType]
        duration_s=20.0,
        calling_number="102",
        **more,  # pyright: ignore[reportArgumentType]
    )


def listen(
    shipped: dict[str, Flow],
    digits: str,
    *said: RecordedMessage | DialOutcome,
    dialled: str = "*97",
    phone: StoredPhone | None = ANNA,
    messages: tuple[StoredVoiceMessage, ...] = (message(1), message(2)),
) -> FakeCall:
    call = caller(*said, digits=digits, called_number=dialled, phone=phone, messages=messages)
    call.run(shipped["voicemail"])
    return call


def test_the_own_phone_opens_the_own_box_at_once(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "...", messages=(message(1), message(2), message(3, state="old")))
    assert call.transcript == [
        "answer",
        "play voicemail/you-have count 2 new-message voicemail/old-messages number 1",
        *(["play voicemail/main-menu"] * 3),
        "play greeting/goodbye",
    ]


def test_messages_are_heard_one_after_another_and_are_old_then(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "1.6.6*", messages=(message(1), message(2, is_urgent=True), message(3, state="old")))
    played = [line for line in call.transcript if line.startswith("play_file")]
    assert played == ["play_file 2.wav", "play_file 1.wav"], "urgent ones first"
    assert "play voicemail/message number 1 voicemail/urgent" in call.transcript
    assert call.transcript[-3:] == [
        "play voicemail/end-of-messages",
        "play voicemail/main-menu",
        "play greeting/goodbye",
    ]
    assert states(call) == ["old", "old", "old"]


def test_old_ones_are_heard_by_two(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "2.6*", messages=(message(1), message(3, state="old")))
    assert [line for line in call.transcript if line.startswith("play_file")] == ["play_file 3.wav"]
    assert states(call) == ["new", "old"]


@pytest.mark.parametrize(
    ("keys", "played"),
    [
        ("1", ["1.wav", "1.wav"]),
        ("#", ["1.wav", "1.wav 9"]),
        ("##", ["1.wav", "1.wav 9", "1.wav 18"]),
        ("*", ["1.wav", "1.wav"]),
        ("#*", ["1.wav", "1.wav 9", "1.wav 8"]),
        ("22", ["1.wav", "1.wav 3"]),
        ("2.", ["1.wav", "1.wav 3"]),
        ("26", ["1.wav"]),
    ],
)
def test_going_back_and_forth_and_pausing(shipped: dict[str, Flow], keys: str, played: list[str]) -> None:
    call = listen(shipped, f"1{keys}", messages=(message(1),))
    assert [line.removeprefix("play_file ") for line in call.transcript if line.startswith("play_file")] == played


def test_four_goes_to_the_one_before(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "1646")
    played = [line for line in call.transcript if line.startswith("play_file")]
    assert played == ["play_file 1.wav", "play_file 2.wav", "play_file 1.wav", "play_file 2.wav"]


def test_seven_deletes_and_has_it_back(shipped: dict[str, Flow]) -> None:
    assert states(listen(shipped, "17", messages=(message(1),))) == ["deleted"]
    call = listen(shipped, "177", messages=(message(1),))
    assert states(call) == ["old"]
    assert "play voicemail/undeleted" in call.transcript


def test_nine_keeps_it_as_new(shipped: dict[str, Flow]) -> None:
    assert states(listen(shipped, "19", messages=(message(1),))) == ["new"]


def test_three_says_when_and_from_whom(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "13", messages=(message(1),))
    (told,) = [line for line in call.transcript if "voicemail/received-at" in line]
    assert "voicemail/from digits 102 voicemail/length duration 20" in told


def test_five_calls_who_has_left_it(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "15", DialOutcome(reason=DialReason.ANSWERED, target="102"), messages=(message(1),))
    assert "dial 102" in call.transcript


def test_eight_forwards_a_copy(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "18190#", messages=(message(1),))
    assert states(call, "sales") == ["new"]
    assert "play voicemail/forwarded" in call.transcript
    wrong = listen(shipped, "18555#", messages=(message(1),))
    assert "play phone/not-possible" in wrong.transcript


def test_a_star_after_the_end_leads_back_to_the_menu(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "1.**", messages=(message(1),))
    assert call.transcript[-2:] == ["play voicemail/main-menu", "play greeting/goodbye"]


def test_another_box_needs_its_pin(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "190#2580#1.6*", dialled="*98", phone=None, messages=(message(1, "sales"),))
    assert "play_file 1.wav" in call.transcript
    wrong = listen(shipped, "190#1111#190#1112#190#1113#", dialled="*98", phone=None)
    assert wrong.transcript[-2:] == ["play voicemail/wrong-password", "play greeting/goodbye"]


def test_a_box_can_be_dialled_with_the_code(shipped: dict[str, Flow]) -> None:
    member = listen(shipped, "*", dialled="*97190", messages=(message(1, "sales"),))
    assert member.transcript[1:] == ["play voicemail/you-have count 1 new-message", "play greeting/goodbye"]
    other = listen(shipped, "4711#*", dialled="*98101", phone=None)
    assert "play voicemail/enter-mailbox" not in other.transcript
    assert other.transcript[-1] == "play greeting/goodbye"


# Greetings and the PIN


@pytest.mark.parametrize(("key", "kind"), [("1", "away"), ("2", "busy"), ("3", "name"), ("4", "temporary")])
def test_greetings_are_recorded_heard_and_removed(shipped: dict[str, Flow], key: str, kind: str) -> None:
    call = listen(shipped, f"0{key}1.1**", spoken())
    path = call.voicemail.book.chosen("anna").greetings[kind]
    assert f"play_file {path}" in call.transcript
    assert "play voicemail/greeting-saved" in call.transcript
    removed = listen(shipped, f"0{key}1.1{key}3{key}2**", spoken())
    assert removed.voicemail.book.chosen("anna").greetings == {}
    assert "play voicemail/no-greeting" in removed.transcript


def test_a_greeting_that_is_not_accepted_changes_nothing(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "011.3.***", spoken(), spoken())
    assert call.voicemail.book.chosen("anna").greetings == {}
    assert len(call.voicemail.dropped) == 2


def test_the_pin_is_changed_when_it_is_typed_twice(shipped: dict[str, Flow]) -> None:
    call = listen(shipped, "052580#2580#**")
    assert call.voicemail.book.chosen("anna").pin == "2580"
    wrong = listen(shipped, "052580#2581#**")
    assert wrong.voicemail.book.chosen("anna").pin == ""
    assert "play phone/not-possible" in wrong.transcript


# Who is not reached


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (DialReason.BUSY, "voicemail/on-the-phone"),
        (DialReason.DECLINED, "voicemail/on-the-phone"),
        (DialReason.NO_ANSWER, "voicemail/cannot-answer"),
        (DialReason.UNREACHABLE, "voicemail/cannot-answer"),
    ],
)
def test_an_extension_that_is_not_reached_has_its_box(shipped: dict[str, Flow], reason: DialReason, said: str) -> None:
    call = caller(DialOutcome(reason=reason, target="101"), spoken(ended_by=HUNG_UP), called_number="101")
    call.run(shipped["extension"])
    assert said in call.transcript[2]
    assert states(call) == ["new"]


def test_who_leaves_a_queue_leaves_his_message_in_its_box(shipped: dict[str, Flow]) -> None:
    box = VoiceBox(box="shop", queue=QueueId("support"))
    call = FakeCall(outcomes=[spoken()], digits="1", boxes=[box])
    call.record.queue = "support"
    call.run(shipped["leave_message"])
    assert states(call, "shop") == ["new"]
    assert call.transcript[1] == "play voicemail/leave-message"
    without = FakeCall(outcomes=[spoken()], boxes=[box])
    without.run(shipped["leave_message"])
    assert without.voicemail.book.all_messages() == []
    assert "message" in without.record.tags


def test_who_has_no_box_is_refused_as_before(shipped: dict[str, Flow]) -> None:
    call = caller(DialOutcome(reason=DialReason.BUSY, target="102"), called_number="102")
    call.run(shipped["extension"])
    assert call.transcript[-1] == "reject 486"
