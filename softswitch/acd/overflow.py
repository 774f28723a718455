"""Where a contact goes that its queue does not keep."""

from collections.abc import Callable

from softswitch.acd.model import HangUp, OverflowTarget, Queue, ToQueue
from softswitch.base.ids import QueueId


def destination(
    queue: Queue, find: Callable[[QueueId], Queue | None], accepts: Callable[[QueueId], bool]
) -> OverflowTarget:
    """The first queue on the way that accepts a contact, or the flow or the end the way leads to.

    A way that comes back to where it was, or leads to a queue that does not exist, ends in `HangUp`.
    """
    seen = {queue.queue_id}
    target = queue.overflow
    while isinstance(target, ToQueue):
        following = find(target.queue_id)
        if following is None or following.queue_id in seen:
            return HangUp()
        if accepts(following.queue_id):
            return target
        seen.add(following.queue_id)
        target = following.overflow
    return target
