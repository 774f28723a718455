"""What strangers may ask of us: a bucket of tokens per source address, one of wrong passwords, and a list of scanners.

Silence is the answer to all of it. A refusal would tell a scanner that somebody is here, and a flood of refusals is a
flood as well. Whoever is known, a trunk or the flow of a registered phone, may ask what he likes, but no more than
others for passwords: his flow has a bucket of its own, and so the rest of his office is not shut out with him.
"""

from typing import TypeVar

from softswitch.sip.messages.legible import legible
from softswitch.sip.outputs import SecurityEvent, SecurityKind
from softswitch.sip.settings import GuardSettings

K = TypeVar("K")
V = TypeVar("V")

SOURCES_MAX = 20_000
"""Addresses remembered, the oldest goes first. Who can send from more of them than this wins a full bucket."""

REPORT_EVERY_S = 10.0
"""A source is reported once per kind and this long; the repeats in between are counted."""


class Bucket:
    """Fills at `rate` per second up to `burst`; `take` is False when it is empty."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, burst: float, now: float) -> None:
        self._tokens = burst
        self._at = now

    def take(self, rate: float, burst: float, now: float) -> bool:
        self._refill(rate, burst, now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def is_empty(self, rate: float, burst: float, now: float) -> bool:
        self._refill(rate, burst, now)
        return self._tokens < 1.0

    def _refill(self, rate: float, burst: float, now: float) -> None:
        self._tokens = min(burst, self._tokens + rate * (now - self._at))
        self._at = now


class Guard:
    """One per endpoint. Sources are IP addresses as text; passwords are also tried by an address with its port."""

    __slots__ = ("_failures", "_reports", "_requests", "dropped", "settings")

    def __init__(self, settings: GuardSettings) -> None:
        self.settings = settings
        self.dropped = 0
        """Requests that got silence, since start."""
        self._requests: dict[str, Bucket] = {}
        self._failures: dict[str, Bucket] = {}
        self._reports: dict[tuple[str, str], tuple[float, int]] = {}

    def admits(self, source: str, now: float) -> bool:
        """Whether a stranger's new request is looked at: not too many of them, nor too many wrong passwords before."""
        if not self.may_try_password(source, now):
            return False
        settings = self.settings
        bucket = _bucket_of(self._requests, source, settings.burst, now)
        return bucket.take(settings.requests_per_s, settings.burst, now)

    def may_try_password(self, source: str, now: float) -> bool:
        """Whether its wrong passwords are few enough that the next one is judged."""
        failures = self._failures.get(source)
        settings = self.settings
        return failures is None or not failures.is_empty(settings.failures_per_s, settings.failures_burst, now)

    def note_failure(self, source: str, now: float) -> None:
        """A wrong password, or an unknown user: the same."""
        settings = self.settings
        bucket = _bucket_of(self._failures, source, settings.failures_burst, now)
        bucket.take(settings.failures_per_s, settings.failures_burst, now)

    def is_scanner(self, user_agent: str | None) -> bool:
        if user_agent is None:
            return False
        lower = user_agent.lower()
        return any(scanner in lower for scanner in self.settings.scanners)

    def drop(self, kind: SecurityKind, source: str, detail: str, now: float) -> SecurityEvent | None:
        """Count a request that gets silence; the fact to report, if any."""
        self.dropped += 1
        return self.report(kind, source, detail, now)

    def report(self, kind: SecurityKind, source: str, detail: str, now: float) -> SecurityEvent | None:
        """A fact for the security log, unless this source was reported for the same just now."""
        reported_at, count = self._reports.get((kind, source), (-REPORT_EVERY_S, 0))
        if now - reported_at < REPORT_EVERY_S:
            self._reports[(kind, source)] = (reported_at, count + 1)
            return None
        self._reports.pop((kind, source), None)
        _make_room(self._reports)
        self._reports[(kind, source)] = (now, 0)
        return SecurityEvent(kind, source, legible(detail), count + 1)


def _bucket_of(buckets: dict[str, Bucket], source: str, burst: float, now: float) -> Bucket:
    bucket = buckets.get(source)
    if bucket is None:
        _make_room(buckets)
        bucket = buckets[source] = Bucket(burst, now)
    return bucket


def _make_room(table: dict[K, V]) -> None:
    if len(table) >= SOURCES_MAX:
        del table[next(iter(table))]
