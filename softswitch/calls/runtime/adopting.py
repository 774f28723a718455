"""A new switch process takes over the calls of the one that died (docs/decisions/0021-calls-outlive-the-switch.md).

```
  KeptCall ──► caller and whoever he talks to: their legs at the SIP endpoint, their streams in the workers
           ──► ActiveCall, Conversation, recordings, supervisors, as they were
  all calls are there ──► each call's flow goes on (dialplan/runtime), or else its conversation does, until one hangs up
```

| kept of a call                                 | becomes                                                             |
|------------------------------------------------|---------------------------------------------------------------------|
| a caller who waits for an answer to his INVITE | the same: his flow begins anew where it was, and answers him        |
| a caller who was answered                      | the same, with his stream                                           |
| whoever he talks to                            | the same                                                            |
| phones that ring                               | cancelled by the SIP endpoint                                       |
| supervisors                                    | take part as they did                                               |
| who has transferred him, and waits             | waits on, and has him back if nobody else will                      |
| an agent on an open line, who was just being   | waits on his line for the next (`keep_lines`)                       |
| told about the caller                          |                                                                     |
| programs that hear the call                    | are connected anew                                                  |
| others who were answered (asked by key)        | hung up                                                             |
| a caller whose leg is not there                | the call is over, with its last record (kept/last_record.py)        |
| whose worker was told to drop the stream       | he had parted, but that could not be written: hung up, and the same |
| a call that was over, but for its flow         | the same                                                            |
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from softswitch.acd.inputs import ContactFinished, ContactWithdrawn, Survivor
from softswitch.acd.model import BusyKind
from softswitch.base.ids import AgentId, CallId, ContactId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.chain import Chain
from softswitch.calls.kept.kept_call import KeptCall, KeptParty
from softswitch.calls.kept.kept_record import adopt_record
from softswitch.calls.kept.last_record import Fate
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.active_call import ActiveCall, Connections
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.conversing import converse_on, part_conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.runtime.transfer import Transfer
from softswitch.sip.kept import KeptLeg, KeptSession
from softswitch.sip.outputs import LegEnded

if TYPE_CHECKING:
    from softswitch.calls.runtime.ports import Media, Surroundings
    from softswitch.media.kept import KeptStream
    from softswitch.media.runtime.client import MediaStream

log = get_logger("calls")

decode = msgspec.msgpack.Decoder(KeptCall).decode

ACK_WITHIN_S = 64 * 0.5
"""A 2xx that was without its ACK when its call was written has it by now, or the call would be over (64 T1)."""


def read_kept(rows: Mapping[CallId, bytes]) -> list[KeptCall]:
    """Those that can be read, the oldest first; all others are named in the log."""
    kept: list[KeptCall] = []
    for call_id, content in rows.items():
        try:
            kept.append(_read(content))
        except msgspec.MsgspecError as error:
            log.error("kept call not read", call_id=call_id, fault=str(error))
    return sorted(kept, key=lambda call: call.record.started_at)


def _read(content: bytes) -> KeptCall:
    """A flow that another version wrote down otherwise costs its call no more than the flow. Raises `MsgspecError`."""
    try:
        return decode(content)
    except msgspec.ValidationError as error:
        fields = msgspec.msgpack.decode(content)
        if not isinstance(fields, dict) or "flow" not in fields:
            raise
        call = decode(msgspec.msgpack.encode({**fields, "flow": None}))
        log.warning("kept flow not read", call_id=call.call_id, fault=str(error))
        return call


class Adopting:
    """Of all calls of one start. `connections` ties each to the others; `entered` is told of each that goes on."""

    def __init__(
        self, around: "Surroundings", connections: Connections, entered: Callable[[ActiveCall, KeptCall], None]
    ) -> None:
        self._around = around
        self._connections = connections
        self._entered = entered
        self._chains: dict[CallId, Chain] = {}
        self._age_s = 0.0
        """Of what was kept of the call at hand."""

    def adopt(self, kept: KeptCall) -> ActiveCall | Fate:
        """The call, with its conversation if there was one, and without its flow; or why it does not go on."""
        self._age_s = self._around.clock.now() - kept.kept_at
        caller = self._party(kept.caller)
        if caller is None:
            is_answered = kept.caller.description.state is LegState.ANSWERED
            self._hang_up([kept.caller, *kept.others] if is_answered else kept.others)
            return Fate.PARTED if self._has_parted(kept.caller) else Fate.LOST
        record = adopt_record(kept.record, self._chains)
        call = ActiveCall(None, caller, record, self._around, kept=kept, **self._connections)
        self._entered(call, kept)
        self._take_channel(call, kept.caller)
        self._readmit(call, kept)
        if kept.transfer is not None:
            call.transfer = Transfer.adopted(call, kept.transfer)
        call.recordings.adopt(kept.recordings)
        if kept.conversation is not None and converse_on(call, kept.conversation) is None:
            log.warning("conversation lost", call_id=call.call_id, reason="whoever the caller talked to is gone")
        self._supervise_on(call, kept)
        if caller.stream is not None:
            call.streams.adopt(kept.listening)
        return call

    def _readmit(self, call: ActiveCall, kept: KeptCall) -> None:
        wanted = {supervisor.leg_id for supervisor in kept.supervisors}
        if kept.conversation is not None:
            wanted.add(kept.conversation.far)
        if kept.transfer is not None:
            wanted.add(kept.transfer.transferor)
        for each in kept.others:
            leg_id = each.description.leg_id
            party = self._party(each) if leg_id in wanted or each.open_line else None
            if party is None:
                self._hang_up([each])
                call.record.legs.hung_up(leg_id, call.wall(), is_wanted_elsewhere=False, is_caller_there=True)
                continue
            call.readmit(party)
            self._connections["legs"][leg_id] = call
            self._take_channel(call, each)
            self._take_lines(call, party, kept)

    def _party(self, kept: KeptParty) -> Party | None:
        """None if he is not there any more."""
        around = self._around
        if self._has_parted(kept):
            log.warning("kept party not adopted", leg_id=kept.description.leg_id, reason="he had parted before")
            return None
        if kept.sip is None or not around.sip.adopt(self._acknowledged(kept.sip)):
            return None
        leg = Leg.adopted(kept.description, around.entropy)
        party = Party(
            leg,
            around.settings().extensions.get(kept.extension),
            digit_mode=kept.digit_mode,
            signalling=kept.signalling,
            takes_t38=kept.takes_t38,
        )
        party.sip_call_id = around.sip.sip_call_id(leg.leg_id)
        party.number, party.dialled = kept.number, kept.dialled
        party.came_from = CallId(kept.came_from) if kept.came_from else ""
        party.open_line = kept.open_line
        party.is_fax, party.listens_for_fax, party.image_offer = kept.is_fax, kept.listens_for_fax, kept.image_offer
        if kept.stream is not None:
            party.stream = adopt_stream(around.media, kept.stream)
        return party

    def _has_parted(self, kept: KeptParty) -> bool:
        return kept.stream is not None and self._around.media.has_dropped(kept.stream)

    def _acknowledged(self, leg: KeptLeg) -> KeptLeg:
        """An ACK that came after the call was written is no reason to write it again."""
        if isinstance(leg, KeptSession) and leg.answer is not None and self._age_s > ACK_WITHIN_S:
            return msgspec.structs.replace(leg, answer=None, is_confirmed=True)
        return leg

    def _take_channel(self, call: ActiveCall, kept: KeptParty) -> None:
        """Who is outside has a channel of his trunk; who was called there is paid for."""
        leg_id = kept.description.leg_id
        if kept.trunk:
            self._around.sip.trunks.goes_on(leg_id, kept.trunk, kept.channel)
        row = next((row for row in call.record.legs.known() if row.leg_id == leg_id), None)
        self._around.toll.goes_on(leg_id, kept.toll, None if row is None else row.answered_at)

    def _take_lines(self, call: ActiveCall, party: Party, kept: KeptCall) -> None:
        """Whose phone it is, is in the call; if its owner is an agent outside the ACD, he is busy with it."""
        if party.extension is None:
            return
        self._around.legs.began(party.extension.username, party.leg.leg_id, call.call_id)
        agent_id, stay = party.extension.agent_id, kept.record.stays.current
        is_of_acd = stay is not None and stay.agent == agent_id
        if agent_id is None or party.open_line or is_of_acd:
            return
        party.line = agent_id
        self._around.lines.taken(agent_id, BusyKind.DIRECT_IN)

    def _supervise_on(self, call: ActiveCall, kept: KeptCall) -> None:
        for supervisor in kept.supervisors:
            party = call.party(supervisor.leg_id)
            if party is None or party is call.caller:
                continue
            if call.conversation is None or party.extension is None:
                call.part(party)
            else:
                Supervision(call, party.extension, supervisor.mode).go_on(party)

    def _hang_up(self, parties: Sequence[KeptParty]) -> None:
        """Legs nobody can use; one that rings is cancelled by being adopted."""
        for each in parties:
            if (
                each.sip is not None
                and self._around.sip.adopt(self._acknowledged(each.sip))
                and each.description.state is LegState.ANSWERED
            ):
                self._around.sip.hang_up(each.description.leg_id)


def adopt_stream(media: "Media", kept: "KeptStream") -> "MediaStream":
    """As its worker has it, or as it was ordered last."""
    return media.adopt(
        kept.description, kept.worker, hearing=kept.hearing, playback=kept.playback, position=kept.position
    )


def keep_lines(call: ActiveCall) -> None:
    """Agents on open lines who talk to nobody in the call wait on their lines."""
    talks_to = None if call.conversation is None else call.conversation.far
    waits = None if call.transfer is None else call.transfer.transferor
    for party in call.parties[1:]:
        if not party.open_line or party in (talks_to, waits):
            continue
        if party.extension is not None and party.extension.agent_id is not None:
            call.around.open_lines.taken(party.extension.agent_id, party)
        call.part(party)


async def talk_on(call: ActiveCall) -> None:
    """In place of a flow that cannot go on: the two talk until one hangs up. Whatever happens, the call is over."""
    conversation = call.conversation
    try:
        while conversation is not None and call.conversation is conversation:
            event = await call.mailbox.next()
            if isinstance(event, LegEnded) and event.leg_id == conversation.far.leg.leg_id:
                break
    except CallEnded:
        pass
    finally:
        if conversation is not None and call.conversation is conversation:
            part_conversation(call, conversation)
        _leave_queue(call, conversation)
        call.flow_over()


def give_up(call: ActiveCall, fault: str) -> None:
    """It cannot go on after all: who talks is parted, its agent is free, it is over."""
    conversation = call.conversation
    if conversation is not None:
        part_conversation(call, conversation)
    _leave_queue(call, conversation)
    call.flow_failed(fault, 500)
    call.flow_over()


def _leave_queue(call: ActiveCall, conversation: Conversation | None) -> None:
    """An agent of a queue is done with him; or he does not wait for one any more."""
    stays, contact_id = call.record.stays, ContactId(call.call_id)
    stay = stays.current
    if stay is None:
        return
    if stay.outcome == "answered":
        talk_s, hold_s = (0.0, 0.0) if conversation is None else (conversation.talk_s, conversation.held_s)
        stays.parted(call.wall(), talk_s=talk_s, hold_s=hold_s)
        call.around.acd.apply(ContactFinished(contact_id, call.record.ended_by))
    else:
        call.record.waited("withdrawn", call.wall(), call.wall() - stay.began_at)
        call.around.acd.apply(ContactWithdrawn(contact_id, "restart"))


def survivors_of(calls: Iterable[ActiveCall]) -> list[Survivor]:
    """The contacts among the calls that go on, for the router."""
    survivors: list[Survivor] = []
    for call in calls:
        stay = call.record.stays.current
        if stay is None:
            continue
        talks = stay.outcome == "answered" and (call.conversation is not None or call.keeps_agent)
        survivors.append(
            Survivor(
                ContactId(call.call_id),
                AgentId(stay.agent) if talks else None,
                queue_id=stay.queue,
                enqueued_at=None if call.queue_stay is None else call.queue_stay.queued_at,
            )
        )
    return survivors


def legs_of(kept: KeptCall) -> list[LegId]:
    """All that were there."""
    return [party.description.leg_id for party in (kept.caller, *kept.others)]
