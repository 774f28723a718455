"""The switch as a whole."""

from typing import Any

from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.requests import GetStatus
from softswitch.web.asked import Asked
from softswitch.web.route import Routes

routes = Routes("switch")


@routes.get("/status", answer=Status)
async def get_status(asked: Asked[None, Any]) -> Status:
    """The switch as a whole.

    What runs, for how long, how much there is to do, and what is wrong.
    """
    return await asked.switch.ask(GetStatus(), Status)
