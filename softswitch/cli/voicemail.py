"""`softswitch voicemail`: boxes, their messages, and what becomes of them; `softswitch mails`: mail not sent yet."""

import getpass
import shutil
from contextlib import suppress
from pathlib import Path

import click

from softswitch.cli.directory import DirectoryGroup, config_option, connect, directory_argument, find_directory
from softswitch.cli.failure import Failure
from softswitch.cli.recording_files import key_file_of, open_sealed
from softswitch.cli.render import Column, json_option, show_json, show_rows
from softswitch.cli.words import duration, instant
from softswitch.control.protocol.voicemail import (
    MailRow,
    SetVoiceMessage,
    VoiceBoxRow,
    VoiceMessageAction,
    VoiceMessageRow,
    VoiceMessageSet,
)


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def voicemail(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Voicemail boxes and how full they are."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.voice_boxes()
    show_rows(rows, _BOX_COLUMNS, as_json=as_json, empty="There are no boxes: see [voicemail] in softswitch.toml.")


@voicemail.command("list")
@click.argument("box", default="")
@click.option("--deleted", "with_deleted", is_flag=True, help="Deleted ones as well; they are there for a day.")
@config_option
@json_option
@click.pass_context
def list_(ctx: click.Context, box: str, with_deleted: bool, config: str | None, as_json: bool) -> None:
    """The messages of a box, by its id or number, or of all boxes, the oldest first."""
    rows = [row for row in _messages(config or ctx.obj, box) if with_deleted or row.state != "deleted"]
    show_rows(rows, _MESSAGE_COLUMNS, as_json=as_json, empty="No messages.")


@voicemail.command
@click.argument("message")
@config_option
@json_option
@click.pass_context
def show(ctx: click.Context, message: str, config: str | None, as_json: bool) -> None:
    """All that is known of one message."""
    row = _message(config or ctx.obj, message)
    if as_json:
        show_json(row)
        return
    caller = " ".join(each for each in (row.calling_number, row.calling_name) if each) or "withheld"
    click.echo(f"{row.message_id}: {row.state}{', urgent' if row.is_urgent else ''}, {duration(row.duration_s)}")
    click.echo(f"  in the box {row.box}" + (f", forwarded from {row.forwarded_by}" if row.forwarded_by else ""))
    click.echo(f"  from {caller}, who called {row.called_number} at {instant(row.received_at)} (call {row.call_id})")
    if row.heard_at:
        click.echo(f"  heard by {row.heard_by or 'somebody'} at {instant(row.heard_at)}")
    if row.deleted_at:
        click.echo(f"  deleted at {instant(row.deleted_at)}")
    if row.is_contact:
        click.echo("  waits in a queue for an agent")
    click.echo(f"  {row.path}")


@voicemail.command
@click.argument("message")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Copied there; without it the path is printed.")
@config_option
@click.pass_context
def listen(ctx: click.Context, message: str, output: str | None, config: str | None) -> None:
    """Where the sound of a message is, or a copy of it. It stays new until somebody says otherwise."""
    from softswitch.media.runtime.recording.sealed_sound import is_sealed

    row = _message(config or ctx.obj, message)
    if output is None:
        with suppress(OSError):  # where the file is can be told of one that is not there
            if is_sealed(row.path):
                click.echo(f"{row.path} (encrypted: --output writes it in plain)")
                return
        click.echo(row.path)
        return
    try:
        is_encrypted = is_sealed(row.path)
        if is_encrypted and (fault := open_sealed(row.path, output, key_file_of(find_directory(config or ctx.obj)))):
            raise Failure(f"{row.path}: {fault}")
        if not is_encrypted:
            shutil.copyfile(row.path, output)
    except OSError as error:
        raise Failure(f"{error.filename or output}: {error.strerror}") from error
    click.echo(f"{Path(output)}: {duration(row.duration_s)}")


@voicemail.command
@click.argument("messages", nargs=-1, required=True)
@config_option
@click.pass_context
def delete(ctx: click.Context, messages: tuple[str, ...], config: str | None) -> None:
    """Delete messages; for a day they can be had back."""
    for message in messages:
        row = _set(config or ctx.obj, message, "delete")
        click.echo(f"{row.message_id}: deleted, for good in a day; until then `mark --undelete` has it back")


@voicemail.command
@click.argument("message")
@click.option("--new", "state", flag_value="new", help="As if nobody had heard it.")
@click.option("--old", "state", flag_value="old", help="Somebody has heard it.")
@click.option("--urgent", "urgency", flag_value="urgent", help="It is to be heard first.")
@click.option("--not-urgent", "urgency", flag_value="not_urgent", help="It is like any other.")
@click.option("--undelete", "state", flag_value="undelete", help="Have a deleted one back.")
@config_option
@click.pass_context
def mark(
    ctx: click.Context,
    message: str,
    state: VoiceMessageAction | None,
    urgency: VoiceMessageAction | None,
    config: str | None,
) -> None:
    """Say what a message is; lamps follow."""
    actions: list[VoiceMessageAction] = [action for action in (state, urgency) if action is not None]
    if not actions:
        raise click.UsageError("say as what: --new, --old, --urgent, --not-urgent or --undelete")
    row = [_set(config or ctx.obj, message, action) for action in actions][-1]
    click.echo(f"{row.message_id}: {row.state}{', urgent' if row.is_urgent else ''}")


@click.command
@directory_argument
@config_option
@json_option
def mails(directory: str | None, config: str | None, as_json: bool) -> None:
    """Mail that is not sent yet, and why."""
    with connect(find_directory(directory or config)) as client:
        rows, counts = client.mails()
    show_rows(rows, _MAIL_COLUMNS, as_json=as_json, empty="No mail waits.")
    if not as_json:
        click.echo(
            f"since the start: {counts.sent} sent, {counts.given_up} given up, {counts.failed} attempts came to nothing"
        )


def _messages(config: str | None, box: str) -> list[VoiceMessageRow]:
    with connect(find_directory(config)) as client:
        boxes = {name for row in client.voice_boxes() for name in (row.box, row.number)}
        if box and box not in boxes:
            raise Failure(f'there is no box "{box}": see `softswitch voicemail`')
        return client.voice_messages(box)


def _message(config: str | None, message: str) -> VoiceMessageRow:
    """By its id, or by the beginning of it."""
    found = [row for row in _messages(config, "") if row.message_id.startswith(message)]
    if len(found) == 1:
        return found[0]
    which = "several begin so" if found else "see `softswitch voicemail list --deleted`"
    raise Failure(f'there is no voice message "{message}": {which}')


def _set(config: str | None, message: str, action: VoiceMessageAction) -> VoiceMessageRow:
    found = _message(config, message)
    with connect(find_directory(config)) as client:
        return client.ask(SetVoiceMessage(found.message_id, action, getpass.getuser()), VoiceMessageSet).message


_BOX_COLUMNS: list[Column[VoiceBoxRow]] = [
    Column("Box", lambda row: row.box, is_flexible=True),
    Column("Number", lambda row: row.number),
    Column("New", lambda row: str(row.new), is_number=True),
    Column("Old", lambda row: str(row.old), is_number=True),
    Column("Urgent", lambda row: str(row.urgent_new), is_number=True),
    Column("Full", lambda row: f"{row.new + row.old} of {row.messages_max}", is_number=True),
    Column("Length", lambda row: f"{duration(row.seconds)} of {row.minutes_max:g} min", is_number=True, is_wide=True),
    Column("Refused", lambda row: str(row.refused), is_number=True),
    Column("Project", lambda row: row.project, is_wide=True),
    Column("Members", lambda row: ", ".join(row.members), is_wide=True),
    Column("Greetings", lambda row: ", ".join(row.greetings), is_wide=True),
    Column("Queue", lambda row: row.queue, is_wide=True),
    Column("Mail", lambda row: ", ".join(row.mail_to), is_wide=True),
]

_MESSAGE_COLUMNS: list[Column[VoiceMessageRow]] = [
    Column("Message", lambda row: row.message_id),
    Column("Box", lambda row: row.box, is_flexible=True),
    Column("State", lambda row: row.state + (", urgent" if row.is_urgent else "")),
    Column("Received", lambda row: instant(row.received_at)),
    Column("Length", lambda row: duration(row.duration_s), is_number=True),
    Column("From", lambda row: row.calling_number or "withheld", is_flexible=True),
    Column("Name", lambda row: row.calling_name, is_wide=True),
    Column("Heard by", lambda row: row.heard_by, is_wide=True),
    Column("Forwarded from", lambda row: row.forwarded_by, is_wide=True),
    Column("File", lambda row: row.path, is_wide=True),
]

_MAIL_COLUMNS: list[Column[MailRow]] = [
    Column("Mail", lambda row: row.mail_id),
    Column("To", lambda row: ", ".join(row.to), is_flexible=True),
    Column("Subject", lambda row: row.subject, is_flexible=True),
    Column("Written", lambda row: instant(row.written_at)),
    Column("Tried", lambda row: str(row.attempts), is_number=True),
    Column("Next", lambda row: instant(row.next_at)),
    Column("Failed for", lambda row: row.last_failure, style=lambda row: "red"),
]
