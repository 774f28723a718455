"""What programs say into calls: a short ring of frames for each of them, read at the tick.

The streamer process sends a program's voice frame by frame, and no more ahead than AHEAD_FRAMES beyond what it knows
to have been played; so the ring is short, and never full unless the streamer is mad. A voice begins some ticks after
its first frame, or as soon as one frame more is there: so long may program and streamer be held up without being heard
to be. At first these are PREFILL_TICKS. A voice that falls silent and goes on within STALL_TICKS was held up for
longer: then it waits a tick more from now on, up to PREFILL_TICKS_MAX, and a tick less for every CALM_TICKS it spoke.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import FeedId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.half_band import PAST_WIDE, WIDE_SAMPLES, halve
from softswitch.media.feeds.wire import Records
from softswitch.media.frames import Frames
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

AHEAD_FRAMES = 8
PREFILL_TICKS = 2
PREFILL_TICKS_MAX = 5
STALL_TICKS = 10
CALM_TICKS = 500
_RING = 16


class _Voice:
    """One program's."""

    __slots__ = ("calm", "frames", "head", "is_wide", "past", "played", "prefill", "ring", "row", "silent", "wait")

    def __init__(self, row: int, is_wide: bool) -> None:
        self.row = row
        self.is_wide = is_wide
        self.ring: NDArray[np.int16] = np.zeros((_RING, WIDE_SAMPLES if is_wide else FRAME_SAMPLES), np.int16)
        self.head = 0
        self.frames = 0
        """In the ring."""
        self.prefill = PREFILL_TICKS
        self.wait = PREFILL_TICKS
        """Ticks until it begins."""
        self.silent = STALL_TICKS
        """Ticks since it spoke last, as far as they matter."""
        self.calm = 0
        """Ticks it spoke since it was held up."""
        self.played = 0
        self.past: NDArray[np.int16] = np.zeros((1, PAST_WIDE), np.int16)
        """For halving."""

    def push(self, clears: bool, sound: NDArray[np.int16]) -> bool:
        if clears:
            self.played += self.frames
            self.frames = 0
            self.silent = STALL_TICKS
            self.wait = self.prefill
        if self.frames == _RING or len(sound) != self.ring.shape[1]:
            return False
        if not self.frames:
            self._begin()
        self.ring[(self.head + self.frames) % _RING] = sound
        self.frames += 1
        if self.frames > self.prefill:
            self.wait = 0
        return True

    def next(self) -> NDArray[np.int16] | None:
        """The frame of this tick, if it speaks."""
        if not self.frames or self.wait:
            self.wait = max(self.wait - 1, 0)
            self.silent = min(self.silent + 1, STALL_TICKS)
            return None
        sound = self.ring[self.head]
        self.head = (self.head + 1) % _RING
        self.frames -= 1
        self.played += 1
        self.silent = 0
        self.calm += 1
        if self.calm == CALM_TICKS:
            self.calm = 0
            self.prefill = max(self.prefill - 1, PREFILL_TICKS)
        return sound

    def _begin(self) -> None:
        """The first frame after the ring was empty; before it was missed nothing is lost."""
        if not self.silent:
            return
        if self.silent < STALL_TICKS:
            self.calm = 0
            self.prefill = min(self.prefill + 1, PREFILL_TICKS_MAX)
        self.wait = self.prefill


class Voices:
    """Of one phase's program streams. A voice's row is its stream's, in the phase."""

    __slots__ = ("_by_feed", "_first_row", "overflows")

    def __init__(self, first_row: int) -> None:
        self._by_feed: dict[FeedId, _Voice] = {}
        self._first_row = first_row
        self.overflows = 0
        """Frames that found no room."""

    @property
    def is_empty(self) -> bool:
        return not self._by_feed

    def set(self, feed_id: FeedId, row: int, *, is_wide: bool) -> None:
        """The feed's program speaks by the stream in this row from now on."""
        voice = self._by_feed.get(feed_id)
        if voice is None or (voice.row, voice.is_wide) != (row, is_wide):
            self._by_feed[feed_id] = _Voice(row, is_wide)

    def remove(self, feed_id: FeedId) -> None:
        self._by_feed.pop(feed_id, None)

    def played(self) -> dict[FeedId, int]:
        """Frames that were heard, or thrown away, by feed."""
        return {feed_id: voice.played for feed_id, voice in self._by_feed.items()}

    def take_in(self, records: Records) -> None:
        """What the streamer sent (`SAID`); records of feeds that are not here are left out."""
        columns = (records["feed"].tolist(), records["clears"].tolist(), records["sound"])
        for feed, clears, sound in zip(*columns, strict=True):
            voice = self._by_feed.get(FeedId(feed))
            if voice is not None and not voice.push(bool(clears), sound):
                self.overflows += 1

    def speak(self, table: StreamTable, frames: Frames, tables: CodecTables) -> None:
        """After the playout, in which these streams are silent: what their programs say in this tick."""
        for voice in self._by_feed.values():
            sound = voice.next()
            row = self._first_row + voice.row
            frames.is_wide[row] = sound is not None and voice.is_wide
            if sound is None:
                continue
            narrow = sound[np.newaxis]
            if voice.is_wide:
                frames.wide[row] = sound
                narrow = halve(narrow, voice.past)
            frames.content[row] = tables.encode(narrow, table.codec[voice.row : voice.row + 1])[0]
