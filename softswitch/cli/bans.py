"""`softswitch bans`: addresses that are not listened to; to add one, and to lift one."""

import re

import click

from softswitch.cli.directory import config_option, connect, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import count, duration, instant
from softswitch.control.protocol.replies import BanSet, BansLifted
from softswitch.control.protocol.requests import AddBan, LiftBan
from softswitch.control.protocol.rows import BanRow

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")


class Duration(click.ParamType[float]):
    """ "90s", "5m", "1h", "7d" as seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(f'"{value}" is no duration: write 90s, 5m, 1h or 7d', param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def bans(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Addresses that are not listened to."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        with connect(find_directory(config)) as client:
            rows = client.bans()
        show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody is banned.")


_network_argument = click.argument("network", metavar="ADDRESS")


@bans.command
@_network_argument
@click.option("--for", "seconds", type=Duration(), default="1h", show_default=True, help="90s, 5m, 1h, 7d.")
@click.option("--reason", default="", help="Shown in the list.")
@config_option
@click.pass_context
def add(ctx: click.Context, network: str, seconds: float, reason: str, config: str | None) -> None:
    """Do not listen to an address or a network for a while."""
    with connect(find_directory(config or ctx.obj)) as client:
        row = client.ask(AddBan(network, seconds, reason), BanSet).ban
    click.echo(f"{row.network}: not listened to for {duration(row.ends_in_s)}")


@bans.command
@_network_argument
@config_option
@click.pass_context
def lift(ctx: click.Context, network: str, config: str | None) -> None:
    """Listen to an address or a network again."""
    with connect(find_directory(config or ctx.obj)) as client:
        networks = client.ask(LiftBan(network), BansLifted).networks
    click.echo(f"lifted {count(len(networks), 'ban')}: {', '.join(networks)}")


_COLUMNS: list[Column[BanRow]] = [
    Column("Address", lambda row: row.network),
    Column("Since", lambda row: instant(row.since_at)),
    Column("Ends in", lambda row: duration(row.ends_in_s), is_number=True),
    Column("Time", lambda row: str(row.times), is_number=True),
    Column("By", lambda row: row.by),
    Column("Reason", lambda row: row.reason, is_flexible=True),
]
