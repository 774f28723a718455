"""Menus of menus.toml as callers go through them."""

from typing import Any

import pytest

from softswitch.calls.outcomes import (
    ConferenceOutcome,
    ConferenceReason,
    DialOutcome,
    DialReason,
    QueueOutcome,
    QueueReason,
    RecordedMessage,
)
from softswitch.calls.voice_box import VoiceBox
from softswitch.config.menu_rows import MenuRow
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.dialplan.limits import MENU_ROUNDS_MAX, MENU_STEPS_NOTED_MAX
from softswitch.dialplan.menu_walk import menu_flows
from softswitch.dialplan.menus import compile_menu
from softswitch.dialplan.schedule import Schedule
from softswitch.testing.call import FakeCall

pytestmark = pytest.mark.usefixtures("restarts")

ANSWERED = QueueOutcome(reason=QueueReason.ANSWERED, queue="sales")
FULL = QueueOutcome(reason=QueueReason.FULL, queue="sales")
BUSY = DialOutcome(reason=DialReason.BUSY, target="101")
TALKED = DialOutcome(reason=DialReason.ANSWERED, target="101")


@flow
async def extra(call: Call) -> None:
    await call.play("extra")


CLOSED = {"office": Schedule(id="office", timezone="UTC", weekly=((),) * 7, holidays={}, yearly={})}


def walk(
    typed: str,
    *outcomes: QueueOutcome | DialOutcome | RecordedMessage | ConferenceOutcome,
    calls_back: bool = True,
    **keys: Any,
) -> FakeCall:
    """Through the menu "main" with these keys, and "more" behind it."""
    rows = [
        MenuRow(
            id="main",
            text="Choose.",
            keys={
                "1": ("queue:sales", "flow:extra"),
                "2": "menu:more",
                "3": ("play:address", "say:Call again."),
                "4": "dial:101",
                "5": ("language:ru", "tag:topic=toys", "menu:more"),
                "6": ("flow:extra", "repeat"),
                "7": "callback:sales",
                "8": "hangup",
                "901": ("conference:board", "flow:extra"),
                "9xx": "dial",
                "*": "repeat",
                "#": "back",
            },
            **keys,
        ),
        MenuRow(
            id="more",
            prompt=("more/one", "more/two"),
            keys={"1": "queue:support", "*": "back", "2": "menu:main", "3": "voicemail:sales"},
        ),
    ]
    flows: dict[str, Flow] = {"extra": extra, **menu_flows([compile_menu(row) for row in rows])}
    boxes = [VoiceBox(box="sales")]
    call = FakeCall(digits=typed, outcomes=outcomes, calls_back=calls_back, boxes=boxes)
    call.run(flows["main"], flows=flows, schedules=CLOSED)
    return call


def seen(call: FakeCall) -> list[str]:
    return [line for line in call.transcript if line != "answer"]


def test_a_key_leads_to_a_queue_and_an_answered_call_is_over() -> None:
    call = walk("1", ANSWERED)
    assert seen(call) == ["play menus/main", "queue sales"]
    assert call.record.tags == {"menu": "main:1"}


def test_who_is_not_served_is_told_why_and_goes_on_with_the_next_step() -> None:
    assert seen(walk("1", FULL)) == ["play menus/main", "queue sales", "play queue/full", "play extra"]


def test_after_the_last_step_that_came_to_nothing_the_menu_is_asked_again() -> None:
    call = walk("44", BUSY, TALKED)
    assert seen(call) == ["play menus/main", "dial 101", "play connect/busy", "play menus/main", "dial 101"]
    assert seen(walk("38"))[:4] == ["play menus/main", "play address", "play text Call again.", "play menus/main"]


def test_what_is_typed_is_dialled() -> None:
    assert seen(walk("923", TALKED)) == ["play menus/main", "dial 923"]


def test_a_menu_within_a_menu_and_back() -> None:
    call = walk("2*21", QueueOutcome(reason=QueueReason.ANSWERED, queue="support"))
    asked = ["play menus/main", "play more/one more/two"]
    assert seen(call) == [*asked, *asked, "queue support"]
    assert call.record.tags == {"menu": "main:2 more:* main:2 more:1"}


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        (ConferenceOutcome(reason=ConferenceReason.LEFT, room="board", conference="c1"), "conference board"),
        (ConferenceOutcome(reason=ConferenceReason.FULL, room="board"), "play extra"),
    ],
)
def test_a_conference_is_taken_part_in_or_something_else_done(outcome: ConferenceOutcome, last: str) -> None:
    assert seen(walk("901", outcome))[-1] == last


def test_back_from_the_first_menu_ends_the_flow_and_hangup_the_call() -> None:
    assert seen(walk("#")) == ["play menus/main"]
    assert seen(walk("8")) == ["play menus/main", "hang_up"]


def test_a_menu_that_was_come_through_is_gone_back_to() -> None:
    """More, main, more, main ... and then back once, out of all of it."""
    assert seen(walk("2222#"))[-1] == "play menus/main"
    assert len(seen(walk("2222#"))) == 5


def test_language_and_tag_are_set_on_the_way() -> None:
    call = walk("51", QueueOutcome(reason=QueueReason.ANSWERED, queue="support"))
    assert call.language == "ru"
    assert call.record.tags == {"topic": "toys", "menu": "main:5 more:1"}


def test_a_flow_is_run_and_comes_back_only_if_a_step_says_so() -> None:
    assert seen(walk("68")) == ["play menus/main", "play extra", "play menus/main", "hang_up"]


def test_who_leaves_a_message_is_done_and_who_does_not_is_asked_again() -> None:
    spoken = RecordedMessage(path="", duration_s=9.0, size_bytes=1, ended_by="#")
    assert seen(walk("231", spoken))[-2:] == ["play voicemail/review", "play voicemail/saved"]
    deleted = seen(walk("237*8", spoken))
    assert deleted[-4:] == ["play voicemail/deleted", "play more/one more/two", "play menus/main", "hang_up"]


@pytest.mark.parametrize(
    ("typed", "calls_back", "last"),
    [
        ("71", True, ["request_callback  sales", "play callback/promised"]),
        ("718", False, ["request_callback  sales", "play callback/not-possible", "play menus/main", "hang_up"]),
        ("7..8", True, ["play menus/main", "hang_up"]),
    ],
)
def test_a_call_back_is_promised_to_who_confirms_his_number(typed: str, calls_back: bool, last: list[str]) -> None:
    told = seen(walk(typed, calls_back=calls_back))
    assert told[1].startswith("play callback/offer digits +")
    assert told[-len(last) :] == last


@pytest.mark.parametrize(
    ("typed", "keys", "last"),
    [
        ("", {}, ["play menu/no-choice", "play greeting/goodbye"]),
        ("", {"default": "play:sorry"}, ["play menu/no-choice", "play sorry"]),
        ("0", {"default": "play:sorry", "tries": 1}, ["play menu/invalid-choice", "play sorry"]),
        ("0", {"after_wrong": "play:wrong", "after_silence": "play:silent", "tries": 1}, ["play wrong"]),
        ("", {"after_wrong": "play:wrong", "after_silence": "play:silent", "tries": 1}, ["play silent"]),
        ("", {"no_choice": "", "tries": 1, "default": "flow:extra"}, ["play menus/main", "play extra"]),
        ("", {"hours": "office", "closed": ("play:closed", "hangup")}, ["play closed", "hang_up"]),
    ],
)
def test_who_does_not_choose_or_comes_too_late(typed: str, keys: dict[str, Any], last: list[str]) -> None:
    assert seen(walk(typed, **keys))[-len(last) :] == last


def test_who_goes_in_circles_is_let_go() -> None:
    call = walk("*" * (MENU_ROUNDS_MAX + 5))
    assert seen(call) == ["play menus/main"] * MENU_ROUNDS_MAX + ["play greeting/goodbye"]
    assert call.record.tags["menu"].split() == ["main:*"] * MENU_STEPS_NOTED_MAX
