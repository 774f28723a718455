"""How far the verbs are that go on after a restart where they were: one `Kept…` for each, made and read by the verb.

A verb that has none begins again. Times are monotonic seconds, which two processes of one
boot share.
"""

from typing import TypeAlias

import msgspec

from softswitch.base.ids import RecordingId
from softswitch.calls.outcomes import DialReason
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.supervision import SupervisionMode


class KeptPause(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Of `pause`."""

    ends_at: float


class KeptPlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="play"):
    """Of `play` and `play_file`: what a media worker has begun to play it plays to its end."""

    play_id: int
    first: int = 0
    """The place, among all sounds of the verb, of the first of this playback."""
    began_at: float = 0.0
    """When the file would have begun, had it been played from its beginning."""


class KeptDigits(msgspec.Struct, frozen=True, kw_only=True, tag="digits"):
    """Of `digits`."""

    typed: str


class KeptQueueSounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller hears while he waits: of `QueueSounds`."""

    music: str
    announcement: int | None = None
    to_be_said: tuple[list[str], ...] = ()


class KeptVisit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="queue"):
    """Of `queue`. An agent whose phone rings, or who is being told about the caller, is reserved anew."""

    queue: str
    queued_at: float
    wishes: QueueWishes = QueueWishes()
    sounds: KeptQueueSounds
    is_talking: bool = False
    is_known: bool = False
    """The router knows him; not if his agent has passed him on to somebody else."""
    wait_s: float = 0.0
    """Until he talked to somebody."""


class KeptTimeLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Of `TimeLimit`."""

    ends_at: float
    warns_at: float | None
    warning: tuple[str, ...]


class KeptDialling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="dial"):
    """Of `dial`. Phones that ring are rung anew, for the time that is left."""

    targets: tuple[str, ...]
    began_at: float
    ends_at: float
    """When it has rung for long enough."""
    failed: tuple[int, ...] = ()
    """Places of targets where nobody can answer any more."""
    reasons: tuple[DialReason, ...] = ()
    status: int = 0
    ring_s: float | None = None
    """How long it rang; None while it does."""
    target: str = ""
    """Who was reached, as the flow has named him; "" while it rings."""
    answered_by: str = ""
    time_limit: KeptTimeLimit | None = None


class KeptParking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="park"):
    """Of `park`."""

    slot: str
    parked_at: float
    parked_by: str
    ends_at: float
    retrieved_by: str = ""
    """Who talks to him; "" while nobody does, or if that one has no name."""
    wait_s: float = 0.0
    is_talking: bool = False


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True, tag="message"):
    """Of `record_message`, and of voicemail's `record`: the same file goes on."""

    recording_id: RecordingId
    ends_at: float


class KeptLine(msgspec.Struct, frozen=True, kw_only=True, tag="line"):
    """Of `agent_line`: its agent is logged in already."""


class KeptWatch(msgspec.Struct, frozen=True, kw_only=True, tag="supervise"):
    """Of `supervise`: he takes part again, in the way he had chosen."""

    mode: SupervisionMode
    has_listened: bool
    is_following: bool = False


class KeptRecall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="recall"):
    """Of a caller whose transfer has failed: the account that has him back, whose phones are rung anew; "": nobody."""

    extension: str = ""


KeptVerb: TypeAlias = (
    KeptPlay
    | KeptDigits
    | KeptPause
    | KeptVisit
    | KeptDialling
    | KeptParking
    | KeptMessage
    | KeptLine
    | KeptWatch
    | KeptRecall
)
"""How far the verb in progress is, or what is done in place of a flow."""
