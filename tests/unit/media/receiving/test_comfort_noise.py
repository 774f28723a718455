"""Comfort noise and parties that stop sending, through the engine."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DropStream, Hearing, PutStream, SetHearing, StreamStatistics, StreamTimedOut
from softswitch.media.receiving.comfort_noise import DESCRIBED_TICKS, LOUDEST_DBOV
from softswitch.testing.media_engine import EngineDriver

FRAME = 160
VOICE = b"\x90" * FRAME


class Party:
    """Stream 1's party, heard by stream 2; it sends a packet a tick or none, and its timestamps run with the clock."""

    def __init__(self, **changes: object) -> None:
        self.driver = EngineDriver()
        self.description = self.driver.put(1, **changes)
        self.driver.put(2)
        self.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
        self.sequence = 0
        self.timestamp = 0

    def packet(self, payload_type: int, payload: bytes) -> bytes:
        packet = pack(
            payload_type=payload_type, sequence=self.sequence, timestamp=self.timestamp, ssrc=9, payload=payload
        )
        self.sequence += 1
        return packet

    def speak(self, ticks: int, payload: bytes = VOICE) -> None:
        for _ in range(ticks):
            self.driver.deliver(1, self.packet(0, payload))
            self.timestamp += FRAME
            self.driver.tick()

    def describe(self, payload: bytes, *, payload_type: int = 13) -> None:
        """A packet of comfort noise, and its tick."""
        self.driver.deliver(1, self.packet(payload_type, payload))
        self.be_silent(1)

    def be_silent(self, ticks: int) -> None:
        self.timestamp += ticks * FRAME
        self.driver.tick(ticks)

    def heard(self, ticks: int) -> NDArray[np.float64]:
        """What was heard in the last `ticks` ticks."""
        coded = np.frombuffer(self.driver.heard(2)[-ticks * FRAME :], np.uint8)
        tables = self.driver.engine.tables
        return tables.decode(coded[np.newaxis], np.array([tables.names.index("PCMU")]))[0].astype(np.float64)

    def is_reported_silent(self) -> bool:
        events = self.driver.engine.take_events()
        return any(isinstance(event, StreamTimedOut) and event.stream_id == StreamId(1) for event in events)

    def lost(self) -> int:
        self.driver.engine.take_events()
        self.driver.apply(DropStream(StreamId(1)))
        (last,) = [event for event in self.driver.engine.take_events() if isinstance(event, StreamStatistics)]
        return last.quality.packets_lost


def level_dbov(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(np.square(sound)) + 1e-9) - 20 * np.log10(32768))


@pytest.mark.parametrize("level", [35, 50, 60])
def test_noise_of_the_level_that_was_told_lasts_until_sound_is_back(level: int) -> None:
    party = Party()
    party.speak(20)
    party.describe(bytes([level]))
    party.be_silent(10)
    party.be_silent(100)
    assert level_dbov(party.heard(100)) == pytest.approx(-level, abs=1.0)
    party.speak(20)
    assert set(party.driver.heard(2)[-15 * FRAME :]) == {0x90}
    assert party.lost() == 0


def test_the_colour_of_the_noise_is_that_of_the_reflection_coefficients() -> None:
    party = Party()
    party.speak(10)
    # The first reflection coefficient of low-pitched noise is near -1 (RFC 3389 section 3.2: 258 * (N - 127) / 32768).
    party.describe(bytes([45, 127 - 110]))
    party.be_silent(120)
    sound = party.heard(100)
    assert level_dbov(sound) == pytest.approx(-45, abs=1.5)
    assert np.corrcoef(sound[:-1], sound[1:])[0, 1] == pytest.approx(0.87, abs=0.04)


def test_a_negotiated_payload_type_is_understood_as_well() -> None:
    party = Party(comfort_noise=98)
    party.speak(10)
    party.describe(bytes([50]), payload_type=98)
    party.be_silent(50)
    assert level_dbov(party.heard(30)) == pytest.approx(-50, abs=1.0)


def test_nobody_s_ears_are_harmed() -> None:
    party = Party()
    party.speak(10)
    party.describe(bytes([0, 254, 255, 0, 0, 254] + [3] * 100))
    party.be_silent(50)
    assert level_dbov(party.heard(30)) == pytest.approx(-LOUDEST_DBOV, abs=3.0)


def test_a_new_description_changes_the_noise() -> None:
    party = Party()
    party.speak(10)
    party.describe(bytes([60]))
    party.be_silent(20)
    party.describe(bytes([40]))
    party.be_silent(20)
    assert level_dbov(party.heard(15)) == pytest.approx(-40, abs=1.5)


def test_a_party_in_noise_is_not_reported_silent_for_a_minute() -> None:
    party = Party(timeout_s=10.0)
    party.speak(10)
    party.describe(bytes([50]))
    party.be_silent(DESCRIBED_TICKS - 100)
    assert not party.is_reported_silent()
    party.be_silent(1000)
    assert party.is_reported_silent()


def test_a_party_that_just_stops_sending_is_silent_and_loses_nothing() -> None:
    party = Party()
    party.speak(20)
    party.be_silent(200)
    assert not party.heard(150).any()
    party.speak(20)
    assert set(party.driver.heard(2)[-15 * FRAME :]) == {0x90}
    assert party.lost() == 0


def test_sound_overtaken_by_a_description_is_heard_and_not_lost() -> None:
    party = Party()
    party.speak(20)
    sound = party.packet(0, VOICE)
    party.timestamp += FRAME
    noise = party.packet(13, bytes([50]))
    party.driver.deliver(1, noise, sound)
    party.driver.tick()
    party.be_silent(20)
    party.speak(5)
    assert set(party.driver.heard(2)[FRAME : 22 * FRAME]) == {0x90}
    assert party.lost() == 0


def test_no_noise_is_left_for_the_next_stream_in_the_row() -> None:
    party = Party()
    party.speak(10)
    party.describe(bytes([40]))
    party.be_silent(10)
    party.driver.apply(DropStream(StreamId(1)))
    party.driver.put(3)
    party.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(3)])))
    party.driver.tick(30)
    assert not party.heard(20).any()


def test_comfort_noise_from_elsewhere_is_not_learnt() -> None:
    party = Party()
    elsewhere = HostPort("203.0.113.9", 40_000)
    for _ in range(20):
        party.driver.deliver(1, party.packet(13, bytes([40])), source=elsewhere)
        party.be_silent(1)
    assert np.abs(party.heard(10)).max() <= 8.0  # silence, to A-law
    assert party.driver.engine.strangers == 20
    for _ in range(10):
        party.driver.deliver(1, party.packet(0, VOICE), source=elsewhere)
        party.be_silent(1)
    assert set(party.driver.heard(2)[-3 * FRAME :]) == {0x90}


@pytest.mark.parametrize("change", [{"receives": False}, {"codec": "PCMA", "payload_type": 8}])
def test_noise_ends_when_its_party_is_put_on_hold_or_has_another_codec(change: dict[str, object]) -> None:
    party = Party()
    party.speak(5)
    party.describe(bytes([40]))
    party.be_silent(20)
    assert party.heard(10).any()
    description = msgspec.structs.replace(party.description, **change)
    assert party.driver.apply(PutStream(description)) == []
    party.be_silent(20)
    assert np.abs(party.heard(10)).max() <= 8.0  # silence, to A-law
