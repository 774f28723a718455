"""`softswitch queues events`: the ACD's diary as it is in the store."""

import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime

import click
import msgspec

from softswitch.acd.events import Stamped
from softswitch.cli.directory import config_option, find_directory, project_option, store_directory
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.stored_events import (
    EVENTS_SEARCHED_MAX,
    instant_of,
    newest_first,
    read_events,
    since_option,
    until_option,
)
from softswitch.cli.words import instant

PROJECT = "project"
_NAMES = ("contact_id", "queue_id", "agent_id")


class EventRow(msgspec.Struct, frozen=True):
    """One event. `event` has its fields, with `type` the name of its kind; `at` in it is the switch's own clock."""

    at_wall: float
    project: str
    event: dict[str, object]


@click.command
@click.option("--contact", default="", help="Of this contact alone.")
@click.option("--queue", default="", help="Of this queue alone.")
@click.option("--agent", default="", help="Of this agent alone.")
@project_option
@click.option("--kind", default="", help='Events whose name begins so: "reservation", "agent.state".')
@since_option
@until_option
@last_option
@config_option
@json_option
@click.pass_context
def events(
    ctx: click.Context,
    contact: str,
    queue: str,
    agent: str,
    project: str,
    kind: str,
    since: datetime | None,
    until: datetime | None,
    last: int,
    config: str | None,
    as_json: bool,
) -> None:
    """What happened to contacts, agents and queues, from the store, the oldest first."""
    from softswitch.store import open_reader

    wanted = {"contact_id": contact, "queue_id": queue, "agent_id": agent}
    if project:
        wanted[PROJECT] = project
    with open_reader(store_directory(find_directory(config or ctx.obj), is_for_projects=True)) as store:
        until_wall = instant_of(until, time.time() + 1)
        if since is None and until is None:
            rows = list(_wanted(newest_first(store), wanted, kind, last))[::-1]
        else:
            found = read_events(store, instant_of(since, 0.0), until_wall)
            rows = list(deque(_wanted(found, wanted, kind, None), last))
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No such events.")


def _wanted(events: Iterator[Stamped], wanted: dict[str, str], kind: str, most: int | None) -> Iterator[EventRow]:
    found = 0
    for number, stamped in enumerate(events):
        if most is not None and (found == most or number == EVENTS_SEARCHED_MAX):
            return
        event = stamped.event
        if any(value and _value_of(stamped, name) != value for name, value in wanted.items()):
            continue
        fields: dict[str, object] = msgspec.to_builtins(event)
        if str(fields["type"]).startswith(kind):
            found += 1
            yield EventRow(stamped.at_wall, stamped.project, fields)


def _value_of(stamped: Stamped, name: str) -> object:
    return stamped.project if name == PROJECT else getattr(stamped.event, name, None)


def _rest(row: EventRow) -> str:
    left = {name: value for name, value in row.event.items() if name not in (*_NAMES, "at", "type")}
    texts = {name: f"{value:.3f}" if isinstance(value, float) else str(value) for name, value in left.items()}
    return " ".join(f"{name}={text}" for name, text in texts.items())


_COLUMNS: list[Column[EventRow]] = [
    Column("At", lambda row: instant(row.at_wall)),
    Column("Event", lambda row: str(row.event["type"])),
    Column("Contact", lambda row: str(row.event.get("contact_id", "")), narrow_characters=8),
    Column("Queue", lambda row: str(row.event.get("queue_id", "")), is_flexible=True),
    Column("Agent", lambda row: str(row.event.get("agent_id", "")), is_flexible=True),
    Column("Details", _rest, is_flexible=True),
]
