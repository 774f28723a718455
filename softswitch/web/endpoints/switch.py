"""The switch as a whole, its workers and its projects."""

from typing import Literal

import msgspec

from softswitch.control.protocol.replies import Projects, Status, WorkerSet
from softswitch.control.protocol.requests import GetStatus, ListProjects, SetWorker, WorkerAction
from softswitch.control.protocol.rows import ProjectRow, WorkerRow
from softswitch.web.asked import Asked
from softswitch.web.route import Listing, NoQuery, Routes

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
