"""Agents and queues for the control socket."""

from collections.abc import Iterable

import msgspec

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentResumed,
    AgentSkillsSet,
    DispositionSet,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import AgentState
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.summaries import AgentSummary
from softswitch.app.parts import Parts
from softswitch.app.queue_operations import queue_row, set_queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId
from softswitch.base.log import get_logger
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.calls.supervision import SupervisionMode
from softswitch.config import Configuration
from softswitch.control.protocol.replies import AgentSet, Explained, QueueSet, Refused
from softswitch.control.protocol.requests import (
    AgentAction,
    SetAgent,
    SetDisposition,
    SetQueue,
    SetSkills,
    SuperviseAgent,
)
from softswitch.control.protocol.rows import AgentRow, HeldContactRow, QueueRow, SiteRow, WrapUpRow

log = get_logger("acd")


class AcdOperations:
    """The part of `SwitchOperations` that is about agents and queues."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._teams: tuple[Configuration, dict[str, tuple[str, ...]]] | None = None

    def agents(self) -> Iterable[AgentRow]:
        for summary in self._parts.acd.each_agent():
            yield self._row(summary)

    def queues(self) -> Iterable[QueueRow]:
        for summary in self._parts.acd.queue_summaries():
            yield queue_row(summary, self._parts.settings)

    def sites(self) -> Iterable[SiteRow]:
        for summary in self._parts.acd.site_summaries():
            yield msgspec.convert(summary, SiteRow, from_attributes=True)

    async def set_agent(self, order: SetAgent) -> AgentSet | Refused:
        agent_id, by = order.agent_id, order.by[:REASON_LENGTH_MAX]
        before = self._parts.acd.agent_summary(agent_id)
        if before is None:
            return _unknown(agent_id)
        if order.action in ("pause", "resume") and not before.is_logged_in:
            return Refused("not_possible", f"{agent_id} is not logged in: `softswitch agents login {agent_id}` first")
        if order.action in ("extend", "done") and not before.wrap_ups:
            return Refused("not_possible", f"{agent_id} is not in wrap-up")
        facts: dict[AgentAction, AcdInput] = {
            "login": AgentLoggedIn(agent_id, by),
            "logout": AgentLoggedOut(agent_id, by),
            "pause": AgentPaused(agent_id, order.reason, by),
            "resume": AgentResumed(agent_id, by),
            "extend": WrapUpExtended(agent_id, order.seconds, by),
            "done": WrapUpEnded(agent_id, by),
        }
        return self._apply(agent_id, facts[order.action])

    async def set_disposition(self, order: SetDisposition) -> AgentSet | Refused:
        if self._parts.acd.agent_summary(order.agent_id) is None:
            return _unknown(order.agent_id)
        by = order.by[:REASON_LENGTH_MAX]
        fact = DispositionSet(order.agent_id, order.code, order.contact_id or None, by)
        answer = self._apply(order.agent_id, fact)
        if isinstance(answer, Refused):
            return answer
        is_stored = await is_on_disk(self._parts.store, log, "disposition not stored", agent=order.agent_id)
        if not (is_stored and self._parts.acd.is_kept):
            return Refused("failed", "the store refuses it: give it again when `softswitch status` shows no fault")
        return answer

    async def supervise_agent(self, order: SuperviseAgent) -> AgentSet | Refused:
        agent, settings = self._parts.acd.agent_summary(order.agent_id), self._parts.settings
        if agent is None:
            return _unknown(order.agent_id)
        whom, who = settings.extension_of_agent(order.agent_id), settings.extension_for(order.phone)
        if who is None:
            return Refused(
                "not_found", f'there is no phone "{order.phone}": name an account or a number of agents.toml'
            )
        if whom is None:
            return Refused("not_possible", f"{order.agent_id} sits at no phone")
        try:
            mode = SupervisionMode(order.mode)
            self._parts.controller.call_supervisor(who, whom, mode, is_following=order.is_following)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return AgentSet(self._row(agent))

    async def set_queue(self, order: SetQueue) -> QueueSet | Refused:
        return set_queue(self._parts, order)

    async def set_skills(self, order: SetSkills) -> AgentSet | Refused:
        agent = self._parts.acd.agent_summary(order.agent_id)
        if agent is None:
            return _unknown(order.agent_id)
        skills = None
        if not order.is_reset:
            skills = {skill: level for skill, level in {**agent.skills, **order.skills}.items() if level != 0}
        return self._apply(order.agent_id, AgentSkillsSet(order.agent_id, skills, order.by[:REASON_LENGTH_MAX]))

    def figures(self) -> Interval:
        now_wall, live = self._parts.clock.wall(), self._parts.acd_events.live
        return Interval(live.since_wall, now_wall, live.queues(), live.agents(now_wall))

    async def explain_contact(self, contact_id: str) -> Explained | Refused:
        """By its id, or the beginning of it."""
        acd = self._parts.acd
        found = [each for each in acd.contact_ids() if each.startswith(contact_id)]
        exact = [each for each in found if each == contact_id] or found
        explanation = acd.explain(exact[0]) if len(exact) == 1 else None
        if explanation is None:
            why = f"{len(found)} contacts begin so, give more of the id" if found else "see `softswitch calls`"
            return Refused("not_found", f'no contact "{contact_id}" is with the ACD: {why}')
        return Explained(self._parts.clock.wall(), explanation)

    # Private

    def _apply(self, agent_id: AgentId, fact: AcdInput) -> AgentSet | Refused:
        try:
            self._parts.acd.apply(fact)
        except LocalError as error:
            return Refused("not_possible", str(error))
        after = self._parts.acd.agent_summary(agent_id)
        assert after is not None, "an agent does not vanish by a change of his state"
        is_leaving = isinstance(fact, AgentLoggedOut) and after.state is AgentState.BUSY
        return AgentSet(self._row(after), is_pending=after.planned_reason is not None or is_leaving)

    def _row(self, summary: AgentSummary) -> AgentRow:
        projects = self._parts.settings.agent_projects.get(summary.agent_id, ())
        return _agent_row(summary, projects, self._teams_of(summary.agent_id))

    def _teams_of(self, agent_id: AgentId) -> tuple[str, ...]:
        configuration = self._parts.configuration
        if self._teams is None or self._teams[0] is not configuration:
            self._teams = (configuration, {row.id: row.teams for row in configuration.agents})
        return self._teams[1].get(agent_id, ())


def _unknown(agent_id: AgentId) -> Refused:
    return Refused("not_found", f'there is no agent "{agent_id}": see `softswitch agents`')


def _agent_row(summary: AgentSummary, projects: tuple[str, ...], teams: tuple[str, ...]) -> AgentRow:
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
        by=summary.by or summary.source,
        contacts=[
            HeldContactRow(
                contact_id=each.contact_id,
                queue_id=each.queue_id,
                channel=each.channel.value,
                for_s=each.for_s,
                is_interrupted=each.is_interrupted,
            )
            for each in summary.contacts
        ],
        wrap_ups=[msgspec.convert(each, WrapUpRow, from_attributes=True) for each in summary.wrap_ups],
        free_for=[channel.value for channel in summary.free_for],
        projects=list(projects),
        site=summary.site or "",
        teams=list(teams),
    )
