"""`softswitch mailboxes`: voice messages that wait, as a voicemail system outside counts them."""

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.replies import Done
from softswitch.control.protocol.requests import SetMailbox
from softswitch.control.protocol.rows import MailboxRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def mailboxes(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Voice messages that wait."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        with connect(find_directory(config)) as client:
            rows = client.mailboxes()
        show_rows(rows, _COLUMNS, as_json=as_json, empty="No messages wait for anybody.")


_count = click.IntRange(min=0)


@mailboxes.command("set")
@click.argument("extension")
@click.option("--new", type=_count, default=0, help="Messages not heard yet.")
@click.option("--old", type=_count, default=0, help="Messages heard.")
@click.option("--urgent-new", type=_count, default=0, help="Of the new ones, how many are urgent.")
@click.option("--urgent-old", type=_count, default=0, help="Of the old ones, how many are urgent.")
@config_option
@click.pass_context
def set_(
    ctx: click.Context, extension: str, new: int, old: int, urgent_new: int, urgent_old: int, config: str | None
) -> None:
    """Say how many messages wait for an extension; with no number, none."""
    with connect(find_directory(config or ctx.obj)) as client:
        client.ask(SetMailbox(extension, new, old, urgent_new, urgent_old), Done)
    click.echo(f"{extension}: {new} new, {old} old")


_COLUMNS: list[Column[MailboxRow]] = [
    Column("Extension", lambda row: row.mailbox, is_flexible=True),
    Column("New", lambda row: str(row.new), is_number=True),
    Column("Old", lambda row: str(row.old), is_number=True),
    Column("Urgent new", lambda row: str(row.urgent_new), is_number=True),
    Column("Urgent old", lambda row: str(row.urgent_old), is_number=True),
]
