"""Digits sent and found by a real worker process."""

from collections.abc import Callable

import numpy as np
import pytest

from softswitch.media.codec import load_codecs
from softswitch.media.digits.digit_sender import DigitSender
from softswitch.media.digits.dtmf import DIGITS
from softswitch.media.protocol import DtmfReceived, PutStream, SendDigits
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]


def test_events_leave_in_the_places_of_sound(worker: MediaProcess, parties: Parties) -> None:
    (party,) = parties(1)
    worker.command(PutStream(party.description()))
    converse([party], 0.1)
    assert worker.command(SendDigits(party.stream_id, "5#")) == []
    converse([party], 0.6)
    sequences = party.heard_sequences()
    assert sequences == [(sequences[0] + n) & 0xFFFF for n in range(len(sequences))]
    events = [packet for packet in party.heard if packet[1] & 0x7F == 101]
    assert "".join(DIGITS[packet[12]] for packet in events if packet[1] & 0x80) == "5#"
    assert [packet[13] >> 7 for packet in events] == [0, 0, 0, 0, 1, 1, 1] * 2
    assert {len(packet) for packet in events} == {16}


def test_tones_are_told(worker: MediaProcess, parties: Parties) -> None:
    (party,) = parties(1)
    worker.command(PutStream(party.description(telephone_event=None, detects_tones=True)))
    sender = DigitSender()
    sender.add("97", 100, 100)
    frames = [sender.next_frame() for _ in range(20)]
    sound = np.empty((20, 160), np.uint8)
    load_codecs()["PCMU"].encode(np.stack(frames), sound)
    party.say(sound.reshape(-1))
    converse([party], 0.6)
    assert [worker.event(DtmfReceived).digit for _ in range(2)] == ["9", "7"]
