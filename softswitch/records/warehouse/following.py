"""Which records have not been copied yet, in a table that is sorted by when calls began and written when they end.

A record comes into the middle of the table when a long call is over, and is changed afterwards: when its agent has
wrapped up, when its streams' workers have had their last word. So behind everything that is settled there is a
position, and what lies after it is looked at in every round:

    ──── copied for good ────►│ position ──── looked at again, copied if it is new or another than it was ────► now

The position is never beyond the beginning of the oldest call in progress, nor younger than `SETTLE_S`. It is kept in
the database itself, in the transaction of what was copied: a copier that dies copies some twice, and misses none.
"""

from collections.abc import Iterable, Iterator, Sequence

from softswitch.store.layout import timed_key

SETTLE_S = 2 * 3600.0
"""What is done to a record later than this after its call began, and after the call before it ended, is not copied."""

SEEN_MAX = 500_000
"""Records after the position whose copies are remembered, about 100 bytes each; beyond that they are copied again."""

RawRow = tuple[bytes, bytes]
"""Key and value as they are stored."""


class Follower:
    """`position` is a key: what is below it has been copied."""

    __slots__ = ("_seen", "position")

    def __init__(self, position: bytes) -> None:
        self.position = position
        self._seen: dict[bytes, int] = {}

    @staticmethod
    def settled_before(now: float, oldest_call_at: float | None) -> bytes:
        """The key below which nothing will be written any more."""
        until = now - SETTLE_S
        return timed_key((max(0.0, until if oldest_call_at is None else min(until, oldest_call_at)), ""))

    def unknown(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        """Of the rows from `position` on those that are new, or another than they were."""
        seen = self._seen
        return (row for row in rows if seen.get(row[0]) != hash(row[1]))

    def position_with(self, batch: Sequence[RawRow], settled: bytes) -> bytes:
        """What the position is once the batch is copied."""
        after = batch[-1][0] + b"\0"  # the least key above it
        return max(self.position, min(after, settled))

    def copied(self, batch: Sequence[RawRow], settled: bytes) -> None:
        """The batch is in the database. Batches of a round come in the order of their keys."""
        self.position = self.position_with(batch, settled)
        if len(self._seen) > SEEN_MAX:
            self._seen.clear()
        self._seen.update((key, hash(value)) for key, value in batch if key >= settled)

    def round_over(self, settled: bytes) -> None:
        """Everything that was there when the round began is copied."""
        self.position = max(self.position, settled)
        self._seen = {key: known for key, known in self._seen.items() if key >= self.position}
