"""Pages of records, the newest first, and single ones. Read in a thread, over the store's tables."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from softswitch.records.finding import OUTCOMES_KNOWN, Wanted
from softswitch.store import StoreReader
from softswitch.store.layout import TimedKey
from softswitch.store.schema import Cdr, StoredRecording
from softswitch.web.fields import Cursor, Instant, Limit, Word
from softswitch.web.limits import PAGE_ROWS_SEARCHED_MAX, RECORD_KEYS_SEARCHED_MAX
from softswitch.web.problem import ProblemError
from softswitch.web.route import Page
from softswitch.web.tokens import cursor_text, read_cursor

V = TypeVar("V", Cdr, StoredRecording)


class CdrQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls that began in [since, until), and of which all that is given is so, as `softswitch cdr` means it. `number`
    is of any party, with "*" the beginning of one; `outcome` is answered, unanswered, talked, lost, or the reason of
    the end."""

    since: Instant | None = None
    until: Instant | None = None
    number: Word = ""
    queue: Word = ""
    agent: Word = ""
    project: Word = ""
    trunk: Word = ""
    outcome: Word = ""
    answered: bool | None = None
    limit: Limit = 50
    cursor: Cursor = ""

    def test(self) -> Callable[[Cdr], bool]:
        """Whether a record is wanted. Raises `ProblemError` for an outcome there is not."""
        if self.outcome and self.outcome not in OUTCOMES_KNOWN:
            remedy = f"There are {', '.join(OUTCOMES_KNOWN)}"
            raise ProblemError("invalid", f'"{self.outcome}" is no outcome of a call', remedy, field="outcome")
        wanted = Wanted(
            number=self.number,
            queue=self.queue,
            agent=self.agent,
            project=self.project,
            trunk=self.trunk,
            outcome=self.outcome,
        )
        return lambda cdr: self.answered in (None, cdr.answered_at is not None) and wanted.fits(cdr)


class RecordingQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Recordings that began in [since, until), and of which all that is given is so."""

    since: Instant | None = None
    until: Instant | None = None
    number: Word = ""
    queue: Word = ""
    agent: Word = ""
    project: Word = ""
    call_id: Word = ""
    limit: Limit = 50
    cursor: Cursor = ""

    def holds(self, row: StoredRecording) -> bool:
        return (
            self.number in ("", row.calling_number)
            and self.queue in ("", row.queue)
            and self.agent in ("", row.agent)
            and self.project in ("", row.project)
            and self.call_id in ("", row.call_id)
        )


def cdr_page(store: StoreReader, query: CdrQuery, sees: Callable[[Cdr], bool]) -> Page[Cdr]:
    rows = store.cdrs.descending(*_span(query))
    is_wanted = query.test()
    return _page(rows, lambda row: is_wanted(row) and sees(row), lambda row: (row.started_at, row.call_id), query.limit)


def find_cdr(store: StoreReader, call_id: str) -> Cdr | None:
    return store.cdrs.newest_with_id(call_id, RECORD_KEYS_SEARCHED_MAX)


def recording_page(
    store: StoreReader, query: RecordingQuery, sees: Callable[[StoredRecording], bool]
) -> Page[StoredRecording]:
    rows = store.recordings.descending(*_span(query))
    return _page(
        rows, lambda row: query.holds(row) and sees(row), lambda row: (row.started_at, row.recording_id), query.limit
    )


def find_recording(store: StoreReader, recording_id: str) -> StoredRecording | None:
    return store.recordings.newest_with_id(recording_id, RECORD_KEYS_SEARCHED_MAX)


def _span(query: CdrQuery | RecordingQuery) -> tuple[TimedKey | None, TimedKey | None]:
    """From the key of `since`, up to that of `until` or of the cursor."""
    low = None if query.since is None else (query.since, "")
    high = None if query.until is None else (query.until, "")
    if query.cursor:
        at = read_cursor(query.cursor)
        high = at if high is None else min(high, at)
    return low, high


def _page(rows: Iterator[V], holds: Callable[[V], bool], key: Callable[[V], TimedKey], limit: int) -> Page[V]:
    """At most `limit` of them. Behind so many that were looked at in vain the next page goes on."""
    found: list[V] = []
    last: V | None = None
    for row in islice(rows, PAGE_ROWS_SEARCHED_MAX):
        if len(found) == limit:
            return Page(found, None if last is None else cursor_text(key(last)))
        last = row
        if holds(row):
            found.append(row)
    is_over = last is None or next(rows, None) is None
    return Page(found, None if is_over or last is None else cursor_text(key(last)))
