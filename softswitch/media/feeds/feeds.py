"""The feeds of a worker: whose sound each has, and which stream its program speaks by, while streams come and go."""

from collections.abc import Sequence

from softswitch.base.ids import FeedId, StreamId
from softswitch.media.coding.half_band import WIDE_RATE_HZ
from softswitch.media.feeds.feed import NARROW_RATE_HZ, Feed
from softswitch.media.feeds.feed_taps import Sources
from softswitch.media.feeds.wire import read
from softswitch.media.frames import Frames
from softswitch.media.limits import FEEDS_MAX
from softswitch.media.phase import Phase, Stream
from softswitch.media.streams import Streams


class Feeds:
    __slots__ = ("_by_id", "_frames", "_home", "_phases", "_streams", "socket")

    def __init__(self, streams: Streams, frames: Frames, phases: Sequence[Phase]) -> None:
        self._streams = streams
        self._frames = frames
        self._phases = phases
        self._by_id: dict[FeedId, Feed] = {}
        self._home: dict[FeedId, Phase] = {}
        """The phase with which each one's sound is sent."""
        self.socket: str | None = None
        """Where the streamer listens; None while there is no feed."""

    def __len__(self) -> int:
        return len(self._by_id)

    def ids(self) -> list[FeedId]:
        return list(self._by_id)

    def described(self) -> list[Feed]:
        return list(self._by_id.values())

    def start(self, feed: Feed, now: float) -> str | None:
        """Begin with the next tick, or change one that runs. None, or why it cannot be."""
        if feed.rate_hz not in (NARROW_RATE_HZ, WIDE_RATE_HZ):
            return f"a feed has {NARROW_RATE_HZ} or {WIDE_RATE_HZ} samples a second, not {feed.rate_hz}"
        former = self._by_id.get(feed.feed_id)
        if former is None:
            if len(self._by_id) == FEEDS_MAX:
                return f"this worker has {FEEDS_MAX} feeds already: start more workers"
        elif former.voice != feed.voice:
            self._silence(feed.feed_id)
        self._by_id[feed.feed_id] = feed
        self.socket = feed.socket
        if not self._set(feed, now):
            self.stop(feed.feed_id)
            return "this worker has as many feeds as it can: start more workers"
        return None

    def stop(self, feed_id: FeedId) -> None:
        """Unknown feeds are fine."""
        if self._by_id.pop(feed_id, None) is None:
            return
        home = self._home.pop(feed_id, None)
        if home is not None:
            home.feed_taps.remove(feed_id)
        self._silence(feed_id)
        if not self._by_id:
            self.socket = None

    def follow(self, stream_id: StreamId, now: float) -> None:
        """The stream came or went."""
        for feed in self._by_id.values():
            if stream_id in (feed.left, feed.right, feed.voice):
                if stream_id == feed.voice:
                    self._silence(feed.feed_id)
                self._set(feed, now)

    def take_in(self, packet: bytes) -> None:
        """What the streamer says for programs; what cannot be read is nothing."""
        records = read(packet)
        if records is not None and "clears" in (records.dtype.names or ()):
            for phase in self._phases:
                if not phase.program_voices.is_empty:
                    phase.program_voices.take_in(records)

    def _set(self, feed: Feed, now: float) -> bool:
        is_wide = feed.rate_hz == WIDE_RATE_HZ
        voice = self._stream(feed.voice)
        if voice is not None and voice.description.is_program:
            voice.phase.program_voices.set(feed.feed_id, voice.row, is_wide=is_wide)
        return self._settle(feed, voice or self._stream(feed.left), now).feed_taps.set(
            feed.feed_id, self._sources(feed), is_wide=is_wide, masked_until=feed.masked_until
        )

    def _settle(self, feed: Feed, near: Stream | None, now: float) -> Phase:
        """Where its sound is sent: with the voice, whose frames are counted there, or else with the left side."""
        former = self._home.get(feed.feed_id)
        home = former or self._phases[0] if near is None else near.phase
        if home is not former:
            if former is not None:
                former.feed_taps.remove(feed.feed_id)
            home.wake(now)
            self._home[feed.feed_id] = home
        return home

    def _silence(self, feed_id: FeedId) -> None:
        for phase in self._phases:
            phase.program_voices.remove(feed_id)

    def _sources(self, feed: Feed) -> Sources:
        left, right = self._stream(feed.left), self._stream(feed.right)
        silence = self._frames.silence_row(0)
        return silence if left is None else left.frame_row, silence if right is None else right.frame_row

    def _stream(self, stream_id: StreamId | None) -> Stream | None:
        return None if stream_id is None else self._streams.find(stream_id)
