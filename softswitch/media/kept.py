"""What of a stream outlives the switch's process, for the next one to adopt it by."""

import msgspec

from softswitch.media.protocol import Hearing, Playback, StreamDescription


class KeptStream(msgspec.Struct, frozen=True):
    """A stream as it was ordered last, and where. Its SRTP keys are in it: who stores it keeps it from others' eyes.

    The worker knows better what is heard and played; `hearing` and `playback` are for the case that it died as well.
    """

    description: StreamDescription
    worker: str
    hearing: Hearing | None = None
    playback: Playback | None = None
