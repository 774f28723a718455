"""How the parties speak, for all streams of a phase at once: level, speech or silence, who talks over whom.

A quarter of every fourth frame is looked at (the facts are about seconds, not samples): the mean of its squares is the
party's power. Speech is what rises well above the party's own noise, which is followed: down at once, because there are
gaps between words however short, up slowly, so that a long sentence is not taken for noise. A party talks until it has
been silent for a while (the pauses within a sentence); that while is taken back when it turns out to be the end.

Levels are in dBov: 0 is the power of a square wave at full scale (RFC 6465 section 3), an ordinary voice about -26.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.protocol import VoiceFacts
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import TICK_S

LOOK_TICKS = 4
LOOK_S = LOOK_TICKS * TICK_S
"""How often the voices are looked at, and the unit they are counted in."""

HANGOVER_LOOKS = 4
"""A pause of less than 320 ms is within the sentence."""

FULL_SCALE_POWER = 32768.0**2
SILENCE_DBOV = -127.0
NOISE_MIN_POWER = np.float32(FULL_SCALE_POWER * 1e-6)
NOISE_MAX_POWER = np.float32(FULL_SCALE_POWER * 1e-3)
"""The noise is taken to be between -60 and -30 dBov: so -50 is never speech, and -20 always is."""
NOISE_RISE = np.float32(10 ** (0.2 * LOOK_S))
"""2 dB a second."""
SPEECH_OVER_NOISE = np.float32(10.0)
"""10 dB."""
LEVEL_RATE = np.float32(1 / 32)
"""Of each look in the levels told: they are those of the last two or three seconds of speech, and of noise."""

_STEP = np.arange(40)
_LOOKED_AT = 4 * _STEP + _STEP * (_STEP + 1) // 2 % 4
"""One of every four samples, at places that no tone keeps step with."""
_MEAN = np.full(len(_LOOKED_AT), 1 / len(_LOOKED_AT), np.float32)

Int64s = NDArray[np.int64]


class Voices:
    """The voices of one phase. Rows are the phase's, sources rows of `Frames`, where others see who talks."""

    __slots__ = (
        "_edges",
        "_hangover",
        "_hears",
        "_noise",
        "_noise_level",
        "_overlap",
        "_several",
        "_silence",
        "_silence_max",
        "_silence_row",
        "_source",
        "_speech_level",
        "_talk",
        "_ticks",
        "is_speech",
        "is_talking",
        "power",
    )

    def __init__(self, rows: int, first_row: int, frames: Frames) -> None:
        """`first_row` is that of the phase in `Frames`."""
        mine = slice(first_row, first_row + rows)
        self._ticks = 0
        """Since the last look."""
        self.power: NDArray[np.float32] = frames.power[mine]
        self.is_speech: NDArray[np.bool_] = frames.is_speech[mine]
        self.is_talking: NDArray[np.bool_] = frames.is_talking[mine]
        self._noise: NDArray[np.float32] = np.full(rows, NOISE_MIN_POWER, np.float32)
        self._speech_level: NDArray[np.float32] = np.zeros(rows, np.float32)
        self._noise_level: NDArray[np.float32] = np.zeros(rows, np.float32)
        self._hangover: NDArray[np.int8] = np.zeros(rows, np.int8)
        self._talk: NDArray[np.int32] = np.zeros(rows, np.int32)
        self._overlap: NDArray[np.int32] = np.zeros(rows, np.int32)
        self._silence: NDArray[np.int32] = np.zeros(rows, np.int32)
        """How long neither he nor whom he hears has been talking."""
        self._silence_max: NDArray[np.int32] = np.zeros(rows, np.int32)
        self._silence_row = frames.silence_row(0)
        self._source: Int64s = np.full(rows, self._silence_row, np.int64)
        """Whom a listener to one party hears; others hear a row of silence here."""
        self._hears: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        self._several: dict[int, tuple[int, ...]] = {}
        """Sources of the listeners that have several."""
        self._edges: tuple[Int64s, Int64s] | None = None
        """The same as pairs of listener and source; None when they are to be made again."""

    def set_sources(self, listener: int, sources: Sequence[int]) -> None:
        """Whom the listener hears from now on: his partners in the conversation."""
        if self._several.pop(listener, None) is not None or len(sources) > 1:
            self._edges = None
        if len(sources) > 1:
            self._several[listener] = tuple(sources)
        self._source[listener] = sources[0] if len(sources) == 1 else self._silence_row
        self._hears[listener] = len(sources) > 0

    def clear(self, row: int) -> None:
        """Make the row as if no stream had ever had it."""
        self.set_sources(row, ())
        self._noise[row] = NOISE_MIN_POWER
        for column in (
            self.power,
            self.is_speech,
            self.is_talking,
            self._speech_level,
            self._noise_level,
            self._hangover,
            self._talk,
            self._overlap,
            self._silence,
            self._silence_max,
        ):
            column[row] = 0

    def watch(self, table: StreamTable, frames: Frames, heard: NDArray[np.uint8], tables: CodecTables) -> None:
        """After each tick's frames were taken: `heard` uint8[rows of the table, FRAME_SAMPLES]."""
        self._ticks += 1
        if self._ticks < LOOK_TICKS:
            return
        self._ticks = 0
        self._look(table.rows, tables.squares(heard.take(_LOOKED_AT, axis=1), table.codec) @ _MEAN)
        self._compare(table, frames)

    def facts(self, row: int) -> VoiceFacts:
        silence_looks = int(self._silence_max[row])
        return VoiceFacts(
            is_talking=bool(self.is_talking[row]),
            level_dbov=_dbov(float(self._speech_level[row])),
            noise_dbov=_dbov(float(self._noise_level[row])),
            talk_s=_seconds(int(self._talk[row])),
            overlap_s=_seconds(int(self._overlap[row])),
            # It began when talking turned out to have ended, a hangover late.
            silence_max_s=_seconds(silence_looks + HANGOVER_LOOKS - 1 if silence_looks else 0),
        )

    def _look(self, rows: int, power: NDArray[np.float32]) -> None:
        noise, hangover, is_talking = self._noise[:rows], self._hangover[:rows], self.is_talking[:rows]
        np.minimum(noise * NOISE_RISE, power, out=noise)
        np.clip(noise, NOISE_MIN_POWER, NOISE_MAX_POWER, out=noise)
        is_speech = power > noise * SPEECH_OVER_NOISE
        np.maximum(hangover - 1, 0, out=hangover)
        hangover[is_speech] = HANGOVER_LOOKS
        talks = hangover > 0
        self._talk[:rows] += talks
        ended = (is_talking & ~talks).nonzero()[0]
        if len(ended):
            self._talk[ended] -= HANGOVER_LOOKS - 1
        self.power[:rows] = power
        self.is_speech[:rows] = is_speech
        is_talking[:] = talks
        _follow(self._speech_level[:rows], power, is_speech)
        _follow(self._noise_level[:rows], power, ~talks)

    def _compare(self, table: StreamTable, frames: Frames) -> None:
        """Each listener with those he hears. Who is played to is in no conversation meanwhile."""
        rows = table.rows
        source = self._source[:rows]
        others_speak, others_talk = frames.is_speech[source], frames.is_talking[source]
        if self._several:
            if self._edges is None:
                self._edges = _pairs(self._several)
            listener, heard = self._edges
            others_speak |= np.bincount(listener[frames.is_speech[heard]], minlength=rows) > 0
            others_talk |= np.bincount(listener[frames.is_talking[heard]], minlength=rows) > 0
        converses = self._hears[:rows] & ~table.playing
        self._overlap[:rows] += converses & self.is_speech[:rows] & others_speak
        silence = self._silence[:rows]
        silence += 1
        silence *= converses & ~(self.is_talking[:rows] | others_talk)
        np.maximum(self._silence_max[:rows], silence, out=self._silence_max[:rows])


def _follow(level: NDArray[np.float32], power: NDArray[np.float32], where: NDArray[np.bool_]) -> None:
    """The level moves towards the power of these rows; the first power is taken whole."""
    level += (power - level) * np.where(level > 0, LEVEL_RATE, np.float32(1)) * where


def _pairs(several: dict[int, tuple[int, ...]]) -> tuple[Int64s, Int64s]:
    listener = [listener for listener, sources in several.items() for _ in sources]
    source = [source for sources in several.values() for source in sources]
    return np.array(listener, np.int64), np.array(source, np.int64)


def _dbov(power: float) -> float:
    if power <= 0.0:
        return SILENCE_DBOV
    return max(round(10 * math.log10(power / FULL_SCALE_POWER), 1), SILENCE_DBOV)


def _seconds(looks: int) -> float:
    return round(looks * LOOK_S, 2)
