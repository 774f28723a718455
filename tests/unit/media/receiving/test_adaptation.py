"""How the jitter buffer's length follows the network and the party's clock, through the engine."""

import random

import numpy as np
import pytest

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import Hearing, SetHearing
from softswitch.testing.media_engine import EngineDriver

FRAME = 160
SPEECH = bytes(range(0, 160))
SILENCE = b"\xff" * FRAME


class Clocked:
    """A party whose packets arrive by its own clock, `drift` faster than ours, each with a delay."""

    def __init__(self, drift: float = 0.0) -> None:
        self.driver = EngineDriver()
        self.driver.put(1)
        self.driver.put(2)
        self.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
        self.drift = drift
        self.sent = 0
        self.begin = self.driver.now
        self.in_flight: list[tuple[float, bytes]] = []

    def pass_time(self, ticks: int, *, delays_ms: tuple[float, float] = (0.0, 0.0), speech_frames: int = 80) -> None:
        """`speech_frames` of 100 frames are speech, the rest silence."""
        chance = random.Random(5)
        for _ in range(ticks):
            now = self.driver.now
            while (sent_at := self.begin + self.sent * 0.02 / (1 + self.drift)) <= now:
                payload = SPEECH if self.sent % 100 < speech_frames else SILENCE
                packet = pack(payload_type=0, sequence=self.sent, timestamp=self.sent * FRAME, ssrc=1, payload=payload)
                self.in_flight.append((sent_at + chance.uniform(*delays_ms) / 1000, packet))
                self.sent += 1
            self.driver.deliver(1, *(packet for at, packet in self.in_flight if at <= now))
            self.in_flight = [(at, packet) for at, packet in self.in_flight if at > now]
            self.driver.tick()

    def depth_frames(self) -> int:
        """Whole frames in the buffer now."""
        table = self.driver.engine.phases[0].live
        return int(table.end[0] - table.play[0]) // FRAME

    def spoiled(self) -> int:
        """Speech frames that were not heard whole, since the last time this was asked."""
        heard = self.driver.heard(2)
        self.driver.sent.clear()
        frames = [heard[at : at + FRAME] for at in range(0, len(heard), FRAME)]
        return sum(frame not in (SPEECH, SILENCE) for frame in frames)


def test_a_steady_party_keeps_the_delay_it_began_with() -> None:
    party = Clocked()
    party.pass_time(1000)
    assert party.depth_frames() == 1
    assert party.spoiled() == 0


def test_jitter_makes_the_buffer_longer_and_its_end_shorter_again() -> None:
    party = Clocked()
    party.pass_time(200)
    party.pass_time(500, delays_ms=(0.0, 90.0))
    party.spoiled()
    party.pass_time(1000, delays_ms=(0.0, 90.0))
    assert party.spoiled() <= 20  # of 800
    party.pass_time(1500)
    party.spoiled()
    party.pass_time(200)
    assert party.spoiled() == 0
    assert party.depth_frames() in (1, 2)


@pytest.mark.parametrize("drift", [0.001, -0.001])
def test_a_party_with_another_clock_is_followed_in_its_silences(drift: float) -> None:
    party = Clocked(drift)
    party.pass_time(4000)  # four frames more or less than ours
    assert party.spoiled() <= 4
    assert party.depth_frames() <= 3


def test_much_delay_goes_in_speech_as_well() -> None:
    party = Clocked()
    party.pass_time(50, speech_frames=100)
    held_up, party.in_flight = party.driver.now + 0.4, []
    party.pass_time(20, delays_ms=(400.0, 400.0), speech_frames=100)
    party.in_flight = [(held_up, packet) for _, packet in party.in_flight]
    party.pass_time(50, speech_frames=100)
    assert party.depth_frames() == 9  # of the 400 ms that came at once 200 were kept, and one was played
    party.pass_time(600, speech_frames=100)
    assert party.depth_frames() <= 6
    party.pass_time(200)
    assert party.depth_frames() == 1


def test_what_is_silent_is_judged_by_its_samples() -> None:
    party = Clocked(0.003)
    tables = party.driver.engine.tables
    quiet = tables.encode(np.full((1, FRAME), 40, np.int16), np.zeros(1, np.int64)).tobytes()
    assert quiet != SILENCE
    party.pass_time(10)
    table = party.driver.engine.phases[0].live
    table.trim[0] = FRAME
    before = int(table.play[0])
    party.driver.deliver(
        1, *(pack(payload_type=0, sequence=10 + n, timestamp=(10 + n) * FRAME, ssrc=1, payload=quiet) for n in range(3))
    )
    party.driver.tick(3)
    assert int(table.play[0]) == before + 4 * FRAME
    assert int(table.trim[0]) == 0


def faxed(party: Clocked, *, is_fax: bool) -> None:
    party.driver.put(1, is_fax=is_fax)
    party.driver.put(2)


def test_the_buffer_of_a_fax_has_a_margin_and_keeps_its_length_whatever_comes() -> None:
    party = Clocked()
    party.pass_time(200)
    faxed(party, is_fax=True)
    party.pass_time(10)
    with_margin = party.depth_frames()
    assert with_margin >= 5
    table = party.driver.engine.phases[0].live
    ends: list[int] = []
    for delays_ms in ((0.0, 70.0), (0.0, 0.0), (0.0, 150.0), (0.0, 0.0)):
        party.pass_time(400, delays_ms=delays_ms)
        ends.append(int(table.play[0]) - party.driver.engine.phases[0].tick * FRAME)
    assert len(set(ends)) == 1, "one sample is played in one sample's time, always"
    faxed(party, is_fax=False)
    party.pass_time(800)
    assert party.depth_frames() < with_margin, "sound has no more delay than it needs"


def test_a_fax_loses_nothing_to_jitter_within_its_margin() -> None:
    party = Clocked()
    party.pass_time(200)
    faxed(party, is_fax=True)
    party.pass_time(10)
    party.spoiled()
    party.pass_time(1000, delays_ms=(0.0, 70.0))
    assert party.spoiled() == 0


def test_what_a_fax_says_passes_without_gain_and_noise_and_muted_it_is_silent() -> None:
    party = Clocked()
    party.driver.put(1, is_fax=True, gain_db=-6.0)
    party.pass_time(50)
    party.driver.sent.clear()
    noise = pack(payload_type=13, sequence=party.sent, timestamp=party.sent * FRAME, ssrc=1, payload=b"\x28")
    party.pass_time(10)
    party.driver.deliver(1, noise)
    heard = party.driver.heard(2)
    frames = {heard[at : at + FRAME] for at in range(0, len(heard), FRAME)}
    assert frames <= {SPEECH, SILENCE}
    assert SPEECH in frames
    party.driver.put(1, is_fax=True, is_muted=True)
    party.pass_time(2)
    party.driver.sent.clear()
    party.pass_time(10)
    assert set(party.driver.heard(2)) == {0xFF}
