"""Agents: what they do, and what they are told to."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from softswitch.base.ids import AgentId, ContactId
from softswitch.control.protocol.replies import Agents, AgentSet, Sites
from softswitch.control.protocol.requests import (
    AgentAction,
    ListAgents,
    ListSites,
    SetAgent,
    SetDisposition,
    SetSkills,
    SuperviseAgent,
)
from softswitch.control.protocol.rows import AgentRow, SiteRow
from softswitch.web.asked import Asked
from softswitch.web.endpoints.calls import SupervisionOrder, own_phone
from softswitch.web.fields import Seconds, Word
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, Routes

routes = Routes("agents")


class AgentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log in or out, pause (for a `reason`) or resume, give more time (`seconds`) or none for the wrap-up."""

    action: AgentAction
    reason: Word = ""
    seconds: Seconds = 0.0


class SkillsOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Levels by skill, 0 takes one away; the others stay. `is_reset`: those configured, again."""

    skills: dict[Word, Annotated[int, Meta(ge=0, le=10)]] = {}
    is_reset: bool = False


class FollowingOrder(SupervisionOrder, frozen=True, forbid_unknown_fields=True):
    """Whose phone rings, and how it takes part; `is_following`: in all his conversations, until it hangs up."""

    is_following: bool = False


class DispositionOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a contact, in a word of its queue; `contact_id` may be left out while there is one only."""

    code: Word
    contact_id: Word = ""


class AgentAnswer(msgspec.Struct, frozen=True):
    """The agent after the order. `is_pending`: it takes effect when his call is over."""

    agent: AgentRow
    is_pending: bool = False


@routes.get("/agents", answer=Listing[AgentRow])
async def list_agents(asked: Asked[None, NoQuery]) -> Listing[AgentRow]:
    """Agents and what they are doing.

    In the order of the configuration.
    """
    return Listing(await _agents(asked))


@routes.get("/agents/{agent_id}", answer=AgentRow)
async def get_agent(asked: Asked[None, NoQuery]) -> AgentRow:
    """An agent and what he is doing."""
    for row in await _agents(asked):
        if row.agent_id == asked.path["agent_id"]:
            return row
    raise ProblemError("not_found", "there is no such agent", "GET /api/v1/agents lists them", field="agent_id")


@routes.post("/agents/{agent_id}/state", answer=AgentAnswer, body=AgentOrder)
async def set_agent(asked: Asked[AgentOrder, NoQuery]) -> AgentAnswer:
    """Log an agent in or out, pause or resume him, or change his wrap-up.

    What he has begun goes on: a pause during a call takes effect after it.
    """
    order = asked.body
    request = SetAgent(_agent_id(asked), order.action, order.reason, order.seconds, asked.caller.name)
    done = await asked.switch.ask(request, AgentSet)
    return AgentAnswer(done.agent, done.is_pending)


@routes.put("/agents/{agent_id}/skills", answer=AgentAnswer, body=SkillsOrder)
async def set_skills(asked: Asked[SkillsOrder, NoQuery]) -> AgentAnswer:
    """Change an agent's skills.

    As long as those configured stay what they are.
    """
    order = asked.body
    request = SetSkills(_agent_id(asked), dict(order.skills), order.is_reset, asked.caller.name)
    done = await asked.switch.ask(request, AgentSet)
    return AgentAnswer(done.agent, done.is_pending)


@routes.post("/agents/{agent_id}/supervision", answer=AgentAnswer, body=FollowingOrder)
async def supervise_agent(asked: Asked[FollowingOrder, NoQuery]) -> AgentAnswer:
    """Take part in what an agent talks, now or from his next conversation on.

    A phone rings; answered, it listens, whispers or barges in. Supervisors use their own (`phone` of users.toml).
    """
    order = asked.body
    request = SuperviseAgent(_agent_id(asked), own_phone(asked), order.mode, order.is_following)
    return AgentAnswer((await asked.switch.ask(request, AgentSet)).agent)


@routes.post("/agents/{agent_id}/disposition", answer=AgentAnswer, body=DispositionOrder)
async def set_disposition(asked: Asked[DispositionOrder, NoQuery]) -> AgentAnswer:
    """Say what came of a contact.

    Of one the agent has, or wraps up.
    """
    order = asked.body
    request = SetDisposition(_agent_id(asked), order.code, ContactId(order.contact_id), asked.caller.name)
    done = await asked.switch.ask(request, AgentSet)
    return AgentAnswer(done.agent, done.is_pending)


@routes.get("/sites", answer=Listing[SiteRow])
async def list_sites(asked: Asked[None, NoQuery]) -> Listing[SiteRow]:
    """Where agents sit, and how many calls there are."""
    return Listing([row for frame in await asked.switch.frames(ListSites(), Sites) for row in frame.rows])


async def _agents(asked: Asked[Any, Any]) -> list[AgentRow]:
    return [row for frame in await asked.switch.frames(ListAgents(), Agents) for row in frame.rows]


def _agent_id(asked: Asked[Any, Any]) -> AgentId:
    return AgentId(asked.path["agent_id"])
