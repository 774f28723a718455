"""Music on hold that is our own: eight soft chords with a slow arpeggio above them, 32 seconds, without a seam.

Every note is added into a ring, so that its last echo sounds into the beginning; a loop of the result has no end and
no gap. Its notes lie between 170 Hz and 1.6 kHz, where a telephone carries them and G.711 is kind to them.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.prompts.resampling import SAMPLE_RATE_HZ

MUSIC_DBFS = -24.0
"""RMS; a little softer than speech, so that an announcement is never a fright and never missed."""

_BEAT_S = 1.0
_BEATS_A_CHORD = 4
_CHORDS = (  # MIDI note numbers: B flat maj7, A m7, G m7, F maj7, D m7, G m7, C 9 sus4, F add9
    (58, 65, 69, 74),
    (57, 64, 67, 72),
    (55, 65, 70, 74),
    (53, 64, 69, 72),
    (62, 65, 69, 72),
    (55, 62, 70, 77),
    (60, 65, 70, 74),
    (53, 60, 69, 79),
)
_ARPEGGIO = (1, 2, 3, 2, 3, 1, 2, 3)
"""Which note of the chord sounds on each half beat, an octave higher."""


def hold_music() -> NDArray[np.float32]:
    """The piece at 8 kHz, full scale 1.0."""
    ring = np.zeros(round(len(_CHORDS) * _BEATS_A_CHORD * _BEAT_S * SAMPLE_RATE_HZ))
    for index, chord in enumerate(_CHORDS):
        start_s = index * _BEATS_A_CHORD * _BEAT_S
        for note in chord:
            _add(ring, start_s, _pad(_hertz(note), _BEATS_A_CHORD * _BEAT_S))
        for step, place in enumerate(_ARPEGGIO):
            _add(ring, start_s + step * _BEAT_S / 2, _pluck(_hertz(chord[place] + 12)))
    level = np.sqrt(np.mean(ring**2))
    return (ring * (10 ** (MUSIC_DBFS / 20) / level)).astype(np.float32)


def _pad(hertz: float, duration_s: float) -> NDArray[np.float64]:
    """A breathing organ tone, slightly out of tune with itself, that fades into the next chord."""
    release_s = 1.5
    at = _seconds(duration_s + release_s)
    envelope = np.minimum(1, at / 0.8) * np.clip((duration_s + release_s - at) / release_s, 0, 1)
    tone = sum(
        np.sin(2 * np.pi * harmonic * hertz * detune * at) / harmonic**2
        for harmonic in (1, 2, 3)
        for detune in (0.9985, 1.0015)
    )
    return 0.5 * np.sin(np.pi / 2 * envelope) ** 2 * tone


def _pluck(hertz: float) -> NDArray[np.float64]:
    """A soft bell that dies away."""
    at = _seconds(2.5)
    attack = np.minimum(1, at / 0.012)
    return attack * sum(
        strength * np.exp(-at * decay) * np.sin(2 * np.pi * hertz * ratio * at)
        for ratio, strength, decay in ((1, 0.7, 2.2), (2, 0.2, 3.5), (3, 0.08, 6.0))
    )


def _add(ring: NDArray[np.float64], start_s: float, note: NDArray[np.float64]) -> None:
    places = (round(start_s * SAMPLE_RATE_HZ) + np.arange(len(note))) % len(ring)
    ring[places] += note


def _seconds(duration_s: float) -> NDArray[np.float64]:
    return np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def _hertz(midi_note: int) -> float:
    return 440.0 * 2 ** ((midi_note - 69) / 12)
