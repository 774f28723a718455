"""What is said of how parties speak, by voices made of noise: levels, talking, overlap, silence."""

import math

import numpy as np
import pytest

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DropStream, Hearing, SetHearing, StreamStatistics, VoiceFacts
from softswitch.media.tick_grid import FRAME_SAMPLES
from softswitch.testing.media_engine import EngineDriver

TICKS_PER_S = 50


class Conversation:
    """Parties that speak by script; each hears all the others."""

    def __init__(self, parties: int = 2, codec: str = "PCMU", noise_dbov: float | None = None) -> None:
        self.driver = EngineDriver()
        self._tables = self.driver.engine.tables
        self._codec = self._tables.names.index(codec)
        self._noise_dbov = noise_dbov
        self._random = np.random.default_rng(1)
        self._sequence = 0
        self.numbers = range(1, parties + 1)
        for number in self.numbers:
            self.driver.put(number, codec=codec, payload_type=0 if codec == "PCMU" else 8)
        for number in self.numbers:
            self.hear(number, *(other for other in self.numbers if other != number))

    def hear(self, listener: int, *sources: int) -> None:
        self.driver.apply(SetHearing(Hearing(StreamId(listener), [StreamId(source) for source in sources])))

    def speak(self, seconds: float, *speakers: int, dbov: float = -26.0) -> None:
        """For so long these speak, and the others do not."""
        for _ in range(round(seconds * TICKS_PER_S)):
            for number in self.numbers:
                level = dbov if number in speakers else self._noise_dbov
                self.driver.deliver(number, self._packet(level))
            self._sequence += 1
            self.driver.tick()

    def tone(self, seconds: float, number: int, frequency_hz: float, amplitude: float) -> None:
        for _ in range(round(seconds * TICKS_PER_S)):
            at = np.arange(FRAME_SAMPLES) + self._sequence * FRAME_SAMPLES
            self._deliver(number, amplitude * np.sin(2 * np.pi * frequency_hz / 8000 * at))
            self._sequence += 1
            self.driver.tick()

    def facts(self, number: int) -> VoiceFacts:
        stream = self.driver.engine.streams.find(StreamId(number))
        assert stream is not None
        return stream.phase.voices.facts(stream.row)

    def _deliver(self, number: int, samples: np.ndarray) -> None:
        payload = self._tables.encode_sound(samples.astype(np.int16), self._codec).tobytes()
        self.driver.deliver(number, self._pack(payload))

    def _packet(self, dbov: float | None) -> bytes:
        power = 0.0 if dbov is None else 10 ** (dbov / 20) * 32768
        samples = (self._random.standard_normal(FRAME_SAMPLES) * power).clip(-32768, 32767)
        return self._pack(self._tables.encode_sound(samples.astype(np.int16), self._codec).tobytes())

    def _pack(self, payload: bytes) -> bytes:
        payload_type = 0 if self._tables.names[self._codec] == "PCMU" else 8
        return pack(
            payload_type=payload_type,
            sequence=self._sequence,
            timestamp=self._sequence * FRAME_SAMPLES,
            ssrc=5,
            payload=payload,
        )


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_a_voice_is_told_from_the_noise_around_it_and_both_have_their_level(codec: str) -> None:
    talk = Conversation(codec=codec, noise_dbov=-60)
    talk.speak(2, dbov=-26)
    talk.speak(3, 1, dbov=-26)
    assert talk.facts(1).is_talking
    assert not talk.facts(2).is_talking
    talk.speak(2)
    facts = talk.facts(1)
    assert not facts.is_talking
    assert facts.talk_s == pytest.approx(3.0, abs=0.2)
    assert facts.level_dbov == pytest.approx(-26, abs=1)
    assert facts.noise_dbov == pytest.approx(-60, abs=2)
    assert talk.facts(2).talk_s == 0.0
    assert talk.facts(2).level_dbov == -127.0


def test_noise_that_goes_on_is_no_speech_and_speech_above_it_still_is() -> None:
    talk = Conversation(noise_dbov=-42)
    talk.speak(12)
    before = talk.facts(1).talk_s
    talk.speak(10)
    assert talk.facts(1).talk_s == before
    talk.speak(2, 1, dbov=-20)
    talk.speak(1)
    assert talk.facts(1).talk_s - before == pytest.approx(2.0, abs=0.2)


def test_a_short_pause_is_within_the_sentence_and_a_long_one_is_not_counted() -> None:
    talk = Conversation()
    for _ in range(5):
        talk.speak(0.4, 1)
        talk.speak(0.16)
    assert talk.facts(1).talk_s == pytest.approx(2.6, abs=0.2)
    talk.speak(5)
    assert talk.facts(1).talk_s == pytest.approx(2.6, abs=0.2)


def test_both_speaking_is_overlap_for_both() -> None:
    talk = Conversation()
    talk.speak(2, 1)
    talk.speak(1, 1, 2)
    talk.speak(2, 2)
    assert talk.facts(1).overlap_s == pytest.approx(1.0, abs=0.2)
    assert talk.facts(2).overlap_s == pytest.approx(1.0, abs=0.2)
    assert talk.facts(1).talk_s == talk.facts(2).talk_s == pytest.approx(3.0, abs=0.2)


def test_who_is_not_heard_by_the_speaker_overlaps_with_nobody() -> None:
    talk = Conversation()
    talk.hear(1)
    talk.speak(2, 1, 2)
    assert talk.facts(1).overlap_s == 0.0
    assert talk.facts(2).overlap_s == pytest.approx(2.0, abs=0.2)


def test_the_longest_silence_is_one_in_which_neither_speaks() -> None:
    talk = Conversation()
    talk.speak(1, 1)
    talk.speak(2)
    talk.speak(1, 2)
    talk.speak(4)
    talk.speak(3, 1)
    talk.speak(1, 2)
    assert talk.facts(1).silence_max_s == pytest.approx(4.0, abs=0.3)
    assert talk.facts(2).silence_max_s == pytest.approx(4.0, abs=0.3)


def test_without_anybody_to_listen_to_there_is_no_mutual_silence() -> None:
    talk = Conversation()
    talk.hear(1)
    talk.speak(3)
    assert talk.facts(1).silence_max_s == 0.0


def test_in_a_room_of_three_every_other_one_counts() -> None:
    talk = Conversation(parties=3)
    talk.speak(1, 1, 3)
    talk.speak(1, 2)
    talk.speak(2)
    talk.speak(1, 1, 2, 3)
    assert [talk.facts(number).overlap_s for number in talk.numbers] == pytest.approx([2, 1, 2], abs=0.3)
    assert talk.facts(2).silence_max_s == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("frequency_hz", [400, 500, 1000, 1336, 2000, 2666])
def test_a_tone_has_its_level_whatever_its_frequency(frequency_hz: float) -> None:
    talk = Conversation()
    amplitude = 8000.0
    talk.tone(3, 1, frequency_hz, amplitude)
    expected = 10 * math.log10(amplitude**2 / 2 / 32768**2)
    assert talk.facts(1).level_dbov == pytest.approx(expected, abs=0.7)


def test_a_dropped_stream_leaves_its_facts_behind_and_its_row_clean() -> None:
    talk = Conversation()
    talk.speak(1, 1)
    talk.driver.engine.take_events()
    talk.driver.apply(DropStream(StreamId(1)))
    (statistics,) = [event for event in talk.driver.engine.take_events() if isinstance(event, StreamStatistics)]
    assert statistics.voice.talk_s == pytest.approx(1.0, abs=0.2)
    talk.driver.put(1)
    assert talk.facts(1) == VoiceFacts()
