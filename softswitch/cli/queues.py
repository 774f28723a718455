"""`softswitch queues`: who waits, who answers, how quickly; closing and opening them."""

import getpass
from collections.abc import Callable

import click

from softswitch.base.ids import QueueId
from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.queue_events import events
from softswitch.cli.queue_why import why
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.stats import queue_stats
from softswitch.cli.watching import shown_again, watch_option
from softswitch.cli.words import duration, percentage
from softswitch.control.protocol.replies import QueueSet
from softswitch.control.protocol.requests import SetQueue, WhoWaits
from softswitch.control.protocol.rows import QueueRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@watch_option
@json_option
@click.pass_context
def queues(ctx: click.Context, config: str | None, watch_s: float | None, as_json: bool) -> None:
    """Queues: who waits, who answers, how quickly."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        shown_again(lambda: _show(find_directory(config), as_json=as_json), watch_s, as_json=as_json)


def _show(directory: str, *, as_json: bool) -> None:
    with connect(directory) as client:
        rows = client.queues()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No queues: queues.toml has none.")


_queues_argument = click.argument("names", metavar="QUEUE...", nargs=-1)
_all_option = click.option("--all", "is_all", is_flag=True, help="Every queue.")
queues.add_command(queue_stats)
queues.add_command(events)
queues.add_command(why)


@queues.command
@_queues_argument
@_all_option
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
def close(
    ctx: click.Context, names: tuple[str, ...], is_all: bool, reason: str, waiting: WhoWaits, config: str | None
) -> None:
    """Close queues now, whatever their hours, until they are opened."""
    with connect(find_directory(config or ctx.obj)) as client:
        for name in _chosen(names, is_all, client.queues):
            order = SetQueue(QueueId(name), "close", reason, waiting, getpass.getuser())
            row = client.ask(order, QueueSet).queue
            click.echo(f"{name}: {_state(row)}, until `softswitch queues open {name}`")


@queues.command("open")
@_queues_argument
@_all_option
@config_option
@click.pass_context
def open_(ctx: click.Context, names: tuple[str, ...], is_all: bool, config: str | None) -> None:
    """Queues that were closed are open again, as their hours say."""
    from softswitch.control.runtime.client import ControlRefused

    with connect(find_directory(config or ctx.obj)) as client:
        for name in _chosen(names, is_all, client.queues):
            try:
                row = client.ask(SetQueue(QueueId(name), "open", by=getpass.getuser()), QueueSet).queue
            except ControlRefused as refused:
                if not is_all or refused.reply.code != "not_possible":
                    raise
                continue  # nobody had closed it
            click.echo(f"{name}: {_state(row)}")


def _chosen(names: tuple[str, ...], is_all: bool, known: Callable[[], list[QueueRow]]) -> list[str]:
    if is_all == bool(names):
        raise click.UsageError("Name queues, or write --all.")
    return [row.queue_id for row in known()] if is_all else list(names)


def _name(row: QueueRow) -> str:
    """Narrow screens have no room for more of its state than this."""
    return row.queue_id if row.is_open else f"{row.queue_id} (closed)"


def _state(row: QueueRow) -> str:
    if row.is_open:
        return "open, rescued" if row.is_rescued else "open"
    return f"closed ({row.closed_for})" if row.closed_for else "closed"


def _estimates(row: QueueRow) -> str:
    """By how much they are wrong, and by how much they are too long."""
    if row.estimate_error_s is None or row.estimate_bias_s is None:
        return ""
    return f"±{row.estimate_error_s:.0f} s ({row.estimate_bias_s:+.0f} s)"


def _hook(row: QueueRow) -> str:
    """How often its routing hook answered and how quickly, and how often it did not."""
    if row.hook is None:
        return ""
    hook = row.hook
    answered = hook.accepted + hook.chosen + hook.vetoed + hook.impossible
    speed = "" if hook.mean_ms is None else f" in {hook.mean_ms:.0f} ms"
    missing = [
        f"{count} {word}"
        for word, count in (("late", hook.late), ("failed", hook.failed), ("skipped", hook.skipped))
        if count
    ]
    return ", ".join([f"{answered} answered{speed}", *missing])


_COLUMNS: list[Column[QueueRow]] = [
    Column("Queue", _name, is_flexible=True, style=lambda row: "" if row.is_open else "yellow"),
    Column("Name", lambda row: row.name, is_wide=True),
    Column("Project", lambda row: row.project, is_wide=True, is_flexible=True),
    Column("State", _state, is_wide=True, is_flexible=True),
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
    Column("Hook", _hook, is_wide=True),
]
