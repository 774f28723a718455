"""What comes in, before it is read: who is not heard, what finds too much to do, what is no SIP.

| a packet                                                     | what becomes of it                           |
|--------------------------------------------------------------|----------------------------------------------|
| of a network that may not speak to its listener, of a banned | counted; a stream is closed                  |
| source                                                       |                                              |
| a STUN binding request                                       | answered to registered phones                |
| a keep-alive                                                 | swallowed                                    |
| an INVITE of a new call beyond the rate of overload          | 503 by the cheapest answer, unread           |
| anything else                                                | `Dispatcher`                                 |
"""

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.dispatcher import Dispatcher
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.stun import answer_binding, begins_like_stun
from softswitch.sip.outputs import CloseFlow, Transmit
from softswitch.sip.overload.admission import Admission
from softswitch.sip.overload.refusal import is_ack_of_refusal, refuse, top_via
from softswitch.sip.registration.registrar import Registrar
from softswitch.sip.security.guard import Guard

KEEP_ALIVES = (b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0")
"""What phones send to keep a NAT open; swallowed (RFC 5626 section 4.4 and custom)."""


class Intake:
    """See `SipEndpoint`."""

    __slots__ = ("_admission", "_core", "_dispatcher", "_guard", "_registrar")

    def __init__(self, core: SipCore, dispatcher: Dispatcher, registrar: Registrar, guard: Guard) -> None:
        self._core = core
        self._dispatcher = dispatcher
        self._registrar = registrar
        self._guard = guard
        self._admission = Admission()

    # Inputs

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

    def note_load(self, busy: float, queue_s: float, now: float) -> None:
        """The driver's measurement, ten times a second: the part of a core in use, and how long work waits."""
        self._admission.note_load(busy, queue_s, now)

    # Getters

    @property
    def admission_rate_per_s(self) -> float | None:
        """New calls let in a second while there is too much to do; None while all are."""
        return self._admission.rate_per_s

    def hears(self, flow: Flow, now: float) -> bool:
        """Whether what comes along this flow is read at all."""
        guard, host = self._guard, flow.remote.host
        is_permitted = guard.access.permits(flow)
        if is_permitted and (not guard.bans.holds(host, now) or self._registrar.knows(flow)):
            return True
        if host in self._core.trunks.learned:
            return True
        return is_permitted and flow.kind.is_reliable and guard.bans.has_way_out(host, now)

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
