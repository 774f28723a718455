"""Agents: what they do, and what they are told to."""

from typing import Any

from softswitch.control.protocol.replies import Agents
from softswitch.control.protocol.requests import ListAgents
from softswitch.control.protocol.rows import AgentRow
from softswitch.web.asked import Asked
from softswitch.web.route import Listing, Routes

routes = Routes("agents")


@routes.get("/agents", answer=Listing[AgentRow])
async def list_agents(asked: Asked[None, Any]) -> Listing[AgentRow]:
    """Agents and what they are doing."""
    frames = await asked.switch.frames(ListAgents(), Agents)
    return Listing([row for frame in frames for row in frame.rows])
