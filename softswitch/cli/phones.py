"""`softswitch phones`: extensions, and what their owners have chosen: forwards, do not disturb, call waiting."""

from typing import Literal

import click

from softswitch.cli.directory import config_option, connect, find_directory
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.control.protocol.replies import PhoneSet
from softswitch.control.protocol.requests import SetPhone
from softswitch.control.protocol.rows import PhoneRow


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def phones(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Extensions and what their owners have chosen."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        _show(config, None, as_json=as_json)


@phones.command
@click.argument("phone")
@config_option
@json_option
@click.pass_context
def show(ctx: click.Context, phone: str, config: str | None, as_json: bool) -> None:
    """One extension, by its user name or number."""
    _show(config or ctx.obj, phone, as_json=as_json)


@phones.command("set")
@click.argument("phone")
@click.option("--always", metavar="NUMBER", help='Forward every call there; "" ends it, here and in the next three.')
@click.option("--busy", metavar="NUMBER", help="Forward calls there while it is busy.")
@click.option("--no-answer", metavar="NUMBER", help="Forward calls there that it does not answer.")
@click.option("--after", metavar="SECONDS", type=float, help="How long it rings before.")
@click.option("--unregistered", metavar="NUMBER", help="Forward calls there while no phone can be reached.")
@click.option("--no-forwards", is_flag=True, help="Forward nothing any more.")
@click.option("--dnd/--no-dnd", "do_not_disturb", default=None, help="Do not disturb: callers hear that it is busy.")
@click.option("--call-waiting", type=click.Choice(["on", "off", "default"]), help="Ring for another call during one.")
@config_option
@click.pass_context
def set_phone(
    ctx: click.Context,
    phone: str,
    always: str | None,
    busy: str | None,
    no_answer: str | None,
    after: float | None,
    unregistered: str | None,
    no_forwards: bool,
    do_not_disturb: bool | None,
    call_waiting: Literal["on", "off", "default"] | None,
    config: str | None,
) -> None:
    """Change what an extension does with its calls, as its owner could by dialling."""
    reasons = {"always": always, "busy": busy, "no_answer": no_answer, "unregistered": unregistered}
    forwards = dict.fromkeys(reasons, "") if no_forwards else dict[str, str]()
    forwards |= {reason: number for reason, number in reasons.items() if number is not None}
    order = SetPhone(phone, forwards, after, do_not_disturb, call_waiting or "")
    if order == SetPhone(phone):
        raise Failure("nothing is to be changed: `softswitch phones set --help` says what can be")
    with connect(find_directory(config or ctx.obj)) as client:
        row = client.ask(order, PhoneSet).phone
    click.echo(f"{row.username}: {_summary(row)}")


def _show(config: str | None, phone: str | None, *, as_json: bool) -> None:
    with connect(find_directory(config)) as client:
        rows = client.phones()
    if phone is not None:
        rows = [row for row in rows if phone in (row.username, row.number)]
        if not rows:
            raise Failure(f'there is no phone "{phone}": see `softswitch phones`')
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No phones: agents.toml has none.")


def _forwards(row: PhoneRow) -> str:
    words = {"always": "all", "busy": "busy", "no_answer": f"after {row.no_answer_s:g} s", "unregistered": "not there"}
    return ", ".join(f"{words.get(reason, reason)} to {number}" for reason, number in row.forwards.items())


def _summary(row: PhoneRow) -> str:
    told = [f"forwards {_forwards(row)}" if row.forwards else "forwards nothing"]
    told.append("does not want to be disturbed" if row.do_not_disturb else "takes calls")
    told.append("call waiting" if row.call_waiting else "no call waiting")
    return ", ".join(told)


_COLUMNS: list[Column[PhoneRow]] = [
    Column("Phone", lambda row: row.username, is_flexible=True),
    Column("Number", lambda row: row.number),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column(
        "Registered",
        lambda row: str(row.contacts) if row.contacts else "no",
        is_number=True,
        style=lambda row: "" if row.contacts else "red",
    ),
    Column("Calls", lambda row: str(row.calls), is_number=True),
    Column("DND", lambda row: "on" if row.do_not_disturb else "", style=lambda row: "yellow"),
    Column("Forwards", _forwards, is_flexible=True, style=lambda row: "yellow"),
    Column("Call waiting", lambda row: "yes" if row.call_waiting else "no", is_wide=True),
    Column("Intercom", lambda row: "yes" if row.intercom else "no", is_wide=True),
]
