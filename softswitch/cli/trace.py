"""`softswitch trace`: SIP messages as they come and go, as a ladder, as text, and into a file for Wireshark."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

import click

from softswitch.base.ids import CallId
from softswitch.base.traced_message import TracedMessage
from softswitch.calls.explaining.explanation import party_names
from softswitch.cli.directory import config_option, connect, find_directory
from softswitch.cli.found_call import FoundCall, find_call
from softswitch.cli.ladder import LiveLadder
from softswitch.cli.words import count, instant, printable
from softswitch.control.protocol.replies import TraceRows
from softswitch.control.protocol.requests import Trace
from softswitch.control.protocol.rows import TraceRow
from softswitch.sip.tracing.pcap import FILE_HEADER, packet_record
from softswitch.sip.tracing.reading import call_id_of
from softswitch.sip.tracing.steps import step_of

Show = Callable[[TraceRow], None]


@click.command
@click.option("--call", default="", metavar="CALL", help="Of one call: as in `softswitch calls why`.")
@click.option("--number", default="", metavar="NUMBER", help="Of calls and requests that name this number or user.")
@click.option("--peer", default="", metavar="PEER", help="With an address, an account or a trunk.")
@click.option("-f/-F", "--follow/--no-follow", "is_following", default=True, help="Go on until Ctrl-C (the default).")
@click.option("--last", is_flag=True, help="Begin with what the switch still has in memory.")
@click.option("--messages", is_flag=True, help="Every message as text instead of the ladder.")
@click.option("--pcap", type=click.File("wb"), metavar="FILE", help="Write them for Wireshark, too.")
@config_option
def trace(
    call: str,
    number: str,
    peer: str,
    is_following: bool,
    last: bool,
    messages: bool,
    pcap: BinaryIO | None,
    config: str | None,
) -> None:
    """SIP messages as they come and go, live."""
    directory = find_directory(config)
    show = _show_text if messages else LiveLadder().show
    if pcap is not None:
        pcap.write(FILE_HEADER)
    with ExitStack() as stack:
        request = Trace(number=number, peer=peer, is_from_memory=last or not is_following, is_following=is_following)
        if call:
            found = find_call(directory, call)
            if found.facts.end_reason or not found.facts.call_id:
                _show_all(_rows_of(found), show, pcap)
                return
            request = Trace(
                call_id=CallId(found.facts.call_id), peer=peer, is_from_memory=True, is_following=is_following
            )
        client = stack.enter_context(connect(directory))
        try:
            for frame in client.trace(request):
                _show_frame(frame, show, pcap)
        except KeyboardInterrupt:
            click.echo(err=True)


def _show_frame(frame: TraceRows, show: Show, pcap: BinaryIO | None) -> None:
    if frame.lost:
        click.echo(f"{count(frame.lost, 'message')} were lost: this terminal or its reader is too slow", err=True)
    _show_all(iter(frame.rows), show, pcap)
    sys.stdout.flush()


def _show_all(rows: Iterator[TraceRow], show: Show, pcap: BinaryIO | None) -> None:
    for row in rows:
        show(row)
        if pcap is not None:
            pcap.write(packet_record(row.message))
    if pcap is not None:
        pcap.flush()


def _rows_of(found: FoundCall) -> Iterator[TraceRow]:
    names = party_names(found.facts.legs)
    for message in found.messages:
        sip_call_id = call_id_of(message.message).decode("utf-8", "replace")
        yield TraceRow(message, names.get(sip_call_id, str(message.flow.remote)))


def _show_text(row: TraceRow) -> None:
    """Without what would command the terminal."""
    traced: TracedMessage = row.message
    flow = traced.flow
    way = "sent to" if traced.is_sent else "received from"
    head = f"{instant(traced.at)} {way} {row.party} ({flow.kind.value} {flow.remote}, here {flow.local})"
    click.secho(f"{head}{f', call {row.call_id}' if row.call_id else ''}", bold=True)
    is_failure = step_of(traced, row.party).kind in ("failure", "malformed")
    for line in traced.message.decode("utf-8", "replace").splitlines():
        click.secho(f"  {printable(line)}", fg="red" if is_failure else None)
    click.echo()
