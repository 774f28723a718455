"""`softswitch lists`: who is known as what, and putting numbers there."""

import getpass

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.replies import Done
from softswitch.control.protocol.requests import SetListedNumber
from softswitch.control.protocol.rows import CallerListRow, ListedNumberRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def lists(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Lists of callers, and how many numbers are in them."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.caller_lists()
    show_rows(rows, _LISTS, as_json=as_json, empty="There are no lists: write [[list]] in callers.toml.")


@lists.command
@click.argument("name", metavar="LIST")
@config_option
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, config: str | None, as_json: bool) -> None:
    """Numbers that were added to a list, beside those of the configuration."""
    with connect(find_directory(config or ctx.obj)) as client:
        rows = client.listed_numbers(name)
    show_rows(rows, _NUMBERS, as_json=as_json, empty="No number was added.")


@lists.command
@click.argument("name", metavar="LIST")
@click.argument("number")
@click.option("--note", default="", help="What flows and people are told of it.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="How long; for good if not given.")
@config_option
@click.pass_context
def add(ctx: click.Context, name: str, number: str, note: str, days: float | None, config: str | None) -> None:
    """Put a number on a list; one that is there gets the new note and time."""
    seconds = None if days is None else days * 86_400
    order = SetListedNumber(name, number, is_listed=True, note=note, seconds=seconds, by=getpass.getuser())
    with connect(find_directory(config or ctx.obj)) as client:
        client.ask(order, Done)
    click.echo(f"{number} is in {name}" + ("" if days is None else f" for {duration(days * 86_400)}"))


@lists.command
@click.argument("name", metavar="LIST")
@click.argument("number")
@config_option
@click.pass_context
def remove(ctx: click.Context, name: str, number: str, config: str | None) -> None:
    """Take a number that was added off a list."""
    with connect(find_directory(config or ctx.obj)) as client:
        client.ask(SetListedNumber(name, number, is_listed=False, by=getpass.getuser()), Done)
    click.echo(f"{number} is no longer in {name}")


_LISTS: list[Column[CallerListRow]] = [
    Column("List", lambda row: row.list_id),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("Configured", lambda row: str(row.configured), is_number=True),
    Column("Added", lambda row: str(row.added), is_number=True),
]
_NUMBERS: list[Column[ListedNumberRow]] = [
    Column("Number", lambda row: row.number),
    Column("Note", lambda row: row.note, is_flexible=True),
    Column("By", lambda row: row.by, is_flexible=True),
    Column("Ends in", lambda row: "" if row.ends_in_s is None else duration(row.ends_in_s), is_number=True),
]
