"""What a caller's stay in a queue leaves in his record, and how the router hears of his going."""

from softswitch.acd.inputs import ContactAbandoned, ContactWithdrawn
from softswitch.base.ids import ContactId
from softswitch.calls.queue_stays import Outcome
from softswitch.calls.record import EndReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.faxes import departure


def note_talk(call: ActiveCall, conversation: Conversation) -> None:
    """With the agent, until now."""
    lasted_s = conversation.lasted_s
    consult_s = lasted_s if call.record.is_consulting else conversation.consult_s
    call.record.stays.parted(
        call.wall(), talk_s=lasted_s - consult_s, consult_s=consult_s, hold_s=conversation.hold_so_far_s
    )


def note_wait(call: ActiveCall, outcome: Outcome, wait_s: float) -> None:
    """For nobody."""
    call.record.waited(outcome, call.wall(), wait_s)


def departure_of(call: ActiveCall, contact: ContactId) -> ContactAbandoned | ContactWithdrawn:
    """Who was sent elsewhere while he waited has not given up."""
    if call.record.end_reason is EndReason.TRANSFERRED:
        return ContactWithdrawn(contact, "transferred")
    return departure(call, contact) or ContactAbandoned(contact)
