"""The switch as a whole, its workers and its projects."""

from typing import Literal

import msgspec

from softswitch.control.exposition import CONTENT_TYPE, exposition
from softswitch.control.protocol.metrics import GetMetrics, Metrics
from softswitch.control.protocol.replies import Projects, Status, WorkerSet
from softswitch.control.protocol.requests import GetStatus, ListProjects, SetWorker, WorkerAction
from softswitch.control.protocol.rows import ProjectRow, WorkerRow
from softswitch.web.asked import Asked
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, RawAnswer, Routes

routes = Routes("switch")


class WorkerOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No new calls for a media worker ("drain"), or again ("resume")."""

    action: WorkerAction


class Health(msgspec.Struct, frozen=True):
    """This process answers. Whether the switch does, /status says."""

    status: Literal["ok"] = "ok"


@routes.get("/health", answer=Health)
async def get_health(asked: Asked[None, NoQuery]) -> Health:
    """Whether the API answers.

    For whoever watches it; nobody need log in.
    """
    return Health()


@routes.get("/ready", answer=Health)
async def get_ready(asked: Asked[None, NoQuery]) -> Health:
    """Whether the switch takes calls.

    503 while it is away, stops, cannot store, or has no media worker. Nobody need log in; no more than this is said.
    """
    status = await asked.switch.ask(GetStatus(), Status)
    if status.is_draining:
        raise ProblemError("switch_away", "the switch stops, and refuses new calls", "Ask another one")
    if status.store.fault:
        raise ProblemError("switch_away", "the switch cannot store", "See softswitch status")
    if not any(worker.is_connected for worker in status.workers):
        raise ProblemError("switch_away", "the switch has no media worker", "See softswitch status")
    return Health()


@routes.get("/metrics", answer=RawAnswer, media_types=(CONTENT_TYPE,))
async def get_metrics(asked: Asked[None, NoQuery]) -> RawAnswer:
    """What is counted and measured, for Prometheus.

    In its text format, version 0.0.4; docs/monitoring.md names every metric.
    """
    found = await asked.switch.ask(GetMetrics(), Metrics)
    return RawAnswer(body=exposition(found.families), media_type=CONTENT_TYPE, name="metrics.txt")


@routes.get("/status", answer=Status)
async def get_status(asked: Asked[None, NoQuery]) -> Status:
    """The switch as a whole.

    What runs, for how long, how much there is to do, and what is wrong.
    """
    return await asked.switch.ask(GetStatus(), Status)


@routes.patch("/workers/{name}", answer=WorkerRow, body=WorkerOrder)
async def set_worker(asked: Asked[WorkerOrder, NoQuery]) -> WorkerRow:
    """Take a media worker out of service, or put it back.

    Calls it carries go on.
    """
    return (await asked.switch.ask(SetWorker(asked.path["name"], asked.body.action), WorkerSet)).worker


@routes.get("/projects", answer=Listing[ProjectRow])
async def list_projects(asked: Asked[None, NoQuery]) -> Listing[ProjectRow]:
    """Client companies: calls now, limits, queues, agents."""
    return Listing([row for frame in await asked.switch.frames(ListProjects(), Projects) for row in frame.rows])
