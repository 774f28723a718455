"""A feed of a media worker, as a handle in the switch: a call's sound for a program, and the program's voice."""

import msgspec

from softswitch.base.ids import CallId, FeedId, StreamId
from softswitch.media.feeds.feed import NARROW_RATE_HZ, Feed
from softswitch.media.protocol import PutStream, StartFeed, StopFeed, StreamDescription
from softswitch.media.runtime.media_stream import MediaStream, StreamOwner
from softswitch.media.runtime.worker_link import WorkerLink


class MediaFeed:
    """Every method notes what is wanted and returns; after `drop` none does anything."""

    __slots__ = ("_feed", "_is_dropped", "_link", "feed_id")

    def __init__(self, feed_id: FeedId, socket: str, rate_hz: int = NARROW_RATE_HZ) -> None:
        """Feeds are made by `MediaClient.open_feed`."""
        self.feed_id = feed_id
        self._feed = Feed(feed_id=feed_id, call_id=CallId(""), socket=socket, left=None, right=None, rate_hz=rate_hz)
        self._link: WorkerLink | None = None
        self._is_dropped = False

    def keep(self) -> Feed:
        """What the next switch adopts it by."""
        return self._feed

    def adopt(self, feed: Feed, link: WorkerLink) -> None:
        """It ran so under the last switch."""
        self._feed = feed
        self._link = link
        link.order(StartFeed(feed))

    def give(
        self, near: MediaStream, left: MediaStream | None, right: MediaStream | None, *, masked_until: float
    ) -> None:
        """From now on it has what these say, silence until `masked_until`. One on another worker than `near`, where the
        call is, is silent in it."""
        if self._is_dropped:
            return
        if self._link is not near.link:
            self._stop()
            self._link = near.link
        feed = msgspec.structs.replace(
            self._feed,
            call_id=near.call_id,
            left=_id_on(near, left),
            right=_id_on(near, right),
            masked_until=masked_until,
        )
        if feed != self._feed or near.link.description.feeds.get(self.feed_id) != feed:
            self._feed = feed
            near.link.order(StartFeed(feed))

    def speak_by(self, voice: MediaStream | None) -> None:
        """What its program says is said by this stream from now on (`program_stream`)."""
        self._feed = msgspec.structs.replace(self._feed, voice=None if voice is None else voice.stream_id)
        if self._link is not None and not self._is_dropped:
            self._link.order(StartFeed(self._feed))

    def drop(self) -> None:
        """The streamer gets no more of it."""
        self._stop()
        self._is_dropped = True

    def _stop(self) -> None:
        if self._link is not None:
            self._link.order(StopFeed(self.feed_id))
            self._link = None


def program_stream(owner: StreamOwner, stream_id: StreamId, near: MediaStream, codec: str) -> MediaStream:
    """The stream by which a program speaks beside `near`. It is heard and recorded like any other, and has no port.

    `codec` is PCMU or PCMA, best that of who is to hear it.
    """
    description = StreamDescription(
        stream_id=stream_id,
        call_id=near.call_id,
        local_ip=near.local.host,
        port=0,
        ssrc=0,
        sequence=0,
        timestamp=0,
        started_at=owner.clock.now(),
        learn=False,
        is_program=True,
        codec=codec,
        timeout_s=0.0,
    )
    near.link.order(PutStream(description))
    return MediaStream(owner, near.link, description)


def _id_on(near: MediaStream, stream: MediaStream | None) -> StreamId | None:
    return None if stream is None or stream.is_dropped or stream.worker != near.worker else stream.stream_id
