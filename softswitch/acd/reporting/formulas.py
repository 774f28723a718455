"""Every figure of a report with its formula, so that no two people mean different things by one word.

Contacts that still wait count in none of them. A figure nothing counts for yet is None.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.acd.statistics import AbandonedTreatment, service_level

TallyT = TypeVar("TallyT", contravariant=True)


class Formula(Generic[TallyT]):
    """A figure: its name in documents, its short title in tables, how it is computed in words and in code."""

    __slots__ = ("name", "of", "text", "title")

    def __init__(self, name: str, title: str, text: str, of: Callable[[TallyT], float | None]) -> None:
        self.name = name
        self.title = title
        self.text = text
        self.of = of


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _level(tally: QueueTally, treatment: AbandonedTreatment) -> float | None:
    return service_level(
        offered=tally.ended,
        answered_within=tally.answered_within,
        abandoned_within=tally.abandoned_within,
        treatment=treatment,
    )


class _Handled(Protocol):
    """What was handled, by a queue's agents or by one agent."""

    handled: int
    talk_s: float
    hold_s: float
    wrap_up_s: float
    transfers: int


_HANDLING: tuple[Formula[_Handled], ...] = (
    Formula(
        "average_handle_time_s",
        "AHT",
        "(talk + hold + wrap-up) / handled",
        lambda tally: ratio(tally.talk_s + tally.hold_s + tally.wrap_up_s, tally.handled),
    ),
    Formula("average_talk_s", "Talk", "talk without hold / handled", lambda tally: ratio(tally.talk_s, tally.handled)),
    Formula("average_hold_s", "Hold", "hold / handled", lambda tally: ratio(tally.hold_s, tally.handled)),
    Formula(
        "average_wrap_up_s",
        "ACW",
        "wrap-up (after-contact work) / handled",
        lambda tally: ratio(tally.wrap_up_s, tally.handled),
    ),
)
_TRANSFER_RATE: Formula[_Handled] = Formula(
    "transfer_rate", "Transfers", "transferred / handled", lambda tally: ratio(tally.transfers, tally.handled)
)

QUEUE_FORMULAS: tuple[Formula[QueueTally], ...] = (
    Formula(
        "service_level",
        "SL",
        "answered within T / (ended - abandoned within T); Cisco's type 'ignore abandoned'",
        lambda tally: _level(tally, AbandonedTreatment.IGNORED),
    ),
    Formula(
        "service_level_negative",
        "SL neg",
        "answered within T / ended; Cisco's type 'abandoned negative'",
        lambda tally: _level(tally, AbandonedTreatment.NEGATIVE),
    ),
    Formula(
        "service_level_positive",
        "SL pos",
        "(answered within T + abandoned within T) / ended; Cisco's type 'abandoned positive'",
        lambda tally: _level(tally, AbandonedTreatment.POSITIVE),
    ),
    Formula(
        "service_level_asterisk",
        "SL Ast",
        "answered within T / answered; Asterisk's service level",
        lambda tally: ratio(tally.answered_within, tally.answered),
    ),
    Formula(
        "service_level_asterisk_2",
        "SL Ast 2",
        "(answered within T + abandoned within T) / (answered + abandoned); Asterisk's second service level",
        lambda tally: ratio(tally.answered_within + tally.abandoned_within, tally.answered + tally.abandoned),
    ),
    Formula(
        "average_speed_of_answer_s",
        "ASA",
        "wait in the queue of the answered, alerting included / answered",
        lambda tally: ratio(tally.answered_wait_s, tally.answered),
    ),
    *_HANDLING,
    Formula("abandon_rate", "Abandoned", "abandoned / ended", lambda tally: ratio(tally.abandoned, tally.ended)),
    Formula(
        "abandon_rate_without_short",
        "Ab. long",
        "(abandoned - abandoned short) / (ended - abandoned short)",
        lambda tally: ratio(tally.abandoned - tally.abandoned_short, tally.ended - tally.abandoned_short),
    ),
    Formula(
        "short_abandon_rate",
        "Ab. short",
        "abandoned before the short abandon threshold / ended",
        lambda tally: ratio(tally.abandoned_short, tally.ended),
    ),
    Formula(
        "no_answer_rate",
        "RONA",
        "reservations agents let ring out / reservations (redirection on no answer)",
        lambda tally: ratio(tally.no_answers, tally.reservations),
    ),
    _TRANSFER_RATE,
    Formula(
        "patience_s",
        "Patience",
        "wait in the queue of all who left / abandoned (what the average caller would have waited)",
        lambda tally: ratio(tally.wait_s, tally.abandoned),
    ),
    Formula(
        "estimate_error_s",
        "EWT error",
        "|wait that followed - estimated wait announced|, over announcements to those who were answered",
        lambda tally: ratio(tally.told_error_s, tally.told_waits),
    ),
    Formula(
        "estimate_bias_s",
        "EWT bias",
        "wait that followed - estimated wait announced, over announcements to those who were answered",
        lambda tally: ratio(tally.told_bias_s, tally.told_waits),
    ),
)

AGENT_FORMULAS: tuple[Formula[AgentTally], ...] = (
    Formula(
        "occupancy",
        "Occupancy",
        "(alerted + talk + hold + wrap-up) / (that + ready)",
        lambda tally: ratio(tally.worked_s, tally.worked_s + tally.ready_s),
    ),
    *_HANDLING,
    Formula(
        "no_answer_rate",
        "RONA",
        "reservations let ring out / reservations (redirection on no answer)",
        lambda tally: ratio(tally.no_answers, tally.reservations),
    ),
    _TRANSFER_RATE,
)


def figures(tally: TallyT, formulas: tuple[Formula[TallyT], ...]) -> dict[str, float | None]:
    """Every figure by its name."""
    return {formula.name: formula.of(tally) for formula in formulas}
