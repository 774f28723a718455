"""Rows of calls, legs and contacts: what they say, that they add up, and that they are documented."""

import re
from pathlib import Path

import msgspec
import pytest

from softswitch.base.ids import CallId
from softswitch.records.rows import CallRow, ContactRow, LegRow, Row, call_row, contact_rows, direction_of, leg_rows
from softswitch.store.schema import Cdr, SipLeg
from tests.unit.records.made import AT, cdr, outbound

DOCUMENT = Path(__file__).parents[3] / "docs" / "cdr.md"


@pytest.mark.parametrize(("kind", "heading"), [(CallRow, "Calls"), (LegRow, "Legs"), (ContactRow, "Contacts")])
def test_every_column_is_in_the_documentation_in_its_order(kind: type[Row], heading: str) -> None:
    part = DOCUMENT.read_text().split(f"\n### {heading}\n")[1].split("\n### ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == kind.__struct_fields__


def test_a_call() -> None:
    row = call_row(cdr())
    assert (row.duration_s, row.connected_s, row.is_answered) == (60.0, 59.0, True)
    assert (row.mos, row.talk_ratio) == (3.5, 0.6)
    assert (row.scores, row.tags) == ('{"csat":5}', '{"topic":"bill"}')
    assert (row.legs, row.stays, row.direction) == (2, 1, "inbound")


def test_a_call_nobody_answered_was_connected_for_no_time() -> None:
    row = call_row(cdr(answered_at=None, legs=(), sip_legs=(), stays=()))
    assert (row.connected_s, row.is_answered, row.mos, row.talk_ratio) == (0.0, False, None, None)


@pytest.mark.parametrize(("made", "direction"), [(cdr(), "inbound"), (outbound(), "outbound")])
def test_directions(made: Cdr, direction: str) -> None:
    assert direction_of(made) == direction
    assert direction_of(msgspec.structs.replace(made, trunk="", trunks=())) == "internal"


def test_the_parts_of_a_leg_are_the_whole() -> None:
    caller, agent = leg_rows(cdr())
    for row in (caller, agent):
        assert row.setup_s + row.ring_s + row.connected_s == row.ended_at - row.began_at
    assert (agent.setup_s, agent.ring_s, agent.connected_s) == (1.0, 4.0, 40.0)
    assert (agent.mos, agent.remote_mos, agent.voice_s, agent.talk_ratio) == (3.9, 3.5, 15, 0.6)
    assert (caller.trunk, caller.party, agent.trunk, agent.agent) == ("provider", "trunk:provider", "", "ann")


def test_a_phone_that_rang_for_nothing() -> None:
    leg = SipLeg(
        sip_call_id="z",
        role="called",
        party="bob",
        leg_id="c",
        began_at=AT,
        ringing_at=AT + 2,
        ended_at=AT + 9,
        cause=19,
    )
    (row,) = leg_rows(cdr(sip_legs=(leg,)))
    assert (row.setup_s, row.ring_s, row.connected_s, row.is_answered) == (2.0, 7.0, 0.0, False)


def test_a_phone_that_never_rang() -> None:
    leg = SipLeg(sip_call_id="z", role="called", party="bob", leg_id="c", began_at=AT, ended_at=AT + 3, status=503)
    (row,) = leg_rows(cdr(sip_legs=(leg,)))
    assert (row.setup_s, row.ring_s, row.connected_s) == (3.0, 0.0, 0.0)


def test_records_of_old_have_legs_without_times() -> None:
    old = SipLeg(sip_call_id="z", role="called", party="bob", status=486)
    (row,) = leg_rows(cdr(sip_legs=(old,), legs=(), chain_id=""))
    assert (row.began_at, row.ended_at, row.connected_s, row.chain_id) == (AT, AT, 0.0, "c1")
    assert row.mos is None


def test_a_contact_has_what_its_agent_did() -> None:
    (row,) = contact_rows(cdr())
    assert (row.queue, row.agent, row.outcome, row.disposition) == ("support", "ann", "answered", "solved")
    assert row.wait_s + row.talk_s + row.consult_s == row.ended_at - row.began_at
    assert (row.mos, row.talk_ratio, row.scores) == (3.5, 0.6, '{"csat":5}')


def test_answers_to_a_survey_belong_to_the_last_stay_that_was_answered() -> None:
    (stay,) = cdr().stays
    lost = msgspec.structs.replace(stay, outcome="abandoned", agent="")
    rows = list(contact_rows(cdr(stays=(stay, stay, lost))))
    assert [row.scores for row in rows] == ["", '{"csat":5}', ""]
    assert [row.stay for row in rows] == [1, 2, 3]


def test_a_chain_has_the_id_of_its_first_call() -> None:
    assert call_row(cdr(chain_id=CallId("first"))).chain_id == "first"
    assert call_row(cdr(chain_id="")).chain_id == "c1", "a record of old is a chain of its own"
