"""How many requests and responses there are, of what kind, and how long peers take to say a first word.

Counted once for each transaction, however often it is repeated on the way; ACK has none, and is not counted. What is
answered without a transaction, as strangers are, is counted each time.
"""

from collections import Counter

from softswitch.base.meters import RESPONSE_BOUNDS_S, Histogram
from softswitch.sip.messages.methods import KNOWN_METHODS
from softswitch.sip.messages.status import REASONS

OTHER = "other"
"""Methods nobody has registered."""


class SipMeters:
    """Since the start of the endpoint. Methods by name, responses by method and status."""

    __slots__ = ("first_response_s", "requests_in", "requests_out", "responses_in", "responses_out", "unanswered")

    def __init__(self) -> None:
        self.requests_in: Counter[str] = Counter()
        self.requests_out: Counter[str] = Counter()
        self.responses_in: Counter[tuple[str, int]] = Counter()
        self.responses_out: Counter[tuple[str, int]] = Counter()
        self.unanswered: Counter[str] = Counter()
        """Requests of ours to which nothing final came in time, or whose connection broke."""
        self.first_response_s: dict[str, Histogram] = {}
        """From a request of ours to whatever comes first."""

    def received(self, method: str) -> None:
        self.requests_in[_known(method)] += 1

    def answered(self, method: str, status: int) -> None:
        self.responses_out[_known(method), _registered(status)] += 1

    def sent(self, method: str) -> None:
        self.requests_out[_known(method)] += 1

    def heard(self, method: str, status: int, waited_s: float | None) -> None:
        """`waited_s` is None for what is not the first response."""
        method = _known(method)
        self.responses_in[method, _registered(status)] += 1
        if waited_s is not None:
            histogram = self.first_response_s.get(method)
            if histogram is None:
                histogram = self.first_response_s[method] = Histogram(RESPONSE_BOUNDS_S)
            histogram.note(waited_s)

    def failed(self, method: str) -> None:
        self.unanswered[_known(method)] += 1


def _known(method: str) -> str:
    return method if method in KNOWN_METHODS else OTHER


def _registered(status: int) -> int:
    """A status that peers made up counts as the first of its class, as RFC 3261 section 8.1.3.2 treats it."""
    return status if status in REASONS else status // 100 * 100
