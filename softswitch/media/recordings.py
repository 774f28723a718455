"""The recordings of a worker: which streams each one is of, while streams come and go."""

from softswitch.base.ids import RecordingId, StreamId
from softswitch.media.frames import Frames
from softswitch.media.phase import Phase
from softswitch.media.protocol import Recording
from softswitch.media.streams import Streams
from softswitch.media.taps import RecordingSink


class _Tapped:
    """A recording and its place in the taps of a phase."""

    __slots__ = ("phase", "recording", "slot")

    def __init__(self, recording: Recording, phase: Phase, slot: int) -> None:
        self.recording = recording
        self.phase = phase
        self.slot = slot


class Recordings:
    __slots__ = ("_by_id", "_by_stream", "_frames", "_home", "_sink", "_streams")

    def __init__(self, sink: RecordingSink, streams: Streams, frames: Frames, home: Phase) -> None:
        """`home` is the phase of recordings whose streams are not there yet."""
        self._sink = sink
        self._streams = streams
        self._frames = frames
        self._home = home
        self._by_id: dict[RecordingId, _Tapped] = {}
        self._by_stream: dict[StreamId, set[RecordingId]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def ids(self) -> list[RecordingId]:
        return list(self._by_id)

    def start(self, recording: Recording, now: float) -> str | None:
        """Begin with the next tick; one that runs already goes on undisturbed. None, or why it cannot be done."""
        if recording.recording_id in self._by_id:
            return None
        left = self._streams.find(recording.left)
        phase = left.phase if left is not None else self._home
        phase.wake(now)
        slot = phase.taps.add(recording.recording_id, self._sources(recording), self._frames)
        if slot is None:
            return "this worker records as many calls as it can: start more workers"
        self._sink.open(recording, now)
        self._by_id[recording.recording_id] = _Tapped(recording, phase, slot)
        for stream_id in _streams_of(recording):
            self._by_stream.setdefault(stream_id, set()).add(recording.recording_id)
        return None

    def stop(self, recording_id: RecordingId) -> None:
        """Close the file; unknown recordings are fine."""
        tapped = self._by_id.pop(recording_id, None)
        if tapped is None:
            return
        tapped.phase.taps.remove(tapped.slot)
        self._sink.close(recording_id)
        for stream_id in _streams_of(tapped.recording):
            recordings = self._by_stream[stream_id]
            recordings.discard(recording_id)
            if not recordings:
                del self._by_stream[stream_id]

    def follow(self, stream_id: StreamId) -> None:
        """The stream came or went."""
        for recording_id in self._by_stream.get(stream_id, ()):
            tapped = self._by_id[recording_id]
            tapped.phase.taps.set_sources(tapped.slot, self._sources(tapped.recording))

    def _sources(self, recording: Recording) -> tuple[int, int]:
        return self._source(recording.left), self._source(recording.right)

    def _source(self, stream_id: StreamId | None) -> int:
        stream = self._streams.find(stream_id) if stream_id is not None else None
        return stream.frame_row if stream is not None else self._frames.silence_row(0)


def _streams_of(recording: Recording) -> set[StreamId]:
    return {stream_id for stream_id in (recording.left, recording.right) if stream_id is not None}
