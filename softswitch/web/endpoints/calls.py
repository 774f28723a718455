"""Calls in progress."""

from typing import Any

from softswitch.control.protocol.replies import Calls
from softswitch.control.protocol.requests import ListCalls
from softswitch.control.protocol.rows import CallRow
from softswitch.web.asked import Asked
from softswitch.web.route import Listing, Routes

routes = Routes("calls")


@routes.get("/calls", answer=Listing[CallRow])
async def list_calls(asked: Asked[None, Any]) -> Listing[CallRow]:
    """Calls in progress, the oldest first."""
    frames = await asked.switch.frames(ListCalls(), Calls)
    return Listing([row for frame in frames for row in frame.rows])
