"""The switch's end of a program's WebSocket, without the socket: what it is sent, and what becomes of what it says."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import FeedId
from softswitch.media.feeds import limits
from softswitch.media.feeds.orders import Dial, Side
from softswitch.media.feeds.program_link import Piece, ProgramLink
from softswitch.media.feeds.voices import AHEAD_FRAMES

FRAME_BYTES = 320


def link_of(*, side: Side = "caller", talks: bool = True, rate_hz: int = 8000) -> ProgramLink:
    dial = Dial(feed_id=FeedId(7), url="ws://x", side=side, talks=talks, rate_hz=rate_hz, start={"call_id": "c1"})
    link = ProgramLink(dial)
    link.connected()
    assert text(link)["type"] == "start"
    return link


def text(link: ProgramLink) -> dict[str, Any]:
    message = link.next_message()
    assert isinstance(message, str), message
    return json.loads(message)


def sides(left: int = 0, right: int = 0, samples: int = 160) -> NDArray[np.int16]:
    return np.array([[left] * samples, [right] * samples], np.int16)


def wish(link: ProgramLink, **message: Any) -> None:
    link.receive(json.dumps(message))


def test_the_first_message_says_whose_call_it_is_and_what_follows() -> None:
    link = ProgramLink(Dial(feed_id=FeedId(7), url="ws://x", side="both", rate_hz=16000, start={"call_id": "c1"}))
    assert link.next_message() is None, "there is nobody to be told"
    link.connected()
    assert text(link) == {
        "type": "start",
        "version": 1,
        "stream_id": "7",
        "call": {"call_id": "c1"},
        "media": {"encoding": "s16le", "rate_hz": 16000, "channels": 2, "side": "both", "frame_ms": 20},
        "talks": False,
        "is_resumed": False,
    }


@pytest.mark.parametrize(
    ("side", "samples"),
    [("caller", [3, 3]), ("other", [-5, -5]), ("both", [3, -5]), ("mixed", [-2, -2])],
)
def test_a_program_gets_the_side_it_asked_for(side: Side, samples: list[int]) -> None:
    link = link_of(side=side)
    link.heard(1, 0, sides(3, -5))
    message = link.next_message()
    assert isinstance(message, bytes)
    assert np.frombuffer(message, "<i2")[:2].tolist() == samples
    assert len(message) == FRAME_BYTES * (2 if side == "both" else 1)


def test_a_sum_is_limited() -> None:
    link = link_of(side="mixed")
    link.heard(1, 0, sides(30_000, 30_000))
    message = link.next_message()
    assert isinstance(message, bytes)
    assert np.frombuffer(message, "<i2")[0] == 32767


def test_a_slow_program_gets_the_latest_and_learns_what_is_missing() -> None:
    link = link_of()
    for tick in range(limits.WAITING_FRAMES_MAX + 30):
        link.heard(tick, 0, sides(tick))
        if tick == 10:
            link.pressed("5")
    assert text(link) == {"type": "dtmf", "digit": "5"}, "no text is lost"
    assert text(link) == {"type": "dropped", "direction": "to_program", "frames": 30}
    frames = [message for _ in range(limits.WAITING_FRAMES_MAX) if isinstance(message := link.next_message(), bytes)]
    assert np.frombuffer(frames[0], "<i2")[0] == 30
    assert len(frames) == limits.WAITING_FRAMES_MAX
    assert link.next_message() is None
    assert (link.counts.sent, link.counts.dropped) == (limits.WAITING_FRAMES_MAX, 30)


def test_what_is_lost_on_the_way_is_told_in_its_place() -> None:
    link = link_of()
    link.heard(0xFFFFFFFF, 0, sides(1))
    link.heard(0, 0, sides(2))
    link.heard(4, 0, sides(3))
    assert isinstance(link.next_message(), bytes)
    assert isinstance(link.next_message(), bytes), "the number of the tick may wrap"
    assert text(link) == {"type": "dropped", "direction": "to_program", "frames": 3}
    assert isinstance(link.next_message(), bytes)


def test_a_new_connection_says_so_and_what_was_missed() -> None:
    link = link_of(talks=False)
    link.heard(1, 0, sides())
    assert isinstance(link.next_message(), bytes)
    link.heard(2, 0, sides())
    link.disconnected()
    link.heard(3, 0, sides())
    assert link.next_message() is None
    link.connected()
    start = text(link)
    assert (start["type"], start["is_resumed"]) == ("start", True)
    link.heard(4, 0, sides())
    assert text(link)["frames"] == 2
    assert (link.counts.sent, link.counts.dropped) == (1, 2)


def test_who_takes_no_texts_is_cut_off() -> None:
    link = link_of()
    for _ in range(limits.WAITING_TEXTS_MAX):
        link.pressed("1")
    assert link.ended is None
    link.pressed("1")
    assert link.ended is not None
    assert "does not take its messages" in link.ended.fault


def test_pieces_of_any_length_become_frames_a_few_ahead_of_what_was_played() -> None:
    link = link_of()
    link.receive(bytes(100))
    assert link.take_said() == []
    link.receive(b"\1\0" * 3200)
    pieces = link.take_said()
    assert len(pieces) == AHEAD_FRAMES
    assert [len(piece.sound) for piece in pieces] == [FRAME_BYTES] * AHEAD_FRAMES
    assert pieces[0].sound[:102] == bytes(100) + b"\1\0"
    assert link.take_said() == []
    link.heard(1, 2, sides())
    assert len(link.take_said()) == 2
    assert not link.is_silent
    assert link.said_ahead_s == pytest.approx(18 * 0.02)


def test_the_rest_of_a_sentence_is_completed_with_silence() -> None:
    link = link_of()
    link.receive(b"\1\0" * 10)
    for tick in range(4):
        link.heard(tick, 0, sides())
    (piece,) = link.take_said()
    assert piece == Piece(False, b"\1\0" * 10 + bytes(300))


def test_a_mark_comes_back_when_all_before_it_was_played() -> None:
    link = link_of()
    wish(link, type="mark", name="at once")
    assert text(link) == {"type": "mark", "name": "at once", "is_played": True}
    link.receive(bytes(3 * FRAME_BYTES))
    wish(link, type="mark", name="a")
    assert link.next_message() is None
    link.take_said()
    link.heard(1, 2, sides())
    assert isinstance(link.next_message(), bytes)
    assert link.next_message() is None
    link.heard(2, 3, sides())
    assert text(link)["name"] == "a"
    assert link.is_silent


def test_clear_throws_away_what_was_not_heard() -> None:
    link = link_of()
    link.receive(bytes(20 * FRAME_BYTES))
    wish(link, type="mark", name="a")
    link.take_said()
    wish(link, type="clear")
    assert text(link) == {"type": "mark", "name": "a", "is_played": False}
    assert link.take_said() == [Piece(True, bytes(FRAME_BYTES))], "the worker throws away what it has"
    assert link.counts.refused == 20 - AHEAD_FRAMES
    link.heard(1, AHEAD_FRAMES + 1, sides())
    assert link.is_silent
    link.receive(b"\2\0" * 160)
    assert link.take_said() == [Piece(False, b"\2\0" * 160)], "and goes on as if nothing had been said"


def test_a_sentence_after_a_clear_replaces_the_one_before() -> None:
    link = link_of()
    link.receive(bytes(2 * FRAME_BYTES))
    link.take_said()
    wish(link, type="clear")
    link.receive(b"\2\0" * 160)
    assert link.take_said() == [Piece(True, b"\2\0" * 160)]


def test_who_says_too_much_ahead_is_refused_and_told() -> None:
    link = link_of()
    for _ in range(10):
        link.receive(bytes(FRAME_BYTES * 400))
    assert link.is_full
    told = [text(link) for _ in range(3)]
    assert {each["direction"] for each in told} == {"to_call"}
    assert [each["frames"] for each in told] == [200, 400, 400]
    assert link.counts.refused == 1000
    wish(link, type="clear")
    assert not link.is_full


def test_a_new_worker_counts_from_zero() -> None:
    link = link_of()
    link.receive(bytes(10 * FRAME_BYTES))
    wish(link, type="mark", name="a")
    link.take_said()
    link.heard(50, 3, sides())
    assert link.next_message() is not None
    link.worker_lost()
    assert link.counts.refused == AHEAD_FRAMES - 3
    link.heard(7, 0, sides())
    assert isinstance(link.next_message(), bytes), "no gap is made up"
    assert len(link.take_said()) == 10 - AHEAD_FRAMES
    link.heard(8, 10 - AHEAD_FRAMES, sides())
    assert text(link)["name"] == "a"


def test_stop_has_a_result_and_comes_once() -> None:
    link = link_of(talks=False)
    wish(link, type="stop", result={"wants": ["agent"]})
    wish(link, type="stop", result=2)
    assert link.ended is not None
    assert json.loads(link.ended.result) == {"wants": ["agent"]}
    assert link.ended.fault == ""


def test_a_result_has_a_bound() -> None:
    link = link_of()
    wish(link, type="stop", result="x" * limits.RESULT_BYTES_MAX)
    assert link.ended is not None
    assert "longer than" in link.ended.fault


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type": "shout"}',
        '{"type": "mark"}',
        '{"type": "mark", "name": 5}',
        '{"type": "dtmf", "digits": "12x"}',
        '{"type": "stop", "result": ' + "[" * 100_000 + "}",
        json.dumps({"type": "mark", "name": "x" * 300}),
        json.dumps({"type": "dtmf", "digits": "1" * 65}),
        b"\0",
    ],
)
def test_what_is_not_understood_is_answered_and_not_for_ever(message: str | bytes) -> None:
    link = link_of()
    for _ in range(limits.FAULTS_MAX):
        link.receive(message)
        assert text(link)["type"] == "error"
    assert link.ended is None
    link.receive(message)
    assert link.ended is not None
    assert "not understood" in link.ended.fault


def test_one_that_only_listens_says_nothing_but_stop() -> None:
    link = link_of(talks=False)
    for message in (bytes(320), '{"type": "clear"}', '{"type": "dtmf", "digits": "1"}'):
        link.receive(message)
        assert text(link)["type"] == "error"
    assert link.take_said() == []
    assert link.take_digits() == ""


def test_digits_for_the_caller_are_handed_on_once() -> None:
    link = link_of()
    wish(link, type="dtmf", digits="12")
    wish(link, type="dtmf", digits="3#")
    assert link.take_digits() == "123#"
    assert link.take_digits() == ""


def test_what_has_changed_about_the_call_is_told() -> None:
    link = link_of()
    link.changed({"call_id": "c2"})
    assert text(link) == {"type": "call", "call": {"call_id": "c2"}}


def test_wideband_frames_are_twice_as_long() -> None:
    link = link_of(rate_hz=16000)
    link.receive(bytes(2 * FRAME_BYTES))
    assert [len(piece.sound) for piece in link.take_said()] == [2 * FRAME_BYTES]
