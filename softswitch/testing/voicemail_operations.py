"""Voicemail and mail as the control socket sees them, with fixed contents."""

import msgspec

from softswitch.control.protocol.replies import Refused
from softswitch.control.protocol.voicemail import (
    MailCounts,
    MailRow,
    SetVoiceMessage,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessageSet,
)
from softswitch.testing.fixed_switch import FixedSwitch


class FixedVoicemailOperations(FixedSwitch):
    """The part of `FixedOperations` that is about voicemail."""

    def __init__(self) -> None:
        super().__init__()
        self.voice_box_rows = [
            VoiceBoxRow(box="anna", number="101", name="Anna", owner="anna", new=1, messages_max=100, minutes_max=60.0),
            VoiceBoxRow(box="sales", number="190", members=["anna"], messages_max=20, minutes_max=30.0, refused=2),
        ]
        self.voice_message_rows = [
            VoiceMessageRow(
                message_id="0badcafe01",
                box="anna",
                state="new",
                received_at=1_700_000_000.0,
                duration_s=23.4,
                calling_number="+15550100",
                calling_name="Dora",
                called_number="101",
                call_id="c1",
                path="/var/voicemail/one.wav",
            ),
            VoiceMessageRow(message_id="0badcafe02", box="anna", state="deleted", received_at=1_700_000_100.0),
        ]
        self.mail_rows = [
            MailRow(
                mail_id="m1",
                to=["sales@example.com"],
                subject="Voice message",
                written_at=1_700_000_000.0,
                attempts=2,
                next_at=1_700_000_300.0,
                last_failure="421 come back later",
            )
        ]

    def voice_boxes(self) -> list[VoiceBoxRow]:
        return self.voice_box_rows

    def voice_messages(self, box: str) -> list[VoiceMessageRow]:
        return [row for row in self.voice_message_rows if box in ("", row.box)]

    async def set_voice_message(self, order: SetVoiceMessage) -> VoiceMessageSet | Refused:
        self.orders.append(("set_voice_message", order.message_id, order.action))
        row = next(row for row in self.voice_message_rows if row.message_id == order.message_id)
        states = {"delete": "deleted", "undelete": "new", "new": "new", "old": "old"}
        return VoiceMessageSet(
            msgspec.structs.replace(row, state=states.get(order.action, row.state), is_urgent=order.action == "urgent")
        )

    def mails(self) -> list[MailRow]:
        return self.mail_rows

    def mail_counts(self) -> MailCounts:
        return MailCounts(sent=12, failed=3, given_up=1)
