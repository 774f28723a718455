"""Call-backs: what was promised to whom, and when each is tried. A pure state machine, in seconds since the epoch.

A call-back keeps the place in the queue of who asked for it (`enqueued_wall`), through every attempt and every restart.
There is one for a number in a queue: who asks again is told that it is known, and keeps his place. Where a supervisor
or an overflow has moved it, that is its queue from then on.

| state    | what it means                                    | leaves it by                              |
|----------|--------------------------------------------------|-------------------------------------------|
| WAITING  | a contact in the router, in its old place        | `began`, `postponed`, `turned_away`,      |
|          |                                                  | the expiry                                |
| DIALLING | an agent, or the customer, is being called       | `ended`                                   |
| RESTING  | the customer is still on the line, was not       | the time `not_before_wall`, the expiry,   |
|          | reached, or may not be called at this hour; or   | `released`; `opened`, of those that       |
|          | the queue is closed (`awaits_opening`)           | await it                                  |
| OVER     | kept for reports                                 | `forget_before`; the oldest, when there   |
|          |                                                  | are more than `CALLBACKS_OVER_MAX`        |

| an attempt that ended because  | what becomes of it                                                       |
|--------------------------------|--------------------------------------------------------------------------|
| the two have talked            | over: "served"                                                           |
| the customer was not reached   | rests `retry_s`, and is over ("given up") after `attempts_max` of them   |
| no agent took it, or we failed | rests `AGAIN_S`, and waits again; it counts as no attempt                |

Nobody cancels one that is being dialled: it is over when that attempt has ended. After a restart what was being dialled
waits again, unless its call goes on.
"""

from collections import deque
from collections.abc import Container, Iterable
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from softswitch.base.deadlines import Deadlines
from softswitch.base.errors import LocalError
from softswitch.base.ids import QueueId
from softswitch.calls.limits import CALLBACKS_MAX, CALLBACKS_OVER_MAX
from softswitch.store.schema import StoredCallback

AttemptResult: TypeAlias = Literal["served", "not_reached", "not_tried"]


class CallbackTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue calls back."""

    customer_first: bool = False
    """The customer is called when it is his turn, and waits for the agent; else the agent is, and hears it ring."""
    attempts: int = 3
    retry_s: float = 600.0
    expires_s: float = 86_400.0
    hours: str = ""
    """The schedule within which customers may be called; empty: at any time."""
    through: str = ""
    """The account whose trunks and limits are used; empty: the agent's own."""
    ring_s: float = 30.0


class CallbackWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer asks for. `enqueued_wall` is since when he waits."""

    number: str
    queue_id: QueueId
    enqueued_wall: float
    name: str = ""
    boost_s: float = 0.0
    skills: dict[str, int] = {}
    requirement: str = ""
    language: str = ""
    project: str = ""
    source: str = "flow"
    by: str = ""


class CallbackWaits(msgspec.Struct, frozen=True):
    """Let it wait in its queue, in its place."""

    callback: StoredCallback


class CallbackLeft(msgspec.Struct, frozen=True):
    """Take it out of its queue, if it is there."""

    callback: StoredCallback


class CallbackChanged(msgspec.Struct, frozen=True):
    """Store it."""

    callback: StoredCallback


class CallbackForgotten(msgspec.Struct, frozen=True):
    """Store it no longer: it is over."""

    callback_id: str


CallbackOutput: TypeAlias = CallbackWaits | CallbackLeft | CallbackChanged | CallbackForgotten


class CallbackBook:
    """All call-backs, by id. Give it those that were stored and then `restart` it."""

    __slots__ = ("_by_number", "_callbacks", "_deadlines", "_open", "_outputs", "_over")

    def __init__(self, stored: Iterable[StoredCallback] = ()) -> None:
        self._callbacks = {each.callback_id: each for each in stored}
        self._open = {each.callback_id for each in self._callbacks.values() if each.state != "over"}
        self._by_number = {_key(self._callbacks[each]): each for each in self._open}
        over = [each for each in self._callbacks.values() if each.state == "over"]
        self._over = deque(each.callback_id for each in sorted(over, key=lambda each: each.over_wall))
        """Those that are over, as they ended."""
        self._outputs: list[CallbackOutput] = []
        self._deadlines: Deadlines[str] = Deadlines()
        for callback_id in self._open:
            self._schedule(self._callbacks[callback_id])
        self._forget_surplus()

    # Getters

    def get(self, callback_id: str) -> StoredCallback | None:
        return self._callbacks.get(callback_id)

    def open_callbacks(self) -> list[StoredCallback]:
        """Those that are not over, who has waited longest first."""
        waiting = [self._callbacks[each] for each in self._open]
        return sorted(waiting, key=lambda each: (each.enqueued_wall, each.requested_wall, each.callback_id))

    def all_callbacks(self) -> list[StoredCallback]:
        """Those that are over too, in the order in which they were asked for."""
        return sorted(self._callbacks.values(), key=lambda each: each.requested_wall)

    def awaited_queues(self) -> set[QueueId]:
        """The queues of those that rest until theirs opens."""
        return {each.queue_id for callback_id in self._open if (each := self._callbacks[callback_id]).awaits_opening}

    def take_outputs(self) -> list[CallbackOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    def next_timeout(self) -> float | None:
        """When `handle_timeout` is to be called, in seconds since the epoch."""
        return self._deadlines.next()

    # Inputs

    def restart(self, going_on: Container[str] = ()) -> None:
        """Those that wait enter their queues; what was being dialled, or awaited an opening, waits again, but for those
        whose call goes on."""
        for callback in self.open_callbacks():
            if callback.callback_id in going_on:
                continue
            if callback.state == "dialling" or callback.awaits_opening:
                self._wait(callback)
            elif callback.state == "waiting":
                self._outputs.append(CallbackWaits(callback))

    def request(
        self, callback_id: str, wish: CallbackWish, terms: CallbackTerms, now: float, *, rests_s: float = 0.0
    ) -> StoredCallback:
        """Promise one, or find the one that was promised to this number already, which keeps the better place.

        It rests first, for so long or until it is `released`: whoever asks for it is still on the line. Raises
        `LocalError` when there are too many.
        """
        known = self._by_number.get((wish.queue_id, wish.number))
        if known is not None:
            former = self._callbacks[known]
            if wish.enqueued_wall < former.enqueued_wall and former.state in ("waiting", "resting"):
                former = replace(former, enqueued_wall=wish.enqueued_wall)
                self._put(former)
                if former.state == "waiting":
                    self._outputs += [CallbackLeft(former), CallbackWaits(former)]
            if rests_s > 0 and former.state in ("waiting", "resting"):
                if former.state == "waiting":
                    self._outputs.append(CallbackLeft(former))
                self._rest(former, now + rests_s)
            return self._callbacks[known]
        if len(self._open) >= CALLBACKS_MAX:
            raise LocalError(f"{CALLBACKS_MAX} call-backs are promised already, and no more can be kept")
        callback = StoredCallback(
            callback_id=callback_id,
            number=wish.number,
            name=wish.name,
            queue_id=wish.queue_id,
            requested_wall=now,
            enqueued_wall=min(wish.enqueued_wall, now),
            expires_wall=now + terms.expires_s,
            attempts_max=terms.attempts,
            retry_s=terms.retry_s,
            customer_first=terms.customer_first,
            boost_s=wish.boost_s,
            skills=wish.skills,
            requirement=wish.requirement,
            language=wish.language,
            project=wish.project,
            source=wish.source,
            by=wish.by,
        )
        if rests_s > 0:
            self._rest(callback, now + rests_s)
        else:
            self._put(callback)
            self._outputs.append(CallbackWaits(callback))
        return self._callbacks[callback_id]

    def released(self, callback_id: str, until: float) -> None:
        """Whoever has asked for it has hung up: it rests no longer than until then."""
        callback = self._callbacks.get(callback_id)
        if callback is not None and callback.state == "resting":
            self._rest(callback, min(until, callback.not_before_wall))

    def began(self, callback_id: str, call_id: str) -> None:
        """It is its turn: somebody is being called for it."""
        callback = self._callbacks[callback_id]
        self._put(replace(callback, state="dialling", calls=(*callback.calls, call_id)[-CALLS_KEPT:]))

    def ended(self, callback_id: str, result: AttemptResult, now: float, *, reason: str = "", agent: str = "") -> None:
        """The attempt is over; `reason` is why it came to nothing."""
        callback = self._callbacks.get(callback_id)
        if callback is None or callback.state != "dialling":
            return
        callback = replace(callback, last_failure=reason, agent=agent or callback.agent)
        if result == "served":
            self._close(replace(callback, attempts=callback.attempts + 1), "served", now)
        elif callback.result:
            self._close(callback, callback.result, now)
        elif result == "not_tried":
            self._rest(callback, now + AGAIN_S)
        else:
            callback = replace(callback, attempts=callback.attempts + 1)
            if callback.attempts >= callback.attempts_max:
                self._close(callback, "given up", now)
            else:
                self._rest(callback, now + callback.retry_s)

    def postponed(self, callback_id: str, until: float) -> None:
        """The customer may not be called before then."""
        callback = self._callbacks[callback_id]
        if callback.state == "waiting":
            self._outputs.append(CallbackLeft(callback))
            self._rest(callback, until)

    def turned_away(self, callback_id: str) -> None:
        """Its queue is closed: it rests until that is `opened`."""
        callback = self._callbacks[callback_id]
        if callback.state == "waiting":
            self._outputs.append(CallbackLeft(callback))
            self._put(replace(callback, state="resting", not_before_wall=callback.expires_wall, awaits_opening=True))

    def opened(self, queue_id: QueueId) -> None:
        """A queue takes contacts again: those that await it wait in it, who has waited longest first."""
        for callback in self.open_callbacks():
            if callback.awaits_opening and callback.queue_id == queue_id:
                self._wait(callback)

    def moved(self, callback_id: str, queue_id: QueueId) -> None:
        """It waits in another queue from now on, and will at the next attempt."""
        callback = self._callbacks[callback_id]
        if callback.state != "over" and callback.queue_id != queue_id:
            self._unlist(callback)
            self._put(replace(callback, queue_id=queue_id))

    def cancel(self, callback_id: str, by: str, now: float) -> StoredCallback | None:
        """Nobody is to be called any more; None if it is not known, or over."""
        callback = self._callbacks.get(callback_id)
        if callback is None or callback.state == "over":
            return None
        callback = replace(callback, by=by)
        if callback.state == "dialling":
            self._put(replace(callback, result="cancelled"))
        else:
            self._close(callback, "cancelled", now)
        return self._callbacks[callback_id]

    def handle_timeout(self, now: float) -> None:
        """Do what is due: what has rested waits again, what has expired is over."""
        for callback_id in self._deadlines.pop_due(now):
            callback = self._callbacks[callback_id]
            if now >= callback.expires_wall:
                self._close(callback, "expired", now)
            elif callback.state == "resting":
                self._wait(callback)

    def forget_before(self, wall: float) -> None:
        """Those that were over before then are not kept any more."""
        while self._over and self._callbacks[self._over[0]].over_wall < wall:
            self._forget_oldest()

    # Private

    def _wait(self, callback: StoredCallback) -> None:
        callback = replace(callback, state="waiting", not_before_wall=0.0, awaits_opening=False)
        self._put(callback)
        self._outputs.append(CallbackWaits(callback))

    def _rest(self, callback: StoredCallback, until: float) -> None:
        self._put(replace(callback, state="resting", not_before_wall=until, awaits_opening=False))

    def _close(self, callback: StoredCallback, result: str, now: float) -> None:
        if callback.state == "waiting":
            self._outputs.append(CallbackLeft(callback))
        self._put(replace(callback, state="over", result=result, over_wall=now, awaits_opening=False))
        self._over.append(callback.callback_id)
        self._forget_surplus()

    def _forget_surplus(self) -> None:
        while len(self._over) > CALLBACKS_OVER_MAX:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        callback_id = self._over.popleft()
        del self._callbacks[callback_id]
        self._outputs.append(CallbackForgotten(callback_id))

    def _put(self, callback: StoredCallback) -> None:
        self._callbacks[callback.callback_id] = callback
        if callback.state == "over":
            self._open.discard(callback.callback_id)
            self._unlist(callback)
        else:
            self._open.add(callback.callback_id)
            self._by_number.setdefault(_key(callback), callback.callback_id)
        self._schedule(callback)
        self._outputs.append(CallbackChanged(callback))

    def _unlist(self, callback: StoredCallback) -> None:
        """Whoever asks with this number in this queue is not told of it any more; another may have been moved there."""
        if self._by_number.get(_key(callback)) == callback.callback_id:
            del self._by_number[_key(callback)]

    def _schedule(self, callback: StoredCallback) -> None:
        match callback.state:
            case "waiting":
                self._deadlines.set(callback.callback_id, callback.expires_wall)
            case "resting":
                self._deadlines.set(callback.callback_id, min(callback.not_before_wall, callback.expires_wall))
            case _:
                self._deadlines.cancel(callback.callback_id)


AGAIN_S = 10.0
"""An agent whose phone refuses at once, or a fault of ours, would else be tried again and again without a pause."""

CALLBACK_TAG = "callback"
"""Of the call in which one was asked for: its id."""

CALLS_KEPT = 20
"""Of one call-back: as many attempts as anybody makes."""


def _key(callback: StoredCallback) -> tuple[QueueId, str]:
    return callback.queue_id, callback.number
