"""All links to providers, by name: who is down, who has room, whose call it is.

Part of the endpoint, which gives them time and sends their requests. Nothing is sent before `start`, when the
listeners are known; a reload is taken up at the next moment (`update` sets a deadline that is due).
"""

from softswitch.base.ids import LegId
from softswitch.sip.core import SipCore
from softswitch.sip.plain_request import PlainRequests
from softswitch.sip.trunks.capacity import Direction
from softswitch.sip.trunks.trunk_link import TrunkLink
from softswitch.sip.trunks.trunk_settings import TrunkSummary


class TrunkLinks:
    """One per endpoint. Names that are not configured have no limits and are never down."""

    __slots__ = ("_by_leg", "_core", "_is_started", "_leaving", "_links", "_sender")

    def __init__(self, core: SipCore, sender: PlainRequests) -> None:
        self._core = core
        self._sender = sender
        self._links: dict[str, TrunkLink] = {}
        self._leaving: list[TrunkLink] = []
        """Removed from the configuration, or stopping, and not yet unregistered."""
        self._by_leg: dict[LegId, tuple[TrunkLink, Direction]] = {}
        self._is_started = False

    # Inputs

    def start(self, now: float, *, takes_over: bool = False) -> None:
        """Register and ask from now on. `takes_over`: there was another switch a moment ago, and it was registered."""
        self._is_started = True
        self._take_settings(now)
        if takes_over:
            for link in self._links.values():
                link.presume()

    def update(self) -> None:
        """The core has other settings."""
        if self._is_started:
            self._core.deadlines.set(self, 0.0)

    def stop(self, now: float) -> None:
        """Take all registrations back; `is_over` when that is done."""
        self._is_started = False
        for link in self._links.values():
            link.stop(now)
        self._leaving += self._links.values()
        self._core.lines.clear()

    def take(self, name: str, direction: Direction, now: float) -> str:
        """Count a call that begins; why there is no room for it, or "". Every one is to be given back, or bound."""
        link = self._links.get(name)
        return "" if link is None else link.take(direction, now)

    def bind(self, leg_id: LegId, name: str, direction: Direction) -> None:
        """The call that was counted is this leg: it is given back when the leg is over."""
        link = self._links.get(name)
        if link is not None:
            self._by_leg[leg_id] = (link, direction)

    def goes_on(self, leg_id: LegId, name: str, direction: Direction) -> None:
        """A leg of the switch before has a channel, however many there may be at a time. After `start`."""
        link = self._links.get(name)
        if link is not None:
            link.capacity.goes_on(direction)
            self._by_leg[leg_id] = (link, direction)

    def channel_of(self, leg_id: LegId) -> tuple[str, Direction] | None:
        """Of which trunk it has a channel, and in which direction."""
        bound = self._by_leg.get(leg_id)
        return None if bound is None else (bound[0].name, bound[1])

    def give_back(self, name: str, direction: Direction) -> None:
        """The call that was counted has not come about."""
        link = self._links.get(name)
        if link is not None:
            link.capacity.give_back(direction)

    def leg_over(self, leg_id: LegId) -> None:
        """Legs that are nobody's trunk's are fine."""
        bound = self._by_leg.pop(leg_id, None)
        if bound is not None:
            bound[0].capacity.give_back(bound[1])

    def call_answered(self, name: str, now: float) -> None:
        """Something came in response to our INVITE."""
        link = self._links.get(name)
        if link is not None:
            link.call_answered(now)

    def call_failed(self, name: str, status: int, reason: str, now: float, *, is_dead: bool) -> None:
        """Our INVITE was refused or met with silence; `is_dead` says that the provider seems to be gone."""
        link = self._links.get(name)
        if link is not None:
            link.call_failed(status, reason, now, is_dead=is_dead)

    # Time

    def handle_timeout(self, now: float) -> None:
        if self._is_started:
            self._take_settings(now)

    # Getters

    @property
    def is_over(self) -> bool:
        self._leaving = [link for link in self._leaving if not link.is_over]
        return not self._leaving

    def is_down(self, name: str) -> bool:
        link = self._links.get(name)
        return link is not None and link.is_down

    def realm_of(self, name: str) -> str:
        """The only realm that may be given a digest of the trunk's password; "" if none is known."""
        link = self._links.get(name)
        return "" if link is None else link.realm

    def service_route_of(self, name: str) -> tuple[str, ...]:
        """The Route values its registrar wants in our calls; none if it wants none."""
        link = self._links.get(name)
        return () if link is None else link.service_route

    def summaries(self, now: float) -> list[TrunkSummary]:
        return [link.summary(now) for link in self._links.values()]

    # Private

    def _take_settings(self, now: float) -> None:
        peers = {peer.name: peer for peer in self._core.settings.trunks}
        for name in [name for name in self._links if name not in peers]:
            link = self._links.pop(name)
            link.stop(now)
            self._leaving = [each for each in self._leaving if not each.is_over] + [link]
        self._links = {name: self._links.get(name) or TrunkLink(self._core, self._sender, name) for name in peers}
        for name, peer in peers.items():
            self._links[name].update(peer, now)
        self._core.lines = {link.line: name for name, link in self._links.items()}
