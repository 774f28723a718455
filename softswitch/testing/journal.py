"""The table a router's journal is kept in, and the loop that writes it, in the hands of a test."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any


class TableInMemory:
    """A `JournalTable` that counts its snapshots."""

    def __init__(self) -> None:
        self.is_failing = False
        self.parts: list[bytes] = []
        self.records: dict[int, bytes] = {}
        self.snapshots = 0

    def append(self, first_entry: int, entries: bytes) -> None:
        self.records[first_entry] = entries

    def put_snapshot(self, parts: Sequence[bytes], obsolete: Iterable[int]) -> None:
        self.parts = list(parts)
        self.snapshots += 1
        for first_entry in obsolete:
            del self.records[first_entry]

    def snapshot(self) -> list[bytes]:
        return self.parts

    def journal(self) -> list[tuple[int, bytes]]:
        return sorted(self.records.items())


class Turns:
    """A loop that does one thing when told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> "Turns":
        self.waiting.append(callback)
        return self

    def cancel(self) -> None:
        pass

    def turn(self) -> None:
        if self.waiting:
            self.waiting.pop(0)()
