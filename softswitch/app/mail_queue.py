"""Mail that waits to be sent: what is tried when, and what is given up. A pure state machine, in wall seconds.

```
 put ──► WAITING ──due──► BEING SENT ──sent──────────────────► gone
            ▲                  │ failed, for now: after RETRY_S, then twice as long each time
            └──────────────────┤
                               └ failed for good, or too old ─► gone, and given up
```

A mail is in the store from `put` on, and gone from it when it was sent or given up: after a crash one that was being
sent is sent once more. Each mail has its own pace, so that one address that refuses keeps no other waiting.
"""

from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from softswitch.base.deadlines import Deadlines
from softswitch.store.voicemail_schema import StoredMail

MAILS_MAX = 10_000
"""That wait: of a mail server that is away for a day; the next are given up at once, and counted."""
RETRY_S = 60.0
RETRY_MAX_S = 3600.0
GIVE_UP_AFTER_S = 2 * 86_400.0
"""A message that is two days old was heard by phone, or matters to nobody."""


class MailChanged(msgspec.Struct, frozen=True):
    mail: StoredMail


class MailGone(msgspec.Struct, frozen=True):
    """It was sent, or given up (`reason`)."""

    mail: StoredMail
    reason: str = ""


MailOutput: TypeAlias = MailChanged | MailGone


class MailQueue:
    """`mails` are those that a former switch has left."""

    __slots__ = ("_due", "_mails", "_outputs", "_ready", "_sending", "failed", "given_up", "sent")

    def __init__(self, mails: Iterable[StoredMail] = ()) -> None:
        self._mails: dict[str, StoredMail] = {}
        self._due: Deadlines[str] = Deadlines()
        self._ready: deque[str] = deque()
        """Those that are due and not taken yet."""
        self._sending: set[str] = set()
        self._outputs: list[MailOutput] = []
        self.sent = 0
        self.failed = 0
        """Attempts that came to nothing."""
        self.given_up = 0
        for mail in mails:
            self._mails[mail.mail_id] = mail
            self._due.set(mail.mail_id, mail.next_wall)

    def take_outputs(self) -> list[MailOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    def waiting(self) -> list[StoredMail]:
        """All that are not sent yet, the oldest first."""
        return sorted(self._mails.values(), key=lambda mail: (mail.written_wall, mail.mail_id))

    def put(self, mail: StoredMail) -> None:
        if len(self._mails) >= MAILS_MAX:
            self.given_up += 1
            self._outputs.append(MailGone(mail, f"{MAILS_MAX} mails wait already"))
            return
        self._mails[mail.mail_id] = mail
        self._due.set(mail.mail_id, mail.next_wall)
        self._outputs.append(MailChanged(mail))

    def next_timeout(self) -> float | None:
        """When one is due; 0 if there is one that has been due for some time."""
        return 0.0 if self._ready else self._due.next()

    def take_due(self, wall: float) -> StoredMail | None:
        """One that is to be sent now; it is nobody else's until `done` or `not_done`."""
        self._ready.extend(self._due.pop_due(wall))
        if not self._ready:
            return None
        mail_id = self._ready.popleft()
        self._sending.add(mail_id)
        return self._mails[mail_id]

    def done(self, mail_id: str) -> StoredMail | None:
        mail = self._leave(mail_id)
        if mail is not None:
            self.sent += 1
            self._outputs.append(MailGone(mail))
        return mail

    def not_done(self, mail_id: str, reason: str, wall: float, *, is_final: bool) -> None:
        """`is_final`: no other attempt can do better."""
        mail = self._mails.get(mail_id)
        if mail is None or mail_id not in self._sending:
            return
        self.failed += 1
        if is_final or wall - mail.written_wall >= GIVE_UP_AFTER_S:
            self._leave(mail_id)
            self.given_up += 1
            self._outputs.append(MailGone(mail, reason))
            return
        self._sending.discard(mail_id)
        wait_s = min(RETRY_S * 2**mail.attempts, RETRY_MAX_S)
        mail = replace(mail, attempts=mail.attempts + 1, next_wall=wall + wait_s, last_failure=reason)
        self._mails[mail_id] = mail
        self._due.set(mail_id, mail.next_wall)
        self._outputs.append(MailChanged(mail))

    def _leave(self, mail_id: str) -> StoredMail | None:
        self._sending.discard(mail_id)
        return self._mails.pop(mail_id, None)
