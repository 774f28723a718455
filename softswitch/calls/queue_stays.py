"""A call's stays in queues for its record: when it entered each, who answered, and what came of it.

The waits of all stays add up to the record's `queue_wait_s`, whoever moved the call from queue to queue: where the
router says how long a call has waited since it joined, what it waited before it was moved is taken off.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.limits import HISTORY_MAX
from softswitch.store.schema import AfterCall, ContactStay

Outcome = Literal["answered", "abandoned", "overflowed", "exited", "withdrawn", "moved", "refused"]


class QueueStays:
    """Of one call. `ring_s` arguments are what phones have rung in the whole call so far."""

    __slots__ = ("_current", "_moved_s", "_rang_before_s", "_stays")

    def __init__(self) -> None:
        self._stays: list[ContactStay] = []
        self._current: ContactStay | None = None
        self._moved_s = 0.0
        """What it waited in other queues since it joined the first of them."""
        self._rang_before_s = 0.0

    def entered(self, queue: QueueId, at: float, ring_s: float) -> None:
        self._moved_s = 0.0
        self._begin(queue, at, ring_s)

    def moved(self, queue: QueueId, at: float, ring_s: float) -> None:
        """It waits in another queue, as old as it was."""
        if self._current is None:
            return
        in_queue_s = max(0.0, at - self._current.began_at)
        self._moved_s += in_queue_s
        self._end(self._current, "moved", at, in_queue_s, ring_s)
        self._begin(queue, at, ring_s)

    def answered(self, agent: AgentId, wait_s: float, ring_s: float) -> None:
        """An agent talks to it, after `wait_s` since it joined."""
        if self._current is not None:
            self._current = msgspec.structs.replace(
                self._current,
                outcome="answered",
                agent=agent,
                wait_s=max(0.0, wait_s - self._moved_s),
                ring_s=max(0.0, ring_s - self._rang_before_s),
            )

    def parted(self, at: float, *, talk_s: float, hold_s: float, consult_s: float = 0.0) -> None:
        """Who answered is done with it."""
        if self._current is not None:
            ended = msgspec.structs.replace(
                self._current, ended_at=at, talk_s=max(0.0, talk_s), consult_s=consult_s, hold_s=hold_s
            )
            self._keep(ended)

    def left(self, outcome: Outcome, at: float, wait_s: float, ring_s: float) -> None:
        """Nobody answered."""
        if self._current is not None:
            self._end(self._current, outcome, at, max(0.0, wait_s - self._moved_s), ring_s)

    def never_entered(self) -> None:
        """There is no such queue."""
        self._current = None

    def rang(self, ring_s: float) -> None:
        """Phones that rang to the end of the last stay, which nobody answered, are silent now."""
        if self._current is None and self._stays and self._stays[-1].outcome != "answered":
            stay = self._stays[-1]
            self._stays[-1] = msgspec.structs.replace(stay, ring_s=max(0.0, ring_s - self._rang_before_s))

    def wrapped_up(self, after: AfterCall) -> None:
        """An agent has done something after his conversation, while the call goes on."""
        self._stays = list(wrapped_up_stays(tuple(self._stays), after))

    def complete(self, at: float, talk_s: float) -> tuple[ContactStay, ...]:
        """Of a call that is over. One that was for a contact as a whole was with its agent to the end, for `talk_s`."""
        if self._current is not None:
            if self._current.outcome == "answered":
                self.parted(at, talk_s=talk_s, hold_s=self._current.hold_s)
            else:
                self._end(self._current, "withdrawn", at, at - self._current.began_at, self._rang_before_s)
        return tuple(self._stays)

    @property
    def current(self) -> ContactStay | None:
        """The one that goes on."""
        return self._current

    def kept(self) -> dict[str, Any]:
        """The fields of `KeptStays`."""
        return {
            "stays": tuple(self._stays),
            "current": self._current,
            "moved_s": self._moved_s,
            "rang_before_s": self._rang_before_s,
        }

    def adopt(
        self, *, stays: Sequence[ContactStay], current: ContactStay | None, moved_s: float, rang_before_s: float
    ) -> None:
        """As they were in the switch before."""
        self._stays = list(stays)
        self._current = current
        self._moved_s = moved_s
        self._rang_before_s = rang_before_s

    def _begin(self, queue: QueueId, at: float, ring_s: float) -> None:
        self._rang_before_s = ring_s
        self._current = ContactStay(queue=queue, began_at=at, ended_at=at, outcome="withdrawn")

    def _end(self, stay: ContactStay, outcome: Outcome, at: float, wait_s: float, ring_s: float) -> None:
        rang_s = max(0.0, ring_s - self._rang_before_s)
        self._keep(msgspec.structs.replace(stay, outcome=outcome, ended_at=at, wait_s=wait_s, ring_s=rang_s))

    def _keep(self, stay: ContactStay) -> None:
        self._current = None
        self._stays.append(stay)
        del self._stays[:-HISTORY_MAX]


def wrapped_up_stays(stays: tuple[ContactStay, ...], after: AfterCall) -> tuple[ContactStay, ...]:
    """What an agent did afterwards belongs to the last stay he answered."""
    for place in range(len(stays) - 1, -1, -1):
        stay = stays[place]
        if after.agent and stay.agent == after.agent:
            done = msgspec.structs.replace(
                stay,
                wrap_up_s=stay.wrap_up_s + after.wrap_up_s,
                disposition=after.disposition or stay.disposition,
                is_disposition_missing=after.is_disposition_missing,
            )
            return (*stays[:place], done, *stays[place + 1 :])
    return stays
