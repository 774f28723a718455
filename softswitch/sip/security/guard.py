"""What strangers may ask of us: buckets of tokens per source and neighbourhood, one of wrong passwords, and bans.

Silence is the answer to all of it. A refusal would tell a scanner that somebody is here, and a flood of refusals is a
flood as well. Whoever is known, a trunk or the flow of a registered phone, may ask what he likes, but no more than
others for passwords: his flow has a bucket of its own, and so the rest of his office is not shut out with him.
Who goes on is banned (bans.py): nothing of his is read any more, but a REGISTER now and then if it is not proven that
it was he.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from softswitch.sip.limits import SOURCES_MAX
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import BanChanged, SecurityEvent, SecurityKind, SipOutput
from softswitch.sip.security.access import Access
from softswitch.sip.security.bans import BanList
from softswitch.sip.security.fingerprints import fingerprint
from softswitch.sip.security.networks import Network, neighbourhood_of, source_of
from softswitch.sip.settings import AccessList, GuardSettings

K = TypeVar("K")
V = TypeVar("V")

REPORT_EVERY_S = 10.0
"""A source is reported once per kind and this long; the repeats in between are counted."""

NEIGHBOURHOOD_RATE = 4.0
"""How many times the rate of one address all addresses of its neighbourhood have together."""

PROOFS_PER_S = 0.2
PROOFS_BURST = 4.0
"""REGISTERs a source is heard with while it is banned for what may be forged: one, and the one with the password, of
two phones."""


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


class SecurityCounters:
    """What was met since start: one number for each way of being unwelcome."""

    __slots__ = ("bans", "challenged", "denied", "failures", "malformed", "overloaded", "unheard")

    def __init__(self) -> None:
        self.challenged = 0
        """Requests answered with 401, the first of every phone among them."""
        self.failures = 0
        """Wrong passwords and unknown users."""
        self.malformed = 0
        """Malformed messages of strangers."""
        self.denied = 0
        """Packets of networks that may not speak to their listener."""
        self.unheard = 0
        """Packets of banned sources."""
        self.bans = 0
        self.overloaded = 0
        """INVITEs refused because there was too much to do."""


class Guard:
    """One per endpoint. Sources are IP addresses as text; passwords are also tried by an address with its port."""

    __slots__ = (
        "_failures",
        "_neighbours",
        "_proofs",
        "_reports",
        "_requests",
        "access",
        "bans",
        "counters",
        "dropped",
        "settings",
    )

    def __init__(
        self,
        settings: GuardSettings,
        access: tuple[AccessList, ...] = (),
        trunks: Iterable[Network] = (),
        wall_offset: float = 0.0,
        is_home: Callable[[str], bool] = lambda source: False,
    ) -> None:
        networks = list(trunks)
        self.settings = settings
        self.dropped = 0
        """Requests that got silence, since start."""
        self.counters = SecurityCounters()
        self.bans = BanList(settings, networks, wall_offset, is_home)
        self.access = Access(access, networks)
        self._requests: dict[str, Bucket] = {}
        self._neighbours: dict[str, Bucket] = {}
        self._failures: dict[str, Bucket] = {}
        self._proofs: dict[str, Bucket] = {}
        self._reports: dict[tuple[str, str], tuple[float, int]] = {}

    def update(self, settings: GuardSettings, access: tuple[AccessList, ...], trunks: Iterable[Network]) -> None:
        networks = list(trunks)
        self.settings = settings
        self.bans.update(settings, networks)
        self.access = Access(access, networks)

    def admits(self, host: str, now: float) -> bool:
        """Whether a stranger's new request is looked at: not too many of them, nor too many wrong passwords before."""
        source = source_of(host)
        if not self.may_try_password(source, now):
            return False
        rate, burst = self.settings.requests_per_s, self.settings.burst
        if not _bucket_of(self._requests, source, burst, now).take(rate, burst, now):
            return False
        rate, burst = rate * NEIGHBOURHOOD_RATE, burst * NEIGHBOURHOOD_RATE
        return _bucket_of(self._neighbours, neighbourhood_of(host), burst, now).take(rate, burst, now)

    def may_try_password(self, source: str, now: float) -> bool:
        """Whether its wrong passwords are few enough that the next one is judged."""
        failures = self._failures.get(source)
        settings = self.settings
        return failures is None or not failures.is_empty(settings.failures_per_s, settings.failures_burst, now)

    def note_failure(self, source: str, now: float) -> None:
        """A wrong password, or an unknown user: the same. `source` is a host, or an address with its port."""
        settings = self.settings
        bucket = _bucket_of(self._failures, source, settings.failures_burst, now)
        bucket.take(settings.failures_per_s, settings.failures_burst, now)

    def scanner(self, request: Request) -> str:
        """What gives a scanner away, "" for everybody else."""
        return fingerprint(request, self.settings.scanners)

    def may_prove(self, host: str, now: float) -> bool:
        """Whether a REGISTER of a banned source is read all the same: it may be a phone whose address others forge."""
        if not self.bans.has_way_out(host, now):
            return False
        return _bucket_of(self._proofs, source_of(host), PROOFS_BURST, now).take(PROOFS_PER_S, PROOFS_BURST, now)

    def note_success(self, host: str, now: float) -> tuple[SipOutput, ...]:
        """Somebody has shown that he hears what is sent there; what there is to tell, if that ends a ban."""
        ban = self.bans.note_success(host, now)
        return () if ban is None else (BanChanged(ban, is_lifted=True),)

    def offend(self, kind: str, host: str, now: float, *, is_proven: bool) -> tuple[SipOutput, ...]:
        """Count an offence (bans.py has their weights); what there is to tell, if it was one too many.

        `is_proven`: the address it came from is not forged.
        """
        is_banned = self.bans.holds(host, now)
        ban = self.bans.offend(kind, host, now, is_proven=is_proven)
        if ban is None or is_banned:
            return ()
        self.counters.bans += 1
        lasts_s = round(ban.until_wall - ban.since_wall)
        said = f"{ban.network} for {lasts_s} s ({kind}, time {ban.times})"
        return BanChanged(ban), SecurityEvent("banned", host, said)

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
