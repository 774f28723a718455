"""What packet loss leaves of speech, judged by PESQ: the jitter buffer and the concealment, in virtual time."""

import random
from statistics import mean

import numpy as np
import pytest

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import Hearing, SetHearing
from softswitch.testing.media_engine import EngineDriver
from tests.peers.audio import FRAME, Samples, pesq
from tests.peers.speech import Voice

pytestmark = pytest.mark.peers


def heard_with_loss(said: Samples, loss: float, seed: int) -> Samples:
    driver = EngineDriver()
    for number in (1, 2):
        driver.put(number)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    coded = Voice(said).coded("PCMU")
    chance = random.Random(seed)
    for index in range(len(coded) // FRAME):
        if index == 0 or chance.random() >= loss:
            payload = coded[index * FRAME : (index + 1) * FRAME]
            driver.deliver(1, pack(payload_type=0, sequence=index, timestamp=index * FRAME, ssrc=7, payload=payload))
        driver.tick()
    return Voice.from_coded(driver.heard(2), "PCMU").samples[FRAME:]


@pytest.mark.parametrize(("loss", "least"), [(0.01, 4.0), (0.03, 3.7), (0.05, 3.4), (0.10, 2.9)])
def test_speech_survives_random_loss(agent_voice: Voice, caller_voice: Voice, loss: float, least: float) -> None:
    said = np.concatenate([agent_voice.samples, caller_voice.samples])
    scores = [pesq(said[: len(heard)], heard) for heard in (heard_with_loss(said, loss, seed) for seed in (1, 2, 3))]
    print(f"{loss:.0%} of the packets lost: PESQ-NB {mean(scores):.2f}")
    assert mean(scores) >= least
