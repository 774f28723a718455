"""Half a minute of speech through the engine, in virtual time: what Opus, G.722 and lost packets leave of it."""

import numpy as np
import pytest

from softswitch.base.ids import StreamId
from softswitch.media.protocol import Hearing, SetHearing
from softswitch.testing.coded_party import CodedParty, converse
from softswitch.testing.media_engine import EngineDriver
from tests.peers.audio import RATE_HZ, Samples, aligned, pesq, resampled
from tests.peers.speech import Voice

pytestmark = pytest.mark.peers

SPOKEN_S = 30
PCMU, L16, WIDE_L16 = ("PCMU", 8000), ("L16", 8000), ("L16", 16000)
G722, OPUS = ("G722", 8000), ("OPUS", 48000)


@pytest.fixture(scope="module")
def speech(caller_voice: Voice, agent_voice: Voice) -> Samples:
    return np.concatenate([caller_voice.samples, agent_voice.samples])[: SPOKEN_S * RATE_HZ]


def carried(
    speech: Samples, source: tuple[str, int], listener: tuple[str, int], *, lost: float = 0.0, parameters: str = ""
) -> float:
    """PESQ-NB of what a listener hears; this part of the source's packets is lost at random."""
    driver = EngineDriver()
    first = CodedParty(driver, 1, source[0], clock_rate_hz=source[1])
    second = CodedParty(driver, 2, listener[0], clock_rate_hz=listener[1])
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    packets = first.packets(resampled(speech, RATE_HZ, first.rate_hz), parameters)
    is_lost = np.random.default_rng(11).random(len(packets)) < lost
    converse(driver, {1: [b"" if gone else packet for packet, gone in zip(packets, is_lost, strict=True)]})
    driver.tick(4)
    heard = resampled(second.hears(), second.rate_hz, RATE_HZ)
    return pesq(*aligned(speech, heard))


def test_opus_that_we_send(speech: Samples) -> None:
    """24 kb/s."""
    assert carried(speech, L16, OPUS) >= 4.2


def test_opus_that_we_are_sent(speech: Samples) -> None:
    """32 kb/s of wideband, which a narrowband voice does not use."""
    assert carried(speech, OPUS, L16) >= 4.0


def test_g722_to_and_from_g711(speech: Samples) -> None:
    assert carried(speech, G722, PCMU) >= 4.0
    assert carried(speech, PCMU, G722) >= 4.0


def test_wideband_as_narrowband(speech: Samples) -> None:
    assert carried(speech, WIDE_L16, L16) >= 4.3


def test_lost_packets_of_opus_come_back_from_the_next(speech: Samples) -> None:
    concealed = carried(speech, OPUS, L16, lost=0.05)
    recovered = carried(speech, OPUS, L16, lost=0.05, parameters="useinbandfec=1")
    assert recovered >= 3.3
    assert recovered > concealed + 0.2


def test_lost_packets_of_g722(speech: Samples) -> None:
    assert carried(speech, G722, L16, lost=0.03) >= 3.0
