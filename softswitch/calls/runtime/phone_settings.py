"""What the owners of extensions have chosen (forwards, do not disturb, call waiting), kept in the store.

All of them are in memory, for every call asks; what is chosen is on the disk before it is confirmed.
"""

from collections.abc import Callable

from softswitch.base.log import get_logger
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.store.schema import StoredPhone
from softswitch.store.store import Store

log = get_logger("calls")


class PhoneSettings:
    """By user name. Who has chosen nothing has a row with nothing in it."""

    __slots__ = ("_chosen", "_last_called", "_last_callers", "_store", "_when_changed")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last_callers: dict[str, str] = {}
        self._last_called: dict[str, str] = {}
        self._when_changed: Callable[[str], None] | None = None
        self._chosen = {row.username: row for row in store.phones.ascending()}

    def of(self, username: str) -> StoredPhone:
        return self._chosen.get(username) or StoredPhone(username=username)

    def called(self, username: str, by_number: str) -> None:
        """Its phones ring for somebody who shows this number."""
        self._last_callers[username] = by_number

    def calls(self, username: str, number: str) -> None:
        """Its owner calls somebody."""
        self._last_called[username] = number

    def last_called(self, username: str) -> str:
        """Whom he has called last since the start; "" if nobody."""
        return self._last_called.get(username, "")

    def last_caller(self, username: str) -> str:
        """Who has called last since the start, and shown a number; "" if nobody has."""
        return self._last_callers.get(username, "")

    async def keep(self, chosen: StoredPhone) -> bool:
        """From now on; True once it is on the disk, so that it may be confirmed, and False if the disk refuses it."""
        self.set(chosen)
        return await is_on_disk(self._store, log, "phone settings not stored", username=chosen.username)

    def set(self, chosen: StoredPhone) -> None:
        """From now on, and, in a moment, after a restart as well."""
        if chosen == StoredPhone(username=chosen.username):
            self._chosen.pop(chosen.username, None)
            self._store.phones.delete(chosen.username)
        else:
            self._chosen[chosen.username] = chosen
            self._store.phones.put(chosen.username, chosen)
        if self._when_changed is not None:
            self._when_changed(chosen.username)

    def when_changed(self, callback: Callable[[str], None]) -> None:
        """Who wants to know, by user name, that something else was chosen."""
        self._when_changed = callback
