"""Agents with contacts of several channels: whatever happens, nobody has more than he can take or waits in vain.

Who talks has nothing else in hand that is not put aside; what is put aside is taken up again; no channel's capacity is
exceeded, and no further chat comes before the first reply in all there are. No contact waits for whom an agent is free.
What hangs on a leg of which nobody ever speaks again is found out, and what is known to be there is kept.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactConfirmed,
    ContactFinished,
    ContactQueued,
    ContactReplied,
    DispositionSet,
    ReservationAccepted,
    ReservationFailed,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, Queue, RoutingPolicy
from softswitch.acd.outputs import (
    AcdOutput,
    AgentInQuestion,
    AgentRepaired,
    AgentReserved,
    AgentStateChanged,
    ContactConnected,
    ContactContinued,
    ContactInQuestion,
    ContactInterrupted,
    ContactLost,
    ContactOverflowed,
    ContactRefused,
    ReservationEnded,
    WrapUpBegan,
    WrapUpOver,
)
from softswitch.acd.router import Router
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import replayed

RETRY_S = 30.0
WATCHDOG_S = 60.0
ON_THE_PHONE = (Channel.VOICE, Channel.CALLBACK)
GIVES_WAY = {
    Channel.EMAIL: (Channel.VOICE, Channel.CALLBACK, Channel.CHAT),
    Channel.TASK: (Channel.VOICE, Channel.CALLBACK, Channel.EMAIL),
}
CAPACITY: dict[str, dict[Channel, int]] = {
    "ann": {Channel.VOICE: 1, Channel.CHAT: 3, Channel.EMAIL: 2, Channel.TASK: 1},
    "bob": {Channel.CHAT: 2, Channel.TASK: 2},
    "cyd": {Channel.VOICE: 1},
}
CENTRE = ConfigurationSet(
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
    ],
    agents=[Agent(agent_id=AgentId(name), capacity=capacity) for name, capacity in CAPACITY.items()],
    policy=RoutingPolicy(interrupted_by=GIVES_WAY, watchdog_s=WATCHDOG_S),
)

agents = st.sampled_from([AgentId(name) for name in CAPACITY])
channels = st.sampled_from([Channel.VOICE, Channel.CALLBACK, Channel.CHAT, Channel.EMAIL, Channel.TASK])


class InHand:
    """A contact an agent has, as we know it."""

    def __init__(self, channel: Channel, agent_id: AgentId, now: float) -> None:
        self.channel = channel
        self.agent_id = agent_id
        self.confirmed_at = now
        self.is_replied = False
        self.is_aside = False


class ChannelMachine(RuleBasedStateMachine):
    capacity = CAPACITY
    centre = CENTRE

    def __init__(self) -> None:
        super().__init__()
        self.router = Router()
        self.now: float = 1000.0
        self.serial: int = 0
        self.log: list[tuple[float, AcdInput | None]] = []
        self.said: list[AcdOutput] = []
        self.channel_of: dict[ContactId, Channel] = {}
        """Of everybody who is there."""
        self.ended: set[ContactId] = set()
        self.hands: dict[ContactId, InHand] = {}
        self.reservations: dict[ReservationId, AgentReserved] = {}
        self.failed: dict[ContactId, tuple[AgentId, float]] = {}
        self.states: dict[AgentId, AgentState] = {}
        self.wrap_ups: dict[ContactId, AgentId] = {}
        self.own_calls: dict[AgentId, float] = {}
        """Since when each was last said to be in a call of his own."""
        self.answers_questions = True
        self.tell(self.centre)

    # Facts

    @rule(
        channel=channels, queue_id=st.sampled_from([QueueId("one"), QueueId("two")]), boost_s=st.sampled_from([0, 20])
    )
    def contact_comes(self, channel: Channel, queue_id: QueueId, boost_s: int) -> None:
        self.serial += 1
        contact_id = ContactId(f"c{self.serial}")
        self.channel_of[contact_id] = channel
        self.tell(ContactQueued(contact_id, queue_id, float(boost_s), channel=channel))

    @rule(pick=st.integers(0, 20), leave=st.sampled_from([ContactAbandoned, ContactFinished]))
    def contact_goes(self, pick: int, leave: type[ContactAbandoned | ContactFinished]) -> None:
        if self.channel_of:
            contact_id = list(self.channel_of)[pick % len(self.channel_of)]
            self.end(contact_id)
            self.tell(leave(contact_id))

    @rule(pick=st.integers(0, 20))
    def agent_answers(self, pick: int) -> None:
        if self.reservations:
            self.tell(ReservationAccepted(list(self.reservations)[pick % len(self.reservations)]))

    @rule(pick=st.integers(0, 20), is_busy=st.booleans())
    def agent_fails(self, pick: int, is_busy: bool) -> None:
        if self.reservations:
            reservation_id = list(self.reservations)[pick % len(self.reservations)]
            self.tell(ReservationFailed(reservation_id, "declined" if is_busy else "unreachable"))

    @rule(pick=st.integers(0, 20))
    def agent_replies(self, pick: int) -> None:
        chats = [contact_id for contact_id, hand in self.hands.items() if hand.channel is Channel.CHAT]
        if chats:
            contact_id = chats[pick % len(chats)]
            self.hands[contact_id].is_replied = True
            self.tell(ContactReplied(contact_id))

    @rule(
        agent_id=agents,
        fact=st.sampled_from([AgentLoggedIn, AgentLoggedOut, AgentResumed, AgentReachable, AgentUnreachable]),
    )
    def agent_does(
        self,
        agent_id: AgentId,
        fact: type[AgentLoggedIn | AgentLoggedOut | AgentResumed | AgentReachable | AgentUnreachable],
    ) -> None:
        self.tell(fact(agent_id))

    @rule()
    def everybody_works(self) -> None:
        for agent_id in self.capacity:
            self.tell(AgentLoggedIn(AgentId(agent_id)))
            self.tell(AgentReachable(AgentId(agent_id)))
            self.tell(AgentResumed(AgentId(agent_id)))

    @rule(agent_id=agents)
    def agent_pauses(self, agent_id: AgentId) -> None:
        self.tell(AgentPaused(agent_id, "lunch"))

    @rule(agent_id=agents, kind=st.sampled_from([BusyKind.DIRECT_IN, BusyKind.OUTBOUND]))
    def agent_calls(self, agent_id: AgentId, kind: BusyKind) -> None:
        self.own_calls[agent_id] = self.now
        self.tell(AgentBusy(agent_id, kind))

    @rule(agent_id=agents)
    def agent_is_free(self, agent_id: AgentId) -> None:
        self.own_calls.pop(agent_id, None)
        self.tell(AgentFree(agent_id))

    @rule(agent_id=agents, by_s=st.sampled_from([None, 10.0, -3.0]))
    def agent_wraps_up(self, agent_id: AgentId, by_s: float | None) -> None:
        self.tell(WrapUpEnded(agent_id) if by_s is None else WrapUpExtended(agent_id, by_s))

    @rule(pick=st.integers(0, 20), code=st.sampled_from(["sold", "lost", "eaten"]))
    def agent_says_what_came_of_it(self, pick: int, code: str) -> None:
        whose = {**{each: hand.agent_id for each, hand in self.hands.items()}, **self.wrap_ups}
        if whose:
            contact_id = list(whose)[pick % len(whose)]
            self.tell(DispositionSet(whose[contact_id], code, contact_id))

    @rule(answers=st.booleans())
    def somebody_answers_questions(self, answers: bool) -> None:
        self.answers_questions = answers

    @rule(seconds=st.sampled_from([1.0, 5.0, 15.0, 40.0, 130.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        turns = 0
        while (due := self.router.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.tell(None)
            turns += 1
            assert turns < 2000, "time stands still"
        self.now = until

    # The run

    def end(self, contact_id: ContactId) -> None:
        assert contact_id not in self.ended
        del self.channel_of[contact_id]
        self.hands.pop(contact_id, None)
        self.ended.add(contact_id)

    def tell(self, fact: AcdInput | None) -> None:
        self.log.append((self.now, fact))
        try:
            if fact is None:
                self.router.handle_timeout(self.now)
            else:
                self.router.apply(fact, self.now)
        except LocalError:
            assert isinstance(fact, WrapUpEnded | DispositionSet)
            assert self.router.take_outputs() == [], "what is refused changes nothing"
            self.log.pop()
            return
        outputs = self.router.take_outputs()
        self.said += outputs
        questions = [output for output in outputs if self.follow(output)]
        for output in questions if self.answers_questions else ():
            if isinstance(output, ContactInQuestion):
                if output.contact_id in self.hands:
                    self.hands[output.contact_id].confirmed_at = self.now
                self.tell(ContactConfirmed(output.contact_id))
            elif isinstance(output, AgentInQuestion):
                self.own_calls[output.agent_id] = self.now
                self.tell(AgentBusy(output.agent_id, BusyKind.OTHER))

    def follow(self, output: AcdOutput) -> bool:
        """Each output must fit what was said before; whether it asks something."""
        match output:
            case AgentReserved():
                assert output.agent_id not in {other.agent_id for other in self.reservations.values()}
                assert self.may_take(output.agent_id, self.channel_of[output.contact_id])
                self.reservations[output.reservation_id] = output
            case ReservationEnded():
                del self.reservations[output.reservation_id]
                if isinstance(self.log[-1][1], ReservationFailed | None):
                    self.failed[output.contact_id] = (output.agent_id, self.now)
            case ContactConnected():
                taken = [each for each, other in self.reservations.items() if other.contact_id == output.contact_id]
                for each in taken:
                    del self.reservations[each]
                assert len(taken) == 1
                assert output.contact_id not in self.hands
                self.hands[output.contact_id] = InHand(self.channel_of[output.contact_id], output.agent_id, self.now)
            case ContactInterrupted():
                hand = self.hands[output.contact_id]
                assert not hand.is_aside
                assert self.channel_of[output.by_contact_id] in GIVES_WAY[hand.channel]
                hand.is_aside = True
            case ContactContinued():
                assert self.hands[output.contact_id].is_aside
                self.hands[output.contact_id].is_aside = False
            case ContactOverflowed() | ContactRefused():
                self.end(output.contact_id)
            case ContactLost():
                assert self.channel_of[output.contact_id] in ON_THE_PHONE
                if output.contact_id in self.hands:
                    assert self.now >= self.hands[output.contact_id].confirmed_at + WATCHDOG_S, (
                        "it was known to be there"
                    )
                self.end(output.contact_id)
            case AgentRepaired():
                assert self.now >= self.own_calls.pop(output.agent_id) + WATCHDOG_S, "he was known to be in a call"
            case WrapUpBegan():
                assert output.contact_id not in self.wrap_ups
                self.wrap_ups[output.contact_id] = output.agent_id
            case WrapUpOver():
                assert self.wrap_ups.pop(output.contact_id) == output.agent_id
            case AgentStateChanged():
                assert self.states.get(output.agent_id, AgentState.LOGGED_OUT) is output.old
                self.states[output.agent_id] = output.new
            case ContactInQuestion() | AgentInQuestion():
                return True
            case _:
                pass
        return False

    def may_take(self, agent_id: AgentId, channel: Channel) -> bool:
        """The rule in plain words, for an agent who is neither alerted nor away."""
        mine = [hand for hand in self.hands.values() if hand.agent_id == agent_id]
        if any(hand.channel in ON_THE_PHONE for hand in mine) or agent_id in self.wrap_ups.values():
            return False
        if agent_id in self.own_calls:
            return False
        alike = [hand for hand in mine if hand.channel is channel]
        if channel is Channel.CHAT and not all(hand.is_replied for hand in alike):
            return False
        others = [hand for hand in mine if hand.channel is not channel and not hand.is_aside]
        if any(channel not in GIVES_WAY.get(hand.channel, ()) for hand in others):
            return False
        slot = Channel.VOICE if channel is Channel.CALLBACK else channel
        return len(alike) < self.capacity[agent_id].get(slot, 0)

    def is_able(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        """Whether he has the skills it needs; here it needs none."""
        return True

    def has_just_failed(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        failed_by, failed_at = self.failed.get(contact_id, ("", 0.0))
        return failed_by == agent_id and self.now <= failed_at + RETRY_S

    # What always holds

    @invariant()
    def nobody_has_more_than_he_can_take(self) -> None:
        for name, capacity in self.capacity.items():
            mine = [hand for hand in self.hands.values() if hand.agent_id == name]
            on_the_phone = [hand for hand in mine if hand.channel in ON_THE_PHONE]
            assert len(on_the_phone) <= capacity.get(Channel.VOICE, 0)
            for channel in (Channel.CHAT, Channel.EMAIL, Channel.TASK):
                assert sum(hand.channel is channel for hand in mine) <= capacity.get(channel, 0)
            assert not on_the_phone or all(hand.is_aside for hand in mine if hand not in on_the_phone)
            has_wrap_up = name in self.wrap_ups.values()
            if mine and not has_wrap_up:
                assert not all(hand.is_aside for hand in mine), "what was put aside is taken up again"

    @invariant()
    def the_router_knows_what_we_know(self) -> None:
        rows = self.router.contact_summaries(self.now)
        assert {row.contact_id for row in rows} == set(self.channel_of)
        for agent in self.router.agent_summaries(self.now):
            theirs = {each.contact_id: each.is_interrupted for each in agent.contacts}
            mine = {each: hand.is_aside for each, hand in self.hands.items() if hand.agent_id == agent.agent_id}
            assert theirs == mine
            assert {each.contact_id for each in agent.wrap_ups} == {
                each for each, agent_id in self.wrap_ups.items() if agent_id == agent.agent_id
            }

    @invariant()
    def nobody_waits_for_whom_an_agent_is_free(self) -> None:
        alerted = {other.agent_id for other in self.reservations.values()}
        waiting = [row for row in self.router.contact_summaries(self.now) if row.position is not None]
        for agent in self.router.agent_summaries(self.now):
            is_away = not agent.is_logged_in or agent.planned_reason is not None or agent.agent_id in alerted
            if is_away or agent.state is AgentState.NOT_READY:
                continue
            for row in waiting:
                has_failed = self.has_just_failed(agent.agent_id, row.contact_id)
                needs_phone = row.channel in ON_THE_PHONE and not agent.is_reachable
                is_able = self.is_able(agent.agent_id, row.contact_id)
                assert has_failed or needs_phone or not is_able or not self.may_take(agent.agent_id, row.channel)

    @invariant()
    def no_call_outlives_its_leg_by_more_than_two_questions(self) -> None:
        for hand in self.hands.values():
            if hand.channel in ON_THE_PHONE:
                assert self.now <= hand.confirmed_at + 2 * WATCHDOG_S
        for since in self.own_calls.values():
            assert self.now <= since + 2 * WATCHDOG_S

    def teardown(self) -> None:
        assert replayed(self.log) == self.said


TestChannels = ChannelMachine.TestCase
TestChannels.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
