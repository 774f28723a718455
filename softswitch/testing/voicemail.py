"""Voicemail for a caller made of a script: the real book of messages, without a disk."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from softswitch.base.clock import Clock
from softswitch.base.ids import CallId
from softswitch.calls.outcomes import RecordedMessage
from softswitch.calls.record import CallRecord
from softswitch.calls.voice_book import BoxCounts, VoiceBook
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage


class FakeVoicemail:
    """`username` is that of the caller's phone, "" if he has none of ours; `record` is what he says next."""

    def __init__(
        self,
        boxes: Sequence[VoiceBox],
        messages: Sequence[StoredVoiceMessage],
        clock: Clock,
        record: CallRecord,
        username: str,
        record_message: Callable[..., Awaitable[RecordedMessage]],
    ) -> None:
        self.boxes = {each.box: each for each in boxes}
        self.book = VoiceBook(messages)
        self.takes = True
        """Whether the disk takes what it is given."""
        self.dropped: list[str] = []
        """Files that were recorded and are of no use."""
        self._clock = clock
        self._record = record
        self._username = username
        self._record_message = record_message
        self._count = 0

    def box(self, name: str) -> VoiceBox | None:
        if not name:
            queue = self._record.queue
            return next((each for each in self.boxes.values() if queue and queue in (each.box, each.queue)), None)
        return self.boxes.get(name) or next((each for each in self.boxes.values() if each.number == name), None)

    def own_boxes(self) -> list[VoiceBox]:
        own = [each for each in self.boxes.values() if each.is_open_to(self._username)]
        return sorted(own, key=lambda box: not box.owner)

    def open(self, name: str, pin: str) -> VoiceBox | None:
        box = self.box(name)
        right = "" if box is None else self.book.chosen(box.box).pin or box.pin
        return box if right and pin == right else None

    def counts(self, box: VoiceBox) -> BoxCounts:
        return self.book.counts(box.box)

    def chosen(self, box: VoiceBox) -> StoredVoiceBox:
        return self.book.chosen(box.box)

    def room_s(self, box: VoiceBox) -> float:
        return self.book.room_s(box)

    def refused(self, box: VoiceBox) -> None:
        self.book.refused(box.box, self._clock.wall())

    def begin(self, box: VoiceBox) -> StoredVoiceMessage:
        message = StoredVoiceMessage(
            message_id=self._next("message"),
            box=box.box,
            path=self.new_path(),
            received_wall=self._clock.wall(),
            calling_number=self._record.calling_number,
            call_id=CallId("fake-call"),
        )
        self.book.begin(message)
        return message

    def recorded(self, message_id: str, message: RecordedMessage) -> None:
        self.book.recorded(message_id, message.path, message.duration_s)

    async def complete(self, message_id: str, *, is_urgent: bool) -> bool:
        self.book.completed(message_id, is_urgent=is_urgent)
        return self.takes

    def discard(self, message_id: str) -> None:
        self.book.discard(message_id)

    def drop_file(self, path: str) -> None:
        self.dropped.append(path)

    def new_path(self) -> str:
        return self._next("file")

    async def record(self, path: str, *, limit_s: float, end_digits: str) -> RecordedMessage:
        spoken = await self._record_message(limit_s=limit_s, end_digits=end_digits)
        return msgspec.structs.replace(spoken, path=path)

    def messages(self, box: VoiceBox) -> list[StoredVoiceMessage]:
        return self.book.of(box.box)

    def heard(self, message_id: str) -> StoredVoiceMessage | None:
        return self.book.heard(message_id, self._username, self._clock.wall())

    def renew(self, message_id: str) -> StoredVoiceMessage | None:
        return self.book.renew(message_id)

    def delete(self, message_id: str) -> StoredVoiceMessage | None:
        return self.book.delete(message_id, self._clock.wall(), None)

    def undelete(self, message_id: str) -> StoredVoiceMessage | None:
        return self.book.undelete(message_id)

    def forward(self, message_id: str, to: VoiceBox) -> StoredVoiceMessage | None:
        return self.book.forward(message_id, to, self._next("copy"), self._clock.wall())

    def set_greeting(self, box: VoiceBox, kind: GreetingKind, path: str) -> None:
        self.book.set_greeting(box.box, kind, path)

    def set_pin(self, box: VoiceBox, pin: str) -> bool:
        if not 4 <= len(pin) <= 12:
            return False
        self.book.set_pin(box.box, pin)
        return True

    async def stored(self) -> bool:
        return self.takes

    def _next(self, what: str) -> str:
        self._count += 1
        return f"{what}-{self._count}"
