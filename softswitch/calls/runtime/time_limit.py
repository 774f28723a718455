"""Two who may talk for so long and no longer: the caller is warned before they are parted."""

from typing import Self

from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.kept.kept_verbs import KeptTimeLimit
from softswitch.calls.runtime.active_call import ActiveCall


class TimeLimit:
    """From now on, or as it was in the switch before. Times are monotonic seconds."""

    __slots__ = ("_call", "_ends_at", "_warning", "_warns_at")

    def __init__(self, call: ActiveCall, kept: KeptTimeLimit) -> None:
        self._call = call
        self._ends_at = kept.ends_at
        self._warns_at = kept.warns_at
        self._warning = kept.warning

    @classmethod
    def begin(cls, call: ActiveCall, terms: DialTerms, limit_s: float) -> Self:
        """They have just begun to talk."""
        ends_at = call.around.clock.now() + limit_s
        is_warned = bool(terms.warning) and 0 < terms.warn_s < limit_s
        warns_at = ends_at - terms.warn_s if is_warned else None
        return cls(call, KeptTimeLimit(ends_at=ends_at, warns_at=warns_at, warning=terms.warning))

    def keep(self) -> KeptTimeLimit:
        return KeptTimeLimit(ends_at=self._ends_at, warns_at=self._warns_at, warning=self._warning)

    def is_over(self, now: float) -> bool:
        """Whether they are to be parted; warns the caller when it is time."""
        if self._warns_at is not None and now >= self._warns_at:
            self._warns_at = None
            self._call.changed()
            if not self._call.caller.leg.is_held:
                self._call.caller_stream.play(self._warning)
        return now >= self._ends_at

    def next_timeout(self) -> float:
        return self._ends_at if self._warns_at is None else self._warns_at
