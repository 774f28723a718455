"""Call-backs in the running switch: the book in the store, contacts in the router, attempts as calls, one loop timer.

A promise is on the disk before anybody is told of it. Each attempt is a contact of its own in the router (its id, a dot
and something random), in the place of who has asked for it; when the router reserves an agent for it, its call begins
(callback_attempt.py). Where the queue calls customers first, that begins when it is the first in its queue and somebody
is at work there, so that the agent who is free next need not wait for it to ring.

While its queue is closed it is not in the router at all, and nothing is counted; it is there when the queue opens.
"""

import asyncio
import re
from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from softswitch.acd.events import AcdEvent, ConfigurationChanged, QueueOpened
from softswitch.acd.events import ContactWithdrawn as WithdrawnEvent
from softswitch.acd.inputs import AcdInput, ContactQueued, ContactWithdrawn
from softswitch.acd.model import Channel
from softswitch.acd.outputs import AcdOutput, AgentReserved, ContactMoved, ContactOverflowed, ContactRefused
from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import CallId, ContactId, QueueId
from softswitch.base.log import get_logger
from softswitch.calls.callback_book import (
    CALLBACK_TAG,
    AttemptResult,
    CallbackBook,
    CallbackChanged,
    CallbackForgotten,
    CallbackLeft,
    CallbackTerms,
    CallbackWaits,
    CallbackWish,
)
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.kept.kept_verbs import KeptVisit
from softswitch.calls.limits import CALLBACK_KEEP_DAYS
from softswitch.calls.projects import foreign_project
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.callback_attempt import CallbackAttempt
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.on_disk import is_on_disk, on_disk
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.queue_hours import Calendar
from softswitch.calls.runtime.wall_timer import DAY_S, WallTimer
from softswitch.calls.told.events import CallbackChanged as CallbackTold
from softswitch.sip.trunks.numbers import normalised
from softswitch.store import Store
from softswitch.store.schema import StoredCallback

log = get_logger("calls")

_DIALLED = re.compile(r"\+?[0-9*#]+")
"""What a trunk can be asked for; names are there for extensions only."""
PREFIX = "cb"
"""What the ids of call-backs begin with."""
TURNED_AWAY_S = 60.0
"""When a queue that is open has not taken one, or it was sent out of it, it comes again after this."""
ON_THE_LINE_S = 300.0
"""Who has asked for it and not hung up after this is called all the same: something went wrong."""
HUNG_UP_S = 5.0
"""His phone must be on the hook before it can ring."""


class Acd(Protocol):
    def apply(self, fact: AcdInput) -> None: ...
    def head(self, queue_id: QueueId) -> ContactId | None: ...
    def is_staffed(self, queue_id: QueueId) -> bool: ...
    def is_closed(self, queue_id: QueueId) -> bool: ...


class Callbacks:
    """`connect` it to what it lives among, then `start` it when the router has its configuration."""

    def __init__(self, store: Store, acd: Acd, loop: asyncio.AbstractEventLoop, calendar: Calendar) -> None:
        self._store = store
        self._acd = acd
        self._calendar = calendar
        self._book = CallbackBook(store.callbacks.ascending())
        self._contacts: dict[str, ContactId] = {}
        """Those that wait in the router."""
        self._customer_first: dict[QueueId, set[str]] = {}
        """Of those, by queue, whose customers are called when it is their turn."""
        self._timer = WallTimer(loop, lambda: self._among.clock.wall(), self._time_is_up)
        self._is_stopping = False
        self._going_on: set[str] = set()
        """Those whose call of the switch before goes on."""
        self._around: Surroundings | None = None
        self._exchange: Exchange | None = None

    def connect(self, around: Surroundings, exchange: Exchange) -> None:
        self._around, self._exchange = around, exchange

    def start(self) -> None:
        """Those that were promised before wait in their queues again, but for those whose call goes on."""
        self._forget_old()
        self._book.restart(self._going_on)
        self._carry_out()

    def adopt(self, calls: Iterable[ActiveCall]) -> None:
        """Of the calls of the switch before that go on, those in which an agent or a customer is connected, and those
        in which one was asked for. Before `start`."""
        for call in calls:
            if promised := call.record.tags.get(CALLBACK_TAG):
                call.mailbox.when_closed(partial(self.released, promised))
            callback = self._dialled(ContactId(call.call_id))
            if callback is not None and call.caller.is_answered:
                self._going_on.add(callback.callback_id)

    def go_on(self, call: ActiveCall, kept: KeptCall) -> bool:
        """If it is one of those, it goes on where it was; whether it is."""
        callback = self._dialled(ContactId(call.call_id))
        if callback is None or callback.callback_id not in self._going_on:
            return False
        self._going_on.discard(callback.callback_id)
        verb = None if kept.flow is None else kept.flow.verb
        visit = verb if isinstance(verb, KeptVisit) else None
        self._spawn(self._attempt(callback, call).go_on(self._queued_at(callback), visit))
        return True

    def stop(self) -> None:
        """Nobody is called any more: the switch is about to end. Those that are promised wait for its successor."""
        self._is_stopping = True
        self._timer.stop()
        for callback_id in list(self._contacts):
            contact_id = self._forget_contact(callback_id)
            if contact_id is not None:
                self._acd.apply(ContactWithdrawn(contact_id, "the switch stops"))

    # For people and flows

    def listing(self) -> list[StoredCallback]:
        """All that is known, in the order in which they were asked for."""
        return self._book.all_callbacks()

    def find(self, callback_id: str) -> StoredCallback | None:
        return self._book.get(callback_id)

    async def request(self, wish: CallbackWish, *, is_on_the_line: bool = False) -> tuple[StoredCallback, bool]:
        """Promise one; the second is whether it is new. When this returns it is on the disk.

        While the customer `is_on_the_line` nobody calls him, until he is `released`. Raises `LocalError`, in words for
        people, where it cannot be promised.
        """
        around = self._among
        settings = around.settings()
        wish = replace(wish, number=normalised(wish.number, settings.habits))
        terms = self._terms_of(wish.queue_id)
        if terms is None:
            raise LocalError(f'the queue "{wish.queue_id}" does not call back: it has no `callbacks` in queues.toml')
        is_dialled = _DIALLED.fullmatch(wish.number) and settings.outbound_for(wish.number) is not None
        if not is_dialled and settings.extension_for(wish.number) is None:
            raise LocalError(f'no trunk and no extension leads to "{wish.number}", so nobody could call it back')
        callback_id = PREFIX + around.entropy.token(40)
        rests_s = ON_THE_LINE_S if is_on_the_line else 0.0
        callback = self._book.request(callback_id, wish, terms, around.clock.wall(), rests_s=rests_s)
        self._carry_out()
        try:
            await on_disk(self._store)
        except SoftswitchError as error:
            if callback.callback_id == callback_id:
                self._book.cancel(callback_id, "switch", around.clock.wall())
                self._carry_out()
            raise LocalError(f"the call-back could not be stored, and is not promised: {error}") from error
        is_new = callback.callback_id == callback_id
        log.info("callback", callback=callback.callback_id, number=wish.number, queue=wish.queue_id, is_new=is_new)
        return callback, is_new

    def released(self, callback_id: str) -> None:
        """The customer has hung up, and may be called."""
        self._book.released(callback_id, self._among.clock.wall() + HUNG_UP_S)
        self._carry_out()

    def cancel(self, callback_id: str, by: str) -> StoredCallback | None:
        """Nobody is called for it any more; None if there is no such, or it is over."""
        callback = self._book.cancel(callback_id, by, self._among.clock.wall())
        self._carry_out()
        return callback

    async def cancel_for_good(self, callback_id: str, by: str) -> StoredCallback | None:
        """The same, on the disk when this returns. Raises `LocalError`, in words for people, if that refuses."""
        callback = self.cancel(callback_id, by)
        if callback is not None and not await is_on_disk(self._store, log, "callback not stored", callback=callback_id):
            raise LocalError("it is cancelled, but the disk does not take that: after a restart it would be called")
        return callback

    # What happens

    def receive(self, output: AcdOutput) -> None:
        """What the router says of a contact that is no call (yet)."""
        match output:
            case AgentReserved():
                callback = self._waiting(output.contact_id)
                if callback is not None:
                    self._spawn(self._begin(callback, output.contact_id).agent_first(output))
            case ContactRefused() | ContactOverflowed():
                callback = self._waiting(output.contact_id)
                if callback is not None:
                    self._turned_away(callback, output.reason)
            case ContactMoved():
                callback = self._waiting(output.contact_id)
                if callback is not None:
                    self._moved(callback, output.queue_id)
            case _:
                pass

    def take_events(self, events: Iterable[AcdEvent]) -> None:
        """What has happened in the router: somebody may have taken one out, or another may be first in its queue."""
        has_moved = False
        for event in events:
            has_moved = True
            if isinstance(event, WithdrawnEvent):
                self._withdrawn(event)
            elif isinstance(event, QueueOpened | ConfigurationChanged):
                self._look_who_is_awaited()
        if has_moved and self._customer_first:
            self._call_those_who_are_next()

    def _look_who_is_awaited(self) -> None:
        """A queue has opened, or is another one: those that await that are there again."""
        for queue_id in self._book.awaited_queues():
            if not self._acd.is_closed(queue_id):
                self._book.opened(queue_id)
        self._carry_out()

    def _withdrawn(self, event: WithdrawnEvent) -> None:
        """One was taken out of its queue, and not by us."""
        waiting = self._waiting(event.contact_id)
        callback = waiting or (self._dialled(event.contact_id) if event.by else None)
        if callback is not None and event.by:
            self._forget_contact(callback.callback_id)
            self.cancel(callback.callback_id, event.by)
        elif waiting is not None:
            self._turned_away(waiting, event.reason)

    # Private

    @property
    def _among(self) -> Surroundings:
        assert self._around is not None, "connect() comes first"
        return self._around

    def _terms_of(self, queue_id: QueueId) -> CallbackTerms | None:
        treatment = self._among.settings().queues.get(queue_id)
        return None if treatment is None else treatment.callbacks

    def _waiting(self, contact_id: ContactId) -> StoredCallback | None:
        """The call-back of a contact that waits in the router."""
        callback_id = contact_id.partition(".")[0]
        if self._contacts.get(callback_id) != contact_id:
            return None
        return self._book.get(callback_id)

    def _dialled(self, contact_id: ContactId) -> StoredCallback | None:
        """The call-back of a contact for which an agent's phone rings."""
        callback = self._book.get(contact_id.partition(".")[0])
        is_it = callback is not None and callback.state == "dialling" and callback.calls[-1:] == (contact_id,)
        return callback if is_it else None

    def _turned_away(self, callback: StoredCallback, reason: str) -> None:
        """The router does not know it any more."""
        self._forget_contact(callback.callback_id)
        log.info("callback turned away", callback=callback.callback_id, reason=reason)
        if self._acd.is_closed(callback.queue_id):
            self._book.turned_away(callback.callback_id)
        else:
            self._book.postponed(callback.callback_id, self._among.clock.wall() + TURNED_AWAY_S)
        self._carry_out()

    def _moved(self, callback: StoredCallback, queue_id: QueueId) -> None:
        contact_id = self._forget_contact(callback.callback_id)
        log.info("callback moved", callback=callback.callback_id, old=callback.queue_id, queue=queue_id)
        self._book.moved(callback.callback_id, queue_id)
        if contact_id is not None:
            self._remember(callback.callback_id, contact_id)
        self._carry_out()

    def _remember(self, callback_id: str, contact_id: ContactId) -> None:
        self._contacts[callback_id] = contact_id
        callback = self._book.get(callback_id)
        if callback is not None and callback.customer_first:
            self._customer_first.setdefault(callback.queue_id, set()).add(callback_id)

    def _forget_contact(self, callback_id: str) -> ContactId | None:
        callback = self._book.get(callback_id)
        if callback is not None and (first := self._customer_first.get(callback.queue_id)) is not None:
            first.discard(callback_id)
            if not first:
                del self._customer_first[callback.queue_id]
        return self._contacts.pop(callback_id, None)

    def _carry_out(self) -> None:
        """What the book says, until it says no more."""
        while outputs := self._book.take_outputs():
            for output in outputs:
                match output:
                    case CallbackChanged(callback):
                        self._store.callbacks.put(callback.callback_id, callback)
                        self._tell(callback)
                    case CallbackLeft(callback):
                        contact_id = self._forget_contact(callback.callback_id)
                        if contact_id is not None:
                            self._acd.apply(ContactWithdrawn(contact_id, callback.result or "postponed"))
                    case CallbackWaits(callback):
                        self._wait(callback)
                    case CallbackForgotten(callback_id):
                        self._store.callbacks.delete(callback_id)
        self._timer.set(self._book.next_timeout())

    def _tell(self, callback: StoredCallback) -> None:
        event = CallbackTold(
            self._among.clock.now(),
            callback.callback_id,
            callback.queue_id,
            callback.number,
            callback.state,
            attempts=callback.attempts,
            result=callback.result,
            last_failure=callback.last_failure,
            agent=callback.agent,
            call_id=CallId(callback.calls[-1]) if callback.calls else None,
        )
        self._among.tell(event, callback.project or self._project_of(callback.queue_id))

    def _wait(self, callback: StoredCallback) -> None:
        if self._is_stopping:
            return
        clock = self._among.clock
        if self._acd.is_closed(callback.queue_id):
            self._book.turned_away(callback.callback_id)
            return
        terms = self._terms_of(callback.queue_id)
        if terms is not None and terms.hours and not self._calendar.is_open(terms.hours, clock.wall()):
            self._book.postponed(callback.callback_id, self._calendar.next_change(terms.hours, clock.wall()))
            return
        contact_id = ContactId(f"{callback.callback_id}.{self._among.entropy.token(40)}")
        self._remember(callback.callback_id, contact_id)
        try:
            self._acd.apply(
                ContactQueued(
                    contact_id,
                    callback.queue_id,
                    boost_s=callback.boost_s,
                    skills=callback.skills,
                    requirement=callback.requirement,
                    enqueued_at=self._queued_at(callback),
                    channel=Channel.CALLBACK,
                    caller=callback.number,
                    project=foreign_project(callback.project, self._project_of(callback.queue_id)),
                )
            )
        except LocalError as error:
            log.error("callback not queued", callback=callback.callback_id, reason=str(error))
            self._forget_contact(callback.callback_id)
            self._book.cancel(callback.callback_id, "switch", clock.wall())

    def _project_of(self, queue_id: QueueId) -> str:
        treatment = self._among.settings().queues.get(queue_id)
        return "" if treatment is None else treatment.project

    def _queued_at(self, callback: StoredCallback) -> float:
        clock = self._among.clock
        return clock.now() - (clock.wall() - callback.enqueued_wall)

    def _begin(self, callback: StoredCallback, contact_id: ContactId) -> CallbackAttempt:
        """It is its turn: a call of its own, that is the contact from now on."""
        assert self._exchange is not None, "connect() comes first"
        self._forget_contact(callback.callback_id)
        call_id = CallId(contact_id)
        self._book.began(callback.callback_id, call_id)
        self._carry_out()
        record = CallRecord(
            call_id,
            calling_number=callback.number,
            calling_name=callback.name,
            called_number=callback.number,
            started_at=self._among.clock.wall(),
        )
        record.project = callback.project
        return self._attempt(callback, self._exchange.originate(record))

    def _attempt(self, callback: StoredCallback, call: ActiveCall) -> CallbackAttempt:
        record, terms = call.record, self._terms_of(callback.queue_id) or CallbackTerms()

        def ended(result: AttemptResult, reason: str, agent: str) -> None:
            log.info("callback attempt", callback=callback.callback_id, result=result, reason=reason, agent=agent)
            if record.queue:
                self._book.moved(callback.callback_id, QueueId(record.queue))
            self._book.ended(callback.callback_id, result, self._among.clock.wall(), reason=reason, agent=agent)
            self._carry_out()

        return CallbackAttempt(call, callback, terms, ended)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._exchange is not None, "connect() comes first"
        self._exchange.spawn(coroutine)

    def _call_those_who_are_next(self) -> None:
        for queue_id in list(self._customer_first):
            contact_id = self._acd.head(queue_id)
            callback = None if contact_id is None else self._waiting(contact_id)
            if contact_id is None or callback is None or not callback.customer_first:
                continue
            if not self._acd.is_staffed(queue_id):
                continue
            self._acd.apply(ContactWithdrawn(contact_id, "the customer is called"))
            self._spawn(self._begin(callback, contact_id).customer_first(self._queued_at(callback)))

    def _forget_old(self) -> None:
        self._book.forget_before(self._among.clock.wall() - CALLBACK_KEEP_DAYS * DAY_S)

    # Time

    def _time_is_up(self) -> None:
        self._forget_old()
        self._book.handle_timeout(self._among.clock.wall())
        self._carry_out()
