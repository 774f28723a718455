"""What the owners of extensions have chosen (forwards, do not disturb, call waiting), kept in the store.

All of them are in memory, for every call asks; what is chosen is written at once and read again at the next start.
"""

from collections.abc import Callable

from softswitch.store.schema import StoredPhone
from softswitch.store.store import Store


class PhoneSettings:
    """By user name. Who has chosen nothing has a row with nothing in it."""

    __slots__ = ("_chosen", "_store", "_when_changed")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._when_changed: Callable[[str], None] | None = None
        self._chosen = {row.username: row for row in store.phones.ascending()}

    def of(self, username: str) -> StoredPhone:
        return self._chosen.get(username) or StoredPhone(username=username)

    def set(self, chosen: StoredPhone) -> None:
        """From now on, and after a restart."""
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
