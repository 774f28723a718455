"""What of a call is charged at all, and how much of it."""

import msgspec
import pytest

from softswitch.base.ids import AgentId, CallId
from softswitch.billing.usage import BilledCall, BilledLeg, BilledStay, direction_of, usages
from softswitch.sip.trunks.numbers import Habits
from softswitch.store import memory_store
from softswitch.store.schema import Cdr, ContactStay, SipLeg
from tests.unit.billing.made import NOON, RUSSIA, inbound, outbound


def used(call: BilledCall) -> dict[str, int]:
    return {usage.item: usage.used_ms for usage in usages(call, RUSSIA)}


def test_a_call_from_a_trunk_through_a_queue() -> None:
    assert used(inbound()) == {
        "inbound": 90_000,
        "platform": 90_000,
        "agent": 60_000,
        "wrap_up": 5000,
        "queue": 20_000,
        "ivr": 10_000,
        "recording": 60_000,
    }


def test_a_call_to_the_outside() -> None:
    call = outbound(seconds=30)
    assert used(call) == {"outbound": 30_000, "platform": 30_000, "agent": 30_000}
    (leg, *_) = usages(call, RUSSIA)
    assert (leg.number, leg.trunk, leg.direction) == ("74951112233", "mts", "outbound")


def test_menu_queue_and_talk_are_the_whole_call() -> None:
    call = used(inbound(talk_s=33.0, wait_s=7.5))
    assert call["ivr"] + call["queue"] + call["agent"] == call["platform"]


@pytest.mark.parametrize(("made", "direction"), [(inbound(), "inbound"), (outbound(), "outbound")])
def test_directions(made: BilledCall, direction: str) -> None:
    assert direction_of(made) == direction
    assert direction_of(msgspec.structs.replace(made, trunk="", sip_legs=())) == "internal"


def test_nothing_is_charged_of_a_call_nobody_answered() -> None:
    call = BilledCall(
        call_id="x",
        started_at=NOON,
        ended_at=NOON + 30,
        calling_number="1",
        called_number="2",
        trunk="mts",
        sip_legs=(
            BilledLeg(role="caller", party="trunk:mts", ended_at=NOON + 30),
            BilledLeg(role="called", party="trunk:mts", number="3", ended_at=NOON + 30),
        ),
    )
    assert used(call) == {}


def test_a_leg_that_came_from_another_call_goes_on() -> None:
    call = inbound()
    caller, agent = call.sip_legs
    moved = msgspec.structs.replace(
        call,
        called_number="110",
        sip_legs=(msgspec.structs.replace(caller, came_from="before"), agent),
    )
    of_trunk, platform, *_ = usages(moved, RUSSIA)
    assert of_trunk.is_continued
    assert platform.is_continued
    assert of_trunk.number == "78005550100", "the number he called in the first place, not the one he was sent to"


def test_an_agents_consultation_is_his_work() -> None:
    call = msgspec.structs.replace(inbound(), stays=(BilledStay(talk_s=40.0, consult_s=5.0, agent="ann"),))
    assert used(call)["agent"] == 45_000


def test_a_conference_is_not_the_agents() -> None:
    call = msgspec.structs.replace(outbound(seconds=100), talk_s=100.0, conference_s=100.0)
    assert used(call) == {"outbound": 100_000, "platform": 100_000, "conference": 100_000}


def test_records_that_are_amiss_make_no_debt_of_ours() -> None:
    call = inbound()
    amiss = msgspec.structs.replace(call, ended_at=call.started_at - 5, wrap_up_s=-1.0, recorded_s=-3.0)
    assert set(used(amiss)) == {"inbound", "agent", "queue"}


def test_numbers_are_compared_in_their_international_form() -> None:
    (usage, *_) = usages(inbound(number="+78005550100"), Habits())
    assert usage.number == "78005550100"


def test_the_fields_are_those_of_the_record() -> None:
    """A field that is misspelt would be its default for ever."""
    for narrow, whole in ((BilledCall, Cdr), (BilledLeg, SipLeg), (BilledStay, ContactStay)):
        assert set(narrow.__struct_fields__) <= set(whole.__struct_fields__)


def test_a_stored_record_is_read_as_far_as_it_is_needed() -> None:
    store = memory_store()
    cdr = Cdr(
        call_id=CallId("c"),
        started_at=NOON,
        answered_at=NOON + 1,
        ended_at=NOON + 61,
        calling_number="1",
        called_number="2",
        end_reason="completed",
        ended_by="caller",
        trunk="mts",
        sip_legs=(
            SipLeg(
                sip_call_id="s",
                role="caller",
                party="trunk:mts",
                dialled="88001",
                answered_at=NOON + 1,
                ended_at=NOON + 61,
            ),
        ),
        stays=(ContactStay(queue="q", began_at=1.0, ended_at=2.0, outcome="answered", agent=AgentId("a"), talk_s=9.0),),  # pyright: ignore
    )
    store.end_call(cdr)
    (call,) = store.cdrs.narrow(BilledCall).ascending()
    assert used(call)["inbound"] == 60_000
    assert used(call)["agent"] == 9000
