"""`softswitch registrations`: phones that are registered."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol import RegistrationRow


@click.command
@directory_argument
@config_option
@json_option
def registrations(directory: str | None, config: str | None, as_json: bool) -> None:
    """Phones that are registered."""
    with connect(find_directory(directory or config)) as client:
        rows = client.registrations()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No phones are registered.")


_COLUMNS: list[Column[RegistrationRow]] = [
    Column("Address of record", lambda row: row.aor, is_flexible=True),
    Column("From", lambda row: f"{row.transport} {row.remote}"),
    Column("Expires", lambda row: duration(row.expires_in_s), is_number=True),
    Column("Phone", lambda row: row.user_agent, is_flexible=True),
    Column("Contact", lambda row: row.contact, is_wide=True, is_flexible=True),
]
