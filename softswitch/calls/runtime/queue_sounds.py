"""What a caller hears while he waits in a queue: music without end, announcements one after the other, music again."""

from collections import deque

from softswitch.acd.outputs import AnnouncementDue
from softswitch.base.errors import LocalError
from softswitch.calls.kept.kept_verbs import KeptQueueSounds
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_phones import AgentPhones
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.sounds import or_silence
from softswitch.media.protocol import PlayFinished

TO_BE_SAID_MAX = 2
"""Announcements that wait for another to end: its place in the queue and one text; more would be old when heard."""


class QueueSounds:
    """Of one caller, for whom `phones` ring. It says what is played; what that is good for is the queue's to know."""

    __slots__ = ("_announcement", "_call", "_music", "_phones", "_to_be_said")

    def __init__(self, call: ActiveCall, phones: AgentPhones) -> None:
        self._call = call
        self._phones = phones
        self._music = "default"
        self._announcement: int | None = None
        self._to_be_said: deque[list[str]] = deque()
        """What became due while something else is being said."""

    def keep(self) -> KeptQueueSounds:
        return KeptQueueSounds(music=self._music, announcement=self._announcement, to_be_said=tuple(self._to_be_said))

    def go_on_from(self, kept: KeptQueueSounds) -> None:
        """As in the switch before: what plays goes on, and nothing begins again. An announcement that has begun, or
        was over, since all this was written is known by what plays."""
        stream = self._call.caller_stream
        self._music = kept.music
        self._announcement = None if stream.is_in_loop else stream.playing
        if not stream.is_in_loop:
            self._to_be_said.extend(kept.to_be_said)
        if stream.playing is not None:
            return
        if kept.announcement is None:
            self.play_music(self._music)
        else:
            self._announcement = kept.announcement
            self.go_on()

    def play_music(self, music: str) -> None:
        """From now on, in the place of whatever he hears."""
        self._music = music
        self.forget()
        sounds = or_silence(lambda: [sounds_of(self._call).music(music)])
        if sounds:
            self._call.caller_stream.play(sounds, loop=True, started_at=0.0)

    def forget(self) -> None:
        """He hears something else now, and nothing of this comes back."""
        self._announcement = None
        self._to_be_said.clear()

    def announce(self, event: AnnouncementDue) -> None:
        """Say it, or later if something is being said."""
        sounds = or_silence(lambda: self._words_of(event))
        if sounds:
            self._say(sounds)

    def say(self, sounds: list[str]) -> None:
        """The same by command. Raises `LocalError` while somebody is rung for him, and if too much is to be said."""
        if self._phones.are_ringing or self._phones.answered is not None:
            raise LocalError("an agent is being rung for him: nothing is said to him now")
        if not self._say(sounds):
            raise LocalError("too much is to be said to him already: stop it, or wait")

    def is_saying(self, play_id: int) -> bool:
        return play_id == self._announcement

    def go_on(self) -> None:
        """What was being said is over."""
        if self._to_be_said:
            self._announcement = self._call.caller_stream.play(self._to_be_said.popleft())
        else:
            self.cut()

    def cut(self) -> None:
        """Nothing more is said; music again."""
        self._to_be_said.clear()
        if self._announcement is not None:
            self.play_music(self._music)

    def _say(self, sounds: list[str]) -> bool:
        if self._announcement is None:
            self._announcement = self._call.caller_stream.play(sounds)
        elif len(self._to_be_said) < TO_BE_SAID_MAX:
            self._to_be_said.append(sounds)
        else:
            return False
        return True

    async def say_last(self, prompt: str) -> None:
        """To somebody who has waited, and is now let go. Raises `CallEnded`."""
        sounds = or_silence(lambda: [sounds_of(self._call).resolve(prompt, self._call.language)])
        play_id = self._call.caller_stream.play(sounds) if sounds else None
        while play_id is not None:
            event = await self._call.mailbox.next()
            if isinstance(event, PlayFinished) and event.play_id == play_id:
                return

    def _words_of(self, event: AnnouncementDue) -> list[str]:
        library = sounds_of(self._call)
        sounds = [library.resolve(event.text, self._call.language)] if event.text else []
        if event.position is not None:
            sounds += library.announce_position(event.position, self._call.language)
        if event.estimated_wait_s is not None:
            minutes = round(event.estimated_wait_s / 60)
            sounds += library.announce_wait(minutes, self._call.language)
        return sounds
