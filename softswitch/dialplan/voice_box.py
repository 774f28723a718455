"""A voicemail box that was opened, as the author of a flow sees it: its messages, greetings, PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.calls.limits import GREETING_MAX_S
from softswitch.calls.outcomes import Played, RecordedMessage
from softswitch.calls.verbs import VoicemailVerbs
from softswitch.calls.voice_book import BoxCounts
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceMessage

if TYPE_CHECKING:
    from softswitch.dialplan.call import Call


class OpenBox:
    """What `call.open_voice_box` gives. Messages are `StoredVoiceMessage`s, with `calling_number`, `received_wall`,
    `duration_s`, `state` ("new", "old", "deleted"), `is_urgent`; each stays what it was when it was read."""

    def __init__(self, call: Call, voicemail: VoicemailVerbs, box: VoiceBox) -> None:
        self._call = call
        self._voicemail = voicemail
        self.settings = box
        """As configured: `name`, `number`, `operator`, `language` and the rest."""

    @property
    def counts(self) -> BoxCounts:
        """How many messages there are: `new`, `old`, `urgent_new`, `urgent_old`, `deleted`."""
        return self._voicemail.counts(self.settings)

    def messages(self, state: str = "") -> list[StoredVoiceMessage]:
        """Those in this state, or all; urgent ones first, then the oldest."""
        found = [each for each in self._voicemail.messages(self.settings) if state in ("", each.state)]
        return sorted(found, key=lambda each: not each.is_urgent)

    async def play(self, message: StoredVoiceMessage, *, skip_s: float = 0.0, stop_digits: str = "") -> Played:
        """Play it from `skip_s` on; returns where a digit has cut it short. A new one is an old one from now on."""
        self._voicemail.heard(message.message_id)
        return await self._call.play_recorded(message.path, skip_s=skip_s, stop_digits=stop_digits)

    async def keep(self, message: StoredVoiceMessage) -> bool:
        """It is an old message; one that was deleted is there again. False if it is gone."""
        self._voicemail.undelete(message.message_id)
        return await self._is_done(self._voicemail.heard(message.message_id))

    async def renew(self, message: StoredVoiceMessage) -> bool:
        """It is new, as if nobody had heard it."""
        return await self._is_done(self._voicemail.renew(message.message_id))

    async def delete(self, message: StoredVoiceMessage) -> bool:
        """It can be had back for a day (`keep`, `renew`)."""
        return await self._is_done(self._voicemail.delete(message.message_id))

    async def forward(self, message: StoredVoiceMessage, box: str) -> bool:
        """A copy of it in another box. False if there is no such box, or no room in it."""
        to = self._voicemail.box(box)
        if to is None or to.box == self.settings.box:
            return False
        return await self._is_done(self._voicemail.forward(message.message_id, to))

    async def record(self, *, beep: bool = True) -> RecordedMessage:
        """What the owner says, until he presses #: for `set_greeting`."""
        if beep:
            await self._call.play("tone:beep")
        return await self._voicemail.record(self._voicemail.new_path(), limit_s=GREETING_MAX_S, end_digits="#")

    def discard(self, recorded: RecordedMessage) -> None:
        """What `record` gave is not used after all."""
        self._voicemail.drop_file(recorded.path)

    def greeting(self, kind: GreetingKind) -> str:
        """The file of a greeting of his own; "" if he has none of this kind."""
        return self._voicemail.chosen(self.settings).greetings.get(kind, "")

    async def set_greeting(self, kind: GreetingKind, recorded: RecordedMessage | None) -> bool:
        """Callers hear this from now on; None: what they hear without. False if the disk refuses."""
        self._voicemail.set_greeting(self.settings, kind, "" if recorded is None else recorded.path)
        return await self._voicemail.stored()

    async def set_pin(self, pin: str) -> bool:
        """False for one that has fewer than 4 or more than 12 digits, is the box's number, or all one digit."""
        return self._voicemail.set_pin(self.settings, pin) and await self._voicemail.stored()

    async def _is_done(self, message: StoredVoiceMessage | None) -> bool:
        return message is not None and await self._voicemail.stored()
