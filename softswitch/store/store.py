"""The store as the switch uses it, which opens it once (`open_store`). Others read it: readers.py.

`memory_store` is for tests.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from types import MappingProxyType
from typing import Protocol

import msgspec

from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.store.conference_schema import CONFERENCE_CLOCK, MINUTES, StoredConferenceClock, StoredMinutes
from softswitch.store.digest_schema import DIGESTS, REPORT_TIMES, StoredDigest, StoredReportTime
from softswitch.store.environment import Operation, open_for_writing
from softswitch.store.event_schema import SWITCH_EVENTS, StoredSwitchEvents
from softswitch.store.kept_schema import (
    KEPT_CALLS,
    KEPT_CONFERENCES,
    KEPT_SUBSCRIPTIONS,
    StoredKeptCall,
    StoredKeptConference,
    StoredKeptSubscription,
)
from softswitch.store.layout import BindingKey, ListedKey, TimedKey
from softswitch.store.limits import FRESH_CDRS_MAX, KEPT_CALL_BYTES_MAX
from softswitch.store.memory import MemoryRows
from softswitch.store.phone_schema import LAST_CALLS, WANTED_CALLS, StoredLastCalls, StoredWantedCall
from softswitch.store.queue_log_schema import QUEUE_LOG_TAIL, StoredQueueLogTail
from softswitch.store.readers import READ_BY_ALL
from softswitch.store.schema import (
    ACTIVE_CALLS,
    AGENT_STATES,
    BANS,
    BINDINGS,
    CALLBACKS,
    CDRS,
    CONTACT_SPANS,
    END_REASON_RESTARTED,
    EVENTS,
    LISTED_NUMBERS,
    MAILBOXES,
    PHONES,
    QUEUE_CLOSINGS,
    RECORDINGS,
    ROUTER_JOURNAL,
    ROUTER_SNAPSHOT,
    SEATS,
    TOLL_USAGE,
    TRACES,
    ActiveCall,
    Cdr,
    StoredAgentState,
    StoredBan,
    StoredBinding,
    StoredCallback,
    StoredContactSpan,
    StoredEvents,
    StoredListedNumber,
    StoredMailbox,
    StoredPhone,
    StoredQueueClosing,
    StoredRecording,
    StoredRouterPart,
    StoredSeat,
    StoredTollUsage,
    StoredTrace,
)
from softswitch.store.tables import DamagedRecord, ReadableRows, Table, WritableRows
from softswitch.store.voicemail_schema import (
    MAILS,
    VOICE_BOXES,
    VOICE_MESSAGES,
    StoredMail,
    StoredVoiceBox,
    StoredVoiceMessage,
)
from softswitch.store.writer import CallSoon, GroupCommitWriter

TABLES = (
    *READ_BY_ALL,
    PHONES.name,
    BANS.name,
    MAILBOXES.name,
    TOLL_USAGE.name,
    QUEUE_CLOSINGS.name,
    SEATS.name,
    CALLBACKS.name,
    LISTED_NUMBERS.name,
    ROUTER_SNAPSHOT.name,
    ROUTER_JOURNAL.name,
    VOICE_MESSAGES.name,
    VOICE_BOXES.name,
    MAILS.name,
    DIGESTS.name,
    LAST_CALLS.name,
    WANTED_CALLS.name,
    CONFERENCE_CLOCK.name,
    REPORT_TIMES.name,
    KEPT_CALLS.name,
    KEPT_CONFERENCES.name,
    KEPT_SUBSCRIPTIONS.name,
    QUEUE_LOG_TAIL.name,
)


log = get_logger("store")


class StoreStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Since the start: transactions, records written in them, records lost.

    And now: records that wait for the disk, whether the disk refuses them, and how long it took for its last group, or
    is at this one.
    """

    commits: int
    writes: int
    lost: int
    pending: int
    is_failing: bool
    write_s: float = 0.0


class Writer(WritableRows, Protocol):
    """What writes, with its counters."""

    commits: int
    writes: int
    lost: int
    is_failing: bool
    last_write_s: float

    @property
    def writing_s(self) -> float: ...

    @property
    def pending(self) -> int: ...

    def hasten(self) -> None: ...

    def stored(self) -> Future[None]: ...

    def take_between_turns(self, call_soon: CallSoon | None, hand_over: Callable[[], None]) -> None: ...


def event_key(events: StoredEvents) -> TimedKey:
    """Events sort by time, and those of one instant by number."""
    return events.at_wall, f"{events.number:015d}"


class Store:
    """All tables, to read and write. One per switch."""

    __slots__ = (
        "_close_rows",
        "_fresh",
        "_kept_back",
        "_writer",
        "active_calls",
        "agent_states",
        "bans",
        "bindings",
        "callbacks",
        "cdrs",
        "conference_clock",
        "contact_spans",
        "digests",
        "events",
        "kept_calls",
        "kept_conferences",
        "kept_subscriptions",
        "last_calls",
        "listed_numbers",
        "mailboxes",
        "mails",
        "minutes",
        "phones",
        "queue_closings",
        "queue_log_tail",
        "recordings",
        "report_times",
        "router_journal",
        "router_snapshot",
        "seats",
        "switch_events",
        "toll_usage",
        "traces",
        "voice_boxes",
        "voice_messages",
        "wanted_calls",
    )

    def __init__(
        self,
        rows: ReadableRows,
        writer: Writer,
        close_rows: Callable[[], None],
        *,
        recordings: str = "",
        voicemail: str = "",
    ) -> None:
        """`recordings` and `voicemail` are the directories of the files; paths below them are stored without them."""
        self._writer = writer
        self._close_rows = close_rows
        self._kept_back: list[Callable[[], None]] = []
        self.bindings: Table[BindingKey, StoredBinding] = Table(BINDINGS, rows, writer)
        self._fresh: dict[TimedKey, Cdr] = {}
        """The newest records, which may not be on disk yet."""
        self.agent_states: Table[str, StoredAgentState] = Table(AGENT_STATES, rows, writer)
        self.bans: Table[str, StoredBan] = Table(BANS, rows, writer)
        self.toll_usage: Table[str, StoredTollUsage] = Table(TOLL_USAGE, rows, writer)
        self.active_calls: Table[str, ActiveCall] = Table(ACTIVE_CALLS, rows, writer)
        self.kept_calls: Table[str, StoredKeptCall] = Table(KEPT_CALLS, rows, writer)
        self.kept_conferences: Table[str, StoredKeptConference] = Table(KEPT_CONFERENCES, rows, writer)
        self.kept_subscriptions: Table[str, StoredKeptSubscription] = Table(KEPT_SUBSCRIPTIONS, rows, writer)
        self.cdrs: Table[TimedKey, Cdr] = Table(CDRS, rows, writer, recordings)
        self.recordings: Table[TimedKey, StoredRecording] = Table(RECORDINGS, rows, writer, recordings)
        self.mailboxes: Table[str, StoredMailbox] = Table(MAILBOXES, rows, writer)
        self.minutes: Table[TimedKey, StoredMinutes] = Table(MINUTES, rows, writer, recordings)
        self.conference_clock: Table[str, StoredConferenceClock] = Table(CONFERENCE_CLOCK, rows, writer)
        self.traces: Table[TimedKey, StoredTrace] = Table(TRACES, rows, writer)
        self.phones: Table[str, StoredPhone] = Table(PHONES, rows, writer)
        self.last_calls: Table[str, StoredLastCalls] = Table(LAST_CALLS, rows, writer)
        self.wanted_calls: Table[tuple[str, str], StoredWantedCall] = Table(WANTED_CALLS, rows, writer)
        self.callbacks: Table[str, StoredCallback] = Table(CALLBACKS, rows, writer)
        self.listed_numbers: Table[ListedKey, StoredListedNumber] = Table(LISTED_NUMBERS, rows, writer)
        self.queue_log_tail: Table[str, StoredQueueLogTail] = Table(QUEUE_LOG_TAIL, rows, writer)
        self.seats: Table[str, StoredSeat] = Table(SEATS, rows, writer)
        self.queue_closings: Table[str, StoredQueueClosing] = Table(QUEUE_CLOSINGS, rows, writer)
        self.events: Table[TimedKey, StoredEvents] = Table(EVENTS, rows, writer)
        self.contact_spans: Table[str, StoredContactSpan] = Table(CONTACT_SPANS, rows, writer)
        self.switch_events: Table[int, StoredSwitchEvents] = Table(SWITCH_EVENTS, rows, writer)
        self.voice_messages: Table[str, StoredVoiceMessage] = Table(VOICE_MESSAGES, rows, writer, voicemail)
        self.voice_boxes: Table[str, StoredVoiceBox] = Table(VOICE_BOXES, rows, writer)
        self.mails: Table[str, StoredMail] = Table(MAILS, rows, writer, voicemail)
        self.digests: Table[str, StoredDigest] = Table(DIGESTS, rows, writer)
        self.report_times: Table[str, StoredReportTime] = Table(REPORT_TIMES, rows, writer)

        self.router_snapshot: Table[int, StoredRouterPart] = Table(ROUTER_SNAPSHOT, rows, writer)
        self.router_journal: Table[int, StoredRouterPart] = Table(ROUTER_JOURNAL, rows, writer)

    def put_router_snapshot(self, parts: Sequence[bytes], obsolete: Iterable[int]) -> None:
        """Instead of the former snapshot and of these records of its journal, in one transaction."""
        former = self.router_snapshot.count()
        snapshot, journal = self.router_snapshot, self.router_journal
        self._writer.apply(
            [
                *(
                    snapshot.put_operation(number, StoredRouterPart(number=number, content=msgspec.Raw(part)))
                    for number, part in enumerate(parts)
                ),
                *(snapshot.delete_operation(number) for number in range(len(parts), former)),
                *(journal.delete_operation(number) for number in obsolete),
            ]
        )

    def begin_call(self, call: ActiveCall) -> None:
        """Note that a call is in progress, so that it gets a CDR whatever happens to the switch."""
        self.active_calls.put(call.call_id, call)

    def keep_calls(self, calls: Iterable[tuple[CallId, bytes]]) -> list[CallId]:
        """What another switch needs to go on with these calls, which are in progress: all in one transaction.

        Returns those of which there was more than a row takes. They have no row any more: of an older one a call
        would go on that is not so.
        """
        operations: list[Operation] = []
        too_large: list[CallId] = []
        for call_id, content in calls:
            if len(content) > KEPT_CALL_BYTES_MAX:
                too_large.append(call_id)
                operations.append(self.kept_calls.delete_operation(call_id))
            else:
                row = StoredKeptCall(call_id=call_id, content=msgspec.Raw(content))
                operations.append(self.kept_calls.put_operation(call_id, row))
        self._writer.apply(operations)
        return too_large

    def leftover_calls(self) -> dict[CallId, bytes]:
        """What a former switch has kept of the calls it left in progress. Before the first call.

        Whoever goes on with some of them says so (`end_leftover_calls`).
        """
        kept: dict[CallId, bytes] = {}
        for call in self.active_calls.ascending():
            try:
                row = self.kept_calls.get(call.call_id)
            except DamagedRecord:
                continue  # it ends, as it would without
            if row is not None:
                kept[call.call_id] = bytes(row.content)
        return kept

    def end_call(self, cdr: Cdr) -> None:
        """Write the CDR and forget the call in progress, and what was kept of it, all in one transaction."""
        self._writer.apply(
            [
                self._put_cdr((cdr.started_at, cdr.call_id), cdr),
                self.active_calls.delete_operation(cdr.call_id),
                self.kept_calls.delete_operation(cdr.call_id),
            ]
        )

    def change_cdr(self, key: TimedKey, change: Callable[[Cdr], Cdr]) -> None:
        """More is known of a call that is over. One of which there is no record (any more) gets none by this."""
        cdr = self._fresh.get(key) or self.cdrs.get(key)
        if cdr is not None:
            self._writer.apply([self._put_cdr(key, change(cdr))])

    def _put_cdr(self, key: TimedKey, cdr: Cdr) -> Operation:
        """Readers see it when it is on disk; whoever changes it again must not miss this change until then."""
        self._fresh.pop(key, None)
        self._fresh[key] = cdr
        if len(self._fresh) > FRESH_CDRS_MAX:
            del self._fresh[next(iter(self._fresh))]
        return self.cdrs.put_operation(key, cdr)

    def end_leftover_calls(
        self,
        at_wall: float,
        adopted: AbstractSet[CallId] = frozenset(),
        ended: Mapping[CallId, Cdr] = MappingProxyType({}),
    ) -> list[Cdr]:
        """Give the calls that a former switch left in progress their CDRs, and return them.

        `adopted` are those that go on; calls that have begun since, if there are any, are to be among them. `ended`
        are the records of those of which more is known than that they began.
        """
        cdrs = [
            ended.get(call.call_id)
            or Cdr(
                call_id=call.call_id,
                started_at=call.started_at,
                ended_at=at_wall,
                calling_number=call.calling_number,
                calling_name=call.calling_name,
                called_number=call.called_number,
                flow=call.flow,
                project=call.project,
                chain_id=call.chain_id or call.call_id,
                end_reason=END_REASON_RESTARTED,
                ended_by="switch",
            )
            for call in self.active_calls.ascending()
            if call.call_id not in adopted
        ]
        for cdr in cdrs:
            self.end_call(cdr)
        nobodys = [key for key, _ in self.kept_calls.raw(b"") if CallId(key.decode()) not in adopted]
        self._writer.apply([self.kept_calls.delete_operation(key.decode()) for key in nobodys])
        return cdrs

    def written_until(self) -> float:
        """When the last event happened that is stored (epoch seconds); 0.0 if there is none."""
        return next((events.until_wall for events in self.switch_events.newest(1).values), 0.0)

    def put_events(self, events: StoredEvents, spans: Iterable[StoredContactSpan]) -> None:
        """Events and where their contacts' are, in one transaction."""
        self._writer.apply(
            [
                self.events.put_operation(event_key(events), events),
                *(self.contact_spans.put_operation(span.contact, span) for span in spans),
            ]
        )

    def delete_events(self, events: Iterable[StoredEvents], contacts: Iterable[str]) -> None:
        """Events, and where they are of contacts of whom nothing is left."""
        self._writer.apply(
            [
                *(self.events.delete_operation(event_key(each)) for each in events),
                *(self.contact_spans.delete_operation(contact) for contact in contacts),
            ]
        )

    def put_recording(self, recording: StoredRecording) -> None:
        self.recordings.put((recording.started_at, recording.recording_id), recording)

    def move_recording(self, recording: StoredRecording, former_path: str) -> None:
        """The recording has another path now; its call's CDR, or its conference's minutes, are told in the same
        transaction."""
        operations = [
            self.recordings.put_operation((recording.started_at, recording.recording_id), recording),
        ]
        cdr_key = (recording.call_started_at, recording.call_id)
        cdr = self._fresh.get(cdr_key) or self.cdrs.get(cdr_key)
        if cdr is not None and former_path in cdr.recordings:
            paths = tuple(recording.path if path == former_path else path for path in cdr.recordings)
            operations.append(self._put_cdr(cdr_key, msgspec.structs.replace(cdr, recordings=paths)))
        minutes = self.minutes.get(cdr_key) if cdr is None else None
        if minutes is not None and former_path in minutes.recordings:
            paths = tuple(recording.path if path == former_path else path for path in minutes.recordings)
            changed = msgspec.structs.replace(minutes, recordings=paths)
            operations.append(self.minutes.put_operation(cdr_key, changed))
        self._writer.apply(operations)

    def delete_recording(self, recording: StoredRecording) -> None:
        self.recordings.delete((recording.started_at, recording.recording_id))

    def commit(self) -> Future[None]:
        """A future that is done when everything put before is on disk; `NotStored` if the disk refuses.

        In a coroutine: `await asyncio.wrap_future(store.commit())`.
        """
        return self._writer.commit()

    def hasten(self) -> None:
        """Nobody waits, but what was put is to be on disk soon. A disk that refuses is left alone."""
        if not self._writer.is_failing:
            self._writer.hasten()

    def stored(self) -> Future[None]:
        """The same, but that the disk is not hurried by it."""
        return self._writer.stored()

    def take_between_turns(self, call_soon: CallSoon) -> None:
        """From now on what one turn of this loop puts is on disk whole or not at all (writer.py).

        `call_soon` is the loop's `call_soon_threadsafe`.
        """
        self._writer.take_between_turns(call_soon, self._hand_over)

    def before_commit(self, hand_over: Callable[[], None]) -> None:
        """Have this called in the loop whenever a group is about to be written: what it puts is part of the group."""
        self._kept_back.append(hand_over)

    def _hand_over(self) -> None:
        for hand_over in self._kept_back:
            try:
                hand_over()
            except Exception:  # a fault of one must not hold up what all others want to have written
                log.exception("something was not put into the store")

    def statistics(self) -> StoreStatistics:
        writer = self._writer
        return StoreStatistics(
            commits=writer.commits,
            writes=writer.writes,
            lost=writer.lost,
            pending=writer.pending,
            is_failing=writer.is_failing,
            write_s=max(writer.last_write_s, writer.writing_s),
        )

    def close(self) -> None:
        """Write what waits and close. Blocks for the disk."""
        self._writer.close()
        self._close_rows()


def open_store(
    directory: str,
    *,
    map_size_mb: int = 1024,
    report: Callable[[str], None],
    recordings: str = "",
    voicemail: str = "",
) -> Store:
    """Open the store of this switch, creating it where there is none. Raises `StartError`.

    `recordings` and `voicemail` are the directories of the files that rows speak of.
    `report` gets one line for people when the disk begins to refuse records and when it takes them again; it is
    called in the writer thread.
    """
    environment = open_for_writing(directory, TABLES, map_size_mb=map_size_mb)
    writer = GroupCommitWriter(environment, report=report)
    return Store(environment, writer, environment.close, recordings=recordings, voicemail=voicemail)


def memory_store(rows: MemoryRows | None = None) -> Store:
    """A store that forgets everything with the process; with these rows, where some are there already."""
    rows = MemoryRows() if rows is None else rows
    return Store(rows, rows, rows.close)
