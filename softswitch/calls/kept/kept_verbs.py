"""How far the verbs are that go on after a restart where they were: one `Kept…` for each, made and read by the verb.

A verb that has none begins again (a menu is heard once more). Times are monotonic seconds, which two processes of one
boot share.
"""

from typing import TypeAlias

import msgspec

from softswitch.calls.outcomes import DialReason
from softswitch.calls.queue_wishes import QueueWishes


class KeptPause(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Of `pause`."""

    ends_at: float


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


KeptVerb: TypeAlias = KeptPause | KeptVisit | KeptDialling
"""How far the verb in progress is."""
