"""Queues: who waits, who answers, how quickly."""

from typing import Any

from softswitch.control.protocol.replies import Queues
from softswitch.control.protocol.requests import ListQueues
from softswitch.control.protocol.rows import QueueRow
from softswitch.web.asked import Asked
from softswitch.web.route import Listing, Routes

routes = Routes("queues")


@routes.get("/queues", answer=Listing[QueueRow])
async def list_queues(asked: Asked[None, Any]) -> Listing[QueueRow]:
    """Queues: who waits, who answers, how quickly."""
    frames = await asked.switch.frames(ListQueues(), Queues)
    return Listing([row for frame in frames for row in frame.rows])
