"""Call-backs for the control socket."""

from collections.abc import Iterable

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.calls.callback_book import CallbackWish
from softswitch.control.protocol.replies import CallbackSet, Refused
from softswitch.control.protocol.requests import AddCallback
from softswitch.control.protocol.rows import CallbackRow
from softswitch.store.schema import StoredCallback


class CallbackOperations:
    """The part of `SwitchOperations` that is about call-backs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def callbacks(self) -> Iterable[CallbackRow]:
        wall = self._parts.clock.wall()
        for callback in self._parts.callbacks.listing():
            yield _row(callback, wall)

    async def add_callback(self, order: AddCallback) -> CallbackSet | Refused:
        wall, settings = self._parts.clock.wall(), self._parts.settings
        if order.queue_id not in settings.queues:
            return Refused("not_found", f'there is no queue "{order.queue_id}": see `softswitch queues`')
        wish = CallbackWish(
            number=order.number,
            queue_id=order.queue_id,
            enqueued_wall=wall,
            name=order.name,
            project=settings.queues[order.queue_id].project,
            source="operator",
            by=order.by,
        )
        try:
            callback, is_new = await self._parts.callbacks.request(wish)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return CallbackSet(_row(callback, wall), is_new=is_new)

    async def cancel_callback(self, callback_id: str, by: str) -> CallbackSet | Refused:
        try:
            callback = await self._parts.callbacks.cancel_for_good(callback_id, by)
        except LocalError as error:
            return Refused("failed", str(error))
        if callback is None:
            reason = f'there is no call-back "{callback_id}" that is not over: see `softswitch callbacks`'
            return Refused("not_found", reason)
        return CallbackSet(_row(callback, self._parts.clock.wall()), is_new=False)


def _row(callback: StoredCallback, wall: float) -> CallbackRow:
    is_over = callback.state == "over"
    has_time = callback.state == "resting" and not callback.awaits_opening
    return CallbackRow(
        callback_id=callback.callback_id,
        queue_id=callback.queue_id,
        number=callback.number,
        name=callback.name,
        state=callback.state,
        waited_s=(callback.over_wall if is_over else wall) - callback.enqueued_wall,
        next_s=max(0.0, callback.not_before_wall - wall) if has_time else None,
        expires_s=None if is_over else max(0.0, callback.expires_wall - wall),
        attempts=callback.attempts,
        attempts_max=callback.attempts_max,
        last_failure=callback.last_failure,
        result=callback.result,
        agent=callback.agent,
        source=callback.source,
        by=callback.by,
        requested_at=callback.requested_wall,
        calls=list(callback.calls),
        project=callback.project,
    )
