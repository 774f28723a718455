"""Comfort noise (RFC 3389): a party that has nothing to say sends one packet that describes the noise around it.

Until sound comes again, noise of that level and colour is heard instead of the silence of a dead line, nothing counts
as lost, and no timeout is reported for a minute. Only receiving: we send sound all the time. That costs 64 kbit/s more
than it must, and keeps NATs, firewalls and carriers' own timeouts quiet, and the ears of those who wait.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.limits import NOISES_SHAPED_PER_TICK_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.stream_table import FADE_SAMPLES, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

PAYLOAD_TYPE = 13
"""The static one, for codecs with a clock of 8 kHz (RFC 3551 table 4); other numbers are negotiated."""

LOUDEST_DBOV = 30
"""A party may say that its noise is as loud as can be; -30 dBov is a loud street, and nobody's ears are harmed."""

COEFFICIENTS_MAX = 12
"""Of the spectrum; senders have ten at most. What follows is fine structure."""
REFLECTION_MAX = 0.98
"""Beyond it noise becomes a whistle."""

NOISE_SAMPLES = 4096
"""Half a second, repeated: noise has no features by which that could be heard."""

DESCRIBED_TICKS = 3000
"""A minute after the last description the party is taken to be gone, if nothing else has come."""

_MIXED_SAMPLES = 64
"""Of the noise, under the first sound that is back."""


class ComfortNoise:
    """The rows of one phase that are in noise."""

    __slots__ = ("_base", "_begin", "_described", "_payload", "_rows", "_shaped", "_sound", "_tick", "_type")

    def __init__(self, rows: int) -> None:
        self._type: NDArray[np.int64] = np.full(rows, PAYLOAD_TYPE, np.int64)
        self._sound: NDArray[np.int16] = np.zeros((rows, NOISE_SAMPLES + FRAME_SAMPLES), np.int16)
        """Each row's noise and its beginning again; memory is used by rows that ever had some."""
        self._begin: NDArray[np.int64] = np.zeros(rows, np.int64)
        """The position from which there is noise."""
        self._described: NDArray[np.int64] = np.zeros(rows, np.int64)
        """The tick of the last description."""
        self._payload: dict[int, bytes] = {}
        """The last description by row."""
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        """Those of the rows above, which are in noise."""
        self._base = np.random.default_rng(3389).standard_normal(NOISE_SAMPLES)
        self._tick = 0
        self._shaped = 0
        """Noises with a spectrum that were made for this tick."""

    # Commands

    def set_payload_type(self, row: int, payload_type: int | None) -> None:
        self._type[row] = PAYLOAD_TYPE if payload_type is None else payload_type

    def forget(self, row: int) -> None:
        """The row is free, or its party's sound is another from now on."""
        if self._payload.pop(row, None) is not None:
            self._rows = np.array(list(self._payload), np.int64)

    # Packets

    def receive(self, table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer, tick: int) -> None:
        """Packets that are no sound, at most one per row: take those that describe noise."""
        is_noise = (packets.payload_type == PAYLOAD_TYPE) | (packets.payload_type == self._type[packets.row])
        described = packets.select(is_noise & table.receives[packets.row] & ~table.is_fax[packets.row])
        if not len(described):
            return
        content = arrivals.packets.reshape(-1)
        length = np.minimum(described.length, 1 + COEFFICIENTS_MAX)
        columns = (described.row.tolist(), described.start.tolist(), length.tolist())
        for row, start, count in zip(*columns, strict=True):
            self._describe(row, content[start : start + count].tobytes(), tick)
        self._begin[described.row] = table.end[described.row]
        self._described[described.row] = tick

    # Ticks

    def fill(self, table: StreamTable, heard: NDArray[np.uint8], tables: CodecTables, tick: int) -> None:
        """After the playout: noise where these parties are silent, in `heard` uint8[rows, FRAME_SAMPLES]."""
        row = self._rows
        if not len(row):
            return
        begin = tick * FRAME_SAMPLES % NOISE_SAMPLES
        noise = self._sound[row, begin : begin + FRAME_SAMPLES]
        concealed = table.concealed[row]
        is_dry = table.end[row] <= table.play[row] - FRAME_SAMPLES
        silent = np.flatnonzero((concealed >= FADE_SAMPLES) & is_dry)
        heard[row[silent]] = tables.encode(noise[silent], table.codec[row[silent]])
        is_back = (concealed == 0) & (table.end[row] > self._begin[row])
        # The noise rises under what still fades, and ends under the sound that comes.
        time = np.arange(FRAME_SAMPLES)
        rising = np.clip((concealed[:, np.newaxis] - FRAME_SAMPLES + time) / FADE_SAMPLES, 0.0, 1.0)
        falling = np.clip(1.0 - time / _MIXED_SAMPLES, 0.0, 1.0)
        weight = np.where(is_back[:, np.newaxis], falling, rising)
        mixed = np.flatnonzero(is_back | ((concealed > 0) & ~((concealed >= FADE_SAMPLES) & is_dry)))
        if len(mixed):
            codec = table.codec[row[mixed]]
            both = tables.decode(heard[row[mixed]], codec) + noise[mixed] * weight[mixed]
            heard[row[mixed]] = tables.encode(np.clip(both, -32768, 32767).astype(np.int16), codec)
        is_current = tick - self._described[row] < DESCRIBED_TICKS
        table.reported_tick[row[is_current]] = tick
        for gone in row[is_back].tolist():
            self.forget(gone)

    # Steps

    def _describe(self, row: int, payload: bytes, tick: int) -> None:
        if self._payload.get(row) == payload:
            return
        if tick != self._tick:
            self._tick, self._shaped = tick, 0
        # Equal noise for two parties would be one loud noise to who hears both.
        noise = np.roll(self._base, row * 1013)
        is_shaped = len(payload) > 1 and self._shaped < NOISES_SHAPED_PER_TICK_MAX
        if is_shaped:
            self._shaped += 1
            noise = _shaped(noise, payload[1:])
        level = max(payload[0] & 0x7F, LOUDEST_DBOV)
        amplitude = 32768 * 10 ** (-level / 20)
        self._sound[row, :NOISE_SAMPLES] = np.clip(noise * amplitude, -32768, 32767).astype(np.int16)
        self._sound[row, NOISE_SAMPLES:] = self._sound[row, :FRAME_SAMPLES]
        is_new = row not in self._payload
        # One that was not shaped for want of time is made anew when it is told again.
        self._payload[row] = payload if is_shaped else payload[:1]
        if is_new:
            self._rows = np.array(list(self._payload), np.int64)


def _shaped(noise: NDArray[np.float64], coefficients: bytes) -> NDArray[np.float64]:
    """White noise through the all-pole filter of these reflection coefficients (RFC 3389 section 3.2); RMS 1."""
    reflections = np.clip(258 * (np.frombuffer(coefficients, np.uint8).astype(np.float64) - 127) / 32768, -1.0, 1.0)
    filter_ = np.ones(1)
    for reflection in np.clip(reflections, -REFLECTION_MAX, REFLECTION_MAX).tolist():
        longer = np.append(filter_, 0.0)
        filter_ = longer + reflection * longer[::-1]
    spectrum = np.fft.rfft(noise) / np.fft.rfft(filter_, NOISE_SAMPLES)
    coloured = np.fft.irfft(spectrum, NOISE_SAMPLES)
    return coloured / np.sqrt(np.mean(np.square(coloured)))
