"""What both sides of every feed of a phase say, tick by tick, as packets for the streamer process."""

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import FeedId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.half_band import PAST_NARROW, WIDE_SAMPLES, double
from softswitch.media.feeds.wire import HEARD, HEARD_WIDE, SIDES, packets_of
from softswitch.media.frames import Frames
from softswitch.media.tick_grid import FRAME_SAMPLES

Sources = tuple[int, int]
"""Rows of `Frames`: of the left and of the right side."""


class FeedTaps:
    """Rows are slots of this table; a slot that is free is silent, and not sent."""

    __slots__ = ("_feed", "_is_wide", "_masked_until", "_past", "_slots", "_source", "packets")

    def __init__(self, feeds: int) -> None:
        self._slots: dict[FeedId, int] = {}
        self._feed: NDArray[np.uint64] = np.zeros(feeds, np.uint64)
        self._source: NDArray[np.int64] = np.zeros((feeds, SIDES), np.int64)
        self._is_wide: NDArray[np.bool_] = np.zeros(feeds, np.bool_)
        self._masked_until: NDArray[np.float64] = np.zeros(feeds, np.float64)
        """Monotonic seconds."""
        self._past: NDArray[np.int16] = np.zeros((feeds, SIDES, PAST_NARROW), np.int16)
        """Of both sides, for doubling."""
        self.packets: list[bytes] = []
        """Of the latest tick."""

    @property
    def is_empty(self) -> bool:
        return not self._slots

    def set(self, feed_id: FeedId, sources: Sources, *, is_wide: bool, masked_until: float) -> bool:
        """From the next tick on the feed is of these two, silent until `masked_until`; False if there is no room."""
        slot = self._slots.get(feed_id)
        if slot is None:
            taken = set(self._slots.values())
            slot = next((slot for slot in range(len(self._feed)) if slot not in taken), None)
            if slot is None:
                return False
            self._slots[feed_id] = slot
            self._feed[slot] = feed_id
            self._past[slot] = 0
        self._source[slot] = sources
        self._is_wide[slot] = is_wide
        self._masked_until[slot] = masked_until
        return True

    def remove(self, feed_id: FeedId) -> None:
        self._slots.pop(feed_id, None)
        if not self._slots:
            self.packets.clear()

    def take(self, frames: Frames, tables: CodecTables, played: dict[FeedId, int], tick: int, now: float) -> None:
        """At the end of the tick that begins at `now`, when all that is done to the frames is done: fill `packets`.

        `played` is how many frames of the programs' voices have been heard, by feed.
        """
        self.packets.clear()
        slots = np.array(list(self._slots.values()), np.int64)
        wide = slots[self._is_wide[slots]]
        narrow = slots[~self._is_wide[slots]]
        if len(narrow):
            records = np.zeros(len(narrow), HEARD)
            records["sound"] = self._narrow(narrow, frames, tables)
            self._send(narrow, records, played, tick, now)
        if len(wide):
            records = np.zeros(len(wide), HEARD_WIDE)
            records["sound"] = self._wide(wide, frames, tables)
            self._send(wide, records, played, tick, now)

    def _send(
        self, slots: NDArray[np.int64], records: NDArray[np.void], played: dict[FeedId, int], tick: int, now: float
    ) -> None:
        records["feed"] = self._feed[slots]
        records["tick"] = tick & 0xFFFFFFFF
        records["played"] = [played.get(FeedId(feed), 0) & 0xFFFFFFFF for feed in self._feed[slots].tolist()]
        records["sound"][self._masked_until[slots] > now] = 0
        self.packets += packets_of(records)

    def _narrow(self, slots: NDArray[np.int64], frames: Frames, tables: CodecTables) -> NDArray[np.int16]:
        source = self._source[slots].reshape(-1)
        return tables.decode(frames.content[source], frames.codec[source]).reshape(-1, SIDES, FRAME_SAMPLES)

    def _wide(self, slots: NDArray[np.int64], frames: Frames, tables: CodecTables) -> NDArray[np.int16]:
        """Of wideband parties their own sound, of the others what they said at twice the rate."""
        source = self._source[slots].reshape(-1)
        past = self._past[slots].reshape(-1, PAST_NARROW)
        sound = double(tables.decode(frames.content[source], frames.codec[source]), past)
        self._past[slots] = past.reshape(-1, SIDES, PAST_NARROW)
        has_wide = frames.is_wide[source]
        sound[has_wide] = frames.wide[source[has_wide]]
        return sound.reshape(-1, SIDES, WIDE_SAMPLES)
