"""`softswitch queues stats` and `agents stats`: figures of queues and agents, each with its formula."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from softswitch.acd.reporting.formulas import AGENT_FORMULAS, QUEUE_FORMULAS, Formula
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.reports import AgentReport, QueueReport, agent_reports, queue_reports
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.cli.directory import config_option, connect, find_directory, project_option, store_directory
from softswitch.cli.render import Column, json_option, show_json, show_table
from softswitch.cli.stored_events import fold_stored, interval_option, since_option, until_option
from softswitch.cli.words import duration, instant, percentage

ReportT = TypeVar("ReportT", QueueReport, AgentReport)

_short_option = click.option(
    "--short-abandon",
    type=click.FloatRange(0),
    default=None,
    metavar="SECONDS",
    help="Who gives up sooner is a short abandon, whatever his queue says; not for the figures since the start.",
)


@click.command("stats")
@click.option("--queue", default="", help="This queue alone.")
@project_option
@since_option
@until_option
@interval_option
@_short_option
@config_option
@json_option
@click.pass_context
def queue_stats(
    ctx: click.Context,
    queue: str,
    project: str,
    since: datetime | None,
    until: datetime | None,
    interval: str | None,
    short_abandon: float | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Figures of queues, since the switch started, or from stored events for any time."""
    found = find_directory(config or ctx.obj)
    intervals = _intervals(found, since, until, interval, short_abandon, is_for_projects=True)
    _show(queue_reports(intervals, queue_id=queue, project=project), _QUEUE_COLUMNS, _QUEUE_WORDS, as_json)


@click.command("stats")
@click.option("--agent", default="", help="This agent alone.")
@since_option
@until_option
@interval_option
@_short_option
@config_option
@json_option
@click.pass_context
def agent_stats(
    ctx: click.Context,
    agent: str,
    since: datetime | None,
    until: datetime | None,
    interval: str | None,
    short_abandon: float | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Figures of agents, since the switch started, or from stored events for any time."""
    intervals = _intervals(find_directory(config or ctx.obj), since, until, interval, short_abandon)
    _show(agent_reports(intervals, agent_id=agent), _AGENT_COLUMNS, _AGENT_WORDS, as_json)


def _intervals(
    directory: str,
    since: datetime | None,
    until: datetime | None,
    interval: str | None,
    short_abandon_s: float | None,
    *,
    is_for_projects: bool = False,
) -> list[Interval]:
    if since is not None or until is not None or interval is not None:
        store = store_directory(directory, is_for_projects=is_for_projects)
        return fold_stored(directory, store, since, until, interval, short_abandon_s)
    with connect(directory) as client:
        return [client.figures()]


def _show(
    rows: Sequence[ReportT], columns: Sequence[Column[ReportT]], formulas: Mapping[str, tuple[str, str]], as_json: bool
) -> None:
    """`formulas` are titles and words by the names of figures."""
    if as_json:
        show_json({"formulas": {name: text for name, (_, text) in formulas.items()}, "rows": list(rows)})
    elif not rows:
        click.echo("Nothing happened then.")
    else:
        show_table(rows, columns)
        click.echo()
        for title, text in formulas.values():
            click.echo(f"{title:10} = {text}")


def _words(formulas: Sequence[Formula[QueueTally]] | Sequence[Formula[AgentTally]]) -> dict[str, tuple[str, str]]:
    return {formula.name: (formula.title, formula.text) for formula in formulas}


def _figure(name: str) -> Callable[[QueueReport | AgentReport], str]:
    def text(row: QueueReport | AgentReport) -> str:
        value = row.figures[name]
        if not name.endswith("_s") or value is None:
            return percentage(value)
        return f"{value:+.0f} s" if "bias" in name else duration(value)

    return text


def _column(name: str, formulas: Mapping[str, tuple[str, str]], *, is_wide: bool = False) -> "Column[Any]":
    return Column(formulas[name][0], _figure(name), is_number=True, is_wide=is_wide)


_QUEUE_WORDS = _words(QUEUE_FORMULAS)
_AGENT_WORDS = _words(AGENT_FORMULAS)
_QUEUE_COLUMNS: list[Column[QueueReport]] = [
    Column("From", lambda row: instant(row.from_at)),
    Column("Queue", lambda row: row.counts.queue_id, is_flexible=True),
    Column("Project", lambda row: row.counts.project, is_wide=True, is_flexible=True),
    Column("Offered", lambda row: str(row.counts.offered), is_number=True),
    Column("Answered", lambda row: str(row.counts.answered), is_number=True),
    Column("Lost", lambda row: str(row.counts.abandoned), is_number=True),
    Column("Short", lambda row: str(row.counts.abandoned_short), is_number=True, is_wide=True),
    Column("Overflowed", lambda row: str(row.counts.overflowed), is_number=True, is_wide=True),
    Column("Withdrawn", lambda row: str(row.counts.withdrawn), is_number=True, is_wide=True),
    Column("Refused", lambda row: str(row.counts.refused), is_number=True, is_wide=True),
    *(_column(name, _QUEUE_WORDS) for name in ("service_level", "average_speed_of_answer_s", "average_handle_time_s")),
    Column("Longest", lambda row: duration(row.counts.longest_wait_s), is_number=True),
    *(
        _column(name, _QUEUE_WORDS, is_wide=True)
        for name in _QUEUE_WORDS
        if name not in ("service_level", "average_speed_of_answer_s", "average_handle_time_s")
    ),
    Column("Ratings", lambda row: _ratings(row), is_wide=True, is_flexible=True),
]
_AGENT_COLUMNS: list[Column[AgentReport]] = [
    Column("From", lambda row: instant(row.from_at)),
    Column("Agent", lambda row: row.counts.agent_id, is_flexible=True),
    Column("Logged in", lambda row: duration(row.counts.logged_in_s), is_number=True),
    Column("Ready", lambda row: duration(row.counts.ready_s), is_number=True),
    Column("Not ready", lambda row: duration(row.counts.not_ready_s), is_number=True),
    Column("Answered", lambda row: str(row.counts.answered), is_number=True),
    Column("Missed", lambda row: str(row.counts.no_answers + row.counts.declines), is_number=True),
    _column("occupancy", _AGENT_WORDS),
    _column("average_handle_time_s", _AGENT_WORDS),
    Column("Contacts", lambda row: duration(row.counts.contact_s), is_number=True, is_wide=True),
    Column("Wrap-up", lambda row: duration(row.counts.wrap_up_s), is_number=True, is_wide=True),
    Column("Other calls", lambda row: duration(row.counts.other_calls_s), is_number=True, is_wide=True),
    *(
        _column(name, _AGENT_WORDS, is_wide=True)
        for name in _AGENT_WORDS
        if name not in ("occupancy", "average_handle_time_s")
    ),
    Column("Ratings", lambda row: _ratings(row), is_wide=True, is_flexible=True),
    Column("Reasons", lambda row: _reasons(row.counts.reasons_s), is_wide=True, is_flexible=True),
]


def _ratings(row: QueueReport | AgentReport) -> str:
    return " ".join(
        f"{question}={average:.1f}({row.counts.ratings[question].count})" for question, average in row.ratings.items()
    )


def _reasons(reasons_s: Mapping[str, float]) -> str:
    return " ".join(f"{reason or 'none'}={duration(seconds)}" for reason, seconds in sorted(reasons_s.items()))
