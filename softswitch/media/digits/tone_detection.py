"""Digits in the sound itself (ITU-T Q.23, Q.24), for the streams of a phase that ask for it, all in one operation.

The sound is looked at in blocks of 102 samples (12.75 ms), each half over the last, and each is matched with the eight
frequencies: one multiplication of matrices for all blocks of a tick. A block holds a key if

| what                                                                          | figure             |
|-------------------------------------------------------------------------------|--------------------|
| its strongest low and its strongest high tone each have at least              | -42 dBm0           |
| the high one is stronger than the low one by at most, and weaker by at most   | 6 dB, 11 dB        |
| each is stronger than the three others of its group by                        | 6 dB               |
| both together are at least this part of all the sound there is                | 0.7                |
| the phases of both have moved since the last block as those of tones do whose |                    |
| frequencies are off by at most                                                | 2.5 %              |

(Q.24 has +4 and -8 dB and ±1.5 % to be accepted and ±3.5 % to be refused; the rest is room for noise, codecs and the
edges of a block.) A key goes down with the fourth such block in a row, 32 ms of tone: 40 ms always are enough, 23 ms
never. It is up again after five blocks without it; interruptions of 10 ms are bridged.

From the first block that looks like a key until the key is up, the party is not heard: its digit is told, and must not
be heard as well. At most 15 ms of it have passed by then, too short for anybody to recognise.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0, HIGH_HZ, KEYS, LOW_HZ
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

BLOCK_SAMPLES = 102
STEP_SAMPLES = BLOCK_SAMPLES // 2

_LEVEL_MIN_DBM0 = -42.0
_POWER_MIN = (AMPLITUDE_0_DBM0 * 10 ** (_LEVEL_MIN_DBM0 / 20) * BLOCK_SAMPLES / 2) ** 2
"""Of a tone that meets its frequency: |X|^2 = (amplitude * samples / 2)^2."""
_HIGH_OVER_LOW_MAX = 10 ** (6 / 10)
_LOW_OVER_HIGH_MAX = 10 ** (11 / 10)
_PEAK = 10 ** (6 / 10)
_SHARE_MIN = 0.7
_BEGIN_BLOCKS = 4
_END_BLOCKS = 5

_HERTZ = np.array(LOW_HZ + HIGH_HZ, np.float64)
_TURN = 2 * np.pi / SAMPLE_RATE_HZ * _HERTZ
_PHASES = np.outer(np.arange(STEP_SAMPLES), _TURN)
_BASIS = np.concatenate([np.cos(_PHASES), -np.sin(_PHASES)], axis=1).astype(np.float32)
"""float32[STEP_SAMPLES, 16]: real parts of the eight frequencies, then their imaginary parts, of half a block."""
_STEP = np.exp(-1j * _TURN * STEP_SAMPLES).astype(np.complex64)
"""What half a block does to the phase of a tone of exactly that frequency, taken back."""
_DRIFT_MAX = (0.025 * _TURN * STEP_SAMPLES).astype(np.float32)
"""Radians that may be left then."""

_NONE = -1

Keys = NDArray[np.int64]
Spectra = NDArray[np.complex64]
"""complex64[..., 8]: the strength and phase of each frequency."""


class ToneDetector:
    """The rows of one phase that ask, in the order they began to; nothing is done while there are none."""

    __slots__ = ("_before", "_carried", "_down", "_energy", "_half", "_misses", "_rows", "_runs", "_seen")

    def __init__(self) -> None:
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._carried: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        """Samples of the half that is not complete yet: the same number for all rows."""
        self._half: Spectra = np.zeros((0, 8), np.complex64)
        self._energy: NDArray[np.float32] = np.zeros(0, np.float32)
        """Of the last half of a block: the next one begins with it."""
        self._before: Spectra = np.zeros((0, 8), np.complex64)
        """Of the last block."""
        self._seen: Keys = np.zeros(0, np.int64)
        """The key in the last block, _NONE for none."""
        self._runs: NDArray[np.int64] = np.zeros(0, np.int64)
        """Blocks in a row that held it."""
        self._down: Keys = np.zeros(0, np.int64)
        """The key that is down."""
        self._misses: NDArray[np.int64] = np.zeros(0, np.int64)
        """Blocks in a row that did not hold the key that is down."""

    def set(self, row: int, *, asks: bool) -> None:
        """Listen for digits in this row's sound from now on, or no more."""
        if not asks and not len(self._rows):
            return
        is_other = self._rows != row
        if asks != is_other.all():
            return
        kept = np.append(np.flatnonzero(is_other), [-1] if asks else []).astype(np.int64)
        self._rows = np.append(self._rows[is_other], [row] if asks else []).astype(np.int64)
        for name, empty in _COLUMNS:
            column = getattr(self, name)
            with_empty = np.concatenate([column, np.full((1, *column.shape[1:]), empty, column.dtype)])
            setattr(self, name, with_empty[kept])

    def take(self, table: StreamTable, heard: NDArray[np.uint8], tables: CodecTables) -> list[tuple[int, str]]:
        """Look at what these rows' parties say in this tick, `heard` uint8[rows, 160], and silence the keys in it.

        Returns (row, digit) for each key that went down.
        """
        rows = self._rows
        if not len(rows):
            return []
        sound = tables.decode(heard[rows], table.codec[rows]).astype(np.float32)
        spectra, energy = self._next_blocks(np.concatenate([self._carried, sound], axis=1))
        keys = _keys_in(spectra, energy)
        has_key = (keys != _NONE).any(axis=1) | (self._down != _NONE)
        if not has_key.any():
            self._before, self._seen[:] = spectra[:, -1], _NONE
            return []
        digits: list[tuple[int, str]] = []
        for block in range(keys.shape[1]):
            begins = self._follow(keys[:, block], spectra[:, block])
            digits += [(int(rows[place]), KEYS[int(self._down[place])]) for place in np.flatnonzero(begins)]
        silent = rows[has_key]
        heard[silent] = np.frombuffer(tables.silence, np.uint8)[table.codec[silent], np.newaxis]
        return digits

    def _next_blocks(self, sound: NDArray[np.float32]) -> tuple[Spectra, NDArray[np.float32]]:
        """float32[rows, samples] -> its n blocks, complex64[rows, n, 8], and their energy, float32[rows, n]."""
        count = sound.shape[1] // STEP_SAMPLES
        halves = sound[:, : count * STEP_SAMPLES].reshape(-1, STEP_SAMPLES)
        self._carried = sound[:, count * STEP_SAMPLES :]
        parts = halves @ _BASIS
        half = np.empty((len(sound), count + 1, 8), np.complex64)
        half[:, 0] = self._half
        half[:, 1:].real = parts[:, :8].reshape(-1, count, 8)
        half[:, 1:].imag = parts[:, 8:].reshape(-1, count, 8)
        energy = np.empty((len(sound), count + 1), np.float32)
        energy[:, 0] = self._energy
        energy[:, 1:] = np.einsum("ij,ij->i", halves, halves).reshape(-1, count)
        self._half, self._energy = half[:, -1], energy[:, -1]
        blocks: Spectra = np.multiply(_STEP, half[:, 1:])
        blocks += half[:, :-1]
        return blocks, energy[:, :-1] + energy[:, 1:]

    def _follow(self, key: Keys, spectra: Spectra) -> NDArray[np.bool_]:
        """Take every row's next block; where a key went down with it."""
        goes_on = (key != _NONE) & (key == self._seen) & _is_steady(key, self._before, spectra)
        self._runs = np.where(goes_on, self._runs + 1, (key != _NONE).astype(np.int64))
        self._seen, self._before = key, spectra
        begins = (self._runs >= _BEGIN_BLOCKS) & (key != self._down)
        self._down = np.where(begins, key, self._down)
        self._misses = np.where(key == self._down, 0, self._misses + 1)
        self._down = np.where(self._misses >= _END_BLOCKS, _NONE, self._down)
        return begins


_COLUMNS = (
    ("_carried", 0),
    ("_half", 0),
    ("_energy", 0),
    ("_before", 0),
    ("_seen", _NONE),
    ("_runs", 0),
    ("_down", _NONE),
    ("_misses", 0),
)
"""What is kept for each row, and what it is for a new one."""


def _keys_in(spectra: Spectra, energy: NDArray[np.float32]) -> Keys:
    """The keys int64[rows, blocks] that blocks hold, _NONE for none."""
    keys = np.full(energy.shape, _NONE, np.int64)
    power = spectra.real**2 + spectra.imag**2
    low, high = _strongest(power[..., :4]), _strongest(power[..., 4:])
    is_key = low + high >= _SHARE_MIN * BLOCK_SAMPLES / 2 * energy
    is_key &= (low >= _POWER_MIN) & (high >= _POWER_MIN)
    # Hardly any sound but that of keys comes so far.
    if not is_key.any():
        return keys
    is_key &= (high <= _HIGH_OVER_LOW_MAX * low) & (low <= _LOW_OVER_HIGH_MAX * high)
    is_key &= (power[..., :4] * _PEAK > low[..., np.newaxis]).sum(axis=-1) == 1
    is_key &= (power[..., 4:] * _PEAK > high[..., np.newaxis]).sum(axis=-1) == 1
    keys[is_key] = (power[..., :4].argmax(axis=-1) * 4 + power[..., 4:].argmax(axis=-1))[is_key]
    return keys


def _strongest(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """The greatest of the last axis' four."""
    return np.maximum(np.maximum(power[..., 0], power[..., 1]), np.maximum(power[..., 2], power[..., 3]))


def _is_steady(key: Keys, before: Spectra, now: Spectra) -> NDArray[np.bool_]:
    """Whether both tones of the key in each row are near enough to their frequencies, by how their phases moved."""
    drift = np.abs(np.angle(now * before.conj() * _STEP))
    row = np.arange(len(key))
    low, high = key // 4, 4 + key % 4
    return (drift[row, low] <= _DRIFT_MAX[low]) & (drift[row, high] <= _DRIFT_MAX[high])
