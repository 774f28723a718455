"""How the answers of verbs are written down: one `Kind` for each type that a verb returns."""

from softswitch.calls.caller_lists import Listed
from softswitch.calls.kept.verb_journal import ExactKind, Kind
from softswitch.calls.outcomes import (
    ConferenceOutcome,
    DialOutcome,
    Digits,
    LookupAnswer,
    ParkOutcome,
    Played,
    QueueOutcome,
    RecordedMessage,
    StreamOutcome,
)
from softswitch.calls.settings import Project
from softswitch.calls.voice_book import BoxCounts
from softswitch.calls.voice_box import VoiceBox
from softswitch.store.schema import StoredPhone
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage

NOTHING: Kind[None] = Kind(None)
BOOL: Kind[bool] = Kind(bool)
FLOAT: Kind[float] = Kind(float)
TEXT: Kind[str] = Kind(str)
TEXTS: Kind[list[str]] = Kind(list[str])
NAMES: Kind[tuple[str, ...]] = Kind(tuple[str, ...])
TEXT_BY_NAME: Kind[dict[str, str]] = Kind(dict[str, str])

PLAYED: Kind[Played] = Kind(Played)
DIGITS: Kind[Digits] = Kind(Digits)
QUEUE: Kind[QueueOutcome] = Kind(QueueOutcome)
DIAL: Kind[DialOutcome] = Kind(DialOutcome)
PARK: Kind[ParkOutcome] = Kind(ParkOutcome)
CONFERENCE: Kind[ConferenceOutcome] = Kind(ConferenceOutcome)
MESSAGE: Kind[RecordedMessage] = Kind(RecordedMessage)
STREAM: Kind[StreamOutcome] = Kind(StreamOutcome)
LOOKUP: Kind[LookupAnswer] = ExactKind(LookupAnswer)

PROJECT: Kind[Project] = Kind(Project)
LISTED: Kind[Listed | None] = Kind(Listed | None)
PHONE: Kind[StoredPhone | None] = Kind(StoredPhone | None)

BOX: Kind[VoiceBox | None] = Kind(VoiceBox | None)
BOXES: Kind[list[VoiceBox]] = Kind(list[VoiceBox])
COUNTS: Kind[BoxCounts] = Kind(BoxCounts)
STORED_BOX: Kind[StoredVoiceBox] = Kind(StoredVoiceBox)
STORED_MESSAGE: Kind[StoredVoiceMessage] = Kind(StoredVoiceMessage)
STORED_MESSAGE_IF_ANY: Kind[StoredVoiceMessage | None] = Kind(StoredVoiceMessage | None)
STORED_MESSAGES: Kind[list[StoredVoiceMessage]] = Kind(list[StoredVoiceMessage])
