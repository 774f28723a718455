"""How many new calls are let in when there is too much to do (RFC 6357's problem, RFC 7339's rate without its headers).

A switch that answers every INVITE late answers none in time: callers repeat what they sent, and the work is done for
calls that were given up. So as soon as work queues up, INVITEs beyond a rate are refused by the cheapest answer there
is (refusal.py), before anything of them is read. Everything else, which belongs to calls that were let in or keeps
phones registered, goes on.

The rate follows from what is measured every tenth of a second: how busy the process is, and how long work has waited,
in the event loop or before our sockets.

| measured                                | what becomes of the rate                                              |
|-----------------------------------------|-----------------------------------------------------------------------|
| work waits longer than `QUEUE_MAX_S`    | three quarters of it                                                  |
| work waits longer than `QUEUE_HIGH_S`   | less by a tenth, or to what fits into `BUSY_TARGET`, whichever is less |
| busier than `BUSY_MAX`                  | what fits into `BUSY_TARGET`                                          |
| less busy than `BUSY_TARGET`            | a fiftieth more, a tenth if far less; none once it is above the demand |

Work that waits counts only if it has waited for `SUSTAINED_S` without a break: a stall that is over by itself, of us or
of the machine, costs nobody a call. After a cut the next one waits until its effect can be seen. A burst of `BURST_S`
seconds is let through.
"""

BUSY_TARGET = 0.92
BUSY_MAX = 0.97
"""Of one core. Above it queues grow faster than they are seen."""
QUEUE_HIGH_S = 0.1
QUEUE_MAX_S = 0.25
"""Half of T1: a caller's INVITE that waits twice as long is sent again."""
SUSTAINED_S = 0.25
CUT_EVERY_S = 0.3
GROWTH = 0.02
RATE_MIN_PER_S = 5.0
"""However bad it is, somebody gets in, or nothing would ever be measured."""
BURST_S = 0.05
SMOOTHING = 0.4
"""Weight of the newest measurement."""


class Admission:
    """`admits` for every new INVITE, `note_load` every tenth of a second."""

    __slots__ = (
        "_admitted",
        "_admitted_per_s",
        "_busy",
        "_cut_at",
        "_demand",
        "_demand_per_s",
        "_high_since",
        "_noted_at",
        "_rate",
        "_taken_at",
        "_tokens",
        "refused",
    )

    def __init__(self) -> None:
        self.refused = 0
        """INVITEs that were not let in, since start."""
        self._rate: float | None = None
        """New calls a second; None: as many as come."""
        self._tokens = 0.0
        self._taken_at = 0.0
        self._admitted = 0
        self._admitted_per_s = 0.0
        self._demand = 0
        self._demand_per_s = 0.0
        self._high_since: float | None = None
        """Since when work waits."""
        self._busy = 0.0
        self._noted_at: float | None = None
        self._cut_at = float("-inf")

    @property
    def rate_per_s(self) -> float | None:
        """New calls let in a second; None while there is no limit."""
        return self._rate

    def admits(self, now: float) -> bool:
        """Whether one more new call is let in."""
        self._demand += 1
        rate = self._rate
        if rate is not None:
            self._tokens = min(max(1.0, rate * BURST_S), self._tokens + rate * (now - self._taken_at))
            self._taken_at = now
            if self._tokens < 1.0:
                self.refused += 1
                return False
            self._tokens -= 1.0
        self._admitted += 1
        return True

    def note_load(self, busy: float, queue_s: float, now: float) -> None:
        """`busy` is the part of a core the process has used since the last time, `queue_s` how long work waits."""
        if self._noted_at is None or now <= self._noted_at:
            self._noted_at = now
            self._admitted = self._demand = 0
            return
        elapsed_s = now - self._noted_at
        self._noted_at = now
        self._admitted_per_s += SMOOTHING * (self._admitted / elapsed_s - self._admitted_per_s)
        self._demand_per_s += SMOOTHING * (self._demand / elapsed_s - self._demand_per_s)
        self._busy += SMOOTHING * (min(busy, 1.0) - self._busy)
        self._admitted = self._demand = 0
        if queue_s <= QUEUE_HIGH_S:
            self._high_since = None
        elif self._high_since is None:
            self._high_since = now
        is_waiting = self._high_since is not None and now - self._high_since >= SUSTAINED_S
        if is_waiting or self._busy > BUSY_MAX:
            self._cut(queue_s if is_waiting else 0.0, now)
        elif self._rate is not None and self._busy < BUSY_TARGET:
            self._grow()

    # Private

    def _cut(self, queue_s: float, now: float) -> None:
        if now - self._cut_at < CUT_EVERY_S:
            return
        self._cut_at = now
        rate = self._admitted_per_s if self._rate is None else min(self._rate, self._admitted_per_s)
        if queue_s > QUEUE_MAX_S:
            rate *= 0.75
        elif queue_s > QUEUE_HIGH_S:
            rate *= min(0.9, BUSY_TARGET / max(self._busy, BUSY_TARGET))
        else:
            rate *= BUSY_TARGET / self._busy
        if self._rate is None:
            self._tokens, self._taken_at = 0.0, now
        self._rate = max(RATE_MIN_PER_S, rate)

    def _grow(self) -> None:
        assert self._rate is not None, "the caller has looked"
        is_far_below = self._busy < BUSY_TARGET - 0.2
        self._rate += max(1.0, self._rate * (5 * GROWTH if is_far_below else GROWTH))
        if self._rate > 1.5 * self._demand_per_s + RATE_MIN_PER_S and self._busy < BUSY_TARGET - 0.1:
            self._rate = None
