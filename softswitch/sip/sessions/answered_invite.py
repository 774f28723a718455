"""A 2xx we answered an INVITE with, until its ACK comes (RFC 3261 section 13.3.1.4).

A 2xx travels end to end, so nobody but us repeats it, on every transport: after T1, 2 T1 … at most every T2, for 64 T1.
A caller that has not acknowledged by then is told BYE.
"""

from collections.abc import Callable

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptAnswer
from softswitch.sip.transactions.transaction_table import ServerExchange


class AnsweredInvite:
    """Repeats `packet` through the INVITE's transaction until `settle`; without it, calls `on_silence(now)` once.

    `has_offer`: the 2xx carries our offer, so the ACK must carry the answer.
    """

    __slots__ = (
        "_core",
        "_exchange",
        "_gives_up_at",
        "_interval_s",
        "_is_settled",
        "_on_silence",
        "_packet",
        "cseq",
        "has_offer",
        "was_moved",
    )

    def __init__(
        self,
        core: SipCore,
        exchange: ServerExchange,
        packet: bytes,
        cseq: int,
        now: float,
        *,
        has_offer: bool,
        on_silence: Callable[[float], None],
    ) -> None:
        timers = core.settings.timers
        self.cseq = cseq
        self.has_offer = has_offer
        self.was_moved = False
        """The connection it went along broke: the peer may have given its INVITE up with it, and send no ACK ever."""
        self._core = core
        self._exchange = exchange
        self._packet = packet
        self._interval_s = timers.t1
        self._gives_up_at = now + timers.transaction_s
        self._on_silence = on_silence
        self._is_settled = False
        exchange.respond_packet(200, packet, now)
        core.deadlines.set(self, now + self._interval_s)

    def keep(self) -> KeptAnswer:
        return KeptAnswer(
            packet=self._packet, cseq=self.cseq, has_offer=self.has_offer, transaction=self._exchange.keep()
        )

    def move_to(self, flow: Flow, now: float) -> None:
        """The peer is there now."""
        self.was_moved = True
        self._exchange.flow = flow
        if not self._is_settled:
            self._exchange.respond_packet(200, self._packet, now)

    def settle(self) -> None:
        """The ACK is here, or nobody cares any more."""
        self._is_settled = True
        self._exchange.user = None
        self._core.deadlines.cancel(self)

    def handle_timeout(self, now: float) -> None:
        if self._is_settled:
            return
        if now >= self._gives_up_at:
            self._on_silence(now)
            return
        self._exchange.respond_packet(200, self._packet, now)
        self._interval_s = min(2.0 * self._interval_s, self._core.settings.timers.t2)
        self._core.deadlines.set(self, min(now + self._interval_s, self._gives_up_at))
