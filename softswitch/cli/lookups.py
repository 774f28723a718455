"""`softswitch lookups`: services outside that flows ask, and a question on trial."""

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.replies import LookupTried
from softswitch.control.protocol.requests import TryLookup
from softswitch.control.protocol.rows import LookupRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def lookups(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Services outside that flows ask, and how they do."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.lookups()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="There are no lookups: write [[lookup]] in lookups.toml.")


@lookups.command("try")
@click.argument("lookup")
@click.argument("fields", nargs=-1, metavar="FIELD...")
@config_option
@click.pass_context
def try_one(ctx: click.Context, lookup: str, fields: tuple[str, ...], config: str | None) -> None:
    """Ask as a flow would, with FIELDS such as calling_number=+74951234567."""
    pairs = [field.partition("=") for field in fields]
    wrong = next((name for name, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise click.UsageError(f'"{wrong}" is no field: write name=value')
    order = TryLookup(lookup, {name: value for name, _, value in pairs})
    with connect(find_directory(config or ctx.obj)) as client:
        tried = client.ask(order, LookupTried)
    if tried.fault:
        raise Failure(f"{lookup}: {tried.fault}")
    click.echo(tried.answer or "Nobody is known there.")
    click.echo(f"({tried.took_s * 1000:.0f} ms)", err=True)


_COLUMNS: list[Column[LookupRow]] = [
    Column("Lookup", lambda row: row.lookup_id),
    Column("State", lambda row: "left alone" if row.is_resting else "asked", is_flexible=True),
    Column("Asked", lambda row: str(row.asked), is_number=True),
    Column("Found", lambda row: str(row.found), is_number=True),
    Column("Remembered", lambda row: str(row.remembered), is_number=True, is_wide=True),
    Column("Failed", lambda row: str(row.failed), is_number=True),
    Column("Skipped", lambda row: str(row.skipped), is_number=True, is_wide=True),
    Column("Slowest", lambda row: f"{row.slowest_s * 1000:.0f} ms", is_number=True),
    Column("Last fault", lambda row: row.last_fault, is_flexible=True),
]
