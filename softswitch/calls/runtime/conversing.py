"""How a call's caller begins to talk to somebody in it, and how they part: what everybody must be told of it.

A conversation is the call's from `converse` to `end_conversation`. One that went on when the switch died is the call's
again by `converse_on`, and nobody is told, for nothing has happened.
"""

from typing import TYPE_CHECKING

from softswitch.calls.call_state import CallState
from softswitch.calls.kept.kept_call import KeptConversation
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.fax_passage import take_up
from softswitch.calls.runtime.faxes import fax_found, fax_of
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.telling import call_bridged, call_parted, hold_changed
from softswitch.calls.settings import RecordingPolicy

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


def converse(call: "ActiveCall", party: Party, music: str, policy: RecordingPolicy) -> Conversation:
    """Connect the caller with `party`."""
    call.unreached = None
    if call.transfer is not None:
        call.transfer.reached(call)
    conversation = _conversation(call, party, music)
    passage = take_up(call, conversation)
    conversation.begin()
    assert party.stream is not None, "a conversation begins after both streams are open"
    conversation.recording_path = call.recordings.conversation_began(party.stream.stream_id, policy)
    call.conversation = conversation
    if passage is not None:
        passage.begin()
    elif fax_of(call):
        fax_found(call, party if party.is_fax else call.caller)
    call.streams.parties_changed()
    call.set_state(CallState.TALKING)
    call_bridged(call, conversation)
    call.around.conversations.began(call.caller, party)
    call.around.keeping.changed(call, at_once=True)
    return conversation


def converse_on(call: "ActiveCall", kept: KeptConversation) -> Conversation | None:
    """The caller goes on talking to one of the parties; None if that one is not there any more."""
    far = call.party(kept.far)
    if far is None or kept.near != call.caller.leg.leg_id or far.stream is None or call.caller.stream is None:
        return None
    conversation = _conversation(call, far, kept.music)
    conversation.adopt(kept)
    call.conversation = conversation
    return conversation


def part_conversation(call: "ActiveCall", conversation: Conversation) -> None:
    """End it; the far party leaves the call, and so do supervisors."""
    end_conversation(call, conversation)
    call.part(conversation.far)


def end_conversation(call: "ActiveCall", conversation: Conversation) -> None:
    """The two hear each other no more, both stay; once more is fine."""
    if call.conversation is not conversation:
        return
    for supervision in list(call.supervisions):
        supervision.end()
    if call.consultation is not None:
        call.consultation.conversation_over()
    call.recordings.conversation_ended(conversation.started_at)
    conversation.end()
    record = call.record
    consult_s = conversation.talk_s if record.is_consulting else conversation.consult_s
    record.talk_s += conversation.talk_s - consult_s
    record.consult_s += consult_s
    record.hold_s += conversation.held_s
    record.has_far_left = conversation.far.leg.state is LegState.ENDED
    call.conversation = None
    call_parted(call, conversation)
    call.streams.parties_changed()


def _conversation(call: "ActiveCall", party: Party, music: str) -> Conversation:
    def held(conversation: Conversation, held_s: float | None) -> None:
        hold_changed(call, conversation, held_s)
        call.changed()

    return Conversation(
        call.call_id,
        call.caller,
        party,
        music=music,
        sounds=sounds_of(call),
        around=call.around,
        is_masked=lambda: call.recordings.is_masked,
        tell_hold=held,
    )
