"""The addresses behind the names of trunks, looked up again and again: a provider's calls come from wherever it is now.

What a lookup finds replaces what the last one found; a lookup that finds nothing changes nothing. Answers are cached
by the resolver for as long as their owner says, so asking often costs little.
"""

from softswitch.base.deadlines import Deadlines
from softswitch.sip.routing.lookups import Lookups
from softswitch.sip.routing.server_location import Destination
from softswitch.sip.routing.trunk_peers import TrunkPeers
from softswitch.sip.settings import TrunkPeer
from softswitch.sip.transactions.transaction import Timed

LOOKED_UP_EVERY_S = 60.0


class TrunkNames:
    """`deadlines` and `lookups` are the endpoint's own."""

    __slots__ = ("_deadlines", "_lookups", "_peers", "_trunks")

    def __init__(self, lookups: Lookups, deadlines: Deadlines[Timed]) -> None:
        self._lookups = lookups
        self._deadlines = deadlines
        self._peers: tuple[TrunkPeer, ...] = ()
        self._trunks = TrunkPeers(())

    def follow(self, peers: tuple[TrunkPeer, ...], trunks: TrunkPeers, now: float) -> None:
        """Look up the names of these from now on, and let `trunks` know."""
        self._peers = tuple(peer for peer in peers if peer.server is not None)
        self._trunks = trunks
        self.handle_timeout(now)

    def handle_timeout(self, now: float) -> None:
        if not self._peers:
            return
        for peer in self._peers:
            self._look_up(peer)
        self._deadlines.set(self, now + LOOKED_UP_EVERY_S)

    def _look_up(self, peer: TrunkPeer) -> None:
        trunks = self._trunks

        def found(destinations: tuple[Destination, ...], now: float) -> None:
            if destinations:
                trunks.learn(peer.name, {destination.remote.host for destination in destinations})

        if peer.server is not None:
            self._lookups.ask(peer.server, found)
