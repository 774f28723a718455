"""Queues: who waits, who answers, how quickly."""

from typing import Any

import msgspec

from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import QueueId
from softswitch.control.protocol.replies import Figures, Queues, QueueSet
from softswitch.control.protocol.requests import ListFigures, ListQueues, QueueAction, SetQueue, WhoWaits
from softswitch.control.protocol.rows import QueueRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Word
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, Routes

routes = Routes("queues")


class QueueOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Close it whatever its hours, or open it: it is then open as its hours say. `waiting` is what becomes of those
    who wait when it closes."""

    action: QueueAction
    reason: Word = ""
    waiting: WhoWaits = "announce"


class FiguresAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and sums between two instants. What agents are in at `now_at` is counted up to then."""

    since_at: float
    now_at: float
    queues: list[QueueTally]
    agents: list[AgentTally]


@routes.get("/queues", answer=Listing[QueueRow])
async def list_queues(asked: Asked[None, NoQuery]) -> Listing[QueueRow]:
    """Queues: who waits, who answers, how quickly.

    In the order of the configuration; counts are since the switch started.
    """
    return Listing(await _queues(asked))


@routes.get("/queues/{queue_id}", answer=QueueRow)
async def get_queue(asked: Asked[None, NoQuery]) -> QueueRow:
    """A queue now, and its counts."""
    for row in await _queues(asked):
        if row.queue_id == asked.path["queue_id"]:
            return row
    raise ProblemError("not_found", "there is no such queue", "GET /api/v1/queues lists them", field="queue_id")


@routes.post("/queues/{queue_id}/state", answer=QueueRow, body=QueueOrder)
async def set_queue(asked: Asked[QueueOrder, NoQuery]) -> QueueRow:
    """Close a queue, or open it again.

    Those who wait are served, told and let go, or go where the queue overflows to.
    """
    order = asked.body
    request = SetQueue(QueueId(asked.path["queue_id"]), order.action, order.reason, order.waiting, asked.caller.name)
    return (await asked.switch.ask(request, QueueSet)).queue


@routes.get("/figures", answer=FiguresAnswer)
async def get_figures(asked: Asked[None, NoQuery]) -> FiguresAnswer:
    """Counts and sums of queues and agents since the switch started."""
    frames = await asked.switch.frames(ListFigures(), Figures)
    rows = [row for frame in frames for row in frame.rows]
    return FiguresAnswer(
        since_at=frames[0].since_at,
        now_at=frames[0].now_at,
        queues=[row for row in rows if isinstance(row, QueueTally)],
        agents=[row for row in rows if isinstance(row, AgentTally)],
    )


async def _queues(asked: Asked[Any, Any]) -> list[QueueRow]:
    return [row for frame in await asked.switch.frames(ListQueues(), Queues) for row in frame.rows]
