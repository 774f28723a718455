"""What of an agent outlives the switch: his login, why he is not ready, how long he has been idle.

Calls, reservations and wrap-up do not: they hang on legs and timers that are gone. Whether his phone is there is known
from the registrations.
"""

import msgspec

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor
from softswitch.base.ids import AgentId


class AgentSnapshot(msgspec.Struct, frozen=True):
    """One agent. `idle_since` is monotonic seconds, None when the clock starts at his next becoming ready."""

    agent_id: AgentId
    is_logged_in: bool
    pause_reason: str | None
    idle_since: float | None


def take(agent: AgentMachine) -> AgentSnapshot:
    return AgentSnapshot(agent.agent_id, agent.is_logged_in, agent.pause_reason, agent.idle_since)


def restore(floor: Floor, agent: AgentMachine, snapshot: AgentSnapshot, now: float) -> None:
    """Put a logged-out agent where he was. He is served once his phone is known to be there."""
    if not snapshot.is_logged_in:
        return
    agent.log_in()
    if snapshot.pause_reason is not None:
        agent.pause(snapshot.pause_reason)
    agent.idle_since = None if snapshot.idle_since is None else min(snapshot.idle_since, now)
    floor.settle(agent, now)
