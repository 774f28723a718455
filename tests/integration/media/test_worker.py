"""A real worker process, real sockets, real time: what the parties of a call hear."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId
from softswitch.media.codec import load_codecs
from softswitch.media.protocol import (
    DropStream,
    DtmfReceived,
    FirstPacket,
    Hearing,
    PutStream,
    SetHearing,
    StreamStatistics,
)
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse, succeeds_once

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]
Speech = Callable[[float], NDArray[np.uint8]]


def bridge(worker: MediaProcess, one: RtpParty, two: RtpParty) -> None:
    refusals = worker.command(
        PutStream(one.description()),
        PutStream(two.description()),
        SetHearing(Hearing(one.stream_id, [two.stream_id])),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
    )
    assert refusals == []


BLENDED_IN_SAMPLES = 64
"""Sound that comes after silence is blended in (concealment.py)."""


def has_heard(party: RtpParty, said: bytes) -> bool:
    """Every byte of it, in order, with nothing between, once it is blended in."""
    return said[BLENDED_IN_SAMPLES:] in party.heard_sound().tobytes()


def test_two_parties_hear_each_other_bit_exactly(worker: MediaProcess, parties: Parties, speech: Speech) -> None:
    one, two = parties(2)
    bridge(worker, one, two)

    def attempt() -> bool:
        said = [party.say(speech(0.6)) for party in (one, two)]
        converse([one, two], 0.8)
        return has_heard(two, said[0]) and has_heard(one, said[1])

    assert succeeds_once(attempt)


def test_what_is_sent_is_one_unbroken_stream(worker: MediaProcess, parties: Parties) -> None:
    (party,) = parties(1)

    def attempt() -> bool:
        worker.command(DropStream(party.stream_id))
        party.receive()
        party.heard.clear()
        assert worker.command(PutStream(party.description())) == []
        converse([party], 0.3)
        assert len(party.heard) >= 10
        assert {packet[8:12] for packet in party.heard} == {(0x1000 + party.stream_id).to_bytes(4, "big")}
        assert [packet[1] for packet in party.heard] == [0x80] + [0] * (len(party.heard) - 1)
        assert set(party.heard_sound().tolist()) == {0xFF}
        packets = range(len(party.heard))
        return party.heard_sequences() == [(65_530 + n) & 0xFFFF for n in packets] and party.heard_timestamps() == [
            (0xFFFFFF00 + 160 * n) & 0xFFFFFFFF for n in packets
        ]

    assert succeeds_once(attempt)


def test_parties_with_different_codecs_understand_each_other(
    worker: MediaProcess, parties: Parties, speech: Speech
) -> None:
    one, two = parties(2)
    worker.command(
        PutStream(one.description()),
        PutStream(two.description(codec="PCMA", payload_type=8)),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
    )
    codecs = load_codecs()

    def attempt() -> bool:
        said = np.frombuffer(one.say(speech(0.3)), np.uint8)[np.newaxis]
        converse([one, two], 0.45)
        linear = np.empty(said.shape, np.int16)
        expected = np.empty_like(said)
        codecs["PCMU"].decode(said, linear)
        codecs["PCMA"].encode(linear, expected)
        return has_heard(two, expected.tobytes())

    assert succeeds_once(attempt)
    assert {packet[1] & 0x7F for packet in two.heard} == {8}


@pytest.mark.parametrize("ptime_ms", [10, 30, 60])
def test_packets_of_other_lengths(worker: MediaProcess, parties: Parties, speech: Speech, ptime_ms: int) -> None:
    one, two = parties(2)
    worker.command(
        PutStream(one.description()),
        PutStream(two.description(ptime_ms=ptime_ms)),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
    )

    def attempt() -> bool:
        two.heard.clear()
        said = one.say(speech(0.48), packet_samples=8 * ptime_ms)
        converse([one, two], 0.75, every_s=ptime_ms / 1000)
        assert {len(packet) for packet in two.heard} == {12 + 8 * ptime_ms}
        steps = np.diff(two.heard_sequences()) & 0xFFFF
        assert (np.diff(two.heard_timestamps()) & 0xFFFFFFFF == 8 * ptime_ms * steps).all()
        return has_heard(two, said) and set(steps.tolist()) == {1}

    assert succeeds_once(attempt)


def test_three_parties_hear_the_sum_of_the_others(worker: MediaProcess, parties: Parties) -> None:
    three = parties(3)
    commands = [PutStream(party.description()) for party in three]
    hearings = [
        SetHearing(Hearing(party.stream_id, [other.stream_id for other in three if other is not party]))
        for party in three
    ]
    assert worker.command(*commands, *hearings) == []
    levels = (1000, 3000, -500)
    codec = load_codecs()["PCMU"]
    sent = np.empty((3, 1), np.uint8)
    codec.encode(np.array(levels, np.int16)[:, np.newaxis], sent)
    exact = np.empty((3, 1), np.int16)
    codec.decode(sent, exact)
    for party, byte in zip(three, sent[:, 0].tolist(), strict=True):
        party.say(np.full(4000, byte, np.uint8))
    converse(three, 0.4)
    total = int(exact.sum())
    expected = np.empty((3, 1), np.uint8)
    codec.encode((total - exact).astype(np.int16), expected)
    for party, byte in zip(three, expected[:, 0].tolist(), strict=True):
        assert bytes([byte]) * 1600 in party.heard_sound().tobytes()


def test_the_switch_is_told_the_first_packet_digits_and_what_was_received(
    worker: MediaProcess, parties: Parties, speech: Speech
) -> None:
    one, two = parties(2)
    bridge(worker, one, two)
    one.say(speech(0.1))
    converse([one, two], 0.14)
    assert worker.event(FirstPacket) == FirstPacket(CallId("call"), one.stream_id, one.address)
    for duration in (160, 320, 480, 480, 480):
        end = 0x80 if duration == 480 else 0
        one.send(bytes([5, end, duration >> 8, duration & 0xFF]), payload_type=101, timestamp=one.timestamp)
    converse([one, two], 0.1)
    assert worker.event(DtmfReceived) == DtmfReceived(CallId("call"), one.stream_id, "5")
    one.timestamp += 480
    one.say(speech(0.1))
    converse([one, two], 0.14)
    worker.command(DropStream(one.stream_id))
    statistics = worker.event(StreamStatistics)
    assert (statistics.quality.packets_received, statistics.quality.packets_lost) == (15, 0)
    assert statistics.quality.packets_sent >= 15
    assert not [event for event in worker.events if isinstance(event, DtmfReceived)]


def test_a_listener_is_silent_when_its_source_is_gone(worker: MediaProcess, parties: Parties, speech: Speech) -> None:
    one, two = parties(2)
    bridge(worker, one, two)
    one.say(speech(1.0))
    converse([one, two], 0.2)
    assert worker.command(DropStream(one.stream_id)) == []
    two.receive()
    two.heard.clear()
    converse([two], 0.2)
    assert set(two.heard_sound()[160:].tolist()) == {0xFF}
