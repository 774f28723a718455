"""Takes a message apart far enough to know whose it is: a transaction's, a dialog's, or the beginning of something new.

```
 response ──► the client transaction with its branch          (none: counted)
 ACK      ──► the dialog whose 2xx waits for it ──► the transaction it settles
 request  ──► the transaction it repeats ──► valid? ──► CANCEL: the INVITE it means
                                               ├──────► the dialog To's tag names
                                               └──────► reception
```

What cannot be read, or breaks the rules, is answered with 400 and the fault as its reason, or with silence. Nothing a
peer sends raises out of here.
"""

import contextlib

from softswitch.base.address import Flow
from softswitch.sip.core import ALLOW, ALLOWED_METHODS, DialogUser, SipCore
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.methods import KNOWN_METHODS
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.reason import read_cause
from softswitch.sip.messages.validate import validate
from softswitch.sip.reception import Reception, unsupported_extensions
from softswitch.sip.registration.registrar import Registrar


class Dispatcher:
    __slots__ = ("_core", "_reception", "_registrar", "faults", "unmatched")

    def __init__(self, core: SipCore, reception: Reception, registrar: Registrar) -> None:
        self.faults = 0
        """Malformed messages since start."""
        self.unmatched = 0
        """Responses and ACKs that belong to nothing."""
        self._core = core
        self._reception = reception
        self._registrar = registrar

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One whole message, from a datagram or cut from a stream."""
        message = parse(data)
        if isinstance(message, Malformed):
            self.receive_malformed(message, flow, now)
            return
        try:
            if isinstance(message, Response):
                self._receive_response(message, flow, now)
            elif message.method == "ACK":
                self._receive_ack(message, flow, now)
            elif not self._core.transactions.receive_repeated(message, flow, now):
                self._receive_new(message, flow, now)
        except Malformed as fault:
            request = message if isinstance(message, Request) and message.method != "ACK" else None
            self.receive_malformed(Malformed(fault.status_hint, fault.reason, request), flow, now)

    def receive_malformed(self, fault: Malformed, flow: Flow, now: float) -> None:
        """What came along `flow` breaks the rules: the fault is named to the sender, or met with silence."""
        self.faults += 1
        source = flow.remote.host
        if self._core.trunks.sender(flow) is None and not self._registrar.knows(flow):
            guard = self._reception.guard
            guard.counters.malformed += 1
            self._core.outputs.extend(guard.offend("malformed", source, now, is_proven=flow.kind.is_reliable))
            event = guard.report("malformed", source, fault.reason, now)
            if event is not None:
                self._core.outputs.append(event)
            if not guard.admits(source, now):
                return
        if fault.request is None or fault.status_hint is None:
            return
        with contextlib.suppress(Malformed):
            fault.request.note_source(flow.remote)
        self._reception.refuse(fault.request, flow, fault.status_hint, reason=fault.reason)

    # Private

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        if response.cseq.method == "INVITE":
            _ = response.to, [route.uri for route in response.record_routes], [each.uri for each in response.contacts]
        if flow.connection:
            self._note_return(response, flow, now)
        is_stray = response.status in (401, 407) and not self._may_challenge(response, flow)
        if is_stray or not self._core.transactions.receive_response(response, now):
            self._receive_stray(response, flow, now)
        elif response.cseq.method in ("OPTIONS", "REGISTER"):
            # He hears us at this address: nobody else knows the branch.
            self._core.outputs.extend(self._reception.guard.note_success(flow.remote.host, now))

    def _note_return(self, response: Response, flow: Flow, now: float) -> None:
        """Who answers a request that another process has sent is behind the connection that it was sent along."""
        asked = self._core.transactions.flow_of(response)
        if asked is not None and asked.is_lost:
            self._core.returning.is_back(asked, flow, now)

    def _receive_stray(self, response: Response, flow: Flow, now: float) -> None:
        """It may belong to what was sent before a restart."""
        if response.cseq.method == "INVITE" and 200 <= response.status < 300:
            ours, peers = response.from_.tag or "", response.to.tag or ""
            user = self._core.dialogs.get((response.call_id, ours, peers))
            if user is not None and user.receive_stray(response, flow, now):
                return
        self.unmatched += 1

    def _may_challenge(self, response: Response, flow: Flow) -> bool:
        """A challenge is for whoever has our password: it must come from where the request went, or the same trunk."""
        asked = self._core.transactions.flow_of(response)
        if asked is None or asked.remote.host == flow.remote.host:
            return True
        trunk = self._core.trunks.find(flow.remote)
        return trunk is not None and trunk == self._core.trunks.find(asked.remote)

    def _receive_ack(self, ack: Request, flow: Flow, now: float) -> None:
        user = self._core.dialogs.get((ack.call_id, ack.to.tag or "", ack.from_.tag or ""))
        if user is not None and user.receive_ack(ack, flow, now):
            return
        if not self._core.transactions.receive_repeated(ack, flow, now):
            self.unmatched += 1

    def _receive_new(self, request: Request, flow: Flow, now: float) -> None:
        """A request no transaction knows."""
        fault = validate(request)
        if fault is not None:
            self.receive_malformed(fault, flow, now)
            return
        request.note_source(flow.remote)
        if request.method == "CANCEL":
            self._receive_cancel(request, flow, now)
            return
        tag = request.to.tag
        user = None if tag is None else self._find(request, tag, now)
        if user is None:
            self._reception.receive(request, flow, now)
        elif request.method not in KNOWN_METHODS:
            self._reception.refuse(request, flow, 501, (("allow", ALLOW),))
        elif request.method not in ALLOWED_METHODS:
            self._reception.refuse(request, flow, 405, (("allow", ALLOW),))
        elif unsupported := unsupported_extensions(request):
            self._reception.refuse(request, flow, 420, (("unsupported", unsupported),))
        elif self._core.is_full and request.method != "BYE":
            self._reception.refuse(request, flow, 503, self._core.try_later)
        else:
            user.receive_request(request, flow, now)

    def _find(self, request: Request, tag: str, now: float) -> DialogUser | None:
        """Whose dialog it is."""
        dialog_id = (request.call_id, tag, request.from_.tag or "")
        user = self._core.dialogs.get(dialog_id)
        if user is None and self._reception.subscriptions.restore_one(dialog_id, now):
            return self._core.dialogs.get(dialog_id)
        return user

    def _receive_cancel(self, cancel: Request, flow: Flow, now: float) -> None:
        """Section 9.2: 200 to the CANCEL itself, whatever becomes of the INVITE."""
        invite = self._core.transactions.find_invite(cancel, flow)
        if invite is None:
            self._reception.receive(cancel, flow, now)
            return
        exchange = self._core.transactions.open(cancel, flow)
        exchange.respond(make_response(cancel, 200, to_tag=invite.to_tag or None), now)
        if invite.user is not None:
            invite.user.invite_cancelled(invite, now, read_cause(cancel))
