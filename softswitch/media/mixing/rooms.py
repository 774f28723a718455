"""Conferences: which streams are in which room, and who speaks there.

A stream is in one room at a time, the one it was put into last. What the members hear is made in room_sums.py.
"""

from collections.abc import Iterable, Sequence

from softswitch.base.ids import RoomId, StreamId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.limits import ROOM_MEMBERS_MAX, ROOMS_MAX
from softswitch.media.mixing.room_sums import Seat
from softswitch.media.phase import Phase, Stream
from softswitch.media.protocol import Room, TalkersChanged

REPORT_AFTER_S = 0.2
"""Who speaks is told at most five times a second and room."""


class _Room:
    __slots__ = ("members", "reported_at", "room_id", "rows", "slot", "talkers")

    def __init__(self, room_id: RoomId, slot: int) -> None:
        self.room_id = room_id
        self.slot = slot
        self.members: dict[StreamId, Stream] = {}
        self.rows: tuple[int, ...] = ()
        """The members' rows of `Frames`."""
        self.talkers: list[StreamId] = []
        """As last reported."""
        self.reported_at = float("-inf")


class Rooms:
    """The rooms of a worker. Who hears a room must be told to the mixers again after each change of it."""

    __slots__ = ("_changed", "_frames", "_free_slots", "_phases", "_room_of", "_rooms", "_tables")

    def __init__(self, phases: Sequence[Phase], frames: Frames, tables: CodecTables) -> None:
        self._phases = phases
        self._frames = frames
        self._tables = tables
        self._rooms: dict[RoomId, _Room] = {}
        self._room_of: dict[StreamId, _Room] = {}
        self._free_slots = list(range(ROOMS_MAX - 1, -1, -1))
        self._changed: dict[int, _Room] = {}
        """Rooms, by slot, whose talkers are perhaps not those reported."""

    def ids(self) -> list[RoomId]:
        return list(self._rooms)

    def described(self) -> list[Room]:
        return [Room(room_id=room.room_id, members=list(room.members)) for room in self._rooms.values()]

    def rows(self, stream_id: StreamId) -> tuple[int, ...] | None:
        """All members of the room the stream is in, as rows of `Frames`; the same tuple for each of them."""
        room = self._room_of.get(stream_id)
        return None if room is None else room.rows

    def slot(self, room_id: RoomId) -> int | None:
        """The room's number in all phases."""
        room = self._rooms.get(room_id)
        return None if room is None else room.slot

    def put(self, room_id: RoomId, members: Iterable[Stream]) -> list[StreamId] | str:
        """The room has these members from now on. Returns who is affected, or why it cannot be done."""
        wanted = {stream.description.stream_id: stream for stream in members}
        room = self._rooms.get(room_id)
        if len(wanted) > ROOM_MEMBERS_MAX:
            return f"a room has at most {ROOM_MEMBERS_MAX} members, not {len(wanted)}"
        if room is None:
            if not self._free_slots:
                return f"this worker has {ROOMS_MAX} rooms already: start more workers"
            room = self._rooms[room_id] = _Room(room_id, self._free_slots.pop())
        if room.members == wanted:
            return []
        affected = {**room.members, **wanted}
        for stream_id in room.members.keys() - wanted.keys():
            del self._room_of[stream_id]
        for stream_id in wanted:
            before = self._room_of.get(stream_id)
            if before is not None and before is not room:
                del before.members[stream_id]
                affected.update(before.members)
                self._settle(before)
            self._room_of[stream_id] = room
        room.members = wanted
        self._settle(room)
        return list(affected)

    def drop(self, room_id: RoomId) -> list[StreamId]:
        """Returns who was in it."""
        room = self._rooms.pop(room_id, None)
        if room is None:
            return []
        members = list(room.members)
        for stream_id in members:
            del self._room_of[stream_id]
        room.members = {}
        self._settle(room)
        self._changed.pop(room.slot, None)
        self._free_slots.append(room.slot)
        return members

    def leave(self, stream_id: StreamId) -> list[StreamId]:
        """The stream is closed; its frame is silent already. Returns who is left."""
        room = self._room_of.pop(stream_id, None)
        if room is None:
            return []
        del room.members[stream_id]
        self._settle(room)
        return list(room.members)

    def stream_changed(self, stream_id: StreamId) -> None:
        """A member has another codec, or is or was deaf."""
        room = self._room_of.get(stream_id)
        if room is not None:
            self._settle(room)

    def take_talkers(self, phase: Phase, now: float) -> list[TalkersChanged]:
        """What is to be told after a tick of the phase."""
        changed = phase.mixer.rooms.changed
        if changed:
            self._changed.update((room.slot, room) for room in self._rooms.values() if room.slot in changed)
            changed.clear()
        if not self._changed:
            return []
        events: list[TalkersChanged] = []
        for room in list(self._changed.values()):
            if now - room.reported_at < REPORT_AFTER_S:
                continue
            del self._changed[room.slot]
            talkers = [
                stream_id for stream_id, stream in room.members.items() if self._frames.is_talking[stream.frame_row]
            ]
            if talkers != room.talkers:
                room.talkers = talkers
                room.reported_at = now
                events.append(TalkersChanged(room.room_id, list(talkers)))
        return events

    def _settle(self, room: _Room) -> None:
        """Tell the phases who is in the room now."""
        room.rows = tuple(stream.frame_row for stream in room.members.values())
        for phase in self._phases:
            seats = [_seat(stream, self._tables) for stream in room.members.values() if stream.phase is phase]
            phase.mixer.rooms.put(room.slot, seats, self._frames, self._tables)
        if room.talkers:
            self._changed[room.slot] = room


def _seat(stream: Stream, tables: CodecTables) -> Seat:
    codec = tables.law(stream.description.codec)
    return Seat(stream.frame_row, stream.row, codec, not stream.description.is_deaf)
