"""From the operator's configuration to the boxes there are."""

from typing import TypeVar

from softswitch.app.smtp import MailSettings
from softswitch.base.ids import QueueId
from softswitch.calls.voice_box import VoiceBox
from softswitch.config import Configuration
from softswitch.config.rows import AgentRow, PhoneRow
from softswitch.config.settings import Attachment
from softswitch.config.voicemail_rows import PhoneBoxRow

T = TypeVar("T")


def voice_boxes(configuration: Configuration) -> dict[str, VoiceBox]:
    """By id; an extension's box has its user name."""
    boxes = [_box_of_phone(row, configuration) for row in (*configuration.agents, *configuration.phones)]
    usernames = {row.id: row.username for row in (*configuration.agents, *configuration.phones)}
    shared = [
        _box(
            row,
            VoiceBox(
                box=row.id,
                number=row.number,
                name=row.name,
                project=row.project,
                members=frozenset(usernames[member] for member in row.members),
            ),
            configuration,
        )
        for row in configuration.boxes
        if row.enabled is not False
    ]
    return {box.box: box for box in (*boxes, *shared) if box is not None}


def mail_settings(configuration: Configuration) -> MailSettings:
    section = configuration.settings.mail
    return MailSettings(
        server=section.server,
        port=section.port,
        security=section.security,
        is_verified=section.tls_verify,
        username=section.username,
        password=section.password,
        sender=section.sender,
        key_file=configuration.settings.recordings.key_file,
    )


def _box_of_phone(row: AgentRow | PhoneRow, configuration: Configuration) -> VoiceBox | None:
    is_wanted = row.voicemail.enabled
    if not (configuration.settings.voicemail.extensions if is_wanted is None else is_wanted):
        return None
    own = VoiceBox(box=row.username, number=row.number, name=row.name, owner=row.username)
    return _box(row.voicemail, own, configuration)


def _box(row: PhoneBoxRow, box: VoiceBox, configuration: Configuration) -> VoiceBox:
    section = configuration.settings.voicemail
    attach: Attachment = _or(row.attach, section.attach)
    return VoiceBox(
        box=box.box,
        number=box.number,
        name=box.name,
        project=box.project,
        owner=box.owner,
        members=box.members,
        pin=row.pin,
        language=row.language,
        operator=_or(row.operator, section.operator),
        queue=QueueId(row.queue),
        messages_max=_or(row.messages_max, section.messages_max),
        minutes_max=_or(row.minutes_max, section.minutes_max),
        longest_s=_or(row.longest_s, section.longest_s),
        shortest_s=_or(row.shortest_s, section.shortest_s),
        keep_days=_or(row.keep_days, section.keep_days),
        mail_to=row.email,
        attach=None if attach == "none" else attach,
        deletes_mailed=row.delete_mailed,
    )


def _or(own: T | None, otherwise: T) -> T:
    return otherwise if own is None else own
