"""Two parties talking, and perhaps supervisors with them: who hears whom, music while somebody is on hold.

The B2BUA keeps the dialogs apart: a re-INVITE of one side is answered here, from what the media worker can do, and
never sent on. So a hold costs the other side nothing but the music it hears.

| he himself is   | the other is  | he hears                                                                          |
|-----------------|---------------|-----------------------------------------------------------------------------------|
| talking         | talking       | the other, and supervisors: the agent those who whisper or barge, the other party |
|                 |               | those who barge                                                                   |
| talking         | holding       | music                                                                             |
| holding         | either        | nothing                                                                           |
| a fax by T.38   | either        | nothing, and nor does anybody else of him (fax_passage.py)                        |
| talks elsewhere | either        | nothing of this (key_consultation.py): for the other he is holding                |
| a supervisor    | either holds  | music                                                                             |
| a supervisor    | both talking  | both, and other supervisors who barge; while the recording is masked nothing      |

The recording has the two parties, one in each channel, and no supervisor, not even one who barges.
"""

from collections.abc import Callable
from typing import NamedTuple

from softswitch.base.ids import CallId, LegId
from softswitch.calls.dtmf_info import info_of_digit
from softswitch.calls.kept.kept_call import KeptConversation
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.fax_passage import FaxPassage, return_to_sound
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.verbs import SoundFiles
from softswitch.media.runtime.client import MediaStream

DIGIT_MS = 100
"""How long a digit that is passed on is held; how long the key was, is not known when it goes down."""


class _Heard(NamedTuple):
    sources: tuple[MediaStream, ...] = ()
    is_music: bool = False


_NOTHING = _Heard()
_MUSIC = _Heard(is_music=True)


class Conversation:
    """From the moment both are connected until `end()`. Times are monotonic seconds."""

    __slots__ = (
        "_around",
        "_heard",
        "_held_for",
        "_is_masked",
        "_music",
        "_on_hold_since",
        "_sounds",
        "_supervisors",
        "_tell_hold",
        "call_id",
        "consult_s",
        "far",
        "fax_passage",
        "guests",
        "held_s",
        "near",
        "on_consultation",
        "on_hold",
        "recording_path",
        "started_at",
        "talk_s",
    )

    def __init__(
        self,
        call_id: CallId,
        near: Party,
        far: Party,
        *,
        music: str,
        sounds: SoundFiles,
        around: Surroundings,
        is_masked: Callable[[], bool] = lambda: False,
        tell_hold: Callable[["Conversation", float | None], None] = lambda _, __: None,
    ) -> None:
        """While `is_masked()` no supervisor is to hear anything; when it changes, `hold_changed` must be called.

        `tell_hold` is told when one of the two is put on hold (None), and after how many seconds neither is any more.
        """
        self.call_id = call_id
        self.near = near
        self.far = far
        self.recording_path: str | None = None
        """Of the file it was recorded in from its beginning."""
        self.started_at = around.clock.now()
        self.talk_s = 0.0
        """How long they talked, holds included; known at the end."""
        self.consult_s = 0.0
        """How much of it was a consultation: one of the two asked the other, and then gave his place away."""
        self.held_s = 0.0
        self.fax_passage: FaxPassage | None = None
        """T.38 is offered, or passes."""
        self.on_hold: Callable[[bool], None] = lambda _: None
        """Told when one of the two is put on hold, and when neither is any more."""
        self.on_consultation: Callable[[str], None] = lambda _: None
        """Told when one of the two asks somebody else, at this number, while the other waits."""
        self.guests: tuple[Party, ...] = ()
        """Those of another call whom both hear, and who hear both there."""
        self._music = music
        self._sounds = sounds
        self._on_hold_since: float | None = None
        self._around = around
        self._is_masked = is_masked
        self._tell_hold = tell_hold
        self._supervisors: dict[LegId, tuple[Party, SupervisionMode]] = {}
        self._heard: dict[LegId, _Heard] = {}
        self._held_for: dict[LegId, str] = {}
        """For whom a program has put the other on hold, and who wanted it."""

    def keep(self) -> KeptConversation:
        return KeptConversation(
            near=self.near.leg.leg_id,
            far=self.far.leg.leg_id,
            started_at=self.started_at,
            music=self._music,
            held_s=self.held_s,
            on_hold_since=self._on_hold_since,
            consult_s=self.consult_s,
            recording_path=self.recording_path,
            held_for=dict(self._held_for),
        )

    def adopt(self, kept: KeptConversation) -> None:
        """It went on in the switch before: what both hear stays as it is, where that is right."""
        self.started_at = kept.started_at
        self.held_s, self._on_hold_since, self.consult_s = kept.held_s, kept.on_hold_since, kept.consult_s
        self.recording_path = kept.recording_path
        self._held_for = dict(kept.held_for)
        for party in (self.near, self.far):
            stream = party.stream
            if stream is not None and stream.playing is not None and self.is_on_hold:
                self._heard[party.leg.leg_id] = _MUSIC
        self._return_to_sound()
        self.hold_changed()

    @property
    def agent(self) -> Party:
        """Whom a whisper reaches: whoever was called, unless only the caller's phone is one of ours."""
        return self.near if self.far.extension is None and self.near.extension is not None else self.far

    @property
    def lasted_s(self) -> float:
        """Until now, or until its end."""
        return self.talk_s or self._around.clock.now() - self.started_at

    @property
    def hold_so_far_s(self) -> float:
        since = self._on_hold_since
        return self.held_s + (0.0 if since is None else self._around.clock.now() - since)

    def other(self, party: Party) -> Party | None:
        """Who talks to one of the two; None for anybody else."""
        return {self.near: self.far, self.far: self.near}.get(party)

    def has(self, party: Party) -> bool:
        return party in (self.near, self.far) or party.leg.leg_id in self._supervisors

    def replace(self, old: Party, new: Party) -> None:
        """`new`, whose stream is open, takes the place of `old`, who hears nothing of it any more."""
        self._end_fax_passage()
        if old is self.near:
            self.near = new
        else:
            self.far = new
        if old.stream is not None:
            old.stream.adjust(is_fax=False)
            old.stream.hear()
            old.stream.stop_play()
        self._heard.clear()
        self.begin()

    def consulted(self) -> None:
        """What was said until now was not meant for whoever is here since."""
        self.consult_s = self._around.clock.now() - self.started_at

    def begin(self) -> None:
        """Let them hear each other."""
        _stream(self.near).stop_play()
        self._return_to_sound()
        self.hold_changed()
        self.fax_began()

    def _return_to_sound(self) -> None:
        """Who comes with T.38, while nothing here passes it on, is offered sound."""
        for party in (self.near, self.far):
            if party.leg.image is not None and self.fax_passage is None and not party.is_moving:
                return_to_sound(self._around.sip, party)

    def fax_began(self) -> None:
        """If one of the two is a fax machine, what both send is passed on as it is (faxes.py)."""
        if self.near.is_fax or self.far.is_fax:
            for party in (self.near, self.far):
                _stream(party).adjust(is_fax=True)

    def supervise(self, party: Party, mode: SupervisionMode) -> None:
        """`party`, whose stream is open, takes part in this way from now on."""
        self._supervisors[party.leg.leg_id] = (party, mode)
        self.hold_changed()

    def leave(self, party: Party) -> None:
        """A supervisor takes no more part."""
        if self._supervisors.pop(party.leg.leg_id, None) is not None:
            self._let_hear(party, _NOTHING)
            self.hold_changed()

    def hold_for(self, holder: Party, is_held: bool, by: str) -> None:
        """As if the holder's phone had put the other on hold, or resumed. Once more is fine."""
        if is_held:
            self._held_for[holder.leg.leg_id] = by
        else:
            self._held_for.pop(holder.leg.leg_id, None)
        self.hold_changed()

    def holds(self, party: Party) -> bool:
        """Whether he has put the other on hold, or a program has for him."""
        return _is_away(party) or party.leg.leg_id in self._held_for

    def holds_for(self, party: Party) -> str:
        """Who has put the other on hold for him; "" if he has himself."""
        return self._held_for.get(party.leg.leg_id, "")

    @property
    def is_on_hold(self) -> bool:
        return self.holds(self.near) or self.holds(self.far)

    def hold_changed(self) -> None:
        """Somebody may have put the others on hold, or resumed, or the mask has changed; set what all hear."""
        is_held = self.is_on_hold
        self._count_hold(is_held)
        for party, other in ((self.near, self.far), (self.far, self.near)):
            supervisors = [each for each, mode in self._supervisors.values() if self._speaks_to(mode, party)]
            self._let_hear(party, self._heard_by(party, self.holds(other), [other, *self.guests, *supervisors]))
        for party, _ in self._supervisors.values():
            others = [
                each for each, mode in self._supervisors.values() if each is not party and mode is SupervisionMode.BARGE
            ]
            heard = [] if self._is_masked() else [self.near, self.far, *self.guests, *others]
            self._let_hear(party, self._heard_by(party, is_held, heard))

    def forget_what_he_hears(self, party: Party) -> None:
        """It may have been changed elsewhere: `hold_changed` is to set it in any case."""
        self._heard.pop(party.leg.leg_id, None)

    def pass_digit(self, party: Party, digit: str) -> None:
        """One of the two has pressed a key: the other is told as his phone understands it, and does not hear it."""
        other = self.other(party)
        if other is None or self.holds(other) or other.leg.image is not None:
            return
        if other.digit_mode == "info":
            self._around.sip.send_info((other.stands_for or other).leg.leg_id, *info_of_digit(digit, DIGIT_MS))
        else:
            _stream(other).send_digits(digit, duration_ms=DIGIT_MS)

    def end(self) -> None:
        """Part them. The legs stay. A leg that has ended is about to give its stream back."""
        self._end_fax_passage()
        self._count_hold(False)
        self.talk_s = self._around.clock.now() - self.started_at
        for party in (self.near, self.far):
            if party.stream is not None and party.leg.state is not LegState.ENDED:
                party.stream.adjust(is_fax=False)
                party.stream.hear()
                party.stream.stop_play()

    def _end_fax_passage(self) -> None:
        if self.fax_passage is not None:
            self.fax_passage.end()

    def _count_hold(self, is_held: bool) -> None:
        now = self._around.clock.now()
        if is_held and self._on_hold_since is None:
            self._on_hold_since = now
            self.on_hold(True)
            self._tell_hold(self, None)
        elif not is_held and self._on_hold_since is not None:
            held_s = now - self._on_hold_since
            self.held_s += held_s
            self._on_hold_since = None
            self.on_hold(False)
            self._tell_hold(self, held_s)

    def _speaks_to(self, mode: SupervisionMode, party: Party) -> bool:
        return mode is SupervisionMode.BARGE or (mode is SupervisionMode.WHISPER and party is self.agent)

    def _heard_by(self, party: Party, is_other_held: bool, sources: list[Party]) -> _Heard:
        if self.holds(party) or party.leg.image is not None:
            return _NOTHING
        if is_other_held:
            return _MUSIC
        return _Heard(tuple(_stream(source) for source in sources))

    def _let_hear(self, party: Party, heard: _Heard) -> None:
        before = self._heard.get(party.leg.leg_id, _NOTHING)
        self._heard[party.leg.leg_id] = heard
        if heard == before or party.stream is None:
            return
        if before.is_music:
            party.stream.stop_play()
        party.stream.hear(*heard.sources)
        if heard.is_music:
            music = or_silence(lambda: [self._sounds.music(self._music)])
            if music:
                party.stream.play(music, loop=True, started_at=0.0)


def _is_away(party: Party) -> bool:
    return party.leg.is_held or party.is_elsewhere


def _stream(party: Party) -> MediaStream:
    assert party.stream is not None, "a conversation begins after both streams are open"
    return party.stream
