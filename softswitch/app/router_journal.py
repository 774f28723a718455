"""What the router knows, between the ACD and the store."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from softswitch.store import Store
from softswitch.store.schema import StoredRouterPart

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class StoredRouter:
    """A `JournalTable` in LMDB."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def is_failing(self) -> bool:
        return self._store.statistics().is_failing

    def append(self, first_entry: int, entries: bytes) -> None:
        self._store.router_journal.put(first_entry, StoredRouterPart(number=first_entry, content=msgspec.Raw(entries)))

    def put_snapshot(self, parts: Sequence[bytes], obsolete: Iterable[int]) -> None:
        self._store.put_router_snapshot(parts, obsolete)

    def snapshot(self) -> list[bytes]:
        return [bytes(part.content) for part in self._store.router_snapshot.ascending()]

    def journal(self) -> Iterator[tuple[int, bytes]]:
        for part in self._store.router_journal.ascending():
            yield part.number, bytes(part.content)


def boot_id() -> str:
    """Of the boot of this machine, with which its monotonic clock began; empty where that is not known."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""
