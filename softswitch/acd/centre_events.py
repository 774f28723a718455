"""What has happened to agents, to queues and to the whole: the events that are about no contact; see events.py."""

import msgspec

from softswitch.acd.model import AgentState, BusyKind
from softswitch.base.ids import AgentId, QueueId

# Agents


class AgentLoggedIn(msgspec.Struct, frozen=True, tag="agent.login", gc=False, omit_defaults=True):
    """He works from now on."""

    at: float
    agent_id: AgentId
    source: str = "agent"
    by: str = ""


class AgentLoggedOut(msgspec.Struct, frozen=True, tag="agent.logout", gc=False, omit_defaults=True):
    """He leaves; what he is in he finishes."""

    at: float
    agent_id: AgentId
    source: str = "agent"
    by: str = ""


class AgentStateChanged(msgspec.Struct, frozen=True, tag="agent.state", gc=False, omit_defaults=True):
    """`old` lasted `lasted_s`. `source` is whose doing it is: "agent" or somebody for him (`by`), "phone" (registered,
    gone, in another call), "contact", "reservation", "timer", "watchdog", "configuration", "restart".
    """

    at: float
    agent_id: AgentId
    old: AgentState
    new: AgentState
    lasted_s: float
    source: str
    reason: str = ""
    """Why he is not ready."""
    old_reason: str = ""
    busy_kind: BusyKind | None = None
    old_busy_kind: BusyKind | None = None
    by: str = ""


class AgentRepaired(msgspec.Struct, frozen=True, tag="agent.repaired", gc=False, omit_defaults=True):
    """Nobody knew of the call of this kind he was said to be in: the watchdog has freed him."""

    at: float
    agent_id: AgentId
    kind: BusyKind


class AgentChanged(msgspec.Struct, frozen=True, tag="agent.changed", gc=False, omit_defaults=True):
    """A supervisor changed what he is able to do; `what` says it in words ("billing 8")."""

    at: float
    agent_id: AgentId
    what: str
    by: str = ""


# Queues and the whole


class QueueConfigured(msgspec.Struct, frozen=True, tag="queue.configured", gc=False, omit_defaults=True):
    """The queue is new, or was configured anew."""

    at: float
    queue_id: QueueId
    name: str = ""
    project: str = ""
    level_s: float = 0.0


class QueueRemoved(msgspec.Struct, frozen=True, tag="queue.removed", gc=False, omit_defaults=True):
    """The configuration has no such queue any more."""

    at: float
    queue_id: QueueId


class QueueOpened(msgspec.Struct, frozen=True, tag="queue.opened", gc=False, omit_defaults=True):
    """Its hours have begun."""

    at: float
    queue_id: QueueId
    reason: str = ""
    by: str = ""


class QueueClosed(msgspec.Struct, frozen=True, tag="queue.closed", gc=False, omit_defaults=True):
    """Its hours are over, or it was closed for an emergency."""

    at: float
    queue_id: QueueId
    reason: str = ""
    by: str = ""


class RescueChanged(msgspec.Struct, frozen=True, tag="queue.rescue", gc=False, omit_defaults=True):
    """Its service level over the last while was too low, and reserve agents have joined; or it is good again."""

    at: float
    queue_id: QueueId
    is_on: bool
    service_level: float | None = None


class ConfigurationChanged(msgspec.Struct, frozen=True, tag="configuration.changed", gc=False, omit_defaults=True):
    """A configuration is in force, with so many queues and agents."""

    at: float
    queues: int
    agents: int


class SwitchStopped(msgspec.Struct, frozen=True, tag="switch.stopped", gc=False, omit_defaults=True):
    """In an orderly way; nothing goes on any more."""

    at: float


class SwitchStarted(msgspec.Struct, frozen=True, tag="switch.started", gc=False, omit_defaults=True):
    """Whatever went on in a former switch is over, unless it `goes_on`: what is over by then is told of next.

    `survivors` calls of the ACD's have outlived the former switch.
    """

    at: float
    goes_on: bool = False
    survivors: int = 0
