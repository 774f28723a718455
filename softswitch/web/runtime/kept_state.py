"""Keeps sessions and answers of the web process on the disk, so that its next start logs nobody out and does nothing
twice.

A disk that cannot be used costs only that: the process goes on with what it has in memory, and says so in the log.
"""

import asyncio

from softswitch.base.clock import Clock
from softswitch.base.errors import StartError
from softswitch.base.log import get_logger
from softswitch.store.limits import STORED_WITHIN_S
from softswitch.store.tables import DamagedRecord
from softswitch.store.web_store import StoredAnswer, StoredSession, WebStore, open_web_store
from softswitch.store.writer import NotStored
from softswitch.web.idempotency import Answer, IdempotentRequests, KeptRequest
from softswitch.web.sessions import KeptSession, Sessions

_log = get_logger("web")
_NONE = Answer(0, "", b"")


class KeptState:
    """Implements `SessionKeeper`, `AnswerKeeper` and `services.Disk`. It keeps nothing before `open`."""

    def __init__(self, store_directory: str, clock: Clock) -> None:
        self._directory = store_directory
        self._clock = clock
        self._store: WebStore | None = None

    def open(self, sessions: Sessions, requests: IdempotentRequests) -> None:
        """Give them what the process before has kept."""
        now, ahead = self._clock.now(), self._ahead()
        try:
            store = self._store = open_web_store(self._directory, lambda line: _log.error("web store", fault=line))
            sessions.restore([(row.hash, _session(row, ahead)) for row in store.sessions.ascending()], now)
            requests.restore([(row.hash, _request(row, ahead)) for row in store.answers.ascending()], now)
        except (StartError, DamagedRecord) as error:
            _log.error("sessions and idempotency keys do not outlive this process", fault=str(error))

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    async def settled(self) -> None:
        """Return when what was kept so far is on the disk, or when the disk has refused."""
        if self._store is not None:
            try:
                async with asyncio.timeout(STORED_WITHIN_S):
                    await asyncio.wrap_future(self._store.commit())
            except (NotStored, TimeoutError) as error:
                _log.error("not kept for the next start", fault=str(error) or "the disk does not answer")

    def session_used(self, key: str, session: KeptSession) -> None:
        if self._store is not None:
            ahead = self._ahead()
            row = StoredSession(
                hash=key,
                user=session.user,
                credential=session.credential,
                ends_at=session.ends_at + ahead,
                used_at=session.used_at + ahead,
            )
            self._store.sessions.put(key, row)

    def session_over(self, key: str) -> None:
        if self._store is not None:
            self._store.sessions.delete(key)

    def request_known(self, key: str, request: KeptRequest) -> None:
        if self._store is not None:
            answer = request.answer or _NONE
            row = StoredAnswer(
                hash=key,
                fingerprint=request.fingerprint,
                at=request.at + self._ahead(),
                status=answer.status,
                media_type=answer.media_type,
                body=answer.body,
            )
            self._store.answers.put(key, row)

    def request_forgotten(self, key: str) -> None:
        if self._store is not None:
            self._store.answers.delete(key)

    def _ahead(self) -> float:
        """From monotonic time to that of the day."""
        return self._clock.wall() - self._clock.now()


def _session(row: StoredSession, ahead: float) -> KeptSession:
    used_at = row.used_at - ahead
    return KeptSession(
        user=row.user, credential=row.credential, ends_at=row.ends_at - ahead, used_at=used_at, noted_at=used_at
    )


def _request(row: StoredAnswer, ahead: float) -> KeptRequest:
    answer = Answer(row.status, row.media_type, row.body) if row.status else None
    return KeptRequest(fingerprint=row.fingerprint, at=row.at - ahead, answer=answer)
