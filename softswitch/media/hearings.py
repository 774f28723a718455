"""Who is to hear whom, as the switch wishes it: by stream, whether or not the streams are there yet."""

from collections.abc import Sequence

from softswitch.base.ids import StreamId


class Hearings:
    """The wishes in both directions. A listener with no sources has no entry."""

    __slots__ = ("_listeners", "_sources")

    def __init__(self) -> None:
        self._sources: dict[StreamId, list[StreamId]] = {}
        self._listeners: dict[StreamId, set[StreamId]] = {}

    def set(self, listener: StreamId, sources: Sequence[StreamId]) -> None:
        """`listener` hears `sources`, each of them once."""
        for source in self._sources.pop(listener, []):
            listeners = self._listeners[source]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[source]
        wanted = list(dict.fromkeys(sources))
        if wanted:
            self._sources[listener] = wanted
        for source in wanted:
            self._listeners.setdefault(source, set()).add(listener)

    def sources(self, listener: StreamId) -> list[StreamId]:
        return self._sources.get(listener, [])

    def listeners(self, source: StreamId) -> list[StreamId]:
        return sorted(self._listeners.get(source, ()))
