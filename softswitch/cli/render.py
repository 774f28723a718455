"""Listings on standard output: a table for people, or one JSON document for programs.

On a terminal a table keeps to its width. Columns of second rank are left out below `WIDE_CHARACTERS`, and above it the
last of them as far as there is no room. Into a pipe everything is written at full length, one row a line.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import click
import msgspec

from softswitch.cli.words import printable

if TYPE_CHECKING:
    from rich.text import Text

WIDE_CHARACTERS = 120
PIPE_CHARACTERS = 400
FLEXIBLE_CHARACTERS_MIN = 5
FLEXIBLE_CHARACTERS_ENOUGH = 16
"""What flexible columns keep before a column of second rank gets any room: a telephone number."""
GAP_CHARACTERS = 2

RowT = TypeVar("RowT", bound=msgspec.Struct)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
last_option = click.option(
    "--last", default=20, show_default=True, metavar="N", type=click.IntRange(1, 1_000_000), help="How many."
)


class Column(Generic[RowT]):
    """A title, and what stands under it. `is_number` aligns right; `is_wide` only where there is room.

    `is_flexible` columns are shortened when the table is too wide; of the others `narrow_characters` says how much
    stands in a narrow table (0: all of it). `style` is rich's ("green").
    """

    __slots__ = ("is_flexible", "is_number", "is_wide", "narrow_characters", "style", "text", "title")

    def __init__(
        self,
        title: str,
        text: Callable[[RowT], str],
        *,
        is_number: bool = False,
        is_wide: bool = False,
        is_flexible: bool = False,
        narrow_characters: int = 0,
        style: Callable[[RowT], str] = lambda row: "",
    ) -> None:
        self.title = title
        self.text = text
        self.is_number = is_number
        self.is_wide = is_wide
        self.is_flexible = is_flexible
        self.narrow_characters = narrow_characters
        self.style = style


def show_json(document: object) -> None:
    """Structs, lists and plain values as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def show_rows(rows: Sequence[RowT], columns: Sequence[Column[RowT]], *, as_json: bool, empty: str) -> None:
    """A listing; `empty` is the line that stands instead of a table without rows."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        click.echo(empty)
    else:
        show_table(rows, columns)


def show_table(rows: Sequence[RowT], columns: Sequence[Column[RowT]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(width=_width(), highlight=False)
    shown, is_whole = _fitting(rows, columns, console.width)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in shown:
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_flexible,  # rich narrows only columns that may wrap; their cells do not
            min_width=FLEXIBLE_CHARACTERS_MIN if column.is_flexible else None,
        )
    for row in rows:
        cells = (_cell(column, row, is_whole=is_whole) for column in shown)
        table.add_row(*cells)
    console.print(table)


def _fitting(rows: Sequence[RowT], columns: Sequence[Column[RowT]], width: int) -> tuple[list[Column[RowT]], bool]:
    """What there is room for, and whether cells are shown as a whole, also those that need not be."""
    if width < WIDE_CHARACTERS:
        return [column for column in columns if not column.is_wide], False
    shown = list(columns)
    if width >= PIPE_CHARACTERS or _needed(rows, shown, is_whole=True) <= width:
        return shown, True
    for column in reversed([column for column in columns if column.is_wide]):
        if _needed(rows, shown, is_whole=False) <= width:
            break
        shown.remove(column)
    return shown, False


def _needed(rows: Sequence[RowT], columns: Sequence[Column[RowT]], *, is_whole: bool) -> int:
    """The characters of a table in which next to nothing is shortened, with two between columns."""
    needed = -GAP_CHARACTERS
    for column in columns:
        longest = max(_cell(column, row, is_whole=is_whole).cell_len for row in rows)
        enough = min(longest, FLEXIBLE_CHARACTERS_ENOUGH) if column.is_flexible else longest
        needed += max(len(column.title), enough) + GAP_CHARACTERS
    return needed


def _cell(column: Column[RowT], row: RowT, *, is_whole: bool) -> "Text":
    from rich.text import Text

    characters = None if is_whole else column.narrow_characters or None
    return Text(printable(column.text(row)[:characters]), column.style(row), no_wrap=True)


def _width() -> int | None:
    """None lets rich ask the terminal; COLUMNS wins over everything."""
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return None
    return PIPE_CHARACTERS
