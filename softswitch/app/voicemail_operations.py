"""Voicemail, and the mail about it, for the control socket."""

from collections.abc import Iterable

from softswitch.app.belongings import SwitchBelongings
from softswitch.app.parts import Parts
from softswitch.base.log import get_logger
from softswitch.calls.voice_box import VoiceBox
from softswitch.control.protocol.replies import Refused
from softswitch.control.protocol.voicemail import (
    MailCounts,
    MailRow,
    SetVoiceMessage,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessageSet,
)
from softswitch.store.voicemail_schema import StoredVoiceMessage

log = get_logger("voicemail")


class VoicemailOperations:
    """The part of `SwitchOperations` that is about voicemail."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._owners = SwitchBelongings(parts)

    def voice_boxes(self) -> Iterable[VoiceBoxRow]:
        for box in self._parts.voicemail.all_boxes():
            yield self._box_row(box)

    def voice_messages(self, box: str) -> Iterable[VoiceMessageRow]:
        voicemail = self._parts.voicemail
        found = voicemail.box_for(box) if box else None
        if box and found is None:
            return
        messages = voicemail.all_messages() if found is None else voicemail.of(found.box)
        for message in messages:
            if message.state != "recording":
                yield self._message_row(message)

    async def set_voice_message(self, order: SetVoiceMessage) -> VoiceMessageSet | Refused:
        voicemail = self._parts.voicemail
        message = voicemail.get(order.message_id)
        if message is None or message.state == "recording":
            reason = f'there is no voice message "{order.message_id}": see `softswitch voicemail list`'
            return Refused("not_found", reason)
        changed = self._changed(order)
        if changed is None:
            return Refused("not_possible", f"{order.message_id} is not deleted")
        if not await voicemail.stored():
            return Refused("failed", f"the store refuses it: {self._parts.store_fault or 'see the log'}")
        log.info("voice message changed", message=order.message_id, action=order.action, by=order.by)
        return VoiceMessageSet(self._message_row(changed))

    def mails(self) -> Iterable[MailRow]:
        for mail in self._parts.mailing.queue.waiting():
            yield MailRow(
                mail_id=mail.mail_id,
                to=list(mail.to),
                subject=mail.subject,
                written_at=mail.written_wall,
                attempts=mail.attempts,
                next_at=mail.next_wall,
                last_failure=mail.last_failure,
                about=mail.about,
            )

    def mail_counts(self) -> MailCounts:
        queue = self._parts.mailing.queue
        return MailCounts(sent=queue.sent, failed=queue.failed, given_up=queue.given_up)

    # Private

    def _changed(self, order: SetVoiceMessage) -> StoredVoiceMessage | None:
        voicemail, message_id = self._parts.voicemail, order.message_id
        match order.action:
            case "new":
                return voicemail.renew(message_id)
            case "old":
                voicemail.undelete(message_id)
                return voicemail.heard(message_id, order.by)
            case "urgent" | "not_urgent":
                return voicemail.set_urgent(message_id, order.action == "urgent")
            case "delete":
                return voicemail.delete(message_id)
            case "undelete":
                return voicemail.undelete(message_id)

    def _box_row(self, box: VoiceBox) -> VoiceBoxRow:
        counts, chosen = self._parts.voicemail.counts(box.box), self._parts.voicemail.chosen(box.box)
        return VoiceBoxRow(
            box=box.box,
            number=box.number,
            name=box.name,
            project=self._owners.of_voice_box(box.box) or "",
            owner=box.owner,
            members=sorted(box.members),
            new=counts.new,
            old=counts.old,
            urgent_new=counts.urgent_new,
            urgent_old=counts.urgent_old,
            deleted=counts.deleted,
            seconds=counts.seconds,
            messages_max=box.messages_max,
            minutes_max=box.minutes_max,
            refused=chosen.refused,
            greetings=sorted(chosen.greetings),
            has_pin=bool(chosen.pin or box.pin),
            mail_to=list(box.mail_to),
            queue=box.queue,
        )

    def _message_row(self, message: StoredVoiceMessage) -> VoiceMessageRow:
        return VoiceMessageRow(
            message_id=message.message_id,
            box=message.box,
            state=message.state,
            received_at=message.received_wall,
            duration_s=message.duration_s,
            calling_number=message.calling_number,
            calling_name=message.calling_name,
            called_number=message.called_number,
            call_id=message.call_id,
            is_urgent=message.is_urgent,
            heard_at=message.heard_wall,
            heard_by=message.heard_by,
            deleted_at=message.deleted_wall,
            forwarded_by=message.forwarded_by,
            is_contact=message.is_contact,
            path=message.path,
            project=self._owners.of_voice_box(message.box) or "",
        )
