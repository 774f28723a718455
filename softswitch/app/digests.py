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
from softswitch.app.due_work import DueWork
from softswitch.base.clock import Clock
from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.conferences.times import ConferenceTime, next_time, read_time
from softswitch.calls.runtime.wall_timer import DAY_S
from softswitch.config import Configuration
from softswitch.store import Store
from softswitch.store.digest_schema import StoredDigest
from softswitch.store.voicemail_schema import StoredMail

log = get_logger("digest")

LONGEST_CALL_S = DAY_S
"""Records are in the order in which calls began: one that began so long before the last digest may have ended since."""
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
        self._terms = terms
        self._put = put
        self._until = {row.project: row.until_wall for row in store.digests.ascending()}
        """Until when each client knows of its calls, as in the store, where what was written is read a moment later."""
        self._due_work = DueWork(loop, clock.wall, name="digest", due=self._next_due, work=self._write_those_due)

    def refresh(self) -> None:
        """At the start, and when the configuration has changed: who wants digests from now on, and who no longer."""
        wall = self._clock.wall()
        wanted = {terms.project for terms in self._terms()}
        for project in self._until.keys() - wanted:
            del self._until[project]
            self._store.digests.delete(project)
        for project in wanted - self._until.keys():
            self._keep(project, wall)
        self._due_work.look()

    async def stop(self) -> None:
        """What is being written is written by the next switch."""
        await self._due_work.stop()

    # Private

    def _next_due(self) -> float | None:
        due = (next_time(terms.times, self._known_until(terms)) for terms in self._terms())
        return min((at for at in due if at is not None), default=None)

    async def _write_those_due(self) -> None:
        for terms in self._terms():
            wall, since = self._clock.wall(), self._known_until(terms)
            due = next_time(terms.times, since)
            if due is None or due > wall:
                continue
            self._put(await self._write(terms, since, wall))
            self._keep(terms.project, wall)
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

    def _keep(self, project: str, until_wall: float) -> None:
        self._until[project] = until_wall
        self._store.digests.put(project, StoredDigest(project=project, until_wall=until_wall))

    def _known_until(self, terms: DigestTerms) -> float:
        return self._until.get(terms.project, self._clock.wall())
