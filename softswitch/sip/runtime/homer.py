"""Sends every SIP message to Homer, from the log, a tenth of a second after it passed: by then its call is known.

Nothing waits for Homer: what its socket does not take at once, and what the log has forgotten before its turn came, is
dropped, counted and logged.
"""

import asyncio
import socket
from collections.abc import Callable

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.sip.runtime.local_address import family_of
from softswitch.sip.tracing.excerpt import trace
from softswitch.sip.tracing.hep import hep_packet
from softswitch.sip.tracing.message_log import LoggedMessage, MessageLog
from softswitch.sip.tracing.reading import call_id_of

log = get_logger("homer")

EVERY_S = 0.1
MESSAGES_A_TURN = 100
"""Encoded and sent in one turn of the event loop: two or three milliseconds."""
COMPLAIN_EVERY_S = 60.0


class HomerLink:
    """Make it, `start()`, `stop()`. `correlate` gives our id of the call a SIP Call-ID belongs to, or ""."""

    def __init__(
        self,
        messages: MessageLog,
        remote: HostPort,
        *,
        capture_id: int,
        password: str,
        correlate: Callable[[str], str],
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.sent = 0
        self.dropped = 0
        self._messages = messages
        self.remote = remote
        self._capture_id = capture_id
        self._password = password
        self._correlate = correlate
        self._clock = clock
        self._loop = loop
        self._socket = socket.socket(family_of(remote.host), socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._number = messages.next_number
        self._complained_at = 0.0
        self._dropped_before = 0
        self._timer: asyncio.Handle | None = None

    def start(self) -> None:
        """Send what comes from now on."""
        self._timer = self._loop.call_later(EVERY_S, self._send_new)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._socket.close()

    def _send_new(self) -> None:
        new = self._messages.since(self._number, MESSAGES_A_TURN)
        self._number = new.next_number
        self.dropped += new.lost
        wall_offset = self._clock.wall() - self._clock.now()
        for logged in new.messages:
            self._send(logged, wall_offset)
        if self.dropped > self._dropped_before:
            self._complain()
        is_behind = len(new.messages) == MESSAGES_A_TURN
        self._timer = self._loop.call_later(0 if is_behind else EVERY_S, self._send_new)

    def _send(self, logged: LoggedMessage, wall_offset: float) -> None:
        sip_call_id = call_id_of(logged.message).decode("utf-8", "surrogateescape")
        packet = hep_packet(
            trace(logged, wall_offset),
            capture_id=self._capture_id,
            password=self._password,
            correlation_id=self._correlate(sip_call_id),
        )
        try:
            self._socket.sendto(packet, self.remote)
            self.sent += 1
        except OSError:
            self.dropped += 1

    def _complain(self) -> None:
        now = self._clock.now()
        if self._complained_at and now - self._complained_at < COMPLAIN_EVERY_S:
            return
        self._complained_at = now
        log.warning("messages not sent", homer=str(self.remote), dropped=self.dropped - self._dropped_before)
        self._dropped_before = self.dropped
