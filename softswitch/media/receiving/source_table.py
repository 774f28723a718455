"""Streams that share ports: whose packet is it, by the port it came to and the address it came from.

The question is answered for a whole batch at once: port and source of each packet become one number, which is looked
up in the sorted numbers of those that are expected. For IPv4 the number is the address itself. An IPv6 address is
longer, so there it is a hash, and who is found is compared in full.

A source that is no longer expected rests: it is nobody's until REST_S after the last packet that still came from it. So
the sound of a call that has ended, and whose party never learnt of it, reaches no other call.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import RESTING_SOURCES_MAX

REST_S = 60.0

STRANGER = -1
"""Row of packets that are nobody's."""
_RESTING = -2
"""Row of the first resting source; that of the next is one less, and so on."""

NAME_BYTES = 32
"""Sources are given as `sockaddr` with zeros behind: 16 bytes for IPv4, 28 for IPv6."""

_IPV6 = 10
"""AF_INET6 of Linux; a sockaddr begins with the family in the machine's order, that is, in its low 16 bits here."""
_FAMILY = 0xFFFF
_ALL = (1 << 64) - 1
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
"""Odd numbers with no pattern, for the hash."""

Words = NDArray[np.uint64]


class SourceTable:
    """Ports are numbered by the caller, from 0 to 65,534; rows are streams."""

    __slots__ = ("_is_old", "_key_of", "_keys", "_names", "_numbers", "_resting", "_resting_keys", "_rows", "_sources")

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        """By key; so are all the tables below."""
        self._sources: dict[int, bytes] = {}
        self._key_of: dict[int, int] = {}
        """By row."""
        self._resting: dict[int, tuple[float, int]] = {}
        """Until when, and whose it was: a stream may have its own former source again."""
        self._is_old = False
        """What is below is to be made again."""
        self._resting_keys: list[int] = []
        self._keys: Words = np.full(1, _ALL, np.uint64)
        """Sorted; the last one is nobody's, so that every search ends within."""
        self._numbers: NDArray[np.int64] = np.full(1, STRANGER, np.int64)
        self._names: Words | None = None
        """uint64[keys, 3] when there are IPv6 addresses to compare."""

    def why_not(self, row: int, port: int, name: bytes, now: float) -> str | None:
        """Why the row cannot have this source, for people; None if it can."""
        key = _key(port, name)
        if self._rows.get(key, row) != row:
            return "another stream has that remote address already"
        until, owner = self._resting.get(key, (now, row))
        if until > now and owner != row:
            return "that remote address rests after another call"
        return None

    def put(self, row: int, port: int, name: bytes, now: float) -> None:
        """From now on packets from this source are the row's. `why_not` has been asked."""
        self.remove(row, now)
        key = _key(port, name)
        self._resting.pop(key, None)
        self._rows[key] = row
        self._sources[key] = name
        self._key_of[row] = key
        self._is_old = True

    def remove(self, row: int, now: float) -> None:
        """The row has no source any more; what it had rests."""
        key = self._key_of.pop(row, None)
        if key is None:
            return
        del self._rows[key]
        if len(self._resting) == RESTING_SOURCES_MAX:
            self._forget(next(iter(self._resting)))
        self._resting[key] = (now + REST_S, row)
        self._is_old = True

    def close(self, row: int, now: float) -> None:
        """The stream is gone: the row is another's next time."""
        self.remove(row, now)
        for key, (until, owner) in self._resting.items():
            if owner == row:
                self._resting[key] = (until, STRANGER)

    def is_empty(self, now: float) -> bool:
        """Whether nothing is expected and nothing rests."""
        return not self._rows and all(until <= now for until, _ in self._resting.values())

    def find(self, port: Words, names: NDArray[np.uint8], now: float) -> NDArray[np.int64]:
        """int64[n], whose packets these are; STRANGER where they are nobody's.

        `port` uint64[n] is where they came to, `names` uint8[n, NAME_BYTES] where from.
        """
        if self._is_old:
            self._sort(now)
        words: Words = names.view(np.uint64)
        keys = (words[:, 0] & np.uint64(_ALL - _FAMILY)) | port
        if self._names is None:
            at = np.searchsorted(self._keys, keys)
            is_known = self._keys[at] == keys
        else:
            is_long = (words[:, 0] & np.uint64(_FAMILY)) == _IPV6
            keys = np.where(is_long, _hashes(port, words), keys)
            at = np.searchsorted(self._keys, keys)
            is_known = (self._keys[at] == keys) & (~is_long | (self._names[at] == words[:, :3]).all(axis=1))
        row = np.where(is_known, self._numbers[at], STRANGER)
        return self._renew(row, now) if self._resting_keys else row

    def _renew(self, row: NDArray[np.int64], now: float) -> NDArray[np.int64]:
        """Sources that rest and still send rest longer; to all others they are strangers."""
        numbers: list[int] = np.unique(row[row <= _RESTING]).tolist()
        for number in numbers:
            key = self._resting_keys[_RESTING - number]
            self._resting[key] = (now + REST_S, self._resting[key][1])
        return np.maximum(row, STRANGER)

    def _sort(self, now: float) -> None:
        self._is_old = False
        expired = [key for key, (until, _) in self._resting.items() if until <= now]
        for key in expired:
            self._forget(key)
        self._resting_keys = list(self._resting)
        keys = np.array([*self._rows, *self._resting_keys, _ALL], np.uint64)
        resting = range(_RESTING, _RESTING - len(self._resting_keys), -1)
        numbers = np.array([*self._rows.values(), *resting, STRANGER], np.int64)
        order = np.argsort(keys)
        self._keys, self._numbers, self._names = keys[order], numbers[order], None
        if any(_is_long(name) for name in self._sources.values()):
            names = [self._sources[key] for key in (*self._rows, *self._resting_keys)]
            words = np.frombuffer(b"".join([*names, bytes(NAME_BYTES)]), np.uint64).reshape(-1, NAME_BYTES // 8)
            self._names = words[order, :3]

    def _forget(self, key: int) -> None:
        del self._resting[key]
        if key not in self._rows:
            del self._sources[key]


def _is_long(name: bytes) -> bool:
    return name[0] == _IPV6


def _key(port: int, name: bytes) -> int:
    words: NDArray[Any] = np.frombuffer(name, np.uint64)[np.newaxis]
    if _is_long(name):
        return int(_hashes(np.array([port], np.uint64), words)[0])
    return int(words[0, 0]) & (_ALL - _FAMILY) | port


def _hashes(port: Words, words: Words) -> Words:
    """One number for each IPv6 source: 48 bits of hash, 16 of the port."""
    mixed = np.zeros(len(words), np.uint64)
    for index, factor in enumerate(_FACTORS):
        mixed = (mixed ^ words[:, index]) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(29)
    return (mixed & np.uint64(_ALL - _FAMILY)) | port
