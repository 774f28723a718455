"""Names that are being looked up for somebody in the endpoint: `ResolveTarget` asks, `resolved` brings the answer.

Every question is answered once, within seconds, if only with nothing: the resolver (runtime/resolver.py) sees to that.
"""

from collections.abc import Callable

from softswitch.sip.limits import LOOKUPS_MAX
from softswitch.sip.outputs import ResolveTarget, SipOutput
from softswitch.sip.routing.server_location import Destination, Wanted

OnFound = Callable[[tuple[Destination, ...], float], None]
"""Gets the destinations in order, none if there are none, and the time."""


class Lookups:
    """`outputs` are the endpoint's own."""

    __slots__ = ("_last_id", "_outputs", "_waiting")

    def __init__(self, outputs: list[SipOutput]) -> None:
        self._outputs = outputs
        self._waiting: dict[int, OnFound] = {}
        self._last_id = 0

    def ask(self, wanted: Wanted, on_found: OnFound) -> bool:
        """`on_found` is called once, later. False: it will not be, since too many wait already."""
        if len(self._waiting) >= LOOKUPS_MAX:
            return False
        self._last_id += 1
        self._waiting[self._last_id] = on_found
        self._outputs.append(ResolveTarget(self._last_id, wanted.host, wanted.port, wanted.kind, wanted.is_secure))
        return True

    def resolved(self, query_id: int, destinations: tuple[Destination, ...], now: float) -> None:
        """The answer to a question; one nobody waits for does nothing."""
        on_found = self._waiting.pop(query_id, None)
        if on_found is not None:
            on_found(destinations, now)
