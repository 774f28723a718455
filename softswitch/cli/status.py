"""`softswitch status`: the switch as a whole."""

from typing import cast

import click
import msgspec

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.media import WORKER_COLUMNS
from softswitch.cli.render import json_option, show_json, show_table
from softswitch.cli.watching import shown_again, watch_option
from softswitch.cli.words import count, duration, instant, size
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.requests import GetStatus
from softswitch.control.protocol.rows import HomerRow, MissingPromptRow, SecurityRow, WarehouseRow, WebRow

SHOWN_MAX = 5
"""Missing prompts that are named in one line."""
SLOW_S = 1.0
"""A write that takes the disk so long is shown."""


@click.command
@directory_argument
@config_option
@watch_option
@json_option
def status(directory: str | None, config: str | None, watch_s: float | None, as_json: bool) -> None:
    """The switch as a whole."""
    found = find_directory(directory or config)
    shown_again(lambda: _show(found, as_json=as_json), watch_s, as_json=as_json)


def _show(directory: str, *, as_json: bool) -> None:
    with connect(directory) as client:
        answer = client.ask(GetStatus(), Status)
    if as_json:
        document = cast(dict[str, object], msgspec.to_builtins(answer))
        del document["type"]
        show_json(document)
        return
    for title, text in _lines(answer):
        click.echo(f"{title:15}{text}")
    click.echo()
    show_table(answer.workers, WORKER_COLUMNS)


def _lines(answer: Status) -> list[tuple[str, str]]:
    store = answer.store
    held = f"{count(store.cdrs, 'CDR')}, {count(store.recordings, 'recording')}, {size(store.size_bytes)}"
    lines = [
        ("softswitch", f"{answer.version}, pid {answer.pid}, up {duration(answer.uptime_s)}"),
        ("configuration", f"{answer.configuration_directory}, loaded {instant(answer.configuration_loaded_at)}"),
        ("phones", f"register at sip:{answer.domain}{_port(answer.listen)}"),
        ("listening on", ", ".join(answer.listen)),
        ("registrations", str(answer.registrations)),
        ("calls", f"{answer.calls} in progress, {answer.waiting} waiting in {count(answer.queues, 'queue')}"),
        ("agents", f"{answer.agents_logged_in} of {answer.agents} logged in"),
        ("store", f"{store.directory}: {held}"),
        ("security", _security(answer.security)),
    ]
    if answer.homer is not None:
        lines.append(("homer", _homer(answer.homer)))
    if answer.web is not None:
        lines.append(("web", _web(answer.web)))
    if answer.warehouse is not None:
        lines.append(("warehouse", _warehouse(answer.warehouse)))
    if answer.missing_prompts:
        lines.append(("prompts", _missing(answer.missing_prompts)))
    if store.fault:
        lines.append(("store fault", f"{store.fault} ({store.waiting} records wait)"))
    elif store.write_s >= SLOW_S:
        lines.append(("store slow", f"the disk took {store.write_s:.1f} s for a write"))
    if answer.is_draining:
        lines.append(
            ("stopping", f"new calls are refused, calls in progress end in {duration(answer.drain_ends_in_s)}")
        )
    return lines


def _port(listen: list[str]) -> str:
    """To be typed into phones where it is not what they take by themselves."""
    ports = [text.rpartition(":")[2] for text in listen]
    return f":{ports[0]}" if ports and not {"5060", "5061"}.intersection(ports) else ""


def _homer(homer: HomerRow) -> str:
    lost = f", {count(homer.dropped, 'message')} lost on the way" if homer.dropped else ""
    return f"{count(homer.sent, 'message')} sent to {homer.remote}{lost}"


def _warehouse(row: WarehouseRow) -> str:
    how_far = "nothing is complete yet" if row.lag_s is None else f"complete up to {duration(row.lag_s)} ago"
    refused = f", {count(row.refused, 'record')} refused" if row.refused else ""
    state = f"{count(row.copied, 'record')} copied{refused}, {how_far}"
    return state if row.is_connected else f"away ({row.reason}); {state}"


def _web(web: WebRow) -> str:
    return f"{web.url}, pid {web.pid}" if web.pid else f"{web.url}, which does not run: the log says why"


def _missing(rows: list[MissingPromptRow]) -> str:
    """What to record or to write; beyond the first few, `--json` has all."""
    named = [f"{row.name} ({row.language}, {count(row.times, 'time')})" for row in rows[:SHOWN_MAX]]
    more = [f"{len(rows) - SHOWN_MAX} more"] if len(rows) > SHOWN_MAX else []
    return f"{len(rows)} missing, spoken by their names: {', '.join([*named, *more])}"


def _security(security: SecurityRow) -> str:
    """What was met since the start; an idle switch says so in few words."""
    met = [
        (security.failures, "wrong password"),
        (security.dropped, "request unanswered"),
        (security.unheard, "packet of banned sources"),
        (security.denied, "packet of denied networks"),
        (security.overloaded, "call refused by overload"),
        (security.evicted, "stranger's connection closed for room"),
    ]
    words = [f"{number} {noun}" for number, noun in met if number]
    return ", ".join([count(security.bans_now, "ban"), *words])
