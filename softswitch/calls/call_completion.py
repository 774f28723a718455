"""Calls to somebody who was busy: when both are free, who wanted him is rung, and then he is (CCBS, ETSI EN 300 359).

```
 request ──► WAITING ──both free──► GUARD_S ──still free──► who wanted the call is rung ──► Done
               ▲                       └─ one is not ─┐            └─ the other is busy again ─┐
               └──────────────────────────────────────┴────────────────────────────────────────┘
 after EXPIRES_S, or when it is taken back, it is over
```

Of several who wait for one person the first is first. Requests outlive a restart of the switch (`restore`); then both
count as free, and it is tried once phones have found the switch again.
"""

import msgspec

from softswitch.calls.limits import COMPLETIONS_MAX, COMPLETIONS_PER_PHONE_MAX

EXPIRES_S = 45 * 60.0
"""As the networks have it (T7)."""
GUARD_S = 2.0
"""A phone that was hung up is picked up again at once by many, to call somebody else."""


RESTORED_S = 20.0
"""After a restart: calls are over, and whoever has noticed calls again first."""


class Wanted(msgspec.Struct, frozen=True):
    """`who` wants to talk to `whom`; both are user names."""

    who: str
    whom: str


class _Waiting:
    __slots__ = ("expires_at", "is_under_way", "ready_at")

    def __init__(self, expires_at: float) -> None:
        self.expires_at = expires_at
        self.ready_at: float | None = None
        """When both will have been free for long enough."""
        self.is_under_way = False


class CompletionBook:
    """All requests. Times are monotonic seconds."""

    __slots__ = ("_busy", "_due", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[Wanted, _Waiting] = {}
        """In the order in which they were made."""
        self._busy: set[str] = set()
        """Who, of those concerned, has a call; known from `changed`."""
        self._due: list[Wanted] = []

    def request(self, wanted: Wanted, *, busy: set[str], now: float) -> bool:
        """Remember it; `busy` are those of the two who have a call now. False if there are too many."""
        if wanted.who == wanted.whom:
            return False
        known = self._waiting.get(wanted)
        if known is not None and known.is_under_way:
            return True
        if known is None:
            own = sum(1 for each in self._waiting if each.who == wanted.who)
            if len(self._waiting) >= COMPLETIONS_MAX or own >= COMPLETIONS_PER_PHONE_MAX:
                return False
        self._waiting[wanted] = _Waiting(now + EXPIRES_S)
        self._busy = (self._busy - {wanted.who, wanted.whom}) | busy
        self._look(now)
        return True

    def restore(self, wanted: Wanted, expires_at: float, now: float) -> None:
        """It was asked for before the switch was started again."""
        waiting = self._waiting[wanted] = _Waiting(expires_at)
        waiting.ready_at = now + RESTORED_S

    def waiting(self) -> dict[Wanted, float]:
        """Those nothing is being done about now, and until when each waits."""
        return {wanted: waiting.expires_at for wanted, waiting in self._waiting.items() if not waiting.is_under_way}

    def cancel(self, who: str) -> int:
        """Take back what `who` wants, of everybody; returns how many."""
        gone = [each for each in self._waiting if each.who == who]
        for each in gone:
            del self._waiting[each]
        return len(gone)

    def concerns(self, username: str) -> bool:
        """Whether it matters if he has a call."""
        return any(username in (each.who, each.whom) for each in self._waiting)

    def changed(self, username: str, *, is_busy: bool, now: float) -> None:
        """He has a call, or none any more."""
        if is_busy:
            self._busy.add(username)
        else:
            self._busy.discard(username)
        self._look(now)

    def over(self, wanted: Wanted, *, was_busy: bool, now: float) -> None:
        """What was tried is over, or was taken back meanwhile; `was_busy`: whoever is wanted was so again, and it is
        to be tried once more."""
        waiting = self._waiting.get(wanted)
        if waiting is not None and was_busy:
            waiting.is_under_way = False
        else:
            self._waiting.pop(wanted, None)
        self._look(now)

    def handle_timeout(self, now: float) -> None:
        """Somebody has been free for long enough, or has waited for too long."""
        for wanted, waiting in list(self._waiting.items()):
            if waiting.is_under_way:
                continue
            if waiting.expires_at <= now:
                del self._waiting[wanted]
            elif waiting.ready_at is not None and waiting.ready_at <= now and not self._is_taken(wanted):
                waiting.is_under_way = True
                waiting.ready_at = None
                self._due.append(wanted)

    def next_timeout(self) -> float | None:
        due = [
            waiting.expires_at if waiting.ready_at is None else min(waiting.ready_at, waiting.expires_at)
            for waiting in self._waiting.values()
            if not waiting.is_under_way
        ]
        return min(due, default=None)

    def take_due(self) -> list[Wanted]:
        """Who is to be rung now."""
        due, self._due = self._due, []
        return due

    # Private

    def _look(self, now: float) -> None:
        for wanted, waiting in self._waiting.items():
            if waiting.is_under_way:
                continue
            if wanted.who in self._busy or wanted.whom in self._busy or self._is_taken(wanted):
                waiting.ready_at = None
            elif waiting.ready_at is None:
                waiting.ready_at = now + GUARD_S

    def _is_taken(self, wanted: Wanted) -> bool:
        """Somebody before him is about to talk to one of the two."""
        concerned = {wanted.who, wanted.whom}
        return any(
            waiting.is_under_way and each != wanted and concerned & {each.who, each.whom}
            for each, waiting in self._waiting.items()
        )
