"""What of an agent outlives the switch: his login, why he is not ready, how long he has been idle.

Calls, reservations and wrap-up do not: they hang on legs and timers that are gone. Whether his phone is there is known
from the registrations.
"""

import msgspec

from softswitch.acd import events, supervision
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor
from softswitch.acd.model import AgentState, LiveSkills
from softswitch.base.ids import AgentId

LASTING = (AgentState.LOGGED_OUT, AgentState.NOT_READY, AgentState.READY)
"""The states that do not hang on a leg or a timer."""


class AgentSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. Times are monotonic seconds.

    `since` is None when his state does not outlive the switch, `idle_since` when he is not idle: after the restart
    both count from there.
    """

    agent_id: AgentId
    is_logged_in: bool
    pause_reason: str | None = None
    since: float | None = None
    idle_since: float | None = None
    by: str = ""
    """Who made him not ready, or else logged him in or out."""
    live_skills: LiveSkills | None = None
    """What a supervisor gave him in place of those configured."""


def take(agent: AgentMachine) -> AgentSnapshot:
    return AgentSnapshot(
        agent_id=agent.agent_id,
        is_logged_in=agent.is_logged_in,
        pause_reason=agent.pause_reason,
        since=agent.since if agent.state in LASTING else None,
        idle_since=agent.idle_since,
        by=agent.login_by if agent.pause_reason is None else agent.pause_by,
        live_skills=agent.live_skills,
    )


def restore(floor: Floor, agent: AgentMachine, snapshot: AgentSnapshot, now: float) -> None:
    """Put a logged-out agent where he was."""
    if snapshot.live_skills is not None:
        former, agent.live_skills = agent.skills, snapshot.live_skills
        supervision.show_skills(floor, agent, former, now)
    if not snapshot.is_logged_in:
        return
    agent.log_in(snapshot.by)
    floor.show_doing(agent)
    if snapshot.pause_reason is not None:
        agent.pause(snapshot.pause_reason, snapshot.by)
    agent.idle_since = now if snapshot.idle_since is None else min(snapshot.idle_since, now)
    floor.tell(events.AgentLoggedIn(now, agent.agent_id, "restart"))
    floor.settle(agent, now, "restart", since=None if snapshot.since is None else min(snapshot.since, now))
    floor.serve_agent(agent, now)
