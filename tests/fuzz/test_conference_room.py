"""A conference whatever happens in it: what is said of everybody's place is true, and nobody is lost or left alone.

Whoever is in it is in one place, and hears music only where nobody else is. Nobody is alone in a private talk unless
somebody is fetched for it; nobody waits for a host who is there. There are never more than may be. The minutes have
every stay, once, with times in order.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from softswitch.base.ids import CallId
from softswitch.calls.conferences.carrying_out import carry_out
from softswitch.calls.conferences.keys import Keys, WrongKeys
from softswitch.calls.conferences.outputs import CallWanted, Closed, Dismissed, FetchDropped, Placed, RecordingWanted
from softswitch.calls.conferences.participant import MAIN, WAITING, Newcomer
from softswitch.calls.conferences.room import Room
from softswitch.calls.conferences.terms import LeaveReason, Role, RoomTerms

MAXIMUM = 5
NAMES = st.sampled_from("abcdefgh")
KEYS = st.one_of(
    st.builds("*{}{}#".format, st.sampled_from("3557"), st.integers(1, MAXIMUM)),
    st.sampled_from(
        ["*1", "*2", "*4", "*6", "*8", "*9", "**", "*5#", "*7#", "*0#", "*0123#", "*#0123#", "*#1", "*#2", "*#3", "*#9"]
    ),
    st.text("0123456789*#", max_size=6),
)


class RoomMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now: float = 1000.0
        self.number = 0
        self.terms = RoomTerms(
            room_id="board",
            host_pin="1111",
            maximum=MAXIMUM,
            ends_with_host=True,
            host_grace_s=20.0,
            rejoin_s=30.0,
            records="always",
            participants=("x", "y"),
        )
        self.open()

    def open(self) -> None:
        self.number += 1
        self.room = Room(f"conference-{self.number}", self.terms, self.now, wall_offset=0.0)
        self.placed: dict[CallId, Placed] = {}
        self.keys: dict[CallId, Keys] = {}
        self.fetched: list[int] = []
        self.stays = 0
        self.is_recording = False

    @rule(name=NAMES, role=st.sampled_from(Role), is_fetched=st.booleans())
    def join(self, name: str, role: Role, is_fetched: bool) -> None:
        call_id = CallId(name)
        if call_id in self.room.participants:
            return
        aside = self.fetched.pop() if is_fetched and self.fetched else None
        refusal = self.room.join(Newcomer(call_id, role, number=name), self.now, aside=aside)
        if refusal is None:
            self.keys[call_id] = Keys(role)
            self.stays += 1
        elif aside is not None:
            self.room.fetch_failed(aside, "conference/is-full")
        self.take()

    @rule(name=NAMES)
    def hang_up(self, name: str) -> None:
        self.room.leave(CallId(name), LeaveReason.HUNG_UP, self.now)
        self.take()

    @rule(which=st.integers(0, MAXIMUM - 1), keys=KEYS)
    @precondition(lambda self: bool(self.room.participants))
    def press(self, which: int, keys: str) -> None:
        """Whoever is in it, hosts more often than others."""
        there = self.room.hosts or list(self.room.participants.values())
        self.type(there[which % len(there)].call_id, keys)

    @rule(name=NAMES, keys=KEYS)
    def press_as(self, name: str, keys: str) -> None:
        """Anybody, be he there or not."""
        self.type(CallId(name), keys)

    def type(self, call_id: CallId, keys: str) -> None:
        reader = self.keys.get(call_id)
        for key in keys if reader is not None else "":
            order = reader.press(key, self.now) if reader is not None else None
            if order is not None and not isinstance(order, WrongKeys):
                carry_out(self.room, order, call_id, self.now)
                self.take()
        self.take()

    @rule()
    @precondition(lambda self: bool(self.fetched))
    def fetch_fails(self) -> None:
        self.room.fetch_failed(self.fetched.pop(), "conference/not-reached")
        self.take()

    @rule(seconds=st.floats(0.1, 40.0))
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.room.next_timeout()) is not None and at <= until:
            assert at > self.now - 1e-6, "time does not stand still"
            self.now = at
            self.room.handle_timeout(at)
            self.take()
        self.now = max(self.now, until)

    @invariant()
    def everybody_is_where_it_is_said(self) -> None:
        assert set(self.placed) == set(self.room.participants)
        for call_id, one in self.room.participants.items():
            placed = self.placed[call_id]
            assert placed.place == (None if one.place == WAITING else one.place)
            assert placed.is_muted is not self.room.is_heard(one)
            is_alone = one.place == WAITING or len(self.room.in_place(one.place)) == 1
            assert bool(placed.background) is is_alone

    @invariant()
    def nobody_is_left_alone(self) -> None:
        for one in self.room.participants.values():
            if one.place > MAIN and len(self.room.in_place(one.place)) == 1:
                assert self.room.is_fetching(one.place)
            if one.place == WAITING:
                assert not one.is_host
                assert not self.room.hosts
        assert len(self.room.participants) <= MAXIMUM
        seats = [one.seat for one in self.room.participants.values()]
        assert len(set(seats)) == len(seats)

    @invariant()
    def the_recording_goes_on_while_somebody_is_in_the_room(self) -> None:
        assert self.is_recording is self.room.is_recording
        assert not self.is_recording or self.room.participants

    @invariant()
    def the_minutes_are_complete(self) -> None:
        minutes = self.room.minutes(self.now)
        assert len(minutes.stays) == self.stays
        assert sum(not stay.left_at for stay in minutes.stays) == len(self.room.participants)
        assert all(stay.joined_at <= (stay.left_at or self.now) for stay in minutes.stays)

    def take(self) -> None:
        is_closed = False
        for output in self.room.take_outputs():
            match output:
                case Placed():
                    assert output.call_id in self.room.participants or not self.room.is_closed
                    self.placed[output.call_id] = output
                case Dismissed():
                    assert output.call_id not in self.room.participants
                case CallWanted() if output.aside is not None:
                    self.fetched.append(output.aside)
                case FetchDropped(aside):
                    self.fetched.remove(aside)
                case RecordingWanted(is_on):
                    self.is_recording = is_on
                case Closed():
                    is_closed = True
                case _:
                    pass
        for call_id in [call_id for call_id in self.placed if call_id not in self.room.participants]:
            del self.placed[call_id]
        if is_closed:
            assert not self.room.participants
            assert not self.fetched
            assert self.room.minutes(self.now).ended_at
            self.open()


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
