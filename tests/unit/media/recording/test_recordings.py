"""Recordings through the engine: taps, blocks, streams that come and go."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.limits import RECORDINGS_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    DropStream,
    DtmfReceived,
    Hearing,
    Recording,
    RecordingFinished,
    SetHearing,
    StartRecording,
    StopRecording,
)
from softswitch.media.tick_grid import PHASES
from softswitch.testing.media_engine import EngineDriver

FRAME = 160


def recording(
    name: str = "r",
    left: int = 1,
    right: int | None = 2,
    *,
    masked_until: float = 0.0,
    beep_every_s: float = 0.0,
    started_at: float = 1000.0,
) -> Recording:
    return Recording(
        recording_id=RecordingId(name),
        call_id=CallId("call"),
        path=f"/{name}.wav",
        left=StreamId(left),
        right=None if right is None else StreamId(right),
        started_at=started_at,
        masked_until=masked_until,
        beep_every_s=beep_every_s,
    )


def say(driver: EngineDriver, number: int, index: int, byte: int, payload_type: int = 0) -> None:
    packet = pack(
        payload_type=payload_type, sequence=index, timestamp=FRAME * index, ssrc=number, payload=bytes([byte]) * FRAME
    )
    driver.deliver(number, packet)


def decoded(driver: EngineDriver, byte: int, codec: str = "PCMU") -> int:
    tables = driver.engine.tables
    return int(tables.decode(np.array([[byte]], np.uint8), np.array([tables.names.index(codec)]))[0, 0])


def levels(sound: NDArray[np.int16]) -> list[list[int]]:
    """The level of each frame, (left, right); every frame must be of one level."""
    frames = sound.reshape(-1, FRAME, 2)
    assert (frames == frames[:, :1]).all()
    return frames[:, 0].tolist()


def test_each_channel_is_what_its_party_said_tick_by_tick() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2, codec="PCMA", payload_type=8)
    assert driver.apply(StartRecording(recording()), StartRecording(recording())) == []
    for index in range(60):
        say(driver, 1, index, index)
        say(driver, 2, index, 100 + index, payload_type=8)
        driver.tick()
    driver.apply(StopRecording(RecordingId("r")), StopRecording(RecordingId("r")))
    expected = [[0, decoded(driver, driver.engine.tables.silence[1], "PCMA")]]
    expected += [[decoded(driver, n), decoded(driver, 100 + n, "PCMA")] for n in range(59)]
    assert levels(driver.sink.sound(RecordingId("r"))) == expected
    driver.tick()
    assert RecordingFinished(CallId("call"), RecordingId("r"), "/r.wav", 1.2, 38400) in driver.engine.take_events()


def test_sound_is_handed_on_so_often_that_a_killed_worker_loses_less_than_a_second() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    driver.apply(StartRecording(recording()))
    driver.tick(120)
    blocks = [len(block) for block in driver.sink.blocks[RecordingId("r")]]
    assert blocks == [6400, 6400, 6400]


def test_recordings_that_begin_together_are_not_all_handed_on_in_one_tick() -> None:
    driver = EngineDriver()
    driver.put(1)
    for number in range(20):
        driver.apply(StartRecording(recording(str(number), right=None)))
    driver.tick(60)
    begun = {len(driver.sink.blocks[RecordingId(str(number))][0]) for number in range(20)}
    assert len(begun) == 20
    for number in range(20):
        driver.apply(StopRecording(RecordingId(str(number))))
        assert len(driver.sink.sound(RecordingId(str(number)))) == 60 * FRAME


def test_ticks_that_were_left_out_are_silence_of_equal_length() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.apply(StartRecording(recording(right=None)))
    for index in range(70):
        say(driver, 1, index, 0x90)
        driver.tick()
    driver.leave_out(75)
    driver.tick(5)
    driver.apply(StopRecording(RecordingId("r")))
    sound = driver.sink.sound(RecordingId("r"))
    assert len(sound) == 150 * FRAME
    assert not sound[70 * FRAME : 145 * FRAME].any()
    assert sound[FRAME : 70 * FRAME, 0].all()


def test_a_recording_outlives_its_streams_and_takes_them_when_they_come() -> None:
    driver = EngineDriver()
    driver.apply(StartRecording(recording()))
    driver.tick(3)
    driver.put(1)
    for index in range(5):
        say(driver, 1, index, 0x90)
        driver.tick()
    driver.apply(DropStream(StreamId(1)))
    driver.tick(4)
    driver.apply(StopRecording(RecordingId("r")))
    left = [level[0] for level in levels(driver.sink.sound(RecordingId("r")))]
    said = decoded(driver, 0x90)
    assert left == [0] * 4 + [said] * 4 + [0] * 4


def test_a_codec_that_changes_within_a_block_is_decoded_as_it_was_said() -> None:
    driver = EngineDriver()
    first = driver.put(1)
    driver.apply(StartRecording(recording(right=None)))
    for index in range(5):
        say(driver, 1, index, 0x90)
        driver.tick()
    driver.put(1, codec="PCMA", payload_type=8, started_at=first.started_at)
    for index in range(5, 10):
        say(driver, 1, index, 0x90, payload_type=8)
        driver.tick()
    driver.apply(StopRecording(RecordingId("r")))
    left = [level[0] for level in levels(driver.sink.sound(RecordingId("r")))]
    assert left[1:5] == [decoded(driver, 0x90)] * 4
    tables = driver.engine.tables
    converted = tables.convert(np.array([[0x90]], np.uint8), np.array([1]), np.array([0]))
    assert left[-4:] == [decoded(driver, int(converted[0, 0]))] * 4


def speak(driver: EngineDriver, ticks: int, index: int = 0) -> int:
    """Both parties of a call speak for so many ticks; returns the index of the next packet."""
    for at in range(index, index + ticks):
        say(driver, 1, at, 0x90)
        say(driver, 2, at, 0x91, payload_type=8)
        driver.tick()
    return index + ticks


def call_of_two_laws(driver: EngineDriver) -> tuple[list[int], list[int]]:
    """What both parties say with `speak`, and silence, as levels (left, right)."""
    driver.put(1)
    driver.put(2, codec="PCMA", payload_type=8)
    silence = driver.engine.tables.silence
    said = [decoded(driver, 0x90), decoded(driver, 0x91, "PCMA")]
    return said, [decoded(driver, silence[0]), decoded(driver, silence[1], "PCMA")]


def test_a_masked_recording_is_silent_on_both_sides_until_its_time_and_keeps_its_length() -> None:
    driver = EngineDriver()
    said, silence = call_of_two_laws(driver)
    driver.apply(StartRecording(recording()))
    index = speak(driver, 21)
    driver.apply(StartRecording(recording(masked_until=driver.now + 30 * 0.020)))
    index = speak(driver, 20, index)
    driver.leave_out(5)
    speak(driver, 15, index + 5)
    driver.apply(StopRecording(RecordingId("r")))
    assert levels(driver.sink.sound(RecordingId("r")))[1:] == [said] * 20 + [silence] * 30 + [said] * 10


def test_a_mask_may_be_lifted_early_or_made_longer() -> None:
    driver = EngineDriver()
    said, silence = call_of_two_laws(driver)
    driver.apply(StartRecording(recording(masked_until=driver.now + 10 * 0.020)))
    index = speak(driver, 5)
    driver.apply(StartRecording(recording(masked_until=driver.now + 10 * 0.020)))
    index = speak(driver, 8, index)
    driver.apply(StartRecording(recording()))
    speak(driver, 4, index)
    driver.apply(StopRecording(RecordingId("r")))
    assert levels(driver.sink.sound(RecordingId("r"))) == [silence] * 13 + [said] * 4


def test_a_described_recording_is_masked_in_the_worker_that_takes_over() -> None:
    driver = EngineDriver()
    said, silence = call_of_two_laws(driver)
    streams = [driver.engine.streams.find(StreamId(number)) for number in (1, 2)]
    described = [stream.description for stream in streams if stream is not None]
    driver.apply(Describe(described, [], [], [recording(masked_until=driver.now + 10 * 0.020)]))
    speak(driver, 12)
    driver.apply(StopRecording(RecordingId("r")))
    assert levels(driver.sink.sound(RecordingId("r"))) == [silence] * 10 + [said] * 2


def test_a_digit_leaves_no_trace_in_a_masked_recording() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.apply(StartRecording(recording(right=None, masked_until=driver.now + 30 * 0.020)))
    tone = driver.engine.tables.encode(np.array([np.sin(np.arange(FRAME) * 0.7) * 8000], np.int16), np.array([0]))
    for index in range(15):
        driver.deliver(
            1, pack(payload_type=0, sequence=index, timestamp=FRAME * index, ssrc=1, payload=tone[0].tobytes())
        )
        driver.tick()
    for index in range(15, 20):
        event = bytes([5, 10]) + (FRAME * (index - 14)).to_bytes(2, "big")
        driver.deliver(
            1, pack(payload_type=101, sequence=index, timestamp=FRAME * 15, ssrc=1, payload=event, marker=index == 15)
        )
        driver.tick()
    driver.apply(StopRecording(RecordingId("r")))
    assert DtmfReceived(CallId("call"), StreamId(1), "5") in driver.engine.take_events()
    assert not driver.sink.sound(RecordingId("r")).any()


def test_a_party_that_comes_while_the_recording_is_masked_is_recorded_afterwards() -> None:
    driver = EngineDriver()
    driver.apply(StartRecording(recording(right=None)))
    driver.apply(StartRecording(recording(right=None, masked_until=driver.now + 4 * 0.020)))
    driver.put(1)
    driver.put(2)
    for index in range(8):
        say(driver, 1, index, 0x90)
        say(driver, 2, index, 0x80)
        driver.tick()
    driver.apply(StartRecording(recording(right=2)))
    for index in range(8, 10):
        say(driver, 1, index, 0x90)
        say(driver, 2, index, 0x80)
        driver.tick()
    driver.apply(StopRecording(RecordingId("r")))
    one, two = decoded(driver, 0x90), decoded(driver, 0x80)
    assert levels(driver.sink.sound(RecordingId("r"))) == [[0, 0]] * 4 + [[one, 0]] * 4 + [[one, two]] * 2


def test_recordings_that_are_not_described_any_more_are_closed() -> None:
    driver = EngineDriver()
    one = driver.put(1)
    driver.apply(StartRecording(recording("a")), StartRecording(recording("b")))
    driver.tick(10)
    driver.apply(Describe([one], [], [], [recording("a"), recording("c")]))
    assert sorted(driver.sink.open_recordings) == ["a", "c"]
    driver.tick(10)
    assert len(driver.sink.sound(RecordingId("b"))) == 10 * FRAME
    driver.engine.close()
    assert not driver.sink.open_recordings
    assert len(driver.sink.sound(RecordingId("a"))) == 20 * FRAME


def test_more_recordings_than_a_worker_can_take_are_refused() -> None:
    driver = EngineDriver()
    driver.put(1)
    count = RECORDINGS_MAX // PHASES
    for number in range(count):
        assert driver.apply(StartRecording(recording(str(number)))) == []
    assert len(driver.apply(StartRecording(recording("more")))) == 1
    assert "more" not in driver.sink.open_recordings
    driver.apply(StopRecording(RecordingId("7")))
    assert driver.apply(StartRecording(recording("more"))) == []


@pytest.mark.parametrize("right", [1, None])
def test_the_same_stream_may_be_in_both_channels(right: int | None) -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.apply(StartRecording(recording(right=right)))
    for index in range(3):
        say(driver, 1, index, 0x90)
        driver.tick()
    driver.apply(StopRecording(RecordingId("r")))
    said = decoded(driver, 0x90)
    assert levels(driver.sink.sound(RecordingId("r")))[-1] == [said, said if right else 0]


def test_recorded_parties_hear_a_beep_now_and_then_over_what_they_hear() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2, codec="PCMA", payload_type=8)
    driver.put(3)
    driver.apply(SetHearing(Hearing(StreamId(1), [StreamId(2)])))
    driver.apply(StartRecording(recording(started_at=driver.now, beep_every_s=2.0)))
    speak(driver, 120)
    heard = {number: heard_levels(driver, number) for number in (1, 2, 3)}
    beeping = [tick for tick, level in enumerate(heard[2]) if level > 300]
    assert len(beeping) in (40, 41)
    assert beeping[-1] - beeping[0] in (119, 118)
    assert [tick for tick, level in enumerate(heard[3]) if level > 20] == []
    said = abs(decoded(driver, 0x91, "PCMA"))
    quiet = [level for tick, level in enumerate(heard[1]) if tick > 5 and tick not in beeping]
    assert all(abs(level - said) < 0.1 * said for level in quiet)
    assert not np.allclose([heard[1][tick] for tick in beeping[2:18]], said, rtol=0.001)
    driver.apply(StopRecording(RecordingId("r")))
    driver.sent.clear()
    speak(driver, 120, 120)
    assert max(heard_levels(driver, 2)) < 20


def test_who_joins_hears_beeps_and_who_takes_the_row_of_one_who_left_does_not() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.apply(StartRecording(recording(right=None, started_at=driver.now, beep_every_s=0.5)))
    driver.put(2)
    driver.apply(StartRecording(recording(right=2, started_at=driver.now, beep_every_s=0.5)))
    driver.tick(30)
    assert max(heard_levels(driver, 2)) > 300
    driver.apply(DropStream(StreamId(2)))
    driver.put(3)
    driver.tick(30)
    assert max(heard_levels(driver, 3)) < 20
    assert max(heard_levels(driver, 1)) > 300


def heard_levels(driver: EngineDriver, number: int) -> list[float]:
    """The level of each frame that was sent to the party."""
    stream = driver.engine.streams.find(StreamId(number))
    assert stream is not None
    codec = np.array([driver.engine.tables.names.index(stream.description.codec)])
    frames = [np.frombuffer(packet[12:], np.uint8)[None] for packet in driver.sent[StreamId(number)]]
    return [float(np.sqrt((driver.engine.tables.decode(frame, codec).astype(float) ** 2).mean())) for frame in frames]
