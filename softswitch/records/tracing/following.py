"""Which calls have ended since they were exported last.

A round exports whoever ended after the last round's instant and not after its own. A call that ends between the two was
in progress at the last round, or began after it: so records are looked at from the beginning of the call that was the
oldest then. The instant is kept in a file; whoever starts again goes on there, at most `BACK_S` ago.
"""

from collections.abc import Iterable, Iterator

from softswitch.store.layout import timed_key
from softswitch.store.schema import Cdr

DELAY_S = 10.0
"""After its end a call's record gets the last words of its media workers, and is on disk."""
BACK_S = 3600.0
"""What ended longer ago while nobody exported is not exported any more."""


class Ended:
    """`until` is the instant up to which everything is exported, None if nothing ever was."""

    __slots__ = ("_from", "until")

    def __init__(self, until: float | None, now: float) -> None:
        self.until = now - DELAY_S if until is None else max(until, now - BACK_S)
        self._from = 0.0

    @property
    def first_key(self) -> bytes:
        """The least key of a record that may be of interest."""
        return timed_key((self._from, ""))

    def due(self, cdrs: Iterable[Cdr], now: float) -> Iterator[Cdr]:
        """Of records from `first_key` on those that ended since the last round."""
        return (cdr for cdr in cdrs if self.until < cdr.ended_at <= now - DELAY_S)

    def exported(self, now: float, oldest_call_at: float | None) -> None:
        """The round of `now` is done. The oldest call is that in progress when the round began."""
        self.until = now - DELAY_S
        self._from = min(self.until, now if oldest_call_at is None else oldest_call_at)
