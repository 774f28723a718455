"""Feeds in the engine: what the streamer is sent of a call, tick by tick, and how a program's voice comes into it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, FeedId, RecordingId, StreamId
from softswitch.media.feeds.feed import Feed
from softswitch.media.feeds.voices import (
    AHEAD_FRAMES,
    CALM_TICKS,
    PREFILL_TICKS,
    PREFILL_TICKS_MAX,
    STALL_TICKS,
)
from softswitch.media.feeds.wire import HEARD, SAID, SAID_WIDE, Records, packets_of, read
from softswitch.media.limits import FEEDS_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    DropStream,
    Hearing,
    PutStream,
    Recording,
    SetHearing,
    StartFeed,
    StartRecording,
    StopFeed,
    StopRecording,
    StreamDescription,
)
from softswitch.testing.media_engine import EngineDriver

VOICE = StreamId(9)
SOCKET = "/run/streamer.sock"


def feed(number: int = 1, **changes: Any) -> Feed:
    settings: dict[str, Any] = {
        "feed_id": FeedId(number),
        "call_id": CallId("call"),
        "socket": SOCKET,
        "left": StreamId(1),
        "right": StreamId(2),
    }
    return Feed(**{**settings, **changes})


def voice_stream(driver: EngineDriver, **changes: Any) -> StreamDescription:
    settings: dict[str, Any] = {
        "stream_id": VOICE,
        "call_id": CallId("call"),
        "local_ip": "127.0.0.1",
        "port": 0,
        "ssrc": 0,
        "sequence": 0,
        "timestamp": 0,
        "started_at": driver.now,
        "learn": False,
        "is_program": True,
    }
    return StreamDescription(**{**settings, **changes})


def sent(driver: EngineDriver) -> Records:
    """What the streamer is sent of the latest tick."""
    packets = [packet for phase in driver.engine.phases for packet in phase.feed_taps.packets]
    found = [records for packet in packets if (records := read(packet)) is not None]
    return np.concatenate(found) if found else np.zeros(0, HEARD)


def says(driver: EngineDriver, number: int, sounds: Sequence[int], first: int) -> None:
    """The stream's party says a tick of each of these bytes."""
    for index, byte in enumerate(sounds):
        packet = pack(
            payload_type=0,
            sequence=first + index,
            timestamp=(first + index) * 160,
            ssrc=number,
            payload=bytes([byte]) * 160,
        )
        driver.deliver(number, packet)
        driver.tick()


def linear(driver: EngineDriver, byte: int) -> int:
    return int(driver.engine.tables.samples_of(driver.engine.tables.law("PCMU"))[byte])


def speak(driver: EngineDriver, *samples: int, number: int = 1, clears: bool = False, wide: bool = False) -> None:
    """The program says a frame of each of these samples."""
    records: Records = np.zeros(len(samples), SAID_WIDE if wide else SAID)
    records["feed"] = number
    records["clears"][0] = clears
    records["sound"] = np.array(samples, np.int16)[:, np.newaxis]
    for packet in packets_of(records):
        driver.engine.feeds.take_in(packet)


def heard(driver: EngineDriver, number: int, ticks: int) -> list[int]:
    """What the party is sent in these ticks: the last sample of each, where no fade is."""
    driver.tick(ticks)
    sound = np.frombuffer(driver.heard(number), np.uint8).reshape(-1, 160)[-ticks:, -1]
    return [linear(driver, byte) for byte in sound.tolist()]


@pytest.fixture
def driver() -> EngineDriver:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    return driver


def test_both_sides_are_sent_tick_by_tick(driver: EngineDriver) -> None:
    assert driver.apply(StartFeed(feed())) == []
    assert driver.engine.feeds.socket == SOCKET
    driver.tick()
    first = sent(driver)
    assert first["feed"].tolist() == [1]
    says(driver, 1, [0x30] * 6, 1)
    (record,) = sent(driver)
    assert record["tick"] - first["tick"][0] == 6
    assert record["sound"][0].tolist() == [linear(driver, 0x30)] * 160
    assert not record["sound"][1].any()
    assert record["played"] == 0
    driver.apply(StopFeed(FeedId(1)))
    driver.tick()
    assert not len(sent(driver))
    assert driver.engine.feeds.socket is None


def test_a_mask_is_silence_until_its_time(driver: EngineDriver) -> None:
    driver.apply(StartFeed(feed(masked_until=driver.now + 0.2)))
    says(driver, 1, [0x30] * 8, 1)
    assert not sent(driver)["sound"].any()
    says(driver, 1, [0x30] * 4, 9)
    assert sent(driver)["sound"][0][0][-1] == linear(driver, 0x30)


def test_parties_come_and_go(driver: EngineDriver) -> None:
    driver.apply(StartFeed(feed(left=StreamId(5), right=None)))
    driver.tick()
    assert not sent(driver)["sound"].any()
    driver.put(5)
    says(driver, 5, [0x30] * 6, 1)
    assert sent(driver)["sound"][0][0][-1] == linear(driver, 0x30)
    driver.apply(DropStream(StreamId(5)))
    driver.tick()
    assert not sent(driver)["sound"].any()
    driver.apply(StartFeed(feed(left=StreamId(1), right=None)))
    says(driver, 1, [0x31] * 6, 1)
    assert sent(driver)["sound"][0][0][-1] == linear(driver, 0x31)


def test_two_feeds_of_a_call_have_each_their_own(driver: EngineDriver) -> None:
    driver.apply(StartFeed(feed(1)), StartFeed(feed(2, left=StreamId(2), right=None)))
    says(driver, 1, [0x30] * 6, 1)
    records = {int(record["feed"]): record["sound"] for record in sent(driver)}
    assert records[1][0][-1] == linear(driver, 0x30)
    assert records[2][0][-1] == 0


def test_a_wideband_feed_has_narrowband_voices_at_twice_the_rate(driver: EngineDriver) -> None:
    driver.apply(StartFeed(feed(rate_hz=16000)))
    says(driver, 1, [0x30] * 8, 1)
    (record,) = sent(driver)
    assert record["sound"].shape == (2, 320)
    assert np.abs(record["sound"][0].astype(int) - linear(driver, 0x30)).max() < abs(linear(driver, 0x30)) / 50
    assert driver.apply(StartFeed(feed(3, rate_hz=44100))) == ["a feed has 8000 or 16000 samples a second, not 44100"]


def bot(driver: EngineDriver, **changes: Any) -> None:
    reasons = driver.apply(
        PutStream(voice_stream(driver)),
        SetHearing(Hearing(StreamId(1), [VOICE])),
        StartFeed(feed(right=None, voice=VOICE, **changes)),
    )
    assert reasons == []
    driver.tick(2)


def test_a_program_is_heard_after_a_short_wait_and_what_was_played_is_counted(driver: EngineDriver) -> None:
    bot(driver)
    speak(driver, 1000)
    assert heard(driver, 1, PREFILL_TICKS) == [0] * PREFILL_TICKS
    assert sent(driver)["played"].tolist() == [0]
    assert heard(driver, 1, 1) == [pytest.approx(1000, abs=20)]
    assert sent(driver)["played"].tolist() == [1]
    assert heard(driver, 1, STALL_TICKS)[-1] == 0, "silence again"
    speak(driver, 1000, 2000, 3000)
    assert heard(driver, 1, 3) == [pytest.approx(sample, rel=0.03) for sample in (1000, 2000, 3000)], "at once"


def wait_of(driver: EngineDriver) -> int:
    """How many ticks a frame waits that is said now; then it was heard."""
    speak(driver, 1000)
    for ticks in range(20):
        if heard(driver, 1, 1) != [0]:
            return ticks
    raise AssertionError("it is not heard")


def test_a_voice_that_is_held_up_waits_longer_from_then_on_and_less_after_a_calm_time(driver: EngineDriver) -> None:
    bot(driver)
    waits = [wait_of(driver)]
    for silence in (STALL_TICKS, 3, STALL_TICKS - 2, 1, 3, STALL_TICKS):
        driver.tick(silence)
        waits.append(wait_of(driver))
    most = PREFILL_TICKS_MAX
    assert waits == [PREFILL_TICKS, PREFILL_TICKS, PREFILL_TICKS + 1, PREFILL_TICKS + 2, most, most, most]
    speak(driver, *[1000] * (most + 1))
    for _ in range(CALM_TICKS):
        speak(driver, 1000)
        driver.tick()
    driver.tick(20)
    assert wait_of(driver) == most - 1


def test_it_has_no_port_and_is_sent_nothing(driver: EngineDriver) -> None:
    bot(driver)
    assert len(driver.port.local) == 2
    driver.tick(300)
    assert VOICE not in driver.sent
    assert driver.apply(DropStream(VOICE)) == []
    driver.tick(2)
    again = driver.apply(PutStream(voice_stream(driver, codec="OPUS", clock_rate_hz=48000)))
    assert again == ["a program's stream has no party, and a codec of the tick"]


def test_clear_throws_away_what_waits(driver: EngineDriver) -> None:
    bot(driver)
    speak(driver, *[1000] * AHEAD_FRAMES)
    heard(driver, 1, 2)
    speak(driver, 2000, 2000, 2000, clears=True)
    assert heard(driver, 1, 1) == [pytest.approx(2000, rel=0.03)]
    assert sent(driver)["played"].tolist() == [AHEAD_FRAMES + 1]


def test_more_than_fits_is_counted_and_harms_nothing(driver: EngineDriver) -> None:
    bot(driver)
    speak(driver, *range(100, 4100, 100))
    assert sum(phase.program_voices.overflows for phase in driver.engine.phases) == 24
    assert heard(driver, 1, 16)[-1] == pytest.approx(1600, rel=0.03)
    for packet in (b"", b"nonsense", bytes(8), *packets_of(np.zeros(1, HEARD))):
        driver.engine.feeds.take_in(packet)
    speak(driver, 5, number=77)


def test_a_recording_has_the_program_in_its_channel(driver: EngineDriver) -> None:
    bot(driver)
    recording = Recording(
        recording_id=RecordingId("r"),
        call_id=CallId("call"),
        path="/r.wav",
        left=StreamId(1),
        right=VOICE,
        started_at=driver.now,
    )
    driver.apply(StartRecording(recording))
    speak(driver, 1000, 1000, 1000)
    driver.tick(5)
    driver.apply(StopRecording(RecordingId("r")))
    sound: NDArray[np.int16] = driver.sink.sound(RecordingId("r"))
    assert not sound[:, 0].any()
    assert sound[479, 1] == pytest.approx(1000, abs=20)
    assert not sound[480:, 1].any()


def test_wideband_voices_are_heard_by_narrowband_callers(driver: EngineDriver) -> None:
    bot(driver, rate_hz=16000)
    speak(driver, *[1000] * 6, wide=True)
    assert heard(driver, 1, 3)[-1] == pytest.approx(1000, rel=0.03)
    speak(driver, 7, wide=False)
    assert sum(phase.program_voices.overflows for phase in driver.engine.phases) == 1, "of another kind"


def test_a_description_says_what_goes_on(driver: EngineDriver) -> None:
    bot(driver)
    driver.apply(StartFeed(feed(2)))
    streams = [driver.engine.streams.find(StreamId(number)) for number in (1, 9)]
    described = [stream.description for stream in streams if stream is not None]
    speak(driver, *[1000] * 5)
    heard(driver, 1, 2)
    whole = Describe(described, [Hearing(StreamId(1), [VOICE])], [], [], feeds=[feed(right=None, voice=VOICE)])
    assert driver.apply(whole) == []
    assert driver.engine.feeds.ids() == [1]
    assert heard(driver, 1, 1) == [pytest.approx(1000, rel=0.03)], "it goes on undisturbed"


def test_a_voice_that_is_told_later_takes_the_feed_along(driver: EngineDriver) -> None:
    driver.apply(StartFeed(feed(right=None)))
    driver.tick()
    driver.apply(PutStream(voice_stream(driver, call_id=CallId("another"))))
    driver.apply(SetHearing(Hearing(StreamId(1), [VOICE])), StartFeed(feed(right=None, voice=VOICE)))
    driver.tick()
    assert sent(driver)["feed"].tolist() == [1], "once a tick, wherever it is"
    speak(driver, 1000, 1000, 1000)
    driver.tick(3)
    assert sent(driver)["played"].tolist() == [3]


def test_there_is_a_bound(driver: EngineDriver) -> None:
    reasons = driver.apply(*(StartFeed(feed(number)) for number in range(1, FEEDS_MAX + 2)))
    assert reasons == [f"this worker has {FEEDS_MAX} feeds already: start more workers"]
    driver.tick()
    assert len(sent(driver)) == FEEDS_MAX
