"""The ACD's events as the store has them; the switch need not run."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import click
import msgspec

from softswitch.acd.events import Stamped
from softswitch.acd.reporting.intervals import INTERVALS_MAX, Interval, Intervals, fold_all
from softswitch.cli.directory import connect
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.control.runtime.client import ControlFailed, NoSwitchRunning
from softswitch.store.schema import StoredContactSpan

if TYPE_CHECKING:
    from softswitch.store import StoreReader

LOOK_BACK_S = 12 * 3600.0
"""Read before a report begins, to know who was already there: a long shift."""

EVENTS_SEARCHED_MAX = 200_000
"""The newest that are looked through for something, without --since: a second or two."""

decode = msgspec.msgpack.Decoder(list[Stamped]).decode
RECORD_S = 60.0
"""A record of events begins at most this long before the last of them: it is written within a tenth of a second, but
the clock may have been set."""
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%H:%M"]

since_option = click.option(
    "--since", type=click.DateTime(_FORMATS), help="From when: a date, 2026-11-29T14:00, or 14:00 of today."
)
until_option = click.option("--until", type=click.DateTime(_FORMATS), help="Until when; otherwise now.")
interval_option = click.option(
    "--interval", type=click.Choice(["15", "30", "60"]), help="One row every so many minutes."
)


def read_events(store: "StoreReader", from_wall: float, until_wall: float, *, contact: str = "") -> Iterator[Stamped]:
    """In the order in which things happened; of one contact, if it is named."""
    for stored in store.events.ascending((max(0.0, from_wall - RECORD_S), ""), (until_wall, "")):
        for stamped in decode(stored.stamped):
            is_meant = contact in ("", getattr(stamped.event, "contact_id", ""))
            if is_meant and from_wall <= stamped.at_wall < until_wall:
                yield stamped


def newest_first(store: "StoreReader") -> Iterator[Stamped]:
    """All events, from the last one back."""
    for stored in store.events.descending():
        yield from reversed(decode(stored.stamped))


def find_contact(store: "StoreReader", wanted: str) -> StoredContactSpan | None:
    """By its id or the beginning of it. Raises `Failure` if several begin so."""
    begin_so = list(islice(store.contact_spans.ascending(wanted, wanted + "\U0010ffff"), 6))
    exact = [span for span in begin_so if span.contact == wanted]
    if len(begin_so) > 1 and not exact:
        some = ", ".join(span.contact for span in begin_so[:5])
        raise Failure(f"several contacts begin with {wanted}: {some}; give more of the id")
    return next(iter(exact or begin_so), None)


def instant_of(moment: datetime | None, otherwise: float) -> float:
    """Epoch seconds; a time without a date is today's."""
    if moment is None:
        return otherwise
    if moment.year == 1900:
        today = datetime.now().astimezone()
        moment = today.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0)
    return moment.timestamp()


def midnight() -> float:
    """When today began, here."""
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def fold_stored(
    directory: str,
    store_path: str,
    since: datetime | None,
    until: datetime | None,
    interval: str | None,
    short_abandon_s: float | None,
) -> list[Interval]:
    """Raises `Failure` for a span of time that is none, `StartError` if there is no store."""
    from softswitch.store import open_reader

    from_wall = instant_of(since, midnight())
    now = time.time()
    until_wall = min(instant_of(until, now), now)
    if until_wall <= from_wall:
        raise Failure("--until must be after --since, which is in the past", CONFIGURATION)
    length_s = None if interval is None else int(interval) * 60.0
    if length_s is not None and (until_wall - from_wall) / length_s > INTERVALS_MAX:
        raise Failure(f"these are more than {INTERVALS_MAX} intervals: choose a later --since", CONFIGURATION)
    intervals = Intervals(from_wall, until_wall, length_s, short_abandon_s=short_abandon_s)
    with open_reader(store_path) as store:
        last = next(newest_first(store), None)
        seen_until = now if last is None or _is_running(directory) else last.at_wall
        return fold_all(read_events(store, from_wall - LOOK_BACK_S, until_wall), intervals, seen_until)


def _is_running(directory: str) -> bool:
    with suppress(NoSwitchRunning, ControlFailed):
        connect(directory).close()
        return True
    return False


def next_second(wall: float) -> float:
    """Just behind what happened then."""
    return wall + timedelta(seconds=1).total_seconds()
