"""The jitter buffer, both sides, through the engine: one party says something, another hears it."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DropStream, Hearing, SetHearing, StreamStatistics
from softswitch.media.stream_table import RING_SAMPLES
from softswitch.testing.media_engine import EngineDriver

SILENCE = b"\xff"
FRAME = 160
BLENDED = 64
"""So many samples of sound that is back after a gap are not as they were sent, at most."""


class Talk:
    """A party that talks to stream 1 and is heard by stream 2. Streams 0 and 3 are its neighbours in the table."""

    def __init__(self, *, sequence: int = 0, timestamp: int = 0) -> None:
        self.driver = EngineDriver()
        for number in range(4):
            self.driver.put(number)
        self.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = 5
        self.packets = 0

    def packet(self, payload: bytes) -> bytes:
        """The next packet; it need not be delivered."""
        packet = pack(payload_type=0, sequence=self.sequence, timestamp=self.timestamp, ssrc=self.ssrc, payload=payload)
        self.sequence += 1
        self.timestamp += len(payload)
        return packet

    def say(self, payload: bytes) -> None:
        """The next packet, delivered at once, and the tick it arrives for."""
        self.hear(self.packet(payload))

    def hear(self, *packets: bytes) -> None:
        """These packets arrive, and a tick passes."""
        self.driver.deliver(1, *packets)
        self.driver.tick()

    def heard(self) -> bytes:
        return self.driver.heard(2)

    def statistics(self) -> StreamStatistics:
        self.driver.engine.take_events()
        self.driver.apply(DropStream(StreamId(1)))
        (event,) = [event for event in self.driver.engine.take_events() if isinstance(event, StreamStatistics)]
        return event


def payloads(count: int, samples: int = FRAME, seed: int = 1) -> list[bytes]:
    """Bytes of which no run occurs twice."""
    sound = np.random.default_rng(seed).integers(0, 256, count * samples, np.uint8)
    return [sound[at : at + samples].tobytes() for at in range(0, len(sound), samples)]


def said(parts: list[bytes]) -> bytes:
    return b"".join(parts)


@given(
    ptime=st.sampled_from([80, 160, 240, 320, 400, 480]),
    sequence=st.integers(0, 65_535),
    timestamp=st.integers(0, 2**32 - 1),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_every_sample_is_played_once_whatever_the_length_and_order_of_packets(
    ptime: int, sequence: int, timestamp: int, seed: int
) -> None:
    chance = random.Random(seed)
    talk = Talk(sequence=sequence & 0xFFFF, timestamp=timestamp)
    parts = payloads(30 * FRAME // ptime + 2, ptime, seed)
    arriving: dict[int, list[bytes]] = {0: [talk.packet(parts[0])]}
    for number, part in enumerate(parts[1:], start=1):
        # A packet comes when its first sample was recorded at the earliest, and just in time at the latest.
        begin = number * ptime
        tick = chance.randint(-(-begin // FRAME), 1 + begin // FRAME)
        arriving.setdefault(tick, []).append(talk.packet(part))
    for tick in range(40):
        packets = arriving.get(tick, [])
        chance.shuffle(packets)
        talk.hear(*packets)
    assert talk.heard().startswith(SILENCE * FRAME + said(parts))
    assert talk.statistics().quality.packets_lost == 0


def test_sound_goes_through_the_end_of_the_ring_and_touches_no_neighbour() -> None:
    talk = Talk()
    table = talk.driver.engine.phases[0].live
    before = table.ring[[0, 2, 3]].copy()
    parts = payloads(2 * RING_SAMPLES // 480 + 3, 480)
    for part in parts:
        talk.hear(talk.packet(part))
        talk.driver.tick(2)
    talk.driver.tick()
    assert said(parts) in talk.heard()
    assert (table.ring[[0, 2, 3]] == before).all()


def test_a_lost_packet_leaves_a_gap_of_its_length_and_nothing_moves() -> None:
    talk = Talk()
    parts = payloads(20)
    for number, part in enumerate(parts):
        packet = talk.packet(part)
        talk.hear(*([] if number == 10 else [packet]))
    heard = talk.heard()
    assert heard[FRAME : 11 * FRAME] == said(parts[:10])
    back = 12 * FRAME + 32  # the first 4 ms are faded in
    assert heard[back : 20 * FRAME] == said(parts)[back - FRAME : 19 * FRAME]
    assert talk.statistics().quality.packets_lost == 1


def test_a_packet_that_comes_late_lengthens_the_delay_and_is_heard() -> None:
    talk = Talk()
    parts = payloads(30)
    packets = [talk.packet(part) for part in parts]
    for packet in packets[:10]:
        talk.hear(packet)
    talk.driver.tick(4)  # 80 ms of nothing, then all of it at once
    talk.hear(*packets[10:14])
    for packet in packets[14:]:
        talk.hear(packet)
    heard = talk.heard()
    assert said(parts[:10]) in heard
    assert said(parts[10:25])[BLENDED:] in heard
    assert talk.statistics().quality.packets_late == 1


def test_older_packets_whose_time_is_past_are_dropped() -> None:
    talk = Talk()
    parts = payloads(12)
    packets = [talk.packet(part) for part in parts]
    for packet in (*packets[:4], *packets[5:9], packets[4], packets[9]):
        talk.hear(packet)
    assert talk.heard().count(parts[4]) == 0
    assert talk.heard().count(parts[8]) == 1
    statistics = talk.statistics()
    assert (statistics.quality.packets_late, statistics.quality.packets_lost) == (1, 0)


def test_duplicates_change_nothing() -> None:
    talk = Talk()
    parts = payloads(10)
    for part in parts:
        packet = talk.packet(part)
        talk.hear(packet, packet, packet)
    assert talk.heard().startswith(SILENCE * FRAME + said(parts)[: 9 * FRAME])
    assert talk.statistics().quality.packets_lost == 0


@pytest.mark.parametrize("change", ["ssrc", "sequence", "timestamp back", "timestamp ahead"])
def test_another_source_follows_what_was_not_played_yet(change: str) -> None:
    talk = Talk(sequence=500, timestamp=10**6)
    parts = payloads(20)
    for part in parts[:10]:
        talk.say(part)
    if change == "ssrc":
        talk.ssrc, talk.sequence, talk.timestamp = 6, 4321, 17
    elif change == "sequence":
        talk.sequence -= 300
    elif change == "timestamp back":
        talk.timestamp -= 5000
    else:
        talk.timestamp += 10**7
    for part in parts[10:]:
        talk.say(part)
    talk.driver.tick(3)
    heard = talk.heard()
    assert said(parts[:10]) in heard
    assert said(parts[10:])[32:] in heard
    assert heard.index(parts[11]) - heard.index(parts[9]) <= 4 * FRAME
    assert talk.statistics().quality.packets_lost == 0


@pytest.mark.parametrize("moves_clock", [True, False])
def test_talk_after_a_pause_is_heard_from_its_beginning(moves_clock: bool) -> None:
    talk = Talk()
    parts = payloads(20)
    for part in parts[:10]:
        talk.say(part)
    talk.driver.tick(100)
    if moves_clock:
        talk.timestamp += 100 * FRAME
    for part in parts[10:]:
        talk.say(part)
    talk.driver.tick(2)
    heard = talk.heard()
    assert said(parts[10:])[BLENDED:] in heard
    assert (len(heard) - heard.index(parts[11])) // FRAME <= 11  # and without more delay than in the beginning
    assert set(heard[20 * FRAME : 100 * FRAME]) == {0xFF}


def test_ticks_that_were_left_out_are_not_made_up_for() -> None:
    talk = Talk()
    parts = payloads(30)
    for part in parts[:10]:
        talk.say(part)
    talk.driver.leave_out(10)
    talk.hear(*(talk.packet(part) for part in parts[10:21]))
    for part in parts[21:]:
        talk.say(part)
    heard = talk.heard()
    assert said(parts[20:29]) in heard
    assert len(heard) == 20 * FRAME
    table = talk.driver.engine.phases[0].live
    assert (table.holes == 0).all()


def test_holes_in_ticks_that_were_left_out_are_forgotten() -> None:
    talk = Talk()
    parts = payloads(30)
    packets = [talk.packet(part) for part in parts]
    talk.hear(packets[0])
    talk.hear(packets[1], packets[4], packets[8])
    talk.driver.leave_out(5)
    for packet in packets[9:]:
        talk.hear(packet)
    talk.driver.tick(4)
    table = talk.driver.engine.phases[0].live
    assert (table.holes == 0).all()
    assert not table.hole.any()
    assert said(parts[12:]) in talk.heard()


def test_packets_without_sound_count_in_the_sequence_and_silence_the_gap() -> None:
    talk = Talk()
    parts = payloads(12)
    for part in parts[:6]:
        talk.say(part)
    for duration, end in ((160, 0), (320, 0), (480, 0x80)):
        event = pack(
            payload_type=101,
            sequence=talk.sequence,
            timestamp=talk.timestamp,
            ssrc=talk.ssrc,
            payload=bytes([1, end, duration >> 8, duration & 0xFF]),
        )
        talk.sequence += 1
        talk.hear(event)
    talk.timestamp += 3 * FRAME
    for part in parts[6:]:
        talk.say(part)
    talk.driver.tick(2)
    heard = talk.heard()
    # What was waiting when the key went down is not heard, nor what was on its way when it was released.
    assert said(parts[:5]) in heard
    assert said(parts[7:]) in heard
    assert heard[6 * FRAME : 10 * FRAME] == SILENCE * 4 * FRAME
    assert talk.statistics().quality.packets_lost == 0


def level(sound: bytes, tables: Callable[[NDArray[np.uint8]], NDArray[np.int16]]) -> float:
    return float(np.abs(tables(np.frombuffer(sound, np.uint8)).astype(float)).mean())


def test_lost_speech_is_replaced_by_its_like_and_fades() -> None:
    talk = Talk()
    tables = talk.driver.engine.tables

    def decode(sound: NDArray[np.uint8]) -> NDArray[np.int16]:
        return tables.decode(sound[np.newaxis], np.array([tables.names.index("PCMU")]))[0]

    period = 73  # of a voice at 110 Hz
    wave = (8000 * np.sin(2 * np.pi * np.arange(40 * FRAME) / period)).astype(np.int16)
    voice = tables.encode_sound(wave, tables.names.index("PCMU"))
    for at in range(0, 20 * FRAME, FRAME):
        talk.say(voice[at : at + FRAME].tobytes())
    talk.driver.tick(6)
    heard = talk.heard()
    replaced = decode(np.frombuffer(heard[21 * FRAME : 22 * FRAME], np.uint8)).astype(float)
    assert np.abs(replaced[:80] - wave[20 * FRAME : 20 * FRAME + 80]).max() < 1000
    levels = [level(heard[at : at + FRAME], decode) for at in range(21 * FRAME, 25 * FRAME, FRAME)]
    assert levels[0] > levels[1] > levels[2] > levels[3]
    assert levels[3] == 0.0


@pytest.mark.parametrize("ticks", [3, 10, 75, 150])
@pytest.mark.parametrize("ptime", [80, 160])
def test_after_the_worker_was_held_up_the_delay_is_what_it_was(ticks: int, ptime: int) -> None:
    """The sockets hold what came meanwhile, and give 64 packets of each stream in a tick."""
    talk = Talk()
    parts = payloads((40 + ticks + 60) * FRAME // ptime, ptime)
    packets = [talk.packet(part) for part in parts]
    per_tick = FRAME // ptime
    for tick in range(40):
        talk.hear(*packets[tick * per_tick : (tick + 1) * per_tick])
    talk.driver.leave_out(ticks)
    taken = 40 * per_tick
    delays: list[int] = []
    for tick in range(40 + ticks, 40 + ticks + 50):
        came = (tick + 1) * per_tick
        talk.hear(*packets[taken : min(came, taken + 64)])
        taken = min(came, taken + 64)
        delays.append(tick - said(parts).find(talk.heard()[-FRAME:]) // FRAME)
    assert delays[10:] == [1] * 40
    assert talk.heard().startswith(SILENCE * FRAME + said(parts)[: 39 * FRAME])


def test_after_a_pause_of_the_whole_machine_sound_goes_on_at_once() -> None:
    """Packets were neither sent nor taken: they follow those before the pause, and the party's clock stood still."""
    talk = Talk()
    parts = payloads(120)
    for part in parts[:40]:
        talk.say(part)
    talk.driver.leave_out(100)
    for part in parts[40:]:
        talk.say(part)
    heard = talk.heard()
    assert len(heard) // FRAME - heard.index(parts[60]) // FRAME <= 62


def test_a_source_that_changes_all_the_time_never_piles_up_delay() -> None:
    talk = Talk()
    table = talk.driver.engine.phases[0].live
    for part in payloads(300):
        talk.ssrc += 1
        talk.hear(talk.packet(part), talk.packet(part))
        talk.ssrc += 1
        talk.hear(talk.packet(part), talk.packet(part))
        assert (table.end - table.play).max() <= 12 * FRAME
        assert (table.holes == table.hole.sum(axis=1)).all()
