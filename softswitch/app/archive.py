"""What becomes of recordings after their calls: the archiver's work, and the deletion of what is too old.

    complete ──► archived (format, encryption, SHA-256) ──► what it was made of is deleted ──► days later: deleted
                     └─ index and CDR say so first ─┘

The index is the list of what there is to do: a recording without a checksum was not archived, one with a `leftover`
still has the file it was made of. So a switch that starts finds all that a dead one has left, and every step may be
done twice. The disk is touched by the archiver process alone (media/runtime/recording/archiver.py), one job at a time.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import msgspec

from softswitch.app.archiver_process import ArchiverProcess
from softswitch.base.clock import Clock
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.media.recording.archive import (
    Archived,
    ArchiveFile,
    Deleted,
    DeleteFile,
    Job,
    NotDone,
    RecordingFormat,
)
from softswitch.store import Store
from softswitch.store.schema import StoredRecording

DAY_S = 86400.0
SWEEP_EVERY_S = 3600.0
RETRY_S = 60.0
"""After a full disk, a missing key, a store that could not write."""
WAITING_MAX = 100_000
"""Recordings that wait in memory; for more than these, a day of a large centre, the index is gone through again."""
ROWS_AT_A_TIME = 100
"""Read between two turns of the event loop: half a millisecond."""
ATTEMPTS_MAX = 3
"""A file at which the archiver dies so often is put aside."""

_log = get_logger("archive")
AnswerT = TypeVar("AnswerT", Archived, Deleted)


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How recordings are kept, and for how many days (0: for ever)."""

    format: RecordingFormat = "wav"
    days: float = 0.0


class ArchiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How recordings are kept, by queue where one has its own way; the key they are encrypted with, "" for none."""

    otherwise: Keeping = Keeping()
    projects: dict[str, Keeping] = {}
    queues: dict[str, Keeping] = {}
    """Of those that say something about it; they go before projects."""
    key_file: str = ""

    def keeping(self, recording: StoredRecording) -> Keeping:
        of_project = self.projects.get(recording.project, self.otherwise)
        return self.queues.get(recording.queue or "", of_project)

    @property
    def shortest_days(self) -> float | None:
        """After which anything may be too old; None if all is kept for ever."""
        return min(
            (each.days for each in (self.otherwise, *self.projects.values(), *self.queues.values()) if each.days),
            default=None,
        )


class _Hindered(Exception):
    """It cannot be done now, for this reason; later perhaps."""


class _PutAside(Exception):
    """It cannot be done with this file, for this reason."""


class Archive:
    """One task, from `start` to `stop`. `settings` are those of the moment: a reload changes what it returns."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Callable[[], ArchiveSettings],
        *,
        is_in_progress: Callable[[CallId], bool],
    ) -> None:
        self._is_in_progress = is_in_progress
        self._store = store
        self._clock = clock
        self._settings = settings
        self._waiting: deque[StoredRecording] = deque()
        self._is_index_due = True
        """The index is to be gone through for what was not archived."""
        self._sweep_at = 0.0
        self._news = asyncio.Event()
        self._archiver = ArchiverProcess()
        self._task: asyncio.Task[None] | None = None
        self._told = ""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="archive")

    async def stop(self) -> None:
        """Leave everything as it is; the next switch goes on with it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._archiver.end()

    def recording_complete(self, recording: StoredRecording) -> None:
        """Its call is over: nobody uses the file any more."""
        if len(self._waiting) == WAITING_MAX:
            self._is_index_due = True
            return
        self._waiting.append(recording)
        self._news.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._work()
            except _Hindered as hindered:
                self._tell(str(hindered))
                await asyncio.sleep(RETRY_S)
            except Exception:
                # What we did not think of may cost the archive a minute, never the switch.
                _log.exception("the archive failed; it goes on")
                await asyncio.sleep(RETRY_S)

    async def _work(self) -> None:
        """Whatever there is to do now, and then wait for more."""
        while self._waiting:
            await self._keep(self._waiting[0])
            self._waiting.popleft()
        if self._is_index_due:
            self._is_index_due = False
            await self._catch_up()
        elif self._clock.now() >= self._sweep_at:
            await self._sweep()
            self._sweep_at = self._clock.now() + SWEEP_EVERY_S
        else:
            await self._wait()

    async def _wait(self) -> None:
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._sweep_at - self._clock.now())):
                await self._news.wait()

    # Archiving

    async def _catch_up(self) -> None:
        """What a former switch has left, and what was too much to wait in memory."""
        try:
            async for recording in self._index(None):
                is_due = not recording.sha256 or recording.leftover
                if is_due and not self._is_in_progress(recording.call_id):
                    await self._keep(recording)
        except BaseException:
            self._is_index_due = True
            raise

    async def _keep(self, recording: StoredRecording) -> None:
        """Archive it, and delete what it was made of."""
        current = self._store.recordings.get((recording.started_at, recording.recording_id)) or recording
        if not current.sha256:
            try:
                current = await self._archive(current)
            except _PutAside as put_aside:
                _log.error("recording not archived", path=current.path, fault=str(put_aside))
                self._store.put_recording(self._latest(current, archive_fault=str(put_aside)))
                return
        if current.leftover:
            await self._do(DeleteFile(current.recording_id, current.leftover), Deleted)
            self._store.put_recording(self._latest(current, leftover=""))
        self._told = ""

    async def _archive(self, recording: StoredRecording) -> StoredRecording:
        settings = self._settings()
        recording_format = settings.keeping(recording).format
        job = ArchiveFile(recording.recording_id, recording.path, recording_format, settings.key_file)
        done = await self._do(job, Archived)
        await self._commit()  # its CDR too, if it was written just now
        kept = self._latest(
            recording,
            path=done.path,
            format=recording_format,
            is_sealed=done.is_sealed,
            size_bytes=done.size_bytes,
            sha256=done.sha256,
            leftover="" if done.path == recording.path else recording.path,
            archive_fault="",
        )
        self._store.move_recording(kept, recording.path)
        await self._commit()
        return kept

    # Deleting

    async def _sweep(self) -> None:
        """Delete what is older than it may become."""
        settings, wall = self._settings(), self._clock.wall()
        if settings.shortest_days is None:
            return
        kept: list[str] = []
        async for each in self._index(wall - settings.shortest_days * DAY_S):
            recording = self._latest(each)  # many files take long, and an operator may hold this one meanwhile
            days = settings.keeping(recording).days
            if not days or recording.is_held or recording.started_at > wall - days * DAY_S:
                continue
            try:
                for path in filter(None, (recording.path, recording.leftover)):
                    await self._do(DeleteFile(recording.recording_id, path), Deleted)
            except (_Hindered, _PutAside) as hindered:
                kept.append(str(hindered))
                continue
            self._store.delete_recording(recording)
            _log.info(
                "recording deleted",
                recording_id=recording.recording_id,
                call_id=recording.call_id,
                path=recording.path,
                queue=recording.queue or "",
                kept_days=days,
            )
        if kept:
            _log.error("recordings not deleted", count=len(kept), fault=kept[0])

    # Steps

    async def _index(self, until: float | None) -> AsyncIterator[StoredRecording]:
        """The index by time, up to recordings that began at `until`, with turns for everybody else in between."""
        stop = None if until is None else (until, "")
        for number, recording in enumerate(self._store.recordings.ascending(stop=stop)):
            if number % ROWS_AT_A_TIME == 0:
                await asyncio.sleep(0)
            yield recording

    def _latest(self, recording: StoredRecording, **changes: object) -> StoredRecording:
        """The entry with changes of ours; an operator may have changed it meanwhile."""
        key = (recording.started_at, recording.recording_id)
        return msgspec.structs.replace(self._store.recordings.get(key) or recording, **changes)

    async def _do(self, job: Job, expected: type[AnswerT]) -> AnswerT:
        for _ in range(ATTEMPTS_MAX):
            try:
                answer = await self._archiver.ask(job)
            except OSError as error:
                raise _Hindered(f"the system cannot start a process: {error.strerror}") from error
            if isinstance(answer, expected):
                return answer
            if isinstance(answer, NotDone):
                raise _Hindered(answer.reason) if answer.is_passing else _PutAside(answer.reason)
        raise _PutAside("the archiver died at it")

    async def _commit(self) -> None:
        try:
            await asyncio.wrap_future(self._store.commit())
        except SoftswitchError as error:
            raise _Hindered(str(error)) from error

    def _tell(self, reason: str) -> None:
        """Once for each reason, until something goes well again."""
        if reason != self._told:
            _log.error("recordings are not archived for now", fault=reason)
        self._told = reason
