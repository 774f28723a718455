"""The switch's connection to one media worker: batches out, replies and events in, and coming back after a loss.

    away ── connect ──> greeting ── worker's Hello ──> connected
     ^                     │                              │
     │                     └──> asking ──> settling ──>───┤  (a link that learns, before its first description)
     └──── every 50 ms ────┴──────── any fault ───────────┘

A link that `learn`s asks the worker first what it does, tells its owner, and describes nothing before `settle`. Until
then it is not connected as far as its owner is concerned: commands change the description, and events wait.

Commands change the description at once. While the link is connected they are also sent, all commands of one turn of
the event loop in one batch; otherwise the description, sent first after every connection, will say the same. So a
connection can be given up at any time and for any reason: a packet that is not understood, no reply in time, a worker
that does not read. It is made anew.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.media.description import MediaDescription, batches_of
from softswitch.media.limits import EVENTS_WAITING_MAX, WORKER_QUEUE_BYTES_MAX
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    Account,
    CommandBatch,
    DropStream,
    EventBatch,
    FromWorker,
    GiveAccount,
    Hello,
    MediaCommand,
    MediaEvent,
    Reply,
    SetHearing,
    StreamReports,
    WorkerStatistics,
)

RECONNECT_EVERY_S = 0.05
REPLY_WITHIN_S = 2.0
"""A tick lasts 20 ms; a worker that is silent for a hundred of them is not coming back by itself."""

_PACKETS_PER_WAKE_UP = 64  # then other sockets have their turn

_WHOLE_BATCH = -1  # the index of a refusal that concerns every command of its batch

_log = get_logger("media")
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)

Verdict = str | None
"""What became of a command: "" done, other text refused and why, None unknown because the connection was lost."""


class LinkOwner(Protocol):
    """Who is told what happens on a link. None of these may raise."""

    def account_given(self, link: "WorkerLink", account: MediaDescription) -> None:
        """What the worker does: the answer to a link that learns. Empty if the worker is too old to say."""
        ...

    def link_connected(self, link: "WorkerLink") -> Sequence[MediaCommand]:
        """The worker is here; returns commands to go before the description."""
        ...

    def link_lost(self, link: "WorkerLink") -> None:
        """The worker that was connected is not there any more, or will be told everything anew."""
        ...

    def event_received(self, link: "WorkerLink", event: MediaEvent) -> None: ...

    def command_refused(self, link: "WorkerLink", command: MediaCommand, reason: str) -> None: ...


class _Order(NamedTuple):
    command: MediaCommand
    verdict: "asyncio.Future[Verdict] | None"


class _Unanswered(NamedTuple):
    batch_id: int
    sent_at: float
    orders: list[_Order]


class WorkerLink:
    """One worker, as the switch sees it. Everything happens in the event loop it was started in."""

    def __init__(
        self,
        name: str,
        path: str,
        *,
        clock: Clock,
        owner: LinkOwner,
        reply_within_s: float = REPLY_WITHIN_S,
        queue_bytes_max: int = WORKER_QUEUE_BYTES_MAX,
    ) -> None:
        self.name = name
        self.description = MediaDescription()
        self.is_connected = False
        self.pid = 0
        self.program = ""
        """Which version of the softswitch the worker is of."""
        self.is_another = False
        """The worker is not the one that was there before: that one died."""
        self.statistics: WorkerStatistics | None = None
        self.has_learnt = False
        """The worker has said what it does, and has not been described to yet."""
        self.early_events: deque[MediaEvent] = deque(maxlen=EVENTS_WAITING_MAX)
        """Those that came before the worker was described to; they are handed on soon after that."""
        self._path = path
        self._clock = clock
        self._owner = owner
        self._reply_within_s = reply_within_s
        self._queue_bytes_max = queue_bytes_max
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: socket.socket | None = None
        self._reconnect: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        """For the worker's Hello, then for the oldest unanswered batch."""
        self._orders: list[_Order] = []
        self._batch_id = 0
        self._unanswered: deque[_Unanswered] = deque()
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._received = bytearray(PACKET_BYTES_MAX)
        self._last_fault = ""
        self._away_since = 0.0
        self._asks = False
        """The worker is asked what it does before it is described to."""
        self._is_settled = True
        self._account = MediaDescription()

    # From the owner

    def start(self) -> None:
        """Connect now, or as soon as the worker listens, and again whenever it was away."""
        self._loop = asyncio.get_running_loop()
        self._away_since = self._clock.now()
        self._connect()

    def learn(self) -> None:
        """Ask the worker what it does, and describe nothing before `settle`. To be said before the loop turns."""
        self._asks = True
        self._is_settled = False

    def settle(self) -> None:
        """All that is to be adopted has been: the worker is described to, now or when it is there and has told."""
        self._is_settled = True
        if self.has_learnt:
            self._describe()

    def close(self) -> None:
        """Leave the worker as it is and do not come back."""
        self._give_up("")
        if self._reconnect is not None:
            self._reconnect.cancel()
            self._reconnect = None

    def order(self, command: MediaCommand) -> None:
        """Have it done: now, or when the worker is back."""
        self.description.apply(command)
        self._queue(_Order(command, None))

    def ask(self, command: MediaCommand) -> "asyncio.Future[Verdict]":
        """Like `order`; the future tells what became of it. Without a connection it is None at once."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.description.apply(command)
        if self.is_connected:
            self._queue(_Order(command, verdict))
        else:
            verdict.set_result(None)
        return verdict

    # Connection

    def _connect(self) -> None:
        self._reconnect = None
        loop = self._running_loop()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.setblocking(False)
        try:
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            if self._clock.now() > self._away_since + self._reply_within_s:  # else it is only starting
                self._note(f"cannot connect to {self._path}: {error.strerror}")
            self._retry()
            return
        self._socket = connection
        self._deadline = loop.call_later(self._reply_within_s, self._give_up, "does not answer")
        loop.add_reader(connection, self._read)
        self._send(_encode(Hello(PROTOCOL_VERSION, self.name, os.getpid())))

    def _greet(self, hello: Hello) -> None:
        if hello.version != PROTOCOL_VERSION:
            self._give_up(f"speaks version {hello.version} of the protocol, not {PROTOCOL_VERSION}: restart it")
            return
        self._cancel_deadline()
        self.is_another = self.pid not in (0, hello.pid)
        self.pid = hello.pid
        self.program = hello.program
        self._last_fault = ""
        _log.info("media worker connected", worker=self.name, pid=hello.pid)
        if self._asks:
            self._account = MediaDescription()
            self._orders = [_Order(GiveAccount(), None)]
            self._flush()
        else:
            self._describe()

    def _learnt(self) -> None:
        self.has_learnt = True
        self._owner.account_given(self, self._account)
        self._account = MediaDescription()
        if self._is_settled:
            self._describe()

    def _describe(self) -> None:
        """Tell the worker what should be, and from now on each change of it."""
        self._asks = self.has_learnt = False
        self.is_connected = True
        if self.early_events:
            self._running_loop().call_soon(self._hand_on_early_events)
        self._orders = [_Order(part, None) for part in self.description.describe()]
        commands = self._owner.link_connected(self)  # which may ask for something as well
        self._orders = [_Order(command, None) for command in commands] + self._orders
        self._flush()

    def _give_up(self, fault: str) -> None:
        """Close the connection, if there is one, and try again a little later."""
        if self._socket is None:
            return
        self._note(fault)
        loop = self._running_loop()
        self._cancel_deadline()
        loop.remove_reader(self._socket)
        loop.remove_writer(self._socket)
        self._socket.close()
        self._socket = None
        self.has_learnt = False
        was_connected, self.is_connected = self.is_connected, False
        if was_connected:
            self._away_since = self._clock.now()
            self._owner.link_lost(self)
        self.statistics = None
        self._unsent.clear()
        self._unsent_bytes = 0
        orders, self._orders = self._orders, []
        for unanswered in self._unanswered:
            orders += unanswered.orders
        self._unanswered.clear()
        for order in orders:
            _settle(order, None)
        self._retry()

    def _retry(self) -> None:
        self._reconnect = self._running_loop().call_later(RECONNECT_EVERY_S, self._connect)

    def _note(self, fault: str) -> None:
        """Log a fault once, not at every attempt to reconnect."""
        if fault and fault != self._last_fault:
            self._last_fault = fault
            _log.warning("media worker is away", worker=self.name, reason=fault)

    # Sending

    def _queue(self, order: _Order) -> None:
        if not self.is_connected:
            return
        if not self._orders:
            self._running_loop().call_soon(self._flush)
        self._orders.append(order)

    def _flush(self) -> None:
        orders, self._orders = _without_vain(self._orders), []
        if not orders:
            return
        batches = batches_of([order.command for order in orders], self._batch_id + 1)
        start = 0
        for batch, _ in batches:
            self._expect_reply(batch, orders[start : start + len(batch.commands)])
            start += len(batch.commands)
        for _, packet in batches:
            self._send(packet)

    def _expect_reply(self, batch: CommandBatch, orders: list[_Order]) -> None:
        self._batch_id = batch.batch_id
        self._unanswered.append(_Unanswered(batch.batch_id, self._clock.now(), orders))
        if self._deadline is None:
            self._deadline = self._running_loop().call_later(self._reply_within_s, self._check_deadline)

    def _check_deadline(self) -> None:
        self._deadline = None
        if not self._unanswered:
            return
        left_s = self._unanswered[0].sent_at + self._reply_within_s - self._clock.now()
        if left_s <= 0.0:
            self._give_up("does not answer")
        else:
            self._deadline = self._running_loop().call_later(left_s, self._check_deadline)

    def _send(self, packet: bytes) -> None:
        if self._socket is None:
            return
        if not self._unsent:
            try:
                self._socket.send(packet)
                return
            except BlockingIOError:
                self._running_loop().add_writer(self._socket, self._write)
            except OSError as error:
                self._give_up(f"cannot be written to: {error.strerror}")
                return
        self._unsent.append(packet)
        self._unsent_bytes += len(packet)
        if self._unsent_bytes > self._queue_bytes_max:
            self._give_up("does not read its commands")

    def _write(self) -> None:
        while self._unsent and self._socket is not None:
            try:
                self._socket.send(self._unsent[0])
            except BlockingIOError:
                return
            except OSError as error:
                self._give_up(f"cannot be written to: {error.strerror}")
                return
            self._unsent_bytes -= len(self._unsent.popleft())
        if self._socket is not None:
            self._running_loop().remove_writer(self._socket)

    # Receiving

    def _read(self) -> None:
        for _ in range(_PACKETS_PER_WAKE_UP):
            if self._socket is None:
                return
            try:
                size = self._socket.recv_into(self._received)
            except BlockingIOError:
                return
            except OSError as error:
                self._give_up(f"cannot be read from: {error.strerror}")
                return
            if size == 0:
                self._give_up("ended, or another switch took it over")
                return
            self._receive(memoryview(self._received)[:size])

    def _receive(self, packet: memoryview) -> None:
        try:
            message = _decoder.decode(packet)
        except msgspec.DecodeError as error:
            self._give_up(f"sent what is not in the protocol: {error}")
            return
        match message:
            case Hello():
                if not (self.is_connected or self.has_learnt or self._unanswered):
                    self._greet(message)
            case Reply():
                self._settle_batch(message)
            case Account(part):
                self._account.apply(part)
            case EventBatch(events):
                for event in events:
                    self._take_event(event)

    def _take_event(self, event: MediaEvent) -> None:
        if isinstance(event, WorkerStatistics):
            self._note_statistics(event)
        if self.is_connected and not self.early_events:
            self._owner.event_received(self, event)
        elif not isinstance(event, WorkerStatistics | StreamReports):
            self.early_events.append(event)

    def _note_statistics(self, said: WorkerStatistics) -> None:
        known = 0 if self.statistics is None else self.statistics.events_left_out
        if said.events_left_out > known:
            _log.warning(
                "media worker had no room for all that happened while no switch was there: digits may be lost",
                worker=self.name,
                left_out=said.events_left_out - known,
            )
        self.statistics = said

    def _hand_on_early_events(self) -> None:
        while self.early_events:
            self._owner.event_received(self, self.early_events.popleft())

    def _settle_batch(self, reply: Reply) -> None:
        if not self._unanswered or self._unanswered[0].batch_id != reply.batch_id:
            self._give_up(f"answered batch {reply.batch_id} out of turn")
            return
        orders = self._unanswered.popleft().orders
        reasons = {refusal.index: refusal.reason or "refused" for refusal in reply.refusals}
        for index, order in enumerate(orders):
            reason = reasons.get(index, reasons.get(_WHOLE_BATCH, ""))
            if isinstance(order.command, GiveAccount):
                if reason:
                    _log.warning(
                        "media worker is older than the switch and cannot say what it does: "
                        "its calls go on as far as the switch has kept them",
                        worker=self.name,
                        reason=reason,
                    )
                self._learnt()
            elif order.verdict is None and reason:
                self._owner.command_refused(self, order.command, reason)
            _settle(order, reason)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None, "start() comes first"
        return self._loop


def _without_vain(orders: list[_Order]) -> list[_Order]:
    """Without what streams are told to hear in the turn in which they are dropped: at the end of a call, both."""
    dropped = {order.command.stream_id for order in orders if isinstance(order.command, DropStream)}
    if not dropped:
        return orders
    return [
        order
        for order in orders
        if not (isinstance(order.command, SetHearing) and order.command.hearing.stream_id in dropped)
    ]


def _settle(order: _Order, verdict: Verdict) -> None:
    if order.verdict is not None and not order.verdict.done():
        order.verdict.set_result(verdict)
