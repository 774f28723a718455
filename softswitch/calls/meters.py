"""How calls end and how they sound, counted for those who watch. All labels are of closed sets."""

from collections import Counter

from softswitch.base.meters import TALK_BOUNDS_S, WAIT_BOUNDS_S, Histogram
from softswitch.calls.record import EndReason
from softswitch.store.schema import Cdr

MOS_BOUNDS = (1.5, 2.0, 2.5, 3.0, 3.3, 3.6, 3.8, 4.0, 4.2, 4.4)
LOSS_BOUNDS_PERCENT = (0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
JITTER_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
_END_REASONS = frozenset(reason.value for reason in EndReason)


class CallMeters:
    """Since the start of the switch."""

    __slots__ = ("answer_s", "ended", "faults", "jitter_ms", "loss_percent", "mos", "talk_s")

    def __init__(self) -> None:
        self.ended: Counter[tuple[str, str]] = Counter()
        """Calls by how they ended, and who ended them."""
        self.faults = 0
        """Calls whose flow failed."""
        self.answer_s = Histogram(WAIT_BOUNDS_S)
        """From the caller's INVITE to the answer."""
        self.talk_s = Histogram(TALK_BOUNDS_S)
        self.mos = Histogram(MOS_BOUNDS)
        """Of legs that were heard, how they sounded to us."""
        self.loss_percent = Histogram(LOSS_BOUNDS_PERCENT)
        self.jitter_ms = Histogram(JITTER_BOUNDS_MS)

    def call_ended(self, cdr: Cdr) -> None:
        reason = cdr.end_reason if cdr.end_reason in _END_REASONS else "other"
        self.ended[reason, cdr.ended_by] += 1
        self.faults += bool(cdr.fault)
        if cdr.answered_at is not None:
            self.answer_s.note(cdr.answered_at - cdr.started_at)
        if cdr.talk_s:
            self.talk_s.note(cdr.talk_s)

    def call_measured(self, cdr: Cdr) -> None:
        for leg in cdr.legs:
            if leg.mos:
                self.mos.note(leg.mos)
                self.loss_percent.note(leg.loss_percent)
                self.jitter_ms.note(leg.jitter_ms)
