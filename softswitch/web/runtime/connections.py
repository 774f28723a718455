"""HTTP connections that may cost only so much: how many there are, how large a head is, how slow a client may be.

uvicorn bounds neither the time in which a request must be there nor that in which an answer must be taken, nor how many
connections one address has. A client that overstays any of it is disconnected without a word: it is broken, or means
harm.
"""

import asyncio
from collections import Counter
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from softswitch.web.addresses import site_of
from softswitch.web.limits import REQUEST_S, SLOW_READER_S


class Occupancy:
    """How many connections there are, in all and from each address."""

    def __init__(self, connections_max: int, address_connections_max: int) -> None:
        self._connections_max = connections_max
        self._address_connections_max = address_connections_max
        self._of: Counter[str] = Counter()
        self.refused = 0

    def enter(self, address: str) -> bool:
        """False: there is no room."""
        if self._of.total() >= self._connections_max or self._of[address] >= self._address_connections_max:
            self.refused += 1
            return False
        self._of[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    def __len__(self) -> int:
        return self._of.total()


class BoundedConnection(H11Protocol):
    """One connection. `occupancy` is shared by all of them."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        occupancy: Occupancy,
        request_s: float = REQUEST_S,
        slow_reader_s: float = SLOW_READER_S,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._occupant = _Occupant(occupancy)
        self._request_s = request_s
        self._reading: asyncio.TimerHandle | None = None
        self._reader = _SlowReader(self.loop, slow_reader_s)

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if self._occupant.enter(transport):
            self._reading = self.loop.call_later(self._request_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        if self._reading is None and self._unanswered() is None:
            self._reading = self.loop.call_later(self._request_s, self.transport.abort)
        super().data_received(data)
        cycle = self._unanswered()
        if cycle is not None and not cycle.more_body:
            self._stop_reading()  # it is there as a whole, in time

    def handle_websocket_upgrade(self, event: Any) -> None:
        """The WebSocket is an occupant of its own."""
        self._leave()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.pause(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reader.resume()

    def _unanswered(self) -> RequestResponseCycle | None:
        """The request that is being read or answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _leave(self) -> None:
        self._stop_reading()
        self._reader.resume()
        self._occupant.leave()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket, counted and cut off like any other connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        occupancy: Occupancy,
        slow_reader_s: float = SLOW_READER_S,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._occupant = _Occupant(occupancy)
        self._reader = _SlowReader(self.loop, slow_reader_s)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._occupant.enter(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.resume()
        self._occupant.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.pause(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reader.resume()


class _Occupant:
    """One connection's part of the occupancy."""

    def __init__(self, occupancy: Occupancy) -> None:
        self._occupancy = occupancy
        self._address: str | None = None

    def enter(self, transport: asyncio.Transport) -> bool:
        """Without room the connection is closed."""
        peer: tuple[str, int] | None = transport.get_extra_info("peername")
        address = site_of(peer[0]) if peer else ""
        if not self._occupancy.enter(address):
            transport.abort()
            return False
        self._address = address
        return True

    def leave(self) -> None:
        if self._address is not None:
            self._occupancy.leave(self._address)
            self._address = None


class _SlowReader:
    """Cuts off who takes nothing of what is written to him for so long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, patience_s: float) -> None:
        self._loop = loop
        self._patience_s = patience_s
        self._timer: asyncio.TimerHandle | None = None

    def pause(self, transport: asyncio.Transport) -> None:
        self.resume()
        self._timer = self._loop.call_later(self._patience_s, transport.abort)

    def resume(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
