"""`softswitch callbacks`: who is to be called back, and what became of those who were."""

import getpass
from collections import Counter

import click

from softswitch.base.ids import QueueId
from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.replies import CallbackSet
from softswitch.control.protocol.requests import AddCallback, CancelCallback
from softswitch.control.protocol.rows import CallbackRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@click.option("--all", "with_over", is_flag=True, help="Those of the last thirty days that are over as well.")
@config_option
@json_option
@click.pass_context
def callbacks(ctx: click.Context, with_over: bool, config: str | None, as_json: bool) -> None:
    """Call-backs that were promised, who has waited longest first."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.callbacks()
    shown = rows if with_over else [row for row in rows if row.state != "over"]
    shown.sort(key=lambda row: -row.waited_s)
    show_rows(shown, _COLUMNS, as_json=as_json, empty="Nobody is to be called back.")
    results = Counter(row.result for row in rows if row.state == "over")
    if not as_json and results:
        click.echo(
            "of the last thirty days: " + ", ".join(f"{count} {name}" for name, count in sorted(results.items()))
        )


@callbacks.command
@click.argument("number")
@click.option("--queue", required=True, help="From which queue.")
@click.option("--name", default="", help="Of the customer; the agent's phone shows it.")
@config_option
@click.pass_context
def add(ctx: click.Context, number: str, queue: str, name: str, config: str | None) -> None:
    """Promise a call-back to somebody who has asked for it elsewhere."""
    order = AddCallback(QueueId(queue), number, name, getpass.getuser())
    with connect(find_directory(config or ctx.obj)) as client:
        answer = client.ask(order, CallbackSet)
    row = answer.callback
    known = "" if answer.is_new else " (it was promised before, and keeps its place)"
    click.echo(f"{row.callback_id}: {row.number} will be called back from {row.queue_id}{known}")


@callbacks.command
@click.argument("callback")
@config_option
@click.pass_context
def cancel(ctx: click.Context, callback: str, config: str | None) -> None:
    """Call nobody back after all; an attempt that is under way goes on."""
    with connect(find_directory(config or ctx.obj)) as client:
        row = client.ask(CancelCallback(callback, getpass.getuser()), CallbackSet).callback
    state = "cancelled" if row.state == "over" else "cancelled after this attempt"
    click.echo(f"{row.callback_id}: {row.number} {state}")


def _state(row: CallbackRow) -> str:
    if row.state == "over":
        return row.result
    if row.result:
        return f"{row.state}, {row.result}"
    return row.state if row.next_s is None else f"resting, {duration(row.next_s)}"


_COLUMNS: list[Column[CallbackRow]] = [
    Column("Call-back", lambda row: row.callback_id),
    Column("Queue", lambda row: row.queue_id, is_flexible=True),
    Column("Number", lambda row: row.number, is_flexible=True),
    Column("Name", lambda row: row.name, is_wide=True),
    Column("State", _state, is_flexible=True),
    Column("Waited", lambda row: duration(row.waited_s), is_number=True),
    Column("Tried", lambda row: f"{row.attempts} of {row.attempts_max}", is_number=True),
    Column("Failed for", lambda row: row.last_failure, is_wide=True),
    Column("Agent", lambda row: row.agent, is_flexible=True),
    Column("Asked for", lambda row: row.source, is_wide=True),
]
