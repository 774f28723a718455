"""Which call somebody means, and all that is known of it: from the running switch, from the store, or from both."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from softswitch.base.errors import StartError
from softswitch.base.traced_message import TracedMessage
from softswitch.calls.explaining.explanation import CallFacts, Source
from softswitch.calls.record import has_failed
from softswitch.cli.directory import connect, open_records
from softswitch.cli.failure import Failure
from softswitch.control.protocol.replies import Messages
from softswitch.control.protocol.requests import GetMessages
from softswitch.control.protocol.rows import CallRow
from softswitch.control.runtime.client import ControlClient, NoSwitchRunning
from softswitch.sip.tracing.reading import call_id_of
from softswitch.store.schema import Cdr, SipLeg, StoredTrace

if TYPE_CHECKING:
    from softswitch.store import StoreReader

CDRS_SEARCHED_MAX = 50_000
"""The newest records that are looked through: some seconds."""
PREFIX_MIN = 4
"""Characters that may stand for a call's id: fewer mean a number."""
BEFORE_CALL_S = 10.0
"""A challenged INVITE comes before what counts as the call's beginning."""
LAST = "last"


class FoundCall(msgspec.Struct, frozen=True, kw_only=True):
    facts: CallFacts
    messages: tuple[TracedMessage, ...] = ()
    source: Source = "none"
    left_out: int = 0


def find_call(directory: str, wanted: str) -> FoundCall:
    """By call id or its beginning, SIP Call-ID, number, or "last": the last that failed. Raises `Failure`."""
    store = _store(directory)
    client = _client(directory)
    try:
        if client is not None and (row := _row_of(client.calls(), wanted)) is not None:
            return _in_progress(client, row)
        cdr = None if store is None else _cdr_of(store, wanted)
        if cdr is not None:
            return _ended(client, store, cdr)
        found = None if client is None or wanted == LAST else _never_a_call(client, wanted)
    finally:
        if client is not None:
            client.close()
        if store is not None:
            store.close()
    if found is None:
        where = "" if client is not None else " (no switch is running, so only its store was searched)"
        raise Failure(f'no call "{wanted}" was found{where}: `softswitch calls` and `softswitch cdr` list them')
    return found


def _client(directory: str) -> ControlClient | None:
    with suppress(NoSwitchRunning):
        return connect(directory)
    return None


def _store(directory: str) -> "StoreReader | None":
    with suppress(StartError):
        return open_records(directory)
    return None


def _is_number(known: str, wanted: str) -> bool:
    return bool(wanted) and known.removeprefix("+") == wanted.removeprefix("+")


def _is_id(call_id: str, wanted: str) -> bool:
    return call_id == wanted or (len(wanted) >= PREFIX_MIN and call_id.startswith(wanted))


def _row_of(rows: Sequence[CallRow], wanted: str) -> CallRow | None:
    """The newest that fits."""
    for row in reversed(rows):
        if (
            _is_id(row.call_id, wanted)
            or _is_number(row.calling_number, wanted)
            or _is_number(row.called_number, wanted)
        ):
            return row
    return None


def _cdr_of(store: "StoreReader", wanted: str) -> Cdr | None:
    """The newest that fits; a call's id goes before a number."""
    by_number: Cdr | None = None
    newest: Cdr | None = None
    for cdr in islice(store.cdrs.descending(), CDRS_SEARCHED_MAX):
        newest = newest or cdr
        if wanted == LAST:
            if has_failed(cdr):
                return cdr
        elif _is_id(cdr.call_id, wanted) or any(leg.sip_call_id == wanted for leg in cdr.sip_legs):
            return cdr
        elif by_number is None and (_is_number(cdr.calling_number, wanted) or _is_number(cdr.called_number, wanted)):
            by_number = cdr
    return newest if wanted == LAST else by_number


def _in_progress(client: ControlClient, row: CallRow) -> FoundCall:
    answer = client.ask(GetMessages(call_id=row.call_id), Messages)
    row = answer.call or row
    facts = CallFacts(
        call_id=row.call_id,
        calling_number=row.calling_number,
        called_number=row.called_number,
        flow=row.flow,
        queue=row.queue,
        agent=row.agent,
        started_at=row.started_at,
        legs=tuple(answer.sip_legs),
    )
    return FoundCall(facts=facts, messages=tuple(answer.messages), source="memory", left_out=answer.left_out)


def _ended(client: ControlClient | None, store: "StoreReader | None", cdr: Cdr) -> FoundCall:
    """The store has the messages of calls that failed, the switch those of any call for some minutes."""
    facts = CallFacts(
        call_id=cdr.call_id,
        calling_number=cdr.calling_number,
        called_number=cdr.called_number,
        flow=cdr.flow,
        queue=cdr.queue or "",
        agent=cdr.agent or "",
        started_at=cdr.started_at,
        answered_at=cdr.answered_at,
        ended_at=cdr.ended_at,
        end_reason=cdr.end_reason,
        ended_by=cdr.ended_by,
        sip_status=cdr.sip_status,
        cause=cdr.cause,
        fault=cdr.fault,
        legs=cdr.sip_legs,
        forwards=cdr.forwards,
        transferred_by=cdr.transferred_by,
        transferred_to=cdr.transferred_to,
        linked_calls=cdr.linked_calls,
        trunks=cdr.trunks,
        limit=cdr.tags.get("refused", ""),
    )
    stored: StoredTrace | None = None if store is None else store.traces.get((cdr.started_at, cdr.call_id))
    if stored is not None:
        return FoundCall(facts=facts, messages=stored.messages, source="store", left_out=stored.left_out)
    sip_call_ids = [leg.sip_call_id for leg in cdr.sip_legs if leg.sip_call_id]
    if client is None or not sip_call_ids:
        return FoundCall(facts=facts)
    answer = client.ask(GetMessages(sip_call_ids=sip_call_ids, since_at=cdr.started_at - BEFORE_CALL_S), Messages)
    return FoundCall(facts=facts, messages=tuple(answer.messages), source="memory", left_out=answer.left_out)


def _never_a_call(client: ControlClient, wanted: str) -> FoundCall | None:
    """An INVITE the switch refused before it was a call: an unknown caller, a wrong password, an overload."""
    for request in (GetMessages(sip_call_ids=[wanted]), GetMessages(number=wanted)):
        answer = client.ask(request, Messages)
        if answer.messages:
            first = answer.messages[0]
            party = str(first.flow.remote)
            sip_call_id = call_id_of(first.message).decode("utf-8", "replace")
            leg = SipLeg(sip_call_id=sip_call_id, role="caller", party=party)
            return FoundCall(
                facts=CallFacts(started_at=first.at, legs=tuple(answer.sip_legs) or (leg,)),
                messages=tuple(answer.messages),
                source="memory",
                left_out=answer.left_out,
            )
    return None
