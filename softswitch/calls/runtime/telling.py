"""What happens to a call, made into events (calls/told/) where it happens. Nobody here knows who listens."""

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.limits import VARIABLE_TOLD_CHARACTERS_MAX, VARIABLES_TOLD_MAX
from softswitch.calls.told.call_events import (
    CallAnswered,
    CallBegan,
    CallBridged,
    CallEnded,
    CallHeld,
    CallParked,
    CallParted,
    CallResumed,
    CallRetrieved,
    CallRinging,
    CallSupervised,
    CallTagged,
    CallTransferred,
)
from softswitch.calls.told.events import VoicemailLeft
from softswitch.store.schema import Cdr
from softswitch.store.voicemail_schema import StoredVoiceMessage

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.conversation import Conversation
    from softswitch.calls.runtime.party import Party
    from softswitch.calls.runtime.ports import Surroundings


def call_began(call: "ActiveCall", source: str = "", former_call: CallId | None = None) -> None:
    record, around = call.record, call.around
    around.tell(
        CallBegan(
            around.clock.now(),
            call.call_id,
            record.calling_number,
            record.called_number,
            calling_name=record.calling_name,
            source=source,
            former_call=former_call,
        ),
        record.project,
    )


def phone_rings(call: "ActiveCall", party: "Party") -> None:
    around = call.around
    around.tell(
        CallRinging(around.clock.now(), call.call_id, party.leg.party, agent_id=_agent_of(party)), call.record.project
    )


def call_answered(call: "ActiveCall") -> None:
    around, record = call.around, call.record
    answered_at = record.started_at if record.answered_at is None else record.answered_at
    waited_s = round(answered_at - record.started_at, 3)
    around.tell(CallAnswered(around.clock.now(), call.call_id, waited_s=waited_s), record.project)


def call_bridged(call: "ActiveCall", conversation: "Conversation") -> None:
    """Also when somebody else has taken the place of one of the two."""
    around, record = call.around, call.record
    around.tell(
        CallBridged(
            around.clock.now(),
            call.call_id,
            conversation.far.leg.party,
            agent_id=_agent_of(conversation.far),
            queue_id=QueueId(record.queue) if record.queue else None,
        ),
        record.project,
    )


def call_parted(call: "ActiveCall", conversation: "Conversation") -> None:
    around = call.around
    around.tell(
        CallParted(
            around.clock.now(),
            call.call_id,
            conversation.far.leg.party,
            agent_id=_agent_of(conversation.far),
            talk_s=round(conversation.talk_s, 3),
            hold_s=round(conversation.held_s, 3),
        ),
        call.record.project,
    )


def hold_changed(call: "ActiveCall", conversation: "Conversation", held_s: float | None) -> None:
    """One of the two holds (`held_s` None), or, after so long, neither does any more."""
    around, project = call.around, call.record.project
    if held_s is not None:
        around.tell(CallResumed(around.clock.now(), call.call_id, held_s=round(held_s, 3)), project)
        return
    holder = conversation.far if conversation.holds(conversation.far) else conversation.near
    by = conversation.holds_for(holder)
    around.tell(CallHeld(around.clock.now(), call.call_id, party=holder.leg.party, by=by), project)


def call_transferred(call: "ActiveCall", next_call: CallId, by: str, to: str) -> None:
    around, record = call.around, call.record
    around.tell(
        CallTransferred(
            around.clock.now(), call.call_id, to, next_call, by=by, is_attended=record.is_transfer_attended
        ),
        record.project,
    )


def call_parked(call: "ActiveCall", slot: str, by: str) -> None:
    call.around.tell(CallParked(call.around.clock.now(), call.call_id, slot, by=by), call.record.project)


def call_retrieved(call: "ActiveCall", slot: str, by: str, waited_s: float) -> None:
    call.around.tell(
        CallRetrieved(call.around.clock.now(), call.call_id, slot, by=by, waited_s=round(waited_s, 3)),
        call.record.project,
    )


def call_supervised(call: "ActiveCall", by: str, mode: str) -> None:
    call.around.tell(CallSupervised(call.around.clock.now(), call.call_id, by, mode), call.record.project)


def call_tagged(call: "ActiveCall", tags: Mapping[str, str], variables: Mapping[str, str], by: str) -> None:
    around = call.around
    event = CallTagged(around.clock.now(), call.call_id, tags=dict(tags), variables=dict(variables), by=by)
    around.tell(event, call.record.project)


def call_ended(around: "Surroundings", cdr: Cdr) -> None:
    around.tell(
        CallEnded(
            around.clock.now(),
            cdr.call_id,
            cdr.started_at,
            cdr.end_reason,
            cdr.ended_by,
            sip_status=cdr.sip_status,
            cause=cdr.cause,
            cause_text=cdr.cause_text,
            calling_number=cdr.calling_number,
            called_number=cdr.called_number,
            duration_s=round(cdr.ended_at - cdr.started_at, 3),
            queue_wait_s=round(cdr.queue_wait_s, 3),
            talk_s=round(cdr.talk_s, 3),
            hold_s=round(cdr.hold_s, 3),
            agent_id=cdr.agent,
            queue_id=cdr.queue,
            disposition=cdr.disposition,
            tags=told(cdr.tags),
            recordings=cdr.recordings,
            has_failed=bool(cdr.fault),
        ),
        cdr.project,
    )


def message_left(message: StoredVoiceMessage, now: float) -> VoicemailLeft:
    return VoicemailLeft(
        now,
        message.message_id,
        message.box,
        calling_number=message.calling_number,
        duration_s=round(message.duration_s, 3),
        is_urgent=message.is_urgent,
        call_id=message.call_id or None,
    )


def told(variables: Mapping[str, str]) -> dict[str, str]:
    """What flows have noted, as much of it as readers get."""
    if not variables:
        return {}
    some = islice(variables.items(), VARIABLES_TOLD_MAX)
    return {str(name)[:VARIABLE_TOLD_CHARACTERS_MAX]: str(value)[:VARIABLE_TOLD_CHARACTERS_MAX] for name, value in some}


def _agent_of(party: "Party") -> AgentId | None:
    return None if party.extension is None else party.extension.agent_id
