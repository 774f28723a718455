"""How much earlier a caller comes by what is known of his call: who he is, where he calls from, what he called.

Rules of the configuration, and all that apply are added up, to each other and to what the flow gives. A number fits
however it is written, with or without "+".
"""

from collections.abc import Callable, Collection, Iterable

import msgspec

from softswitch.sip.trunks.numbers import Habits, normalised
from softswitch.sip.trunks.selection import compact_pattern, matches


class NumberList(msgspec.Struct, frozen=True):
    """Numbers, which cost nothing however many there are, and patterns, each of which is tried."""

    exact: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    def __contains__(self, number: str) -> bool:
        return number in self.exact or any(matches(pattern, number) for pattern in self.patterns)

    def is_empty(self) -> bool:
        return not self.exact and not self.patterns


def number_list(texts: Iterable[str]) -> NumberList:
    """Of numbers and patterns as people write them."""
    compact = [compact_pattern(text).removeprefix("+") for text in texts]
    patterns = tuple(text for text in compact if not text.isdecimal())
    return NumberList(frozenset(text for text in compact if text.isdecimal()), patterns)


class BoostRule(msgspec.Struct, frozen=True, kw_only=True):
    """`boost_s` seconds for who calls one of `queues`, from one of `callers`, one of `lists` (of callers) and one of
    `regions`, having dialled one of `called`; a condition that is empty always holds."""

    boost_s: float
    queues: frozenset[str] = frozenset()
    callers: NumberList = NumberList()
    called: NumberList = NumberList()
    lists: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()

    def applies(
        self,
        queue: str,
        calling: Collection[str],
        called: Collection[str],
        *,
        region: str = "",
        is_listed: Callable[[str], bool] = lambda _: False,
    ) -> bool:
        return (
            (not self.queues or queue in self.queues)
            and (self.callers.is_empty() or any(form in self.callers for form in calling))
            and (self.called.is_empty() or any(form in self.called for form in called))
            and (not self.regions or region in self.regions)
            and (not self.lists or any(is_listed(list_id) for list_id in self.lists))
        )


def boost_of(
    rules: Iterable[BoostRule],
    queue: str,
    calling: Iterable[str],
    called: Iterable[str],
    *,
    region: str = "",
    is_listed: Callable[[str], bool] = lambda _: False,
) -> float:
    """The seconds of all rules that apply. Each number may be given in several forms (as dialled, E.164); `is_listed`
    says whether the caller is in a list, `region` where he is."""
    calling_forms = {form.removeprefix("+") for form in calling}
    called_forms = {form.removeprefix("+") for form in called}
    return sum(
        rule.boost_s
        for rule in rules
        if rule.applies(queue, calling_forms, called_forms, region=region, is_listed=is_listed)
    )


def customer_of(calling_number: str, habits: Habits) -> str:
    """What tells one caller from another; empty for those who show no number."""
    number = normalised(calling_number, habits).removeprefix("+")
    return number if number.isdecimal() else ""
