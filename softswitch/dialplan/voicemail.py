"""Voicemail: messages that callers leave, and boxes that their owners open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import Played, VoicemailOutcome, VoicemailReason
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan import spoken
from softswitch.dialplan.leaving_message import END_DIGIT, OPERATOR_DIGIT, LeavingMessage
from softswitch.dialplan.verb_group import VerbGroup
from softswitch.dialplan.voice_box import OpenBox
from softswitch.prompts.spoken import Said

if TYPE_CHECKING:
    from softswitch.dialplan.call import Call

Greeting = Literal["away", "busy", "none"]


class Voicemail(VerbGroup):
    """Boxes are named by their id (of an extension's box, its user name) or by their number."""

    def has_voice_box(self, box: str = "") -> bool:
        """Whether there is such a box; without a name, one of the queue the caller has waited in last."""
        return self._verbs.voicemail.box(box) is not None

    async def voicemail(self, box: str = "", *, greeting: Greeting = "away") -> VoicemailOutcome:
        """Let the caller leave a message: the box's greeting, which # cuts short, the tone, his words, and what he
        wants to do with them. 0 leads to the box's operator, if it has one. Who hangs up has left what he has said.

        Without a name it is the box of the queue he has waited in last. One that does not exist is a fault of the flow
        (`LocalError`).
        """
        voicemail = self._verbs.voicemail
        found = voicemail.box(box)
        if found is None:
            raise LocalError(f'voicemail: there is no box "{box}": see `softswitch voicemail` for those there are')
        await self._verbs.answer()
        room_s = voicemail.room_s(found)
        sounds = await self._greeting(found, greeting) if greeting != "none" else []
        if room_s:
            sounds += await self._files(["voicemail/leave-message"])
        stop_digits = END_DIGIT + (OPERATOR_DIGIT if found.operator else "")
        if await self._verbs.play(sounds, stop_digits=stop_digits) == OPERATOR_DIGIT:
            await self._verbs.transfer(found.operator)
        if not room_s:
            voicemail.refused(found)
            await self._verbs.play(await self._files(["voicemail/full"]))
            return VoicemailOutcome(reason=VoicemailReason.FULL, box=found.box)
        return await LeavingMessage(self._as_call(), voicemail, found, room_s).run()

    async def open_voice_box(self, box: str = "", pin: str = "") -> OpenBox | None:
        """The box of the caller's phone; one that its phone shares; or any with its PIN. None if that is not possible:
        no or another PIN, or too many wrong ones, of this box or from this caller.
        """
        voicemail = self._verbs.voicemail
        own = voicemail.own_boxes()
        found = next((each for each in own if box in ("", each.box, each.number)), None)
        if found is None and box:
            found = voicemail.open(box, pin)
        return None if found is None else OpenBox(self._as_call(), voicemail, found)

    async def play_recorded(self, path: str, *, skip_s: float = 0.0, stop_digits: str = "") -> Played:
        """Play a recording that is on this machine, from `skip_s` seconds on; returns the digit of `stop_digits` that
        cut it short, and how far it was played (`at_s`)."""
        return await self._verbs.play_file(path, skip_s=skip_s, stop_digits=stop_digits)

    def _as_call(self) -> Call:
        return cast("Call", self)

    async def _greeting(self, box: VoiceBox, greeting: Greeting) -> list[str]:
        """His own, or else the standard one with his name in his own voice, or with his name or number."""
        own = self._verbs.voicemail.chosen(box).greetings
        kinds = ("temporary", "busy", "away") if greeting == "busy" else ("temporary", "away")
        for kind in kinds:
            if kind in own:
                return [own[kind]]
        language, self.language = self.language, box.language or self.language
        try:
            said = "voicemail/on-the-phone" if greeting == "busy" else "voicemail/cannot-answer"
            if "name" in own:
                return [own["name"], *await self._files([said])]
            return await self._files(_standard_greeting(box, said, self.language))
        finally:
            self.language = language


def _standard_greeting(box: VoiceBox, said: str, language: str) -> list[Said]:
    if box.name not in ("", box.box) and _is_written_in(language, box.name):
        return [spoken.text(box.name), said]
    if box.number:
        return ["voicemail/person-at", spoken.digits(box.number), said]
    return ["voicemail/not-at-desk"]


def _is_written_in(language: str, name: str) -> bool:
    """The voice of a language reads the letters of another one by one, or not at all."""
    is_latin = [character.isascii() for character in name if character.isalpha()]
    return bool(is_latin) and (not any(is_latin) if language == "ru" else all(is_latin))
