"""Two parties talking: who hears whom, music while one is on hold.

The B2BUA keeps the two dialogs apart: a re-INVITE of one side is answered here, from what the media worker can do, and
never sent on. So a hold costs the other side nothing but the music it hears.

| he himself is   | the other is  | he hears  |
|-----------------|---------------|-----------|
| talking         | talking       | the other |
| talking         | holding       | music     |
| holding         | either        | nothing   |
"""

from enum import Enum

from softswitch.base.ids import CallId
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.sounds import or_silence
from softswitch.media.runtime.client import MediaStream


class _Heard(Enum):
    NOTHING = "nothing"
    OTHER = "other"
    MUSIC = "music"


class Conversation:
    """From the moment both are connected until `end()`. Times are monotonic seconds."""

    __slots__ = (
        "_around",
        "_heard",
        "_music",
        "_on_hold_since",
        "call_id",
        "far",
        "held_s",
        "near",
        "recording_path",
        "started_at",
        "talk_s",
    )

    def __init__(self, call_id: CallId, near: Party, far: Party, *, music: str, around: Surroundings) -> None:
        self.call_id = call_id
        self.near = near
        self.far = far
        self.recording_path: str | None = None
        """Of the file it was recorded in from its beginning."""
        self.started_at = around.clock.now()
        self.talk_s = 0.0
        """How long they talked, holds included; known at the end."""
        self.held_s = 0.0
        self._music = music
        self._on_hold_since: float | None = None
        self._around = around
        self._heard = {near.leg.leg_id: _Heard.NOTHING, far.leg.leg_id: _Heard.NOTHING}

    def begin(self) -> None:
        """Let them hear each other."""
        _stream(self.near).stop_play()
        self.hold_changed()

    def hold_changed(self) -> None:
        """One of the two may have put the other on hold, or resumed; set what both hear."""
        self._count_hold(self.near.leg.is_held or self.far.leg.is_held)
        self._let_hear(self.near, self.far)
        self._let_hear(self.far, self.near)

    def end(self) -> None:
        """Part them. The legs stay."""
        self._count_hold(False)
        self.talk_s = self._around.clock.now() - self.started_at
        for party in (self.near, self.far):
            if party.stream is not None:
                party.stream.hear()
                party.stream.stop_play()

    def _count_hold(self, is_held: bool) -> None:
        now = self._around.clock.now()
        if is_held and self._on_hold_since is None:
            self._on_hold_since = now
        elif not is_held and self._on_hold_since is not None:
            self.held_s += now - self._on_hold_since
            self._on_hold_since = None

    def _let_hear(self, party: Party, other: Party) -> None:
        stream = _stream(party)
        if party.leg.is_held:
            heard = _Heard.NOTHING
        elif other.leg.is_held:
            heard = _Heard.MUSIC
        else:
            heard = _Heard.OTHER
        before, self._heard[party.leg.leg_id] = self._heard[party.leg.leg_id], heard
        if heard is before:
            return
        if before is _Heard.MUSIC:
            stream.stop_play()
        if heard is _Heard.OTHER:
            stream.hear(_stream(other))
        else:
            stream.hear()
        if heard is _Heard.MUSIC:
            music = or_silence(lambda: [self._around.sounds.music(self._music)])
            if music:
                stream.play(music, loop=True, started_at=0.0)


def _stream(party: Party) -> MediaStream:
    assert party.stream is not None, "a conversation begins after both streams are open"
    return party.stream
