"""All transactions of an endpoint: finds the one a message belongs to, runs its timers, carries out what it says.

A client transaction is found by the branch we chose and the method (RFC 3261 section 17.1.3); a server transaction by
branch, sent-by and method (17.2.3), or by Call-ID, From tag and CSeq for peers older than RFC 3261. An ACK to a
refusal and a CANCEL have the branch of their INVITE.
"""

from typing import Protocol

from softswitch.base.address import Flow
from softswitch.base.deadlines import Deadlines
from softswitch.sip.kept import KeptTransaction, text_of, wire
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.meters import SipMeters
from softswitch.sip.outputs import SipOutput, Transmit
from softswitch.sip.transactions import invite_client, invite_server, non_invite_client, non_invite_server
from softswitch.sip.transactions.invite_client import InviteClientTransaction
from softswitch.sip.transactions.invite_server import InviteServerTransaction
from softswitch.sip.transactions.non_invite_client import NonInviteClientTransaction
from softswitch.sip.transactions.non_invite_server import NonInviteServerTransaction
from softswitch.sip.transactions.resting import Resting
from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact, Symbol, Timed


class ClientUser(Protocol):
    """Who sent a request and wants to know what became of it."""

    def receive_response(self, exchange: "ClientExchange", response: Response, now: float) -> None: ...

    def request_failed(self, exchange: "ClientExchange", fact: Fact, now: float) -> None:
        """No response will come: `fact` is TIMED_OUT or BROKEN."""
        ...


class ServerUser(Protocol):
    """Who answers an INVITE and wants to know whether the answer arrived."""

    def invite_settled(self, exchange: "ServerExchange", fact: Fact, now: float) -> None:
        """`fact` is ACKED (of a refusal, or of a 2xx whose ACK came with the INVITE's branch) or TIMED_OUT."""
        ...

    def invite_cancelled(self, exchange: "ServerExchange", now: float, cause: int) -> None:
        """The peer withdraws its INVITE; refuse it with 487 unless it is answered already.

        `cause` is the ISDN cause it gives, or 0.
        """
        ...


ClientKey = tuple[str, str]
ServerKey = tuple[tuple[str, ...], str]
"""`Request.sender_key` and the method, INVITE for an ACK."""
MergeKey = tuple[str, ...]


RESTING = (
    invite_client.State.ACCEPTED,
    invite_client.State.COMPLETED,
    non_invite_client.State.COMPLETED,
    invite_server.State.ACCEPTED,
    invite_server.State.CONFIRMED,
    non_invite_server.State.COMPLETED,
)
"""States that only time ends, and each after the same time."""


class ClientExchange:
    """A client transaction with the flow it uses and its user."""

    __slots__ = ("_table", "armed_at", "flow", "held", "is_answered", "key", "machine", "sent_at", "user")

    def __init__(
        self,
        table: "TransactionTable",
        key: ClientKey,
        machine: InviteClientTransaction | NonInviteClientTransaction,
        flow: Flow,
        user: ClientUser,
        sent_at: float,
    ) -> None:
        self._table = table
        self.key = key
        self.machine = machine
        self.flow = flow
        self.user = user
        self.sent_at = sent_at
        self.is_answered = False
        """By anything: for the meters."""
        self.armed_at: float | None = None
        self.held: tuple[bytes, ...] = ()
        """What waits for a peer whose connection is lost (returning.py); no longer than the transaction lives."""

    def handle_timeout(self, now: float) -> None:
        self.armed_at = None
        self.machine.handle_timeout(now)
        self._table.settle_client(self, now)

    def forget(self) -> None:
        """It has rested long enough."""
        self._table.forget_client(self)

    def cancelled(self, now: float) -> None:
        """CANCEL was sent for this INVITE; it now fails by itself if nothing comes back."""
        if isinstance(self.machine, InviteClientTransaction):
            self.machine.cancelled(now)
            self._table.settle_client(self, now)


class ServerExchange:
    """A server transaction with the flow its request came along. `to_tag` is what its responses carry."""

    __slots__ = ("_table", "armed_at", "flow", "is_settled", "key", "machine", "merge_key", "to_tag", "user")

    def __init__(
        self,
        table: "TransactionTable",
        key: ServerKey,
        machine: InviteServerTransaction | NonInviteServerTransaction,
        flow: Flow,
        merge_key: MergeKey | None,
    ) -> None:
        self._table = table
        self.key = key
        self.machine = machine
        self.flow = flow
        self.merge_key = merge_key
        self.user: ServerUser | None = None
        self.to_tag = ""
        self.is_settled = False
        """A final response was sent; what comes after it repeats it."""
        self.armed_at: float | None = None

    def keep(self) -> KeptTransaction:
        """By what an INVITE's repetitions are known. See `TransactionTable.adopt`."""
        key, _ = self.key
        return KeptTransaction(
            key=tuple([wire(part) for part in key]),
            merge_key=tuple([wire(part) for part in self.merge_key or ()]),
            flow=self.flow,
        )

    @property
    def last_packet(self) -> bytes:
        """What a repetition of the request is answered with."""
        return self.machine.packet

    def respond(self, response: Response, now: float) -> None:
        self.respond_packet(response.status, response.serialize(), now)

    def respond_packet(self, status: int, packet: bytes, now: float) -> None:
        """Send a response that is already in its final form, as a repeated 2xx is."""
        if not self.is_settled:
            self.is_settled = status >= 200
            self._table.meters.answered(self.key[1], status)
        self.machine.respond(status, packet, now)
        self._table.settle_server(self, now)

    def handle_timeout(self, now: float) -> None:
        self.armed_at = None
        self.machine.handle_timeout(now)
        self._table.settle_server(self, now)

    def forget(self) -> None:
        """It has rested long enough."""
        self._table.forget_server(self)


class Nobody:
    """The user of requests whose outcome changes nothing: CANCEL, and BYE for a dialog nobody wants."""

    __slots__ = ()

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        """Nothing to do."""

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        """Nothing to do."""


NOBODY = Nobody()


class TransactionTable:
    """The transactions of one endpoint. `outputs` and `deadlines` are the endpoint's own."""

    __slots__ = (
        "_by_flow",
        "_clients",
        "_deadlines",
        "_merged",
        "_outputs",
        "_resting",
        "_servers",
        "meters",
        "timers",
    )

    def __init__(self, timers: SipTimers, outputs: list[SipOutput], deadlines: Deadlines[Timed]) -> None:
        self.timers = timers
        self.meters = SipMeters()
        self._outputs = outputs
        self._deadlines = deadlines
        self._clients: dict[ClientKey, ClientExchange] = {}
        self._servers: dict[ServerKey, ServerExchange] = {}
        self._merged: dict[MergeKey, ServerKey] = {}
        self._by_flow: dict[Flow, set[ClientExchange]] = {}
        self._resting: dict[Symbol, Resting] = {state: Resting(deadlines) for state in RESTING}

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    # Inputs from the network

    def receive_response(self, response: Response, now: float) -> bool:
        """Give a response to its transaction; False if there is none. The response must be valid."""
        exchange = self._clients.get((response.branch, response.cseq.method))
        if exchange is None:
            return False
        self.meters.heard(exchange.key[1], response.status, None if exchange.is_answered else now - exchange.sent_at)
        exchange.is_answered = True
        exchange.machine.receive(response, now)
        self.settle_client(exchange, now)
        return True

    def flow_of(self, response: Response) -> Flow | None:
        """The flow of the request it answers; None if there is none."""
        exchange = self._clients.get((response.branch, response.cseq.method))
        return None if exchange is None else exchange.flow

    def receive_repeated(self, request: Request, flow: Flow, now: float) -> bool:
        """Give a request, or the ACK of a refusal, to the transaction it repeats or ends; False if it is new.

        One that comes from another host was made by somebody who guessed the branch: it is met with silence.
        """
        exchange = self._servers.get(server_key(request, request.method))
        if exchange is None:
            return False
        if exchange.flow.remote.host != flow.remote.host:
            return True
        machine = exchange.machine
        exchange.flow = flow
        if isinstance(machine, NonInviteServerTransaction):
            machine.receive_request(now)
        elif request.method == "ACK":
            machine.receive_ack(now)
        else:
            machine.receive_invite(now)
        self.settle_server(exchange, now)
        return True

    def flow_closed(self, flow: Flow, now: float) -> None:
        """This connection is no more: requests that wait for an answer on it have failed, and so have those for which
        it was opened. Of the latter it is seen by their flow that it had been open."""
        for exchange in self._by_flow.pop(flow._replace(connection=0), ()):
            exchange.flow = flow
            self._by_flow.setdefault(flow, set()).add(exchange)
        self.flow_broken(flow, now)

    def flow_broken(self, flow: Flow, now: float) -> None:
        """Nothing can be sent along this flow any more: requests that wait for an answer on it have failed."""
        for exchange in list(self._by_flow.get(flow, ())):
            exchange.machine.transport_failed(now)
            self.settle_client(exchange, now)

    def move(self, lost: Flow, flow: Flow) -> None:
        """Whoever was behind a lost connection is there now: what was held for him goes."""
        for exchange in self._by_flow.pop(lost, ()):
            exchange.flow = flow
            if flow.kind.is_reliable:
                self._by_flow.setdefault(flow, set()).add(exchange)
            self._outputs.extend(Transmit(flow, packet) for packet in exchange.held)
            exchange.held = ()

    # Inputs from the users

    def awaits_answer(self, flow: Flow) -> bool:
        """Whether a request of ours waits for its final response along this stream connection."""
        return flow in self._by_flow

    def send(self, request: Request, flow: Flow, user: ClientUser, now: float) -> ClientExchange:
        """Send a request whose top Via is ours, in a new client transaction."""
        packet = request.serialize()
        reliable = flow.kind.is_reliable
        if request.method == "INVITE":
            machine = InviteClientTransaction(request, packet, timers=self.timers, is_reliable=reliable, now=now)
        else:
            machine = NonInviteClientTransaction(packet, timers=self.timers, is_reliable=reliable, now=now)
        self.meters.sent(request.method)
        return self._add_client((request.branch, request.method), machine, flow, user, now)

    def adopt_sent(self, invite: Request, flow: Flow, user: ClientUser, now: float) -> ClientExchange:
        """Go on with the transaction of an INVITE that another process has sent, and that is being withdrawn."""
        machine = InviteClientTransaction(
            invite, b"", timers=self.timers, is_reliable=flow.kind.is_reliable, now=now, is_sent=True
        )
        return self._add_client((invite.branch, "INVITE"), machine, flow, user, now)

    def open(self, request: Request, flow: Flow) -> ServerExchange:
        """A new server transaction for a request that `receive_repeated` did not know."""
        self.meters.received(request.method)
        reliable = flow.kind.is_reliable
        if request.method == "INVITE":
            machine = InviteServerTransaction(timers=self.timers, is_reliable=reliable)
        else:
            machine = NonInviteServerTransaction(timers=self.timers, is_reliable=reliable)
        return self._add(server_key(request, request.method), machine, flow, request.merge_key)

    def adopt(self, kept: KeptTransaction, flow: Flow, packet: bytes = b"") -> ServerExchange:
        """Go on with the transaction of a peer's INVITE that another process had; `packet` is what it has said last."""
        machine = InviteServerTransaction(timers=self.timers, is_reliable=flow.kind.is_reliable)
        machine.adopt(packet)
        key = tuple([text_of(part) for part in kept.key])
        merge_key = tuple([text_of(part) for part in kept.merge_key])
        return self._add((key, "INVITE"), machine, flow, merge_key or None)

    # Getters

    def find_invite(self, cancel: Request, flow: Flow) -> ServerExchange | None:
        """The INVITE a CANCEL means. Only the host that sent the one may send the other."""
        exchange = self._servers.get(server_key(cancel, "INVITE"))
        return exchange if exchange is not None and exchange.flow.remote.host == flow.remote.host else None

    def knows_invite(self, branch: str, host: str, port: str) -> bool:
        """Whether an INVITE with this topmost Via is here already. `port` is "None" if it names none."""
        return ((branch, host, port), "INVITE") in self._servers

    def is_merged(self, request: Request) -> bool:
        """The same request has arrived by another way already (section 8.2.2.2)."""
        return request.merge_key in self._merged

    # For the exchanges

    def settle_client(self, exchange: ClientExchange, now: float) -> None:
        """Carry out what the transaction says, and arm its next deadline."""
        for output in exchange.machine.take_outputs():
            if isinstance(output, bytes):
                if exchange.flow.is_lost:
                    exchange.held += (output,)
                else:
                    self._outputs.append(Transmit(exchange.flow, output))
            elif isinstance(output, Response):
                exchange.user.receive_response(exchange, output, now)
            elif output is Fact.ENDED:
                self.forget_client(exchange)
            else:
                self.meters.failed(exchange.key[1])
                exchange.user.request_failed(exchange, output, now)
        self._arm(exchange)

    def settle_server(self, exchange: ServerExchange, now: float) -> None:
        """Carry out what the transaction says, and arm its next deadline."""
        for output in exchange.machine.take_outputs():
            if isinstance(output, bytes):
                if not exchange.flow.is_lost:
                    self._outputs.append(Transmit(exchange.flow, output))
            elif output is Fact.ENDED:
                self.forget_server(exchange)
            elif exchange.user is not None:
                exchange.user.invite_settled(exchange, output, now)
        self._arm(exchange)

    def forget_client(self, exchange: ClientExchange) -> None:
        self._clients.pop(exchange.key, None)
        exchange.user = NOBODY
        if exchange.flow.kind.is_reliable:
            waiting = self._by_flow.get(exchange.flow, set())
            waiting.discard(exchange)
            if not waiting:
                self._by_flow.pop(exchange.flow, None)

    def forget_server(self, exchange: ServerExchange) -> None:
        self._servers.pop(exchange.key, None)
        exchange.user = None
        if exchange.merge_key is not None and self._merged.get(exchange.merge_key) == exchange.key:
            del self._merged[exchange.merge_key]

    # Private

    def _add_client(
        self,
        key: ClientKey,
        machine: InviteClientTransaction | NonInviteClientTransaction,
        flow: Flow,
        user: ClientUser,
        now: float,
    ) -> ClientExchange:
        exchange = self._clients[key] = ClientExchange(self, key, machine, flow, user, now)
        if flow.kind.is_reliable:
            self._by_flow.setdefault(flow, set()).add(exchange)
        self.settle_client(exchange, now)
        return exchange

    def _add(
        self,
        key: ServerKey,
        machine: InviteServerTransaction | NonInviteServerTransaction,
        flow: Flow,
        merge_key: MergeKey | None,
    ) -> ServerExchange:
        exchange = ServerExchange(self, key, machine, flow, merge_key)
        self._servers[key] = exchange
        if merge_key is not None:
            self._merged[merge_key] = key
        return exchange

    def _arm(self, exchange: ClientExchange | ServerExchange) -> None:
        at = exchange.machine.next_timeout()
        armed_at = exchange.armed_at
        if at == armed_at:
            return
        exchange.armed_at = at
        resting = self._resting.get(exchange.machine.state)
        if at is not None and resting is None:
            self._deadlines.set(exchange, at)
            return
        if armed_at is not None:
            self._deadlines.cancel(exchange)
        if at is not None and resting is not None:
            resting.add(exchange, at)


def server_key(request: Request, method: str) -> ServerKey:
    """What makes two requests the same one (section 17.2.3). `request` must be valid."""
    return (request.sender_key, "INVITE" if method == "ACK" else method)
