"""What the parts of one endpoint share: settings, entropy, the ordered outputs, the one heap of deadlines, the tables.

Everything an endpoint does happens in calls from `SipEndpoint` through these parts, one at a time; whatever they have
to say goes to the end of `outputs`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from softswitch.base.address import Flow
from softswitch.base.deadlines import Deadlines
from softswitch.base.entropy import Entropy
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.events.packages import ALLOW_EVENTS
from softswitch.sip.kept import KeptLeg
from softswitch.sip.messages.header_values import MAGIC_COOKIE
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.outputs import SipOutput, Transmit
from softswitch.sip.returning import Returning
from softswitch.sip.routing.local_addresses import LocalAddresses
from softswitch.sip.routing.lookups import Lookups
from softswitch.sip.routing.next_hop import NextHop
from softswitch.sip.routing.server_location import Destination, Wanted
from softswitch.sip.routing.trunk_names import TrunkNames
from softswitch.sip.routing.trunk_peers import TrunkPeers
from softswitch.sip.sessions.dialog import Dialog, DialogId
from softswitch.sip.settings import SipSettings
from softswitch.sip.transactions.transaction import Timed
from softswitch.sip.transactions.transaction_table import ServerExchange, TransactionTable

ALLOWED_METHODS = (
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "INFO",
    "REGISTER",
    "PRACK",
    "UPDATE",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "PUBLISH",
)
ALLOW = ", ".join(ALLOWED_METHODS)
ACCEPT = "application/sdp, application/dtmf-relay, application/dtmf"
SUPPORTED = frozenset({"100rel", "norefersub", "outbound", "path", "replaces", "timer"})
"""Option tags a peer may demand with Require (RFC 3262, 4488, 5626, 3327, 3891, 4028)."""
SUPPORTED_TEXT = ", ".join(sorted(SUPPORTED))
CAPABILITIES = (("allow", ALLOW), ("accept", ACCEPT), ("supported", SUPPORTED_TEXT), ("allow-events", ALLOW_EVENTS))
"""What an OPTIONS request wants to know (RFC 3261 section 11.2)."""


class DialogUser(Protocol):
    """Who gets the requests of one dialog."""

    leg_id: LegId

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The way to the peer, and the one it was heard on."""
        ...

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        """A valid new request other than ACK and CANCEL; it must be answered."""
        ...

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        """An ACK; True if it was the one of a 2xx."""
        ...

    def receive_stray(self, response: Response, flow: Flow, now: float) -> bool:
        """A 2xx to an INVITE of ours, come along `flow`, that no transaction knows; True if it was acknowledged."""
        ...


class Leg(Protocol):
    """What every INVITE session, in whatever state, can be told."""

    leg_id: LegId

    @property
    def is_answered(self) -> bool: ...

    @property
    def sip_call_id(self) -> str: ...

    def hang_up(self, reason: str | None, now: float) -> None: ...
    def reinvite(self, sdp: bytes, now: float) -> None: ...
    def answer_reinvite(self, sdp: bytes, now: float) -> None: ...
    def refuse_reinvite(self, status: int, now: float) -> None: ...

    def has_early_dialog(self, call_id: str, tags: set[str]) -> bool:
        """Whether we have called there, nobody has answered, and a dialog between these two tags has begun."""
        ...

    def keep(self) -> KeptLeg | None:
        """What another endpoint needs to go on with it (kept.py)."""
        ...

    def replaces_for_peer(self) -> Replaces | None:
        """What names its dialog to the peer's side; None before there is one, and for a call that came to us."""
        ...


class Refer(Protocol):
    """A REFER of a peer's that is not over."""

    def accept(self, now: float) -> None: ...

    def refuse(self, status: int, reason: str | None, now: float) -> None: ...

    def notify(self, status: int, reason: str | None, now: float) -> None: ...


class _Unanswered:
    """A name that too many others are waiting before."""

    __slots__ = ("_found",)

    def __init__(self, found: Callable[[list[Flow], float], None]) -> None:
        self._found = found

    def handle_timeout(self, now: float) -> None:
        self._found([], now)


class SipCore:
    __slots__ = (
        "addresses",
        "deadlines",
        "dialogs",
        "entropy",
        "legs",
        "lines",
        "lookups",
        "next_hop",
        "outputs",
        "refers",
        "returning",
        "settings",
        "transactions",
        "trunk_names",
        "trunks",
    )

    def __init__(self, settings: SipSettings, entropy: Entropy) -> None:
        self.settings = settings
        self.entropy = entropy
        self.outputs: list[SipOutput] = []
        self.deadlines: Deadlines[Timed] = Deadlines()
        self.transactions = TransactionTable(settings.timers, self.outputs, self.deadlines)
        self.trunks = TrunkPeers(settings.trunks)
        self.addresses = LocalAddresses(settings.advertised)
        self.next_hop = NextHop(self.addresses, settings.hosts, self.trunks)
        self.lookups = Lookups(self.outputs)
        self.trunk_names = TrunkNames(self.lookups, self.deadlines)
        self.dialogs: dict[DialogId, DialogUser] = {}
        self.legs: dict[LegId, Leg] = {}
        self.refers: dict[ReferId, Refer] = {}
        self.returning = Returning()
        self.lines: dict[str, str] = {}
        """What the Contacts we have registered with providers are marked with, and whose they are."""

    def update(self, settings: SipSettings) -> None:
        servers = {peer.name: peer.server for peer in self.settings.trunks}
        same = {peer.name for peer in settings.trunks if peer.server == servers.get(peer.name)}
        learned = {address: name for address, name in self.trunks.learned.items() if name in same}
        self.settings = settings
        self.transactions.timers = settings.timers
        self.trunks = TrunkPeers(settings.trunks, learned)
        self.addresses.update(settings.advertised)
        self.next_hop = NextHop(self.addresses, settings.hosts, self.trunks)

    @property
    def is_full(self) -> bool:
        """No room for another transaction of a peer's."""
        return len(self.transactions) >= self.settings.limits.transactions_max

    @property
    def try_later(self) -> tuple[tuple[str, str], ...]:
        """What goes with a 503."""
        return (("retry-after", str(self.settings.retry_after_s)),)

    def make_via(self, flow: Flow) -> str:
        """A Via of ours with a branch nobody can guess."""
        return self.addresses.via(flow, MAGIC_COOKIE + self.entropy.token(64))

    def revive(self, flow: Flow) -> Flow:
        """What has become of another process's flow: a connection we had opened is opened anew."""
        return self.addresses.rehome(flow.revived())

    def way_again(self, flow: Flow, target: str, routes: Sequence[str]) -> Flow:
        """The way to the peer of a dialog along what is left of a flow. A trunk and a proxy (one that has recorded its
        route) listen where they say, so they are called even if they had opened the connection; a phone is waited for.
        """
        trunk = self.trunks.find(flow.remote)
        if not flow.is_lost or flow.kind.is_web or (trunk is None and not routes):
            return flow
        found = self.next_hop.destination(target, routes)
        if found is None or not found[0].is_reliable:
            return flow
        kind, remote = found
        servers = [peer.server.host for peer in self.settings.trunks if peer.name == trunk and peer.server is not None]
        return Flow(kind, flow.local, remote, 0, servers[0] if servers and kind.is_secure else "")

    def look_up_again(
        self, flow: Flow, target: str, routes: Sequence[str], found: Callable[[Flow, float], None]
    ) -> None:
        """The same where the peer says by a name where he listens: `found` gets the way later, if there is one."""
        if not flow.is_lost or flow.kind.is_web or (self.trunks.find(flow.remote) is None and not routes):
            return
        wanted = self.next_hop.first_way(target, routes, flow.kind)
        if not isinstance(wanted, Wanted):
            return

        def answered(destinations: tuple[Destination, ...], now: float) -> None:
            ways = [way for way in self.next_hop.flows(wanted, destinations) if way.kind.is_reliable]
            if ways:
                found(ways[0], now)

        self.lookups.ask(wanted, answered)

    def route(self, dialog: Dialog, source: Flow) -> None:
        """Choose the dialog's flow anew: its peer was heard on `source`, or has another target."""
        way = self.next_hop.dialog_way(source, dialog.remote_target, dialog.routes)
        if isinstance(way, Flow):
            dialog.go_by(way)
        else:
            dialog.go_by(source)
            self._look_up_peer(dialog, source, way)

    def look_up(self, wanted: Wanted, found: Callable[[list[Flow], float], None], now: float) -> None:
        """`found` gets the flows to the servers of a name, in order, later; none if there are none."""

        def answered(destinations: tuple[Destination, ...], now: float) -> None:
            found(self.next_hop.flows(wanted, destinations), now)

        if not self.lookups.ask(wanted, answered):
            self.deadlines.set(_Unanswered(found), now)

    def _look_up_peer(self, dialog: Dialog, source: Flow, wanted: Wanted) -> None:
        """Until it is known where the name leads, the dialog goes on along `source`."""

        def found(destinations: tuple[Destination, ...], now: float) -> None:
            if dialog.flow == source:
                dialog.go_by(self.next_hop.found_way(source, dialog.routes, wanted, destinations))

        self.lookups.ask(wanted, found)

    def transmit(self, flow: Flow, message: Request | Response) -> None:
        """Send outside any transaction: the ACK of a 2xx, a stateless response."""
        if not flow.is_lost:
            self.outputs.append(Transmit(flow, message.serialize()))

    def answer(
        self, request: Request, flow: Flow, status: int, now: float, *, headers: tuple[tuple[str, str], ...] = ()
    ) -> ServerExchange:
        """Answer a new non-INVITE request, or refuse a new INVITE, within a dialog, in a transaction of its own."""
        exchange = self.transactions.open(request, flow)
        response = make_response(request, status)
        response.headers.extend(headers)
        exchange.respond(response, now)
        return exchange
