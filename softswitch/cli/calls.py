"""`softswitch calls`: calls in progress, ending one, supervisors in them, and what became of one."""

from typing import get_args

import click

from softswitch.cli.call_ids import complete_call_id
from softswitch.cli.call_orders import COMMANDS
from softswitch.cli.directory import config_option, connect, find_directory, project_option
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.streams import stop_stream, stream, streams
from softswitch.cli.watching import shown_again, watch_option
from softswitch.cli.why import why
from softswitch.cli.words import duration, instant, spoken_state
from softswitch.control.protocol.replies import Done, SupervisionSet, Transferred
from softswitch.control.protocol.requests import HangUp, SetSupervision, Supervise, SupervisionMode, TransferCall
from softswitch.control.protocol.rows import CallRow


@click.group(invoke_without_command=True)
@config_option
@project_option
@watch_option
@json_option
@click.pass_context
def calls(ctx: click.Context, config: str | None, project: str, watch_s: float | None, as_json: bool) -> None:
    """Calls in progress."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        shown_again(lambda: _show(find_directory(config), project, as_json=as_json), watch_s, as_json=as_json)


def _show(directory: str, project: str, *, as_json: bool) -> None:
    with connect(directory, project) as client:
        rows = client.calls()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No calls.")


@calls.command
@config_option
@json_option
@click.pass_context
def parked(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Callers in parking slots."""
    with connect(find_directory(config or ctx.obj)) as client:
        rows = sorted((row for row in client.calls() if row.slot), key=lambda row: row.slot)
    show_rows(rows, _PARKED_COLUMNS, as_json=as_json, empty="Nobody is parked.")


@calls.command
@click.argument("call_id")
@config_option
@click.pass_context
def hangup(ctx: click.Context, call_id: str, config: str | None) -> None:
    """End a call for every party; the beginning of its id will do."""
    with connect(find_directory(config or ctx.obj)) as client:
        found = complete_call_id(call_id, client.calls())
        client.ask(HangUp(found), Done)
    click.echo(f"Call {found} was ended.")


@calls.command
@click.argument("call_id")
@click.argument("target")
@config_option
@click.pass_context
def transfer(ctx: click.Context, call_id: str, target: str, config: str | None) -> None:
    """Send a caller to another number or extension; whoever he talks to is hung up."""
    with connect(find_directory(config or ctx.obj)) as client:
        found = complete_call_id(call_id, client.calls())
        done = client.ask(TransferCall(found, target), Transferred)
    click.echo(f"{done.call.calling_number} is being connected to {target}: call {done.call.call_id}.")


calls.add_command(why)
calls.add_command(stream)
calls.add_command(stop_stream)
calls.add_command(streams)
for order in COMMANDS:
    calls.add_command(order)

_MODES = click.Choice(get_args(SupervisionMode))
_EFFECTS = {
    "listen": "hears both, and nobody hears it",
    "whisper": "hears both, and the agent alone hears it",
    "barge": "hears both, and both hear it",
}


@calls.command
@click.argument("call_id")
@click.option("--phone", required=True, metavar="PHONE", help="Whose phone rings: an account or a number.")
@click.option("--mode", type=_MODES, default="listen", show_default=True, help="How it takes part.")
@config_option
@click.pass_context
def listen(ctx: click.Context, call_id: str, phone: str, mode: SupervisionMode, config: str | None) -> None:
    """Let a supervisor hear a conversation, on his phone."""
    with connect(find_directory(config or ctx.obj)) as client:
        found = complete_call_id(call_id, client.calls())
        done = client.ask(Supervise(found, phone, mode), SupervisionSet)
    click.echo(f"Phone {done.phone} rings; answered, it {_EFFECTS[mode]}.")
    click.echo("Its keys switch: 4 listen, 5 whisper to the agent, 6 barge in.")


@calls.command
@click.argument("call_id")
@click.argument("mode", type=_MODES)
@click.option("--phone", default="", metavar="PHONE", help="Which supervisor, if there are several.")
@config_option
@click.pass_context
def mode(ctx: click.Context, call_id: str, mode: SupervisionMode, phone: str, config: str | None) -> None:
    """Change how a supervisor takes part in a conversation."""
    with connect(find_directory(config or ctx.obj)) as client:
        found = complete_call_id(call_id, client.calls())
        done = client.ask(SetSupervision(found, mode, phone), SupervisionSet)
    click.echo(f"Phone {done.phone} {_EFFECTS[mode]}.")


def _talking(row: CallRow) -> str:
    return f"fax ({row.fax})" if row.fax else " ".join(sorted(row.talking))


def _mos_style(row: CallRow) -> str:
    return "red" if row.mos is not None and row.mos < MOS_LOW else ""


MOS_LOW = 3.5
"""Below it many users are dissatisfied."""
_STYLES = {"talking": "green", "waiting": "yellow", "alerting": "cyan"}
_COLUMNS: list[Column[CallRow]] = [
    Column("Call", lambda row: row.call_id, narrow_characters=8),
    Column("State", lambda row: spoken_state(row.state), style=lambda row: _STYLES.get(row.state, "")),
    Column("From", lambda row: row.calling_number, is_flexible=True),
    Column("To", lambda row: row.called_number, is_flexible=True),
    Column("Project", lambda row: row.project, is_wide=True, is_flexible=True),
    Column("Flow", lambda row: row.flow, is_wide=True),
    Column("Queue", lambda row: row.queue, is_flexible=True),
    Column("Agent", lambda row: row.agent, is_flexible=True),
    Column("Waited", lambda row: duration(row.wait_s), is_number=True),
    Column("Length", lambda row: duration(row.duration_s), is_number=True),
    Column("MOS", lambda row: "" if row.mos is None else f"{row.mos:.1f}", is_number=True, style=_mos_style),
    Column("Talking", _talking, is_wide=True),
    Column("Began", lambda row: instant(row.started_at), is_wide=True),
    Column("Recording", lambda row: f"{row.recording}{' masked' if row.masked_s else ''}", is_wide=True),
    Column("Supervisors", lambda row: " ".join(f"{who}={how}" for who, how in row.supervisors.items()), is_wide=True),
]
_PARKED_COLUMNS: list[Column[CallRow]] = [
    Column("Slot", lambda row: row.slot),
    Column("From", lambda row: row.calling_number, is_flexible=True),
    Column("To", lambda row: row.called_number, is_flexible=True),
    Column("Length", lambda row: duration(row.duration_s), is_number=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
]
