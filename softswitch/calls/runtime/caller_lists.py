"""The lists of callers as they are now: what the configuration says, and what was added since, kept in the store.

Added numbers are all in memory, for every call may ask. One whose time is over counts no more, and is deleted when
somebody comes across it. What was added to a list that the configuration no longer has counts again if it returns.
"""

from collections.abc import Callable, Iterator

from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.boosts import boost_of
from softswitch.calls.caller_lists import CallerList, Listed, is_keepable, number_digits
from softswitch.calls.limits import LISTED_NUMBERS_MAX
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.calls.settings import CallSettings
from softswitch.sip.trunks.numbers import normalised
from softswitch.store.layout import ListedKey
from softswitch.store.schema import StoredListedNumber
from softswitch.store.store import Store

log = get_logger("calls")

NOT_STORED = "the disk does not take it: see the log of the switch"


class CallerLists:
    """Every method that names a list raises `LocalError`, with the names there are, for one that does not exist."""

    __slots__ = ("_added", "_clock", "_settings", "_store")

    def __init__(self, store: Store, clock: Clock, settings: Callable[[], CallSettings]) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._added: dict[ListedKey, StoredListedNumber] = {}
        for row in store.listed_numbers.ascending():
            self._added[row.list_id, row.number] = row

    def find(self, list_id: str, number: str) -> Listed | None:
        """How the number is in the list; None if it is not. What was added goes before the configuration's notes."""
        configured = self._list(list_id)
        digits = number_digits(number, self._settings().habits)
        row = self._current((list_id, digits))
        if row is not None:
            return Listed(note=row.note, by=row.by, since_wall=row.since_wall, until_wall=row.until_wall)
        is_there = digits in configured.numbers or number.removeprefix("+") in configured.numbers
        return Listed(note=configured.notes.get(digits, "")) if digits and is_there else None

    async def add(self, list_id: str, number: str, *, note: str = "", for_s: float | None = None, by: str) -> bool:
        """Put the number there, `for_s` seconds or for good. True once that is on the disk.

        False if it cannot be: then the list is as it was before.
        """
        self._list(list_id)
        key = list_id, number_digits(number, self._settings().habits)
        if not is_keepable(key[1]):
            raise LocalError("only numbers and plain names can be put on a list, and not those of hidden callers")
        if key not in self._added and len(self._added) >= LISTED_NUMBERS_MAX:
            self._sweep()
            if len(self._added) >= LISTED_NUMBERS_MAX:
                raise LocalError(f"lists hold {LISTED_NUMBERS_MAX} added numbers already: remove some, or use files")
        wall = self._clock.wall()
        row = StoredListedNumber(
            list_id=list_id,
            number=key[1],
            spelt=number.strip(),
            note=note,
            by=by,
            since_wall=wall,
            until_wall=None if for_s is None else wall + for_s,
        )
        former = self._added.get(key)
        self._set(key, row)
        if await self._is_stored():
            return True
        if self._added.get(key) is row:
            self._set(key, former)
        return False

    async def remove(self, list_id: str, number: str) -> bool:
        """Whether it was there because it had been added, and is no longer, on the disk as well."""
        self._list(list_id)
        key = list_id, number_digits(number, self._settings().habits)
        former = self._added.get(key)
        if former is None:
            return False
        self._set(key, None)
        if await self._is_stored():
            return True
        if key not in self._added:
            self._set(key, former)
        return False

    def not_removed(self, list_id: str, number: str) -> str:
        """Why a number has just not been removed, in words for people."""
        found = self.find(list_id, number)
        if found is not None and found.since_wall:
            return NOT_STORED
        return f"{number} was not added to {list_id}; numbers of the configuration stay there"

    def added(self, list_id: str) -> Iterator[StoredListedNumber]:
        """Those that were added, and count."""
        self._list(list_id)
        for key in list(self._added):
            if key[0] == list_id and (row := self._current(key)) is not None:
                yield row

    def boost_s(self, queue: str, *, calling_number: str, called_number: str) -> float:
        """How much earlier a caller comes in a queue by all rules of the configuration that apply to him."""
        settings = self._settings()
        if not settings.boosts:
            return 0.0
        habits = settings.habits
        return boost_of(
            settings.boosts,
            queue,
            {calling_number, normalised(calling_number, habits)},
            {called_number, normalised(called_number, habits)},
            region=settings.regions.find(calling_number, habits),
            is_listed=lambda list_id: self.find(list_id, calling_number) is not None,
        )

    # Private

    def _list(self, list_id: str) -> CallerList:
        lists = self._settings().caller_lists
        if list_id not in lists:
            raise LocalError(f'there is no list "{list_id}"; known: {", ".join(sorted(lists)) or "none"}')
        return lists[list_id]

    def _current(self, key: ListedKey) -> StoredListedNumber | None:
        row = self._added.get(key)
        if row is not None and row.until_wall is not None and row.until_wall <= self._clock.wall():
            del self._added[key]
            self._store.listed_numbers.delete(key)
            return None
        return row

    def _set(self, key: ListedKey, row: StoredListedNumber | None) -> None:
        if row is None:
            self._added.pop(key, None)
            self._store.listed_numbers.delete(key)
        else:
            self._added[key] = row
            self._store.listed_numbers.put(key, row)

    def _sweep(self) -> None:
        for key in list(self._added):
            self._current(key)

    async def _is_stored(self) -> bool:
        return await is_on_disk(self._store, log, "list not stored")
