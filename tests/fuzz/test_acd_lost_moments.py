"""The switch is killed, its journal lacks the last inputs, some calls live on: nobody is lost, nobody is there twice.

Those who carry the calls are played by a model that knows nothing of the router: it hears what the router says, tells
it what happens, and after the kill says who is there and with whom he talks. The next router has an older snapshot and
the journal without its end. Whatever the two differ in, what the calls say is so; and then everything goes on, with
another kill perhaps, until it comes to rest: no agent is left busy, no site has less room than before.
"""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd import inputs
from softswitch.acd.inputs import AcdInput, ConfigurationSet, ContactQueued, Survivor, SwitchRestarted
from softswitch.acd.model import AgentState, BusyKind, Channel, ContactState, RoutingPolicy, Site
from softswitch.acd.outputs import (
    AcdOutput,
    ContactConnected,
    ContactForgotten,
    ContactLost,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ContactTakenOut,
)
from softswitch.acd.router import Router
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, SiteId
from tests.fuzz.test_acd_snapshot import (
    ALL,
    ANN,
    ANY,
    BOB,
    CYD,
    FEW,
    FULL,
    GOLD,
    SHIFT,
    SMALLER,
    Run,
    facts,
    steps,
    written,
)

PHONE = (Channel.VOICE, Channel.CALLBACK)
SITES = {ANN: SiteId("south"), BOB: SiteId("south"), CYD: SiteId("north")}
PLACES = {SiteId("south"): 1, SiteId("north"): 1}


def with_sites(configuration: ConfigurationSet) -> ConfigurationSet:
    policy = RoutingPolicy(
        watchdog_s=20.0, sites=tuple(Site(site_id=each, max_calls=limit) for each, limit in PLACES.items())
    )
    agents = [msgspec.structs.replace(agent, site=SITES.get(agent.agent_id)) for agent in configuration.agents]
    return msgspec.structs.replace(configuration, agents=agents, policy=policy)


LARGE, SMALL = with_sites(FULL), with_sites(SMALLER)


class Call:
    def __init__(self, fact: ContactQueued, now: float) -> None:
        self.fact = msgspec.structs.replace(fact, enqueued_at=now if fact.enqueued_at is None else fact.enqueued_at)
        self.queue_id = fact.queue_id
        self.agent_id: AgentId | None = None


class Calls:
    """Whoever carries the calls."""

    def __init__(self) -> None:
        self.all: dict[ContactId, Call] = {}
        self.in_calls: dict[AgentId, BusyKind] = {}

    def happened(self, fact: AcdInput, now: float) -> None:
        """Before the router hears of it."""
        match fact:
            case ContactQueued() if fact.channel in PHONE and fact.contact_id not in self.all:
                self.all[fact.contact_id] = Call(fact, now)
            case inputs.ContactFinished() | inputs.ContactAbandoned() | inputs.ContactWithdrawn():
                self.all.pop(fact.contact_id, None)
            case inputs.ContactExited() if fact.queue_id is None:
                call = self.all.get(fact.contact_id)
                if call is not None and call.agent_id is None:
                    del self.all[fact.contact_id]
            case inputs.AgentBusy():
                self.in_calls[fact.agent_id] = fact.kind
            case inputs.AgentFree():
                self.in_calls.pop(fact.agent_id, None)
            case _:
                pass

    def heard(self, output: AcdOutput) -> None:
        call = self.all.get(getattr(output, "contact_id", ContactId("")))
        if call is None:
            return
        match output:
            case ContactConnected():
                assert call.agent_id is None
                call.agent_id = output.agent_id
            case ContactMoved():
                call.queue_id = output.queue_id
            case ContactOverflowed() | ContactRefused() | ContactTakenOut() | ContactLost():
                self.all.pop(output.contact_id)
            case _:
                pass

    def survivors(self) -> tuple[Survivor, ...]:
        return tuple(
            Survivor(contact_id, call.agent_id, call.queue_id, call.fact.enqueued_at, call.fact.channel)
            for contact_id, call in self.all.items()
        )


class Switch(Run):
    """A run with calls, which notes its inputs."""

    def __init__(self, router: Router, now: float, calls: Calls) -> None:
        super().__init__(router, now)
        self.calls = calls
        self.older = self.snapshot()

    def take(self, step: AcdInput | float) -> None:
        super().take({id(FULL): LARGE, id(SMALLER): SMALL}.get(id(step), step))

    def apply(self, fact: AcdInput | None) -> None:
        heard = len(self.said)
        if isinstance(fact, ContactQueued) and fact.contact_id in self.router.contact_ids():
            return  # nobody queues it twice
        if fact is not None:
            self.calls.happened(fact, self.now)
        super().apply(fact)
        for output in self.said[heard:]:
            self.calls.heard(output)

    def killed(self, lost: int, dead: set[ContactId]) -> "Switch":
        """The next one, which knows nothing of the last `lost` inputs; these calls do not live on."""
        for contact_id in dead:
            self.calls.all.pop(contact_id, None)
        router = Router.restored(written(self.older))
        for now, fact in self.journal[: max(0, len(self.journal) - lost)]:
            replay(router, fact, now)
        before = waiting(router.take_snapshot(self.now))
        other = Switch(router, self.now, self.calls)
        claimed = {contact_id: call.agent_id for contact_id, call in self.calls.all.items()}
        other.apply(SwitchRestarted(self.calls.survivors(), dict(self.calls.in_calls)))
        other.check_survivors(claimed)
        after = waiting(other.snapshot())
        assert [each for each in before if each in after] == [each for each in after if each in before]
        for output in list(other.said):
            call = self.calls.all.get(output.contact_id) if isinstance(output, ContactForgotten) else None
            if call is not None:
                assert call.agent_id is None
                other.take(call.fact)
        other.check_everybody()
        other.older, other.journal = other.snapshot(), []
        return other

    def check_survivors(self, claimed: dict[ContactId, AgentId | None]) -> None:
        """Of each it is so as its call has said, or its call has been told what became of it."""
        rows = {row.contact_id: row for row in self.router.contact_summaries(self.now)}
        forgotten = [output.contact_id for output in self.said if isinstance(output, ContactForgotten)]
        assert len(forgotten) == len(set(forgotten))
        for contact_id, agent_id in claimed.items():
            row = rows.get(contact_id)
            if agent_id is not None:
                if row is None:
                    known = {agent.agent_id for agent in self.router.agent_summaries(self.now)}
                    queues = {queue.queue_id for queue in self.router.queue_summaries(self.now)}
                    assert agent_id not in known or self.calls.all[contact_id].queue_id not in queues
                else:
                    assert (row.state, row.agent_id) == (ContactState.CONNECTED, agent_id)
            elif row is not None:
                assert row.state is not ContactState.CONNECTED
                assert contact_id not in forgotten
            else:
                assert (contact_id in forgotten) == (contact_id in self.calls.all)
        for row in rows.values():
            assert row.channel not in PHONE or row.contact_id in claimed, "its call is gone"

    def check_everybody(self) -> None:
        """One place for each, and the two sides of every tie agree."""
        taken = self.snapshot()
        hands = [(agent.agent.agent_id, contact_id) for agent in taken.agents for contact_id in agent.contacts]
        connected = [(row.agent_id, row.contact_id) for row in taken.contacts if row.connected_at is not None]
        assert set(hands) == set(connected)
        assert len(hands) == len(connected)
        held = {
            agent.agent.agent_id: agent.reservation_id for agent in taken.agents if agent.reservation_id is not None
        }
        assert held == {each.agent_id: each.reservation_id for each in taken.reservations}
        nowhere = {row.contact_id for row in taken.contacts} - {contact_id for _, contact_id in connected}
        nowhere -= {each.contact_id for each in taken.reservations}
        assert set(waiting(taken)) == nowhere
        on_the_phone = {row.contact_id for row in taken.contacts if row.channel in PHONE}
        busy: dict[AgentId, int] = {}
        for agent_id, contact_id in [*hands, *((each.agent_id, each.contact_id) for each in taken.reservations)]:
            busy[agent_id] = busy.get(agent_id, 0) + (contact_id in on_the_phone)
        assert all(calls <= 1 for calls in busy.values())
        for site in self.router.site_summaries():
            calls = sum(calls for agent_id, calls in busy.items() if SITES.get(agent_id) == site.site_id)
            assert site.calls == calls <= PLACES[site.site_id]

    def come_to_rest(self) -> None:
        for contact_id in list(self.calls.all):
            self.take(inputs.ContactFinished(contact_id))
        for row in self.router.contact_summaries(self.now):
            self.take(inputs.ContactWithdrawn(row.contact_id))
        for row in self.router.agent_summaries(self.now):
            self.take(inputs.AgentFree(row.agent_id))
        self.take(1000.0)
        assert self.router.contact_summaries(self.now) == []
        states = {row.state for row in self.router.agent_summaries(self.now)}
        assert not states & {AgentState.BUSY, AgentState.RESERVED, AgentState.WRAP_UP}
        assert all(site.calls == 0 for site in self.router.site_summaries())
        assert all(queue.waiting == queue.alerting == 0 for queue in self.router.queue_summaries(self.now))


def replay(router: Router, fact: AcdInput | None, now: float) -> None:
    try:
        if fact is None:
            router.handle_timeout(now)
        else:
            router.apply(fact, now)
    except LocalError:
        pass
    router.take_outputs()
    router.take_events()


def waiting(taken: RouterSnapshot) -> list[ContactId]:
    """Whose turn it is, in order."""
    rows = [row for row in taken.contacts if row.connected_at is None]
    alerted = {each.contact_id for each in taken.reservations}
    return [
        row.contact_id for row in sorted(rows, key=lambda row: (row.key, row.serial)) if row.contact_id not in alerted
    ]


names = [ContactId(f"c{number}") for number in range(14)]
comes = st.builds(
    ContactQueued,
    st.sampled_from(names),
    st.sampled_from([ANY, ALL, FEW, GOLD]),
    boost_s=st.sampled_from([0.0, 0.0, 25.0]),
    channel=st.sampled_from([Channel.VOICE, Channel.VOICE, Channel.VOICE, Channel.CALLBACK]),
)
goes = st.builds(inputs.ContactFinished, st.sampled_from(names))
kinds: list[st.SearchStrategy[AcdInput | float]] = [
    *[comes] * 8,
    *[facts["accepted"]] * 6,
    *[goes] * 2,
    *[st.sampled_from([0.5, 3.0])] * 3,
    *[steps] * 5,
]
busy = st.sampled_from(range(len(kinds))).flatmap(lambda number: kinds[number])
"""Each as often as it is in the list."""
some = st.lists(busy, min_size=15, max_size=50)
a_few = st.sets(st.sampled_from(names), max_size=4)
lost_inputs = st.integers(0, 8)


@settings(max_examples=60, deadline=None)
@given(some, lost_inputs, a_few, some, lost_inputs, a_few, some)
def test_moments_that_are_lost(
    before: list[AcdInput | float],
    lost: int,
    dead: set[ContactId],
    meanwhile: list[AcdInput | float],
    lost_again: int,
    dead_then: set[ContactId],
    after: list[AcdInput | float],
) -> None:
    switch = Switch(Router(), 1000.0, Calls())
    for step in (FULL, *SHIFT):
        switch.take(step)
    switch.older, switch.journal = switch.snapshot(), []
    for some, lost_now, dead_now in ((before, lost, dead), (meanwhile, lost_again, dead_then)):
        for step in some:
            switch.take(step)
        switch = switch.killed(lost_now, dead_now)
    for step in after:
        switch.take(step)
        switch.check_everybody()
    switch.come_to_rest()
