"""All connections with programs: what the calls want of the streamer process, and what it says to each of them.

The streamer forgets everything when it dies. Then those whose programs only listen are dialled again by the next one;
whoever talked with a program learns that it is lost.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from softswitch.base.ids import FeedId
from softswitch.base.log import get_logger
from softswitch.media.feeds.orders import (
    Counts,
    Dial,
    EndReason,
    Fact,
    Leave,
    Order,
    Pressed,
    ProgramLeft,
    ProgramLost,
    Tell,
)

log = get_logger("calls")


class Programs:
    """Made before the streamer is there: `connect` says where it listens, and how orders get there."""

    def __init__(self) -> None:
        self.socket = ""
        self._order: Callable[[Order], None] = lambda _: None
        self._open: dict[FeedId, tuple[Dial, Callable[[Fact], None]]] = {}
        self._leaving: set[FeedId] = set()
        self.carried = Counts()
        """By those that are over, all together."""
        self.ended: Counter[EndReason] = Counter()
        """How they ended."""

    def __len__(self) -> int:
        """How many are open, or being opened."""
        return len(self._open)

    def connect(self, socket: str, order: Callable[[Order], None]) -> None:
        """`socket` is where media workers find the streamer; `order` starts it if need be, and returns at once."""
        self.socket = socket
        self._order = order

    def dial(self, dial: Dial, told: Callable[[Fact], None]) -> None:
        """Connect a feed with a program; `told` learns what becomes of it, `ProgramLeft` last."""
        self._open[dial.feed_id] = (dial, told)
        self._order(dial)

    def press(self, feed_id: FeedId, digit: str) -> None:
        if feed_id in self._open:
            self._order(Pressed(feed_id, digit))

    def tell(self, feed_id: FeedId, changes: dict[str, Any]) -> None:
        """The program learns that something about the call has changed; it is so for its successors too."""
        known = self._open.get(feed_id)
        if known is not None:
            known[0].start.update(changes)
            self._order(Tell(feed_id, changes))

    def redirect(self, feed_id: FeedId, told: Callable[[Fact], None]) -> None:
        """Another call has the feed from now on, and learns what becomes of it."""
        known = self._open.get(feed_id)
        if known is not None:
            self._open[feed_id] = (known[0], told)

    def leave(self, feed_id: FeedId, reason: str) -> None:
        """Take leave; `ProgramLeft` follows. Once more, or of an unknown one, is fine."""
        if feed_id in self._open and feed_id not in self._leaving:
            self._leaving.add(feed_id)
            self._order(Leave(feed_id, reason))

    # From the streamer

    def receive(self, fact: Fact) -> None:
        known = self._open.get(fact.feed_id)
        if known is None:
            return
        if isinstance(fact, ProgramLeft):
            del self._open[fact.feed_id]
            self._leaving.discard(fact.feed_id)
            self.ended[fact.reason] += 1
            self.carried.add(fact.counts)
        try:
            known[1](fact)
        except Exception:
            # A call's fault must not cost the other calls their facts.
            log.exception("what a program did could not be taken", fact=type(fact).__name__)

    def streamer_lost(self) -> None:
        """It died: what it had is told to the next one, or is over."""
        for feed_id, (dial, _) in list(self._open.items()):
            if dial.returns and feed_id not in self._leaving:
                self.receive(ProgramLost(feed_id, "the streamer died", 0.0))
                self._order(dial)
            else:
                fault = "" if feed_id in self._leaving else "the streamer died"
                self.receive(ProgramLeft(feed_id=feed_id, reason="lost", fault=fault, counts=Counts()))
