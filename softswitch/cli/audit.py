"""`softswitch audit`: who did what through the HTTP API. Read from its log; nothing need run."""

from itertools import islice

import click

from softswitch.cli.directory import config_option, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.words import instant
from softswitch.web.audit import AuditRow


@click.command
@directory_argument
@config_option
@click.option("--by", default="", metavar="CALLER", help="Only of this user, or of a key as key:ID.")
@last_option
@json_option
def audit(directory: str | None, config: str | None, by: str, last: int, as_json: bool) -> None:
    """Who did what through the HTTP API, the newest first."""
    from softswitch.config import load_settings
    from softswitch.web.runtime.audit_file import newest_rows

    path = load_settings(find_directory(directory or config)).web.audit_log
    rows = list(islice((row for row in newest_rows(path) if by in ("", row.caller)), last))
    show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody has done anything yet.")


_COLUMNS: list[Column[AuditRow]] = [
    Column("When", lambda row: instant(row.at)),
    Column("Who", lambda row: row.caller or "(nobody)", is_flexible=True),
    Column("From", lambda row: row.address, is_flexible=True),
    Column("What", lambda row: f"{row.method} {row.path}", is_flexible=True),
    Column("Body", lambda row: row.what, is_wide=True, is_flexible=True),
    Column("Status", lambda row: str(row.status), is_number=True, style=lambda row: "red" if row.reason else ""),
    Column("Refused", lambda row: row.reason, is_wide=True),
]
