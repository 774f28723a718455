"""A caller who is a fax machine: listening for its tone, and what happens when it comes.

Two modems are to hear each other as they are. So a conversation one of whose parties is a fax has buffers of one length
in both directions, no gain, no comfort noise and no beeps; and whoever is rung for a fax is offered the fax's codec
alone, where he has it, so that nothing is converted. An offer of T.38 is refused (488), and the machines
go on in the sound.
"""

from typing import TYPE_CHECKING

from softswitch.acd.inputs import ContactWithdrawn
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import FaxDetected

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

log = get_logger("calls")

FAX_TAG = "fax"
"""Of the call's record: "yes" if the caller was one."""
FAX_REASON = "fax"


def listen_for_fax(party: Party) -> None:
    """From now on, or, if he is not connected yet, when he is; once more is fine."""
    if not party.listens_for_fax:
        party.listens_for_fax = True
        party.connect()


def fax_heard(call: "ActiveCall", event: FaxDetected) -> None:
    """One of the call's parties is a fax. Its flow ends if there is another one for faxes, unless he is talked to."""
    party = next((each for each in call.parties if each.stream and each.stream.stream_id == event.stream_id), None)
    if party is None or party.is_fax:
        return
    party.is_fax = True
    log.info("fax", call_id=call.call_id, party=party.leg.party)
    call.record.tags[FAX_TAG] = "yes"
    if call.conversation is not None and call.conversation.has(party):
        call.conversation.fax_began()
        call.mailbox.put(event)
    elif call.has_fax_flow and party is call.caller:
        call.has_fax_flow = False
        call.mailbox.interrupt()
    else:
        call.mailbox.put(event)


def departure(call: "ActiveCall", contact_id: ContactId) -> ContactWithdrawn | None:
    """How a fax leaves a queue in which it has waited for the ear of an agent; None for anybody else."""
    return ContactWithdrawn(contact_id, FAX_REASON) if call.mailbox.is_interrupted else None
