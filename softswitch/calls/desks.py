"""Hot desks: an agent logs in at any phone, and is whose phone it is until he leaves.

Which phone is whose follows from the configuration (`Extension.agent_id`) and from who sits where:

| a phone                             | belongs to                                     |
|-------------------------------------|------------------------------------------------|
| at which an agent has logged in     | him, whoever's it is otherwise                 |
| of an agent who sits somewhere else | nobody                                         |
| any other                           | whom the configuration says                    |

What the phone itself may do (its trunks, codecs, encryption, limits) stays the phone's.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from softswitch.base.ids import AgentId
from softswitch.calls.settings import CallSettings, Extension


def seated(configured: CallSettings, seats: Mapping[AgentId, str]) -> CallSettings:
    """The settings with agents where they sit, by user name; a seat of an agent or a phone that is gone is nobody's."""
    known = {agent_id: name for agent_id, name in seats.items() if _is_known(configured, agent_id, name)}
    if not known:
        return configured
    extensions = dict(configured.extensions)
    for agent_id in known:
        own = configured.extension_of_agent(agent_id)
        if own is not None:
            extensions[own.username] = replace(own, agent_id=None)
    for agent_id, username in known.items():
        own = configured.extension_of_agent(agent_id)
        assert own is not None, "only those are known who have one"
        extensions[username] = replace(
            configured.extensions[username],
            agent_id=agent_id,
            language=own.language,
            projects=own.projects,
            teams=own.teams,
        )
    return replace(configured, extensions=extensions)


def agent_called(configured: CallSettings, who: str) -> Extension | None:
    """The extension of the agent with this number, user name or id."""
    extension = configured.extension_for(who) or configured.extension_of_agent(AgentId(who))
    return None if extension is None or extension.agent_id is None else extension


def _is_known(configured: CallSettings, agent_id: AgentId, username: str) -> bool:
    return username in configured.extensions and configured.extension_of_agent(agent_id) is not None
