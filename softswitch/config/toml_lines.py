"""Where in a TOML file a key stands: tomllib gives values without positions, and people look for lines.

This reads headers (`[a.b]`, `[[a]]`) and the keys at the beginning of lines, and skips multi-line strings and what is
inside brackets. A key inside an inline table is found at the line of the key that holds the table.
"""

import re
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""("queue", 2, "skills", "billing"): table names, indexes into arrays, keys."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=")
_PART = re.compile(_KEY)
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""' r"|'''.*?'''" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'" r"|\#[^\n]*|[\[\]{}\n]", re.DOTALL
)


def find_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, row and key of a TOML text that is known to be valid."""
    lines: dict[KeyPath, int] = {}
    rows: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in _logical_lines(text):
        if header := _HEADER.match(line):
            table = _header_path(header[2], is_row=header[1] == "[[", rows=rows)
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
        elif assignment := _ASSIGNMENT.match(line):
            path = table
            for part in _parts(assignment[1]):
                path = (*path, part)
                lines.setdefault(path, number)
    return lines


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of the key, or of the nearest thing around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines of the text, without those that go on with a string or bracket begun on a line before."""
    depth = 0
    number = start_number = 1
    start = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == "\n":
            number += 1
            if depth == 0:
                yield start_number, text[start : token.start()]
                start, start_number = token.end(), number
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        else:
            number += mark.count("\n")
    yield start_number, text[start:]


def _header_path(dotted: str, *, is_row: bool, rows: dict[KeyPath, int]) -> KeyPath:
    """The path of a header; a name on the way that is an array of tables stands for its latest row."""
    path: KeyPath = ()
    parts = list(_parts(dotted))
    for position, part in enumerate(parts):
        path = (*path, part)
        if is_row and position == len(parts) - 1:
            rows[path] = rows.get(path, -1) + 1
        if path in rows:
            path = (*path, rows[path])
    return path


def _parts(dotted: str) -> Iterator[str]:
    for part in _PART.findall(dotted):
        yield part[1:-1] if part[0] in "\"'" else part
