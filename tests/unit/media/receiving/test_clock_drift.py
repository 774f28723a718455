"""An hour with parties whose clocks are not ours: nothing is lost, no delay piles up, and there is no click."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.media.receiving.playout_line import FRAME, PlayoutLine, decode, encode

RATE = 8000
HOUR_TICKS = 180_000
CHECKED_TICKS = 2000
SOUND_S = 20
DRIFTS_PPM = (200, -200, 200, -200, 50, -50)


def speech(seed: int) -> NDArray[np.float64]:
    """Syllables of a gliding pitch, and pauses between sentences."""
    chance = np.random.default_rng(seed)
    time = np.arange(SOUND_S * RATE) / RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * time / 1.7)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(n * phase + n) / n for n in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * time), 0, None) ** 0.5
    is_spoken = np.sin(2 * np.pi * time / 5.0) > -0.5
    envelope = np.convolve(syllables * is_spoken, np.hanning(200) / 100, mode="same")
    return 4000 * np.asarray(voice) * envelope + chance.normal(0, 20, len(time))


def music(seed: int) -> NDArray[np.float64]:
    """Chords without a pause, each blended into the next."""
    chance = np.random.default_rng(seed)
    time = np.arange(SOUND_S * RATE) / RATE
    sound = np.zeros(len(time))
    for begin in np.arange(0, SOUND_S, 0.5):
        # Around the end of the sound, which is repeated without a gap.
        since = (time - begin) % SOUND_S
        sounding = np.flatnonzero(since < 0.7)
        since = since[sounding]
        envelope = np.clip(np.minimum(since / 0.1, (0.7 - since) / 0.2), 0, 1)
        for half_tone in chance.choice([0, 3, 7, 10, 12, 15, 19], 3, replace=False):
            sound[sounding] += envelope * np.sin(2 * np.pi * 130.8 * 2 ** (half_tone / 12) * since)
    return 3500 * sound


def steps(coded: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Differences of neighbouring samples: uint8[parties, samples] -> int64[parties, samples - 1]."""
    return np.abs(np.diff(decode(coded).astype(np.int64), axis=1))


@pytest.mark.timeout(900)
def test_an_hour_of_drift_is_not_heard() -> None:
    sounds = np.stack([encode(sound) for sound in (speech(1), speech(2), music(1), music(2), speech(3), music(3))])
    line = PlayoutLine(sounds)
    step_max = steps(sounds).max(axis=1)
    drift = 1 + np.array(DRIFTS_PPM) * 1e-6
    phase = np.linspace(10, 150, line.parties)
    row = np.arange(line.parties)
    arrived = np.zeros(line.parties, np.int64)
    last = np.full((line.parties, 1), 0xFF, np.uint8)
    spliced = np.zeros(line.parties, np.int64)
    deepest = np.zeros(line.parties, np.int64)
    for _ in range(HOUR_TICKS // CHECKED_TICKS):
        heard = np.zeros((CHECKED_TICKS, line.parties, FRAME), np.uint8)
        sent = np.zeros_like(heard)
        for at in range(CHECKED_TICKS):
            exact = ((line.tick + 1) * FRAME + phase) * drift / FRAME
            while (more := row[arrived < np.floor(exact)]).size:
                wait = ((exact - arrived - 1) * FRAME).astype(np.int64)[more] if line.tick % 50 == 0 else None
                line.receive(more, arrived[more], wait)
                arrived[more] += 1
            heard[at] = line.play()
            sent[at] = line.sent()
            np.maximum(deepest, line.table.end - line.table.play, out=deepest)
        together = np.concatenate([last, heard.transpose(1, 0, 2).reshape(line.parties, -1)], axis=1)
        first = 2 * FRAME + 1 if line.tick == CHECKED_TICKS else 0  # the sound begins somewhere
        assert (steps(together[:, first:]).max(axis=1) <= 1.2 * step_max).all(), "a click"
        last = together[:, -1:]
        spliced += (heard != sent).any(axis=2).sum(axis=0)
    assert (line.table.lost == 0).all()
    assert (line.table.late == 0).all()
    assert (deepest <= 4 * FRAME).all()
    # 36 frames are too many or missing after an hour, and each takes at most six splices of two frames.
    assert (spliced <= 36 * 12 + 24).all()
    assert (spliced[:4] > 0).all()
