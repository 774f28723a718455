"""Where the files lie that rows speak of.

A row has the path of a file below its directory (`[recordings] directory`, `[voicemail] directory`) without that of the
directory, so that a backup that is restored elsewhere, or a directory that was moved, finds its files. Whoever reads it
gets the whole path; a file that lies elsewhere keeps the path it has.

Rows of earlier versions have whole paths. If there is nothing at one, and the end of it (the day and the name, which is
how recordings lie) leads to a file below the directory, it is that one.
"""

import os
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

V = TypeVar("V", bound=msgspec.Struct)
_BY_DAY = re.compile(r"\d{4}/\d{2}/\d{2}/[^/]+\Z")


class FilePlaces:
    """The paths in the fields of this name, each a text or a tuple of texts."""

    __slots__ = ("_directory", "_fields")

    def __init__(self, directory: str, fields: tuple[str, ...]) -> None:
        self._directory = os.path.abspath(directory)
        self._fields = fields

    def stored(self, row: V) -> V:
        """As it is written."""
        return _changed(row, self._fields, self._below)

    def found(self, row: V) -> V:
        """As it is read."""
        return _changed(row, self._fields, self._whole)

    def _below(self, path: str) -> str:
        return path.removeprefix(self._directory + os.sep)

    def _whole(self, path: str) -> str:
        if not os.path.isabs(path):
            return os.path.join(self._directory, path)
        if path.startswith(self._directory + os.sep) or os.path.exists(path):
            return path
        moved = os.path.join(self._directory, below_by_day(path))
        return moved if os.path.exists(moved) else path


def below_by_day(path: str) -> str:
    """The end of a recording's path, which says no more than its day and its name."""
    match = _BY_DAY.search(path)
    return os.path.basename(path) if match is None else match[0]


def _changed(row: V, fields: tuple[str, ...], change: Callable[[str], str]) -> V:
    changes: dict[str, object] = {}
    for field in fields:
        value: str | tuple[str, ...] = getattr(row, field)
        if value:
            changes[field] = change(value) if isinstance(value, str) else tuple(change(each) for each in value)
    return msgspec.structs.replace(row, **changes) if changes else row
