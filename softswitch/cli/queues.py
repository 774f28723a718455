"""`softswitch queues`: who waits, who answers, how quickly; closing and opening them."""

import getpass

import click

from softswitch.base.ids import QueueId
from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration, percentage
from softswitch.control.protocol.replies import QueueSet
from softswitch.control.protocol.requests import SetQueue, WhoWaits
from softswitch.control.protocol.rows import QueueRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def queues(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Queues: who waits, who answers, how quickly."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.queues()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No queues: queues.toml has none.")


_queue_argument = click.argument("queue")


@queues.command
@_queue_argument
@click.option("--reason", default="", help="Why, for people: fire alarm, meeting.")
@click.option(
    "--waiting",
    type=click.Choice(["announce", "finish", "overflow"]),
    default="announce",
    show_default=True,
    help="Who waits is told and let go, still served, or overflows.",
)
@config_option
@click.pass_context
def close(ctx: click.Context, queue: str, reason: str, waiting: WhoWaits, config: str | None) -> None:
    """Close a queue now, whatever its hours, until it is opened."""
    row = _ask(config or ctx.obj, SetQueue(QueueId(queue), "close", reason, waiting, getpass.getuser()))
    click.echo(f"{queue}: {_state(row)}, until `softswitch queues open {queue}`")


@queues.command("open")
@_queue_argument
@config_option
@click.pass_context
def open_(ctx: click.Context, queue: str, config: str | None) -> None:
    """A queue that was closed is open again, as its hours say."""
    row = _ask(config or ctx.obj, SetQueue(QueueId(queue), "open", by=getpass.getuser()))
    click.echo(f"{queue}: {_state(row)}")


def _ask(config: str | None, order: SetQueue) -> QueueRow:
    with connect(find_directory(config)) as client:
        return client.ask(order, QueueSet).queue


def _state(row: QueueRow) -> str:
    if row.is_open:
        return "open, rescued" if row.is_rescued else "open"
    return f"closed ({row.closed_for})" if row.closed_for else "closed"


def _estimates(row: QueueRow) -> str:
    """By how much they are wrong, and by how much they are too long."""
    if row.estimate_error_s is None or row.estimate_bias_s is None:
        return ""
    return f"±{row.estimate_error_s:.0f} s ({row.estimate_bias_s:+.0f} s)"


_COLUMNS: list[Column[QueueRow]] = [
    Column("Queue", lambda row: row.queue_id, is_flexible=True),
    Column("Name", lambda row: row.name, is_wide=True),
    Column("State", _state, is_flexible=True, style=lambda row: "" if row.is_open else "yellow"),
    Column("Waiting", lambda row: str(row.waiting), is_number=True, style=lambda row: "yellow" if row.waiting else ""),
    Column("Longest", lambda row: duration(row.longest_wait_s) if row.waiting else "", is_number=True),
    Column("Ready", lambda row: str(row.agents_ready), is_number=True),
    Column("Busy", lambda row: str(row.agents_busy), is_number=True),
    Column("Staff", lambda row: str(row.agents_logged_in), is_number=True, is_wide=True),
    Column("Offered", lambda row: str(row.offered), is_number=True),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("Lost", lambda row: str(row.abandoned), is_number=True),
    Column("Overflowed", lambda row: str(row.overflowed), is_number=True, is_wide=True),
    Column("Level", lambda row: percentage(row.service_level), is_number=True),
    Column("Speed", lambda row: duration(row.average_speed_of_answer_s), is_number=True),
    Column("Estimates", _estimates, is_number=True, is_wide=True),
]
