"""What `softswitch cdr` and its exports are about: the options, and the filter they make."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar

import click

from softswitch.records.finding import OUTCOMES_KNOWN, Wanted

F = TypeVar("F", bound=Callable[..., object])


def filter_options(command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wanted_of(project: str, filters: Mapping[str, str | None]) -> Wanted:
    """Raises `click.BadParameter` for a time or an outcome that is none."""
    since, until, outcome = filters.get("since"), filters.get("until"), filters.get("outcome")
    if outcome and outcome not in OUTCOMES_KNOWN:
        known = ", ".join(OUTCOMES_KNOWN)
        raise click.BadParameter(f'"{outcome}" is none: there are {known}', param_hint="--outcome")
    return Wanted(
        since=None if since is None else instant_of(since, "--since"),
        until=None if until is None else instant_of(until, "--until"),
        project=project,
        **{name: filters.get(name) or "" for name in ("number", "queue", "agent", "trunk", "outcome")},
    )


def instant_of(text: str, option: str) -> float:
    """Epoch seconds of "2026-11-29", "2026-11-29 14:30", with or without a zone; without one, the machine's. Of a time
    alone, "14:30", it is today's."""
    try:
        if len(text) == len("14:30"):
            text = f"{datetime.now():%Y-%m-%d} {text}"  # noqa: DTZ005 the machine's own day is meant
        moment = datetime.fromisoformat(text) if len(text) > len("2026-11-29") else _midnight(text)
    except ValueError as error:
        raise click.BadParameter(
            f'"{text}" is no time: write 2026-11-29, "2026-11-29 14:30", 14:30 (today) or 2026-11-29T14:30:00+03:00',
            param_hint=option,
        ) from error
    return moment.timestamp()


def _midnight(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 the machine's own midnight is meant


_OPTIONS = [
    click.option(
        "--since", metavar="TIME", help="Calls that began then or later: a date, date and time, or 14:30 of today."
    ),
    click.option("--until", metavar="TIME", help="Calls that began before."),
    click.option("--number", metavar="NUMBER", help="That called or was called; 4930* for all that begin so."),
    click.option("--queue", metavar="ID", help="That waited in this queue."),
    click.option("--agent", metavar="ID", help="That this agent had, or whose phone rang for it."),
    click.option("--trunk", metavar="NAME", help="That came from this trunk or went through it."),
    click.option(
        "--outcome",
        metavar="WORD",
        help="answered, unanswered, talked, lost (waited, and talked to nobody), or how it ended: abandoned ...",
    ),
]
