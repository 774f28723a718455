"""`softswitch conferences`: who is in which room, what hosts could order with keys, and the minutes."""

import getpass
from itertools import islice
from typing import Literal

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory, open_records
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, last_option, show_json, show_rows
from softswitch.cli.words import count, duration, instant
from softswitch.control.protocol.replies import ConferenceSet
from softswitch.control.protocol.requests import ConferenceAction, OrderConference
from softswitch.control.protocol.rows import ConferenceRow, ParticipantRow
from softswitch.store.conference_schema import StoredMinutes, StoredStay


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def conferences(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Conference rooms and who is in them."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.conferences()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="There are no rooms: see conferences.toml.")


_room_argument = click.argument("room")
_seat_argument = click.argument("seat", type=click.IntRange(min=1))
_any_seat_argument = click.argument("seat", type=click.IntRange(min=1), required=False, default=None)
_switch_argument = click.argument("switch", type=click.Choice(["on", "off"]), metavar="on|off")
Switch = Literal["on", "off"]


@conferences.command
@_room_argument
@config_option
@json_option
@click.pass_context
def show(ctx: click.Context, room: str, config: str | None, as_json: bool) -> None:
    """Who is in a room, and whom the switch is calling for it."""
    with connect(find_directory(config or ctx.obj)) as client:
        row = next((each for each in client.conferences() if each.room == room), None)
    if row is None:
        raise Failure(f'there is no room "{room}": softswitch conferences lists them')
    if as_json:
        show_json(row)
        return
    show_rows(row.participants, _PARTICIPANTS, as_json=False, empty=f"Nobody is in {room}.")
    words = [_people(row), _state(row), f"calling {', '.join(row.calling)}" if row.calling else ""]
    click.echo("\n" + ", ".join(word for word in words if word))


@conferences.command
@_room_argument
@_any_seat_argument
@config_option
@click.pass_context
def mute(ctx: click.Context, room: str, seat: int | None, config: str | None) -> None:
    """Nobody hears one of them; without a number, all guests."""
    _order(config or ctx.obj, room, "mute", seat=seat or 0)


@conferences.command
@_room_argument
@_any_seat_argument
@config_option
@click.pass_context
def unmute(ctx: click.Context, room: str, seat: int | None, config: str | None) -> None:
    """He is heard again; without a number, all guests are."""
    _order(config or ctx.obj, room, "unmute", seat=seat or 0)


@conferences.command
@_room_argument
@config_option
@click.pass_context
def lock(ctx: click.Context, room: str, config: str | None) -> None:
    """Nobody comes in any more but hosts, and who was here before."""
    _order(config or ctx.obj, room, "lock")


@conferences.command
@_room_argument
@config_option
@click.pass_context
def unlock(ctx: click.Context, room: str, config: str | None) -> None:
    """Everybody comes in again."""
    _order(config or ctx.obj, room, "unlock")


@conferences.command
@_room_argument
@_switch_argument
@config_option
@click.pass_context
def lecture(ctx: click.Context, room: str, switch: Switch, config: str | None) -> None:
    """Only hosts are heard, or everybody again."""
    _order(config or ctx.obj, room, "lecture" if switch == "on" else "discuss")


@conferences.command
@_room_argument
@_switch_argument
@config_option
@click.pass_context
def record(ctx: click.Context, room: str, switch: Switch, config: str | None) -> None:
    """Record what is said in the room, or no longer."""
    _order(config or ctx.obj, room, "record" if switch == "on" else "stop_recording")


@conferences.command
@_room_argument
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@config_option
@click.pass_context
def add(ctx: click.Context, room: str, numbers: tuple[str, ...], config: str | None) -> None:
    """Call somebody in; who wants to joins with 1."""
    for number in numbers:
        _order(config or ctx.obj, room, "call", number=number)


@conferences.command
@_room_argument
@config_option
@click.pass_context
def call(ctx: click.Context, room: str, config: str | None) -> None:
    """Call everybody of the room's list who is not there."""
    _order(config or ctx.obj, room, "call")


@conferences.command
@_room_argument
@_seat_argument
@config_option
@click.pass_context
def remove(ctx: click.Context, room: str, seat: int, config: str | None) -> None:
    """Send one of them out."""
    _order(config or ctx.obj, room, "remove", seat=seat)


@conferences.command
@_room_argument
@config_option
@click.pass_context
def end(ctx: click.Context, room: str, config: str | None) -> None:
    """End it for all."""
    _order(config or ctx.obj, room, "end")


@conferences.command
@click.argument("room", required=False, default="")
@last_option
@config_option
@json_option
@click.pass_context
def minutes(ctx: click.Context, room: str, last: int, config: str | None, as_json: bool) -> None:
    """Who was there, when and for how long; the newest first."""
    with open_records(find_directory(config or ctx.obj)) as store:
        rows = list(islice((row for row in store.minutes.descending() if room in ("", row.room_id)), last))
    if as_json:
        show_json(rows)
        return
    if not rows:
        click.echo(f"No conference has been held yet{' in the room ' + room if room else ''}.")
    for row in rows:
        _show_minutes(row)


def _show_minutes(row: StoredMinutes) -> None:
    length = f"{duration(row.ended_at - row.started_at)}, {row.end_reason}" if row.ended_at else "it goes on"
    click.echo(f"{row.name or row.room_id} ({row.conference_id}): {instant(row.started_at)}, {length}")
    if row.stays_left_out:
        click.echo(f"  {row.stays_left_out} earlier stays are left out")
    for stay in row.stays:
        click.echo(f"  {_stay_line(stay)}")
    for event in row.events:
        click.echo(f"  {instant(event.at)} {event.what} (by {event.by})")
    for path in row.recordings:
        click.echo(f"  recorded in {path}")
    click.echo()


def _stay_line(stay: StoredStay) -> str:
    until = f"to {instant(stay.left_at)} ({stay.reason})" if stay.left_at else "still there"
    how = "called" if stay.is_called else "dialled in"
    who = f"{stay.name} {stay.number}".strip()
    return f"{stay.seat:>2} {who}, {stay.role}, {how}: {instant(stay.joined_at)} {until}, spoke {duration(stay.talk_s)}"


def _order(config: str | None, room: str, action: ConferenceAction, *, seat: int = 0, number: str = "") -> None:
    order = OrderConference(room, action, seat, number, getpass.getuser())
    with connect(find_directory(config)) as client:
        row = client.ask(order, ConferenceSet).conference
    state = "over" if row is None else ", ".join(word for word in (_people(row), _state(row)) if word)
    calling = f", calling {', '.join(row.calling)}" if row is not None and row.calling else ""
    click.echo(f"{room}: {state}{calling}")


def _people(row: ConferenceRow) -> str:
    return count(len(row.participants), "participant")


def _state(row: ConferenceRow) -> str:
    words = (
        ("waits for the host", bool(row.participants) and not row.is_open),
        ("locked", row.is_locked),
        ("lecture", row.is_lecture),
        ("guests muted", row.is_quiet),
        ("recorded", row.is_recording),
    )
    return ", ".join(word for word, is_so in words if is_so)


def _heard(row: ParticipantRow) -> str:
    if row.is_talking and row.is_heard:
        return "talks"
    return "yes" if row.is_heard else "muted himself" if row.is_muted else "no"


_COLUMNS: list[Column[ConferenceRow]] = [
    Column("Room", lambda row: row.room, is_flexible=True),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("Number", lambda row: row.number, is_flexible=True),
    Column("In it", lambda row: f"{len(row.participants)} of {row.maximum}", is_number=True),
    Column("Since", lambda row: duration(row.running_s), is_number=True),
    Column("State", _state, is_flexible=True),
    Column("Calling", lambda row: ", ".join(row.calling), is_flexible=True, is_wide=True),
    Column("Project", lambda row: row.project, is_wide=True),
    Column("Conference", lambda row: row.conference_id, is_wide=True),
]
_PARTICIPANTS: list[Column[ParticipantRow]] = [
    Column("No.", lambda row: str(row.seat), is_number=True),
    Column("Number", lambda row: row.number, is_flexible=True),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("Role", lambda row: row.role),
    Column("Where", lambda row: row.place),
    Column("Heard", _heard),
    Column("Spoke", lambda row: duration(row.talk_s), is_number=True),
    Column("There for", lambda row: duration(row.joined_s), is_number=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
]
