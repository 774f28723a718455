"""Agents and queues for the control socket."""

from collections.abc import Iterable

from softswitch.acd.inputs import AcdInput, AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentResumed
from softswitch.acd.model import AgentState
from softswitch.acd.summaries import AgentSummary
from softswitch.app.parts import Parts
from softswitch.app.queue_operations import queue_row, set_queue
from softswitch.base.ids import AgentId, CallId
from softswitch.control.protocol.replies import AgentSet, QueueSet, Refused
from softswitch.control.protocol.requests import AgentAction, SetQueue
from softswitch.control.protocol.rows import AgentRow, QueueRow


class AcdOperations:
    """The part of `SwitchOperations` that is about agents and queues."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def agents(self) -> Iterable[AgentRow]:
        for summary in self._parts.acd.agent_summaries():
            yield _agent_row(summary)

    def queues(self) -> Iterable[QueueRow]:
        for summary in self._parts.acd.queue_summaries():
            yield queue_row(summary)

    async def set_agent(self, agent_id: AgentId, action: AgentAction, reason: str) -> AgentSet | Refused:
        before = self._agent(agent_id)
        if before is None:
            return Refused("not_found", f'there is no agent "{agent_id}": see `softswitch agents`')
        if action in ("pause", "resume") and not before.is_logged_in:
            return Refused("not_possible", f"{agent_id} is not logged in: `softswitch agents login {agent_id}` first")
        facts: dict[AgentAction, AcdInput] = {
            "login": AgentLoggedIn(agent_id),
            "logout": AgentLoggedOut(agent_id),
            "pause": AgentPaused(agent_id, reason),
            "resume": AgentResumed(agent_id),
        }
        self._parts.acd.apply(facts[action])
        after = self._agent(agent_id)
        assert after is not None, "an agent does not vanish by a change of his state"
        is_pending = after.planned_reason is not None or (action == "logout" and after.state is AgentState.BUSY)
        return AgentSet(_agent_row(after), is_pending=is_pending)

    async def set_queue(self, order: SetQueue) -> QueueSet | Refused:
        return set_queue(self._parts, order)

    # Private

    def _agent(self, agent_id: AgentId) -> AgentSummary | None:
        return next((each for each in self._parts.acd.agent_summaries() if each.agent_id == agent_id), None)


def _agent_row(summary: AgentSummary) -> AgentRow:
    if not summary.is_logged_in:
        status = "logged_out"
    elif summary.state is AgentState.NOT_READY or summary.planned_reason is not None:
        status = "not_ready"
    else:
        status = "ready"
    return AgentRow(
        agent_id=summary.agent_id,
        name=summary.name,
        status=status,
        state=summary.state.value,
        since_s=summary.since_s,
        reason=summary.planned_reason or summary.reason,
        skills=summary.skills,
        queues=summary.queues,
        is_registered=summary.is_reachable,
        call_id=CallId(summary.contact_id or ""),
        answered=summary.answered,
        missed=summary.missed,
    )
