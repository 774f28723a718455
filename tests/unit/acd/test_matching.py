"""Who fits whom."""

import numpy as np
import pytest

from softswitch.acd.chance import Chance
from softswitch.acd.limits import LINES_MAX
from softswitch.acd.matching import Matching
from softswitch.acd.model import Agent, Channel, Queue, Serving, Skills
from softswitch.acd.skills import Roster
from softswitch.acd.steps import NO_WISHES, wishes_for
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.base.ids import AgentId, ContactId, QueueId

ANN, BOB = AgentId("ann"), AgentId("bob")


class Table:
    """Two queues and two agents: ann serves both, bob only sales."""

    def __init__(self) -> None:
        self.sales = QueueRecord(Queue(queue_id=QueueId("sales")))
        self.support = QueueRecord(Queue(queue_id=QueueId("support"), skills={"tech": 5}))
        agents = [Agent(agent_id=ANN, skills={"tech": 7, "en": 9}), Agent(agent_id=BOB, skills={"en": 3})]
        self.matching = Matching(Roster(agents), [self.sales, self.support], Chance())
        self.serial = 0

    def add(
        self,
        name: str,
        queue: QueueRecord,
        at: float,
        skills: Skills | None = None,
        channel: Channel = Channel.VOICE,
    ) -> Contact:
        contact = self.contact(name, queue, at, skills or {}, channel)
        self.matching.add(contact, at)
        return contact

    def contact(self, name: str, queue: QueueRecord, at: float, skills: Skills, channel: Channel) -> Contact:
        self.serial += 1
        wishes = wishes_for(skills, "", "")
        return Contact(ContactId(name), queue, channel, skills, wishes, at, at, key=at, serial=self.serial)

    def has_room_for(self, queue: QueueRecord, skills: Skills) -> bool:
        return self.matching.has_room_for(queue, self.contact("next", queue, 10.0, skills, Channel.VOICE))

    def contact_for(self, agent_id: AgentId) -> Contact | None:
        return self.matching.contact_for(agent_id)

    def agents_for(self, contact: Contact, now: float) -> list[AgentId]:
        return self.matching.agents_for(contact, now).agent_ids

    def free(self, **since: float) -> None:
        for agent_id, at in since.items():
            self.show_free(AgentId(agent_id), at, *Channel)

    def show_free(self, agent_id: AgentId, since: float, *channels: Channel) -> None:
        roster = self.matching.roster
        roster.show_free(roster.row_of[agent_id], tuple(channel.row for channel in channels), since)


def test_an_agent_gets_the_oldest_over_his_queues() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    sold = table.add("sold", table.sales, 20.0)
    supported = table.add("supported", table.support, 10.0)
    assert table.contact_for(ANN) is supported
    assert table.contact_for(BOB) is sold
    table.matching.remove(supported)
    assert table.contact_for(ANN) is sold


def test_equally_old_in_different_queues_go_by_arrival() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    first = table.add("first", table.support, 10.0)
    table.add("second", table.sales, 10.0)
    assert table.contact_for(ANN) is first


def test_an_agent_gets_the_oldest_of_the_channels_he_is_free_for() -> None:
    table = Table()
    written = table.add("written", table.sales, 10.0, channel=Channel.CHAT)
    spoken = table.add("spoken", table.sales, 20.0)
    assert table.contact_for(ANN) is None
    table.show_free(ANN, 5.0, Channel.VOICE)
    assert table.contact_for(ANN) is spoken
    table.show_free(ANN, 5.0, Channel.VOICE, Channel.CHAT)
    assert table.contact_for(ANN) is written
    assert table.agents_for(written, 10.0) == [ANN]


def test_nobody_waits() -> None:
    table = Table()
    assert table.contact_for(ANN) is None
    assert Matching(Roster([Agent(agent_id=ANN)]), [], Chance()).contact_for(ANN) is None


def test_a_contact_gets_the_longest_idle_of_those_able() -> None:
    table = Table()
    sold = table.add("sold", table.sales, 10.0)
    supported = table.add("supported", table.support, 10.0)
    assert table.agents_for(sold, 10.0) == []
    table.free(ann=5.0, bob=3.0)
    assert table.agents_for(sold, 10.0) == [BOB]
    assert table.agents_for(supported, 10.0) == [ANN]


def test_requirements_of_its_own_narrow_the_choice() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    assert table.agents_for(table.add("fluent", table.sales, 10.0, {"en": 8}), 10.0) == [ANN]
    assert table.agents_for(table.add("some", table.sales, 10.0, {"en": 3}), 10.0) == [BOB]
    assert table.agents_for(table.add("both", table.support, 10.0, {"tech": 8}), 10.0) == []
    assert table.agents_for(table.add("none", table.sales, 10.0, {"juggling": 1}), 10.0) == []


def test_an_agent_is_not_given_whom_he_failed() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    failed = table.add("failed", table.sales, 10.0)
    failed.shunned_by = BOB
    assert table.agents_for(failed, 10.0) == [ANN]
    assert table.contact_for(BOB) is None
    behind = table.add("behind", table.sales, 20.0)
    assert table.contact_for(BOB) is behind
    assert table.contact_for(ANN) is failed


def test_lines_open_and_close_with_their_contacts() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    contacts = [table.add(f"c{number}", table.sales, 10.0, {"en": 2}) for number in range(2)]
    assert len(table.sales.lines) == len(table.sales.plans) == 2, "theirs, and that of contacts without wishes"
    for contact in contacts:
        table.matching.remove(contact)
    assert [key[1] for key in table.sales.lines] == [NO_WISHES]
    assert list(table.sales.plans) == [NO_WISHES]
    assert table.contact_for(ANN) is None
    again = table.add("again", table.support, 10.0, {"en": 9})
    assert table.contact_for(ANN) is again
    assert table.contact_for(BOB) is None


def test_who_is_served_at_once_stands_in_no_line() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    served = table.contact("served", table.sales, 10.0, {"en": 5}, Channel.VOICE)
    table.matching.lead(served, 10.0)
    assert table.agents_for(served, 10.0) == [ANN]
    assert list(table.sales.plans) == [NO_WISHES]
    table.matching.remove(served)
    assert served.line is None
    assert [key[1] for key in table.sales.lines] == [NO_WISHES]


def test_who_is_not_stands_in_it_once() -> None:
    table = Table()
    table.free(ann=5.0)
    waiting = table.contact("waiting", table.sales, 10.0, {"en": 5}, Channel.VOICE)
    table.matching.lead(waiting, 10.0)
    assert table.contact_for(ANN) is None
    for _ in range(2):
        table.matching.stand(waiting)
        assert table.sales.contacts() == [waiting]
        assert table.contact_for(ANN) is waiting


def test_a_line_in_the_place_of_one_that_closed_is_for_its_own_agents() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    former = table.add("former", table.sales, 10.0, {"en": 2})
    assert table.contact_for(BOB) is former
    table.matching.remove(former)
    assert table.contact_for(BOB) is None
    later = table.add("later", table.sales, 10.0, {"tech": 1})
    assert table.contact_for(BOB) is None
    assert table.contact_for(ANN) is later


@pytest.mark.parametrize("others", [0, 5, 100])
def test_of_all_lines_the_oldest_is_found_that_any_of_these_agents_serves(others: int) -> None:
    table = Table()
    queues = [QueueRecord(Queue(queue_id=QueueId(f"queue{number}"), skills={"tech": 8})) for number in range(others)]
    roster = table.matching.roster
    table.matching = Matching(roster, [table.sales, table.support, *queues], Chance())
    table.free(ann=5.0, bob=3.0)
    for number, queue in enumerate(queues):
        table.add(f"c{number}", queue, 1.0 + number / 1000)
    both = np.array([roster.row_of[ANN], roster.row_of[BOB]])
    assert table.matching.first_for_any(both) is None
    table.add("sales", table.sales, 9.0)
    support = table.add("support", table.support, 8.0)
    assert table.matching.first_for_any(both) is support
    assert table.matching.first_for_any(both[1:]) is table.sales.head()


def test_a_closed_queue_serves_nobody() -> None:
    table = Table()
    table.free(ann=5.0)
    table.matching.remove(table.add("gone", table.sales, 10.0))
    table.matching.close_queue(table.sales)
    assert table.sales.lines == {}
    assert table.contact_for(ANN) is None


def test_too_many_requirements_are_refused_but_who_comes_back_finds_a_line() -> None:
    table = Table()
    table.free(ann=5.0, bob=3.0)
    contacts: list[Contact] = []
    for number in range(LINES_MAX):
        assert table.has_room_for(table.sales, {f"skill{number}": 1})
        contacts.append(table.add(f"c{number}", table.sales, 10.0, {f"skill{number}": 1}))
    assert not table.has_room_for(table.sales, {"further": 1})
    assert not table.has_room_for(table.support, {"skill1": 1})
    assert table.has_room_for(table.sales, {"skill1": 1})
    assert table.has_room_for(table.sales, {})
    returned = table.add("returned", table.sales, 5.0, {"en": 9})
    assert table.contact_for(ANN) is returned
    assert table.contact_for(BOB) is None
    table.matching.remove(returned)
    table.matching.remove(contacts[7])
    assert table.has_room_for(table.sales, {"further": 1})


@pytest.mark.parametrize("queues", [5, 100])
@pytest.mark.parametrize("served_first", [(), (3, 4)])
def test_of_few_queues_or_many_an_agent_takes_the_oldest_of_those_he_serves_first(
    queues: int, served_first: tuple[int, ...]
) -> None:
    table = Table()
    names = [QueueId(f"queue{number}") for number in range(queues)]
    profile = {name: Serving(order=2) for name in names if served_first}
    profile |= {names[number]: Serving(order=1) for number in served_first}
    records = [QueueRecord(Queue(queue_id=name)) for name in names]
    table.matching = Matching(Roster([Agent(agent_id=ANN, profile=profile)]), records, Chance())
    table.free(ann=5.0)
    contacts = [table.add(f"c{number}", queue, 50.0 - number // 2) for number, queue in enumerate(records)]
    first = [contacts[number] for number in served_first]
    expected = sorted(contacts, key=lambda each: (each not in first, each.order))
    taken: list[Contact] = []
    while (contact := table.contact_for(ANN)) is not None:
        taken.append(contact)
        table.matching.remove(contact)
    assert taken == expected
