"""The thread that writes recordings, and the hand-off to it that never makes a tick wait.

The tick calls `open`, `write` (about once a second for each recording) and `close`; they put a task into a queue and
return. The queue is bounded by bytes: what does not fit is dropped, counted, and becomes silence of the same length.
Each side counts the bytes it put in or took out, so the two need no lock.

Sound comes as the bytes of the wire, and becomes linear samples here: the tick only copies. It is on the disk about two
seconds after it was written (disk_sync.py).
"""

import threading
from collections import deque
from queue import SimpleQueue

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, RecordingId
from softswitch.base.log import get_logger
from softswitch.media.limits import RECORDER_QUEUE_BYTES_MAX
from softswitch.media.protocol import Recording, RecordingFinished
from softswitch.media.recording.recording import CHANNELS, SampleTables, duration_s, interleave
from softswitch.media.runtime.recording.disk_sync import DiskSync
from softswitch.media.runtime.recording.recording_file import RecordingFile

SYNC_EVERY_S = 2.0

_log = get_logger("recorder")


class _Open(msgspec.Struct, frozen=True):
    recording: Recording
    now: float


class _Append(msgspec.Struct, frozen=True):
    """`dropped` frames were lost to a full queue before this sound."""

    recording_id: RecordingId
    sound: bytes
    samples: SampleTables
    dropped: int


class _Close(msgspec.Struct, frozen=True):
    recording_id: RecordingId
    dropped: int


class _Stop(msgspec.Struct, frozen=True):
    pass


_Task = _Open | _Append | _Close | _Stop


class Recorder:
    """All recordings of a worker. Every method but `stop` returns at once; all are called from one thread."""

    __slots__ = (
        "_accepted_bytes",
        "_dropped",
        "_finished",
        "_queue_bytes_max",
        "_sync",
        "_tasks",
        "_thread",
        "_writer",
    )

    def __init__(self, *, queue_bytes_max: int = RECORDER_QUEUE_BYTES_MAX, sync_every_s: float = SYNC_EVERY_S) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._finished: deque[RecordingFinished] = deque()
        self._dropped: dict[RecordingId, int] = {}
        """Frames dropped since the last that were accepted, by open recording."""
        self._accepted_bytes = 0
        self._queue_bytes_max = queue_bytes_max
        self._sync = DiskSync(sync_every_s)
        self._writer = _Writer(self._tasks, self._finished, self._sync)
        self._thread = threading.Thread(target=self._writer.run, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._sync.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Close every recording and wait until all is written; `take_finished` has the last events then."""
        for recording_id in list(self._dropped):
            self.close(recording_id)
        self._tasks.put(_Stop())
        self._thread.join(timeout_s)
        self._sync.stop(timeout_s)

    def open(self, recording: Recording, now: float) -> None:
        """Begin or, when its file is there, continue a recording. One that is open already goes on undisturbed."""
        if recording.recording_id in self._dropped:
            return
        self._dropped[recording.recording_id] = 0
        self._tasks.put(_Open(recording, now))

    def write(self, recording_id: RecordingId, sound: NDArray[np.uint8], samples: SampleTables) -> None:
        """Append `sound` uint8[2, frames] (left, right), of which `samples` are the meanings, int16[256] a channel.

        It is copied, so the array may be used again. Frames must follow each other without a gap from the `now` of
        `open` on: write silence for ticks that were missed.
        """
        if sound.ndim != 2 or sound.shape[0] != CHANNELS:
            raise LocalError(f"a recording is written as uint8[{CHANNELS}, frames], not as {sound.shape}")
        dropped = self._dropped.get(recording_id)
        if dropped is None:
            raise LocalError(f"recording {recording_id} is not open")
        if self.waiting_bytes + sound.nbytes > self._queue_bytes_max:
            self._dropped[recording_id] = dropped + sound.shape[1]
            return
        self._accepted_bytes += sound.nbytes
        self._dropped[recording_id] = 0
        self._tasks.put(_Append(recording_id, sound.tobytes(), samples, dropped))

    def close(self, recording_id: RecordingId) -> None:
        """End a recording; its `RecordingFinished` follows when the file is complete. Unknown ones are fine."""
        dropped = self._dropped.pop(recording_id, None)
        if dropped is not None:
            self._tasks.put(_Close(recording_id, dropped))

    def take_finished(self) -> list[RecordingFinished]:
        """What was completed since the last call: exactly one event for each recording that was opened."""
        finished: list[RecordingFinished] = []
        while self._finished:
            finished.append(self._finished.popleft())
        return finished

    @property
    def waiting_bytes(self) -> int:
        """Sound that was handed over and is not in a file yet."""
        return self._accepted_bytes - self._writer.taken_bytes

    @property
    def recordings(self) -> int:
        """How many are open."""
        return len(self._dropped)


class _Writer:
    """The other end of the queue; everything in here but `taken_bytes` belongs to the thread."""

    __slots__ = ("_call_ids", "_failing", "_files", "_finished", "_sync", "_tasks", "taken_bytes")

    def __init__(self, tasks: SimpleQueue[_Task], finished: deque[RecordingFinished], sync: DiskSync) -> None:
        self._tasks = tasks
        self._finished = finished
        self._sync = sync
        self._files: dict[RecordingId, RecordingFile] = {}
        self._call_ids: dict[RecordingId, CallId] = {}
        self._failing: dict[RecordingId, str] = {}
        """Those the disk refuses, and why."""
        self.taken_bytes = 0

    def run(self) -> None:
        while not isinstance(task := self._tasks.get(), _Stop):
            try:
                self._execute(task)
            except Exception:
                # One recording's fault must not end all the others.
                _log.exception("a recording failed; the others go on")

    def _execute(self, task: _Task) -> None:
        match task:
            case _Open(recording, now):
                self._call_ids[recording.recording_id] = recording.call_id
                self._files[recording.recording_id] = RecordingFile(
                    recording.path, started_at=recording.started_at, now=now, sync=self._sync
                )
            case _Append(recording_id, sound, samples, dropped):
                self.taken_bytes += len(sound)
                file = self._files[recording_id]
                _skip(file, dropped)
                file.append(interleave(sound, samples))
                self._sync.is_dirty = True
                self._note(recording_id, file.failing)
            case _Close(recording_id, dropped):
                file = self._files.pop(recording_id)
                _skip(file, dropped)
                self._report(recording_id, file)
                self._failing.pop(recording_id, None)
            case _Stop():
                pass

    def _note(self, recording_id: RecordingId, failing: str) -> None:
        """One line when the disk begins to refuse, and one when it takes all again, of however many recordings."""
        was_failing = bool(self._failing)
        if failing:
            self._failing[recording_id] = failing
        else:
            self._failing.pop(recording_id, None)
        if failing and not was_failing:
            _log.error("recordings are not written: what is said is silent in them until there is room", fault=failing)
        elif was_failing and not self._failing:
            _log.warning("recordings are written again")

    def _report(self, recording_id: RecordingId, file: RecordingFile) -> None:
        closed = file.close()
        self._finished.append(
            RecordingFinished(
                call_id=self._call_ids.pop(recording_id),
                recording_id=recording_id,
                path=closed.path,
                duration_s=duration_s(closed.frames),
                size_bytes=closed.size_bytes,
                fault=closed.fault,
            )
        )


def _skip(file: RecordingFile, dropped: int) -> None:
    if dropped:
        file.skip(dropped, "the disk was too slow")
