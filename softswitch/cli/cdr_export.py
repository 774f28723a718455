"""`softswitch cdr export`: records as CSV, JSON lines or Parquet, in constant memory."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

import click

from softswitch.cli.cdr_options import filter_options, wanted_of
from softswitch.cli.directory import config_option, find_directory, open_records, project_option
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.words import count
from softswitch.records.files.text_files import csv_lines, json_lines
from softswitch.records.rows import CallRow, ContactRow, LegRow, Row, call_row, contact_rows, leg_rows
from softswitch.store.schema import Cdr

STANDARD_OUTPUT = "-"
_TEXTS = {"csv": csv_lines, "jsonl": json_lines}


@click.command
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    default="csv",
    show_default=True,
    help="Of the file.",
)
@click.option(
    "--rows",
    type=click.Choice(["calls", "legs", "contacts"]),
    default="calls",
    show_default=True,
    help="A row for each.",
)
@filter_options
@click.option("-o", "--output", metavar="FILE", default=STANDARD_OUTPUT, help="Otherwise standard output.")
@project_option
@config_option
@click.pass_context
def export(
    ctx: click.Context,
    form: str,
    rows: str,
    output: str,
    project: str,
    config: str | None,
    **filters: str | None,
) -> None:
    """Records as a file, the oldest first."""
    if form == "parquet" and output == STANDARD_OUTPUT:
        raise click.UsageError("Parquet needs a file: -o FILE")
    wanted = wanted_of(project, filters)
    with open_records(find_directory(config or ctx.obj), is_for_projects=True) as store:
        kind, made = _rows(rows, wanted.oldest_first(store.cdrs))
        if output == STANDARD_OUTPUT:
            _to_standard_output(_TEXTS[form](kind, made))
            return
        try:
            written = _write(output, form, kind, made)
        except OSError as error:
            raise Failure(f"{output} cannot be written: {error.strerror or error}", CONFIGURATION) from error
    click.echo(f"{count(written, 'row')} in {output}", err=True)


def _rows(name: str, cdrs: Iterator[Cdr]) -> tuple[type[Row], Iterable[Row]]:
    match name:
        case "legs":
            return LegRow, chain.from_iterable(map(leg_rows, cdrs))
        case "contacts":
            return ContactRow, chain.from_iterable(map(contact_rows, cdrs))
        case _:
            return CallRow, map(call_row, cdrs)


def _to_standard_output(lines: Iterator[str]) -> None:
    """Whoever reads may have read enough."""
    out = sys.stdout
    try:
        for line in lines:
            out.write(line)
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def _write(path: str, form: str, kind: type[Row], rows: Iterable[Row]) -> int:
    """Under another name until it is complete: a file that is there is whole."""
    unfinished = f"{path}.part"
    try:
        if form == "parquet":
            from softswitch.records.files.parquet_file import write_parquet

            written = write_parquet(unfinished, kind, rows)
        else:
            written = _write_text(unfinished, _TEXTS[form](kind, rows)) - (form == "csv")
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    return written


def _write_text(path: str, lines: Iterator[str]) -> int:
    written = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        for line in lines:
            file.write(line)
            written += 1
    return written
