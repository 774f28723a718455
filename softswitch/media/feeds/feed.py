"""What a feed is: whose sound a program is given, and by which stream it speaks."""

import msgspec

from softswitch.base.ids import CallId, FeedId, StreamId

NARROW_RATE_HZ = 8000
WIDE_RATE_HZ = 16000


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What `left` and `right` say, given to the streamer process that listens on `socket`, tick by tick.

    None is nobody: silence. What the program says is said by the stream `voice`, one with `is_program`; None: it only
    listens. Until `masked_until` (monotonic seconds) it is given silence.
    """

    feed_id: FeedId
    call_id: CallId
    socket: str
    left: StreamId | None
    right: StreamId | None
    rate_hz: int = NARROW_RATE_HZ
    voice: StreamId | None = None
    masked_until: float = 0.0
