"""users.toml as it is now: looked at once a second, and read again when it has changed.

A file with a fault changes nothing: who was let in goes on to be, and the fault is in the log.
"""

import os
from pathlib import Path

from softswitch.base.clock import Clock
from softswitch.base.errors import ConfigurationError
from softswitch.base.log import get_logger
from softswitch.config import load_users
from softswitch.config.draft import USERS_FILE
from softswitch.web.callers import KnownCallers

LOOK_EVERY_S = 1.0

_log = get_logger("web")


class UsersFile:
    """Raises `ConfigurationError` at the start, where the file cannot be used."""

    def __init__(self, directory: str, clock: Clock) -> None:
        self._directory = directory
        self._path = Path(directory, USERS_FILE)
        self._clock = clock
        self._looked_at = clock.now()
        self._seen = self._look()
        self._known = KnownCallers(*load_users(directory))

    def known(self) -> KnownCallers:
        now = self._clock.now()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            seen = self._look()
            if seen != self._seen:
                self._seen = seen
                self._read()
        return self._known

    def _read(self) -> None:
        try:
            self._known = KnownCallers(*load_users(self._directory))
        except ConfigurationError as error:
            for fault in error.faults:
                _log.error("users not read, those of before are let in", fault=str(fault))
        else:
            _log.info("users read")

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = os.stat(self._path)
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
