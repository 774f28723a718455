"""`softswitch events`: what happened in the switch, from the store, and what happens now."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import click
import msgspec

from softswitch.base.errors import LocalError
from softswitch.calls.told.events import NUMBER_MAX, Numbered, events_of, kind_of
from softswitch.calls.told.stored import events_in, stored_records
from softswitch.cli.directory import chosen_project, config_option, connect, find_directory, store_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import last_option
from softswitch.cli.words import instant, printable
from softswitch.control.protocol.requests import WatchEvents

_NAMES = ("contact_id", "call_id", "queue_id", "agent_id")


@click.command
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option(
    "--after", type=click.IntRange(0, NUMBER_MAX), metavar="N", help="Those that come after the one with this number."
)
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help='"call.ended", or "call" for all of them; more than once.'
)
@click.option("--contact", default="", metavar="ID", help="Of this contact or call alone.")
@click.option("--queue", default="", help="Of this queue alone.")
@click.option("--agent", default="", help="Of this agent alone.")
@last_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def events(
    follow: bool,
    after: int | None,
    kinds: tuple[str, ...],
    contact: str,
    queue: str,
    agent: str,
    last: int,
    config: str | None,
    as_json: bool,
) -> None:
    """What happened in the switch, for people and programs, the oldest first.

    It is about calls, contacts, agents, phones, trunks and all the rest.

    Without --after it is the last of them, or, with --follow, what happens from now on.
    """
    directory = find_directory(config)
    show = _show_json if as_json else _show_line
    request = WatchEvents(after=after, kinds=list(kinds), contact_id=contact, queue_id=queue, agent_id=agent)
    try:
        wanted = _wanted(request)
    except LocalError as error:
        raise Failure(str(error), CONFIGURATION) from error
    if follow:
        _follow(directory, request, show)
        return
    found = _stored(store_directory(directory, is_for_projects=True), after or 0, wanted)
    rows = found if after is not None else deque(found, last)
    for row in rows:
        show(row)
    if not as_json and after is None and not rows:
        click.echo("No such events.")


def _follow(directory: str, request: WatchEvents, show: Callable[[Numbered], None]) -> None:
    """Raises `Failure` when the switch has cut us off."""
    try:
        with connect(directory) as client:
            for frame in client.watch_events(request):
                if frame.is_incomplete:
                    click.echo(f"some events after {request.after} are no longer stored", err=True)
                for row in frame.rows:
                    show(row)
                sys.stdout.flush()
                if frame.end_reason:
                    raise Failure(f"the switch has ended it: {frame.end_reason} (--after {frame.cursor})")
    except KeyboardInterrupt:
        click.echo(err=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who has read us has seen enough


def _stored(path: str, after: int, wanted: Callable[[Numbered], bool]) -> Iterator[Numbered]:
    from softswitch.store import open_reader

    with open_reader(path) as store:
        for record in stored_records(store, after):
            yield from filter(wanted, events_in(record, after))


def _wanted(request: WatchEvents) -> Callable[[Numbered], bool]:
    """Raises `LocalError` for a kind that does not exist."""
    kinds, project = events_of(request.kinds), chosen_project()

    def is_wanted(row: Numbered) -> bool:
        event = row.event
        if type(event) not in kinds or (project and row.project != project):
            return False
        return (
            _is_of(row, ("contact_id", "call_id"), request.contact_id)
            and _is_of(row, ("queue_id",), request.queue_id)
            and _is_of(row, ("agent_id",), request.agent_id)
        )

    return is_wanted


def _is_of(row: Numbered, names: Iterable[str], value: str) -> bool:
    return not value or any(getattr(row.event, name, None) == value for name in names)


def _show_json(row: Numbered) -> None:
    click.echo(msgspec.json.encode(row))


def _show_line(row: Numbered) -> None:
    fields: dict[str, object] = msgspec.to_builtins(row.event)
    about = {name: fields.pop(name) for name in _NAMES if name in fields}
    texts = [f"{name.removesuffix('_id')}={value}" for name, value in about.items()]
    texts += [f"{name}={_text(value)}" for name, value in fields.items() if name not in ("at", "type")]
    if row.project:
        texts.append(f"project={row.project}")
    click.echo(f"{row.number:>8} {instant(row.at_wall)} {kind_of(row.event):<22} {printable(' '.join(texts))}")


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else str(value)
