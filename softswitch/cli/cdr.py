"""`softswitch cdr`: call detail records, read from the store; the switch need not run."""

from itertools import chain, islice

import click

from softswitch.cli.cdr_export import export
from softswitch.cli.cdr_options import filter_options, wanted_of
from softswitch.cli.cdr_story import show_story
from softswitch.cli.directory import DirectoryGroup, config_option, find_directory, open_records, project_option
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.words import duration, instant
from softswitch.records.rows import ContactRow, LegRow, contact_rows, leg_rows
from softswitch.store.schema import Cdr


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@project_option
@filter_options
@click.option("--legs", is_flag=True, help="A row for each leg: who was rung, when, for how long, why not.")
@click.option("--contacts", is_flag=True, help="A row for each time one of the calls waited in a queue.")
@click.option("--call", "call_id", metavar="ID", help="One call, and all of its caller's, step by step.")
@last_option
@json_option
@click.pass_context
def cdr(
    ctx: click.Context,
    config: str | None,
    project: str,
    legs: bool,
    contacts: bool,
    call_id: str | None,
    last: int,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Call detail records, the newest first."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    if legs and contacts:
        raise click.UsageError("--legs or --contacts: one listing at a time")
    wanted = wanted_of(project, filters)
    with open_records(find_directory(config), is_for_projects=True) as store:
        if call_id is not None:
            show_story(store.cdrs, call_id, project, as_json=as_json)
            return
        found = list(islice(wanted.newest_first(store.cdrs), last))
    nothing = "No calls have ended yet." if wanted == wanted_of(project, {}) else "No call fits."
    if legs:
        leg_list = list(chain.from_iterable(map(leg_rows, found)))
        show_rows(leg_list, _LEG_COLUMNS, as_json=as_json, empty=nothing)
    elif contacts:
        stays = list(chain.from_iterable(map(contact_rows, found)))
        show_rows(stays, _CONTACT_COLUMNS, as_json=as_json, empty=nothing)
    else:
        show_rows(found, _COLUMNS, as_json=as_json, empty=nothing)


cdr.add_command(export)


def _worst_mos(row: Cdr) -> str:
    scores = [mos for leg in row.legs for mos in (leg.mos, leg.remote_mos) if mos]
    return f"{min(scores):.1f}" if scores else ""


def _mos(mos: float | None) -> str:
    return "" if mos is None else f"{mos:.1f}"


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
    Column("Chain", lambda row: row.chain_id if row.chain_id != row.call_id else "", is_wide=True),
]

_LEG_COLUMNS: list[Column[LegRow]] = [
    Column("Began", lambda row: instant(row.began_at)),
    Column("Who", lambda row: row.agent or row.party, is_flexible=True),
    Column("Number", lambda row: row.number, is_flexible=True),
    Column("Role", lambda row: row.role),
    Column("Set up", lambda row: duration(row.setup_s), is_number=True, is_wide=True),
    Column("Rang", lambda row: duration(row.ring_s), is_number=True),
    Column("Connected", lambda row: duration(row.connected_s) if row.is_answered else "-", is_number=True),
    Column("By", lambda row: row.ended_by),
    Column("Cause", lambda row: str(row.cause) if row.cause else "", is_number=True),
    Column("Status", lambda row: str(row.sip_status) if row.sip_status else "", is_number=True, is_wide=True),
    Column("Went to", lambda row: row.went_to, is_wide=True),
    Column("MOS", lambda row: _mos(row.mos), is_number=True),
    Column("Trunk", lambda row: row.trunk, is_wide=True),
    Column("Project", lambda row: row.project, is_wide=True, is_flexible=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
]

_CONTACT_COLUMNS: list[Column[ContactRow]] = [
    Column("Began", lambda row: instant(row.began_at)),
    Column("From", lambda row: row.calling_number, is_flexible=True),
    Column("Queue", lambda row: row.queue, is_flexible=True),
    Column("Outcome", lambda row: row.outcome),
    Column("Agent", lambda row: row.agent, is_flexible=True),
    Column("Waited", lambda row: duration(row.wait_s), is_number=True),
    Column("Rang", lambda row: duration(row.ring_s), is_number=True, is_wide=True),
    Column("Talked", lambda row: duration(row.talk_s) if row.agent else "-", is_number=True),
    Column("Held", lambda row: duration(row.hold_s), is_number=True, is_wide=True),
    Column("Wrap-up", lambda row: duration(row.wrap_up_s), is_number=True, is_wide=True),
    Column("Disposition", lambda row: row.disposition, is_flexible=True),
    Column("Project", lambda row: row.project, is_wide=True, is_flexible=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
]
