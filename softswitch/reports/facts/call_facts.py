"""The facts of call records: a row a call, a row for each trunk an outside number was called through, and a row for
each leg that held a channel of a trunk.

A call counts when it began. Only the fields that are counted are decoded (`NarrowCdr`).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import AgentId, QueueId
from softswitch.reports.facts.names import Names
from softswitch.store.schema import TrunkTry

CALL_BACK = "callback"
"""The flow of calls that keep a promised call-back (calls/runtime/callback_attempt.py)."""
TRUNK = "trunk:"
ACCOUNT = "account:"
"""How a leg names whose it is."""
ANSWERED_STATUS = 200
NOWHERE, PHONE, FLOW, CALL_BACKS = range(4)
ORIGINS = ("", "phone", "flow", "call-back")
"""Who has called an outside number: a phone of ours, a flow for somebody who had called, a promised call-back."""
NEVER = float("nan")

CALL = np.dtype(
    [
        ("at", "f8"),
        ("ended", "f8"),
        ("answered", "f8"),  # NaN: never
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("trunk", "u2"),  # it came from
        ("origin", "u1"),
        ("caller", "u2"),
        ("is_connected", "?"),  # to an outside number
        ("end_reason", "u2"),
        ("disposition", "u2"),
        ("sip_status", "u2"),
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
LEG = np.dtype([("at", "f8"), ("ended", "f8"), ("answered", "f8"), ("project", "u2"), ("trunk", "u2"), ("is_in", "?")])
ROWS = {"calls": CALL, "tries": TRY, "legs": LEG}


class NarrowLeg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is counted of a `SipLeg`."""

    role: str
    party: str
    leg_id: str = ""
    agent: str = ""
    number: str = ""
    began_at: float = 0.0
    answered_at: float | None = None
    ended_at: float = 0.0
    came_from: str = ""


class NarrowCdr(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is counted of a `Cdr`."""

    started_at: float
    answered_at: float | None = None
    ended_at: float
    calling_number: str
    project: str = ""
    flow: str = ""
    queue: QueueId | None = None
    agent: AgentId | None = None
    ring_s: float = 0.0
    talk_s: float = 0.0
    disposition: str = ""
    end_reason: str
    sip_status: int = 200
    trunk: str = ""
    trunks: tuple[TrunkTry, ...] = ()
    sip_legs: tuple[NarrowLeg, ...] = ()


class CallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the calls that began in [since, until)."""

    since: float
    until: float
    names: Names
    rows: dict[str, NDArray[Any]]
    """By the names of `ROWS`."""


def fold_calls(cdrs: Iterable[NarrowCdr], since: float, until: float) -> CallFacts:
    names = Names()
    number = names.number
    calls: list[tuple[Any, ...]] = []
    tries: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    for cdr in cdrs:
        at, project, tried = cdr.started_at, number(cdr.project), cdr.trunks
        queue, agent = number(cdr.queue), number(cdr.agent)
        origin = _origin(cdr)
        calls.append(
            (
                at,
                cdr.ended_at,
                NEVER if cdr.answered_at is None else cdr.answered_at,
                project,
                queue,
                agent,
                number(_came_through(cdr)),
                origin,
                number(_caller(cdr, origin)),
                bool(tried) and tried[-1].status == ANSWERED_STATUS,
                number(cdr.end_reason),
                number(cdr.disposition),
                _status(cdr.sip_status),
                cdr.ring_s,
                cdr.talk_s,
            )
        )
        for each in tried:
            tries.append((at, project, queue, agent, number(each.trunk), _status(each.status), number(each.reason)))
        for began, ended, answered, trunk, is_in in _channels(cdr):
            legs.append((began, ended, NEVER if answered is None else answered, project, number(trunk), is_in))
    rows = {"calls": np.array(calls, CALL), "tries": np.array(tries, TRY), "legs": np.array(legs, LEG)}
    return CallFacts(since=since, until=until, names=names, rows=rows)


def _came_through(cdr: NarrowCdr) -> str:
    """The trunk. A caller who was transferred goes on in another call, and has come but once."""
    return "" if cdr.sip_legs and cdr.sip_legs[0].came_from else cdr.trunk


def _origin(cdr: NarrowCdr) -> int:
    if not cdr.trunks:
        return NOWHERE
    if cdr.flow == CALL_BACK:
        return CALL_BACKS
    return FLOW if cdr.trunk else PHONE


def _caller(cdr: NarrowCdr, origin: int) -> str:
    """Who has called an outside number: an agent, an extension's account, or a flow."""
    match origin:
        case 0:
            return ""
        case 1:
            first = cdr.sip_legs[0] if cdr.sip_legs else None
            by_leg = "" if first is None else first.agent or first.party.removeprefix(ACCOUNT)
            return by_leg or cdr.calling_number
        case 2:
            return cdr.flow
        case _:
            return cdr.agent or ""


def _channels(cdr: NarrowCdr) -> Iterator[tuple[float, float, float | None, str, bool]]:
    """Began, ended, answered, whose, whether it came in: of each channel of a trunk that the call held."""
    if cdr.sip_legs and cdr.sip_legs[0].leg_id:
        for leg in cdr.sip_legs:
            if leg.party.startswith(TRUNK):
                is_in = leg.role == "caller"
                yield leg.began_at, leg.ended_at, leg.answered_at, leg.party.removeprefix(TRUNK), is_in
        return
    if cdr.trunk:  # a record of old knows nothing of its legs
        yield cdr.started_at, cdr.ended_at, cdr.answered_at, cdr.trunk, True
    if cdr.trunks and cdr.trunks[-1].status == ANSWERED_STATUS:
        began = max(cdr.started_at, cdr.ended_at - cdr.ring_s - cdr.talk_s)
        yield began, cdr.ended_at, max(began, cdr.ended_at - cdr.talk_s), cdr.trunks[-1].trunk, False


def _status(status: int) -> int:
    return min(max(status, 0), 999)
