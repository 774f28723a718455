"""Which port each stream has: one of its own, or one that it shares with others of its worker.

Streams that share a port are told apart by their remote addresses, so no two on one port may have the same; and an
address that was just given up rests, because its party may go on sending for a while. The worker holds to the same
rules and knows besides who still sends (source_table.py); a port that it refuses is not offered for that address again.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.limits import SHARED_PORTS_MAX
from softswitch.media.receiving.source_table import REST_S
from softswitch.media.runtime.ports import PortPool
from softswitch.media.tick_grid import PHASES

STREAMS_PER_PORT = 64
"""A shared port is filled up to this before another is opened; when there are enough ports, they are filled alike."""
PORTS_PER_PHASE = SHARED_PORTS_MAX // PHASES
"""The ports of one phase are opened before those of the next, because streams in one phase cost less than in two."""


class _Place(NamedTuple):
    port: int
    worker: str | None
    """Whose shared port it is; None for a port of the stream's own."""
    remote: HostPort | None


class Claim(NamedTuple):
    """A port that a stream has had since before this switch began; `worker` and `remote` of one that it shares."""

    stream_id: StreamId
    port: int
    worker: str | None = None
    remote: HostPort | None = None


class StreamPorts:
    __slots__ = ("_places", "_pool", "_resting", "_streams", "_taken")

    def __init__(self, pool: PortPool) -> None:
        self._pool = pool
        self._places: dict[StreamId, _Place] = {}
        self._streams: dict[str, Counter[int]] = {}
        """How many streams are on each shared port of each worker."""
        self._taken: set[tuple[int, HostPort]] = set()
        self._resting: dict[tuple[int, HostPort], float] = {}
        """Until when, in that order."""

    def __str__(self) -> str:
        return str(self._pool)

    def take(self, stream_id: StreamId, now: float) -> int | None:
        """A port for this stream alone, or None when there is none."""
        port = self._pool.take(now)
        if port is not None:
            self.give(stream_id, port)
        return port

    def give(self, stream_id: StreamId, port: int) -> None:
        """A port that was taken from the pool before is for this stream alone."""
        self._places[stream_id] = _Place(port, None, None)

    def claim(self, claims: Sequence[Claim]) -> None:
        """These streams have these ports; what was claimed before stays as it is."""
        claims = [claim for claim in claims if claim.stream_id not in self._places]
        self._pool.claim([claim.port for claim in claims])
        for stream_id, port, worker, remote in claims:
            self._places[stream_id] = _Place(port, worker, remote)
            if worker is not None:
                self._streams.setdefault(worker, Counter())[port] += 1
            if worker is not None and remote is not None:
                self._taken.add((port, remote))

    def take_shared(self, stream_id: StreamId, worker: str, remote: HostPort, now: float) -> int | None:
        """A port on which nobody else has `remote`, or None when there is none."""
        while self._resting and next(iter(self._resting.values())) <= now:
            del self._resting[next(iter(self._resting))]
        streams = self._streams.setdefault(worker, Counter())
        free = [port for port in streams if (port, remote) not in self._taken and (port, remote) not in self._resting]
        port = next((port for port in free if streams[port] < STREAMS_PER_PORT), None)
        if port is None and len(streams) < SHARED_PORTS_MAX:
            port = self._pool.take(now, phase=len(streams) // PORTS_PER_PHASE) or self._pool.take(now)
        if port is None:
            port = min(free, key=lambda port: streams[port], default=None)
        if port is None:
            return None
        streams[port] += 1
        self._taken.add((port, remote))
        self._places[stream_id] = _Place(port, worker, remote)
        return port

    def move(self, stream_id: StreamId, remote: HostPort | None, now: float) -> None:
        """The stream's remote is another now; None: it has none, and its last one is still kept for it."""
        place = self._places.get(stream_id)
        if place is None or place.worker is None or remote in (None, place.remote):
            return
        self._leave(place, now)
        self._taken.add((place.port, remote))
        self._places[stream_id] = place._replace(remote=remote)

    def release(self, stream_id: StreamId, now: float, *, is_refused: bool = False) -> None:
        """The stream is gone, or with `is_refused` never came to be; one that is not known is fine."""
        place = self._places.pop(stream_id, None)
        if place is None:
            return
        if place.worker is None:
            self._pool.release(place.port, now)
            return
        self._leave(place, now)
        streams = self._streams[place.worker]
        streams[place.port] -= 1
        if is_refused and not streams[place.port]:
            # Another program may have it.
            del streams[place.port]
            self._pool.release(place.port, now)

    def _leave(self, place: _Place, now: float) -> None:
        if place.remote is not None:
            key = (place.port, place.remote)
            self._taken.discard(key)
            self._resting.pop(key, None)
            self._resting[key] = now + REST_S
