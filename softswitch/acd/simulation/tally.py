"""The calls of a simulation by the interval in which they came, which is what formulas are about.

A report counts what happened in an interval, whenever the call had come. A formula says what becomes of the calls that
come in it: so here each of them counts where it came into its queue, whatever became of it later, and in every cell
`offered = answered + abandoned + overflowed + waiting`. A call moved to another queue has overflowed from the first and
is offered to the second.
"""

from softswitch.acd.events import (
    AcdEvent,
    ContactAbandoned,
    ContactConnected,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRefused,
)
from softswitch.base.ids import ContactId, QueueId


class Cell:
    """One queue in one interval. Waits are seconds in the queue."""

    __slots__ = (
        "abandoned",
        "abandoned_within",
        "answered",
        "answered_at_once",
        "answered_s",
        "answered_within",
        "offered",
        "overflowed",
        "refused",
        "waited_s",
    )

    def __init__(self) -> None:
        self.offered = 0
        self.answered = 0
        self.answered_within = 0
        self.answered_at_once = 0
        self.abandoned = 0
        self.abandoned_within = 0
        self.overflowed = 0
        self.refused = 0
        """Never let in, so not offered."""
        self.answered_s = 0.0
        """The waits of the answered."""
        self.waited_s = 0.0
        """The waits of all who wait no more."""

    def add(self, other: "Cell") -> None:
        """Take another cell's calls in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def waiting(self) -> int:
        """Calls that nothing has become of."""
        return self.offered - self.answered - self.abandoned - self.overflowed


class Tally:
    """Give it every event of a simulation."""

    def __init__(self, *, interval_s: float) -> None:
        self.cells: dict[tuple[QueueId, int], Cell] = {}
        """By queue and number of the interval, from 0."""
        self._interval_s = interval_s
        self._there: dict[ContactId, Cell] = {}
        """Where each who waits counts."""

    def happened(self, event: AcdEvent) -> None:
        match event:
            case ContactQueued():
                self._enter(event.contact_id, event.queue_id, event.at)
            case ContactConnected():
                cell = self._leave(event.contact_id, event.in_queue_s)
                cell.answered += 1
                cell.answered_within += event.in_queue_s <= event.level_s
                cell.answered_at_once += event.in_queue_s == 0
                cell.answered_s += event.in_queue_s
            case ContactAbandoned():
                cell = self._leave(event.contact_id, event.in_queue_s)
                cell.abandoned += 1
                cell.abandoned_within += event.in_queue_s <= event.level_s
            case ContactMoved():
                self._leave(event.contact_id, event.in_queue_s).overflowed += 1
                self._enter(event.contact_id, event.queue_id, event.at)
            case ContactOverflowed():
                self._leave(event.contact_id, event.in_queue_s).overflowed += 1
            case ContactRefused():
                self._cell(event.queue_id, event.at).refused += 1
            case _:
                pass

    def _enter(self, contact_id: ContactId, queue_id: QueueId, at_s: float) -> None:
        cell = self._there[contact_id] = self._cell(queue_id, at_s)
        cell.offered += 1

    def _leave(self, contact_id: ContactId, in_queue_s: float) -> Cell:
        cell = self._there.pop(contact_id)
        cell.waited_s += in_queue_s
        return cell

    def _cell(self, queue_id: QueueId, at_s: float) -> Cell:
        place = (queue_id, int(at_s // self._interval_s))
        cell = self.cells.get(place)
        if cell is None:
            cell = self.cells[place] = Cell()
        return cell
