"""What a flow can do with voicemail, for one caller (`VoicemailVerbs`)."""

from typing import Protocol

from softswitch.base.ids import CallId
from softswitch.calls.outcomes import RecordedMessage
from softswitch.calls.projects import may_use, own_name
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.settings import Extension
from softswitch.calls.voice_book import BoxCounts
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage


class RecordsMessage(Protocol):
    """Record what the caller says into this file."""

    async def __call__(self, *, limit_s: float, end_digits: str, path: str) -> RecordedMessage: ...


class CallVoicemail:
    """`extension` is the phone the caller calls from because he wants to, or None; `record` is the verb of it."""

    def __init__(self, call: ActiveCall, extension: Extension | None, record: RecordsMessage) -> None:
        self._call = call
        self._extension = extension
        self._record = record

    @property
    def _voicemail(self) -> Voicemail:
        return self._call.around.voicemail

    @property
    def _who(self) -> str:
        """Who hears and changes messages, for the record."""
        return self._call.caller_identity[0] if self._extension is None else self._extension.username

    # Boxes

    def box(self, name: str) -> VoiceBox | None:
        """The box with this id or number, as the call's project knows it; "": of the queue it was in last."""
        project, settings = self._call.record.project, self._call.around.settings()
        if name:
            found = settings.voice_box_for(own_name(project, name, settings.voice_boxes))
        else:
            found = settings.voice_box_of_queue(self._call.record.queue)
        is_of_another = found is not None and project and not may_use(project, found.project)
        return None if is_of_another else found

    def own_boxes(self) -> list[VoiceBox]:
        """Those that need no PIN of whoever works at the caller's phone, his own first."""
        if self._extension is None:
            return []
        return self._voicemail.boxes_of(self._call.around.desks.account_of(self._extension))

    def open(self, name: str, pin: str) -> VoiceBox | None:
        """The box, if it has this PIN, and neither it nor the caller has been tried with too many wrong ones."""
        return self._voicemail.open(name, pin, self._who)

    def counts(self, box: VoiceBox) -> BoxCounts:
        return self._voicemail.counts(box.box)

    def chosen(self, box: VoiceBox) -> StoredVoiceBox:
        return self._voicemail.chosen(box.box)

    # Leaving a message

    def room_s(self, box: VoiceBox) -> float:
        return self._voicemail.room_s(box)

    def refused(self, box: VoiceBox) -> None:
        self._voicemail.refused(box)

    def begin(self, box: VoiceBox) -> StoredVoiceMessage:
        """Of the caller, before his first word."""
        number, name = self._call.caller_identity
        is_hidden = self._call.is_caller_hidden
        message = StoredVoiceMessage(
            message_id=self._voicemail.new_id(),
            box=box.box,
            path=self.new_path(),
            received_wall=self._call.around.clock.wall(),
            calling_number="" if is_hidden else number,
            calling_name="" if is_hidden else name,
            called_number=self._call.record.called_number,
            call_id=CallId(self._call.call_id),
        )
        self._voicemail.begin(message)
        return message

    def recorded(self, message_id: str, message: RecordedMessage) -> None:
        self._voicemail.recorded(message_id, message.path, message.duration_s)

    async def complete(self, message_id: str, *, is_urgent: bool) -> bool:
        return await self._voicemail.complete(message_id, is_urgent=is_urgent)

    def discard(self, message_id: str) -> None:
        self._voicemail.discard(message_id)

    def new_path(self) -> str:
        return self._voicemail.new_path()

    def drop_file(self, path: str) -> None:
        self._voicemail.drop_file(path)

    async def record(self, path: str, *, limit_s: float, end_digits: str) -> RecordedMessage:
        """What the caller says, into a file of voicemail's; also returns when he hangs up."""
        self._call.unreached = None
        await self._call.answer()
        return await self._record(limit_s=limit_s, end_digits=end_digits, path=path)

    # Dealing with messages

    def messages(self, box: VoiceBox) -> list[StoredVoiceMessage]:
        return self._voicemail.of(box.box)

    def heard(self, message_id: str) -> StoredVoiceMessage | None:
        return self._voicemail.heard(message_id, self._who)

    def renew(self, message_id: str) -> StoredVoiceMessage | None:
        return self._voicemail.renew(message_id)

    def delete(self, message_id: str) -> StoredVoiceMessage | None:
        return self._voicemail.delete(message_id)

    def undelete(self, message_id: str) -> StoredVoiceMessage | None:
        return self._voicemail.undelete(message_id)

    def forward(self, message_id: str, to: VoiceBox) -> StoredVoiceMessage | None:
        return self._voicemail.forward(message_id, to)

    # The owner's choices

    def set_greeting(self, box: VoiceBox, kind: GreetingKind, path: str) -> None:
        self._voicemail.set_greeting(box, kind, path)

    def set_pin(self, box: VoiceBox, pin: str) -> bool:
        return self._voicemail.set_pin(box, pin)

    async def stored(self) -> bool:
        return await self._voicemail.stored()
