"""Sites that carry a limited number of calls: never more, none kept waiting for a place that is free, oldest first.

The machine of the channels with agents at three sites, and what it promises said again with sites in it. Besides, a
site's limit changes while people talk, and whenever a call gets an agent of a limited site, nobody who has waited
longer could have had the place.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedOut,
    ConfigurationSet,
    ContactAbandoned,
    ContactFinished,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.model import Agent, AgentState, Channel, Queue, RoutingPolicy, Site
from softswitch.acd.outputs import AcdOutput, AgentReserved, ReservationEnded
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId, SiteId
from tests.fuzz.test_acd_channels import GIVES_WAY, ON_THE_PHONE, WATCHDOG_S, ChannelMachine

CAPACITY: dict[str, dict[Channel, int]] = {
    "ann": {Channel.VOICE: 1, Channel.CHAT: 2, Channel.EMAIL: 1},
    "bob": {Channel.VOICE: 1},
    "cyd": {Channel.VOICE: 1, Channel.CHAT: 1},
    "dan": {Channel.VOICE: 1, Channel.EMAIL: 2},
    "eve": {Channel.VOICE: 1},
    "fay": {Channel.VOICE: 1, Channel.TASK: 1},
}
SITE = {"ann": "south", "bob": "south", "cyd": "south", "dan": "north", "eve": "north"}
LIMITS: dict[str, int | None] = {"south": 1, "north": 2, "east": None}


def configuration(limits: dict[str, int | None]) -> ConfigurationSet:
    return ConfigurationSet(
        queues=[
            Queue(queue_id=QueueId("one"), wrap_up_s=5.0, wrap_up_max_s=50.0, no_answer_limit=2),
            Queue(
                queue_id=QueueId("two"),
                wrap_up_s=0.0,
                wrap_up_max_s=30.0,
                dispositions=("sold", "lost"),
                is_disposition_required=True,
                strategy="ring_all",
                max_wait_s=None,
            ),
            Queue(queue_id=QueueId("three"), wrap_up_s=0.0, max_wait_s=None),
        ],
        agents=[
            Agent(
                agent_id=AgentId(name),
                capacity=capacity,
                site=SiteId(SITE[name]) if name in SITE else None,
                skills={"en": 5} if name in ("ann", "dan", "fay") else {},
            )
            for name, capacity in CAPACITY.items()
        ],
        policy=RoutingPolicy(
            interrupted_by=GIVES_WAY,
            watchdog_s=WATCHDOG_S,
            sites=tuple(Site(site_id=SiteId(name), max_calls=limit) for name, limit in limits.items()),
        ),
    )


class SiteMachine(ChannelMachine):
    capacity = CAPACITY
    centre = configuration(LIMITS)

    def __init__(self) -> None:
        self.limits = dict(LIMITS)
        self.orders: dict[ContactId, tuple[float, int]] = {}
        self.english: set[ContactId] = set()
        self.placed: dict[ContactId, AgentId] = {}
        """Who has got an agent of a site by the last fact."""
        self.came_back: set[ContactId] = set()
        """Whose phones fell silent by it, where there were several: one after the other, though at one instant, and so
        the place of the first was given away while the others still rang."""
        super().__init__()
        self.everybody_works()

    # Facts

    @rule(
        queue_id=st.sampled_from([QueueId("one"), QueueId("two"), QueueId("three")]),
        boost_s=st.sampled_from([0, 20]),
        needs_english=st.booleans(),
        site=st.sampled_from(["", "south", "north"]),
        count=st.integers(1, 4),
    )
    def calls_come(self, queue_id: QueueId, boost_s: int, needs_english: bool, site: str, count: int) -> None:
        for _ in range(count):
            contact_id = ContactId(f"c{self.serial + 1}")
            if needs_english:
                self.english.add(contact_id)
            skills = {"en": 1} if needs_english else {}
            self.come(contact_id, queue_id, boost_s, Channel.VOICE, skills=skills, site=site)
            self.now += 0.25

    @rule()
    def everybody_alerted_answers(self) -> None:
        for reservation_id in list(self.reservations):
            self.tell(ReservationAccepted(reservation_id))

    @rule(pick=st.integers(0, 20))
    def somebody_on_the_phone_goes(self, pick: int) -> None:
        on_the_phone = [each for each, hand in self.hands.items() if hand.channel in ON_THE_PHONE]
        if on_the_phone:
            contact_id = on_the_phone[pick % len(on_the_phone)]
            self.end(contact_id)
            self.tell(ContactFinished(contact_id))

    def come(self, contact_id: ContactId, queue_id: QueueId, boost_s: int, channel: Channel, **more: Any) -> None:
        self.serial += 1
        self.channel_of[contact_id] = channel
        self.orders[contact_id] = (self.now - boost_s, self.serial)
        self.tell(ContactQueued(contact_id, queue_id, float(boost_s), channel=channel, **more))

    @rule(
        channel=st.sampled_from([Channel.CALLBACK, Channel.CHAT, Channel.EMAIL]),
        queue_id=st.sampled_from([QueueId("one"), QueueId("two")]),
        boost_s=st.sampled_from([0, 20]),
    )
    def contact_comes(self, channel: Channel, queue_id: QueueId, boost_s: int) -> None:
        self.come(ContactId(f"c{self.serial + 1}"), queue_id, boost_s, channel)

    @rule(south=st.sampled_from([1, 2, 3, None]))
    def site_is_changed(self, south: int | None) -> None:
        self.limits["south"] = south
        self.tell(configuration(self.limits))

    # What we know

    def calls_of(self, site: str) -> int:
        """Who of this site has a place."""
        alerted = [
            other.agent_id
            for other in self.reservations.values()
            if self.channel_of.get(other.contact_id) in ON_THE_PHONE
        ]
        talking = [hand.agent_id for hand in self.hands.values() if hand.channel in ON_THE_PHONE]
        return sum(SITE.get(agent_id) == site for agent_id in [*alerted, *talking])

    def has_place(self, agent_id: AgentId) -> bool:
        limit = self.limits.get(SITE.get(agent_id, ""))
        return limit is None or self.calls_of(SITE[agent_id]) < limit

    def may_take(self, agent_id: AgentId, channel: Channel) -> bool:
        has_place = channel not in ON_THE_PHONE or self.has_place(agent_id)
        return has_place and super().may_take(agent_id, channel)

    def is_able(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        return contact_id not in self.english or agent_id in ("ann", "dan", "fay")

    def tell(self, fact: AcdInput | None) -> None:
        self.placed = {}
        already_said = len(self.said)
        super().tell(fact)
        ended = [output.contact_id for output in self.said[already_said:] if isinstance(output, ReservationEnded)]
        self.came_back = set(ended) if len(ended) > 1 else set()
        for contact_id, agent_id in self.placed.items():
            self.nobody_was_passed_over(contact_id, SITE[agent_id])

    def follow(self, output: AcdOutput) -> bool:
        if isinstance(output, AgentReserved):
            assert self.is_able(output.agent_id, output.contact_id)
            if output.agent_id in SITE and self.channel_of[output.contact_id] in ON_THE_PHONE:
                self.placed[output.contact_id] = output.agent_id
        return super().follow(output)

    def nobody_was_passed_over(self, contact_id: ContactId, site: str) -> None:
        """Of all who still wait for a call, nobody before this contact could have had the place it has got."""
        alerted = {other.agent_id for other in self.reservations.values()}
        free = [
            agent.agent_id
            for agent in self.router.agent_summaries(self.now)
            if SITE.get(agent.agent_id) == site
            and agent.state in (AgentState.READY, AgentState.BUSY)
            and agent.is_logged_in
            and agent.planned_reason is None
            and agent.agent_id not in alerted
            and agent.is_reachable
        ]
        for row in self.router.contact_summaries(self.now):
            if row.position is None or row.channel not in ON_THE_PHONE or row.contact_id in self.came_back:
                continue
            if self.orders[row.contact_id] < self.orders[contact_id]:
                for agent_id in free:
                    has_failed = self.has_just_failed(agent_id, row.contact_id)
                    may_take = super().may_take(agent_id, row.channel)
                    assert has_failed or not may_take or not self.is_able(agent_id, row.contact_id)

    # What always holds

    @invariant()
    def no_site_has_more_calls_than_it_carries(self) -> None:
        for row in self.router.site_summaries():
            assert row.calls == self.calls_of(row.site_id)

    @invariant()
    def a_restored_router_shows_the_same_who_are_free(self) -> None:
        twin = Router.restored(self.router.take_snapshot(self.now))
        assert twin.agent_summaries(self.now) == self.router.agent_summaries(self.now)
        assert twin.site_summaries() == self.router.site_summaries()


@pytest.mark.parametrize("seed", range(12))
def test_a_busy_day(seed: int) -> None:
    """The same with as many calls as sites can take, which chance alone seldom brings."""
    dice, machine = random.Random(seed), SiteMachine()
    one, two, three = QueueId("one"), QueueId("two"), QueueId("three")
    doings: list[tuple[int, Callable[[], None]]] = [
        (
            8,
            lambda: machine.calls_come(
                queue_id=dice.choice((one, two, three, three)),
                boost_s=dice.choice((0, 20)),
                needs_english=dice.random() < 0.3,
                site=dice.choice(("", "south", "north")),
                count=dice.randint(1, 2),
            ),
        ),
        (
            2,
            lambda: machine.contact_comes(
                channel=dice.choice((Channel.CALLBACK, Channel.CHAT, Channel.EMAIL)),
                queue_id=dice.choice((one, two, three)),
                boost_s=dice.choice((0, 20)),
            ),
        ),
        (6, lambda: machine.agent_answers(pick=dice.randrange(20))),
        (3, lambda: machine.everybody_alerted_answers()),
        (2, lambda: machine.agent_fails(pick=dice.randrange(20), is_busy=dice.random() < 0.8)),
        (8, lambda: machine.somebody_on_the_phone_goes(pick=dice.randrange(20))),
        (2, lambda: machine.contact_goes(pick=dice.randrange(20), leave=ContactAbandoned)),
        (1, lambda: machine.agent_pauses(agent_id=AgentId(dice.choice(list(CAPACITY))))),
        (1, lambda: machine.agent_does(agent_id=AgentId(dice.choice(list(CAPACITY))), fact=AgentLoggedOut)),
        (1, lambda: machine.agent_says_what_came_of_it(pick=dice.randrange(20), code="sold")),
        (2, lambda: machine.everybody_works()),
        (1, lambda: machine.site_is_changed(south=dice.choice((1, 2, 3, None)))),
        (3, lambda: machine.time_passes(seconds=dice.choice((1.0, 5.0)))),
    ]
    weights = [weight for weight, _ in doings]
    for _ in range(150):
        dice.choices(doings, weights)[0][1]()
        machine.nobody_has_more_than_he_can_take()
        machine.no_site_has_more_calls_than_it_carries()
        machine.nobody_waits_for_whom_an_agent_is_free()
        machine.a_restored_router_shows_the_same_who_are_free()
    machine.teardown()


TestSites = SiteMachine.TestCase
TestSites.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
