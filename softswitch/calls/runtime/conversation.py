"""Two parties talking: who hears whom, music while one is on hold, the recording of both.

The B2BUA keeps the two dialogs apart: a re-INVITE of one side is answered here, from what the media worker can do, and
never sent on. So a hold costs the other side nothing but the music it hears.
"""

from softswitch.base.ids import CallId, RecordingId
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.media.protocol import Recording
from softswitch.media.runtime.client import MediaStream


class Conversation:
    """From the moment both are connected until `end()`. Times are monotonic seconds."""

    __slots__ = ("_around", "_music", "_on_hold_since", "call_id", "far", "held_s", "near", "recording", "started_at")

    def __init__(self, call_id: CallId, near: Party, far: Party, *, music: str, around: Surroundings) -> None:
        self.call_id = call_id
        self.near = near
        self.far = far
        self.recording: Recording | None = None
        self.started_at = around.clock.now()
        self.held_s = 0.0
        self._music = music
        self._on_hold_since: float | None = None
        self._around = around

    def begin(self, record_to: str | None = None) -> None:
        """Let them hear each other; `record_to` is the path of the WAV file, or None for no recording."""
        near, far = self._streams()
        near.stop_play()
        self.hold_changed()
        if record_to is not None:
            self.recording = Recording(
                recording_id=RecordingId(self._around.entropy.token(96)),
                call_id=self.call_id,
                path=record_to,
                left=near.stream_id,
                right=far.stream_id,
                started_at=self.started_at,
            )
            self._around.media.start_recording(self.recording)

    def hold_changed(self) -> None:
        """One of the two was put on hold or resumed; set what both hear."""
        near, far = self._streams()
        now = self._around.clock.now()
        is_held = self.near.leg.is_held or self.far.leg.is_held
        if is_held:
            if self._on_hold_since is None:
                self._on_hold_since = now
            near.hear()
            far.hear()
            for party, stream in ((self.near, near), (self.far, far)):
                if not party.leg.is_held:
                    stream.play([self._around.sounds.music(self._music)], loop=True, started_at=0.0)
            return
        if self._on_hold_since is not None:
            self.held_s += now - self._on_hold_since
            self._on_hold_since = None
            near.stop_play()
            far.stop_play()
        near.hear(far)
        far.hear(near)

    def end(self) -> float:
        """Part them and close the recording; returns how long they talked, in seconds. The legs stay."""
        now = self._around.clock.now()
        if self._on_hold_since is not None:
            self.held_s += now - self._on_hold_since
            self._on_hold_since = None
        if self.recording is not None:
            self._around.media.stop_recording(self.recording.recording_id)
        for party in (self.near, self.far):
            if party.stream is not None:
                party.stream.hear()
                party.stream.stop_play()
        return now - self.started_at

    def _streams(self) -> tuple[MediaStream, MediaStream]:
        assert self.near.stream is not None, "a conversation begins after both streams are open"
        assert self.far.stream is not None, "a conversation begins after both streams are open"
        return self.near.stream, self.far.stream
