"""What the owners of extensions have chosen (forwards, do not disturb, call waiting), and whom they had to do with
last, kept in the store.

All of it is in memory, for every call asks; what is chosen is on the disk before it is confirmed.
"""

from collections.abc import Callable

from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.calls.limits import LAST_CALLS_KEEP_S
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.store.phone_schema import StoredLastCalls, StoredWantedCall
from softswitch.store.schema import StoredPhone
from softswitch.store.store import Store
from softswitch.store.tables import Table

log = get_logger("calls")


class PhoneSettings:
    """By user name. Who has chosen nothing has a row with nothing in it."""

    __slots__ = ("_chosen", "_clock", "_last_calls", "_store", "_when_changed")

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last_calls = {row.username: row for row in store.last_calls.ascending()}
        self._forget()
        self._when_changed: Callable[[str], None] | None = None
        self._chosen = {row.username: row for row in store.phones.ascending()}

    def of(self, username: str) -> StoredPhone:
        return self._chosen.get(username) or StoredPhone(username=username)

    def called(self, username: str, by_number: str) -> None:
        """Its phones ring for somebody who shows this number."""
        self._keep_last(username, caller=by_number)

    def calls(self, username: str, number: str) -> None:
        """Its owner calls somebody."""
        self._keep_last(username, called=number)

    def last_called(self, username: str) -> str:
        """Whom he has called last, within a month; "" if nobody."""
        known = self._last_calls.get(username)
        return "" if known is None else known.called

    def last_caller(self, username: str) -> str:
        """Who has called last, within a month, and shown a number; "" if nobody has."""
        known = self._last_calls.get(username)
        return "" if known is None else known.caller

    @property
    def wanted(self) -> Table[tuple[str, str], StoredWantedCall]:
        """Calls to people who were busy (completing.py)."""
        return self._store.wanted_calls

    async def keep(self, chosen: StoredPhone) -> bool:
        """From now on; True once it is on the disk, so that it may be confirmed.

        False if the disk refuses it: then it is as it was before.
        """
        former = self.of(chosen.username)
        self.set(chosen)
        if await is_on_disk(self._store, log, "phone settings not stored", username=chosen.username):
            return True
        if self.of(chosen.username) == chosen:
            self.set(former)
        return False

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

    # Private

    def _keep_last(self, username: str, *, caller: str = "", called: str = "") -> None:
        known = self._last_calls.get(username)
        row = StoredLastCalls(
            username=username,
            caller=caller or ("" if known is None else known.caller),
            called=called or ("" if known is None else known.called),
            at_wall=self._clock.wall(),
        )
        self._last_calls[username] = row
        self._store.last_calls.put(username, row)

    def _forget(self) -> None:
        """At the start: what is too old."""
        oldest_wall = self._clock.wall() - LAST_CALLS_KEEP_S
        for row in list(self._last_calls.values()):
            if row.at_wall < oldest_wall:
                del self._last_calls[row.username]
                self._store.last_calls.delete(row.username)
