"""How often somebody may ask: a bucket of tokens for each user, key and address.

A bucket holds twice what may be asked in a second and fills at that rate. Buckets that are full again are those of
nobody in particular, so that those used longest ago are forgotten when there are too many.
"""

from collections import OrderedDict

from softswitch.web.limits import BUCKETS_MAX


class RateLimit:
    """`per_s` requests a second in the long run for each name, `burst` at once."""

    def __init__(self, per_s: float, *, burst: float | None = None, buckets_max: int = BUCKETS_MAX) -> None:
        self._per_s = per_s
        self._burst = max(1.0, 2 * per_s if burst is None else burst)
        self._buckets_max = buckets_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float) -> float:
        """0.0, or the seconds until the next one is welcome."""
        tokens, at = self._buckets.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
        self._buckets[name] = (tokens if wait_s else tokens - 1, now)
        if len(self._buckets) > self._buckets_max:
            self._buckets.popitem(last=False)
        return wait_s

    def __len__(self) -> int:
        return len(self._buckets)
