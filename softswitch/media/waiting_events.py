"""Events that wait for a switch to take them: while it is connected for a tick, while it is away until the next comes.

They are kept in order. Of who speaks in a room only the last is: a room tells of it five times a second, and nobody
wants to know who spoke a minute ago. When there is no room for more the oldest goes, and is counted.
"""

from softswitch.base.ids import RoomId
from softswitch.media.limits import EVENTS_WAITING_MAX
from softswitch.media.protocol import MediaEvent, TalkersChanged


class WaitingEvents:
    __slots__ = ("_events", "_number", "left_out")

    def __init__(self) -> None:
        self._events: dict[int | RoomId, MediaEvent] = {}
        """In order, by their numbers; talkers by their rooms."""
        self._number = 0
        self.left_out = 0
        """So many found no room, since the beginning."""

    def add(self, event: MediaEvent) -> None:
        key: int | RoomId
        if isinstance(event, TalkersChanged):
            key = event.room_id
            self._events.pop(key, None)
        else:
            key = self._number
            self._number += 1
        if len(self._events) == EVENTS_WAITING_MAX:
            del self._events[next(iter(self._events))]
            self.left_out += 1
        self._events[key] = event

    def take(self) -> list[MediaEvent]:
        events, self._events = list(self._events.values()), {}
        return events
