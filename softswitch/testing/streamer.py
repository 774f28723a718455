"""A streamer without sound and sockets: it says what a test wants its programs to do."""

from collections.abc import Callable
from typing import Any

import msgspec

from softswitch.base.ids import FeedId
from softswitch.calls.runtime.programs import Programs
from softswitch.media.feeds.orders import (
    Counts,
    Dial,
    EndReason,
    Leave,
    Order,
    ProgramConnected,
    ProgramLeft,
)


class FakeStreamer:
    """Connects whatever is dialled, unless it `refuses` with a reason; takes leave when told to."""

    def __init__(self, programs: Programs, soon: Callable[[Callable[[], None]], object]) -> None:
        """`soon` runs what happens in a later turn, as a process does."""
        self.orders: list[Order] = []
        self.refuses = ""
        self._programs = programs
        self._soon = soon
        programs.connect("/nowhere/streamer.sock", self._order)

    def dials(self) -> list[Dial]:
        return [order for order in self.orders if isinstance(order, Dial)]

    def leaves(self) -> list[Leave]:
        return [order for order in self.orders if isinstance(order, Leave)]

    def ends(self, feed_id: FeedId, reason: EndReason = "stopped", *, result: Any = None, fault: str = "") -> None:
        """The program is done, or gone."""
        self._programs.receive(
            ProgramLeft(
                feed_id=feed_id,
                reason=reason,
                result="" if result is None else msgspec.json.encode(result).decode(),
                fault=fault,
                counts=Counts(sent=50, dropped=2),
            )
        )

    def _order(self, order: Order) -> None:
        self.orders.append(order)
        match order:
            case Dial(feed_id=feed_id):
                if self.refuses:
                    self._soon(lambda: self.ends(feed_id, "refused", fault=self.refuses))
                else:
                    self._soon(lambda: self._programs.receive(ProgramConnected(feed_id)))
            case Leave(feed_id):
                self._soon(lambda: self.ends(feed_id, "closed"))
            case _:
                pass
