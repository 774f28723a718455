"""What a caller brings into a queue beyond being next: his boost, what he needs, whom he knows."""

import msgspec


class QueueWishes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one stay in a queue, as its flow says.

    `boost_s` makes the caller count as that much older. `skills` and `requirement` are required beyond the queue's own.
    For the first `preferred_for_s` seconds he is for `preferred_agent` alone. `record` None is as configured.
    """

    boost_s: float = 0.0
    skills: dict[str, int] = {}
    requirement: str = ""
    preferred_agent: str = ""
    """Empty: none."""
    preferred_for_s: float = 0.0
    site: str = ""
    """Whose agents come first; empty: that of his region, where the queue wants it so."""
    record: bool | None = None


class QueueStay(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody waits, or has waited: since when (monotonic seconds), and with which wishes."""

    queue_id: str
    queued_at: float
    wishes: QueueWishes
