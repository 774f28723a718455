"""Recordings of rooms through the engine: all who are in the room, and nobody who is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, RecordingId, RoomId, StreamId
from softswitch.media.protocol import DropRoom, DropStream, PutRoom, Recording, Room, StartRecording, StopRecording
from tests.unit.media.mixing.test_rooms import RATE_HZ, Conference, laws, level_db, room

SPOKEN_DB = 20 * np.log10(1500 / 32768)
RECORDED = RecordingId("recorded")


def recording(*, left: int = 1, of: str = "room") -> StartRecording:
    return StartRecording(
        Recording(
            recording_id=RECORDED,
            call_id=CallId("conference"),
            path="/conference.wav",
            left=StreamId(left),
            right=None,
            started_at=1000.0,
            room=RoomId(of),
        )
    )


def last_second(conference: Conference, channel: int = 0) -> NDArray[np.float64]:
    return conference.driver.sink.sound(RECORDED)[-RATE_HZ:, channel].astype(np.float64)


def recorded_levels(conference: Conference) -> dict[int, float]:
    sound = last_second(conference)
    return {number: level_db(sound, conference.frequency_hz(number)) for number in conference.codecs}


def test_everybody_in_the_room_is_heard_in_both_channels() -> None:
    conference = Conference(laws(15))
    conference.driver.apply(room(*range(1, 16)), recording())
    conference.tick(150)
    for level in recorded_levels(conference).values():
        assert level == pytest.approx(SPOKEN_DB, abs=0.5)
    assert np.array_equal(last_second(conference, 0), last_second(conference, 1))


def test_who_has_left_the_room_is_not_recorded() -> None:
    conference = Conference(laws(4))
    conference.driver.apply(room(1, 2, 3, 4), recording())
    conference.tick(20)
    conference.driver.apply(room(1, 2, 3), PutRoom(Room(room_id=RoomId("aside"), members=[StreamId(4)])))
    conference.tick(150)
    assert recorded_levels(conference)[4] < -60
    assert recorded_levels(conference)[3] == pytest.approx(SPOKEN_DB, abs=0.5)


def test_who_is_muted_is_not_recorded() -> None:
    conference = Conference(laws(3))
    conference.driver.apply(room(1, 2, 3), recording())
    conference.change(2, is_muted=True)
    conference.tick(150)
    assert recorded_levels(conference)[2] < -60


def test_the_recording_goes_on_without_the_stream_it_was_begun_beside() -> None:
    conference = Conference(laws(4))
    conference.driver.apply(room(1, 2, 3, 4), recording(left=4))
    conference.tick(20)
    conference.driver.apply(DropStream(StreamId(4)))
    del conference.codecs[4]
    conference.tick(150)
    assert recorded_levels(conference)[1] == pytest.approx(SPOKEN_DB, abs=0.5)


def test_another_stream_to_begin_beside_changes_nothing_and_another_room_is_the_one_recorded() -> None:
    conference = Conference(laws(4))
    aside = PutRoom(Room(room_id=RoomId("aside"), members=[StreamId(3), StreamId(4)]))
    conference.driver.apply(room(1, 2), aside, recording(left=1))
    conference.tick(20)
    conference.driver.apply(recording(left=2))
    conference.tick(150)
    assert recorded_levels(conference)[1] == pytest.approx(SPOKEN_DB, abs=0.5)
    assert recorded_levels(conference)[3] < -60
    conference.driver.apply(recording(left=2, of="aside"))
    conference.tick(150)
    assert recorded_levels(conference)[1] < -60
    assert recorded_levels(conference)[3] == pytest.approx(SPOKEN_DB, abs=0.5)
    conference.driver.apply(StopRecording(RECORDED))
    assert conference.driver.engine.phases[0].room_voices.is_empty


def test_a_room_that_is_gone_is_silence_and_one_that_comes_is_heard() -> None:
    conference = Conference(laws(2))
    conference.driver.apply(recording())
    conference.tick(60)
    assert not last_second(conference).any()
    conference.driver.apply(room(1, 2))
    conference.tick(150)
    assert recorded_levels(conference)[1] == pytest.approx(SPOKEN_DB, abs=0.5)
    conference.driver.apply(DropRoom(RoomId("room")))
    conference.tick(150)
    assert not last_second(conference).any()


def test_a_room_at_full_scale_is_limited() -> None:
    conference = Conference(laws(15), amplitude=32_000)
    conference.driver.apply(room(*range(1, 16)), recording())
    conference.tick(150)
    sound = last_second(conference)
    assert np.abs(sound).max() <= 32_767
    assert level_db(sound, conference.frequency_hz(5)) > -40


def test_nothing_is_left_of_a_recording_that_is_over() -> None:
    conference = Conference(laws(2))
    conference.driver.apply(room(1, 2), recording())
    conference.tick(5)
    conference.driver.apply(StopRecording(RECORDED))
    frames = conference.driver.engine.phases[0].room_voices
    assert frames.is_empty
