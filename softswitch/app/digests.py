"""Digests: at the times a project names, its client is sent a mail that tells of the calls since the last one.

```
 digest = ["mon-fri 18:00"]        Mon 18:00         Tue 18:00   the switch is down    Thu 09:12 it runs again
                                    │ calls since     │ since     Wed 18:00 missed      │ all since Tue 18:00
                                    └ Fri 18:00       └ Mon 18:00                       └
```

Until when a client knows is in the store: a restart loses no call and tells of none twice. A call counts when it has
ended. The mail is put into the queue of mails, which sends it, and tries again, on its own.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from softswitch.app.digest_text import Digest
from softswitch.base.clock import Clock
from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.conferences.times import ConferenceTime, next_time, read_time
from softswitch.config import Configuration
from softswitch.store import Store
from softswitch.store.digest_schema import StoredDigest
from softswitch.store.voicemail_schema import StoredMail

log = get_logger("digest")

DAY_S = 86_400.0
LONGEST_CALL_S = DAY_S
"""Records are in the order in which calls began: one that began so long before the last digest may have ended since."""
RETRY_S = 3600.0
"""After a failure nobody has thought of."""
ROWS_AT_ONCE = 100
"""Records that are read before calls have their turn again: a few milliseconds."""


class DigestTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a project wants to be sent, and when."""

    project: str
    name: str
    to: str
    language: str
    timezone: str
    times: tuple[ConferenceTime, ...]


def digest_terms(configuration: Configuration) -> list[DigestTerms]:
    """Of the projects that want any; `load` has checked that the times can be read."""
    sounds = configuration.settings.sounds
    return [
        DigestTerms(
            project=row.id,
            name=row.name or row.id,
            to=row.contact,
            language=row.language or sounds.default_language,
            timezone=row.timezone or "UTC",
            times=tuple(time for text in row.digest if (time := read_time(text, row.timezone or "UTC"))),
        )
        for row in configuration.projects
        if row.digest
    ]


class Digests:
    """`terms` are those of the moment; `put` sends a mail."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        terms: Callable[[], Sequence[DigestTerms]],
        *,
        put: Callable[[StoredMail], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._loop = loop
        self._terms = terms
        self._put = put
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._is_stopped = False

    def refresh(self) -> None:
        """At the start, and when the configuration has changed: who wants digests from now on, and who no longer."""
        wall = self._clock.wall()
        wanted = {terms.project for terms in self._terms()}
        known = {row.project for row in self._store.digests.ascending()}
        for project in known - wanted:
            self._store.digests.delete(project)
        for project in wanted - known:
            self._store.digests.put(project, StoredDigest(project=project, until_wall=wall))
        self._arm()

    async def stop(self) -> None:
        """What is being written is written by the next switch."""
        self._is_stopped = True
        self._disarm()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    # Private

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, not_before_s: float = 0.0) -> None:
        self._disarm()
        if self._is_stopped or self._writing is not None:
            return
        due = [at for terms in self._terms() if (at := next_time(terms.times, self._known_until(terms))) is not None]
        if due:
            wait_s = min(DAY_S, max(not_before_s, min(due) - self._clock.wall()))
            self._timer = self._loop.call_later(wait_s, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._writing = self._loop.create_task(self._write_those_due(), name="digests")
        self._writing.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("digest failed", fault=repr(error))
        self._arm(not_before_s=RETRY_S if error is not None else 0.0)

    async def _write_those_due(self) -> None:
        for terms in self._terms():
            wall, since = self._clock.wall(), self._known_until(terms)
            due = next_time(terms.times, since)
            if due is None or due > wall:
                continue
            self._put(await self._write(terms, since, wall))
            self._store.digests.put(terms.project, StoredDigest(project=terms.project, until_wall=wall))
            log.info("digest", project=terms.project, to=terms.to)

    async def _write(self, terms: DigestTerms, since: float, until: float) -> StoredMail:
        digest = Digest(
            terms.project, terms.name, language=terms.language, timezone=terms.timezone, since=since, until=until
        )
        try:
            rows = self._store.cdrs.ascending((max(0.0, since - LONGEST_CALL_S), ""), (until, ""))
            for place, cdr in enumerate(rows):
                if cdr.project == terms.project and since <= cdr.ended_at < until:
                    digest.add(cdr)
                if place % ROWS_AT_ONCE == 0:
                    await asyncio.sleep(0)
        except SoftswitchError as error:
            digest.is_incomplete = True
            log.error("digest incomplete", project=terms.project, fault=str(error))
        return digest.mail(terms.to, until)

    def _known_until(self, terms: DigestTerms) -> float:
        row = self._store.digests.get(terms.project)
        return self._clock.wall() if row is None else row.until_wall
