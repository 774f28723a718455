"""What the mail says that tells a client of the calls of some time: how many there were, and a line for each."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from softswitch.app.mail_text import minutes, one_line
from softswitch.store.schema import Cdr
from softswitch.store.voicemail_schema import StoredMail

LINES_MAX = 1000
"""Calls that have a line of their own: more than anybody reads, 80 KB of mail. Of further ones the number is told."""

SUBJECTS = {"en": "{name}: calls until {until}", "ru": "{name}: звонки до {until}"}
HEADS = {
    "en": "Calls for {name} from {since} to {until}.",
    "ru": "Звонки для {name} с {since} по {until}.",
}
COUNTS = {
    "en": {"all": "calls", "talked": "answered", "message": "left a message", "refused": "refused", "gone": "neither"},
    "ru": {
        "all": "звонков",
        "talked": "состоялся разговор",
        "message": "оставлено сообщение",
        "refused": "отклонено",
        "gone": "ни то ни другое",
    },
}
LINES = {
    "en": {"talked": "talked {length}{who}", "message": "left a message", "refused": "refused", "gone": "hung up"},
    "ru": {
        "talked": "разговор {length}{who}",
        "message": "оставлено сообщение",
        "refused": "отклонён",
        "gone": "разговора не было",
    },
}
WITH = {"en": " with {agent}", "ru": ", оператор {agent}"}
WITHHELD = {"en": "number withheld", "ru": "номер скрыт"}
MORE = {"en": "... and {number} more.", "ru": "... и ещё {number}."}
FAULTY = {
    "en": "Some records of that time cannot be read; there may have been more calls.",
    "ru": "Часть записей прочитать не удалось: звонков могло быть больше.",
}
RESULTS = ("talked", "message", "refused", "gone")
MESSAGE_TAGS = ("voicemail", "message")
"""What flows note of a message that was left."""
TOO_SHORT = "too short"


class Digest:
    """Of one project and some time, seconds since 1970; calls are added one by one, in the order of time."""

    def __init__(self, project: str, name: str, *, language: str, timezone: str, since: float, until: float) -> None:
        self._project = project
        self._name = name
        self._language = language if language in HEADS else "en"
        self._zone = ZoneInfo(timezone)
        self._since = since
        self._until = until
        self._counts: Counter[str] = Counter()
        self._lines: list[str] = []
        self.is_incomplete = False
        """Some records could not be read."""

    def add(self, cdr: Cdr) -> None:
        result = result_of(cdr)
        self._counts[result] += 1
        if len(self._lines) < LINES_MAX:
            self._lines.append(self._line(cdr, result))

    def mail(self, to: str, wall: float) -> StoredMail:
        """The id is that of the project and the time: who gets it twice sees that it is one."""
        words = {"name": self._name, "since": self._moment(self._since), "until": self._moment(self._until)}
        number = sum(self._counts.values())
        counted = COUNTS[self._language]
        parts = [f"{counted[each]}: {self._counts[each]}" for each in RESULTS if self._counts[each]]
        text = [HEADS[self._language].format(**words), "", f"{counted['all']}: {number}", *parts, "", *self._lines]
        if number > len(self._lines):
            text.append(MORE[self._language].format(number=number - len(self._lines)))
        if self.is_incomplete:
            text += ["", FAULTY[self._language]]
        return StoredMail(
            mail_id=f"digest-{self._project}-{round(self._until)}",
            to=(to,),
            subject=one_line(SUBJECTS[self._language].format(**words)),
            text="\n".join(text) + "\n",
            written_wall=wall,
            about=f"calls of {self._project}",
            next_wall=wall,
        )

    def _line(self, cdr: Cdr, result: str) -> str:
        number = cdr.calling_number or WITHHELD[self._language]
        caller = f"{number} ({cdr.calling_name})" if cdr.calling_name not in ("", cdr.calling_number) else number
        who = WITH[self._language].format(agent=cdr.agent) if cdr.agent else ""
        said = LINES[self._language][result].format(length=minutes(cdr.talk_s), who=who)
        return one_line(f"{self._moment(cdr.started_at)}  {caller}  {said}")

    def _moment(self, wall: float) -> str:
        return datetime.fromtimestamp(wall, self._zone).strftime("%Y-%m-%d %H:%M")


def result_of(cdr: Cdr) -> str:
    """One of RESULTS."""
    if cdr.talk_s > 0:
        return "talked"
    if any(tag in cdr.tags and not cdr.tags[tag].endswith(TOO_SHORT) for tag in MESSAGE_TAGS):
        return "message"
    return "refused" if cdr.end_reason == "rejected" else "gone"
