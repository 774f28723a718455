"""What the mail about a voice message says."""

from datetime import datetime

from softswitch.app.mail_text import minutes, one_line
from softswitch.calls.voice_box import VoiceBox
from softswitch.store.voicemail_schema import StoredMail, StoredVoiceMessage

WITHHELD = {"en": "an unknown number", "ru": "неизвестного номера"}
SUBJECTS = {
    "en": "{urgent}Voice message from {caller} for {box} ({length})",
    "ru": "{urgent}Голосовое сообщение от {caller} для {box} ({length})",
}
URGENT = {"en": "Urgent: ", "ru": "Срочно: "}
TEXTS = {
    "en": "{caller} has left a voice message of {length} in the box {box} at {when}.\n{how}",
    "ru": "{caller}: голосовое сообщение ({length}) в ящике {box}, получено {when}.\n{how}",
}
BY_PHONE = {"en": "It can be heard by phone.\n", "ru": "Его можно прослушать по телефону.\n"}


def mail_about(box: VoiceBox, message: StoredVoiceMessage, mail_id: str, wall: float, language: str) -> StoredMail:
    """For all whom the box's mail goes to."""
    language = box.language or language
    language = language if language in SUBJECTS else "en"
    number = message.calling_number or WITHHELD[language]
    caller = f"{message.calling_name} ({number})" if message.calling_name not in ("", number) else number
    words = {
        "urgent": URGENT[language] if message.is_urgent else "",
        "caller": one_line(caller),
        "box": box.name or box.box,
        "length": minutes(message.duration_s),
        "when": datetime.fromtimestamp(message.received_wall).astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "how": BY_PHONE[language] if box.attach is None else "",
    }
    day = datetime.fromtimestamp(message.received_wall).astimezone().strftime("%Y-%m-%d-%H-%M")
    return StoredMail(
        mail_id=mail_id,
        to=box.mail_to,
        subject=one_line(SUBJECTS[language].format(**words)),
        text=TEXTS[language].format(**words),
        written_wall=wall,
        attachment="" if box.attach is None else message.path,
        attachment_format=box.attach or "mp3",
        attachment_name=f"message-{day}-{message.message_id}",
        about=message.message_id,
        deletes=box.deletes_mailed,
        next_wall=wall,
    )
