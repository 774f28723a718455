"""Calls in progress go from one version of the switch to the next, and back: in virtual time.

What a version after this one writes has more fields, which are left out. What one before it has written has fewer,
which have defaults: tests/golden/kept holds what versions have written. These files are never made anew; each version
that writes something else adds its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from softswitch.acd.runtime.rebuilding import Entry, SnapshotHead, rebuild
from softswitch.acd.snapshot_rows import SnapshotPart
from softswitch.base.ids import CallId
from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.kept.kept_conference import KeptConference
from softswitch.calls.kept.verb_journal import digest_of
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.runtime.adopting import read_kept
from softswitch.store.kept_schema import KEPT_CALLS, KEPT_CONFERENCES, StoredKeptCall, StoredKeptConference
from softswitch.store.memory import MemoryRows
from softswitch.store.schema import ROUTER_JOURNAL, ROUTER_SNAPSHOT, StoredRouterPart
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone
from tests.simulation.test_restart import HOTLINE, Scenario, play

__all__ = ["play"]

GOLDEN = Path(__file__).parents[1] / "golden" / "kept"
MORE = "from_the_version_after"
DIGESTS = {"queue": 1521827791, "queue, boosted": 2590718291, "dial": 4286778694, "play": 2335650099}
"""Of arguments as verbs have them (calls/runtime/journaled/verbs.py); a field more in a Struct that leaves out defaults
changes none."""


def with_more(raw: Any, of: inspect.Type) -> Any:
    """What a version after this one would have written: a field more in everything that has fields."""
    match of:
        case inspect.StructType():
            return _struct_with_more(raw, of)
        case inspect.UnionType():
            return _one_of(raw, of)
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return [with_more(each, of.item_type) for each in raw]
        case inspect.TupleType():
            return [with_more(each, its) for each, its in zip(raw, of.item_types, strict=True)]
        case inspect.DictType():
            return {key: with_more(value, of.value_type) for key, value in raw.items()}
        case _:
            return raw


def _struct_with_more(raw: Any, of: inspect.StructType) -> Any:
    fields = {field.encode_name: field.type for field in of.fields}
    if not of.array_like:
        changed = {key: with_more(value, fields[key]) if key in fields else value for key, value in raw.items()}
        return {**changed, MORE: {"a": 1}}
    tag = raw[: of.tag is not None]
    values = raw[len(tag) :]
    changed = [with_more(value, its) for value, its in zip(values, fields.values(), strict=False)]
    return [*tag, *changed, *([MORE] if len(changed) == len(fields) else [])]


def type_of(raw: object) -> type[object]:
    return type(raw)


def _one_of(raw: Any, of: inspect.UnionType) -> Any:
    kind = type_of(raw)
    for each in of.types:
        if isinstance(each, inspect.StructType) and kind in (dict, list):
            tag: Any = raw.get(each.tag_field) if kind is dict else raw[0]
            if each.tag is None or tag == each.tag:
                return with_more(raw, each)
    for each in of.types:
        is_map = isinstance(each, inspect.DictType)
        is_row = isinstance(each, inspect.ListType | inspect.TupleType | inspect.VarTupleType)
        if (kind is dict and is_map) or (kind is list and is_row):
            return with_more(raw, each)
    return raw


def rewritten(content: bytes, of: Any) -> bytes:
    return msgspec.msgpack.encode(with_more(msgspec.msgpack.decode(content), inspect.type_info(of)))


def from_the_version_after(rows: MemoryRows) -> None:
    """All that calls and the router go on by."""
    tables: list[tuple[str, Any, Callable[[int], Any]]] = [
        (KEPT_CALLS.name, StoredKeptCall, lambda _: KeptCall),
        (KEPT_CONFERENCES.name, StoredKeptConference, lambda _: KeptConference),
        (ROUTER_SNAPSHOT.name, StoredRouterPart, lambda number: SnapshotPart if number else SnapshotHead),
        (ROUTER_JOURNAL.name, StoredRouterPart, lambda _: list[Entry]),
    ]
    for table, row_type, content_type in tables:
        for index, (key, value) in enumerate(rows.scan(table, None, None, reverse=False, limit=1000)):
            row = msgspec.msgpack.decode(value, type=row_type)
            content = rewritten(bytes(row.content), content_type(index))
            assert MORE.encode() in content
            changed = msgspec.structs.replace(row, content=msgspec.Raw(content))
            rows.apply([(table, key, rewritten(msgspec.msgpack.encode(changed), row_type))])


async def busy(centre: SimulatedCentre) -> list[SimulatedPhone]:
    """One talks to an agent and is recorded, one waits, one is in a menu, two are in a conference."""
    await centre.log_in("ann")
    callers = [centre.caller(f"+1555000{number}") for number in range(5)]
    for caller, number in zip(callers, (HOTLINE, HOTLINE, "700", "800", "800"), strict=True):
        caller.call(number)
        await centre.sleep(4.0)
    await centre.until(lambda: all(caller.is_answered for caller in callers))
    await centre.sleep(5.0)
    return callers


def test_an_older_version_takes_over_what_a_newer_one_has_written(play: Callable[[Scenario], None]) -> None:
    """And a newer one what this one has written, once it has more fields."""

    async def scenario(centre: SimulatedCentre) -> None:
        talking, waiting, choosing, *meeting = await busy(centre)
        contacts = [each.contact_id for each in centre.acd.contact_summaries()]
        await centre.restart(rewrite=from_the_version_after)
        await centre.sleep(6.0)
        assert [each.contact_id for each in centre.acd.contact_summaries()] == contacts
        assert all(caller.is_answered for caller in (talking, waiting, choosing, *meeting))
        talking.hang_up()
        await centre.sleep(15.0)
        served = [call for call in centre.controller.calls.values() if call.conversation is not None]
        assert [call.record.calling_number for call in served] == ["+15550001"], "whose turn it is"
        waiting.hang_up()
        choosing.press("1")
        await centre.sleep(15.0)
        for caller in (choosing, *meeting):
            caller.hang_up()
        await centre.until(lambda: not centre.conferences.all_running(), within_s=600.0)
        await centre.all_over()
        cdrs = {cdr.calling_number: cdr for cdr in centre.cdrs()}
        assert len(cdrs) == 5
        assert {cdr.end_reason for cdr in cdrs.values()} == {"completed"}
        assert cdrs["+15550002"].tags["choice"] == "1"

    play(scenario)


@pytest.mark.parametrize("version", sorted(path.name for path in GOLDEN.iterdir()))
def test_what_a_version_has_written_is_read(version: str) -> None:
    rows = [path.read_bytes() for path in sorted((GOLDEN / version).glob("call-*.msgpack"))]
    calls = read_kept({CallId(str(number)): row for number, row in enumerate(rows)})
    assert len(calls) == len(rows) > 0
    assert any(call.conversation is not None and call.recordings.open for call in calls)
    assert all(call.caller.sip is not None and call.caller.stream is not None for call in calls)
    snapshot = msgspec.msgpack.decode((GOLDEN / version / "snapshot.msgpack").read_bytes(), type=list[bytes])
    journal = msgspec.msgpack.decode((GOLDEN / version / "journal.msgpack").read_bytes(), type=list[tuple[int, bytes]])
    rebuilt = rebuild(snapshot, journal)
    assert journal
    assert rebuilt.next_entry == journal[-1][0] + len(msgspec.msgpack.decode(journal[-1][1]))
    contacts = {contact.contact_id for contact in rebuilt.router.contact_summaries(rebuilt.last_at)}
    assert contacts >= {call.call_id for call in calls if call.record.called_number == HOTLINE}


def test_flows_ask_for_their_verbs_as_they_did() -> None:
    """A flow of which a version asks in another way than the last is left when that takes over."""
    same = {
        "queue": digest_of(("support", QueueWishes())),
        "queue, boosted": digest_of(("support", QueueWishes(boost_s=60.0, skills={"german": 3}))),
        "dial": digest_of((["101"], "all", None, 30.0, None, False, DialTerms())),
        "play": digest_of(("greeting/welcome",)),
    }
    assert same == DIGESTS, "calls that are in these verbs during an upgrade would leave their flows"
