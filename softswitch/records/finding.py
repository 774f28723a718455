"""Which records somebody wants: a span of time and what must be true of each."""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from softswitch.calls.record import EndReason
from softswitch.records.rows import trunk_of
from softswitch.store.layout import TimedKey
from softswitch.store.schema import END_REASON_RESTARTED, Cdr

OUTCOMES = ("answered", "unanswered", "talked", "lost")
"""What can be asked for beside the words of `end_reason`: the switch answered or did not; the caller talked to
somebody; he waited in a queue and talked to nobody."""
OUTCOMES_KNOWN = (*OUTCOMES, *(reason.value for reason in EndReason), END_REASON_RESTARTED)


class Records(Protocol):
    """The table of records, or whatever else has them by time."""

    def ascending(self, start: TimedKey | None = None, stop: TimedKey | None = None) -> Iterator[Cdr]: ...
    def descending(self, start: TimedKey | None = None, stop: TimedKey | None = None) -> Iterator[Cdr]: ...


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Records of calls that began in [since, until), epoch seconds; each word that is not "" must fit as well."""

    since: float | None = None
    until: float | None = None
    project: str = ""
    number: str = ""
    """That called, was called, or that one of the legs had; with or without "+", or the beginning of one with "*"."""
    queue: str = ""
    agent: str = ""
    trunk: str = ""
    """It came from, or a leg of it went through."""
    outcome: str = ""
    """One of `OUTCOMES`, or an `end_reason`."""

    def newest_first(self, records: Records) -> Iterator[Cdr]:
        return self._fitting(records.descending(*self._span()))

    def oldest_first(self, records: Records) -> Iterator[Cdr]:
        return self._fitting(records.ascending(*self._span()))

    def fits(self, cdr: Cdr) -> bool:
        """But for the time."""
        return all(test(cdr) for test in self._tests())

    def _span(self) -> tuple[TimedKey | None, TimedKey | None]:
        return _key(self.since), _key(self.until)

    def _fitting(self, cdrs: Iterator[Cdr]) -> Iterator[Cdr]:
        tests = self._tests()
        return (cdr for cdr in cdrs if all(test(cdr) for test in tests)) if tests else cdrs

    def _tests(self) -> list[Callable[[Cdr], bool]]:
        tests: list[Callable[[Cdr], bool]] = []
        if self.project:
            tests.append(lambda cdr: cdr.project == self.project)
        if self.queue:
            tests.append(lambda cdr: cdr.queue == self.queue or any(stay.queue == self.queue for stay in cdr.stays))
        if self.agent:
            tests.append(
                lambda cdr: (
                    cdr.agent == self.agent
                    or any(stay.agent == self.agent for stay in cdr.stays)
                    or any(leg.agent == self.agent for leg in cdr.sip_legs)
                )
            )
        if self.trunk:
            tests.append(lambda cdr: self.trunk in _trunks(cdr))
        if self.number:
            is_wanted = _number_test(self.number)
            tests.append(lambda cdr: any(is_wanted(number) for number in _numbers(cdr)))
        if self.outcome:
            tests.append(_outcome_test(self.outcome))
        return tests


def _key(at: float | None) -> TimedKey | None:
    return None if at is None else (max(0.0, at), "")


def _trunks(cdr: Cdr) -> set[str]:
    return {cdr.trunk, *(tried.trunk for tried in cdr.trunks), *(trunk_of(leg) for leg in cdr.sip_legs)}


def _numbers(cdr: Cdr) -> Iterator[str]:
    yield cdr.calling_number
    yield cdr.called_number
    for leg in cdr.sip_legs:
        yield leg.number


def _number_test(number: str) -> Callable[[str], bool]:
    bare = number.removeprefix("+")
    if bare.endswith("*"):
        beginning = bare[:-1]
        return lambda known: bool(known) and known.removeprefix("+").startswith(beginning)
    return lambda known: known.removeprefix("+") == bare


def _outcome_test(outcome: str) -> Callable[[Cdr], bool]:
    match outcome:
        case "answered":
            return lambda cdr: cdr.answered_at is not None
        case "unanswered":
            return lambda cdr: cdr.answered_at is None
        case "talked":
            return lambda cdr: cdr.talk_s > 0
        case "lost":
            return lambda cdr: bool(cdr.stays) and cdr.talk_s <= 0
        case _:
            return lambda cdr: cdr.end_reason == outcome
