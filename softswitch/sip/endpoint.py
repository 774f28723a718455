"""The front door of SIP: one object that takes packets, commands and time, and gives back one ordered list of outputs.

```
 receive_datagram, receive_message ──► parse ──► transaction? ──► dialog? ──► reception (something new)
 invite, accept, hang_up, …        ──► legs
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
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.dispatcher import Dispatcher
from softswitch.sip.events.packages import EventState
from softswitch.sip.events.subscription import Subscription
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.refer_to import with_replaces
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import SDP
from softswitch.sip.messages.stun import answer_binding, begins_like_stun
from softswitch.sip.outputs import (
    Ban,
    BanChanged,
    Binding,
    CloseFlow,
    LegFailed,
    RegistrationChanged,
    SipOutput,
    Transmit,
)
from softswitch.sip.overload.admission import Admission
from softswitch.sip.overload.refusal import is_ack_of_refusal, refuse, top_via
from softswitch.sip.patience import patience
from softswitch.sip.plain_request import PlainRequests, build_request, is_uri
from softswitch.sip.reception import Reception
from softswitch.sip.registration.registrar import Registrar
from softswitch.sip.routing.server_location import Destination, Wanted
from softswitch.sip.security.guard import SecurityCounters
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.outbound_invite import OutboundInvite
from softswitch.sip.sessions.session_timer import ask
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy, SipSettings, Target
from softswitch.sip.trunks.trunk_links import TrunkLinks

KEEP_ALIVES = (b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0")
"""What phones send to keep a NAT open; swallowed (RFC 5626 section 4.4 and custom)."""


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
    """A user agent, registrar and back-to-back endpoint in one. `wall_offset` is clock.wall() - clock.now()."""

    __slots__ = (
        "_admission",
        "_core",
        "_dispatcher",
        "_guard",
        "_is_draining",
        "_reception",
        "_registrar",
        "_requests",
        "trunks",
    )

    def __init__(self, settings: SipSettings, *, entropy: Entropy, wall_offset: float = 0.0) -> None:
        self._core = SipCore(settings, entropy)
        self._registrar = Registrar(settings.registration, settings.limits.bindings_max, wall_offset)
        self._reception = Reception(self._core, self._registrar, entropy, wall_offset)
        self._guard = self._reception.guard
        self._is_draining = False
        self._admission = Admission()
        self._requests = PlainRequests(self._core)
        self._dispatcher = Dispatcher(self._core, self._reception, self._registrar)
        self.trunks = TrunkLinks(self._core, self._requests)
        """The links to providers; nothing is sent to them before `trunks.start`."""

    # Inputs from the network

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> bool:
        """One UDP datagram that came along `flow`; whether its sender is heard at all."""
        if begins_like_stun(data):
            self._answer_stun(data, flow, now)
        elif data not in KEEP_ALIVES:
            return self.receive_message(data, flow, now)
        return self.hears(flow, now)

    def receive_message(self, data: bytes, flow: Flow, now: float) -> bool:
        """One whole message, from a datagram or cut from a stream. That of an unwelcome source is not even read.

        Whether its sender is heard: one who is not, and is let in to show who he is, is none.
        """
        is_heard = self.hears(flow, now)
        if not is_heard and not self._may_prove(data, flow, now):
            self._ignore(flow, now)
        elif data.startswith(b"INVITE ") and not self._admission.admits(now) and self._refuse_unread(data, flow, now):
            return is_heard
        elif not (self._admission.refused and is_ack_of_refusal(data)):
            self._dispatcher.receive(data, flow, now)
        return is_heard

    def receive_malformed(self, fault: Malformed, flow: Flow, now: float) -> None:
        """A stream's framing is lost: the fault is named to the sender, or met with silence."""
        if self.hears(flow, now):
            self._dispatcher.receive_malformed(fault, flow, now)
        else:
            self._ignore(flow, now)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A stream connection is closed: its bindings go, requests waiting for an answer on it have failed."""
        for aor in self._registrar.flow_closed(flow):
            self._core.outputs.append(RegistrationChanged(aor, self._registrar.bindings(aor)))
        self.flow_failed(flow, now)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A stream connection could not be opened or broke: requests waiting for an answer on it have failed."""
        self._core.transactions.flow_broken(flow, now)
        if flow.connection:
            self._core.transactions.flow_broken(flow._replace(connection=0), now)

    def resolved(self, query_id: int, destinations: tuple[Destination, ...], now: float) -> None:
        """The answer to a ResolveTarget: the servers of the name, in the order in which they are to be tried."""
        self._core.lookups.resolved(query_id, destinations, now)

    def look_up_trunks(self, now: float) -> None:
        """Look up the names of the trunks there are now, at once and then again and again."""
        self._core.trunk_names.follow(self._core.settings.trunks, self._core.trunks, now)

    # Inputs from the user: legs

    def invite(
        self,
        target: Target,
        *,
        from_uri: str,
        sdp: bytes,
        now: float,
        from_display: str = "",
        to_uri: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        credentials: Credential | None = None,
        max_forwards: int = 70,
        session: SessionPolicy = PLAIN_SESSION,
        contact_user: str = "",
    ) -> LegId:
        """Call somebody. The leg's id comes back at once, what becomes of it as outputs, LegFailed in the worst case.

        `contact_user` is the user part of our Contact, for a peer that looks at it.
        `credentials` answer a challenge by whoever is called, so give them only for a party that may have their digest.
        Raises LocalError for a header that would break the message.
        """
        core = self._core
        leg_id = LegId(core.entropy.token(48))
        way = self._way_to(target)
        if way is None or len(core.legs) >= core.settings.limits.sessions_max:
            reason = "No Route to Target" if way is None else "Too Many Calls"
            core.outputs.append(LegFailed(leg_id, 503, reason))
            return leg_id
        flow = way if isinstance(way, Flow) else None
        invite = build_request(
            core,
            "INVITE",
            target,
            flow,
            from_uri=from_uri,
            from_display=from_display,
            to_uri=to_uri,
            headers=headers,
            body=sdp,
            max_forwards=max_forwards,
        )
        invite.headers.append(("contact", "" if flow is None else core.addresses.contact_for(contact_user, flow)))
        invite.headers.append(("allow", ALLOW))
        invite.headers.append(("supported", session.option_tags))
        if session.reliable == "required":
            invite.headers.append(("require", "100rel"))
        invite.headers.extend(ask(session))
        if sdp:
            invite.headers.append(("content-type", SDP))
        challenge = None if credentials is None else ChallengeReply(credentials, core.entropy)
        others = [core.addresses.rehome(other) for other in target.others]
        leg = core.legs[leg_id] = OutboundInvite(
            core, leg_id, invite, flow, challenge, session, contact_user, now, others
        )
        if isinstance(way, Wanted):
            core.look_up(way, leg.found, now)
        return leg_id

    def progress(self, leg_id: LegId, status: int, sdp: bytes | None, now: float) -> None:
        """Send a provisional response (180, 183 with SDP, 182 …) on an inbound leg that is not answered."""
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.progress(status, sdp or b"", now)

    def accept(self, leg_id: LegId, sdp: bytes, now: float, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Answer an inbound leg with 200 and our answer (our offer, if it came without one).

        Raises LocalError for a broken header.
        """
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.accept(sdp, now, tuple(headers))

    def reject(
        self,
        leg_id: LegId,
        status: int,
        reason: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """Refuse an inbound leg with 300-699; LegEnded follows. Raises LocalError for a broken header."""
        leg = self._inbound(leg_id)
        if leg is not None:
            leg.reject(status, reason, tuple(headers), now)

    def hang_up(self, leg_id: LegId, now: float, *, reason: str | None = None) -> None:
        """End a leg by whatever fits its state: CANCEL, BYE, or 480. LegEnded follows at once.

        `reason` becomes a Reason header (RFC 3326), as 'SIP;cause=200;text="Call completed elsewhere"'.
        """
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.hang_up(reason, now)

    def reinvite(self, leg_id: LegId, sdp: bytes, now: float) -> None:
        """Offer a changed session; sent as soon as nothing is in the way. Before the answer it may go as UPDATE."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.reinvite(sdp, now)

    def answer_reinvite(self, leg_id: LegId, sdp: bytes, now: float) -> None:
        """Answer a ReinviteReceived (with our offer, if it came without one)."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.answer_reinvite(sdp, now)

    def refuse_reinvite(self, leg_id: LegId, status: int, now: float) -> None:
        """Refuse a ReinviteReceived (488); the session goes on as it was."""
        leg = self._core.legs.get(leg_id)
        if leg is not None:
            leg.refuse_reinvite(status, now)

    def send_info(self, leg_id: LegId, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO on an answered leg; nobody hears what became of it."""
        leg = self._answered(leg_id)
        if leg is not None:
            leg.send_info(content_type, body, now)

    # Inputs from the user: transfers

    def accept_refer(self, refer_id: ReferId, now: float) -> None:
        """Take on what a ReferReceived asks for; the party is told so, and then what notify_refer says."""
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.accept(now)

    def refuse_refer(self, refer_id: ReferId, status: int, now: float, *, reason: str | None = None) -> None:
        """Refuse a ReferReceived. 404, 410, 416, 481 and the like would end the call (RFC 5057): 403, 603."""
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.refuse(status, reason, now)

    def notify_refer(self, refer_id: ReferId, status: int, now: float, *, reason: str | None = None) -> None:
        """Tell the party how far an accepted transfer is: 1xx, and once 200-699, which is the end of it.

        It need not be in the call any more; one that wants to hear nothing is told nothing.
        """
        refer = self._core.refers.get(refer_id)
        if refer is not None:
            refer.notify(status, reason, now)

    def refer(
        self, leg_id: LegId, target_uri: str, now: float, *, referred_by: str, replaces_leg: LegId | None = None
    ) -> ReferId | None:
        """Ask the party of an answered leg to call `target_uri` instead of us; ReferProgress follows.

        With `replaces_leg`, another leg that is answered or that we have called and that rings, it is to take our place
        there. `referred_by` is the URI of who wants it (RFC 3892). None for a leg that is over, or whose 2xx still
        waits. Raises LocalError for URIs that cannot be written.
        """
        leg = self._answered(leg_id)
        replaced = None if replaces_leg is None else self._core.legs.get(replaces_leg)
        replaces = None if replaced is None else replaced.replaces_for_peer()
        if leg is None or (replaces_leg is not None and replaces is None):
            return None
        if not is_uri(target_uri) or not is_uri(referred_by):
            raise LocalError(f"{target_uri!r} or {referred_by!r} is no URI: write it as sip:number@host.")
        target = target_uri if replaces is None else with_replaces(target_uri, replaces)
        return leg.refer(f"<{target}>", f"<{referred_by}>", now)

    # Inputs from the user: other requests

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
        way = self._way_to(target)
        return self._requests.send(
            method, target, way, from_uri, to_uri=to_uri, headers=headers, body=body, credentials=credentials, now=now
        )

    # Inputs from the user: registrar and operation

    def unregister(self, aor: str, contact_uri: str | None = None) -> None:
        """Forget one binding of an address-of-record, or all of them."""
        if self._registrar.unregister(aor, contact_uri):
            self._core.outputs.append(RegistrationChanged(aor, self._registrar.bindings(aor)))

    def restore_bindings(self, bindings: Iterable[Binding], now: float, wall: float) -> list[str]:
        """Take over the bindings known before a restart; returns the addresses-of-record of those that still live.

        To be called before any phone is heard; no RegistrationChanged comes of it, twenty thousand at once help nobody.
        A stream connection did not survive, so those phones are called at the address in their Contact, if at all. A
        browser cannot be called before it has connected again: its binding is gone.
        """
        reachable = (each for each in bindings if not each.flow.kind.is_web)
        return self._registrar.restore(map(self._without_connection, reachable), now, wall)

    def set_event_state(self, resource: str, state: EventState, now: float) -> None:
        """How somebody is, in one respect: for those who watch him. Ignored unless ResourceWatched has named him."""
        self._reception.subscriptions.set_state(resource, state, now)

    def drain(self, is_draining: bool) -> None:
        """New INVITEs get 503 with Retry-After while this is on; everything else goes on."""
        self._is_draining = is_draining
        self._reception.is_refusing = is_draining

    def note_load(self, busy: float, queue_s: float, now: float) -> None:
        """The driver's measurement, ten times a second: the part of a core in use, and how long work waits."""
        self._admission.note_load(busy, queue_s, now)

    @property
    def admission_rate_per_s(self) -> float | None:
        """New calls let in a second while there is too much to do; None while all are."""
        return self._admission.rate_per_s

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

    def is_heard(self, leg_id: LegId) -> bool:
        """Whether any response to the INVITE of an outbound leg has come, be it 100."""
        leg = self._core.legs.get(leg_id)
        return not isinstance(leg, OutboundInvite) or leg.is_heard

    def all_bindings(self) -> list[Binding]:
        return self._registrar.all_bindings()

    def hears(self, flow: Flow, now: float) -> bool:
        """Whether what comes along this flow is read at all."""
        guard, host = self._guard, flow.remote.host
        is_permitted = guard.access.permits(flow)
        if is_permitted and (not guard.bans.holds(host, now) or self._registrar.knows(flow)):
            return True
        if host in self._core.trunks.learned:
            return True
        return is_permitted and flow.kind.is_reliable and guard.bans.has_way_out(host, now)

    def sip_call_id(self, leg_id: LegId) -> str:
        """The Call-ID of an outbound leg that is not answered yet; "" if there is none."""
        leg = self._core.legs.get(leg_id)
        return leg.sip_call_id if isinstance(leg, OutboundInvite) else ""

    def replaces_of(self, leg_id: LegId) -> Replaces | None:
        """What names the dialog of an outbound leg to whoever would take its place (RFC 3891), once there is one."""
        leg = self._core.legs.get(leg_id)
        return None if leg is None else leg.replaces_for_peer()

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        """How long the peers of these stream connections may be silent; of a stranger's nothing is said."""
        return patience(self._core, self._registrar, flows)

    def bans(self, now: float) -> list[Ban]:
        """Bans in force, the newest first."""
        return self._guard.bans.listed(now)

    @property
    def security_counters(self) -> SecurityCounters:
        return self._guard.counters

    def subscriptions(self) -> list[Subscription]:
        """Who watches whom."""
        return self._reception.subscriptions.all()

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

    def _refuse_unread(self, invite: bytes, flow: Flow, now: float) -> bool:
        """503 to a new call beyond the rate; False for a repetition, or an INVITE within a dialog: that is let in.

        A stranger's address may be forged, so he gets no more answers here than anywhere else.
        """
        sender = top_via(invite)
        if sender is None or self._core.transactions.knows_invite(*sender):
            return False
        response = refuse(invite, self._core.settings.retry_after_s)
        if response is None:
            return False
        self._guard.counters.overloaded += 1
        is_known = (
            flow.kind.is_reliable or self._registrar.knows(flow) or self._core.trunks.find(flow.remote) is not None
        )
        if is_known or self._guard.admits(flow.remote.host, now):
            self._core.outputs.append(Transmit(flow, response))
        return True

    def _answer_stun(self, data: bytes, flow: Flow, now: float) -> None:
        answer = answer_binding(data, flow.remote)
        if answer is not None and self._registrar.knows(flow):  # it is longer than what strangers would forge
            self._core.outputs.append(Transmit(flow, answer))

    def _may_prove(self, data: bytes, flow: Flow, now: float) -> bool:
        guard = self._guard
        return data.startswith(b"REGISTER ") and guard.access.permits(flow) and guard.may_prove(flow.remote.host, now)

    def _ignore(self, flow: Flow, now: float) -> None:
        """A packet from a network that may not speak to this listener, or from a banned source."""
        if self._guard.access.permits(flow):
            self._guard.counters.unheard += 1
        else:
            self._guard.counters.denied += 1
            event = self._guard.report("denied", flow.remote.host, f"to {flow.kind.value} {flow.local}", now)
            if event is not None:
                self._core.outputs.append(event)
        if flow.kind.is_reliable:
            self._core.outputs.append(CloseFlow(flow))

    def _way_to(self, target: Target) -> Flow | Wanted | None:
        if not is_uri(target.uri):
            return None
        if target.flow is not None:
            return self._core.addresses.rehome(target.flow)
        return self._core.next_hop.first_way(target.uri, target.route, target.kind)

    def _inbound(self, leg_id: LegId) -> InboundInvite | None:
        """The inbound leg if it is still unanswered; LocalError for an outbound one."""
        leg = self._core.legs.get(leg_id)
        if isinstance(leg, OutboundInvite):
            raise LocalError(f"leg {leg_id} is outbound: only the called party can answer it.")
        return leg if isinstance(leg, InboundInvite) else None

    def _answered(self, leg_id: LegId) -> InviteSession | None:
        """The leg's session, None as long as its 2xx waits for a PRACK; LocalError if nobody has answered yet."""
        leg = self._core.legs.get(leg_id)
        if isinstance(leg, InboundInvite) and leg.is_accepted:
            return None
        if leg is not None and not isinstance(leg, InviteSession):
            raise LocalError(f"leg {leg_id} is not answered yet: there is no session to change.")
        return leg

    def _without_connection(self, binding: Binding) -> Binding:
        flow = binding.flow
        if not flow.kind.is_reliable:
            return binding
        kind, remote = self._core.next_hop.destination(binding.contact_uri, binding.path) or (flow.kind, flow.remote)
        return msgspec.structs.replace(binding, flow=Flow(kind, flow.local, remote))
