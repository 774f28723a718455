"""The parties of a call for its record: who, from when until when, and how each leg ended.

```
 began ──► ringing ──► answered ──► ended (the party, or the switch)
   └──────────┴────────────┴──────► gone: on in another call, where the leg begins again, answered
```

All instants of one call are its own (`ActiveCall.wall`): they never run backwards, whatever is done to the clock. So
the parts of each leg add up to the whole, and a leg's times in several calls follow each other without a gap.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from softswitch.base.ids import CallId, LegId
from softswitch.calls.limits import SIP_LEGS_MAX
from softswitch.sip.messages.reason import NORMAL_CLEARING
from softswitch.store.schema import SipLeg

NON_SELECTED = 26
"""Somebody else has answered (Q.850: non-selected user clearing)."""
NO_ANSWER = 19
"""He was rung long enough."""


class RecordedLegs:
    """Of one call, the caller's first; of very many the caller's and the newest."""

    __slots__ = ("_legs", "left_out")

    def __init__(self) -> None:
        self._legs: dict[LegId, SipLeg] = {}
        self.left_out = 0

    def began(self, leg_id: LegId, leg: SipLeg) -> None:
        """Somebody takes part, or is called. One who was here before, and left, has a second row."""
        known = self._legs.get(leg_id)
        if known is not None and known.ended_at:
            former = LegId(f"{leg_id}#{len(self._legs)}")
            self._legs = {former if each == leg_id else each: row for each, row in self._legs.items()}
        if len(self._legs) >= SIP_LEGS_MAX:
            del self._legs[list(self._legs)[1]]
            self.left_out += 1
        self._legs[leg_id] = leg

    def rings(self, leg_id: LegId, at: float) -> None:
        """His phone says so, for the first time or again."""
        leg = self._legs.get(leg_id)
        if leg is not None and leg.ringing_at is None and leg.answered_at is None:
            self._legs[leg_id] = msgspec.structs.replace(leg, ringing_at=at)

    def answered(self, leg_id: LegId, at: float) -> None:
        leg = self._legs.get(leg_id)
        if leg is not None and leg.answered_at is None:
            self._legs[leg_id] = msgspec.structs.replace(leg, answered_at=at)

    def failed(self, leg_id: LegId, status: int, reason: str) -> None:
        """It ended before its time."""
        leg = self._legs.get(leg_id)
        if leg is not None:
            self._legs[leg_id] = msgspec.structs.replace(leg, status=status, reason=reason)

    def ended(self, leg_id: LegId, at: float, *, by: Literal["party", "switch"], cause: int) -> None:
        """The first to say so is right."""
        leg = self._legs.get(leg_id)
        if leg is not None and not leg.ended_at:
            self._legs[leg_id] = msgspec.structs.replace(leg, ended_at=at, ended_by=by, cause=cause)

    def hung_up(self, leg_id: LegId, at: float, *, is_wanted_elsewhere: bool, is_caller_there: bool) -> None:
        """By us: one who was connected, or whose phone rings for nothing."""
        leg = self._legs.get(leg_id)
        if leg is None or leg.ended_at:
            return
        cause = NORMAL_CLEARING
        if leg.answered_at is None and is_wanted_elsewhere:
            cause = NON_SELECTED
        elif leg.answered_at is None and is_caller_there:
            cause = NO_ANSWER
        self.ended(leg_id, at, by="switch", cause=cause)

    def went_to(self, leg_id: LegId, at: float, call_id: CallId) -> None:
        """He goes on in this call."""
        leg = self._legs.get(leg_id)
        if leg is not None and not leg.ended_at:
            self._legs[leg_id] = msgspec.structs.replace(leg, ended_at=at, went_to=call_id)

    def rows(self) -> tuple[tuple[LegId, SipLeg], ...]:
        """By leg, as they are."""
        return tuple(self._legs.items())

    def adopt(self, rows: Iterable[tuple[LegId, SipLeg]], left_out: int) -> None:
        """What `rows` said in the switch before."""
        self._legs = dict(rows)
        self.left_out = left_out

    def known(self) -> tuple[SipLeg, ...]:
        """As they are."""
        return tuple(self._legs.values())

    def complete(self, ended_at: float) -> tuple[SipLeg, ...]:
        """Of a call that is over: nobody is there any more."""
        return tuple(
            leg
            if leg.ended_at
            else msgspec.structs.replace(leg, ended_at=ended_at, ended_by="switch", cause=NORMAL_CLEARING)
            for leg in self._legs.values()
        )
