"""What the router says, on its way to the calls, the lamps, the records and the log.

Most of it is for the call behind a contact. What an agent does after a call (`WrapUpOver`, `DispositionNoted`) may come
when the call has ended: then its record in the store is completed. And when the router asks whether an agent is still
in a call of his own, his phone's legs answer.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from softswitch.acd.inputs import AgentBusy, AgentFree, ContactConfirmed
from softswitch.acd.model import Channel
from softswitch.acd.outputs import (
    AcdOutput,
    AgentInQuestion,
    AgentRepaired,
    AgentStateChanged,
    ContactInQuestion,
    ContactLost,
    DispositionNoted,
    RescueChanged,
    WrapUpBegan,
    WrapUpOver,
)
from softswitch.acd.summaries import AgentSummary
from softswitch.base.ids import AgentId, CallId, ContactId
from softswitch.base.log import get_logger
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.watching import Watching
from softswitch.store.schema import AfterCall

SECOND_LOOK_S = 20.0
"""An agent without a leg may be about to have one: his phones are being rung, or the next of them are."""

log = get_logger("calls")


class AcdEvents:
    """For all calls of the switch."""

    def __init__(
        self,
        calls: Mapping[CallId, ActiveCall],
        around: Surroundings,
        watching: Watching,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[ActiveCall, AcdOutput], None],
    ) -> None:
        self._calls = calls
        self._around = around
        self._watching = watching
        self._loop = loop
        self._deliver = deliver
        self._started_at: dict[tuple[ContactId, AgentId], float] = {}
        """When the calls that are being wrapped up began: with their ids, the keys of their records."""

    @property
    def wrap_ups(self) -> int:
        """Calls whose records will be completed."""
        return len(self._started_at)

    def agents_known(self, agents: Iterable[AgentSummary]) -> None:
        """As they are when the switch begins: whose wrap-ups go on, which calls these were is looked up."""
        wrap_ups = [(each.contact_id, agent.agent_id) for agent in agents for each in agent.wrap_ups]
        if not wrap_ups:
            return
        began = self._around.records.began_at({CallId(contact_id) for contact_id, _ in wrap_ups} - self._calls.keys())
        began |= {call_id: call.record.started_at for call_id, call in self._calls.items()}
        for contact_id, agent_id in wrap_ups:
            if (started_at := began.get(CallId(contact_id))) is not None:
                self._started_at[contact_id, agent_id] = started_at

    def receive(self, event: AcdOutput) -> None:
        match event:
            case AgentStateChanged():
                self._watching.agent_changed(event)
                log.info(
                    "agent",
                    agent=event.agent_id,
                    old=event.old.value,
                    new=event.new.value,
                    reason=event.reason,
                    by=event.by or event.source,
                )
            case WrapUpBegan():
                call = self._calls.get(CallId(event.contact_id))
                if call is not None:
                    self._started_at[event.contact_id, event.agent_id] = call.record.started_at
            case WrapUpOver():
                self._wrapped_up(event)
            case DispositionNoted():
                key = (event.contact_id, event.agent_id)
                self._complete(
                    event.contact_id, AfterCall(agent=event.agent_id, disposition=event.code), self._started_at.get(key)
                )
            case RescueChanged():
                level = None if event.service_level is None else round(event.service_level, 3)
                log.warning(
                    "service level rescue", queue=event.queue_id, is_on=event.is_on, level=level, judged=event.judged
                )
            case ContactInQuestion() if event.channel is Channel.CALLBACK:
                if CallId(event.contact_id) in self._calls:
                    self._around.acd.apply(ContactConfirmed(event.contact_id))
            case AgentInQuestion():
                self._look(event.agent_id, is_second=False)
            case AgentRepaired():
                log.error("agent repaired", agent=event.agent_id, kind=event.kind.value, lost="his call")
                self._around.lines.forget(event.agent_id)
            case _:
                if isinstance(event, ContactLost):
                    log.error("contact lost", contact=event.contact_id, agent=event.agent_id, state=event.state.value)
                call = self._calls.get(CallId(event.contact_id))
                if call is None:
                    self._around.callbacks.receive(event)
                    self._around.voice_contacts.receive(event)
                else:
                    self._deliver(call, event)

    def _wrapped_up(self, event: WrapUpOver) -> None:
        log.info(
            "wrap-up",
            call_id=event.contact_id,
            agent=event.agent_id,
            duration_s=round(event.duration_s, 3),
            cause=event.cause,
            disposition=event.disposition,
        )
        after = AfterCall(
            agent=event.agent_id,
            wrap_up_s=event.duration_s,
            disposition=event.disposition,
            is_disposition_missing=event.is_disposition_missing,
        )
        self._complete(event.contact_id, after, self._started_at.pop((event.contact_id, event.agent_id), None))

    def _complete(self, contact_id: ContactId, after: AfterCall, started_at: float | None) -> None:
        call = self._calls.get(CallId(contact_id))
        if call is not None:
            call.record.wrapped_up(after)
            call.changed()
        elif started_at is not None:
            self._around.records.call_wrapped_up(CallId(contact_id), started_at, after)

    def _look(self, agent_id: AgentId, *, is_second: bool) -> None:
        """Is he in a call that is not the ACD's? If he seems not to be, look once more; then say nothing."""
        kind = self._around.lines.kind_of(agent_id)
        extension = self._around.settings().extension_of_agent(agent_id)
        if kind is None:
            self._around.acd.apply(AgentFree(agent_id))
        elif extension is not None and self._around.legs.of(extension.username):
            self._around.acd.apply(AgentBusy(agent_id, kind))
        elif not is_second:
            self._loop.call_later(SECOND_LOOK_S, self._look_again, agent_id)

    def _look_again(self, agent_id: AgentId) -> None:
        self._look(agent_id, is_second=True)
