"""What an order does in a room, and what whoever gave it hears: "" if it was done, or why not, for people.

Who may give which is in orders.py. Who gives an order with his phone is told what came of it, and so are those it
concerns; an operator at a terminal reads it.
"""

from collections.abc import Iterable

from softswitch.base.ids import CallId
from softswitch.calls.conferences.limits import ASIDES_MAX, GAIN_MAX_DB, SOUNDS_SPOKEN_MAX
from softswitch.calls.conferences.orders import (
    FOR_ALL,
    FOR_MEMBERS,
    CallIn,
    CallList,
    Count,
    End,
    Fetch,
    HearLouder,
    Help,
    Leave,
    Lecture,
    Lock,
    Louder,
    MuteAll,
    MuteOne,
    MuteSelf,
    Order,
    Record,
    Remove,
    Return,
    RollCall,
    TakeAside,
)
from softswitch.calls.conferences.outputs import CallWanted, Word
from softswitch.calls.conferences.participant import MAIN, WAITING, Participant
from softswitch.calls.conferences.room import Room
from softswitch.calls.conferences.terms import LeaveReason

DONE_TONE = "tone:1000/80"
"""Something was changed that nothing else is said of."""
NOT_POSSIBLE = "conference/not-possible"
NOBODY = "conference/no-such-participant"


def carry_out(room: Room, order: Order, by: CallId | None, now: float, *, operator: str = "") -> str:
    """`by` is who has pressed the keys; None: nobody in it, but `operator`, as the minutes are to name him."""
    one = None if by is None else room.participants.get(by)
    if one is None and (by is not None or isinstance(order, FOR_MEMBERS)):
        return "only somebody who is in the conference can do that"
    if one is not None and not one.is_host and not isinstance(order, FOR_ALL):
        return _refuse(room, one, NOT_POSSIBLE, "only hosts may do that")
    return _Giving(room, one, now, operator if one is None else one.who.number).give(order)


def roll_call(room: Room) -> tuple[Word, ...]:
    words: list[Word] = [len(room.participants), "conference/participants"]
    for each in sorted(room.participants.values(), key=lambda each: each.seat):
        words += ["conference/number", each.seat, *([each.who.name_sound] if each.who.name_sound else [])]
        if each.is_host:
            words.append("conference/host")
    return tuple(words[:SOUNDS_SPOKEN_MAX])


def _refuse(room: Room, one: Participant | None, prompt: str, reason: str) -> str:
    if one is not None:
        room.tell([one.call_id], prompt)
    return reason


class _Giving:
    """One order by `one` (None: an operator)."""

    def __init__(self, room: Room, one: Participant | None, now: float, by: str) -> None:
        self._room = room
        self._one = one
        self._now = now
        self._by = by

    def give(self, order: Order) -> str:
        match order:
            case MuteAll(is_on):
                return self._mute_all(is_on)
            case MuteOne(seat, is_on):
                return self._mute_one(seat, is_on)
            case Lock(is_on):
                return self._lock(is_on)
            case Lecture(is_on):
                return self._lecture(is_on)
            case Record(is_on):
                return self._record(is_on)
            case Remove(seat):
                return self._remove(seat)
            case End():
                return self._end()
            case CallIn(number):
                return self._call(number)
            case CallList():
                return self._call_list()
            case _:
                return "" if self._one is None else self._for_himself(order, self._one)

    def _for_himself(self, order: Order, one: Participant) -> str:
        room, me = self._room, [one.call_id]
        match order:
            case MuteSelf(is_on):
                self._mute_self(one, is_on)
            case Louder(db):
                one.gain_db = max(-GAIN_MAX_DB, min(GAIN_MAX_DB, one.gain_db + db))
                room.changed()
                room.tell(me, DONE_TONE)
            case HearLouder(db):
                one.hearing_gain_db = max(-GAIN_MAX_DB, min(GAIN_MAX_DB, one.hearing_gain_db + db))
                room.changed()
                room.tell(me, DONE_TONE)
            case TakeAside(seat):
                return self._take_aside(one, seat)
            case Return():
                return self._return(one)
            case Fetch(number):
                return self._fetch(one, number)
            case RollCall():
                room.tell(me, *roll_call(room))
            case Count():
                room.tell(me, len(room.participants), "conference/participants")
            case Help():
                room.tell(me, "conference/help-host" if one.is_host else "conference/help-guest")
            case Leave():
                room.dismiss(one, LeaveReason.LEFT, self._now)
            case _:
                pass
        return ""

    # Who is heard

    def _mute_self(self, one: Participant, is_on: bool | None) -> None:
        room = self._room
        one.is_muted = not one.is_muted if is_on is None else is_on
        room.changed()
        if not one.is_muted and not room.is_heard(one):
            room.tell([one.call_id], "conference/listen-only")
        else:
            room.tell([one.call_id], "conference/muted" if one.is_muted else "conference/unmuted")

    def _mute_all(self, is_on: bool | None) -> str:
        room = self._room
        room.is_quiet = not room.is_quiet if is_on is None else is_on
        for each in room.participants.values():
            if not each.is_host:
                each.is_silenced = room.is_quiet
                each.has_word = False
        room.changed()
        self._told_all("conference/all-muted" if room.is_quiet else "conference/all-unmuted")
        return self._noted("all muted" if room.is_quiet else "all unmuted")

    def _mute_one(self, seat: int, is_on: bool | None) -> str:
        room, other = self._room, self._room.by_seat(seat)
        if other is None:
            return _refuse(room, self._one, NOBODY, f"there is no participant {seat}")
        is_on = not (other.is_silenced or self._waits_for_word(other)) if is_on is None else is_on
        other.is_silenced = is_on
        other.has_word = not is_on
        room.changed()
        room.tell([other.call_id], "conference/muted-by-host" if is_on else "conference/unmuted-by-host")
        if self._one is not None and self._one is not other:
            words = "conference/is-muted" if is_on else "conference/is-unmuted"
            room.tell([self._one.call_id], *room.spoken_name(other), words)
        return self._noted(f"{'muted' if is_on else 'unmuted'} {seat}")

    def _waits_for_word(self, other: Participant) -> bool:
        return self._room.is_lecture and not other.is_host and not other.has_word

    def _lecture(self, is_on: bool | None) -> str:
        room = self._room
        room.is_lecture = not room.is_lecture if is_on is None else is_on
        for each in room.participants.values():
            each.has_word = False
        room.changed()
        self._told_all("conference/lecture-on" if room.is_lecture else "conference/lecture-off")
        return self._noted("lecture on" if room.is_lecture else "lecture off")

    # The room

    def _lock(self, is_on: bool | None) -> str:
        room = self._room
        room.is_locked = not room.is_locked if is_on is None else is_on
        self._told_hosts("conference/is-locked" if room.is_locked else "conference/is-unlocked")
        return self._noted("locked" if room.is_locked else "unlocked")

    def _record(self, is_on: bool | None) -> str:
        room = self._room
        is_on = not room.is_recording if is_on is None else is_on
        if is_on and room.terms.records == "never":
            return _refuse(room, self._one, NOT_POSSIBLE, "this room is never recorded (record in conferences.toml)")
        if is_on and not room.participants:
            return "nobody is there who could be recorded"
        room.record(is_on)
        return self._noted("recording on" if is_on else "recording off")

    def _end(self) -> str:
        self._noted("ended")
        self._room.end(LeaveReason.ENDED, self._now)
        return ""

    def _remove(self, seat: int | None) -> str:
        room = self._room
        if seat is None:
            others = [each for each in room.participants.values() if each is not self._one]
            other = others[-1] if others else None
        else:
            other = room.by_seat(seat)
        if other is None or other is self._one:
            return _refuse(room, self._one, NOBODY, f"there is no participant {seat}" if seat else "nobody is there")
        self._noted(f"removed {other.seat}")
        room.dismiss(other, LeaveReason.REMOVED, self._now)
        self._confirm(DONE_TONE)
        return ""

    # Private talks

    def _take_aside(self, one: Participant, seat: int) -> str:
        room, other = self._room, self._room.by_seat(seat)
        if other is None or other is one or other.place == WAITING:
            return _refuse(room, one, NOBODY, f"there is no participant {seat}")
        if other.place != MAIN:
            return _refuse(room, one, NOT_POSSIBLE, f"{seat} talks in private already")
        if one.place == MAIN and not self._has_aside_left():
            return _refuse(room, one, NOT_POSSIBLE, "too many talk in private already")
        movers = [other, one] if one.place == MAIN else [other]
        room.move(movers, room.free_aside() if one.place == MAIN else one.place)
        room.tell([each.call_id for each in movers], "conference/in-private")
        return self._noted(f"private talk with {seat}")

    def _return(self, one: Participant) -> str:
        room = self._room
        if one.place <= MAIN:
            return _refuse(room, one, NOT_POSSIBLE, "nobody talks in private")
        movers = room.in_place(one.place)
        room.give_up_fetch(one.place)
        room.move(movers, MAIN)
        room.tell([each.call_id for each in movers], "conference/back")
        return self._noted("back from a private talk")

    def _fetch(self, one: Participant, number: str) -> str:
        room = self._room
        if one.place == WAITING or (one.place == MAIN and not self._has_aside_left()):
            return _refuse(room, one, NOT_POSSIBLE, "too many talk in private already")
        if room.is_fetching(one.place):
            return _refuse(room, one, NOT_POSSIBLE, "somebody is being called already")
        aside = room.free_aside() if one.place == MAIN else one.place
        one.place = aside
        room.fetching(aside)
        room.put(CallWanted(number=number, by=one.call_id, aside=aside))
        return self._noted(f"fetches {number}")

    def _has_aside_left(self) -> bool:
        return len({each.place for each in self._room.participants.values() if each.place > MAIN}) < ASIDES_MAX

    # Calling

    def _call(self, number: str) -> str:
        room = self._room
        if len(room.participants) >= room.terms.maximum:
            return _refuse(room, self._one, "conference/is-full", "the conference is full")
        room.put(CallWanted(number=number, by=None if self._one is None else self._one.call_id))
        self._confirm("conference/calling")
        return self._noted(f"calls {number}")

    def _call_list(self) -> str:
        room = self._room
        here = {name for each in room.participants.values() for name in (each.who.number, each.who.account)}
        missing = [number for number in room.terms.participants if number not in here]
        if not missing:
            return _refuse(room, self._one, NOT_POSSIBLE, "the list is empty, or all of it are here")
        for number in missing:
            room.put(CallWanted(number=number, by=None if self._one is None else self._one.call_id))
        self._confirm("conference/calling")
        return self._noted("calls the list")

    # What is said

    def _confirm(self, *words: Word) -> None:
        if self._one is not None:
            self._room.tell([self._one.call_id], *words)

    def _told_all(self, *words: Word) -> None:
        self._tell(self._room.in_place(MAIN), words)

    def _told_hosts(self, *words: Word) -> None:
        self._tell(self._room.hosts, words)

    def _tell(self, hearers: Iterable[Participant], words: tuple[Word, ...]) -> None:
        self._room.tell([each.call_id for each in hearers], *words)

    def _noted(self, what: str) -> str:
        self._room.note(what, self._by, self._now)
        return ""
