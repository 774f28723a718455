"""Keys that command, and those that are meant for the other side: none is lost, and none does both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls.call_keys import (
    BETWEEN_S,
    FIRST_S,
    HOLD_S,
    BackWished,
    CallKeys,
    ConferenceWished,
    ConnectionWished,
    ConsultationWished,
    NumberDropped,
    NumberWanted,
    PassOn,
    RecordingWished,
    SwapWished,
    TransferWished,
    Wish,
)


def typed(text: str, *, pause_s: float = 0.2, then_s: float = 20.0, is_consulting: bool = False) -> list[Wish]:
    """What comes of these keys; "_" is a pause in which a star is let go."""
    keys, now = CallKeys(), 100.0
    keys.is_consulting = is_consulting
    for key in text:
        if key == "_":
            now += HOLD_S
            keys.handle_timeout(now)
        else:
            keys.press(key, now)
            now += pause_s
    while (due_at := keys.next_timeout()) is not None and due_at <= now + then_s:
        keys.handle_timeout(due_at)
    return keys.take_wishes()


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("5", [PassOn("5")]),
        ("5#0", [PassOn("5"), PassOn("#"), PassOn("0")]),
        ("*1", [RecordingWished()]),
        ("*1*1", [RecordingWished(), RecordingWished()]),
        ("*", [PassOn("*")]),
        ("*_1", [PassOn("*"), PassOn("1")]),
        ("*9", [PassOn("*9")]),
        ("**", [PassOn("**")]),
        ("*2102#7", [NumberWanted(False), TransferWished("102"), PassOn("7")]),
        ("*2102", [NumberWanted(False), TransferWished("102")]),
        ("*2", [NumberWanted(False), NumberDropped()]),
        ("*2#", [NumberWanted(False), NumberDropped()]),
        ("*210*5", [NumberWanted(False), NumberDropped(), PassOn("5")]),
        ("*3102#", [NumberWanted(True), ConsultationWished("102")]),
        ("*3102", [NumberWanted(True), ConsultationWished("102")]),
        ("*3*", [NumberWanted(True), NumberDropped()]),
        ("*3", [NumberWanted(True), NumberDropped()]),
    ],
)
def test_each_is_for_whom_it_is_meant(text: str, wishes: list[Wish]) -> None:
    assert typed(text) == wishes


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("*1", [BackWished()]),
        ("*2", [ConnectionWished()]),
        ("*3", [ConferenceWished()]),
        ("*4", [SwapWished()]),
        ("*5", [PassOn("*5")]),
        ("5#", [PassOn("5"), PassOn("#")]),
    ],
)
def test_while_he_asks_somebody_other_keys_follow_the_star(text: str, wishes: list[Wish]) -> None:
    assert typed(text, is_consulting=True) == wishes


def test_a_pause_ends_the_number_and_none_may_come_for_a_while() -> None:
    keys = CallKeys()
    keys.press("*", 0.0)
    keys.press("2", 0.1)
    assert keys.next_timeout() == pytest.approx(0.1 + FIRST_S)
    keys.press("7", 5.0)
    assert keys.next_timeout() == pytest.approx(5.0 + BETWEEN_S)


@given(st.text(alphabet="013456789#_", max_size=30))
def test_without_a_star_everything_is_passed_on(text: str) -> None:
    passed = "".join(wish.digits for wish in typed(text) if isinstance(wish, PassOn))
    assert passed == text.replace("_", "")


@given(st.text(alphabet="0123456789*#_", max_size=60))
def test_whatever_is_typed_it_comes_to_rest(text: str) -> None:
    keys, now = CallKeys(), 0.0
    for key in text:
        now += 0.3
        keys.press(key if key != "_" else "5", now)
    for _ in range(3):
        due_at = keys.next_timeout()
        if due_at is not None:
            keys.handle_timeout(due_at)
    assert keys.next_timeout() is None
