"""How long somebody will still wait, estimated from what this queue has just done, and how wrong that was.

Two estimators (Ibrahim and Whitt 2009), because each fails where the other does well:

* by the length (QL): place x mean time between two answers while somebody waited. Exact in a steady queue; slow to
  notice that agents left.
* by the last (LES, HOL): who waits now waits as long as the last who was answered did, or the head of the line does by
  now, less what he has waited. Follows changes of staff and of call length at once; noisy.

A third is the mean of both. What each of them says of a contact is kept until an agent answers it, and then held
against what it really waited; the one whose recent error is smallest is believed, and before enough was measured the
mean. In simulation (tests/simulation/test_acd_traffic.py), at 97 % load with waits of 624 s in the mean, QL alone was
wrong by 118 s, LES and HOL by 101 s, their mean by 95 s. Contacts that give up are never measured: who would have
waited longest is missing among the errors.

Without either there is no estimate and nothing is announced: an invented number is worse than silence. The time between
two reservations is only measured while somebody waits, and divided by the share of reservations that are answered; it
needs no knowledge of how many agents there are or of whom else they serve.
"""

from math import inf
from typing import Literal, TypeAlias

import msgspec

SMOOTHING = 1 / 16
"""Weight of the newest interval, or error: some sixteen back, a few minutes of a busy queue."""

SHARE_MIN = 0.01
"""Of a hundred reservations one counts as answered: or phones that refuse would make waits endless."""

TRUSTED_AFTER = 8
"""So many measured forecasts say more of an estimator than chance does."""

EstimatorName: TypeAlias = Literal["mean", "length", "last"]
"""Also their order of preference while nothing was measured."""


class Forecast(msgspec.Struct, frozen=True, gc=False):
    """What was expected of one contact at the time `at`: by which estimator, and what each of them said. Seconds."""

    at: float
    by: EstimatorName
    wait_s: float
    each: dict[EstimatorName, float]


class ForecastErrors:
    """How wrong one estimator was. Positive: it said too much."""

    __slots__ = ("_absolute_s", "_count", "_recent_s", "_signed_s")

    def __init__(self) -> None:
        self._count = 0
        self._absolute_s = 0.0
        self._signed_s = 0.0
        self._recent_s = 0.0

    def measured(self, said_s: float, real_s: float) -> None:
        error_s = said_s - real_s
        self._count += 1
        self._absolute_s += abs(error_s)
        self._signed_s += error_s
        weight = max(SMOOTHING, 1 / self._count)
        self._recent_s += weight * (abs(error_s) - self._recent_s)

    @property
    def recent_s(self) -> float:
        """The mean absolute error of the last few; infinite while it would say nothing."""
        return self._recent_s if self._count >= TRUSTED_AFTER else inf

    @property
    def mean_absolute_s(self) -> float | None:
        return self._absolute_s / self._count if self._count else None

    @property
    def bias_s(self) -> float | None:
        return self._signed_s / self._count if self._count else None


class WaitEstimator:
    """What one queue remembers of its pace, and of its promises."""

    __slots__ = ("_answered_share", "_interval_s", "_intervals", "_last_wait_s", "_since", "announced", "errors")

    def __init__(self) -> None:
        self._interval_s = 0.0
        self._intervals = 0
        self._answered_share = 1.0
        self._last_wait_s: float | None = None
        self._since: float | None = None
        self.errors: dict[EstimatorName, ForecastErrors] = {
            name: ForecastErrors() for name in ("mean", "length", "last")
        }
        self.announced = ForecastErrors()
        """Of what was really believed, whoever said it."""

    # What happens in the queue

    def somebody_waits(self, now: float) -> None:
        """A contact found no agent: the time until one is found is time under load."""
        if self._since is None:
            self._since = now

    def nobody_waits(self) -> None:
        """The line is empty: the time until the next reservation says nothing about the pace."""
        self._since = None

    def reserved(self, now: float) -> None:
        """An agent was found for a contact."""
        if self._since is None:
            return
        self._intervals += 1
        weight = max(SMOOTHING, 1 / self._intervals)
        self._interval_s += weight * (now - self._since - self._interval_s)
        self._since = now

    def connected(self, wait_s: float) -> None:
        """A contact that had waited `wait_s` talks to its agent."""
        self._last_wait_s = wait_s
        self._answered_share += SMOOTHING * (1.0 - self._answered_share)

    def failed(self) -> None:
        """An agent did not take the contact reserved for him; it will need another reservation."""
        self._answered_share = max(SHARE_MIN, self._answered_share * (1.0 - SMOOTHING))

    # Forecasts

    def by_length(self, position: int) -> float | None:
        """Seconds still to wait at `position` (from 1), or None while the pace is not known."""
        return position * self._interval_s / self._answered_share if self._intervals else None

    def by_last(self, waited_s: float, head_waited_s: float) -> float | None:
        """Seconds still to wait for who has waited `waited_s`, or None before anybody was answered."""
        return None if self._last_wait_s is None else max(0.0, max(self._last_wait_s, head_waited_s) - waited_s)

    def forecast(self, *, position: int, waited_s: float, head_waited_s: float, now: float) -> Forecast | None:
        """What each estimator says, and the one to be believed; None while nothing is known."""
        length, last = self.by_length(position), self.by_last(waited_s, head_waited_s)
        each: dict[EstimatorName, float] = {}
        if length is not None and last is not None:
            each["mean"] = (length + last) / 2
        if length is not None:
            each["length"] = length
        if last is not None:
            each["last"] = last
        if not each:
            return None
        best = min(each, key=lambda name: self.errors[name].recent_s)
        return Forecast(now, best, each[best], each)

    def came_true(self, forecast: Forecast, now: float) -> None:
        """The contact talks to its agent: see who was how wrong."""
        real_s = now - forecast.at
        for name, said_s in forecast.each.items():
            self.errors[name].measured(said_s, real_s)
        self.announced.measured(forecast.wait_s, real_s)

    @property
    def believed(self) -> EstimatorName:
        """The estimator with the smallest recent error."""
        return min(self.errors, key=lambda name: self.errors[name].recent_s)
