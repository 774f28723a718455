"""users.toml as a document that is changed: comments and the order of what people have written stay."""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from softswitch.base.errors import ConfigurationError, Fault
from softswitch.config.draft import USERS_FILE
from softswitch.config.load import users_faults

_Row = MutableMapping[str, Any]


class UsersDocument:
    """Raises `ConfigurationError` for a file that is none, and for a change that would make it faulty."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._path = Path(directory, USERS_FILE)
        try:
            text = self._path.read_text("utf-8") if self._path.exists() else ""
            self._document = cast(MutableMapping[str, Any], tomlkit.parse(text))
        except (OSError, UnicodeDecodeError, TOMLKitError) as error:
            fault = Fault(USERS_FILE, "file", f"it cannot be read: {error}", "Mend it, or move it away")
            raise ConfigurationError([fault]) from error

    def has(self, kind: str, row_id: str) -> bool:
        return any(row.get("id") == row_id for row in self._rows(kind))

    def add(self, kind: str, row: dict[str, object]) -> None:
        if self.has(kind, str(row["id"])):
            remedy = "Take another id, or remove that one first: softswitch users remove"
            raise ConfigurationError([Fault(USERS_FILE, kind, f'there is a {kind} "{row["id"]}" already', remedy)])
        table = cast(_Row, tomlkit.table())
        table.update(row)
        if not self._rows(kind):
            self._document[kind] = tomlkit.aot()
        self._rows(kind).append(table)

    def set_password(self, user: str, password_hash: str) -> None:
        for row in self._rows("user"):
            if row.get("id") == user:
                row["password"] = password_hash

    def remove(self, kind: str, row_id: str) -> None:
        rows = self._rows(kind)
        for index in reversed(range(len(rows))):
            if rows[index].get("id") == row_id:
                del rows[index]
        if not rows:
            self._document.pop(kind, None)

    def write(self) -> None:
        """All of it, or nothing."""
        text = tomlkit.dumps(self._document)
        if faults := users_faults(self._directory, text):
            raise ConfigurationError(faults)
        temporary = self._path.with_name(f".{USERS_FILE}.new")
        mode = self._path.stat().st_mode & 0o777 if self._path.exists() else 0o600
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._path)

    def _rows(self, kind: str) -> list[_Row]:
        """The rows themselves: what is changed in them is changed in the document."""
        return cast(list[_Row], self._document.get(kind, []))
