"""Kinds of events: named once, documented with every field, in the store and back."""

import re
from pathlib import Path

import msgspec
import pytest

from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, ReservationId
from softswitch.calls.told.call_events import CallAnswered, CallEnded, FormerContact, ScreenPop
from softswitch.calls.told.events import EVENT_OF_KIND, Numbered, TrunkDown, events_of, kind_of
from softswitch.calls.told.stored import events_in
from softswitch.store.event_schema import StoredSwitchEvents

DOCUMENT = Path(__file__).parents[4] / "docs" / "events.md"
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \| (.+) \|$", re.M)


def documented() -> dict[str, list[str]]:
    return {kind: re.findall(r"`(\w+)`", fields) for kind, _, fields in ROW.findall(DOCUMENT.read_text("utf-8"))}


def test_the_document_has_every_kind_with_every_field_and_no_others() -> None:
    wanted = {kind: [name for name in event.__struct_fields__ if name != "at"] for kind, event in EVENT_OF_KIND.items()}
    assert documented() == wanted


def test_every_event_says_when_and_its_fields_after_the_first_have_defaults_or_are_always_there() -> None:
    for event in EVENT_OF_KIND.values():
        assert event.__struct_fields__[0] == "at"
        assert event.__struct_config__.omit_defaults


def test_kinds_are_meant_by_name_or_by_group() -> None:
    assert events_of(["call.ended"]) == {CallEnded}
    assert events_of(["trunk"]) > {TrunkDown}
    assert len(events_of(["call", "trunk.down"])) == len(events_of(["call"])) + 1
    assert events_of([]) == set(EVENT_OF_KIND.values())
    for wrong in ("cal", "call.", "call.ende", "nothing", ""):
        with pytest.raises(LocalError, match="there is no kind of event"):
            events_of([wrong])


def test_an_event_comes_back_as_it_was() -> None:
    former = FormerContact(CallId("c0"), 5.0, agent_id=AgentId("bob"))
    pop = ScreenPop(
        1.0,
        ContactId("c1"),
        AgentId("ann"),
        QueueId("support"),
        ReservationId(17),
        variables={"customer": "4711"},
        previous=(former,),
    )
    row = Numbered(7, 1000.0, pop, "acme")
    assert msgspec.json.decode(msgspec.json.encode(row), type=Numbered) == row
    assert kind_of(row.event) == "screen.pop"


def test_kinds_of_a_newer_switch_are_passed_over() -> None:
    known = [Numbered(number, 1000.0, CallAnswered(1.0, CallId("c1"))) for number in (3, 5)]
    rows = [*map(msgspec.to_builtins, known)]
    rows.insert(1, {"number": 4, "at_wall": 1.0, "event": {"type": "call.teleported", "at": 1.0}})
    record = StoredSwitchEvents(number=3, last=5, until_wall=1.0, events=msgspec.Raw(msgspec.msgpack.encode(rows)))
    assert events_in(record) == known
    assert events_in(record, after=3) == known[1:]
