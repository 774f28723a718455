"""One conference, from whoever comes first to the end: who is in it, where, and who is heard. A pure state machine.

| state of the room | what it means                                   | leaves it by                               |
|-------------------|-------------------------------------------------|--------------------------------------------|
| not open          | guests wait with music: it waits for the host   | a host comes: all come in                  |
| open              | whoever comes is in it                          | `End`, a host who stays away, all leave    |
| abandoned         | its last host has left, and it ends with him    | he comes back: open; his time is up: ended |
| empty             | all have left by themselves, and may come back  | somebody comes; `rejoin_s` is over: closed |
| closed            | nobody is in it, its minutes are complete       |                                            |

| place of a participant | whom he hears and who hears him                                                          |
|------------------------|------------------------------------------------------------------------------------------|
| waiting                | nobody; music                                                                            |
| main                   | all who are in it; music while he is alone there                                         |
| a private talk         | those in it; ringing while the one he fetches is called. Who is left alone comes back    |

| a guest in main is heard unless   | and who lets him speak again                                            |
|-----------------------------------|-------------------------------------------------------------------------|
| he has muted himself              | he himself                                                              |
| a host has muted him, or all      | a host, him or all                                                      |
| it is a lecture                   | a host gives him the word, or ends the lecture                          |

A host is heard unless he has muted himself, or another host him. In a private talk only who mutes himself is not heard.
Who comes back within `rejoin_s` has his number of the roll call and his role again; who was removed, or was in it when
it ended, is a stranger.

Times are monotonic seconds; `wall_offset` makes times of day of them, for the minutes. What orders do is in
carrying_out.py.
"""

from collections.abc import Collection, Iterable

from softswitch.base.ids import CallId
from softswitch.calls.conferences.limits import EVENTS_MAX, FORMER_MAX, STAYS_MAX
from softswitch.calls.conferences.outputs import (
    Background,
    Closed,
    Dismissed,
    FetchDropped,
    MinutesChanged,
    Placed,
    RecordingWanted,
    RoomOutput,
    Told,
    Word,
)
from softswitch.calls.conferences.participant import MAIN, WAITING, Former, Newcomer, Participant
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason, Role, RoomTerms
from softswitch.calls.kept.kept_conference import KeptRoom
from softswitch.store.conference_schema import StoredConferenceEvent, StoredMinutes, StoredStay

_KEPT_AS_THEY_ARE = (
    "started_at", "wall_offset", "is_open", "is_locked", "is_lecture", "is_quiet", "is_recording", "end_reason",
)  # fmt: skip
"""What `KeptRoom` has of a room by the same names."""

JOIN_TONE = "tone:660/120,880/160"
LEAVE_TONE = "tone:880/120,660/160"
"""Up for who comes, down for who goes, in the way of door bells."""


class Room:
    __slots__ = (
        "_empty_until", "_events", "_fetching", "_former", "_host_gone_at", "_is_closed", "_last_left_at", "_outputs",
        "_stays", "_stays_left_out", "conference_id", "end_reason", "is_lecture", "is_locked", "is_open", "is_quiet",
        "is_recording", "participants", "recordings", "started_at", "terms", "wall_offset",
    )  # fmt: skip

    def __init__(self, conference_id: str, terms: RoomTerms, now: float, *, wall_offset: float) -> None:
        self.conference_id = conference_id
        self.terms = terms
        self.started_at = now
        self.wall_offset = wall_offset
        self.participants: dict[CallId, Participant] = {}
        """In the order they came."""
        self.is_open = False
        self.is_locked = False
        self.is_lecture = False
        self.is_quiet = False
        """All guests are muted, those who come later too."""
        self.is_recording = False
        self.recordings: list[str] = []
        """Paths, for the minutes."""
        self.end_reason = ""
        self._former: dict[str, Former] = {}
        """By identity."""
        self._fetching: set[int] = set()
        """Private talks for which somebody is being called."""
        self._host_gone_at: float | None = None
        """When it ends, unless a host comes."""
        self._empty_until: float | None = None
        self._last_left_at = now
        self._is_closed = False
        self._stays: list[StoredStay] = []
        self._stays_left_out = 0
        self._events: list[StoredConferenceEvent] = []
        self._outputs: list[RoomOutput] = []
        self._begin_anew()

    # Outliving the switch

    def keep(self) -> KeptRoom:
        return KeptRoom(
            participants=tuple(each.keep() for each in self.participants.values()),
            former=tuple(each.keep_former() for each in self._former.values()),
            host_gone_at=self._host_gone_at,
            empty_until=self._empty_until,
            last_left_at=self._last_left_at,
            stays=list(self._stays),
            stays_left_out=self._stays_left_out,
            events=list(self._events),
            recordings=list(self.recordings),
            **{name: getattr(self, name) for name in _KEPT_AS_THEY_ARE},
        )

    @classmethod
    def adopted(cls, conference_id: str, terms: RoomTerms, kept: KeptRoom) -> "Room":
        """As it was in the switch before; who was being called for it is not any more."""
        room = cls(conference_id, terms, kept.started_at, wall_offset=kept.wall_offset)
        for name in _KEPT_AS_THEY_ARE:
            setattr(room, name, getattr(kept, name))
        room.participants = {each.who.call_id: Participant.adopted(each) for each in kept.participants}
        former = [Former.of_before(each) for each in kept.former]
        room._former = {each.identity: each for each in former}
        room._host_gone_at, room._empty_until = kept.host_gone_at, kept.empty_until
        room._last_left_at = kept.last_left_at
        room._stays, room._stays_left_out = list(kept.stays), kept.stays_left_out
        room._events, room.recordings = list(kept.events), list(kept.recordings)
        room._settle()
        return room

    # Inputs: who comes and goes

    def refusal(self, role: Role, identity: str, now: float, *, is_called: bool = False) -> JoinRefusal | None:
        """Why somebody could not come in now. A lock is not meant for those who were called."""
        if len(self.participants) >= self.terms.maximum:
            return JoinRefusal.FULL
        if self.is_locked and not is_called and role is not Role.HOST and self.former(identity, now) is None:
            return JoinRefusal.LOCKED
        return None

    def join(self, who: Newcomer, now: float, *, aside: int | None = None) -> JoinRefusal | None:
        """Come in, into the private talk `aside` if that goes on; None, or why not."""
        refusal = self.refusal(who.role, who.identity, now, is_called=who.is_called)
        if refusal is not None:
            return refusal
        former = self._take_former(who.identity, now)
        self._empty_until = None
        is_host = who.role is Role.HOST
        place = MAIN if self.is_open or is_host else WAITING
        if aside is not None and aside in self._fetching:
            self._fetching.discard(aside)
            place = aside
        newcomer = Participant(who, self._free_seat(former), place, now)
        newcomer.is_silenced = self.is_quiet and not is_host
        others = [each.call_id for each in self.participants.values() if each.place == MAIN]
        self.participants[who.call_id] = newcomer
        if is_host:
            self._host_is_here()
        self._greet(newcomer)
        if place == MAIN:
            self._announce(newcomer, JOIN_TONE, "conference/has-joined", others)
        self._start_recording_if_always()
        self._settle()
        return None

    def leave(self, call_id: CallId, reason: LeaveReason, now: float) -> None:
        """He has gone; nothing happens if he is not in it."""
        gone = self.participants.pop(call_id, None)
        if gone is None:
            return
        self._gone(gone, reason, now)
        if gone.place == MAIN:
            others = [each.call_id for each in self.participants.values() if each.place == MAIN]
            self._announce(gone, LEAVE_TONE, "conference/has-left", others)
        elif gone.place > MAIN and not self.in_place(gone.place):
            self._drop_fetch(gone.place)
        if not self.participants:
            self._all_have_left(now)
        elif gone.is_host and not self.hosts and self.terms.ends_with_host:
            self._abandoned(now)
        self._settle()

    def rename(self, call_id: CallId, number: str, name: str, account: str, now: float) -> None:
        """Somebody else has his seat now, and is what he was; nothing happens if it is still he."""
        one = self.participants.get(call_id)
        if one is None or (one.who.number, one.who.account) == (number, account):
            return
        one.talks(False, now)
        self._keep_stay(one, LeaveReason.REPLACED, now)
        one.who = Newcomer(call_id, one.role, number=number, name=name, account=account)
        one.joined_at, one.talk_s = now, 0.0
        self._outputs.append(MinutesChanged())

    def talkers(self, place: int, call_ids: Collection[CallId], now: float) -> None:
        """Those, and nobody else in that place, talk now."""
        for each in self.participants.values():
            if each.place == place:
                each.talks(each.call_id in call_ids, now)

    # Inputs: what orders come to (carrying_out.py)

    def dismiss(self, one: Participant, reason: LeaveReason, now: float) -> None:
        """Have him go."""
        self._outputs.append(Dismissed(one.call_id, reason))
        self.leave(one.call_id, reason, now)

    def end(self, reason: LeaveReason, now: float) -> None:
        """For all; nobody comes back without a PIN."""
        self.end_reason = self.end_reason or reason.value
        self._former.clear()
        for each in list(self.participants.values()):
            del self.participants[each.call_id]
            self._gone(each, reason, now)
            self._outputs.append(Dismissed(each.call_id, reason))
        for aside in list(self._fetching):
            self._drop_fetch(aside)
        self._all_have_left(now)

    def stop(self, reason: str, now: float) -> None:
        """The switch stops: whoever is left is hung up by others."""
        self.end_reason = self.end_reason or reason
        self.end(LeaveReason.ENDED, now)

    def move(self, participants: Iterable[Participant], place: int) -> None:
        for each in participants:
            each.place = place
        self._settle()

    def record(self, is_on: bool) -> None:
        if is_on == self.is_recording:
            return
        self.is_recording = is_on
        self._outputs.append(RecordingWanted(is_on))
        listeners = [each.call_id for each in self.participants.values() if each.place != WAITING]
        self.tell(listeners, "conference/recording-on" if is_on else "conference/recording-off")

    def fetching(self, aside: int) -> None:
        """Somebody is being called for this private talk."""
        self._fetching.add(aside)
        self._settle()

    def give_up_fetch(self, aside: int) -> None:
        """Whoever is called for this private talk is not to come."""
        self._drop_fetch(aside)

    def fetch_failed(self, aside: int, why: str) -> None:
        """He has not come, and those who wait for him are told `why` (a prompt)."""
        if aside in self._fetching:
            self._fetching.discard(aside)
            self.tell([each.call_id for each in self.in_place(aside)], why)
            self._settle()

    def tell(self, call_ids: Iterable[CallId], *words: Word) -> None:
        hearers = tuple(call_ids)
        if hearers and words:
            self._outputs.append(Told(hearers, words))

    def put(self, output: RoomOutput) -> None:
        self._outputs.append(output)

    def note(self, what: str, by: str, now: float) -> None:
        """For the minutes."""
        if len(self._events) < EVENTS_MAX:
            self._events.append(StoredConferenceEvent(at=now + self.wall_offset, what=what, by=by))

    def changed(self) -> None:
        """Who is heard, or where, has changed."""
        self._settle()

    # Time

    def next_timeout(self) -> float | None:
        return min((at for at in (self._host_gone_at, self._empty_until) if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        if self._host_gone_at is not None and self._host_gone_at <= now:
            self.end(LeaveReason.HOST_LEFT, now)
        if self._empty_until is not None and self._empty_until <= now:
            self._close()

    # Outputs

    def take_outputs(self) -> list[RoomOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Getters

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def hosts(self) -> list[Participant]:
        return [each for each in self.participants.values() if each.is_host]

    def is_fetching(self, place: int) -> bool:
        return place in self._fetching

    def in_place(self, place: int) -> list[Participant]:
        return [each for each in self.participants.values() if each.place == place]

    def by_seat(self, seat: int) -> Participant | None:
        return next((each for each in self.participants.values() if each.seat == seat), None)

    def former(self, identity: str, now: float) -> Former | None:
        """Who has left a moment ago, and may come in without a PIN."""
        former = self._former.get(identity) if identity else None
        return former if former is not None and former.until > now else None

    def is_heard(self, one: Participant) -> bool:
        if one.is_muted:
            return False
        if one.place != MAIN:
            return True
        return not one.is_silenced and (one.is_host or one.has_word or not self.is_lecture)

    def free_aside(self) -> int:
        taken = {each.place for each in self.participants.values()} | self._fetching
        return next(place for place in range(MAIN + 1, len(taken) + 3) if place not in taken)

    def spoken_name(self, one: Participant) -> tuple[Word, ...]:
        """What he said as his name, or else his number in the roll call."""
        return (one.who.name_sound,) if one.who.name_sound else ("conference/participant", one.seat)

    def minutes(self, now: float) -> StoredMinutes:
        present = tuple(each.stay(now, self.wall_offset, None) for each in self.participants.values())
        return StoredMinutes(
            conference_id=self.conference_id,
            room_id=self.terms.room_id,
            name=self.terms.name,
            project=self.terms.project,
            started_at=self.started_at + self.wall_offset,
            ended_at=self._last_left_at + self.wall_offset if self._is_closed else 0.0,
            stays=(*self._stays, *present),
            stays_left_out=self._stays_left_out,
            events=tuple(self._events),
            recordings=tuple(self.recordings),
            end_reason=(self.end_reason or "all left") if self._is_closed else "",
        )

    # Private

    def _begin_anew(self) -> None:
        self.is_open = not self.terms.waits_for_host or not self.terms.has_hosts
        self.is_lecture = self.terms.is_lecture
        self.is_locked = self.is_quiet = False

    def _free_seat(self, former: Former | None) -> int:
        taken = {each.seat for each in self.participants.values()}
        if former is not None and former.seat not in taken:
            return former.seat
        taken |= {each.seat for each in self._former.values()}
        return next(seat for seat in range(1, len(taken) + 2) if seat not in taken)

    def _take_former(self, identity: str, now: float) -> Former | None:
        former = self.former(identity, now)
        if former is not None:
            del self._former[identity]
        return former

    def _host_is_here(self) -> None:
        self._host_gone_at = None
        if self.is_open:
            return
        self.is_open = True
        waiting = self.in_place(WAITING)
        for each in waiting:
            each.place = MAIN
        self.tell([each.call_id for each in waiting], "conference/host-has-joined")

    def _greet(self, newcomer: Participant) -> None:
        if newcomer.place == WAITING:
            self.tell([newcomer.call_id], "conference/wait-for-host")
            return
        words: list[Word] = []
        if newcomer.place == MAIN and len(self.in_place(MAIN)) == 1:
            words.append("conference/you-are-first")
        if self.is_recording:
            words.append("conference/is-recorded")
        if not self.is_heard(newcomer):
            words.append("conference/listen-only")
        self.tell([newcomer.call_id], *words)

    def _announce(self, one: Participant, tone: str, words: str, hearers: Iterable[CallId]) -> None:
        match self.terms.announces:
            case "names":
                self.tell(hearers, tone, *self.spoken_name(one), words)
            case "tones":
                self.tell(hearers, tone)
            case "nothing":
                pass

    def _start_recording_if_always(self) -> None:
        if self.terms.records == "always" and not self.is_recording and self.in_place(MAIN):
            self.record(True)

    def _gone(self, one: Participant, reason: LeaveReason, now: float) -> None:
        one.talks(False, now)
        self._last_left_at = now
        self._keep_stay(one, reason, now)
        identity = one.who.identity
        if reason in (LeaveReason.HUNG_UP, LeaveReason.LEFT) and identity and self.terms.rejoin_s:
            self._former = {each: former for each, former in self._former.items() if former.until > now}
            if len(self._former) >= FORMER_MAX:
                del self._former[next(iter(self._former))]
            self._former[identity] = Former(one.who, one.seat, now + self.terms.rejoin_s)

    def _keep_stay(self, one: Participant, reason: LeaveReason, now: float) -> None:
        self._stays.append(one.stay(now, self.wall_offset, reason))
        if len(self._stays) > STAYS_MAX:
            del self._stays[0]
            self._stays_left_out += 1

    def _abandoned(self, now: float) -> None:
        if not self.terms.host_grace_s:
            self.end(LeaveReason.HOST_LEFT, now)
            return
        self._host_gone_at = now + self.terms.host_grace_s
        self.tell(self.participants, "conference/host-has-left")

    def _drop_fetch(self, aside: int) -> None:
        if aside in self._fetching:
            self._fetching.discard(aside)
            self._outputs.append(FetchDropped(aside))

    def _all_have_left(self, now: float) -> None:
        self._host_gone_at = None
        if self.is_recording:
            self.is_recording = False
            self._outputs.append(RecordingWanted(False))
        self._begin_anew()
        until = max((each.until for each in self._former.values()), default=now)
        if until > now:
            self._empty_until = until
            self._outputs.append(MinutesChanged())
        else:
            self._close()

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._empty_until = None
            self._outputs += [MinutesChanged(), Closed()]

    def _settle(self) -> None:
        """Whoever is alone in a private talk comes back; what others hear of whom may have changed."""
        if self._is_closed:
            return
        for each in self.participants.values():
            if each.place > MAIN and each.place not in self._fetching and len(self.in_place(each.place)) == 1:
                each.place = MAIN
                self.tell([each.call_id], "conference/back")
        in_main = len(self.in_place(MAIN))
        for each in self.participants.values():
            background: Background = ""
            if each.place == WAITING or (each.place == MAIN and in_main == 1):
                background = "music"
            elif each.place > MAIN and len(self.in_place(each.place)) == 1:
                background = "ringback"
            placed = Placed(
                call_id=each.call_id,
                place=None if each.place == WAITING else each.place,
                background=background,
                is_muted=not self.is_heard(each),
                gain_db=each.gain_db,
                hearing_gain_db=each.hearing_gain_db,
            )
            if placed != each.placed:
                each.placed = placed
                self._outputs.append(placed)
        if self._outputs and not isinstance(self._outputs[-1], MinutesChanged) and self.participants:
            self._outputs.append(MinutesChanged())
