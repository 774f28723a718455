"""The facts of call records: one row a call, and one for each trunk an outside number was called through.

A call counts when it began. Only the fields that are counted are decoded (`NarrowCdr`).
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import AgentId, QueueId
from softswitch.reports.facts.names import Names
from softswitch.store.schema import TrunkTry

CALL_BACK = "callback"
"""The flow of calls that keep a promised call-back (calls/runtime/callback_attempt.py)."""
ANSWERED_STATUS = 200
NOWHERE, PHONE, FLOW, CALL_BACKS = range(4)
ORIGINS = ("", "phone", "flow", "call-back")
"""Who has called an outside number: a phone of ours, a flow for somebody who had called, a promised call-back."""

CALL = np.dtype(
    [
        ("at", "f8"),
        ("ended", "f8"),
        ("answered", "f8"),  # NaN: never
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("trunk", "u2"),  # it came from
        ("carrier", "u2"),  # the last trunk tried
        ("origin", "u1"),
        ("tries", "u1"),
        ("is_connected", "?"),
        ("end_reason", "u2"),
        ("disposition", "u2"),
        ("sip_status", "u2"),
        ("cause", "u2"),
        ("held_s", "f8"),  # a channel of the carrier, up to the call's end
        ("ring_s", "f8"),
        ("talk_s", "f8"),
    ]
)
TRY = np.dtype(
    [
        ("at", "f8"),
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("trunk", "u2"),
        ("status", "u2"),
        ("reason", "u2"),
    ]
)
ROWS = {"calls": CALL, "tries": TRY}


class NarrowCdr(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is counted of a `Cdr`."""

    started_at: float
    answered_at: float | None = None
    ended_at: float
    project: str = ""
    flow: str = ""
    queue: QueueId | None = None
    agent: AgentId | None = None
    ring_s: float = 0.0
    talk_s: float = 0.0
    disposition: str = ""
    end_reason: str
    sip_status: int = 200
    cause: int = 0
    cause_text: str = ""
    trunk: str = ""
    trunks: tuple[TrunkTry, ...] = ()


class CallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the calls that began in [since, until)."""

    since: float
    until: float
    names: Names
    rows: dict[str, NDArray[Any]]


def fold_calls(cdrs: Iterable[NarrowCdr], since: float, until: float) -> CallFacts:
    names = Names()
    number = names.number
    calls: list[tuple[Any, ...]] = []
    tries: list[tuple[Any, ...]] = []
    for cdr in cdrs:
        at, project, queue, agent = cdr.started_at, number(cdr.project), number(cdr.queue), number(cdr.agent)
        tried = cdr.trunks
        last = tried[-1] if tried else None
        calls.append(
            (
                at,
                cdr.ended_at,
                float("nan") if cdr.answered_at is None else cdr.answered_at,
                project,
                queue,
                agent,
                number(cdr.trunk),
                0 if last is None else number(last.trunk),
                _origin(cdr),
                min(len(tried), 255),
                last is not None and last.status == ANSWERED_STATUS,
                number(cdr.end_reason),
                number(cdr.disposition),
                min(max(cdr.sip_status, 0), 999),
                number(_cause(cdr)),
                _held_s(cdr) if tried else 0.0,
                cdr.ring_s,
                cdr.talk_s,
            )
        )
        for each in tried:
            tries.append(
                (at, project, queue, agent, number(each.trunk), min(max(each.status, 0), 999), number(each.reason))
            )
    return CallFacts(
        since=since,
        until=until,
        names=names,
        rows={"calls": np.array(calls, CALL), "tries": np.array(tries, TRY)},
    )


def _origin(cdr: NarrowCdr) -> int:
    if not cdr.trunks:
        return NOWHERE
    if cdr.flow == CALL_BACK:
        return CALL_BACKS
    return FLOW if cdr.trunk else PHONE


def _held_s(cdr: NarrowCdr) -> float:
    """A phone's call holds a channel of its trunk from its beginning; any other while it rang or they talked."""
    length_s = max(0.0, cdr.ended_at - cdr.started_at)
    return length_s if _origin(cdr) == PHONE else min(length_s, cdr.ring_s + cdr.talk_s)


def _cause(cdr: NarrowCdr) -> str:
    return f"{cdr.cause} {cdr.cause_text}".strip() if cdr.cause else ""
