"""`softswitch sites`: where agents sit, and how many calls there are."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.rows import SiteRow


@click.command
@directory_argument
@config_option
@json_option
def sites(directory: str | None, config: str | None, as_json: bool) -> None:
    """Where agents sit, and how many calls there are."""
    with connect(find_directory(directory or config)) as client:
        rows = client.sites()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No sites: agents.toml has no [[site]].")


def _is_full(row: SiteRow) -> bool:
    return row.max_calls is not None and row.calls >= row.max_calls


_COLUMNS: list[Column[SiteRow]] = [
    Column("Site", lambda row: row.site_id, is_flexible=True),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("Calls", lambda row: str(row.calls), is_number=True, style=lambda row: "yellow" if _is_full(row) else ""),
    Column("At most", lambda row: "" if row.max_calls is None else str(row.max_calls), is_number=True),
    Column("Ready", lambda row: str(row.agents_ready), is_number=True),
    Column("Logged in", lambda row: str(row.agents_logged_in), is_number=True),
    Column("Agents", lambda row: str(row.agents), is_number=True),
]
