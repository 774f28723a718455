"""Agents' states between the ACD and the store."""

from collections.abc import Iterable
from typing import Literal

from softswitch.acd.model import LiveSkills
from softswitch.acd.runtime.service import SavedAgent
from softswitch.base.ids import AgentId
from softswitch.store import Store
from softswitch.store.schema import StoredAgentState


class StoredAgentStates:
    """An `AgentStateTable` in LMDB. What an agent declared is on disk within milliseconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        self._store.agent_states.put(
            agent_id,
            StoredAgentState(
                agent_id=agent_id,
                status=_status(state),
                reason=state.pause_reason or "",
                since_wall=state.since_wall or 0.0,
                idle_since_wall=state.idle_since_wall or 0.0,
                by=state.by,
                live_skills=None if state.live_skills is None else state.live_skills.skills,
                configured_skills={} if state.live_skills is None else state.live_skills.instead_of,
            ),
        )

    def values(self) -> Iterable[SavedAgent]:
        for stored in self._store.agent_states.ascending():
            yield SavedAgent(
                agent_id=stored.agent_id,
                is_logged_in=stored.status != "logged_out",
                pause_reason=stored.reason if stored.status == "not_ready" else None,
                since_wall=stored.since_wall or None,
                idle_since_wall=stored.idle_since_wall or None,
                by=stored.by,
                live_skills=None
                if stored.live_skills is None
                else LiveSkills(stored.live_skills, instead_of=stored.configured_skills),
            )


def _status(state: SavedAgent) -> Literal["logged_out", "not_ready", "ready"]:
    if not state.is_logged_in:
        return "logged_out"
    return "ready" if state.pause_reason is None else "not_ready"
