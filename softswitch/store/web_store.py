"""What the web process remembers when it is started again: who is logged in, and how requests that act were answered.

An environment of its own, beside the switch's, that the web process alone opens. Nothing in it lets anybody in: of
sessions and of idempotency keys it has hashes.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from softswitch.store.environment import Environment, open_for_writing
from softswitch.store.layout import TableLayout, text_key
from softswitch.store.tables import Table
from softswitch.store.writer import GroupCommitWriter

DIRECTORY = "web"
"""In that of the switch's store."""
MAP_SIZE_MB = 64


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in. Times are wall time."""

    hash: str
    """Of its id."""
    user: str
    credential: str
    """The hash of what stands for his password in users.toml: with another password it is over."""
    ends_at: float
    used_at: float


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A request that acts, and had an idempotency key."""

    hash: str
    """Of its caller and key."""
    fingerprint: bytes
    at: float
    """When it came, wall time."""
    status: int = 0
    """Of the answer; 0: it was not answered yet."""
    media_type: str = ""
    body: bytes = b""


SESSIONS: TableLayout[str, StoredSession] = TableLayout("sessions", StoredSession, text_key)
ANSWERS: TableLayout[str, StoredAnswer] = TableLayout("answers", StoredAnswer, text_key)


class WebStore:
    """Writes return at once; `commit` says when they are on the disk."""

    def __init__(self, environment: Environment, report: Callable[[str], None]) -> None:
        self._environment = environment
        self._writer = GroupCommitWriter(environment, report=report)
        self.sessions: Table[str, StoredSession] = Table(SESSIONS, environment, self._writer)
        self.answers: Table[str, StoredAnswer] = Table(ANSWERS, environment, self._writer)

    def commit(self) -> Future[None]:
        """Done when everything put before is on the disk; `NotStored` if it refuses."""
        return self._writer.commit()

    def close(self) -> None:
        self._writer.close()
        self._environment.close()


def open_web_store(store_directory: str, report: Callable[[str], None]) -> WebStore:
    """Raises `StartError`. `report` gets a line for people when the disk refuses; it is called in another thread."""
    path = os.path.join(store_directory, DIRECTORY)
    return WebStore(open_for_writing(path, (SESSIONS.name, ANSWERS.name), map_size_mb=MAP_SIZE_MB), report)
