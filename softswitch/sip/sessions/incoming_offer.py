"""An offer of the peer's that its owner has not answered, in an INVITE, UPDATE or PRACK."""

from typing import NamedTuple

from softswitch.sip.messages.message import Request, make_response
from softswitch.sip.transactions.transaction_table import ServerExchange

TRYING_AFTER_S = 0.2
"""A re-INVITE that its owner thinks about longer gets a 100, so that it is not repeated (RFC 3261 section 17.2.1)."""


class IncomingOffer(NamedTuple):
    request: Request
    exchange: ServerExchange


class Trying:
    """The 100 of a re-INVITE that is not answered yet."""

    __slots__ = ("_incoming",)

    def __init__(self, incoming: IncomingOffer) -> None:
        self._incoming = incoming

    def handle_timeout(self, now: float) -> None:
        request, exchange = self._incoming
        exchange.respond(make_response(request, 100), now)
