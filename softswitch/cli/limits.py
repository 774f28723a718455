"""`softswitch limits`: what calls to the outside have used of today's limits, and what was refused."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.rows import LimitRow


@click.command
@directory_argument
@config_option
@json_option
def limits(directory: str | None, config: str | None, as_json: bool) -> None:
    """What calls to the outside have used today."""
    with connect(find_directory(directory or config)) as client:
        rows = client.limits()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody has limits: see toll in docs/configuration.md.")


def _of(used: float, limit: int) -> str:
    return f"{used:.0f} of {limit}" if limit else f"{used:.0f}"


_COLUMNS: list[Column[LimitRow]] = [
    Column("Whose", lambda row: row.subject, is_flexible=True),
    Column("Now", lambda row: _of(row.calls_now, row.calls_max), is_number=True),
    Column("Calls", lambda row: _of(row.calls, row.calls_per_day), is_number=True),
    Column("Minutes", lambda row: _of(row.minutes, row.minutes_per_day), is_number=True),
    Column("Refused", lambda row: str(row.refused), is_number=True),
    Column("Last refusal", lambda row: row.last_refusal, is_flexible=True),
]
