"""What is known of webhooks: how far each has got, whether it fails, and what it could not be given.

An environment of its own, beside the switch's: the web process writes it, and the command line, each for a moment at a
time.
"""

import os
from collections.abc import Iterable, Iterator

import msgspec

from softswitch.store.environment import Environment, Operation, open_for_writing
from softswitch.store.layout import TableLayout, text_key
from softswitch.store.tables import TableReader

DIRECTORY = "webhooks"
"""In that of the switch's store."""
MAP_SIZE_MB = 64


class StoredCursor(msgspec.Struct, frozen=True, kw_only=True):
    """All events up to this number are delivered to the webhook, or set aside."""

    webhook: str
    number: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that could not be delivered. `is_again`: somebody wants it to be sent again. Times are wall time."""

    webhook: str
    number: int
    event: msgspec.Raw
    """A `calls.told.events.Numbered`."""
    kind: str
    reason: str
    attempts: int
    at_wall: float
    is_again: bool = False


class StoredTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was acknowledged since; forgotten with the next success. Times are wall time."""

    webhook: str
    fault: str
    """Of the last failure,"""
    failed_at: float
    """which was then;"""
    since: float
    """and the first one."""
    is_resting: bool
    """It has failed so often that it is left alone for a while."""
    waiting: int
    """Events that are to be sent next."""


DeadKey = tuple[str, int]


def _dead_key(key: DeadKey) -> bytes:
    return key[0].encode() + b"\0" + key[1].to_bytes(8, "big")


CURSORS: TableLayout[str, StoredCursor] = TableLayout("cursors", StoredCursor, text_key)
DEAD: TableLayout[DeadKey, DeadLetter] = TableLayout("dead", DeadLetter, _dead_key)
TROUBLES: TableLayout[str, StoredTrouble] = TableLayout("troubles", StoredTrouble, text_key)
_encode = msgspec.msgpack.Encoder().encode


class WebhookStore:
    """Every method that changes something returns when it is on the disk. Raises `lmdb.Error` if it cannot be."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._cursors: TableReader[str, StoredCursor] = TableReader(CURSORS, environment)
        self._dead: TableReader[DeadKey, DeadLetter] = TableReader(DEAD, environment)

        self._troubles: TableReader[str, StoredTrouble] = TableReader(TROUBLES, environment)

    def cursor(self, webhook: str) -> int | None:
        known = self._cursors.get(webhook)
        return None if known is None else known.number

    def trouble(self, webhook: str) -> StoredTrouble | None:
        """None: it is well."""
        return self._troubles.get(webhook)

    def note_trouble(self, webhook: str, trouble: StoredTrouble | None) -> None:
        """That it fails, or is well again."""
        self._environment.write([(TROUBLES.name, TROUBLES.key(webhook), trouble and _encode(trouble))])

    def dead(self, webhook: str) -> Iterator[DeadLetter]:
        """In the order of their numbers."""
        return self._dead.ascending((webhook, 0), (webhook, 2**63))

    def settle(
        self, webhook: str, cursor: int | None, dead: Iterable[DeadLetter], delivered: Iterable[int], dead_max: int
    ) -> None:
        """How far it has got, what it was not given, what it was given after all: in one transaction."""
        operations: list[Operation] = []
        if cursor is not None:
            row = StoredCursor(webhook=webhook, number=cursor)
            operations.append((CURSORS.name, CURSORS.key(webhook), _encode(row)))
        letters = list(dead)
        operations += [(DEAD.name, DEAD.key((webhook, each.number)), _encode(each)) for each in letters]
        operations += [(DEAD.name, DEAD.key((webhook, number)), None) for number in delivered]
        if letters:
            surplus = sum(1 for _ in self.dead(webhook)) + len(letters) - dead_max
            for each in self.dead(webhook) if surplus > 0 else ():
                if surplus <= 0:
                    break
                operations.append((DEAD.name, DEAD.key((webhook, each.number)), None))
                surplus -= 1
        if operations:
            self._environment.write(operations)

    def send_again(self, webhook: str, number: int | None = None) -> int:
        """One event that was set aside, or all of them; how many there are."""
        chosen = [each for each in self.dead(webhook) if number is None or each.number == number]
        rows = [msgspec.structs.replace(each, is_again=True) for each in chosen]
        self._environment.write((DEAD.name, DEAD.key((webhook, each.number)), _encode(each)) for each in rows)
        return len(rows)

    def discard(self, webhook: str, number: int | None = None) -> int:
        """Forget one, or all; how many there were."""
        chosen = [each for each in self.dead(webhook) if number is None or each.number == number]
        self._environment.write((DEAD.name, DEAD.key((webhook, each.number)), None) for each in chosen)
        return len(chosen)

    def close(self) -> None:
        self._environment.close()


def open_webhook_store(store_directory: str) -> WebhookStore:
    """Raises `StartError`."""
    path = os.path.join(store_directory, DIRECTORY)
    return WebhookStore(open_for_writing(path, (CURSORS.name, DEAD.name, TROUBLES.name), map_size_mb=MAP_SIZE_MB))
