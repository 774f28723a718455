"""Requests that act and name an idempotency key: done once, answered the same as often as they are sent.

    known of the key                   the request      answer
    nothing                            any              it is carried out
    being carried out                  the same         409: ask again
    answered                           the same         the answer of the first time
    was being carried out when the     the same         409: nobody knows whether it was
      process ended
    any of these                       another          422: the key is another request's

A key is its caller's: others may use the same. Answers that say that the request may be sent again (429, 5xx) are not
kept. Of those kept the oldest go when they are a day old, or when there are too many, or too much of them. Whoever
keeps them (`AnswerKeeper`) gives them back to the next process; he is told of a request before it is carried out.
"""

from collections import OrderedDict
from collections.abc import Iterable
from enum import Enum, auto
from hashlib import sha256
from typing import Protocol

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
    UNKNOWN = auto()
    """The process ended while it was carried out."""
    OF_ANOTHER = auto()


class KeptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that had a key. `at` is monotonic time, and may be negative."""

    fingerprint: bytes
    at: float
    answer: Answer | None = None
    is_lost: bool = False
    """It was being carried out when the process ended."""


class AnswerKeeper(Protocol):
    """Remembers them for the next process, by the hashes of their callers and keys."""

    def request_known(self, key: str, request: KeptRequest) -> None: ...
    def request_forgotten(self, key: str) -> None: ...


class IdempotentRequests:
    """Those of the last day."""

    def __init__(
        self,
        keeper: AnswerKeeper,
        *,
        kept_s: float = ANSWERS_KEPT_S,
        answers_max: int = ANSWERS_MAX,
        bytes_max: int = ANSWERS_BYTES_MAX,
    ) -> None:
        self._keeper = keeper
        self._kept_s = kept_s
        self._answers_max = answers_max
        self._bytes_max = bytes_max
        self._bytes = 0
        self._requests: OrderedDict[str, KeptRequest] = OrderedDict()

    def restore(self, requests: Iterable[tuple[str, KeptRequest]], now: float) -> None:
        """Those of the process before."""
        for key, request in sorted(requests, key=lambda each: each[1].at):
            if key not in self._requests:
                self._set(key, msgspec.structs.replace(request, is_lost=request.answer is None))
        self._drop_old(now)

    def begin(self, caller: str, key: str, fingerprint: bytes, now: float) -> Answer | Standing:
        """Whoever is told NEW must say how it ended: `finish`, `forget` or `lose`."""
        self._drop_old(now)
        name = _hash(caller, key)
        known = self._requests.get(name)
        if known is None:
            self._set(name, KeptRequest(fingerprint=fingerprint, at=now))
            self._keeper.request_known(name, self._requests[name])
            return Standing.NEW
        if known.fingerprint != fingerprint:
            return Standing.OF_ANOTHER
        return known.answer or (Standing.UNKNOWN if known.is_lost else Standing.UNDER_WAY)

    def finish(self, caller: str, key: str, answer: Answer) -> None:
        name = _hash(caller, key)
        known = self._requests.get(name)
        if known is not None:
            self._set(name, msgspec.structs.replace(known, answer=answer))
            self._keeper.request_known(name, self._requests[name])

    def lose(self, caller: str, key: str) -> None:
        """Nobody will hear how it ended, though it may have been carried out."""
        name = _hash(caller, key)
        known = self._requests.get(name)
        if known is not None:
            self._set(name, msgspec.structs.replace(known, is_lost=True))

    def forget(self, caller: str, key: str) -> None:
        """It came to nothing that would come to the same again."""
        self._drop(_hash(caller, key))

    def __len__(self) -> int:
        return len(self._requests)

    def _set(self, name: str, request: KeptRequest) -> None:
        """In the place that it has, the last for a new one."""
        self._requests[name] = request
        self._bytes += 0 if request.answer is None else len(request.answer.body)

    def _drop(self, name: str) -> None:
        known = self._requests.pop(name, None)
        if known is not None:
            self._bytes -= 0 if known.answer is None else len(known.answer.body)
            self._keeper.request_forgotten(name)

    def _drop_old(self, now: float) -> None:
        while self._requests:
            name, oldest = next(iter(self._requests.items()))
            is_too_much = len(self._requests) >= self._answers_max or self._bytes > self._bytes_max
            if now - oldest.at < self._kept_s and not is_too_much:
                return
            self._drop(name)


def _hash(caller: str, key: str) -> str:
    return sha256(f"{caller}\0{key}".encode()).hexdigest()
