"""Counters of a queue since the start, and the formulas read from them.

Every contact offered to a queue ends in exactly one way, or is still there:
`offered = answered + abandoned + overflowed + withdrawn + waiting`. A contact moved to another queue has overflowed
from the first and is offered to the second. Who was refused was never offered. Waits are counted from the entry into
the queue, and "within" means within its `service_level_s`, the bound included.
"""

from enum import Enum


class AbandonedTreatment(Enum):
    """What a contact that abandoned within the service level does to the percentage. Cisco's three types."""

    IGNORED = "ignored"
    """answered within / (offered - abandoned within): nobody could have answered it in time. Ours, unless said."""
    NEGATIVE = "negative"
    """answered within / offered"""
    POSITIVE = "positive"
    """(answered within + abandoned within) / offered"""


def service_level(
    *,
    offered: int,
    answered_within: int,
    abandoned_within: int,
    treatment: AbandonedTreatment = AbandonedTreatment.IGNORED,
) -> float | None:
    """The share 0-1 answered in time; None when nothing counts yet. `offered` leaves out those who still wait."""
    counted = offered - abandoned_within if treatment is AbandonedTreatment.IGNORED else offered
    in_time = answered_within + abandoned_within if treatment is AbandonedTreatment.POSITIVE else answered_within
    return in_time / counted if counted else None


class HookCounters:
    """What the routing hook of one queue did since the switch started. Times are of those that answered."""

    __slots__ = ("accepted", "chosen", "failed", "impossible", "late", "longest_s", "skipped", "took_s_sum", "vetoed")

    def __init__(self) -> None:
        self.accepted = 0
        self.chosen = 0
        self.vetoed = 0
        self.impossible = 0
        """It chose somebody who was not free, or may not serve the contact."""
        self.late = 0
        self.failed = 0
        self.skipped = 0
        self.took_s_sum = 0.0
        self.longest_s = 0.0

    def count_answer(self, took_s: float) -> None:
        """It has answered; what, the caller counts."""
        self.took_s_sum += took_s
        self.longest_s = max(self.longest_s, took_s)

    @property
    def answered(self) -> int:
        return self.accepted + self.chosen + self.vetoed + self.impossible

    @property
    def mean_s(self) -> float | None:
        """How long it took to answer."""
        return self.took_s_sum / self.answered if self.answered else None


class QueueCounters:
    """What happened in one queue since the switch started."""

    __slots__ = (
        "abandoned",
        "abandoned_within",
        "answered",
        "answered_within",
        "failed_reservations",
        "offered",
        "overflowed",
        "refused",
        "wait_s_sum",
        "withdrawn",
    )

    def __init__(self) -> None:
        self.offered = 0
        self.answered = 0
        self.answered_within = 0
        self.abandoned = 0
        self.abandoned_within = 0
        self.overflowed = 0
        self.withdrawn = 0
        self.refused = 0
        self.failed_reservations = 0
        self.wait_s_sum = 0.0
        """Of the answered."""

    def count_answered(self, wait_s: float, service_level_s: float) -> None:
        self.answered += 1
        self.answered_within += wait_s <= service_level_s
        self.wait_s_sum += wait_s

    def count_abandoned(self, wait_s: float, service_level_s: float) -> None:
        self.abandoned += 1
        self.abandoned_within += wait_s <= service_level_s

    @property
    def ended(self) -> int:
        """Offered, and not waiting any more."""
        return self.answered + self.abandoned + self.overflowed + self.withdrawn

    @property
    def service_level(self) -> float | None:
        """Of those who wait no more, abandons within the level ignored."""
        return service_level(
            offered=self.ended, answered_within=self.answered_within, abandoned_within=self.abandoned_within
        )

    @property
    def average_speed_of_answer_s(self) -> float | None:
        """Mean wait of the answered, alerting included."""
        return self.wait_s_sum / self.answered if self.answered else None
