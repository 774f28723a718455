"""What is counted and summed of a queue and of an agent. Sums are seconds.

Each number counts in the span of time in which it happened: a contact that came at 9:59 and was answered at 10:01 was
offered before ten and answered after. What an agent did is cut exactly at the bounds.
"""

from collections.abc import Mapping

import msgspec

from softswitch.acd.limits import QUESTIONS_RATED_MAX
from softswitch.base.ids import AgentId, QueueId


class Ratings(msgspec.Struct, frozen=True, kw_only=True):
    """How callers answered one question of a survey."""

    count: int = 0
    total: int = 0
    """The sum of the scores."""

    def __add__(self, other: "Ratings") -> "Ratings":
        return Ratings(count=self.count + other.count, total=self.total + other.total)

    @property
    def average(self) -> float:
        return self.total / self.count if self.count else 0.0


def add_ratings(total: dict[str, Ratings], other: Mapping[str, Ratings]) -> None:
    """`total` counts what `other` counts as well."""
    for question, ratings in other.items():
        if question in total:
            total[question] += ratings
        elif len(total) < QUESTIONS_RATED_MAX:
            total[question] = ratings


class QueueTally(msgspec.Struct, kw_only=True, tag="queue"):
    """One queue. `offered` = `answered` + `abandoned` + `overflowed` + `withdrawn` + those who still wait.

    Who was moved to another queue has overflowed from the first and is offered to the second. Waits are those in this
    queue, alerting included; "within" means within the queue's service level, the bound included.
    """

    queue_id: QueueId
    name: str = ""
    project: str = ""
    level_s: float = 0.0
    """The service level's threshold, as it was last."""
    offered: int = 0
    moved_in: int = 0
    """Of the offered, those who came from another queue."""
    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    abandoned_within: int = 0
    abandoned_short: int = 0
    """Before the short abandon threshold: he had hardly come when he left."""
    overflowed: int = 0
    withdrawn: int = 0
    refused: int = 0
    """Never offered: it was full, closed or unstaffed."""
    answered_wait_s: float = 0.0
    wait_s: float = 0.0
    """Of all who left, however they did."""
    longest_wait_s: float = 0.0
    reservations: int = 0
    """Agents alerted."""
    no_answers: int = 0
    """Reservations an agent let ring out."""
    declines: int = 0
    """Reservations an agent declined, or could not be reached for."""
    handled: int = 0
    """Conversations that have ended."""
    talk_s: float = 0.0
    hold_s: float = 0.0
    holds: int = 0
    wrap_up_s: float = 0.0
    transfers: int = 0
    told_waits: int = 0
    """Estimated waits that were announced to contacts who were then answered,"""
    told_error_s: float = 0.0
    """how wrong they were in all, too long or too short,"""
    told_bias_s: float = 0.0
    """and how much too short (positive) or too long in all."""
    ratings: dict[str, Ratings] = {}
    """What callers said of its conversations, by "survey.question"."""

    @property
    def ended(self) -> int:
        """Offered, and not waiting any more."""
        return self.answered + self.abandoned + self.overflowed + self.withdrawn


class AgentTally(msgspec.Struct, kw_only=True, tag="agent"):
    """One agent. The spans `*_s` but for talk and hold add up to the time he was logged in."""

    agent_id: AgentId
    logins: int = 0
    ready_s: float = 0.0
    reserved_s: float = 0.0
    contact_s: float = 0.0
    """In conversation with contacts: talk and hold."""
    wrap_up_s: float = 0.0
    other_calls_s: float = 0.0
    """In calls that were not the ACD's."""
    not_ready_s: float = 0.0
    reasons_s: dict[str, float] = {}
    """`not_ready_s` by reason."""
    reservations: int = 0
    answered: int = 0
    no_answers: int = 0
    declines: int = 0
    handled: int = 0
    talk_s: float = 0.0
    hold_s: float = 0.0
    holds: int = 0
    transfers: int = 0
    ratings: dict[str, Ratings] = {}
    """What callers said of the conversations with him, by "survey.question"."""

    @property
    def worked_s(self) -> float:
        """The time contacts took of him: alerting, conversations, wrap-up."""
        return self.reserved_s + self.contact_s + self.wrap_up_s

    @property
    def logged_in_s(self) -> float:
        return self.ready_s + self.worked_s + self.other_calls_s + self.not_ready_s


def add_queue(total: QueueTally, other: QueueTally) -> None:
    """`total` counts what `other` counts as well."""
    for name in QUEUE_SUMS:
        setattr(total, name, getattr(total, name) + getattr(other, name))
    total.longest_wait_s = max(total.longest_wait_s, other.longest_wait_s)
    add_ratings(total.ratings, other.ratings)


def add_agent(total: AgentTally, other: AgentTally) -> None:
    """`total` counts what `other` counts as well."""
    for name in AGENT_SUMS:
        setattr(total, name, getattr(total, name) + getattr(other, name))
    for reason, seconds in other.reasons_s.items():
        total.reasons_s[reason] = total.reasons_s.get(reason, 0.0) + seconds
    add_ratings(total.ratings, other.ratings)


QUEUE_SUMS = tuple(
    field
    for field in QueueTally.__struct_fields__
    if field not in ("queue_id", "name", "project", "level_s", "longest_wait_s", "ratings")
)
AGENT_SUMS = tuple(field for field in AgentTally.__struct_fields__ if field not in ("agent_id", "reasons_s", "ratings"))
