"""`softswitch media`: the media workers, and taking one out of service without ending a call."""

import click

from softswitch.cli.directory import config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import percentage
from softswitch.control.protocol.replies import Status, WorkerSet
from softswitch.control.protocol.requests import GetStatus, SetWorker, WorkerAction
from softswitch.control.protocol.rows import WorkerRow


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def media(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Media workers and what they carry."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        with connect(find_directory(config)) as client:
            rows = client.ask(GetStatus(), Status).workers
        show_rows(rows, WORKER_COLUMNS, as_json=as_json, empty="No media workers.")


_name_argument = click.argument("name")


@media.command
@_name_argument
@config_option
@click.pass_context
def drain(ctx: click.Context, name: str, config: str | None) -> None:
    """No new calls for a media worker; those it has go on."""
    row = _set(config or ctx.obj, name, "drain")
    streams = f"{row.streams} streams are left" if row.streams else "nothing is left: it may be restarted"
    click.echo(f"{name}: no new calls; {streams} (pid {row.pid})")


@media.command
@_name_argument
@config_option
@click.pass_context
def resume(ctx: click.Context, name: str, config: str | None) -> None:
    """A media worker gets new calls again."""
    _set(config or ctx.obj, name, "resume")
    click.echo(f"{name}: gets new calls")


def _set(config: str | None, name: str, action: WorkerAction) -> WorkerRow:
    with connect(find_directory(config)) as client:
        return client.ask(SetWorker(name, action), WorkerSet).worker


def _state(row: WorkerRow) -> str:
    if not row.is_connected:
        return "away"
    if row.is_draining:
        return "draining" if row.streams else "drained"
    return "connected"


_STYLES = {"away": "red", "connected": "green"}

WORKER_COLUMNS: list[Column[WorkerRow]] = [
    Column("Media worker", lambda row: row.name),
    Column("Pid", lambda row: str(row.pid), is_number=True),
    Column("State", _state, style=lambda row: _STYLES.get(_state(row), "yellow")),
    Column("Streams", lambda row: str(row.streams), is_number=True),
    Column("Adopted", lambda row: str(row.adopted), is_number=True, is_wide=True),
    Column("Recordings", lambda row: str(row.recordings), is_number=True),
    Column("Version", lambda row: row.version, is_wide=True),
    Column("CPU", lambda row: percentage(row.cpu), is_number=True),
    Column("Tick µs", lambda row: f"{row.tick_us_median:.0f}", is_number=True),
    Column("Longest", lambda row: f"{row.tick_us_max:.0f}", is_number=True, is_wide=True),
    Column("Late", lambda row: str(row.overruns), is_number=True),
    Column("Dropped", lambda row: str(row.dropped_by_kernel), is_number=True, is_wide=True),
    Column("Strangers", lambda row: str(row.strangers), is_number=True, is_wide=True),
    Column("Forged", lambda row: str(row.unauthentic), is_number=True, is_wide=True),
]
