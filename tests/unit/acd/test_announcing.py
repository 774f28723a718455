"""Texts, estimates and their errors, the longest predicted wait, and keys to leave."""

import pytest

from softswitch.acd.inputs import ConfigurationSet, ContactAbandoned, ContactExited
from softswitch.acd.model import Agent, Announcements, HangUp, Queue, ToFlow, ToQueue
from softswitch.acd.outputs import (
    AnnouncementCut,
    AnnouncementDue,
    ContactMoved,
    ContactOverflowed,
    ReservationEnded,
)
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES, NIGHT = QueueId("sales"), QueueId("night")
ANN = Agent(agent_id=AgentId("ann"), queues=(SALES,))
C1 = ContactId("c1")
TEXTS = Announcements(position=False, estimated_wait=False, texts=("a", "b"), texts_every_s=30.0)


def scripted(announcements: Announcements | None = None, **settings: object) -> ScriptedAcd:
    sales = Queue(queue_id=SALES, wrap_up_s=0.0, announcements=announcements, **settings)  # pyright: ignore[reportArgumentType]
    return ScriptedAcd([sales, Queue(queue_id=NIGHT, max_length=1)], [ANN])


def said(acd: ScriptedAcd) -> list[tuple[float, str]]:
    return [(at, output.text) for at, output in acd.transcript if isinstance(output, AnnouncementDue)]


# Texts


def test_texts_are_said_in_turn_and_nothing_else_where_nothing_else_is_wanted() -> None:
    acd = scripted(TEXTS)
    acd.call("c1")
    acd.advance(100.0)
    assert said(acd) == [(30.0, "a"), (60.0, "b"), (90.0, "a")]


def test_an_agent_who_frees_cuts_a_text_too_and_is_not_kept_waiting() -> None:
    acd = scripted(TEXTS)
    acd.call("c1")
    acd.advance(30.0)
    outputs = acd.ready("ann")
    assert AnnouncementCut(C1) in outputs
    assert acd.reserved() == [("c1", "ann")]
    acd.advance(10.0)
    acd.answer("c1")
    acd.advance(100.0)
    assert said(acd) == [(30.0, "a")]


def test_a_reload_may_bring_texts_and_take_them_away() -> None:
    acd = scripted()
    acd.call("c1")
    acd.advance(10.0)
    acd.tell(ConfigurationSet([Queue(queue_id=SALES, announcements=TEXTS)], [ANN]))
    acd.advance(25.0)
    acd.tell(ConfigurationSet([Queue(queue_id=SALES)], [ANN]))
    acd.advance(100.0)
    assert said(acd) == [(30.0, "a")]


# Estimates


def busy_queue(acd: ScriptedAcd, count: int = 8) -> None:
    """One agent, who takes a caller every 30 seconds."""
    acd.ready("ann")
    for number in range(count):
        acd.call(f"x{number}")
    for number in range(count):
        acd.answer(f"x{number}")
        acd.advance(30.0)
        acd.finish(f"x{number}")


def test_an_announced_wait_never_rises_and_its_error_is_told() -> None:
    acd = scripted(Announcements(first_after_s=5.0, every_s=5.0))
    assert (acd.queue().estimate_error_s, acd.queue().estimate_bias_s) == (None, None)
    busy_queue(acd)
    acd.call("talking")
    acd.answer("talking")
    acd.call("c1")
    acd.advance(120.0)  # four times as long as anybody talked before
    waits = [
        output.estimated_wait_s
        for _, output in acd.transcript
        if isinstance(output, AnnouncementDue) and output.contact_id == "c1" and output.estimated_wait_s is not None
    ]
    assert waits
    assert waits == sorted(waits, reverse=True)
    acd.finish("talking")
    acd.answer("c1")
    row = acd.queue()
    assert row.estimate_error_s is not None
    assert row.estimate_bias_s is not None
    assert 0 < row.estimate_error_s < 120.0
    assert row.estimate_bias_s < 0, "the last caller was told much too little"


def test_who_gives_up_is_not_measured() -> None:
    acd = scripted(Announcements(first_after_s=5.0))
    busy_queue(acd)
    before = acd.queue().estimate_error_s
    acd.call("talking")
    acd.answer("talking")
    acd.call("c1")
    acd.advance(10.0)
    acd.tell(ContactAbandoned(C1))
    assert acd.queue().estimate_error_s == before


# The longest predicted wait


def test_who_would_wait_too_long_overflows_on_arrival() -> None:
    acd = scripted(max_predicted_wait_s=25.0, overflows={"predicted_wait": ToQueue(NIGHT)})
    busy_queue(acd, 3)
    acd.call("talking")
    assert acd.reserved()[-1] == ("talking", "ann"), "an agent is free, so nothing is predicted"
    acd.answer("talking")
    assert acd.call("second") == [], "15 seconds: he may wait"
    assert acd.call("c1") == [ContactMoved(C1, SALES, NIGHT, 0.0)]
    row = acd.queue()
    assert row.offered == row.answered + row.overflowed + row.waiting


def test_with_nowhere_to_go_he_is_let_go() -> None:
    acd = scripted(max_predicted_wait_s=10.0)
    busy_queue(acd, 3)
    acd.call("talking")
    acd.answer("talking")
    assert acd.call("c1") == [ContactOverflowed(C1, SALES, HangUp(), 0.0, "predicted_wait")]


def test_while_nothing_is_known_everybody_may_wait() -> None:
    acd = scripted(max_predicted_wait_s=1.0)
    assert acd.call("c1") == []
    assert acd.call("c2") == []


# Keys


def test_a_key_leads_to_another_queue_and_the_age_is_kept() -> None:
    acd = scripted()
    acd.call("c1")
    acd.advance(12.0)
    assert acd.tell(ContactExited(C1, "2", NIGHT)) == [ContactMoved(C1, SALES, NIGHT, 12.0)]
    assert acd.contact("c1").wait_s == 12.0
    assert acd.queue().overflowed == 1


@pytest.mark.parametrize("queue_id", [SALES, QueueId("nowhere"), NIGHT])
def test_a_key_that_leads_nowhere_changes_nothing(queue_id: QueueId) -> None:
    acd = scripted()
    acd.call("other", "night")  # which is full now
    acd.call("c1")
    assert acd.tell(ContactExited(C1, "2", queue_id)) == []
    assert acd.contact("c1").queue_id == SALES


def test_a_key_ends_the_wait_for_good() -> None:
    acd = scripted(overflow=ToFlow("sorry"))
    acd.call("c1")
    assert acd.tell(ContactExited(C1, "1")) == []
    assert acd.queue().withdrawn == 1
    assert acd.router.contact_summaries(acd.now) == []


def test_also_while_an_agents_phone_alerts_but_not_for_another_queue() -> None:
    acd = scripted()
    acd.ready("ann")
    acd.call("c1")
    assert acd.tell(ContactExited(C1, "2", NIGHT)) == []
    outputs = acd.tell(ContactExited(C1, "1"))
    assert isinstance(outputs[0], ReservationEnded)
    assert outputs[0].cause == "withdrawn"
    acd.call("c2")
    assert acd.reserved()[-1] == ("c2", "ann")


def test_who_talks_presses_keys_for_whoever_he_talks_to() -> None:
    acd = scripted()
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    assert acd.tell(ContactExited(C1, "1")) == []
    assert acd.router.ignored == 1
    assert acd.agent("ann").contact_id == "c1"
