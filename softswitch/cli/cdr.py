"""`softswitch cdr`: call detail records, read from the store; the switch need not run."""

from itertools import islice

import click

from softswitch.cli.directory import config_option, directory_argument, find_directory, project_option, store_directory
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.words import duration, instant
from softswitch.store.schema import Cdr


@click.command
@directory_argument
@config_option
@project_option
@last_option
@json_option
def cdr(directory: str | None, config: str | None, project: str, last: int, as_json: bool) -> None:
    """Call detail records, the newest first."""
    from softswitch.store import open_reader

    with open_reader(store_directory(find_directory(directory or config), is_for_projects=True)) as store:
        found = (row for row in store.cdrs.descending() if project in ("", row.project))
        rows = list(islice(found, last))
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No calls have ended yet.")


def _worst_mos(row: Cdr) -> str:
    scores = [mos for leg in row.legs for mos in (leg.mos, leg.remote_mos) if mos]
    return f"{min(scores):.1f}" if scores else ""


_COLUMNS: list[Column[Cdr]] = [
    Column("Began", lambda row: instant(row.started_at)),
    Column("From", lambda row: row.calling_number, is_flexible=True),
    Column("To", lambda row: row.called_number, is_flexible=True),
    Column("Project", lambda row: row.project, is_wide=True, is_flexible=True),
    Column("Flow", lambda row: row.flow, is_wide=True),
    Column("Queue", lambda row: row.queue or "", is_flexible=True),
    Column("Agent", lambda row: row.agent or "", is_flexible=True),
    Column("Waited", lambda row: duration(row.queue_wait_s) if row.queue else "", is_number=True),
    Column("Rang", lambda row: duration(row.ring_s), is_number=True, is_wide=True),
    Column("Talked", lambda row: duration(row.talk_s), is_number=True),
    Column("End", lambda row: row.end_reason, is_flexible=True, style=lambda row: "red" if row.fault else ""),
    Column("By", lambda row: row.ended_by, is_wide=True),
    Column("Status", lambda row: str(row.sip_status), is_number=True, is_wide=True),
    Column("Cause", lambda row: f"{row.cause} {row.cause_text}" if row.cause else "", is_wide=True),
    Column("MOS", _worst_mos, is_number=True),
    Column("Outcome", lambda row: "(none given)" if row.is_disposition_missing else row.disposition, is_wide=True),
    Column("Scores", lambda row: " ".join(f"{name}={score}" for name, score in row.scores.items()), is_wide=True),
    Column("Trunk", lambda row: row.trunks[-1].trunk if row.trunks else row.trunk, is_wide=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
]
