"""Sends the switch's events to webhooks: one task each, which reads on from its cursor, at the pace of its other side.

Nothing is lost while this process is away: the cursor is on disk, and the events are in the switch's store. What is
delivered twice, after a crash, has the same numbers.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import lmdb
import msgspec

from softswitch.acd.runtime.hook_client import headers_of, new_session, one_line
from softswitch.base.clock import Clock
from softswitch.base.entropy import Entropy
from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.told.events import Numbered, events_of, kind_of
from softswitch.config.webhook_rows import WebhookRow
from softswitch.store.webhook_store import DeadLetter, StoredTrouble, WebhookStore
from softswitch.web.delivery import CursorMoved, Delivery, SetAside, Settled
from softswitch.web.limits import (
    DEAD_LETTERS_MAX,
    EVENTS_A_FRAME,
    FAULT_CHARACTERS_MAX,
    WEBHOOK_ANSWER_BYTES_MAX,
)
from softswitch.web.own_events import without_paths
from softswitch.web.runtime.event_hub import EventHub
from softswitch.web.services import DeadRow, WebhookState

if TYPE_CHECKING:
    from aiohttp import ClientSession

T = TypeVar("T")
_log = get_logger("webhooks")
LOOK_EVERY_S = 2.0
"""At the configuration, and at what is to be sent again."""
DELIVERY_HEADER = "X-Softswitch-Delivery"
_AWAY = frozenset({408, 425, 429})
"""Statuses that say: later."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Numbered).decode
_json = msgspec.json.Encoder().encode


class _Hook:
    """One webhook at work."""

    def __init__(self, row: WebhookRow, webhooks: "Webhooks") -> None:
        self.row = row
        self._webhooks = webhooks
        self._kinds = events_of(row.kinds)
        self.delivery: Delivery | None = None
        self.cursor: int | None = None
        self.delivered = self.failed = 0
        self.is_sending = False
        self._looked_at = 0.0
        self._noted: StoredTrouble | None = None
        """What the store has of its failures."""
        self._told = ""
        """The last fault that is in the log."""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._run()
            except (SoftswitchError, lmdb.Error) as error:
                self._stands_still(str(error))
            except Exception:
                self._stands_still(traceback.format_exc())
            await asyncio.sleep(LOOK_EVERY_S)

    def _stands_still(self, fault: str) -> None:
        """Once for each fault: it is tried every few seconds."""
        if fault != self._told:
            self._told = fault
            _log.error("webhook stands still", webhook=self.row.id, fault=fault)

    async def _run(self) -> None:
        hub, clock = self._webhooks.hub, self._webhooks.clock
        delivery = await self._begin()
        while True:
            await self._fill(delivery)
            batch = delivery.begin(clock.now())
            if batch:
                await self._send(delivery, batch)
                await self._settle(delivery)
                continue
            await self._settle(delivery)
            due = delivery.next_timeout()
            wait_s = LOOK_EVERY_S if due is None else min(LOOK_EVERY_S, max(0.0, due - clock.now()))
            if delivery.waiting:
                await asyncio.sleep(wait_s)
            else:
                await hub.more(delivery.offered_until, wait_s)

    async def _begin(self) -> Delivery:
        """With what was settled last; a new webhook begins with what happens from now on."""
        webhooks = self._webhooks
        cursor = await webhooks.in_thread(lambda store: store.cursor(self.row.id))
        if cursor is None:
            cursor = await self._first_cursor()
        self.cursor = cursor
        self.delivery = Delivery(
            cursor,
            batch_max=self.row.batch,
            age_max_s=self.row.keep_hours * 3600,
            random=webhooks.random,
        )
        trouble = self._noted = await webhooks.in_thread(lambda store: store.trouble(self.row.id))
        if trouble is not None:
            self.delivery.went_wrong(trouble.fault, trouble.failed_at, since=trouble.since)
        return self.delivery

    async def _first_cursor(self) -> int:
        """Where it begins is on the disk before anything happens."""
        webhooks = self._webhooks
        while (cursor := webhooks.hub.newest) is None:
            await webhooks.hub.more(0, LOOK_EVERY_S)
        first = cursor
        await webhooks.in_thread(lambda store: store.settle(self.row.id, first, (), (), DEAD_LETTERS_MAX))
        return first

    async def _fill(self, delivery: Delivery) -> None:
        hub, clock = self._webhooks.hub, self._webhooks.clock
        if clock.now() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = clock.now()
            await self._take_again(delivery)
        if delivery.room < EVENTS_A_FRAME:
            return
        part = hub.after(delivery.offered_until, EVENTS_A_FRAME)
        if part.is_behind:
            part, is_lost = await hub.catch_up(delivery.offered_until)
            if is_lost:
                _log.warning("events were no longer stored", webhook=self.row.id, after=delivery.offered_until)
        if part.cursor > delivery.offered_until:
            delivery.offer([each for each in part.events if self._is_wanted(each)], part.cursor)

    async def _take_again(self, delivery: Delivery) -> None:
        def again(store: WebhookStore) -> list[DeadLetter]:
            return [each for each in store.dead(self.row.id) if each.is_again][: delivery.room]

        letters = await self._webhooks.in_thread(again)
        known = delivery.waiting_again
        delivery.offer_again([_decode(each.event) for each in letters if each.number not in known])

    def _is_wanted(self, row: Numbered) -> bool:
        return type(row.event) in self._kinds and self.row.project in ("", row.project)

    async def _send(self, delivery: Delivery, batch: list[Numbered]) -> None:
        clock = self._webhooks.clock
        events = [without_paths(each) for each in batch] if self.row.project else batch
        body = _json({"webhook": self.row.id, "events": events})
        self.is_sending = True
        try:
            status = await self._webhooks.post(self.row, body, f"{self.row.id}-{batch[0].number}-{batch[-1].number}")
        except Exception as error:  # whatever the other side, or the way to it, can do wrong
            late = f"no answer within {self.row.timeout_s:g} s" if isinstance(error, TimeoutError) else ""
            status, fault = 0, late or one_line(error, FAULT_CHARACTERS_MAX)
        else:
            fault = "" if 200 <= status < 300 else f"it answers {status}"
        finally:
            self.is_sending = False
        if not fault:
            self.delivered += len(batch)
            delivery.succeeded()
            return
        self.failed += 1
        was_resting = delivery.is_resting
        is_refused = status != 0 and status < 500 and status not in _AWAY
        delivery.failed(fault, clock.now(), clock.wall(), is_refused=is_refused)
        if delivery.is_resting and not was_resting:
            _log.error("webhook is left alone for a while", webhook=self.row.id, fault=fault)

    async def _note_trouble(self, delivery: Delivery) -> None:
        """For those who ask the files: that it fails, or is well again."""
        trouble = _trouble(self.row.id, delivery)
        if trouble != self._noted:
            await self._webhooks.in_thread(lambda store: store.note_trouble(self.row.id, trouble))
            self._noted = trouble

    async def _settle(self, delivery: Delivery) -> None:
        await self._note_trouble(delivery)
        outputs = delivery.take_outputs()
        if not outputs:
            return
        wall = self._webhooks.clock.wall()
        moved = [each.cursor for each in outputs if isinstance(each, CursorMoved)]
        aside = [_letter(self.row.id, each, wall) for each in outputs if isinstance(each, SetAside)]
        delivered = [each.number for each in outputs if isinstance(each, Settled)]
        cursor = moved[-1] if moved and moved[-1] != self.cursor else None
        if aside:
            _log.warning("events set aside", webhook=self.row.id, events=len(aside), reason=aside[0].reason)
        if cursor is not None or aside or delivered:
            await self._webhooks.in_thread(
                lambda store: store.settle(self.row.id, cursor, aside, delivered, DEAD_LETTERS_MAX)
            )
        self.cursor = self.cursor if cursor is None else cursor


class Webhooks:
    """All of webhooks.toml, as it is now. `load` raises `ConfigurationError`."""

    def __init__(
        self,
        load: Callable[[], list[WebhookRow]],
        open_store: Callable[[], WebhookStore],
        hub: EventHub,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._load = load
        self._open_store = open_store
        self.hub = hub
        self.clock = clock
        self._entropy = entropy
        self._hooks: dict[str, tuple[_Hook, asyncio.Task[None]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._session: ClientSession | None = None
        self._store: WebhookStore | None = None
        self._fault = ""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look_after())

    async def stop(self) -> None:
        tasks = [task for _, task in self._hooks.values()] + ([] if self._task is None else [self._task])
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._hooks.clear()
        if self._session is not None:
            await self._session.close()
        if self._store is not None:
            self._store.close()
            self._store = None

    def random(self) -> float:
        return self._entropy.integer(16) / 2**16

    async def in_thread(self, act: Callable[[WebhookStore], T]) -> T:
        """What `act` makes of the store, beside the event loop."""
        store = self._store = self._store or self._open_store()
        return await asyncio.get_running_loop().run_in_executor(None, act, store)

    async def post(self, row: WebhookRow, body: bytes, delivery: str) -> int:
        """The status of the answer; that of a redirection, which is not followed."""
        headers = headers_of(body, row.secret, int(self.clock.wall())) | {DELIVERY_HEADER: delivery}
        self._session = self._session or new_session(0)
        async with asyncio.timeout(row.timeout_s):
            async with self._session.post(row.url, data=body, headers=headers, allow_redirects=False) as response:
                await response.content.read(WEBHOOK_ANSWER_BYTES_MAX)
                return response.status

    async def states(self) -> list[WebhookState]:
        newest = self.hub.newest
        rows: list[WebhookState] = []
        for hook, _ in list(self._hooks.values()):
            delivery, name = hook.delivery, hook.row.id
            dead = await self.in_thread(lambda store, name=name: sum(1 for _ in store.dead(name)))
            rows.append(
                WebhookState(
                    webhook=name,
                    url=hook.row.url,
                    state=_state_of(hook),
                    cursor=hook.cursor,
                    behind=0 if newest is None or hook.cursor is None else max(0, newest - hook.cursor),
                    delivered=hook.delivered,
                    failed=hook.failed,
                    last_fault="" if delivery is None else delivery.last_fault,
                    dead=dead,
                    waiting=0 if delivery is None else delivery.waiting,
                    failing_since=None if delivery is None else delivery.failing_since,
                    failed_at=None if delivery is None or not delivery.last_fault else delivery.failed_at,
                    retry_s=_retry_s(delivery, self.clock.now()),
                )
            )
        return rows

    async def dead(self, webhook: str) -> list[DeadRow]:
        def rows(store: WebhookStore) -> list[DeadRow]:
            return [
                DeadRow(
                    webhook=each.webhook,
                    number=each.number,
                    kind=each.kind,
                    reason=each.reason,
                    attempts=each.attempts,
                    at_wall=each.at_wall,
                    is_again=each.is_again,
                )
                for each in store.dead(webhook)
            ]

        return await self.in_thread(rows)

    async def send_again(self, webhook: str, number: int | None) -> int:
        return await self.in_thread(lambda store: store.send_again(webhook, number))

    async def discard(self, webhook: str, number: int | None) -> int:
        return await self.in_thread(lambda store: store.discard(webhook, number))

    # Private

    async def _look_after(self) -> None:
        while True:
            try:
                rows = await asyncio.get_running_loop().run_in_executor(None, self._load)
            except SoftswitchError as error:
                if str(error) != self._fault:
                    self._fault = str(error)
                    _log.error("webhooks not read, those of before go on", fault=self._fault)
            else:
                self._fault = ""
                self._use({row.id: row for row in rows if row.enabled})
            await asyncio.sleep(LOOK_EVERY_S)

    def _use(self, rows: dict[str, WebhookRow]) -> None:
        for name, (hook, task) in list(self._hooks.items()):
            if rows.get(name) != hook.row:
                task.cancel()
                del self._hooks[name]
        for name, row in rows.items():
            if name not in self._hooks:
                self.hub.start()
                hook = _Hook(row, self)
                self._hooks[name] = (hook, asyncio.get_running_loop().create_task(hook.run()))
                _log.info("webhook", webhook=name, url=row.url)


def _letter(webhook: str, aside: SetAside, wall: float) -> DeadLetter:
    return DeadLetter(
        webhook=webhook,
        number=aside.event.number,
        event=msgspec.Raw(_encode(aside.event)),
        kind=kind_of(aside.event.event),
        reason=aside.reason,
        attempts=aside.attempts,
        at_wall=wall,
    )


def _trouble(webhook: str, delivery: Delivery) -> StoredTrouble | None:
    if delivery.failing_since is None:
        return None
    return StoredTrouble(
        webhook=webhook,
        fault=delivery.last_fault,
        failed_at=delivery.failed_at,
        since=delivery.failing_since,
        is_resting=delivery.is_resting,
        waiting=delivery.waiting,
    )


def _retry_s(delivery: Delivery | None, now: float) -> float | None:
    due = None if delivery is None or delivery.failing_since is None else delivery.next_timeout()
    return None if due is None else max(0.0, due - now)


def _state_of(hook: _Hook) -> str:
    delivery = hook.delivery
    if delivery is None:
        return "idle"
    if hook.is_sending:
        return "sending"
    return "resting" if delivery.is_resting else "waiting" if delivery.waiting else "idle"
