"""`softswitch cdr --call ID`: one caller's experience, step by step, with the sums of its times."""

import click
import msgspec

from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, show_json, show_table
from softswitch.cli.words import duration, instant, printable
from softswitch.records.chains import Story, Times, story_of, tell, times_of
from softswitch.store.layout import TimedKey
from softswitch.store.schema import Cdr
from softswitch.store.tables import TableReader

PREFIX_MIN = 4
"""Characters that may stand for a call's id."""


def show_story(records: TableReader[TimedKey, Cdr], call_id: str, project: str, *, as_json: bool) -> None:
    """Of a project no more than what is its own. Raises `Failure` if there is no such call (of its)."""
    story = story_of(_find(records, call_id, project), records)
    if project:
        story = tell(story.chain_id, [cdr for cdr in story.calls if cdr.project == project])
    if as_json:
        show_json(story)
    else:
        _show(story)


class _Name(msgspec.Struct, frozen=True, gc=False):
    """What is decoded of the records that are looked through."""

    call_id: str
    started_at: float
    project: str = ""


def _find(records: TableReader[TimedKey, Cdr], call_id: str, project: str) -> Cdr:
    is_beginning = len(call_id) >= PREFIX_MIN
    for name in records.narrow(_Name).descending():
        is_meant = name.call_id == call_id or (is_beginning and name.call_id.startswith(call_id))
        if is_meant and project in ("", name.project):
            found = records.get((name.started_at, name.call_id))
            if found is not None:
                return found
    raise Failure(f'no call "{call_id}" has a record: `softswitch cdr` lists those that have one')


def _show(story: Story) -> None:
    several = len(story.calls) > 1
    for step in story.steps:
        call = f"{step.call_id[:8]}  " if several else ""
        click.echo(f"{_offset(step.offset_s):>10}  {call}{printable(step.text)}")
    click.echo()
    rows = [_TimesRow(cdr.call_id[:8], instant(cdr.started_at), times_of(cdr)) for cdr in story.calls]
    if several:
        rows.append(_TimesRow("in all", "", story.times))
    show_table(rows, _COLUMNS)


def _offset(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"


class _TimesRow(msgspec.Struct, frozen=True):
    call: str
    began: str
    times: Times


_COLUMNS: list[Column[_TimesRow]] = [
    Column("Call", lambda row: row.call),
    Column("Began", lambda row: row.began),
    Column("Caller there", lambda row: duration(row.times.caller_s), is_number=True),
    Column("Waited", lambda row: duration(row.times.queue_wait_s), is_number=True),
    Column("Rang", lambda row: duration(row.times.ring_s), is_number=True),
    Column("Talked", lambda row: duration(row.times.talk_s), is_number=True),
    Column("Held", lambda row: duration(row.times.hold_s), is_number=True),
    Column("Asked", lambda row: duration(row.times.consult_s), is_number=True),
    Column("Wrap-up", lambda row: duration(row.times.wrap_up_s), is_number=True),
]
