"""What recorded parties say, collected tick by tick and handed on every 0.8 s.

A recording has two taps, left and right; each copies its stream's frame of the tick into a block, as the bytes that
came. A full block goes to the sink, which makes linear samples of it and must not wait for the disk. Ticks that were
left out, streams that are gone or not there yet, and whatever is said while a recording is masked are silence of equal
length.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import RecordingId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.limits import RECORDINGS_MAX
from softswitch.media.packets.byte_windows import Windows, as_runs
from softswitch.media.protocol import Recording, RecordingFinished
from softswitch.media.recording.recording import CHANNELS, SampleTables
from softswitch.media.tick_grid import FRAME_SAMPLES

BLOCK_TICKS = 40
"""0.8 s: what a worker that is killed has not handed on, and what is on its way to the file, is less than a second."""


_CHANNEL = np.arange(CHANNELS)
_SLOT = np.arange(RECORDINGS_MAX)[:, np.newaxis]


class RecordingSink(Protocol):
    """Takes the sound of recordings and returns at once (runtime/recorder.py)."""

    def open(self, recording: Recording, now: float) -> None: ...

    def write(self, recording_id: RecordingId, sound: NDArray[np.uint8], samples: SampleTables) -> None:
        """Append `sound` uint8[2, samples], whose bytes mean `samples`; it is copied."""
        ...

    def close(self, recording_id: RecordingId) -> None: ...

    def take_finished(self) -> list[RecordingFinished]: ...


class _Mask(NamedTuple):
    """A recording hears silence until `until` (monotonic seconds), and then `sources`."""

    until: float
    sources: tuple[int, int]


class Taps:
    """The recordings of one phase. Sources are rows of `Frames`."""

    __slots__ = (
        "_blocks",
        "_codec",
        "_end",
        "_filled",
        "_free",
        "_ids",
        "_masks",
        "_runs",
        "_sink",
        "_source",
        "_tables",
    )

    def __init__(self, recordings: int, sink: RecordingSink, tables: CodecTables) -> None:
        self._sink = sink
        self._tables = tables
        self._blocks: NDArray[np.uint8] = np.zeros((recordings, CHANNELS, BLOCK_TICKS, FRAME_SAMPLES), np.uint8)
        self._runs: Windows = as_runs(self._blocks)
        self._source: NDArray[np.int64] = np.zeros((recordings, CHANNELS), np.int64)
        self._codec: NDArray[np.int64] = np.zeros((recordings, CHANNELS), np.int64)
        """Of what is in the block."""
        self._filled: NDArray[np.int64] = np.zeros(recordings, np.int64)
        """Ticks in the block so far, and the number at which it is handed on."""
        self._end: NDArray[np.int64] = np.full(recordings, BLOCK_TICKS, np.int64)
        self._ids: list[RecordingId | None] = []
        """By slot; its length is the number of slots ever used."""
        self._free: list[int] = []
        self._masks: dict[int, _Mask] = {}
        """By slot."""

    @property
    def is_empty(self) -> bool:
        return len(self._free) == len(self._ids)

    def add(self, recording_id: RecordingId, sources: tuple[int, int], frames: Frames) -> int | None:
        """Begin with the next tick; returns the recording's slot, None when all are taken."""
        if not self._free and len(self._ids) == len(self._filled):
            return None
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._ids)
            self._ids.append(None)
        self._ids[slot] = recording_id
        self._filled[slot] = 0
        # Recordings that begin together, after a restart, do not all end their blocks in one tick.
        self._end[slot] = BLOCK_TICKS - slot % BLOCK_TICKS
        self._codec[slot] = frames.codec[list(sources)]
        self.set_sources(slot, sources)
        self._silence(slot)
        return slot

    def set_sources(self, slot: int, sources: tuple[int, int]) -> None:
        """From the next tick on, or when its mask ends, the recording is of these two."""
        if slot in self._masks:
            self._masks[slot] = self._masks[slot]._replace(sources=sources)
        else:
            self._source[slot] = sources

    def mask(self, slot: int, until: float, frames: Frames) -> None:
        """From the next tick to that time (monotonic seconds) both channels are silent; a time that is past unmasks."""
        mask = self._masks.get(slot)
        sources = (int(self._source[slot, 0]), int(self._source[slot, 1])) if mask is None else mask.sources
        self._masks[slot] = _Mask(until, sources)
        self._source[slot] = [frames.silence_row(codec) for codec in self._codec[slot].tolist()]

    def remove(self, slot: int) -> None:
        """Hand on what there is; no more ticks are taken."""
        self._hand_on(slot, int(self._filled[slot]))
        self._masks.pop(slot, None)
        self._ids[slot] = None
        self._filled[slot] = 0
        self._free.append(slot)

    def take(self, frames: Frames, ticks: int, now: float) -> None:
        """Copy the frames of the tick that begins at `now`; `ticks` - 1 before it were left out."""
        if self.is_empty:
            return
        if self._masks:
            self._lift_masks(now)
        slots = len(self._ids)
        for _ in range(min(ticks - 1, BLOCK_TICKS * 60)):
            self._advance(slots)
        source = self._source[:slots]
        tick = self._filled[:slots, np.newaxis]
        self._runs[_SLOT[:slots], _CHANNEL, tick] = frames.runs[source]
        differs = frames.codec[source] != self._codec[:slots]
        if differs.any():
            row, side = np.nonzero(differs)
            heard = source[row, side]
            self._blocks[row, side, self._filled[row]] = self._tables.convert(
                frames.content[heard], frames.codec[heard], self._codec[row, side]
            )
        self._advance(slots)

    def _lift_masks(self, now: float) -> None:
        for slot in [slot for slot, mask in self._masks.items() if mask.until <= now]:
            self._source[slot] = self._masks.pop(slot).sources

    def _advance(self, slots: int) -> None:
        self._filled[:slots] += 1
        for slot in np.flatnonzero(self._filled[:slots] >= self._end[:slots]).tolist():
            if self._ids[slot] is not None:
                self._hand_on(slot, int(self._filled[slot]))
                self._silence(slot)
            self._filled[slot] = 0
            self._end[slot] = BLOCK_TICKS

    def _hand_on(self, slot: int, ticks: int) -> None:
        recording_id = self._ids[slot]
        if recording_id is None or not ticks:
            return
        left, right = self._codec[slot].tolist()
        samples = (self._tables.samples_of(left), self._tables.samples_of(right))
        self._sink.write(recording_id, self._blocks[slot, :, :ticks].reshape(CHANNELS, -1), samples)

    def _silence(self, slot: int) -> None:
        """Prefill the block, so that a tick that is left out is silence."""
        self._blocks[slot] = np.frombuffer(self._tables.silence, np.uint8)[self._codec[slot], np.newaxis, np.newaxis]
