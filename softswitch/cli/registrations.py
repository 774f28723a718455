"""`softswitch registrations`: phones that are registered, and forgetting where they are."""

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.replies import Done
from softswitch.control.protocol.requests import RemoveRegistration
from softswitch.control.protocol.rows import RegistrationRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@click.option("--match", default="", metavar="TEXT", help="Only those with TEXT in address, contact, host or phone.")
@json_option
@click.pass_context
def registrations(ctx: click.Context, config: str | None, match: str, as_json: bool) -> None:
    """Phones that are registered."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = [row for row in client.registrations() if _matches(row, match.lower())]
    empty = "No phones are registered." if not match else f'No registered phone has "{match}" about it.'
    show_rows(rows, _COLUMNS, as_json=as_json, empty=empty)


@registrations.command
@click.argument("aor")
@click.argument("contact", required=False, default="")
@config_option
@click.pass_context
def remove(ctx: click.Context, aor: str, contact: str, config: str | None) -> None:
    """Forget one contact of an address of record, or all of them."""
    with connect(find_directory(config or ctx.obj)) as client:
        client.ask(RemoveRegistration(aor.removeprefix("sip:"), contact), Done)
    click.echo(f"{aor}: removed. The phone is called again once it registers again.")


def _matches(row: RegistrationRow, text: str) -> bool:
    return any(text in each.lower() for each in (row.aor, row.contact, row.remote, row.user_agent))


_COLUMNS: list[Column[RegistrationRow]] = [
    Column("Address of record", lambda row: row.aor, is_flexible=True),
    Column("From", lambda row: f"{row.transport} {row.remote}"),
    Column("Expires", lambda row: duration(row.expires_in_s), is_number=True),
    Column("Phone", lambda row: row.user_agent, is_flexible=True),
    Column("Contact", lambda row: row.contact, is_wide=True, is_flexible=True),
]
