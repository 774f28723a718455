"""Requests that act and name an idempotency key: done once, answered the same as often as they are sent.

    known of the key          the request            answer
    nothing                   any                    it is carried out
    being carried out         the same               409: ask again
    answered                  the same               the answer of the first time
    either                    another                422: the key is another request's

A key is its caller's: others may use the same. Answers that say that the request may be sent again (429, 5xx) are not
kept. Of those kept the oldest go when they are a day old, or when there are too many, or too much of them.
"""

from collections import OrderedDict
from enum import Enum, auto

import msgspec

from softswitch.web.limits import ANSWERS_BYTES_MAX, ANSWERS_KEPT_S, ANSWERS_MAX


class Answer(msgspec.Struct, frozen=True):
    """What went back: enough to say it again."""

    status: int
    media_type: str
    body: bytes


class Standing(Enum):
    """What is known of a key, where that is no answer."""

    NEW = auto()
    UNDER_WAY = auto()
    OF_ANOTHER = auto()


class _Entry:
    __slots__ = ("answer", "at", "fingerprint")

    def __init__(self, fingerprint: bytes, at: float) -> None:
        self.fingerprint = fingerprint
        self.at = at
        self.answer: Answer | None = None


class IdempotentRequests:
    """Those of the last day."""

    def __init__(
        self,
        *,
        kept_s: float = ANSWERS_KEPT_S,
        answers_max: int = ANSWERS_MAX,
        bytes_max: int = ANSWERS_BYTES_MAX,
    ) -> None:
        self._kept_s = kept_s
        self._answers_max = answers_max
        self._bytes_max = bytes_max
        self._bytes = 0
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    def begin(self, caller: str, key: str, fingerprint: bytes, now: float) -> Answer | Standing:
        """Whoever is told NEW must say how it ended: `finish` or `forget`."""
        self._drop_old(now)
        entry = self._entries.get((caller, key))
        if entry is None:
            self._entries[caller, key] = _Entry(fingerprint, now)
            return Standing.NEW
        if entry.fingerprint != fingerprint:
            return Standing.OF_ANOTHER
        return entry.answer or Standing.UNDER_WAY

    def finish(self, caller: str, key: str, answer: Answer) -> None:
        entry = self._entries.get((caller, key))
        if entry is not None:
            entry.answer = answer
            self._bytes += len(answer.body)

    def forget(self, caller: str, key: str) -> None:
        """It came to nothing that would come to the same again."""
        self._entries.pop((caller, key), None)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop_old(self, now: float) -> None:
        while self._entries:
            oldest = next(iter(self._entries.values()))
            is_too_much = len(self._entries) >= self._answers_max or self._bytes > self._bytes_max
            if now - oldest.at < self._kept_s and not is_too_much:
                return
            self._entries.popitem(last=False)
            if oldest.answer is not None:
                self._bytes -= len(oldest.answer.body)
