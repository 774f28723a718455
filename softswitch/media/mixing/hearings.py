"""Who is to hear whom, as the switch wishes it: by stream, whether or not the streams are there yet."""

from collections.abc import Sequence
from typing import NamedTuple

from softswitch.base.ids import StreamId


class Heard(NamedTuple):
    """What one listener hears, by rows of `Frames`: a room without himself, and sources with a factor each.

    `room` has the rows of all the room's members, None for no room.
    """

    room: tuple[int, ...] | None
    sources: tuple[int, ...]
    gains: tuple[float, ...]

    def terms(self, listener: int) -> list[tuple[int, float]]:
        """Every row that `listener` hears, with its factor."""
        others = [(member, 1.0) for member in self.room or () if member != listener]
        return others + list(zip(self.sources, self.gains, strict=True))

    def has(self, row: int) -> bool:
        """Whether that row is heard; a member of a room does not hear his own, but it is of the room."""
        return row in self.sources or (self.room is not None and row in self.room)

    def without(self, row: int) -> "Heard":
        """The same with that row silent: its stream is gone, and the next one there is somebody else."""
        room = None if self.room is None else tuple(member for member in self.room if member != row)
        terms = [(source, gain) for source, gain in zip(self.sources, self.gains, strict=True) if source != row]
        return Heard(room, tuple(source for source, _ in terms), tuple(gain for _, gain in terms))


NOTHING = Heard(None, (), ())


class Hearings:
    """The wishes in both directions. A listener with no sources has no entry."""

    __slots__ = ("_listeners", "_sources")

    def __init__(self) -> None:
        self._sources: dict[StreamId, dict[StreamId, float]] = {}
        self._listeners: dict[StreamId, set[StreamId]] = {}

    def set(self, listener: StreamId, sources: Sequence[StreamId], gains_db: Sequence[float] = ()) -> None:
        """`listener` hears `sources`, each of them once, with these gains (none: 0 dB each)."""
        for source in self._sources.pop(listener, {}):
            listeners = self._listeners[source]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[source]
        wanted = dict(zip(sources, gains_db or [0.0] * len(sources), strict=True))
        if wanted:
            self._sources[listener] = wanted
        for source in wanted:
            self._listeners.setdefault(source, set()).add(listener)

    def has(self, listener: StreamId, sources: Sequence[StreamId], gains_db: Sequence[float]) -> bool:
        """Whether it was set so."""
        known = self._sources.get(listener, {})
        if len(known) != len(sources) or len(gains_db) not in (0, len(sources)):
            return False
        return known == (dict(zip(sources, gains_db, strict=True)) if gains_db else dict.fromkeys(sources, 0.0))

    def sources(self, listener: StreamId) -> dict[StreamId, float]:
        """Its sources, each with its gain in dB."""
        return self._sources.get(listener, {})

    def that_hear(self) -> list[StreamId]:
        """Who has sources."""
        return list(self._sources)

    def listeners(self, source: StreamId) -> list[StreamId]:
        return sorted(self._listeners.get(source, ()))
