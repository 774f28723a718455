"""The recordings of one call: when one runs, what it leaves out, what the index says of it.

A conversation is recorded as its policy says: always, when somebody asks for it, or never. What a flow begins outside
of a conversation goes on, through conversations too, until it is stopped or the call is over. A mask belongs to the
call: while it lasts, all that is recorded of the call is silence, and who only listens is to hear nothing. It ends by
the clock, whatever becomes of those who began it.
"""

import weakref
from typing import TYPE_CHECKING

import msgspec

from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId, StreamId
from softswitch.calls.kept.kept_call import KeptMask, KeptRecordings
from softswitch.calls.limits import CONSULTATION_MAX_S
from softswitch.calls.runtime.belonging import project_of
from softswitch.calls.settings import RecordingPolicy
from softswitch.media.protocol import Recording
from softswitch.media.recording.recording import recording_path
from softswitch.store.schema import RecordingMask, StoredRecording

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


class _Masked(msgspec.Struct):
    """A time that recordings leave out (monotonic seconds), and who wanted it."""

    began_at: float
    ends_at: float
    by: str


class CallRecordings:
    """See the module. Made with the call; `policy` is that of the number called, None if it leaves it to the queue."""

    __slots__ = ("_aside", "_conversation_policy", "_far", "_masks", "_open", "_own", "_unindexed", "_whose", "policy")

    def __init__(self, call: "ActiveCall") -> None:
        self._whose = weakref.ref(call)
        """The call has us, and a cycle would outlive it until the collector comes round."""
        self.policy: RecordingPolicy | None = None
        self._open: dict[RecordingId, Recording] = {}
        self._own: Recording | None = None
        """The one of the conversation or of the whole call; messages are recorded beside it."""
        self._far: StreamId | None = None
        """Of whoever the caller talks to."""
        self._aside: StreamId | None = None
        """The same, while one of the two talks to somebody else."""
        self._conversation_policy: RecordingPolicy | None = None
        """None outside of conversations."""
        self._masks: list[_Masked] = []
        self._unindexed: set[RecordingId] = set()
        """Voice messages and greetings, which are no recordings of calls."""

    @property
    def _call(self) -> "ActiveCall":
        call = self._whose()
        assert call is not None, "its recordings are asked for by the call alone"
        return call

    @property
    def current(self) -> Recording | None:
        """What records the caller, and whoever he talks to, at present."""
        return self._own

    @property
    def masked_until(self) -> float:
        """Monotonic seconds; past unless something is masked."""
        return self._masks[-1].ends_at if self._masks else 0.0

    @property
    def is_masked(self) -> bool:
        return self.masked_until > self._now()

    # Recording

    def policy_for(
        self,
        wished: bool | None,
        *,
        queue: RecordingPolicy | None = None,
        otherwise: RecordingPolicy = RecordingPolicy.ON_DEMAND,
    ) -> RecordingPolicy:
        """What holds for a conversation: what the flow wishes, or else the number's policy, or that of the queue, or of
        the project, or `otherwise`."""
        if wished is None:
            return self.policy or queue or project_of(self._call).recording or otherwise
        return RecordingPolicy.ALWAYS if wished else RecordingPolicy.NEVER

    def conversation_began(self, far: StreamId, policy: RecordingPolicy) -> str | None:
        """The caller and `far` talk from now on. The path of the file, if it is recorded from the beginning."""
        self._far = far
        self._conversation_policy = policy
        if self._own is not None and policy is RecordingPolicy.NEVER:
            self.end(self._own)
        elif self._own is not None:
            self._change(msgspec.structs.replace(self._own, right=far))
        elif policy is RecordingPolicy.ALWAYS:
            self._own = self.begin(far)
        return None if self._own is None else self._own.path

    def conversation_ended(self, began_at: float) -> None:
        """The far party leaves. What was recording before the conversation goes on with the caller alone."""
        self._far = None
        self._conversation_policy = None
        if self._own is not None and self._own.started_at < began_at:
            self._change(msgspec.structs.replace(self._own, right=None))
        elif self._own is not None:
            self.end(self._own)

    def party_replaced(self, far: StreamId | None) -> str | None:
        """Another party is in the call from now on: what is recorded ends, and begins anew as its policy says.

        Returns the path of the new file, if there is one.
        """
        if self._own is not None:
            self.end(self._own)
        self._far = far
        if self._conversation_policy is RecordingPolicy.ALWAYS:
            self._own = self.begin(far)
        return None if self._own is None else self._own.path

    def set_aside(self, *, is_caller: bool) -> None:
        """One of the two talks to somebody else, which is no part of this conversation. `is_caller`: he is the caller,
        and then nothing is recorded at all until `resume`."""
        self._aside = self._far
        self._far = None
        if is_caller:
            self._masks.append(_Masked(self._now(), self._now() + CONSULTATION_MAX_S, "consultation"))
            self._apply_mask()
        elif self._own is not None:
            self._change(msgspec.structs.replace(self._own, right=None))

    def resume(self) -> None:
        """The two talk again, if they were set aside."""
        if self._aside is None:
            return
        self._far, self._aside = self._aside, None
        if self._masks and self._masks[-1].by == "consultation":
            self.unmask()
        if self._own is not None:
            self._change(msgspec.structs.replace(self._own, right=self._far))

    def start(self) -> bool:
        """Record from now on what is not recorded yet; False where it is never done. The caller must be answered."""
        if self._own is None:
            if (self._conversation_policy or self.policy) is RecordingPolicy.NEVER:
                return False
            self._own = self.begin(self._far)
        return True

    def stop(self) -> None:
        """End what `start` or the policy has begun; without a recording nothing happens."""
        if self._own is not None:
            self.end(self._own)

    @property
    def is_on_demand(self) -> bool:
        """It is recorded because somebody wished it, and ends when he wishes."""
        return self._own is not None and not self.is_compulsory

    @property
    def is_compulsory(self) -> bool:
        """The present conversation is one that is always recorded."""
        return self._conversation_policy is RecordingPolicy.ALWAYS

    def begin(self, right: StreamId | None, *, has_beep: bool = True, path: str = "") -> Recording:
        """Begin a file: the caller left, `right` right. It is in the index once it is closed, unless it is one of
        voicemail's, which has a `path`."""
        call, around = self._call, self._call.around
        settings = around.settings()
        treatment = settings.queues.get(call.record.queue)
        beep_every_s = settings.beep_every_s if treatment is None else treatment.beep_every_s
        recording = Recording(
            recording_id=RecordingId(around.entropy.token(96)),
            call_id=call.call_id,
            path=path or self._next_path(),
            left=call.caller_stream.stream_id,
            right=right,
            started_at=self._now(),
            masked_until=self.masked_until,
            beep_every_s=beep_every_s if has_beep else 0.0,
        )
        self._open[recording.recording_id] = recording
        if path:
            self._unindexed.add(recording.recording_id)
            around.voicemail.recording_started(recording)
        else:
            call.record.recordings.append(recording.path)
            around.records.recording_started(self._entry(recording, around.clock.wall()))
        around.media.start_recording(recording)
        call.changed()
        return recording

    def going_on(self, recording_id: RecordingId) -> Recording | None:
        """One that was begun and has not ended."""
        return self._open.get(recording_id)

    def end(self, recording: Recording) -> None:
        """Complete the file of a recording that was begun; one that was ended before is fine."""
        begun = self._open.pop(recording.recording_id, None)
        if begun is None:
            return
        if self._own is not None and self._own.recording_id == begun.recording_id:
            self._own = None
        self._tell(begun)
        self._call.changed()
        if begun.recording_id not in self._unindexed:
            self._call.record.recorded_s += self._now() - begun.started_at
        self._call.around.media.stop_recording(begun.recording_id)

    def finished(self, recording_id: RecordingId) -> None:
        """A file was closed. One that nobody has ended could not be written: then nothing is being recorded."""
        self._open.pop(recording_id, None)
        if self._own is not None and self._own.recording_id == recording_id:
            self._own = None

    def end_all(self) -> None:
        """The call is over."""
        for recording in list(self._open.values()):
            self.end(recording)

    def keep(self) -> KeptRecordings:
        return KeptRecordings(
            policy=self.policy,
            open=tuple(self._open.values()),
            own=None if self._own is None else self._own.recording_id,
            far=self._far if self._aside is None else self._aside,
            conversation_policy=self._conversation_policy,
            masks=tuple(KeptMask(mask.began_at, mask.ends_at, mask.by) for mask in self._masks),
            unindexed=tuple(self._unindexed),
        )

    def adopt(self, kept: KeptRecordings) -> None:
        """What was recorded in the switch before goes on in the same files. A mask for a question that was asked
        meanwhile is over: the two talk again."""
        around, now = self._call.around, self._now()
        self.policy = kept.policy
        self._far = kept.far
        self._conversation_policy = kept.conversation_policy
        self._masks = [
            _Masked(mask.began_at, min(mask.ends_at, now) if mask.by == "consultation" else mask.ends_at, mask.by)
            for mask in kept.masks
        ]
        self._unindexed = set(kept.unindexed)
        for recording in kept.open:
            self._open[recording.recording_id] = recording
            if recording.recording_id in self._unindexed:
                around.voicemail.recording_started(recording)
            else:
                around.records.recording_adopted(self._entry(recording, self._wall_of(recording.started_at)))
            around.media.adopt_recording(recording)
        self._own = None if kept.own is None else self._open.get(kept.own)

    # Masking

    def mask(self, seconds: float | None, by: str) -> float:
        """Leave out what is said from now on; returns for how many seconds, which the settings limit."""
        longest = self._call.around.settings().mask_max_s
        seconds = longest if seconds is None else max(0.0, min(seconds, longest))
        now = self._now()
        self._end_mask(now)
        self._masks.append(_Masked(now, now + seconds, by))
        self._apply_mask()
        return seconds

    def unmask(self) -> None:
        """What is said from now on is recorded again."""
        self._end_mask(self._now())
        self._apply_mask()

    # Private

    def _end_mask(self, now: float) -> None:
        if self._masks and self._masks[-1].ends_at > now:
            self._masks[-1].ends_at = now

    def _apply_mask(self) -> None:
        for recording in list(self._open.values()):
            self._change(msgspec.structs.replace(recording, masked_until=self.masked_until))
        self._call.changed()  # a mask is also for those who hear what is not recorded
        self._call.mask_changed()

    def _change(self, recording: Recording) -> None:
        self._open[recording.recording_id] = recording
        if self._own is not None and self._own.recording_id == recording.recording_id:
            self._own = recording
        self._call.around.media.start_recording(recording)
        self._tell(recording)
        self._call.changed()

    def _tell(self, recording: Recording) -> None:
        """More is known of it."""
        if recording.recording_id not in self._unindexed:
            entry = self._entry(recording, self._wall_of(recording.started_at))
            self._call.around.records.recording_changed(entry)

    def _entry(self, recording: Recording, started_at_wall: float) -> StoredRecording:
        """What the index is to say of it, as far as it is known."""
        record = self._call.record
        return StoredRecording(
            recording_id=recording.recording_id,
            call_id=self._call.call_id,
            path=recording.path,
            started_at=started_at_wall,
            duration_s=0.0,
            size_bytes=0,
            agent=AgentId(record.agent) if record.agent else None,
            queue=QueueId(record.queue) if record.queue else None,
            project=record.project,
            calling_number=record.calling_number,
            call_started_at=record.started_at,
            masks=self._masks_within(recording),
        )

    def _masks_within(self, recording: Recording) -> tuple[RecordingMask, ...]:
        """The masks so far as times in the file; one that lasts may yet end early."""
        began_at, now = recording.started_at, self._now()
        return tuple(
            RecordingMask(from_s=max(0.0, mask.began_at - began_at), until_s=until - began_at, by=mask.by)
            for mask in self._masks
            if (until := min(mask.ends_at, now) if recording.recording_id not in self._open else mask.ends_at)
            > began_at
        )

    def _next_path(self) -> str:
        directory = self._call.around.settings().recordings_directory
        number = len(self._call.record.recordings) + 1
        return recording_path(directory, self._call.around.clock.wall(), CallId(f"{self._call.call_id}-{number}"))

    def _now(self) -> float:
        return self._call.around.clock.now()

    def _wall_of(self, at: float) -> float:
        clock = self._call.around.clock
        return clock.wall() - (clock.now() - at)
