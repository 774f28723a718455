"""What an agent's screen is to show when he is reserved for a contact: what is known of whoever calls.

It listens to the switch's own events: a reservation becomes a `ScreenPop`. Of a call it has what its flow knows, of
other contacts what they came with; of customers their last calls, which it has seen end.
"""

from collections.abc import Callable, Iterable, Mapping

from softswitch.acd.events import AgentReserved, ContactQueued
from softswitch.acd.model import Channel
from softswitch.base.clock import Clock
from softswitch.base.ids import CallId, ContactId
from softswitch.calls.boosts import customer_of
from softswitch.calls.limits import CONTACTS_NOT_CALLS_MAX
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.telling import told
from softswitch.calls.settings import CallSettings
from softswitch.calls.told.call_events import CallEnded, FormerContact, ScreenPop
from softswitch.calls.told.events import SwitchEvent
from softswitch.calls.told.former_contacts import FormerContacts
from softswitch.store.schema import Cdr


class ScreenPops:
    """`take` every event of the switch; it tells of screen pops in between."""

    __slots__ = ("_calls", "_clock", "_contacts", "_former", "_settings", "_tell")

    def __init__(
        self,
        calls: Callable[[], Mapping[CallId, ActiveCall]],
        settings: Callable[[], CallSettings],
        clock: Clock,
        tell: Callable[[SwitchEvent, str], None],
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._former = FormerContacts()
        self._contacts: dict[ContactId, ContactQueued] = {}
        """Those that came by another way than the phone."""

    def take(self, event: SwitchEvent, project: str) -> None:
        match event:
            case AgentReserved():
                self._pop(event, project)
            case CallEnded():
                self._remember(event)
            case ContactQueued() if event.channel is not Channel.VOICE:
                if len(self._contacts) >= CONTACTS_NOT_CALLS_MAX:
                    del self._contacts[next(iter(self._contacts))]
                self._contacts[event.contact_id] = event
            case _:
                pass

    def remember(self, cdrs: Iterable[Cdr]) -> None:
        """Calls of a former switch."""
        habits = self._settings().habits
        for cdr in cdrs:
            former = FormerContact(
                cdr.call_id,
                cdr.started_at,
                called_number=cdr.called_number,
                queue_id=cdr.queue,
                agent_id=cdr.agent,
                end_reason=cdr.end_reason,
                disposition=cdr.disposition,
                talk_s=round(cdr.talk_s, 3),
            )
            self._former.note(customer_of(cdr.calling_number, habits), former)

    def _remember(self, event: CallEnded) -> None:
        former = FormerContact(
            event.call_id,
            event.started_at,
            called_number=event.called_number,
            queue_id=event.queue_id,
            agent_id=event.agent_id,
            end_reason=event.end_reason,
            disposition=event.disposition,
            talk_s=event.talk_s,
        )
        self._former.note(customer_of(event.calling_number, self._settings().habits), former)

    def _pop(self, reserved: AgentReserved, project: str) -> None:
        call = self._calls().get(CallId(reserved.contact_id))
        queued = self._contacts.get(reserved.contact_id)
        channel = Channel.VOICE if queued is None else queued.channel
        if call is None:
            self._tell(
                ScreenPop(
                    self._clock.now(),
                    reserved.contact_id,
                    reserved.agent_id,
                    reserved.queue_id,
                    reserved.reservation_id,
                    channel=channel.value,
                    calling_number="" if queued is None else queued.caller,
                    waited_s=round(reserved.waited_s, 3),
                ),
                project,
            )
            return
        record = call.record
        number, name = call.caller_identity
        self._tell(
            ScreenPop(
                self._clock.now(),
                reserved.contact_id,
                reserved.agent_id,
                reserved.queue_id,
                reserved.reservation_id,
                channel=channel.value,
                calling_number=number,
                calling_name=name,
                called_number=record.called_number,
                language=call.language,
                waited_s=round(reserved.waited_s, 3),
                variables=told(call.variables),
                tags=told(record.tags),
                previous=self._former.of(customer_of(number, self._settings().habits)),
            ),
            record.project or project,
        )
