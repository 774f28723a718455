"""`softswitch report`: what was, in twelve reports, from the store; with `--live` what is, of a switch that runs."""

import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, cast
from zoneinfo import ZoneInfo

import click

from softswitch.cli.directory import (
    chosen_project,
    config_option,
    connect,
    find_directory,
    project_option,
    store_directory,
)
from softswitch.cli.failure import CONFIGURATION, NO_SWITCH_RUNNING, Failure
from softswitch.cli.render import Column, show_rows
from softswitch.control.runtime.client import ControlFailed, NoSwitchRunning
from softswitch.reports.catalogue import BY_NAME, CATALOGUE, ReportKind
from softswitch.reports.limits import CALLS_LISTED, CALLS_LISTED_MAX
from softswitch.reports.tables import Report
from softswitch.reports.terms import IntervalMinutes, ReportRefused, Terms, local_time

if TYPE_CHECKING:
    from softswitch.reports.runtime.making import Live

LIST = "list"
Format = Literal["table", "csv", "json", "xlsx"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json", "xlsx")
_ENDINGS: dict[str, Format] = {"csv": "csv", "json": "json", "xlsx": "xlsx"}
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%H:%M"]
_INTERVALS = {"15": 15, "30": 30, "60": 60, "day": 1440}


@click.command
@click.argument("name", type=click.Choice([LIST, *BY_NAME]), metavar="NAME")
@click.option(
    "--since",
    type=click.DateTime(_MOMENTS),
    help="From when: a date, 2026-11-29T14:00, or 14:00 of today; otherwise today's midnight.",
)
@click.option("--until", type=click.DateTime(_MOMENTS), help="Until before when; otherwise now.")
@click.option("--last-days", type=click.IntRange(1, 3660), metavar="N", help="The last N whole days instead.")
@click.option(
    "--zone", default="", metavar="ZONE", help="Whose midnights and hours, such as Europe/Moscow; otherwise here."
)
@project_option
@click.option("--queue", default="", metavar="ID", help="Of this queue alone.")
@click.option("--agent", default="", metavar="ID", help="Of this agent alone.")
@click.option(
    "--interval",
    type=click.Choice(list(_INTERVALS)),
    default="60",
    show_default=True,
    help="Minutes of a row, or a day.",
)
@click.option(
    "--conversion",
    "conversions",
    multiple=True,
    metavar="WORD",
    help="A disposition that means success (outbound); again for more.",
)
@click.option(
    "--limit",
    default=CALLS_LISTED,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, CALLS_LISTED_MAX),
    help="Calls a list shows.",
)
@click.option("--table", "table_name", default="", metavar="TABLE", help="This one of its tables alone.")
@click.option("--live", is_flag=True, help="Of the running switch, since midnight, with what goes on now.")
@click.option(
    "--format", "format_name", type=click.Choice(FORMATS), default=None, help="Otherwise as FILE ends, or a table."
)
@click.option("-o", "--output", default="", metavar="FILE", help="Into this file.")
@config_option
def report(
    name: str,
    since: datetime | None,
    until: datetime | None,
    last_days: int | None,
    zone: str,
    project: str,
    queue: str,
    agent: str,
    interval: str,
    conversions: tuple[str, ...],
    limit: int,
    table_name: str,
    live: bool,
    format_name: Format | None,
    output: str,
    config: str | None,
) -> None:
    """Reports of calls, queues, agents and trunks.

    `softswitch report list` names them; docs/reports.md says what is in them.
    """
    if name == LIST:
        show_rows(list(CATALOGUE), _COLUMNS, as_json=format_name == "json", empty="")
        return
    zone = zone or local_zone()
    now = time.time()
    began, ended = _span(zone, now, since, until, last_days)
    if live and (since or until or last_days):
        raise Failure("--live is since midnight until now: leave out --since, --until and --last-days", CONFIGURATION)
    terms = Terms(
        since=began,
        until=ended,
        zone=zone,
        project=project,
        queue=queue,
        agent=agent,
        interval_min=cast(IntervalMinutes, _INTERVALS[interval]),
        limit=limit,
        conversions=conversions,
    )
    made = _make(find_directory(config), name, terms, now, is_live=live)
    if table_name:
        made = _one_table(made, table_name)
    _write(made, _format(format_name, output), output)


def local_zone() -> str:
    """The machine's time zone by its name; UTC where nobody can tell it."""
    named = os.environ.get("TZ", "").removeprefix(":")
    link = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for candidate in (named, link):
        with suppress(ReportRefused):
            if candidate:
                return local_time(candidate).zone.key
    return "UTC"


def _make(directory: str, name: str, terms: Terms, now: float, *, is_live: bool) -> Report:
    from softswitch.reports.runtime.fact_cache import FactCache
    from softswitch.reports.runtime.making import make_report
    from softswitch.store import open_reader

    is_running = _is_running(directory)
    if is_live and not is_running:
        raise Failure(f"no switch is running for {directory}: leave out --live", NO_SWITCH_RUNNING)
    try:
        path = store_directory(directory, is_for_projects=True)
        with open_reader(path) as store:
            live = _live(directory) if is_live else None
            return make_report(
                store,
                name,
                terms,
                now,
                is_running=is_running,
                live=live,
                cache=FactCache(path),
                is_known=_who_is_known(directory, terms),
            )
    except ReportRefused as refused:
        raise Failure(str(refused), CONFIGURATION) from refused


def _who_is_known(directory: str, terms: Terms) -> Callable[[str, str], bool] | None:
    """By the configuration; of one that cannot be read nobody knows, and a report is made all the same."""
    if not (terms.project or terms.queue or terms.agent):
        return None
    from softswitch.base.errors import SoftswitchError
    from softswitch.config import load

    try:
        configuration = load(directory)
    except SoftswitchError:
        return None
    there_are = {
        "project": {row.id for row in configuration.projects},
        "queue": {row.id for row in configuration.queues},
        "agent": {row.id for row in configuration.agents},
    }
    return lambda field, word: word in there_are[field]


def _live(directory: str) -> "Live":
    """What the switch says of itself. Of trunks a project is told nothing."""
    from softswitch.reports.runtime.making import Live

    with connect(directory) as client:
        rows = [] if chosen_project() else client.trunks()
    return Live(trunks={row.name: (row.used_in, row.used_out) for row in rows})


def _is_running(directory: str) -> bool:
    with suppress(NoSwitchRunning, ControlFailed):
        connect(directory).close()
        return True
    return False


def _span(
    zone: str, now: float, since: datetime | None, until: datetime | None, last_days: int | None
) -> tuple[float, float]:
    """[since, until) in the zone. Raises Failure for a zone there is not."""
    try:
        tz = local_time(zone).zone
    except ReportRefused as refused:
        raise Failure(str(refused), CONFIGURATION) from refused
    midnight = datetime.fromtimestamp(now, tz).replace(hour=0, minute=0, second=0, microsecond=0)
    if last_days is not None:
        if since or until:
            raise Failure("--last-days stands for --since and --until: write one or the other", CONFIGURATION)
        return _day(midnight, -last_days).timestamp(), midnight.timestamp()
    return _instant(since, midnight, midnight.timestamp(), tz), _instant(until, midnight, now, tz)


def _instant(moment: datetime | None, midnight: datetime, otherwise: float, tz: ZoneInfo) -> float:
    """A time without a date is today's."""
    if moment is None:
        return otherwise
    if moment.year == 1900:
        return midnight.replace(hour=moment.hour, minute=moment.minute).timestamp()
    return moment.replace(tzinfo=tz).timestamp()


def _day(midnight: datetime, days: int) -> datetime:
    """The midnight so many dates later, whatever hours are between."""
    return (midnight.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=midnight.tzinfo)


def _one_table(made: Report, name: str) -> Report:
    import msgspec

    try:
        return msgspec.structs.replace(made, tables=(made.table(name),))
    except KeyError:
        known = ", ".join(table.name for table in made.tables)
        raise Failure(f"{made.name} has no table {name}: it has {known}", CONFIGURATION) from None


def _format(named: Format | None, output: str) -> Format:
    ending = os.path.splitext(output)[1].removeprefix(".")
    return named or _ENDINGS.get(ending, "table")


def _write(made: Report, format_name: Format, output: str) -> None:
    from softswitch.cli.report_tables import show_report
    from softswitch.reports.formats.rendering import render

    if format_name == "table":
        if output:
            raise Failure("a table is for the terminal: into a file go csv, json or xlsx", CONFIGURATION)
        show_report(made)
    elif output:
        with open(output, "wb") as file:
            render(made, format_name, file)
        click.echo(f"{made.title}: {output}", err=True)
    elif format_name == "xlsx" and sys.stdout.isatty():
        raise Failure("a workbook is not for the terminal: write -o report.xlsx", CONFIGURATION)
    else:
        whole = io.BytesIO()  # a workbook is not written from beginning to end
        render(made, format_name, whole)
        click.echo(whole.getvalue(), nl=False)


_COLUMNS: list[Column[ReportKind]] = [
    Column("Report", lambda kind: kind.name),
    Column("What it tells", lambda kind: kind.about, is_flexible=True),
    Column(
        "Filters", lambda kind: " ".join((("project",) if kind.is_for_projects else ()) + kind.filters), is_wide=True
    ),
]
