"""A worker that was held up: a second later its streams' delay is what it was."""

import signal
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.protocol import DropStream, Hearing, PutStream, SetHearing
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse, succeeds_once

pytestmark = pytest.mark.network

FRAME = 160


def delays(party: RtpParty, said: bytes, since: int) -> list[int]:
    """Of what was heard in the packets from number `since` on: by how many samples later it is there than in `said`."""
    first = party.heard_timestamps()[0]
    found: list[int] = []
    for packet, timestamp in list(zip(party.heard, party.heard_timestamps(), strict=True))[since:]:
        at = said.find(packet[12:])
        if at >= 0:
            found.append((timestamp - first & 0xFFFFFFFF) - at)
    return found


@pytest.mark.parametrize("stalled_s", [1.5, 2.5])
def test_after_a_stall_the_delay_is_what_it_was(
    worker: MediaProcess,
    parties: Callable[[int], list[RtpParty]],
    speech: Callable[[float], NDArray[np.uint8]],
    stalled_s: float,
) -> None:
    speaker, listener = parties(2)

    def attempt() -> bool:
        worker.command(DropStream(speaker.stream_id), DropStream(listener.stream_id))
        for party in (speaker, listener):
            party.receive()
            party.heard.clear()
            party.payloads.clear()
            party.said = 0
        said = speaker.say(speech(stalled_s + 3.6))
        refusals = worker.command(
            PutStream(speaker.description()),
            PutStream(listener.description()),
            SetHearing(Hearing(listener.stream_id, [speaker.stream_id])),
        )
        assert refusals == []
        converse([speaker, listener], 1.0)
        before = delays(listener, said, since=20)
        worker.process.send_signal(signal.SIGSTOP)
        converse([speaker], stalled_s)
        worker.process.send_signal(signal.SIGCONT)
        converse([speaker, listener], 1.0)
        heard = len(listener.heard)
        converse([speaker, listener], 1.0)
        after = delays(listener, said, since=heard)
        return len(before) > 10 and len(after) > 25 and abs(median(after) - median(before)) <= FRAME

    assert succeeds_once(attempt)
