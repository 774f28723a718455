"""The record of a call that does not go on in this switch: what its kept call says, and how far that is proven.

| what is known of it                                 | it ended                    | why                            |
|-----------------------------------------------------|-----------------------------|--------------------------------|
| it was over, but for its flow (`end_reason`)        | when that was kept          | as it was noted                |
| `PARTED`: its media worker had been told to let the | when this switch came, if   | "completed", or "abandoned" if |
| caller's stream go, and no more was written         | the one before could write; | he waited for somebody; by him |
|                                                     | else when it wrote last     |                                |
| `LOST`: its caller's leg or stream cannot be used   | when this switch came       | "switch restarted"             |
| `LEFT`: the machine was booted since, or the switch | when it was written last    | "switch restarted"             |
| begins anew after dying again and again             |                             |                                |

So nobody pays for a time of which nothing proves that he talked. Which of two who talked hung up in the last moment is
not known: the caller is named.
"""

from enum import Enum

import msgspec

from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.kept.kept_record import adopt_record
from softswitch.calls.record import CallRecord, EndReason
from softswitch.store.schema import END_REASON_RESTARTED, Cdr

WRITTEN_WITHIN_S = 30.0
"""A switch that can write is seldom without an event for longer."""


class Fate(Enum):
    """Why it does not go on."""

    PARTED = "parted"
    LOST = "lost"
    LEFT = "left"


def last_record(kept: KeptCall, fate: Fate, *, now: float, written_at: float) -> Cdr:
    """`now` is when this switch comes, `written_at` when the last event of the one before happened that is stored.

    Both are epoch seconds.
    """
    record = adopt_record(kept.record, {})
    ended_at = _ended_at(kept, fate, now, written_at)
    _end_conversation(kept, record, ended_at)
    if fate is Fate.PARTED:
        record.ended("caller", EndReason.ABANDONED if _is_waiting(record) else EndReason.COMPLETED)
    _leave_queue(record, ended_at)
    cdr = record.as_cdr(ended_at)
    return cdr if record.end_reason is not None else msgspec.structs.replace(cdr, end_reason=END_REASON_RESTARTED)


def _ended_at(kept: KeptCall, fate: Fate, now: float, written_at: float) -> float:
    kept_at = kept.record.started_at + kept.kept_at - kept.began_at
    if kept.record.end_reason is not None:
        return kept_at
    could_write = now - written_at < WRITTEN_WITHIN_S
    if fate is Fate.LOST or (fate is Fate.PARTED and could_write):
        return max(kept_at, now)
    return max(kept_at, min(now, written_at))


def _end_conversation(kept: KeptCall, record: CallRecord, ended_at: float) -> None:
    conversation = kept.conversation
    if conversation is None:
        return
    to_wall = kept.record.started_at - kept.began_at
    talk_s = max(0.0, ended_at - to_wall - conversation.started_at)
    consult_s = talk_s if record.is_consulting else min(talk_s, conversation.consult_s)
    hold_s = conversation.held_s
    if conversation.on_hold_since is not None:
        hold_s += max(0.0, ended_at - to_wall - conversation.on_hold_since)
    record.talk_s += talk_s - consult_s
    record.consult_s += consult_s
    record.hold_s += hold_s
    stay = record.stays.current
    if stay is not None and stay.outcome == "answered":
        record.stays.parted(ended_at, talk_s=talk_s - consult_s, consult_s=consult_s, hold_s=hold_s)


def _leave_queue(record: CallRecord, ended_at: float) -> None:
    """Whoever waited waits no more. For the router that was the restart, whoever else had ended the call."""
    stay = record.stays.current
    if stay is None or stay.outcome == "answered":
        return
    record.waited("withdrawn", ended_at, max(0.0, ended_at - stay.began_at))


def _is_waiting(record: CallRecord) -> bool:
    stay = record.stays.current
    return record.answered_at is None or (stay is not None and stay.outcome != "answered")
