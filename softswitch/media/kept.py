"""What of a stream outlives the switch's process, for the next one to adopt it by."""

import msgspec

from softswitch.media.protocol import Hearing, Playback, SrtpPosition, StreamDescription


class KeptStream(msgspec.Struct, frozen=True):
    """A stream as it was ordered last, and where. Its SRTP keys are in it: who stores it keeps it from others' eyes.

    The worker knows better what is heard and played, and how far the party's SRTP has come; what is here besides the
    description is for the case that it died as well.
    """

    description: StreamDescription
    worker: str
    hearing: Hearing | None = None
    playback: Playback | None = None
    position: SrtpPosition | None = None
    worker_pid: int = 0
    """The process the worker was; 0: not known."""
