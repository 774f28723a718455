"""Whatever a program sends, whenever ticks come, nothing is raised, and nothing grows beyond its bound."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.ids import FeedId
from softswitch.media.feeds import limits
from softswitch.media.feeds.orders import Dial
from softswitch.media.feeds.program_link import ProgramLink
from softswitch.media.feeds.voices import AHEAD_FRAMES
from softswitch.media.feeds.wire import HEARD, SAID, read

wishes = st.fixed_dictionaries(
    {"type": st.sampled_from(["mark", "clear", "dtmf", "stop", "x"])},
    optional={
        "name": st.text(max_size=210),
        "digits": st.text("0123456789*#ABCDx", max_size=70),
        "result": st.integers(),
    },
).map(json.dumps)
messages = st.binary(max_size=700) | st.just(bytes(320 * 400)) | st.text(max_size=40) | wishes
ticks = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 12))
events = st.lists(messages | ticks | st.sampled_from(["lost", "gone", "back", "key", "read"]), max_size=40)


@settings(deadline=None, max_examples=60)
@given(events=events, talks=st.booleans())
def test_a_link_bears_any_program(events: list[str | bytes | tuple[int, int]], talks: bool) -> None:
    link = ProgramLink(Dial(feed_id=FeedId(1), url="ws://x", side="both", talks=talks))
    link.connected()
    with_worker = 0
    for event in events:
        match event:
            case (tick, played):
                link.heard(tick, min(played, with_worker), np.zeros((2, 160), np.int16))
            case "lost":
                link.worker_lost()
                with_worker = 0
            case "gone":
                link.disconnected()
            case "back":
                link.connected()
            case "key":
                link.pressed("1")
            case "read":
                while link.next_message() is not None:
                    pass
            case str() | bytes():
                link.receive(event)
            case _:
                raise AssertionError(event)
        pieces = link.take_said()
        with_worker += len(pieces)
        assert len(pieces) <= AHEAD_FRAMES + 1
        assert all(len(piece.sound) == 320 for piece in pieces)
        assert talks or not pieces
        assert link.said_ahead_s <= (limits.SAID_FRAMES_MAX + AHEAD_FRAMES + 1) * 0.02
    read_out = 0
    while link.next_message() is not None:
        read_out += 1
    assert read_out <= limits.WAITING_FRAMES_MAX + limits.WAITING_TEXTS_MAX + 2


@given(packet=st.binary(max_size=2000))
def test_any_packet_is_records_or_nothing(packet: bytes) -> None:
    records = read(packet)
    assert records is None or len(records) <= len(packet) // min(HEARD.itemsize, SAID.itemsize)
