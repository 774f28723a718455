"""The books of a centre after its day: one record for every call, no event missing or told twice, recordings whole."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.events import Stamped
from softswitch.calls.told.events import Numbered, kind_of
from softswitch.store.schema import Cdr, StoredRecording
from softswitch.testing.recordings import read_recording
from softswitch.testing.records import check_against_events, check_records
from tests.survival.centre import Centre
from tests.survival.voices import LOUD_FROM, RATE_HZ

WINDOW = RATE_HZ // 50
CLOSE_S = 0.1
WRITTEN_WITHIN_S = 8.0
EDGE_S = 0.5
"""At either end of a recording nobody may speak yet, or any more."""
ONCE: tuple[str, ...] = ("call.began", "call.answered", "call.ended")
CONVERSATION: tuple[str, ...] = ("contact.queued", "contact.connected", "contact.ended", "call.bridged")


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """All that is in the store."""

    cdrs: list[Cdr]
    events: list[Numbered]
    diary: list[Stamped]
    recordings: list[StoredRecording]
    calls_left: list[str]
    """Rows of calls in progress."""
    queue_log: list[str]


def read_books(centre: Centre) -> Books:
    with centre.store() as store:
        return Books(
            cdrs=list(store.cdrs.ascending()),
            events=[
                each
                for row in store.switch_events.ascending()
                for each in msgspec.msgpack.decode(row.events, type=list[Numbered])
            ],
            diary=[
                each
                for batch in store.events.ascending()
                for each in msgspec.msgpack.decode(batch.stamped, type=list[Stamped])
            ],
            recordings=list(store.recordings.ascending()),
            calls_left=[row.call_id for row in store.active_calls.ascending()],
            queue_log=centre.queue_log.read_text("utf-8").splitlines() if centre.queue_log.exists() else [],
        )


def settled_books(centre: Centre, *, calls: int) -> Books:
    """When they are right, or else after a while: events are written together, some seconds late."""
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    while faults(books := read_books(centre), calls=calls) and time.monotonic() < deadline:
        time.sleep(0.2)
    return books


def faults(books: Books, *, calls: int) -> list[str]:
    """What is wrong with the books after so many calls, all of which are over, and none of which was lost."""
    found: list[str] = []
    per_call = Counter(cdr.call_id for cdr in books.cdrs)
    found += [f"{count} records of {call_id}" for call_id, count in per_call.items() if count != 1]
    if len(per_call) != calls:
        found.append(f"{calls} calls were made, {len(per_call)} have records")
    found += [
        f"{cdr.call_id} ({cdr.called_number}): {cdr.end_reason}, {cdr.fault[-300:]}"
        for cdr in books.cdrs
        if cdr.end_reason == "switch restarted" or cdr.fault
    ]
    found += [f"a row of {call_id} is left" for call_id in books.calls_left]
    for check in (lambda: check_records(books.cdrs, CLOSE_S), lambda: check_against_events(books.cdrs, books.diary)):
        try:
            check()
        except AssertionError as fault:
            found.append(f"records: {str(fault)[:500]}")
    return found + _event_faults(books) + _queue_log_faults(books)


def _event_faults(books: Books) -> list[str]:
    """Numbers grow; each call begins, is answered and ends once, and each conversation is told of once."""
    found: list[str] = []
    numbers = [each.number for each in books.events]
    if numbers != sorted(set(numbers)):
        found.append("numbers of events do not grow")
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for each in books.events:
        of = getattr(each.event, "call_id", None) or getattr(each.event, "contact_id", None)
        if of:
            told[of][kind_of(each.event)] += 1
    for cdr in books.cdrs:
        kinds = told[cdr.call_id]
        expected: Counter[str] = Counter(ONCE if cdr.answered_at is not None else ("call.began", "call.ended"))
        if cdr.agent is not None:
            expected += Counter(CONVERSATION)
        elif cdr.queue is not None:
            expected["contact.queued"] += 1
        for kind in {*ONCE, *CONVERSATION} - ({"call.bridged"} if cdr.agent is None else set()):
            if kinds[kind] != expected[kind]:
                found.append(f"{cdr.call_id} ({cdr.called_number}): {kinds[kind]} times {kind}, not {expected[kind]}")
    return found


def _queue_log_faults(books: Books) -> list[str]:
    verbs: dict[str, Counter[str]] = defaultdict(Counter)
    for line in books.queue_log:
        fields = line.split("|")
        verbs[fields[1]][fields[4]] += 1
    found: list[str] = []
    for cdr in books.cdrs:
        if cdr.queue is None:
            continue
        of = verbs[cdr.call_id]
        ends = sum(count for verb, count in of.items() if verb in ("COMPLETECALLER", "COMPLETEAGENT", "ABANDON"))
        if (of["ENTERQUEUE"], of["CONNECT"], ends) != (1, int(cdr.agent is not None), 1):
            found.append(f"queue_log of {cdr.call_id}: {dict(of)}")
    return found


def recording_faults(books: Books, *, hole_s: float) -> list[str]:
    """Both voices are in each recording from its beginning to its end, with holes of at most `hole_s` in all."""
    found: list[str] = []
    by_call = {cdr.call_id: cdr for cdr in books.cdrs}
    for recording in books.recordings:
        name = Path(recording.path).name
        cdr = by_call[recording.call_id]
        if recording.fault:
            found.append(f"{name}: {recording.fault}")
        try:
            sound = read_recording(Path(recording.path))
        except OSError as fault:
            found.append(f"{name} cannot be read: {fault}")
            continue
        length_s = len(sound) / RATE_HZ
        if abs(length_s - cdr.talk_s) > hole_s + EDGE_S:
            found.append(f"{name} is {length_s:.2f} s long, they talked {cdr.talk_s:.2f} s")
        if abs(length_s - recording.duration_s) > 0.1:
            found.append(f"{name} is {length_s:.2f} s long, the index says {recording.duration_s:.2f} s")
        for side, channel in (("caller", sound[:, 0]), ("agent", sound[:, 1])):
            silent_s = silence_s(channel)
            if silent_s > hole_s:
                found.append(f"{name}: nothing of the {side} for {silent_s:.2f} s")
    recorded = {path for cdr in books.cdrs for path in cdr.recordings}
    found += [f"{each.path} is in no record" for each in books.recordings if each.path not in recorded]
    if missing := recorded - {each.path for each in books.recordings}:
        found.append(f"not in the index: {sorted(missing)}")
    return found


def silence_s(channel: NDArray[np.int16]) -> float:
    """How much of it is silent in all, but for its ends."""
    inside = channel[round(EDGE_S * RATE_HZ) : len(channel) - round(EDGE_S * RATE_HZ)]
    windows = inside[: len(inside) // WINDOW * WINDOW].reshape(-1, WINDOW).astype(np.float64)
    quiet = np.sqrt((windows**2).mean(axis=1)) < LOUD_FROM
    return float(np.count_nonzero(quiet) * WINDOW / RATE_HZ)


def calls_of(books: Books, called_numbers: Sequence[str]) -> list[Cdr]:
    return [cdr for cdr in books.cdrs if cdr.called_number in called_numbers]
