"""The front door of SIP: one object that takes packets, commands and time, and gives back one ordered list of outputs.

```
 receive_datagram, receive_message ──► Intake ──► parse ──► transaction? ──► dialog? ──► reception (something new)
 invite, accept, hang_up, …        ──► LegCommands ──► legs
 handle_timeout                    ──► whatever is due
                                                            take_outputs() ──► Transmit | facts (outputs.py)
```

After every input the driver drains `take_outputs()` completely and arms one timer for `next_timeout()`. A message that
cannot be read, belongs to nothing or breaks the rules is answered as RFC 3261 wants, or dropped and counted; it never
raises. Wrong commands raise LocalError; commands for a leg that is over do nothing.
"""

from collections.abc import Iterable, Sequence

import msgspec

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import Entropy
from softswitch.base.ip_address import read_ip
from softswitch.sip.adoption import adopt
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.dispatcher import Dispatcher
from softswitch.sip.events.packages import EventState
from softswitch.sip.events.subscription import Subscription
from softswitch.sip.intake import Intake
from softswitch.sip.kept import KeptLeg, KeptSubscription
from softswitch.sip.leg_commands import LegCommands
from softswitch.sip.meters import SipMeters
from softswitch.sip.outputs import (
    Ban,
    BanChanged,
    Binding,
    RegistrationChanged,
    SipOutput,
)
from softswitch.sip.patience import patience
from softswitch.sip.plain_request import PlainRequests, way_to
from softswitch.sip.reception import Reception
from softswitch.sip.registration.registrar import Registrar
from softswitch.sip.routing.server_location import Destination
from softswitch.sip.security.guard import SecurityCounters
from softswitch.sip.settings import SipSettings, Target
from softswitch.sip.trunks.trunk_links import TrunkLinks


class EndpointStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint holds now (legs to bindings, refers) and has counted since its start.

    `dropped`: requests met with silence; `faults`: malformed messages; `unmatched`: responses and ACKs that belong to
    nothing.
    """

    legs: int
    dialogs: int
    transactions: int
    bindings: int
    dropped: int
    faults: int
    unmatched: int
    refers: int = 0
    subscriptions: int = 0


class SipEndpoint:
    """A user agent, registrar and back-to-back endpoint in one. `wall_offset` is clock.wall() - clock.now().

    What its parts take and do (intake.py, leg_commands.py) is theirs, under the same name.
    """

    def __init__(self, settings: SipSettings, *, entropy: Entropy, wall_offset: float = 0.0) -> None:
        self._core = SipCore(settings, entropy)
        self._registrar = Registrar(settings.registration, settings.limits.bindings_max, wall_offset)
        self._reception = Reception(self._core, self._registrar, entropy, wall_offset)
        self._guard = self._reception.guard
        self._requests = PlainRequests(self._core)
        self._dispatcher = Dispatcher(self._core, self._reception, self._registrar)
        self.trunks = TrunkLinks(self._core, self._requests)
        """The links to providers; nothing is sent to them before `trunks.start`."""
        self._intake = intake = Intake(self._core, self._dispatcher, self._registrar, self._guard)
        self.receive_datagram = intake.receive_datagram
        self.receive_message = intake.receive_message
        self.receive_malformed = intake.receive_malformed
        self.note_load = intake.note_load
        self.hears = intake.hears
        legs = LegCommands(self._core)
        self.invite = legs.invite
        self.progress = legs.progress
        self.accept = legs.accept
        self.reject = legs.reject
        self.hang_up = legs.hang_up
        self.ask_whether_there = legs.ask_whether_there
        self.reinvite = legs.reinvite
        self.answer_reinvite = legs.answer_reinvite
        self.refuse_reinvite = legs.refuse_reinvite
        self.send_info = legs.send_info
        self.ask_to_talk = legs.ask_to_talk
        self.accept_refer = legs.accept_refer
        self.refuse_refer = legs.refuse_refer
        self.notify_refer = legs.notify_refer
        self.refer = legs.refer
        self.refer_under_way = legs.refer_under_way
        self.is_heard = legs.is_heard
        self.sip_call_id = legs.sip_call_id
        self.replaces_of = legs.replaces_of
        self.keep = legs.keep

    # Inputs from the network

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A stream connection is closed: its bindings go, requests waiting for an answer on it have failed.

        Legs go on along another, which the peer opens or we do (returning.py).
        """
        bindings = self._registrar.along(flow)
        for aor in self._registrar.flow_closed(flow):
            self._core.outputs.append(RegistrationChanged(aor, self._registrar.bindings(aor)))
        self._core.returning.broken(flow, bindings, now)
        self._core.transactions.flow_closed(flow, now)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A stream connection could not be opened or broke: requests waiting for an answer on it have failed."""
        if flow.is_lost:
            return
        self._core.transactions.flow_broken(flow, now)
        if flow.connection:
            self._core.transactions.flow_broken(flow._replace(connection=0), now)

    def resolved(self, query_id: int, destinations: tuple[Destination, ...], now: float) -> None:
        """The answer to a ResolveTarget: the servers of the name, in the order in which they are to be tried."""
        self._core.lookups.resolved(query_id, destinations, now)

    def look_up_trunks(self, now: float) -> None:
        """Look up the names of the trunks there are now, at once and then again and again."""
        self._core.trunk_names.follow(self._core.settings.trunks, self._core.trunks, now)

    # Inputs from the user: requests

    def request(
        self,
        method: str,
        target: Target,
        *,
        from_uri: str,
        now: float,
        to_uri: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        credentials: Credential | None = None,
    ) -> int:
        """Send a request outside any dialog (OPTIONS, REGISTER …); RequestFinished with this number follows once.

        A REGISTER without a Contact among `headers` gets ours, and Call-ID and CSeq go on from the last one.
        """
        way = way_to(self._core, target)
        return self._requests.send(
            method, target, way, from_uri, to_uri=to_uri, headers=headers, body=body, credentials=credentials, now=now
        )

    def adopt(self, kept: KeptLeg, now: float) -> bool:
        """Go on with a leg that another endpoint has kept, under the same id; False if that cannot be.

        To be called before any peer is heard. What `kept` had left open is told as any output is.
        """
        return adopt(self._core, kept, now)

    # Inputs from the user: registrar and operation

    def unregister(self, aor: str, contact_uri: str | None = None) -> None:
        """Forget one binding of an address-of-record, or all of them."""
        if self._registrar.unregister(aor, contact_uri):
            self._core.outputs.append(RegistrationChanged(aor, self._registrar.bindings(aor)))

    def restore_bindings(self, bindings: Iterable[Binding], now: float, wall: float) -> list[str]:
        """Take over the bindings known before a restart; returns the addresses-of-record of those that still live.

        To be called before any phone is heard; no RegistrationChanged comes of it, twenty thousand at once help nobody.
        A stream connection did not survive, so those phones are called at the address in their Contact, or by way of
        the proxy they came through. A browser, or a phone behind NAT, cannot be called before it has connected again:
        its binding is gone. Calls that were adopted go on along the connection a phone registers on (returning.py).
        """
        bindings = list(bindings)
        self._core.returning.was_registered(bindings)
        for each in bindings:
            if each.flow.kind.is_reliable and each.expires_at_wall > wall:  # not at home by a flow, when it comes back
                self._guard.bans.trust(each.flow.remote.host, now)
        reachable = (found for each in bindings if (found := self._without_connection(each)) is not None)
        return self._registrar.restore(reachable, now, wall)

    def restore_subscriptions(self, kept: Iterable[KeptSubscription], now: float) -> int:
        """Go on with the subscriptions of another endpoint (`SubscriptionChanged`); returns how many.

        To be called before any phone is heard. ResourceWatched follows for what they watch.
        """
        return self._reception.subscriptions.restore(kept, now)

    def set_event_state(self, resource: str, state: EventState, now: float) -> None:
        """How somebody is, in one respect: for those who watch him. Ignored unless ResourceWatched has named him."""
        self._reception.subscriptions.set_state(resource, state, now)

    def drain(self, is_draining: bool) -> None:
        """New INVITEs get 503 with Retry-After while this is on; everything else goes on."""
        self._reception.is_refusing = is_draining

    def ban(self, network: str, seconds: float, reason: str, now: float) -> Ban:
        """Nothing from this address or network is read for so long. Raises LocalError for one that must be heard."""
        ban = self._guard.bans.add(network, seconds, reason, now)
        self._core.outputs.append(BanChanged(ban))
        return ban

    def lift_bans(self, network: str, now: float) -> list[Ban]:
        """End the bans that hold this address, or are of this network. Raises LocalError for what is neither."""
        lifted = self._guard.bans.lift(network, now)
        self._core.outputs.extend(BanChanged(ban, is_lifted=True) for ban in lifted)
        return lifted

    def restore_bans(self, bans: Iterable[Ban], now: float) -> int:
        """Take over the bans known before a restart; returns how many are still in force."""
        return self._guard.bans.restore(bans, now)

    def update_settings(self, settings: SipSettings) -> None:
        """Use other settings from now on; legs and registrations are untouched.

        Bindings of accounts that are gone stay until they expire or `unregister` is called.
        """
        old = self._core.settings
        self._core.update(settings)
        self._registrar.policy = settings.registration
        self._registrar.bindings_max = settings.limits.bindings_max
        self._reception.update(old, settings)
        self.trunks.update()
        self._reception.subscriptions.settings_changed()

    def add_listener(self, kind: TransportKind, local: HostPort, *, is_wildcard: bool = False) -> None:
        """The transports listen at `local`, a real address; with `is_wildcard` at all others of the machine too.

        To be told before anything is sent.
        """
        self._core.addresses.add_listener(kind, local, is_wildcard=is_wildcard)

    # Time

    def next_timeout(self) -> float | None:
        deadline, expiry = self._core.deadlines.next(), self._registrar.next_timeout()
        if deadline is None or expiry is None:
            return expiry if deadline is None else deadline
        return min(deadline, expiry)

    def handle_timeout(self, now: float) -> None:
        deadlines = self._core.deadlines
        while due := deadlines.pop_due(now):
            for index, each in enumerate(due):
                try:
                    each.handle_timeout(now)
                except Exception:
                    # A fault of ours costs nobody else his timer.
                    for other in due[index + 1 :]:
                        deadlines.set(other, now)
                    raise
        for aor in self._registrar.handle_timeout(now):
            self._core.outputs.append(RegistrationChanged(aor, self._registrar.bindings(aor)))

    # Outputs

    def take_outputs(self) -> list[SipOutput]:
        """Everything since the last time, in order."""
        outputs = self._core.outputs.copy()
        self._core.outputs.clear()
        return outputs

    # Getters

    def flow_to(self, kind: TransportKind, remote: HostPort) -> Flow:
        """A flow from a listener of ours to `remote`. Raises LocalError if no listener suits."""
        return self._core.addresses.flow_to(kind, remote)

    def bindings(self, aor: str) -> list[Binding]:
        """Where an address-of-record can be reached, best first."""
        return self._registrar.bindings(aor)

    def all_bindings(self) -> list[Binding]:
        return self._registrar.all_bindings()

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        """How long the peers of these stream connections may be silent; of a stranger's nothing is said."""
        return patience(self._core, self._registrar, flows)

    def bans(self, now: float) -> list[Ban]:
        """Bans in force, the newest first."""
        return self._guard.bans.listed(now)

    @property
    def admission_rate_per_s(self) -> float | None:
        """New calls let in a second while there is too much to do; None while all are."""
        return self._intake.admission_rate_per_s

    @property
    def security_counters(self) -> SecurityCounters:
        return self._guard.counters

    def subscriptions(self) -> list[Subscription]:
        """Who watches whom."""
        return self._reception.subscriptions.all()

    @property
    def meters(self) -> SipMeters:
        return self._core.transactions.meters

    def statistics(self) -> EndpointStatistics:
        return EndpointStatistics(
            legs=len(self._core.legs),
            dialogs=len(self._core.dialogs),
            transactions=len(self._core.transactions),
            bindings=self._registrar.count,
            dropped=self._reception.guard.dropped,
            faults=self._dispatcher.faults,
            unmatched=self._dispatcher.unmatched,
            refers=len(self._core.refers),
            subscriptions=self._reception.subscriptions.count,
        )

    # Private

    def _without_connection(self, binding: Binding) -> Binding | None:
        """Where it can be called when its connection is gone; None: nowhere."""
        flow = binding.flow
        if not flow.kind.is_reliable:
            return binding
        if flow.kind.is_web:
            return None
        kind, remote = self._core.next_hop.destination(binding.contact_uri, binding.path) or (flow.kind, flow.remote)
        if not binding.path and _is_public(flow.remote.host) and not _is_public(remote.host):
            return None
        return msgspec.structs.replace(binding, flow=Flow(kind, flow.local, remote))


def _is_public(host: str) -> bool:
    """Whether it is the same host everywhere; NAT is between one that is and one that is not."""
    address = read_ip(host)
    return address is not None and address.is_global
