"""What one worker should be doing: the sum of all commands it was given, and the packets that carry them.

The switch keeps one description for each worker. While the worker is connected every command changes the description
and is sent; when a worker comes (back), the description itself is sent. So nothing need be remembered about what was
lost in between.
"""

from collections.abc import Iterable, Sequence

import msgspec

from softswitch.base.ids import FeedId, RecordingId, RoomId, StreamId
from softswitch.media.feeds.feed import Feed
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    CommandBatch,
    Describe,
    DropFaxPort,
    DropRoom,
    DropStream,
    FaxPort,
    GiveAccount,
    Hearing,
    HoldPort,
    MediaCommand,
    Playback,
    PutFaxPort,
    PutRoom,
    PutStream,
    Recording,
    Room,
    SendDigits,
    SetHearing,
    SrtpPosition,
    StartFeed,
    StartPlay,
    StartRecording,
    StopFeed,
    StopPlay,
    StopRecording,
    StreamDescription,
)

_PACKET_BYTES = PACKET_BYTES_MAX - 1024  # room for the batch around the commands

_encode = msgspec.msgpack.Encoder().encode


class MediaDescription:
    """Streams with what each hears and plays, fax ports, rooms, recordings, feeds.

    Read the tables freely; only `apply` changes them.
    """

    __slots__ = (
        "_hearers",
        "_incoming",
        "_room_of",
        "fax_ports",
        "feeds",
        "hearings",
        "playbacks",
        "positions",
        "recordings",
        "rooms",
        "streams",
    )

    def __init__(self) -> None:
        self.streams: dict[StreamId, StreamDescription] = {}
        self.fax_ports: dict[StreamId, FaxPort] = {}
        self.hearings: dict[StreamId, Hearing] = {}
        """By the stream that hears; streams that hear nothing are not in it."""
        self.playbacks: dict[StreamId, Playback] = {}
        self.recordings: dict[RecordingId, Recording] = {}
        self.rooms: dict[RoomId, Room] = {}
        self.feeds: dict[FeedId, Feed] = {}
        self.positions: dict[StreamId, SrtpPosition] = {}
        """As the worker told them last."""
        self._hearers: dict[StreamId, set[StreamId]] = {}
        """By the stream that is heard: who hears it. Streams nobody hears are not in it."""
        self._room_of: dict[StreamId, RoomId] = {}
        self._incoming: list[Describe] = []

    def apply(self, command: MediaCommand) -> str:
        """Carry out a command; returns why it could not be done, or "". Orders to end what is not there are done."""
        match command:
            case PutStream(stream):
                former = self.streams.get(stream.stream_id)
                if former is not None and former.srtp != stream.srtp:
                    self.positions.pop(stream.stream_id, None)
                self.streams[stream.stream_id] = stream
            case DropStream(stream_id):
                self._drop(stream_id)
            case HoldPort() | GiveAccount():
                pass  # what is held is held for this connection only
            case PutFaxPort(port):
                self.fax_ports[port.port_id] = port
            case DropFaxPort(port_id):
                self.fax_ports.pop(port_id, None)
            case SetHearing(hearing):
                return self._hear(hearing)
            case SendDigits(stream_id):
                return "" if stream_id in self.streams else f"no stream {stream_id}"
            case PutRoom(room):
                self._put_room(room)
            case DropRoom(room_id):
                self._drop_room(room_id)
            case StartPlay(playback):
                if playback.stream_id not in self.streams:
                    return f"no stream {playback.stream_id}"
                self.playbacks[playback.stream_id] = playback
            case StopPlay(stream_id, play_id):
                self.finish_play(stream_id, play_id)
            case StartRecording(recording):
                self.recordings[recording.recording_id] = recording
            case StopRecording(recording_id):
                self.recordings.pop(recording_id, None)
            case StartFeed(feed):
                self.feeds[feed.feed_id] = feed
            case StopFeed(feed_id):
                self.feeds.pop(feed_id, None)
            case Describe():
                self._replace(command)
        return ""

    def finish_play(self, stream_id: StreamId, play_id: int) -> None:
        """A playback is over; nothing changes if it is no longer the stream's current one."""
        playback = self.playbacks.get(stream_id)
        if playback is not None and playback.play_id == play_id:
            del self.playbacks[stream_id]

    def note_position(self, position: SrtpPosition) -> None:
        """How far a party's packets have come, for the worker that is to go on if this one dies."""
        if position.stream_id in self.streams:
            self.positions[position.stream_id] = position

    def take_over(self, hearing: Hearing) -> None:
        """What a stream heard under the last switch; sources that are not here may come until `settle`."""
        self._note_hearing(hearing)

    def settle(self) -> None:
        """Sources that are not here do not come any more."""
        for source in sorted(self._hearers.keys() - self.streams.keys()):
            self._forget_source(source)

    def describe(self) -> list[Describe]:
        """All of it, in parts that fit a packet each; the last part, and only it, has `is_last`."""
        return in_parts(
            streams=self.streams.values(),
            fax_ports=self.fax_ports.values(),
            hearings=self.hearings.values(),
            rooms=self.rooms.values(),
            playbacks=self.playbacks.values(),
            recordings=self.recordings.values(),
            feeds=self.feeds.values(),
            positions=self.positions.values(),
        )

    def _drop(self, stream_id: StreamId) -> None:
        self.streams.pop(stream_id, None)
        self.positions.pop(stream_id, None)
        self.playbacks.pop(stream_id, None)
        self._note_hearing(Hearing(stream_id, []))
        self._forget_source(stream_id)
        self._leave_rooms([stream_id])

    def _forget_source(self, stream_id: StreamId) -> None:
        for hearer in sorted(self._hearers.get(stream_id, ())):
            self._note_hearing(_without(self.hearings[hearer], stream_id))

    def _hear(self, hearing: Hearing) -> str:
        for stream_id in (hearing.stream_id, *hearing.sources):
            if stream_id not in self.streams:
                return f"no stream {stream_id}"
        self._note_hearing(hearing)
        return ""

    def _note_hearing(self, hearing: Hearing) -> None:
        """What a stream hears from now on, in both directions of the table."""
        hearer = hearing.stream_id
        before = self.hearings.pop(hearer, None)
        if before is not None:
            for source in set(before.sources):
                hearers = self._hearers[source]
                hearers.discard(hearer)
                if not hearers:
                    del self._hearers[source]
        if hearing.sources:
            self.hearings[hearer] = hearing
            for source in hearing.sources:
                self._hearers.setdefault(source, set()).add(hearer)

    def _put_room(self, room: Room) -> None:
        members = [stream_id for stream_id in room.members if stream_id in self.streams]
        self._drop_room(room.room_id)
        self._leave_rooms(members)
        self.rooms[room.room_id] = Room(room_id=room.room_id, members=members)
        self._room_of.update(dict.fromkeys(members, room.room_id))

    def _drop_room(self, room_id: RoomId) -> None:
        room = self.rooms.pop(room_id, None)
        for member in () if room is None else room.members:
            del self._room_of[member]

    def _leave_rooms(self, leaving: Sequence[StreamId]) -> None:
        for stream_id in leaving:
            room_id = self._room_of.pop(stream_id, None)
            if room_id is not None:
                left = [member for member in self.rooms[room_id].members if member != stream_id]
                self.rooms[room_id] = Room(room_id=room_id, members=left)

    def _replace(self, part: Describe) -> None:
        self._incoming.append(part)
        if not part.is_last:
            return
        parts, self._incoming = self._incoming, []
        self.streams = {stream.stream_id: stream for part in parts for stream in part.streams}
        self.fax_ports = {port.port_id: port for part in parts for port in part.fax_ports}
        self.hearings.clear()
        self._hearers.clear()
        for part in parts:
            for hearing in part.hearings:
                self._note_hearing(hearing)
        self.playbacks = {playback.stream_id: playback for part in parts for playback in part.playbacks}
        self.recordings = {recording.recording_id: recording for part in parts for recording in part.recordings}
        self.feeds = {feed.feed_id: feed for part in parts for feed in part.feeds}
        self.rooms = {room.room_id: room for part in parts for room in part.rooms}
        self.positions = {position.stream_id: position for part in parts for position in part.positions}
        self._room_of = {member: room.room_id for room in self.rooms.values() for member in room.members}


class WholeDescription:
    """All parts of a description, by what they describe."""

    __slots__ = ("fax_ports", "feeds", "hearings", "playbacks", "positions", "recordings", "rooms", "streams")

    def __init__(self, parts: Sequence[Describe]) -> None:
        self.streams = {stream.stream_id: stream for part in parts for stream in part.streams}
        self.fax_ports = {port.port_id: port for part in parts for port in part.fax_ports}
        self.hearings = {hearing.stream_id: hearing for part in parts for hearing in part.hearings}
        self.playbacks = {playback.stream_id: playback for part in parts for playback in part.playbacks}
        self.recordings = {recording.recording_id: recording for part in parts for recording in part.recordings}
        self.feeds = {feed.feed_id: feed for part in parts for feed in part.feeds}
        self.rooms = {room.room_id: room for part in parts for room in part.rooms}
        self.positions = {position.stream_id: position for part in parts for position in part.positions}


def in_parts(
    *,
    streams: Iterable[StreamDescription],
    fax_ports: Iterable[FaxPort],
    hearings: Iterable[Hearing],
    rooms: Iterable[Room],
    playbacks: Iterable[Playback],
    recordings: Iterable[Recording],
    feeds: Iterable[Feed],
    positions: Iterable[SrtpPosition],
) -> list[Describe]:
    """A description in parts that fit a packet each; the last part, and only it, has `is_last`."""
    parts = _DescribeParts()
    for stream in streams:
        parts.with_room_for(stream).streams.append(stream)
    for port in fax_ports:
        parts.with_room_for(port).fax_ports.append(port)
    for hearing in hearings:
        parts.with_room_for(hearing).hearings.append(hearing)
    for room in rooms:
        parts.with_room_for(room).rooms.append(room)
    for playback in playbacks:
        parts.with_room_for(playback).playbacks.append(playback)
    for recording in recordings:
        parts.with_room_for(recording).recordings.append(recording)
    for feed in feeds:
        parts.with_room_for(feed).feeds.append(feed)
    for position in positions:
        parts.with_room_for(position).positions.append(position)
    return parts.closed()


def _without(hearing: Hearing, gone: StreamId) -> Hearing:
    at = hearing.sources.index(gone)
    return Hearing(
        hearing.stream_id,
        hearing.sources[:at] + hearing.sources[at + 1 :],
        hearing.gains_db[:at] + hearing.gains_db[at + 1 :],
    )


class _DescribeParts:
    """A description under construction, part by part."""

    __slots__ = ("_parts", "_room")

    def __init__(self) -> None:
        self._parts: list[Describe] = []
        self._room = 0

    def with_room_for(
        self, entry: StreamDescription | FaxPort | Hearing | Room | Playback | Recording | Feed | SrtpPosition
    ) -> Describe:
        """The part that `entry` goes into."""
        size = len(_encode(entry))
        if not self._parts or size > self._room:
            self._parts.append(Describe([], [], [], [], [], is_last=False, fax_ports=[], feeds=[], positions=[]))
            self._room = _PACKET_BYTES
        self._room -= size
        return self._parts[-1]

    def closed(self) -> list[Describe]:
        if not self._parts:
            return [Describe([], [], [], [])]
        self._parts[-1] = msgspec.structs.replace(self._parts[-1], is_last=True)
        return self._parts


def batches_of(commands: Sequence[MediaCommand], first_id: int) -> list[tuple[CommandBatch, bytes]]:
    """The commands as batches numbered from `first_id`, in order, each with its packet below PACKET_BYTES_MAX.

    A single command never needs more: its lists are bounded where they are made.
    """
    batch = CommandBatch(first_id, list(commands))
    packet = _encode(batch)
    if len(packet) < PACKET_BYTES_MAX or len(commands) < 2:
        return [(batch, packet)]
    middle = len(commands) // 2
    first = batches_of(commands[:middle], first_id)
    return first + batches_of(commands[middle:], first_id + len(first))
