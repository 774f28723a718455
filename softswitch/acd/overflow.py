"""Where a contact goes that its queue does not keep."""

from collections.abc import Callable

from softswitch.acd.model import HangUp, OverflowReason, OverflowTarget, Queue, ToQueue
from softswitch.base.ids import QueueId


def destination(
    queue: Queue,
    reason: OverflowReason,
    find: Callable[[QueueId], Queue | None],
    obstacle: Callable[[QueueId], OverflowReason | None],
) -> OverflowTarget:
    """The first queue on the way that accepts a contact, or the flow or the end the way leads to.

    `obstacle` says why a queue does not accept it, None if it does: its own way out for that reason is the next. A way
    that comes back to where it was, or leads to a queue that does not exist, ends in `HangUp`.
    """
    seen = {queue.queue_id}
    target = queue.way_out(reason)
    while isinstance(target, ToQueue):
        following = find(target.queue_id)
        if following is None or following.queue_id in seen:
            return HangUp()
        obstacle_there = obstacle(following.queue_id)
        if obstacle_there is None:
            return target
        seen.add(following.queue_id)
        target = following.way_out(obstacle_there)
    return target
