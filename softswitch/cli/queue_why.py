"""`softswitch queues why`: what was decided about a contact, and what it waits for."""

import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

import click
import msgspec

from softswitch.acd.events import ContactQueued
from softswitch.acd.explanation import ContactExplanation
from softswitch.acd.reporting.story import StoryLine, seconds, tell
from softswitch.base.errors import StartError
from softswitch.cli.directory import chosen_project, config_option, connect, find_directory, store_directory
from softswitch.cli.failure import Failure
from softswitch.cli.ladder import terminal_width
from softswitch.cli.render import json_option, show_json
from softswitch.cli.stored_events import EVENTS_SEARCHED_MAX, find_contact, newest_first, next_second, read_events
from softswitch.cli.words import duration, printable
from softswitch.control.protocol.replies import Explained
from softswitch.control.protocol.requests import ExplainContact
from softswitch.control.runtime.client import ControlRefused, NoSwitchRunning
from softswitch.store.schema import StoredContactSpan

AGENTS_SHOWN = 25
LAST = "last"
INDENT = 12


class ContactStory(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a contact, line by line, and if it is still with the ACD, why it is where it is."""

    contact_id: str
    story: list[StoryLine]
    now: ContactExplanation | None = None


@click.command
@click.argument("contact")
@click.option("--agents", "agents_shown", default=AGENTS_SHOWN, show_default=True, metavar="N", help="Agents to name.")
@config_option
@json_option
@click.pass_context
def why(ctx: click.Context, contact: str, agents_shown: int, config: str | None, as_json: bool) -> None:
    """Explain each decision about a contact: who was considered, who was chosen, what it waits for.

    CONTACT is its id (a call's is that of the call) or the beginning of it, the caller's number, or "last": the last
    that came.
    """
    directory = find_directory(config or ctx.obj)
    now = _now(directory, _id_of(directory, contact))
    found = ContactStory(contact_id=contact if now is None else now.contact.contact_id, story=[])
    with suppress(StartError):
        found = _stored(directory, _id_of(directory, found.contact_id), now)
    if now is not None:
        found = msgspec.structs.replace(found, now=now.contact)
    if not found.story and found.now is None:
        raise Failure(f'no contact "{contact}" is known: `softswitch queues events` lists what happened')
    if as_json:
        show_json(found)
        return
    click.echo(f"contact {found.contact_id}")
    for line in _lines(found, agents_shown):
        click.echo(line)


def _id_of(directory: str, contact: str) -> str:
    """Of a number, or "last", the id of the newest contact that is meant; anything else is an id."""
    from softswitch.store import open_reader

    if contact != LAST and not contact.removeprefix("+").isdigit():
        return contact
    with suppress(StartError), open_reader(store_directory(directory, is_for_projects=True)) as store:
        for stamped in islice(newest_first(store), EVENTS_SEARCHED_MAX):
            event = stamped.event
            if chosen_project() not in ("", stamped.project):
                continue
            if isinstance(event, ContactQueued) and (contact == LAST or _is_number(event.caller, contact)):
                return event.contact_id
    return contact


def _is_number(known: str, wanted: str) -> bool:
    return known.removeprefix("+") == wanted.removeprefix("+")


def _now(directory: str, contact: str) -> Explained | None:
    """From the running switch, if there is one and the contact is with its ACD."""
    try:
        with connect(directory) as client:
            return client.ask(ExplainContact(contact), Explained)
    except NoSwitchRunning:
        return None
    except ControlRefused as refused:
        if refused.reply.code == "not_found":
            return None
        raise


def _stored(directory: str, contact: str, now: Explained | None) -> ContactStory:
    from softswitch.store import open_reader

    with open_reader(store_directory(directory, is_for_projects=True)) as store:
        span: StoredContactSpan | None = find_contact(store, contact)
        if span is None:
            return ContactStory(contact_id=contact, story=[])
        until = span.until_wall if now is None and span.until_wall else time.time()
        events = list(read_events(store, span.from_wall, next_second(until), contact=span.contact))
        if any(chosen_project() not in ("", each.project) for each in events):
            return ContactStory(contact_id=contact, story=[])
        return ContactStory(contact_id=span.contact, story=tell(events))


def _lines(found: ContactStory, agents_shown: int) -> Iterator[str]:
    for line in found.story:
        clock = datetime.fromtimestamp(line.at).astimezone()
        yield _wrapped(f"{clock:%H:%M:%S}.{clock.microsecond // 100_000}  {printable(line.text)}")
    if found.now is not None:
        yield ""
        yield from _state(found.now, agents_shown)


def _state(now: ContactExplanation, agents_shown: int) -> Iterator[str]:
    yield _titled("now", f"{now.state.value} in {now.queue_id} for {seconds(now.in_queue_s)}")
    if now.position is not None:
        yield _titled("place", _place(now))
    if now.steps:
        yield _titled("step", f"{now.step} of {now.steps}")
    if now.requires:
        yield _titled("requires", now.requires)
    if now.prefers:
        yield _titled("prefers", f"agents of {now.prefers}")
    for thing in now.next:
        yield _titled("next", f"in {seconds(thing.in_s)}: {thing.what}")
    if now.verdicts:
        counts = ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in now.verdicts.items())
        yield _titled("agents", counts)
    for agent in now.agents[:agents_shown]:
        name = f"{agent.agent_id} ({agent.name})" if agent.name else agent.agent_id
        yield _wrapped(f"{'':{INDENT}}{printable(name)} {printable(agent.why)}, for {duration(agent.since_s)}")
    left_out = sum(now.verdicts.values()) - min(len(now.agents), agents_shown)
    if left_out:
        yield f"{'':{INDENT}}and {left_out} more"


def _place(now: ContactExplanation) -> str:
    parts = [f"{now.position} of {now.waiting}: it counts as waiting for {seconds(now.counts_as_s)}"]
    if now.boost_s:
        parts.append(f"{seconds(now.waited_s)} and a boost of {now.boost_s:+.0f} s")
    if now.ahead_older:
        parts.append(f"{now.ahead_older} before it came earlier")
    if now.ahead_boosted:
        parts.append(f"{now.ahead_boosted} before it came later with more boost")
    return "; ".join(parts)


def _titled(title: str, text: str) -> str:
    return _wrapped(f"{title:{INDENT}}{printable(text)}")


def _wrapped(line: str) -> str:
    return textwrap.fill(
        line, terminal_width(), subsequent_indent=" " * INDENT, break_long_words=False, break_on_hyphens=False
    )
