"""Provisional responses that must arrive (RFC 3262): those we send, and the order of those we get.

One who sends a reliable provisional response repeats it, on every transport, after T1, 2 T1, 4 T1 … until its PRACK
comes, and gives the whole INVITE up after 64 T1 (section 3). There is one at a time: the next waits for the PRACK of
the one before. `RSeq` counts them, and `RAck` of a PRACK says which one it means.

One who gets them takes them in order (section 4):

| RSeq of what comes          | what is done                                                        |
|-----------------------------|---------------------------------------------------------------------|
| the first of its early dialog| PRACK; its number is where this dialog's begin                      |
| one more than the last      | PRACK                                                               |
| the last, or an earlier one | a repetition: dropped, our PRACK repeats itself                     |
| further on                  | one is missing: dropped, and it comes again after the missing one   |
"""

import re
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptReliable
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import SEQUENCE_MAX
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.methods import known_method
from softswitch.sip.messages.option_tags import has_option
from softswitch.sip.messages.parser import parse
from softswitch.sip.transactions.transaction_table import ServerExchange

WAITING_MAX = 8
"""Responses that wait for the PRACK of the one before. Who has so much to say within half a minute repeats himself."""

RACK = re.compile(r"([0-9]{1,10})[ \t]++([0-9]{1,10})[ \t]++([A-Za-z]++)")
RSEQ = re.compile(r"[0-9]{1,10}")


class RAck(NamedTuple):
    """Which response a PRACK acknowledges: its RSeq, and the CSeq of the request it answers."""

    rseq: int
    cseq: int
    method: str

    @classmethod
    def of(cls, prack: Request) -> "RAck":
        """Raises Malformed."""
        match = RACK.fullmatch(prack.require("rack"))
        if match is None or int(match[1]) > SEQUENCE_MAX or int(match[2]) > SEQUENCE_MAX:
            raise Malformed(400, "Malformed RAck")
        return cls(int(match[1]), int(match[2]), known_method(match[3]))


class ReliableProvisionals:
    """The reliable responses to one INVITE of a peer; `on_silence(now)` is called once if one is never acknowledged."""

    __slots__ = (
        "_core",
        "_cseq",
        "_exchange",
        "_gives_up_at",
        "_interval_s",
        "_on_silence",
        "_packet",
        "_queue",
        "_rseq",
    )

    def __init__(self, core: SipCore, exchange: ServerExchange, cseq: int, on_silence: Callable[[float], None]) -> None:
        self._core = core
        self._exchange = exchange
        self._cseq = cseq
        self._on_silence = on_silence
        self._rseq = core.entropy.integer(31)
        self._queue: deque[Response] = deque()
        """What the owner of the call had to say meanwhile; one with a description is never left out."""
        self._packet = b""
        """The one that is not acknowledged."""
        self._interval_s = 0.0
        self._gives_up_at = 0.0

    def adopt(self, kept: KeptReliable, now: float) -> None:
        """Go on with those of another process."""
        self._rseq = kept.rseq
        self._packet = kept.packet
        waiting = [parse(packet) for packet in kept.waiting]
        self._queue.extend(response for response in waiting if isinstance(response, Response))
        if self._packet:
            self._begin(now)

    def keep(self) -> KeptReliable:
        return KeptReliable(
            rseq=self._rseq,
            packet=self._packet,
            waiting=tuple([response.serialize() for response in self._queue]),
        )

    @property
    def is_waiting(self) -> bool:
        """A PRACK is missing."""
        return bool(self._packet)

    def send(self, response: Response, now: float) -> None:
        """Send it, as soon as the one before has arrived."""
        if self._packet:
            if response.body or len(self._queue) < WAITING_MAX:
                self._queue.append(response)
            return
        self._rseq += 1
        response.headers.append(("require", "100rel"))
        response.headers.append(("rseq", str(self._rseq)))
        self._packet = response.serialize()
        self._exchange.respond_packet(response.status, self._packet, now)
        self._begin(now)

    def is_meant(self, rack: RAck) -> bool:
        """Whether a PRACK acknowledges the response that waits for one."""
        return self.is_waiting and rack == (self._rseq, self._cseq, "INVITE")

    def acknowledged(self, now: float) -> None:
        """It has arrived; the next one goes."""
        self._packet = b""
        self._core.deadlines.cancel(self)
        if self._queue:
            self.send(self._queue.popleft(), now)

    def stop(self) -> None:
        """Nobody cares any more: there is a final response."""
        self._packet = b""
        self._queue.clear()
        self._core.deadlines.cancel(self)

    def _begin(self, now: float) -> None:
        timers = self._core.settings.timers
        self._interval_s = timers.t1
        self._gives_up_at = now + timers.transaction_s
        self._core.deadlines.set(self, now + self._interval_s)

    def handle_timeout(self, now: float) -> None:
        if not self._packet:
            return
        if now >= self._gives_up_at:
            self.stop()
            self._on_silence(now)
            return
        self._exchange.respond_packet(180, self._packet, now)
        self._interval_s *= 2.0
        self._core.deadlines.set(self, min(now + self._interval_s, self._gives_up_at))


class ReliableOrder:
    """How far one early dialog's reliable responses have come."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: int | None = None

    def is_next(self, rseq: int) -> bool:
        """Whether this one is to be acknowledged and read now; else it is a repetition, or one before it is missing."""
        if self._last is not None and rseq != self._last + 1:
            return False
        self._last = rseq
        return True


def read_rseq(response: Response) -> int | None:
    """The number of a reliable provisional response; None if this one is not reliable."""
    if response.status <= 100 or not has_option(response, "require", "100rel"):
        return None
    text = response.get("rseq") or ""
    return int(text) if RSEQ.fullmatch(text) and 0 < int(text) <= SEQUENCE_MAX else None
