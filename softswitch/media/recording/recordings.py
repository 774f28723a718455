"""The recordings of a worker: which streams, or which room, each one is of, while streams and rooms come and go."""

from softswitch.base.ids import RecordingId, RoomId, StreamId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.phase import Phase
from softswitch.media.protocol import Recording
from softswitch.media.recording.taps import RecordingSink
from softswitch.media.streams import Streams


class _Tapped:
    """A recording and its place in the taps of a phase."""

    __slots__ = ("phase", "recording", "room_slot", "slot")

    def __init__(self, recording: Recording, phase: Phase, slot: int) -> None:
        self.recording = recording
        self.phase = phase
        self.slot = slot
        self.room_slot: int | None = None
        """Of the room it is of, while that is there."""


class Recordings:
    __slots__ = ("_by_id", "_by_stream", "_frames", "_home", "_sink", "_streams", "_tables")

    def __init__(self, sink: RecordingSink, streams: Streams, frames: Frames, tables: CodecTables, home: Phase) -> None:
        """`home` is the phase of recordings whose streams are not there yet."""
        self._sink = sink
        self._streams = streams
        self._frames = frames
        self._tables = tables
        self._home = home
        self._by_id: dict[RecordingId, _Tapped] = {}
        self._by_stream: dict[StreamId, set[RecordingId]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def ids(self) -> list[RecordingId]:
        return list(self._by_id)

    def described(self) -> list[Recording]:
        return [tapped.recording for tapped in self._by_id.values()]

    def start(self, recording: Recording, now: float) -> str | None:
        """Begin with the next tick, or change one that runs: who is recorded, its mask. None, or why it cannot be."""
        running = self._by_id.get(recording.recording_id)
        if running is not None:
            self._change(running, recording)
            return None
        left = self._streams.find(recording.left)
        phase = left.phase if left is not None else self._home
        phase.wake(now)
        slot = phase.taps.add(recording.recording_id, self._sources(recording), self._frames)
        if slot is None:
            return "this worker records as many calls as it can: start more workers"
        self._sink.open(recording, now)
        if recording.masked_until > now:
            phase.taps.mask(slot, recording.masked_until, self._frames)
        tapped = self._by_id[recording.recording_id] = _Tapped(recording, phase, slot)
        self._note_streams(recording)
        self._listen_to_room(tapped)
        return None

    def stop(self, recording_id: RecordingId) -> None:
        """Close the file; unknown recordings are fine."""
        tapped = self._by_id.pop(recording_id, None)
        if tapped is None:
            return
        tapped.phase.taps.remove(tapped.slot)
        self._leave_room(tapped)
        self._sink.close(recording_id)
        self._forget_streams(tapped.recording)

    def follow(self, stream_id: StreamId) -> None:
        """The stream came or went."""
        for recording_id in self._by_stream.get(stream_id, ()):
            tapped = self._by_id[recording_id]
            tapped.phase.taps.set_sources(tapped.slot, self._sources(tapped.recording))
        self._beep(stream_id)

    def follow_room(self, room_id: RoomId) -> None:
        """The room came or went."""
        for tapped in self._by_id.values():
            if tapped.recording.room == room_id:
                self._listen_to_room(tapped)

    def _listen_to_room(self, tapped: _Tapped) -> None:
        room_id = tapped.recording.room
        slot = None if room_id is None else self._streams.rooms.slot(room_id)
        if slot == tapped.room_slot:
            return
        self._leave_room(tapped)
        if slot is not None:
            tapped.phase.room_voices.add(slot)
        tapped.room_slot = slot
        tapped.phase.taps.set_sources(tapped.slot, self._sources(tapped.recording))

    def _leave_room(self, tapped: _Tapped) -> None:
        if tapped.room_slot is not None:
            tapped.phase.room_voices.remove(tapped.room_slot, self._frames, self._tables)
            tapped.room_slot = None

    def _change(self, tapped: _Tapped, recording: Recording) -> None:
        """The file and its beginning stay what they are."""
        former, tapped.recording = tapped.recording, recording
        if recording.masked_until != former.masked_until:
            tapped.phase.taps.mask(tapped.slot, recording.masked_until, self._frames)
        who = (recording.left, recording.right, recording.beep_every_s)
        if who != (former.left, former.right, former.beep_every_s):
            self._forget_streams(former)
            self._note_streams(recording)
            tapped.phase.taps.set_sources(tapped.slot, self._sources(recording))
        self._listen_to_room(tapped)

    def _note_streams(self, recording: Recording) -> None:
        for stream_id in _streams_of(recording):
            self._by_stream.setdefault(stream_id, set()).add(recording.recording_id)
            self._beep(stream_id)

    def _forget_streams(self, recording: Recording) -> None:
        for stream_id in _streams_of(recording):
            recordings = self._by_stream[stream_id]
            recordings.discard(recording.recording_id)
            if not recordings:
                del self._by_stream[stream_id]
            self._beep(stream_id)

    def _beep(self, stream_id: StreamId) -> None:
        """Have the party hear beeps if it is recorded by somebody who wants that."""
        stream = self._streams.find(stream_id)
        if stream is None:
            return
        stream.phase.beeps.forget(stream.row)
        for recording_id in self._by_stream.get(stream_id, ()):
            recording = self._by_id[recording_id].recording
            if recording.beep_every_s:
                first_tick = stream.phase.tick_of(recording.started_at)
                stream.phase.beeps.set(stream.row, first_tick, recording.beep_every_s)

    def _sources(self, recording: Recording) -> tuple[int, int]:
        if recording.room is not None:
            slot = self._streams.rooms.slot(recording.room)
            row = self._frames.silence_row(0) if slot is None else self._frames.room_row(slot)
            return row, row
        return self._source(recording.left), self._source(recording.right)

    def _source(self, stream_id: StreamId | None) -> int:
        stream = self._streams.find(stream_id) if stream_id is not None else None
        return stream.frame_row if stream is not None else self._frames.silence_row(0)


def _streams_of(recording: Recording) -> set[StreamId]:
    if recording.room is not None:
        return set()
    return {stream_id for stream_id in (recording.left, recording.right) if stream_id is not None}
