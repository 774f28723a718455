"""The calling tone of a fax machine (CNG, ITU-T T.30 section 4.3.3.1), for the streams of a phase that ask for it.

A machine that calls sends 1100 Hz (within 38 Hz) for half a second (within 15 %), then three seconds of silence, and so
on until somebody answers as a fax does. A tick's sound is looked at in four blocks of 5 ms; it is the tone if

| what                                                                               | figure    |
|------------------------------------------------------------------------------------|-----------|
| its level is at least                                                              | -43 dBm0  |
| what of it has 1100 Hz, block by block, is at least this part of all               | 0.75      |
| from block to block its phase moves as that of a tone which is off by at most      | 45 Hz     |

Twenty to thirty such ticks in a row (one that is spoiled does not count), and then a tenth of a second in which there
is next to nothing, are a fax. No voice holds one pure note so exactly for so long and no longer; a tone that goes on,
or ends sooner, is another's. It is told once for each stream, and only the first `FAX_LISTEN_S` of it are looked at.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0
from softswitch.media.limits import FAX_LISTEN_S
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ, TICK_S

_HERTZ = 1100.0
_BLOCKS = 4
_BLOCK_SAMPLES = FRAME_SAMPLES // _BLOCKS
_LISTEN_TICKS = round(FAX_LISTEN_S / TICK_S)

_POWER_MIN = (AMPLITUDE_0_DBM0 * 10 ** (-43 / 20)) ** 2 / 2 * FRAME_SAMPLES
"""The energy of a frame."""
_SHARE_MIN = 0.75
_DRIFT_MAX = 2 * np.pi * 45.0 * _BLOCK_SAMPLES / SAMPLE_RATE_HZ
"""Radians from one block to the next."""
_TONE_TICKS_MIN = 20
_TONE_TICKS_MAX = 30
_QUIET_TICKS = 5
_QUIET_SHARE = 0.1
"""Of the tone's energy, at most, behind it."""

_PHASES = 2 * np.pi * _HERTZ / SAMPLE_RATE_HZ * np.arange(FRAME_SAMPLES)
_WAVE = np.exp(-1j * _PHASES).astype(np.complex64).reshape(_BLOCKS, _BLOCK_SAMPLES)
"""Of the whole frame, so that a tone of exactly 1100 Hz has the same phase in each block: 22 periods fit a frame."""


class _Listening:
    """One row."""

    __slots__ = ("energy", "misses", "quiet", "ticks_left", "tone")

    def __init__(self) -> None:
        self.ticks_left = _LISTEN_TICKS
        self.tone = 0
        """Ticks of the tone so far."""
        self.misses = 0
        """Ticks in a row since."""
        self.quiet = 0
        self.energy = 0.0
        """Of the tone in a tick."""

    def hear(self, is_tone: bool, energy: float) -> bool:
        """Take a tick; whether it was a fax."""
        self.ticks_left -= 1
        if is_tone:
            self.tone += 1 + (self.misses if self.misses == 1 else 0)
            if self.misses > 1:
                self.tone = 1
            self.misses, self.quiet, self.energy = 0, 0, energy
            return False
        self.misses += 1
        if self.misses == 1 or not self.tone:
            return False  # it may have ended within this tick
        if not _TONE_TICKS_MIN <= self.tone <= _TONE_TICKS_MAX or energy > _QUIET_SHARE * self.energy:
            self.tone = 0
            return False
        self.quiet += 1
        return self.quiet >= _QUIET_TICKS


class FaxToneDetector:
    """The rows of one phase that ask; nothing is done while there are none."""

    __slots__ = ("_order", "_rows", "_told")

    def __init__(self) -> None:
        self._rows: dict[int, _Listening] = {}
        self._told: set[int] = set()
        """Rows whose time is over, or that were a fax."""
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)

    def set(self, row: int, *, asks: bool) -> None:
        """Listen to this row from now on, for `FAX_LISTEN_S` in all, or no more."""
        if asks and row not in self._rows and row not in self._told:
            self._rows[row] = _Listening()
        elif not asks and self._rows.pop(row, None) is None:
            return
        self._arrange()

    def forget(self, row: int) -> None:
        """The row is free."""
        self.set(row, asks=False)
        self._told.discard(row)

    def take(self, table: StreamTable, heard: NDArray[np.uint8], tables: CodecTables) -> list[int]:
        """Look at what these rows' parties say in this tick, `heard` uint8[rows, FRAME_SAMPLES]; which are a fax."""
        rows = self._order
        if not len(rows):
            return []
        sound = tables.decode(heard[rows], table.codec[rows]).astype(np.float32)
        energy = np.einsum("ij,ij->i", sound, sound)
        is_tone = _is_tone(sound, energy)
        found: list[int] = []
        for row, tone, energy_of in zip(rows.tolist(), is_tone.tolist(), energy.tolist(), strict=True):
            listening = self._rows[row]
            is_fax = listening.hear(tone, energy_of)
            if is_fax:
                found.append(row)
            if is_fax or not listening.ticks_left:
                del self._rows[row]
                self._told.add(row)
        if len(self._rows) != len(rows):
            self._arrange()
        return found

    def _arrange(self) -> None:
        self._order = np.array(list(self._rows), np.int64)


def _is_tone(sound: NDArray[np.float32], energy: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of `sound` float32[rows, FRAME_SAMPLES] is the tone."""
    blocks = np.einsum("rbs,bs->rb", sound.reshape(-1, _BLOCKS, _BLOCK_SAMPLES), _WAVE)
    power = (blocks.real**2 + blocks.imag**2).sum(axis=1)
    turns = (blocks[:, 1:] * blocks[:, :-1].conj()).sum(axis=1)
    is_tone = (energy >= _POWER_MIN) & (power >= _SHARE_MIN * _BLOCK_SAMPLES / 2 * energy)
    return is_tone & (np.abs(np.angle(turns)) <= _DRIFT_MAX)
