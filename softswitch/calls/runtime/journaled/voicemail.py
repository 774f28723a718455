"""The verbs of voicemail, noted: what is done to a box is done once, and what it had is what the flow was told."""

from softswitch.calls.outcomes import RecordedMessage
from softswitch.calls.runtime.journaled import kinds
from softswitch.calls.runtime.journaled.steps import JournaledSteps
from softswitch.calls.verbs import VoicemailVerbs
from softswitch.calls.voice_book import BoxCounts
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage


class JournaledVoicemail:
    """`VoicemailVerbs` for one flow."""

    def __init__(self, steps: JournaledSteps) -> None:
        self._steps = steps

    @property
    def _verbs(self) -> VoicemailVerbs:
        return self._steps.verbs.voicemail

    # What is found out

    def box(self, name: str) -> VoiceBox | None:
        return self._steps.read("voicemail.box", name, lambda: self._verbs.box(name), kinds.BOX)

    def own_boxes(self) -> list[VoiceBox]:
        return self._steps.read("voicemail.own_boxes", None, lambda: self._verbs.own_boxes(), kinds.BOXES)

    def counts(self, box: VoiceBox) -> BoxCounts:
        return self._steps.read("voicemail.counts", box.box, lambda: self._verbs.counts(box), kinds.COUNTS)

    def chosen(self, box: VoiceBox) -> StoredVoiceBox:
        return self._steps.read("voicemail.chosen", box.box, lambda: self._verbs.chosen(box), kinds.STORED_BOX)

    def room_s(self, box: VoiceBox) -> float:
        return self._steps.read("voicemail.room_s", box.box, lambda: self._verbs.room_s(box), kinds.FLOAT)

    def messages(self, box: VoiceBox) -> list[StoredVoiceMessage]:
        return self._steps.read("voicemail.messages", box.box, lambda: self._verbs.messages(box), kinds.STORED_MESSAGES)

    async def stored(self) -> bool:
        return await self._steps.learn("voicemail.stored", None, lambda: self._verbs.stored(), kinds.BOOL)

    # What is done

    def open(self, name: str, pin: str) -> VoiceBox | None:
        return self._steps.now("voicemail.open", (name, pin), lambda: self._verbs.open(name, pin), kinds.BOX)

    def refused(self, box: VoiceBox) -> None:
        return self._steps.now("voicemail.refused", box.box, lambda: self._verbs.refused(box), kinds.NOTHING)

    def begin(self, box: VoiceBox) -> StoredVoiceMessage:
        return self._steps.now("voicemail.begin", box.box, lambda: self._verbs.begin(box), kinds.STORED_MESSAGE)

    def recorded(self, message_id: str, message: RecordedMessage) -> None:
        return self._steps.now(
            "voicemail.recorded", message_id, lambda: self._verbs.recorded(message_id, message), kinds.NOTHING
        )

    async def complete(self, message_id: str, *, is_urgent: bool) -> bool:
        return await self._steps.wait_elsewhere(
            "voicemail.complete",
            (message_id, is_urgent),
            lambda: self._verbs.complete(message_id, is_urgent=is_urgent),
            kinds.BOOL,
        )

    def discard(self, message_id: str) -> None:
        return self._steps.now("voicemail.discard", message_id, lambda: self._verbs.discard(message_id), kinds.NOTHING)

    def new_path(self) -> str:
        return self._steps.now("voicemail.new_path", None, lambda: self._verbs.new_path(), kinds.TEXT)

    def drop_file(self, path: str) -> None:
        return self._steps.now("voicemail.drop_file", path, lambda: self._verbs.drop_file(path), kinds.NOTHING)

    async def record(self, path: str, *, limit_s: float, end_digits: str) -> RecordedMessage:
        return await self._steps.wait(
            "voicemail.record",
            (path, limit_s, end_digits),
            lambda: self._verbs.record(path, limit_s=limit_s, end_digits=end_digits),
            kinds.MESSAGE,
        )

    def heard(self, message_id: str) -> StoredVoiceMessage | None:
        return self._steps.now(
            "voicemail.heard", message_id, lambda: self._verbs.heard(message_id), kinds.STORED_MESSAGE_IF_ANY
        )

    def renew(self, message_id: str) -> StoredVoiceMessage | None:
        return self._steps.now(
            "voicemail.renew", message_id, lambda: self._verbs.renew(message_id), kinds.STORED_MESSAGE_IF_ANY
        )

    def delete(self, message_id: str) -> StoredVoiceMessage | None:
        return self._steps.now(
            "voicemail.delete", message_id, lambda: self._verbs.delete(message_id), kinds.STORED_MESSAGE_IF_ANY
        )

    def undelete(self, message_id: str) -> StoredVoiceMessage | None:
        return self._steps.now(
            "voicemail.undelete", message_id, lambda: self._verbs.undelete(message_id), kinds.STORED_MESSAGE_IF_ANY
        )

    def forward(self, message_id: str, to: VoiceBox) -> StoredVoiceMessage | None:
        return self._steps.now(
            "voicemail.forward",
            (message_id, to.box),
            lambda: self._verbs.forward(message_id, to),
            kinds.STORED_MESSAGE_IF_ANY,
        )

    def set_greeting(self, box: VoiceBox, kind: GreetingKind, path: str) -> None:
        return self._steps.now(
            "voicemail.set_greeting",
            (box.box, kind, path),
            lambda: self._verbs.set_greeting(box, kind, path),
            kinds.NOTHING,
        )

    def set_pin(self, box: VoiceBox, pin: str) -> bool:
        return self._steps.now("voicemail.set_pin", (box.box, pin), lambda: self._verbs.set_pin(box, pin), kinds.BOOL)
