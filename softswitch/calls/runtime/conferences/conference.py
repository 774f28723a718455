"""One conference in the running switch: its room (calls/conferences/room.py) with streams, calls, a recording, a timer.

All its streams are on one media worker. Which one is decided by a stream that belongs to nobody, opened with the
conference: it neither sends nor hears, and is there as long as the conference is, whoever comes and goes. When the
worker dies it is described anew with all its streams, rooms and the recording, and everything goes on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from softswitch.acd.runtime.timers import TimerHandle
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, RecordingId, RoomId, StreamId
from softswitch.base.log import get_logger
from softswitch.calls.conferences.carrying_out import carry_out
from softswitch.calls.conferences.invitations import CallResult, Invitation, Invitations
from softswitch.calls.conferences.orders import Order
from softswitch.calls.conferences.outputs import (
    CallWanted,
    Closed,
    Dismissed,
    FetchDropped,
    MinutesChanged,
    Placed,
    RecordingWanted,
    RoomOutput,
    Told,
)
from softswitch.calls.conferences.participant import Newcomer
from softswitch.calls.conferences.room import Room
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason, RoomTerms
from softswitch.calls.kept.kept_conference import KeptConference
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import adopt_stream
from softswitch.calls.runtime.conferences.member import Member
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.told.call_events import ConferenceJoined, ConferenceLeft
from softswitch.media.protocol import Recording
from softswitch.media.recording.recording import recording_path
from softswitch.media.runtime.client import MediaStream
from softswitch.media.runtime.media_room import MediaRoom
from softswitch.store.conference_schema import StoredMinutes
from softswitch.store.schema import StoredRecording

log = get_logger("calls")

_NOT_THERE: dict[CallResult, str] = {
    "refused": "did not want to come",
    "not_reached": "was not reached",
    "not_possible": "could not be called",
}
"""What minutes say of somebody who was called and has not come."""
LOOK_AGAIN_S = 1.0


class Keeper(Protocol):
    """Who keeps all conferences (conferences.py)."""

    def changed(self, conference: "Conference") -> None:
        """What is kept of it for the next switch is to be written soon."""
        ...

    def talked(self, conference: "Conference") -> None:
        """The same, but not so soon: others talk in it than before."""
        ...

    def minutes_changed(self, minutes: StoredMinutes) -> None: ...
    def room_opened(self, conference: "Conference", room_id: RoomId) -> None: ...
    def room_closed(self, room_id: RoomId) -> None: ...
    def call(self, conference: "Conference", invitation: Invitation) -> None:
        """Call somebody; `Conference.called` is told what came of it."""
        ...

    def hang_up(self, conference: "Conference", number: str) -> None:
        """That call is not wanted any more."""
        ...

    def closed(self, conference: "Conference") -> None: ...


class Conference:
    """`enter` before anybody joins, and `left` in any case afterwards."""

    def __init__(
        self,
        key: str,
        terms: RoomTerms,
        around: Surroundings,
        keeper: Keeper,
        loop: asyncio.AbstractEventLoop,
        kept: KeptConference | None = None,
    ) -> None:
        """With `kept` it went on in the switch before; `adopt` it then, at once."""
        clock = around.clock
        self.key = key
        self.terms = terms
        if kept is None:
            self.conference_id = f"conf-{around.entropy.token(64)}"
            self.room = Room(self.conference_id, terms, clock.now(), wall_offset=clock.wall() - clock.now())
        else:
            self.conference_id = kept.conference_id
            self.room = Room.adopted(kept.conference_id, terms, kept.room)
        self.invitations = Invitations(attempts=terms.attempts, retry_s=terms.retry_s)
        self.members: dict[CallId, Member] = {}
        self.names: set[str] = set()
        """Paths of what people have said as their names."""
        self.anchor: MediaStream | None = None
        """The stream that belongs to nobody."""
        self._around = around
        self._keeper = keeper
        self._loop = loop
        self._opening = asyncio.Lock()
        self._visitors = 0
        """Who is about to come in, or in it."""
        self._media_rooms: dict[int, MediaRoom] = {}
        """By place."""
        self._talking: dict[RoomId, int] = {}
        """Places, by their rooms at the media worker."""
        self._recording: Recording | None = None
        self._recordings = 0
        self._timer: TimerHandle | None = None
        self._is_over = False
        around.records.conference_began(CallId(self.conference_id))

    @property
    def is_over(self) -> bool:
        return self._is_over

    # Outliving the switch

    def keep(self, boot_id: str) -> KeptConference:
        return KeptConference(
            boot_id=boot_id,
            conference_id=self.conference_id,
            key=self.key,
            terms=self.terms,
            room=self.room.keep(),
            anchor=None if self.anchor is None else self.anchor.keep(),
            media_rooms={place: room.room_id for place, room in self._media_rooms.items()},
            recording=self._recording,
            recordings=self._recordings,
            names=sorted(self.names),
            members=tuple(member.keep() for member in self.members.values()),
        )

    def adopt(self, kept: KeptConference, calls: Mapping[CallId, ActiveCall]) -> None:
        """Go on with those of its members whose calls go on; all others have hung up."""
        around = self._around
        self.names = set(kept.names)
        if kept.anchor is not None:
            self.anchor = adopt_stream(around.media, kept.anchor)
        for each in kept.members:
            call, participant = calls.get(each.call_id), self.room.participants.get(each.call_id)
            if call is None or participant is None or call.caller.stream is None:
                continue
            member = self.members[each.call_id] = Member(call, self)
            member.adopt(each, participant.placed)
            self._visitors += 1
        anchor = self.anchor
        for place, room_id in kept.media_rooms.items():
            if anchor is None:
                break
            streams = [
                member.stream for member in self.members.values() if member.place == place and member.stream is not None
            ]
            room = around.media.adopt_room(room_id, anchor.worker, streams)
            self._media_rooms[place] = room
            self._talking[room.room_id] = place
            self._keeper.room_opened(self, room.room_id)
        self._recordings, self._recording = kept.recordings, kept.recording
        if kept.recording is not None:
            around.records.recording_adopted(self._entry(kept.recording))
            around.media.adopt_recording(kept.recording)
        for call_id in [call_id for call_id in self.room.participants if call_id not in self.members]:
            self.room.leave(call_id, LeaveReason.HUNG_UP, around.clock.now())
            self._tell_left(call_id, LeaveReason.HUNG_UP)
        self._carry_out()

    # Who comes and goes

    async def enter(self) -> MediaStream:
        """Somebody is about to come in. The stream beside which his must be. Raises `MediaUnavailable`."""
        self._visitors += 1
        async with self._opening:
            if self.anchor is None and not self._is_over:
                self.anchor = await self._around.media.open_stream(CallId(self.conference_id))
        if self._is_over or self.anchor is None:
            if self.anchor is not None:
                self.anchor.drop()
            raise LocalError("the conference is over")
        return self.anchor

    def left(self) -> None:
        """He has gone, or has not come in after all."""
        self._visitors -= 1
        self.close_if_unused()

    def join(self, member: Member, who: Newcomer, *, aside: int | None = None) -> JoinRefusal | None:
        refusal = self.room.join(who, self._around.clock.now(), aside=aside)
        if refusal is None:
            self.members[who.call_id] = member
            self._tell_joined(who)
            log.info("conference joined", conference=self.key, call_id=who.call_id, role=who.role.value)
        else:
            log.info("conference refused", conference=self.key, call_id=who.call_id, reason=refusal.value)
        self._carry_out()
        return refusal

    def leave(self, call_id: CallId) -> None:
        """He has hung up, or is gone otherwise; nothing happens if he was dismissed before."""
        if self.members.pop(call_id, None) is not None:
            self._tell_left(call_id, LeaveReason.HUNG_UP)
        self.room.leave(call_id, LeaveReason.HUNG_UP, self._around.clock.now())
        self._carry_out()

    def order(self, order: Order, by: CallId | None, *, operator: str = "") -> str:
        """ "" if it was done, or why not, for people."""
        refusal = carry_out(self.room, order, by, self._around.clock.now(), operator=operator)
        self._carry_out()
        return refusal

    def stop(self, reason: str) -> None:
        """It is over for reasons of the switch's; those who are left are dismissed."""
        self.room.stop(reason, self._around.clock.now())
        self._carry_out()

    def members_changed(self) -> None:
        """A stream has come in the place of another."""
        self._set_members()

    def renamed(self, call: ActiveCall) -> None:
        """Perhaps somebody else is the call's caller now."""
        number, name = call.caller_identity
        account = "" if call.caller.extension is None else call.caller.extension.username
        self.room.rename(call.call_id, number, name, account, self._around.clock.now())
        self._carry_out()

    # Calls to the outside

    def called(self, number: str, result: CallResult, why: str) -> None:
        """What came of a call to somebody; `why` is the prompt for a host who has waited for him."""
        invitation = self.invitations.calling.get(number)
        self.invitations.ended(number, result, self._around.clock.now())
        log.info("conference call", conference=self.key, number=number, result=result)
        if result in _NOT_THERE:
            self.room.note(f"{number} {_NOT_THERE[result]}", "switch", self._around.clock.now())
        if invitation is not None and result != "joined":
            if invitation.aside is not None:
                self.room.fetch_failed(invitation.aside, why)
            elif invitation.by is not None and number not in self.invitations.waiting:
                self.room.tell([call_id for call_id in (invitation.by,) if call_id in self.room.participants], why)
        self._carry_out()
        self.close_if_unused()

    # What happens

    def talkers(self, room_id: RoomId, streams: Sequence[StreamId]) -> None:
        """They talk now in one of its rooms, and nobody else there."""
        place = self._talking.get(room_id)
        if place is not None:
            talking = {
                call_id
                for call_id, member in self.members.items()
                if member.stream is not None and member.stream.stream_id in streams
            }
            self.room.talkers(place, talking, self._around.clock.now())
            self._keeper.talked(self)

    # Private

    def _carry_out(self) -> None:
        """What the room says, until it says no more."""
        while outputs := self.room.take_outputs():
            for output in outputs:
                self._do(output)
        self._set_members()
        self._arm()
        if not self._is_over:
            self._keeper.changed(self)

    def _do(self, output: RoomOutput) -> None:
        match output:
            case Placed():
                member = self.members.get(output.call_id)
                if member is not None:
                    member.placed(output)
            case Told(call_ids, words):
                for member in [self.members[call_id] for call_id in call_ids if call_id in self.members]:
                    member.tell(words)
            case Dismissed(call_id, reason):
                member = self.members.pop(call_id, None)
                if member is not None:
                    self._tell_left(call_id, reason)
                    member.dismissed(reason)
            case RecordingWanted(is_on):
                self._start_recording() if is_on else self._stop_recording()
            case CallWanted():
                invitation = Invitation(number=output.number, by=output.by, aside=output.aside)
                if self.invitations.invite(invitation):
                    self._keeper.call(self, invitation)
                elif output.aside is not None:
                    self.room.fetch_failed(output.aside, "conference/not-possible")
            case FetchDropped(aside):
                fetched = self.invitations.fetched_for(aside)
                if fetched is not None:
                    self._keeper.hang_up(self, fetched.number)
            case MinutesChanged():
                self._keeper.minutes_changed(self.room.minutes(self._around.clock.now()))
            case Closed():
                self._close()

    def _tell_joined(self, who: Newcomer) -> None:
        event = ConferenceJoined(
            self._around.clock.now(),
            self.conference_id,
            self.key,
            who.call_id,
            number=who.number,
            name=who.name,
            role=who.role.value,
        )
        self._around.tell(event, self.terms.project)

    def _tell_left(self, call_id: CallId, reason: LeaveReason) -> None:
        event = ConferenceLeft(self._around.clock.now(), self.conference_id, self.key, call_id, reason=reason.value)
        self._around.tell(event, self.terms.project)

    def _set_members(self) -> None:
        """Let those hear each other who are in one place."""
        anchor = self.anchor
        if anchor is None or self._is_over:
            return
        wanted: dict[int, list[MediaStream]] = {}
        for member in self.members.values():
            if member.place is not None and member.stream is not None and member.stream.worker == anchor.worker:
                wanted.setdefault(member.place, []).append(member.stream)
        if self._recording is not None:
            wanted.setdefault(0, [])
        for place in [place for place in self._media_rooms if place not in wanted]:
            room = self._media_rooms.pop(place)
            del self._talking[room.room_id]
            self._keeper.room_closed(room.room_id)
            room.drop()
        for place, streams in wanted.items():
            room = self._media_room(place, anchor)
            if room.members != streams:
                room.set_members(*streams)

    def _media_room(self, place: int, anchor: MediaStream) -> MediaRoom:
        room = self._media_rooms.get(place)
        if room is None:
            room = self._media_rooms[place] = self._around.media.open_room(anchor)
            self._talking[room.room_id] = place
            self._keeper.room_opened(self, room.room_id)
        return room

    def _start_recording(self) -> None:
        anchor, around = self.anchor, self._around
        if anchor is None or self._recording is not None:
            return
        self._recordings += 1
        wall = around.clock.wall()
        name = CallId(f"{self.conference_id}-{self._recordings}")
        recording = Recording(
            recording_id=RecordingId(around.entropy.token(96)),
            call_id=CallId(self.conference_id),
            path=recording_path(around.settings().recordings_directory, wall, name),
            left=anchor.stream_id,
            right=None,
            started_at=around.clock.now(),
            room=self._media_room(0, anchor).room_id,
        )
        self._recording = recording
        self.room.recordings.append(recording.path)
        around.records.recording_started(self._entry(recording))
        around.media.start_recording(recording)

    def _entry(self, recording: Recording) -> StoredRecording:
        """What the index is to say of it, as far as it is known."""
        return StoredRecording(
            recording_id=recording.recording_id,
            call_id=recording.call_id,
            path=recording.path,
            started_at=recording.started_at + self.room.wall_offset,
            duration_s=0.0,
            size_bytes=0,
            calling_number=self.terms.number,
            call_started_at=self.room.started_at + self.room.wall_offset,
            project=self.terms.project,
        )

    def _stop_recording(self) -> None:
        if self._recording is not None:
            self._around.media.stop_recording(self._recording.recording_id)
            self._recording = None

    def close_if_unused(self) -> None:
        """Nobody has come in, and nobody is about to."""
        is_used = self._visitors or self.members or self.room.next_timeout() is not None or self.invitations.waiting
        if not is_used and not self._is_over:
            self.stop("all left")

    def _close(self) -> None:
        self._is_over = True
        self.invitations.give_up()
        for number in list(self.invitations.calling):
            self._keeper.hang_up(self, number)
        self._stop_recording()
        for room in self._media_rooms.values():
            self._keeper.room_closed(room.room_id)
            room.drop()
        self._media_rooms.clear()
        self._talking.clear()
        if self.anchor is not None:
            self.anchor.drop()
            self.anchor = None
        self._around.records.conference_ended(CallId(self.conference_id))
        self._keeper.closed(self)

    # Time

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = [at for at in (self.room.next_timeout(), self.invitations.next_timeout()) if at is not None]
        if due and not self._is_over:
            self._timer = self._loop.call_later(max(0.0, min(due) - self._around.clock.now()), self._time_is_up)

    def _time_is_up(self) -> None:
        """A room that is empty does not close before whoever is about to come in is there."""
        self._timer = None
        now = self._around.clock.now()
        for invitation in self.invitations.take_due(now):
            self._keeper.call(self, invitation)
        if self.members or not self._visitors:
            self.room.handle_timeout(now)
            self._carry_out()
        else:
            self._timer = self._loop.call_later(LOOK_AGAIN_S, self._time_is_up)
