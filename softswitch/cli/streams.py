"""`softswitch calls stream`: programs that hear calls in progress."""

from typing import Literal, get_args

import click
import msgspec

from softswitch.base.ids import CallId
from softswitch.cli.call_ids import complete_call_id
from softswitch.cli.directory import config_option, connect, find_directory, project_option
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.replies import StreamSet
from softswitch.control.protocol.streams import StartStream, StopStream, StreamRow, StreamSide

_RATES: dict[str, Literal[8000, 16000]] = {"8000": 8000, "16000": 16000}


@click.command
@click.argument("call_id")
@click.argument("program")
@click.option("--side", type=click.Choice(get_args(StreamSide)), default="both", show_default=True, help="Whose sound.")
@click.option("--rate", type=click.Choice(list(_RATES)), default=None, help="Samples a second, if not as configured.")
@config_option
@project_option
@click.pass_context
def stream(
    ctx: click.Context, call_id: str, program: str, side: StreamSide, rate: str | None, config: str | None, project: str
) -> None:
    """Let a program hear a call: PROGRAM is an id of programs.toml, or a wss:// URL."""
    with connect(find_directory(config or ctx.obj), project) as client:
        found = complete_call_id(call_id, client.calls())
        order = StartStream(
            call_id=found, program=program, side=side, rate_hz=None if rate is None else _RATES[rate], by="cli"
        )
        done = client.ask(order, StreamSet)
    click.echo(f"{program} is being connected with call {done.call.call_id}: stream {done.stream_id}.")


@click.command("stop-stream")
@click.argument("call_id")
@click.argument("stream_id", default="")
@config_option
@project_option
@click.pass_context
def stop_stream(ctx: click.Context, call_id: str, stream_id: str, config: str | None, project: str) -> None:
    """End a stream of a call; STREAM_ID can be left out when the call has but one."""
    with connect(find_directory(config or ctx.obj), project) as client:
        rows = client.calls()
        found = complete_call_id(call_id, rows)
        open_now = [each.stream_id for row in rows if row.call_id == found for each in row.streams]
        if not stream_id and len(open_now) > 1:
            raise Failure(f"the call has {len(open_now)} streams: name one of {', '.join(open_now)}")
        stream_id = stream_id or next(iter(open_now), "")
        if not stream_id:
            raise Failure("the call has no stream")
        done = client.ask(StopStream(call_id=found, stream_id=stream_id, by="cli"), StreamSet)
    click.echo(f"Stream {done.stream_id} of call {done.call.call_id} was ended.")


@click.command
@config_option
@project_option
@json_option
@click.pass_context
def streams(ctx: click.Context, config: str | None, project: str, as_json: bool) -> None:
    """Programs that hear calls, with what they got and what was dropped."""
    with connect(find_directory(config or ctx.obj), project) as client:
        rows = [_Open(row.call_id, each) for row in client.calls() for each in row.streams]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No streams.")


class _Open(msgspec.Struct, frozen=True):
    """A stream and whose it is."""

    call_id: CallId
    stream: StreamRow


def _state(row: StreamRow) -> str:
    return "connected" if row.is_connected else row.fault or "connecting"


_COLUMNS: list[Column[_Open]] = [
    Column("Stream", lambda row: row.stream.stream_id),
    Column("Call", lambda row: row.call_id, narrow_characters=8),
    Column("Program", lambda row: row.stream.program, is_flexible=True),
    Column("Side", lambda row: row.stream.side),
    Column("State", lambda row: _state(row.stream), is_flexible=True),
    Column("Sent", lambda row: f"{row.stream.sent}", is_number=True),
    Column("Dropped", lambda row: f"{row.stream.dropped}", is_number=True),
    Column("Said", lambda row: f"{row.stream.said}", is_number=True),
    Column("Refused", lambda row: f"{row.stream.refused}", is_number=True),
]
