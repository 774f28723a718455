"""Whether a routing hook is asked at all: one that has failed too often is left alone for a while.

```
  ASKED ──HOOK_FAILURES_MAX failures in a row──► RESTING ──HOOK_REST_S──► one question on TRIAL
    ▲                                               ▲                         │
    └──────────────────an answer────────────────────┼─────────────────────────┤
                                                    └──────── a failure ──────┘
```
"""

from softswitch.acd.limits import HOOK_FAILURES_MAX, HOOK_REST_S


class HookBreaker:
    """One hook. After `may_ask` said yes, say what became of it."""

    __slots__ = ("_failures", "_is_on_trial", "_rests_until")

    def __init__(self) -> None:
        self._failures = 0
        self._rests_until: float | None = None
        self._is_on_trial = False

    @property
    def is_resting(self) -> bool:
        return self._rests_until is not None

    def may_ask(self, now: float) -> bool:
        """While it rests, once when that is over."""
        if self._rests_until is None:
            return True
        if self._is_on_trial or now < self._rests_until:
            return False
        self._is_on_trial = True
        return True

    def answered(self) -> bool:
        """It works; returns whether that is news."""
        was_resting = self.is_resting
        self._failures = 0
        self._rests_until = None
        self._is_on_trial = False
        return was_resting

    def failed(self, now: float) -> bool:
        """It does not; returns whether it begins to rest by that. Questions on their way before may still fail."""
        self._failures += 1
        if self._rests_until is None:
            if self._failures < HOOK_FAILURES_MAX:
                return False
            self._rests_until = now + HOOK_REST_S
            return True
        if self._is_on_trial:
            self._is_on_trial = False
            self._rests_until = now + HOOK_REST_S
        return False

    def taken_back(self) -> None:
        """Nobody will know what it would have answered."""
        self._is_on_trial = False
