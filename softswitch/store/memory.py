"""The store's twin in memory: for tests, simulation and whatever needs no yesterday.

Rows of bytes like LMDB's, so records are really encoded and decoded. It passes the same contract tests.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from softswitch.store.environment import Operation


class MemoryRows:
    """Sorted keys and a dict for each table. Every operation is "on disk" at once."""

    __slots__ = (
        "_keys", "_values", "commits", "is_failing", "last_write_s", "lost", "pending", "writes", "writing_s",
    )  # fmt: skip

    def __init__(self) -> None:
        self._keys: dict[str, list[bytes]] = {}
        self._values: dict[str, dict[bytes, bytes]] = {}
        self.commits = 0
        self.writes = 0
        self.lost = 0
        self.is_failing = False
        self.last_write_s = self.writing_s = 0.0
        self.pending = 0

    def copy(self) -> "MemoryRows":
        """All that is there now; what is written to one of the two does not reach the other."""
        copied = MemoryRows()
        copied._keys = {table: list(keys) for table, keys in self._keys.items()}
        copied._values = {table: dict(values) for table, values in self._values.items()}
        return copied

    def get(self, table: str, key: bytes) -> bytes | None:
        return self._values.get(table, {}).get(key)

    def count(self, table: str) -> int:
        return len(self._values.get(table, {}))

    def scan(
        self, table: str, low: bytes | None, high: bytes | None, *, reverse: bool, limit: int
    ) -> list[tuple[bytes, bytes]]:
        keys, values = self._keys.get(table, []), self._values.get(table, {})
        begin = 0 if low is None else bisect_left(keys, low)
        end = len(keys) if high is None else max(begin, bisect_left(keys, high))
        chosen = keys[max(begin, end - limit) : end][::-1] if reverse else keys[begin : min(end, begin + limit)]
        return [(key, values[key]) for key in chosen]

    def newest_keys(self, table: str, high: bytes | None, limit: int) -> list[bytes]:
        keys = self._keys.get(table, [])
        end = len(keys) if high is None else bisect_left(keys, high)
        return keys[max(0, end - limit) : end][::-1]

    def apply(self, operations: Sequence[Operation]) -> None:
        for table, key, value in operations:
            keys, values = self._keys.setdefault(table, []), self._values.setdefault(table, {})
            if value is None:
                if values.pop(key, None) is not None:
                    del keys[bisect_left(keys, key)]
            else:
                if key not in values:
                    insort(keys, key)
                values[key] = value
        self.writes += len(operations)

    def commit(self) -> Future[None]:
        self.commits += 1
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def hasten(self) -> None:
        """It is all there already."""

    def stored(self) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def take_between_turns(self, call_soon: object, hand_over: Callable[[], None]) -> None:
        """There are no groups."""

    def close(self) -> None:
        """Forget nothing: a test may look at the tables of a switch it has stopped."""
