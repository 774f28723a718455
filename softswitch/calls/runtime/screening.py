"""Somebody who was called hears what the call is about, and may be asked whether he takes it, before he is connected.

```
  he answers ──► sounds ──their end──► ACCEPTED                    (he is only told)
                   │ is_screened
                   └──► sounds, ANSWER_S of silence, ASKED_TIMES times ──nothing──► NO_ANSWER (a machine)
                          ├── 1 ──► ACCEPTED
                          └── 2, or he hangs up ──► DECLINED
```

The caller hears it ring meanwhile, and whoever else is rung goes on ringing: the first who accepts talks to the caller.
"""

from softswitch.base.clock import Clock
from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.events import FarPressed
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import PlayFinished

ACCEPT_KEY, REFUSE_KEY = "1", "2"
ANSWER_S = 5.0
"""To find the key on a screen that went dark when the phone was put to the ear."""
ASKED_TIMES = 3
SOUNDS_S_MAX = 30.0
"""Should their end never be told (a media worker that has died)."""


class Screening:
    """One who has answered. `is_accepted`, or `refusal` says why he is not connected; neither while he is asked."""

    __slots__ = ("_clock", "_due_at", "_play_id", "_terms", "_times", "is_accepted", "party", "refusal")

    def __init__(self, party: Party, terms: DialTerms, clock: Clock) -> None:
        self.party = party
        self.is_accepted = False
        self.refusal: DialReason | None = None
        self._terms = terms
        self._clock = clock
        self._times = 0
        self._play()

    def receive(self, event: FarPressed | PlayFinished) -> None:
        """A key of his, or the end of what he hears; those of others are of no interest."""
        if isinstance(event, PlayFinished):
            if event.play_id == self._play_id:
                self._said()
        elif event.leg_id == self.party.leg.leg_id and self._terms.is_screened:
            if event.digit == ACCEPT_KEY:
                self._end(is_accepted=True)
            elif event.digit == REFUSE_KEY:
                self.left()

    def left(self) -> None:
        """He has hung up, or does not want the call."""
        self._end(refusal=DialReason.DECLINED)

    def handle_timeout(self, now: float) -> None:
        """Ask again, or give up."""
        if now < self._due_at or self.is_accepted or self.refusal is not None:
            return
        if self._play_id is not None:
            self._said()
        elif self._times < ASKED_TIMES:
            self._play()
        else:
            self._end(refusal=DialReason.NO_ANSWER)

    def next_timeout(self) -> float:
        return self._due_at

    # Private

    def _play(self) -> None:
        self._times += 1
        stream = self.party.stream
        assert stream is not None, "he has answered"
        self._play_id: int | None = stream.play(self._terms.callee_hears)
        self._due_at = self._clock.now() + SOUNDS_S_MAX

    def _said(self) -> None:
        self._play_id = None
        self._due_at = self._clock.now() + ANSWER_S
        if not self._terms.is_screened:
            self._end(is_accepted=True)

    def _end(self, *, is_accepted: bool = False, refusal: DialReason | None = None) -> None:
        if self._play_id is not None and self.party.stream is not None:
            self.party.stream.stop_play(self._play_id)
        self.is_accepted, self.refusal = is_accepted, refusal
