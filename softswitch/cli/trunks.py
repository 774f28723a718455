"""`softswitch trunks`: the links to providers."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.rows import TrunkRow


@click.command
@directory_argument
@config_option
@json_option
def trunks(directory: str | None, config: str | None, as_json: bool) -> None:
    """Providers: alive, registered, how full."""
    with connect(find_directory(directory or config)) as client:
        rows = client.trunks()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No trunks are configured.")


def _registration(row: TrunkRow) -> str:
    if not row.registration:
        return "-"
    if row.expires_in_s is not None:
        return f"{row.registration} {duration(row.expires_in_s)}"
    return row.registration


def _used(used: int, most: int) -> str:
    return f"{used}/{most}" if most else str(used)


def _last_failure(row: TrunkRow) -> str:
    if row.last_failure_ago_s is None:
        return ""
    return f"{duration(row.last_failure_ago_s)} ago: {row.last_failure}"


_COLUMNS: list[Column[TrunkRow]] = [
    Column("Trunk", lambda row: row.name, is_flexible=True),
    Column("Health", lambda row: row.health, style=lambda row: "red" if row.health == "down" else ""),
    Column("Registration", _registration, style=lambda row: "red" if row.registration == "refused" else ""),
    Column("In", lambda row: _used(row.used_in, row.channels_in), is_number=True),
    Column("Out", lambda row: _used(row.used_out, row.channels_out), is_number=True),
    Column("Both", lambda row: _used(row.used_in + row.used_out, row.channels), is_number=True),
    Column("Calls in", lambda row: str(row.calls_in), is_number=True, is_wide=True),
    Column("Calls out", lambda row: str(row.calls_out), is_number=True, is_wide=True),
    Column("Full", lambda row: str(row.refused), is_number=True, is_wide=True),
    Column(
        "Answers in",
        lambda row: "" if row.round_trip_ms is None else f"{row.round_trip_ms:.0f} ms",
        is_number=True,
        is_wide=True,
    ),
    Column("Last failure", _last_failure, is_flexible=True),
]
