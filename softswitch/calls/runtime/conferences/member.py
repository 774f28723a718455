"""One participant's call: how he is heard, what he hears beside the others, what is said to him."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId
from softswitch.calls.call_state import CallState
from softswitch.calls.conferences.limits import ANNOUNCEMENTS_MAX, SOUNDS_SPOKEN_MAX
from softswitch.calls.conferences.outputs import Background, Placed, Word
from softswitch.calls.conferences.terms import LeaveReason, RoomTerms
from softswitch.calls.events import ConferenceLeft
from softswitch.calls.kept.kept_conference import KeptMember
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.sounds import or_silence
from softswitch.media.runtime.client import MediaStream

if TYPE_CHECKING:
    from softswitch.calls.runtime.conferences.conference import Conference

RINGBACK = "ringback"


class Member:
    """From joining to leaving; `ActiveCall.seat` of its call."""

    __slots__ = (
        "_background",
        "_connected_s",
        "_connected_since",
        "_language",
        "_party",
        "_placed",
        "_playing",
        "_terms",
        "_to_be_said",
        "call",
        "conference",
        "dismissal",
    )

    def __init__(self, call: ActiveCall, conference: "Conference") -> None:
        self.call = call
        self.conference = conference
        self.dismissal: LeaveReason | None = None
        """Why he is in it no more."""
        self._terms: RoomTerms = conference.terms
        self._language = conference.terms.language or call.language
        self._placed: Placed | None = None
        self._background: Background = ""
        self._playing: int | None = None
        """The announcement he hears."""
        self._to_be_said: deque[list[str]] = deque(maxlen=ANNOUNCEMENTS_MAX)
        self._connected_s = 0.0
        self._connected_since: float | None = None
        self._party = call.caller
        call.seat = self

    def keep(self) -> KeptMember:
        return KeptMember(call_id=self.call_id, connected_s=self._connected_s, connected_since=self._connected_since)

    def adopt(self, kept: KeptMember, placed: Placed | None) -> None:
        """He was in it in the switch before, and hears what he heard: an announcement to its end, and then music if he
        is alone."""
        self._connected_s, self._connected_since = kept.connected_s, kept.connected_since
        self._placed = placed
        self._background = "" if placed is None else placed.background
        stream = self.stream
        if stream is not None and not stream.is_in_loop:
            self._playing = stream.playing
            if self._playing is None and self._background:
                self._play_background()

    @property
    def call_id(self) -> CallId:
        return self.call.call_id

    @property
    def stream(self) -> MediaStream | None:
        """None once he has hung up, or gone on in another call."""
        return None if self.call.caller.leg.state is LegState.ENDED else self.call.caller.stream

    @property
    def place(self) -> int | None:
        """Where he hears others, and they him; None: nowhere."""
        return None if self._placed is None else self._placed.place

    # From the conference

    def placed(self, placed: Placed) -> None:
        self._placed = placed
        self._count_time()
        self._be_heard()
        if placed.background != self._background:
            self._background = placed.background
            if self._playing is None:
                self._play_background()

    def tell(self, words: Iterable[Word]) -> None:
        """As soon as what he hears now is over."""
        sounds = or_silence(lambda: self._files(words))
        if sounds:
            self._to_be_said.append(sounds)
            self._say_next()

    def say(self, sounds: list[str]) -> None:
        """The same by command. Raises `LocalError` if too much is to be said to him already."""
        if len(self._to_be_said) == ANNOUNCEMENTS_MAX:
            raise LocalError("too much is to be said to him already: stop it, or wait")
        self._to_be_said.append(sounds)
        self._say_next()

    def cut(self) -> None:
        """Nothing more is said to him; he hears the others, or music, as before."""
        self._to_be_said.clear()
        if self._playing is not None and self.stream is not None:
            self.stream.stop_play(self._playing)

    def dismissed(self, reason: LeaveReason) -> None:
        self.dismissal = reason
        self.call.mailbox.put(ConferenceLeft())

    # From the call

    def refresh(self) -> None:
        """He has put it on hold, or resumed; or another party has taken his place."""
        self._be_heard()
        self.conference.members_changed()
        if self.call.caller is not self._party:
            self._party = self.call.caller
            self.conference.renamed(self.call)

    def finished(self, play_id: int) -> None:
        """A sound has come to its end."""
        if play_id == self._playing:
            self._playing = None
            self._say_next()
            if self._playing is None:
                self._play_background()

    def release(self) -> float:
        """He is as he was before he came; returns for how many seconds he heard others. Once more is fine."""
        self._placed = None
        self._count_time()
        self.call.seat = None
        self._to_be_said.clear()
        if self.stream is not None:
            self.stream.stop_play()
            self.stream.adjust(gain_db=0.0, hearing_gain_db=0.0, is_muted=False)
        connected_s, self._connected_s = self._connected_s, 0.0
        return connected_s

    # Private

    def _be_heard(self) -> None:
        """Who holds is not heard: his phone may send music."""
        placed, stream = self._placed, self.stream
        if placed is not None and stream is not None:
            is_muted = placed.is_muted or self.call.caller.leg.is_held
            stream.adjust(gain_db=placed.gain_db, hearing_gain_db=placed.hearing_gain_db, is_muted=is_muted)

    def _count_time(self) -> None:
        now = self.call.around.clock.now()
        if self._connected_since is not None:
            self._connected_s += now - self._connected_since
        is_connected = self._placed is not None and self._placed.place is not None
        self._connected_since = now if is_connected else None
        self.call.set_state(CallState.TALKING if is_connected else CallState.WAITING)

    def _say_next(self) -> None:
        stream = self.stream
        if self._playing is None and self._to_be_said and stream is not None:
            self._playing = stream.play(self._to_be_said.popleft(), is_over=not self._background)

    def _play_background(self) -> None:
        stream, sounds = self.stream, sounds_of(self.call)
        if stream is None:
            return
        match self._background:
            case "music":
                files = or_silence(lambda: [sounds.music(self._terms.music)])
            case "ringback":
                files = or_silence(lambda: [sounds.tone(RINGBACK)])
            case _:
                files = []
        if files:
            stream.play(files, loop=True, started_at=0.0 if self._background == "music" else None)
        else:
            stream.stop_play()

    def _files(self, words: Iterable[Word]) -> list[str]:
        sounds = sounds_of(self.call)
        files: list[str] = []
        for word in words:
            if isinstance(word, int):
                files += sounds.speak_number(word, self._language)
            elif word.startswith(("/", "tone:")):
                files.append(word)
            else:
                files.append(sounds.resolve(word, self._language))
        return files[:SOUNDS_SPOKEN_MAX]
