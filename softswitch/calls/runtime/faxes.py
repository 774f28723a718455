"""A caller who is a fax machine: listening for its tone, and what happens when it comes.

Two modems are to hear each other as they are. So a conversation one of whose parties is a fax has buffers of one length
in both directions, no gain, no comfort noise and no beeps; and whoever is rung for a fax is offered the fax's codec
alone, where he has it, so that nothing is converted. A party that offers T.38 is a fax as well, whether the other one
takes it (fax_passage.py) or the machines go on in the sound.
"""

from typing import TYPE_CHECKING

from softswitch.acd.inputs import ContactWithdrawn
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import FaxDetected, FaxPortStatistics

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

log = get_logger("calls")

FAX_TAG = "fax"
"""Of the call's record, and how it went: "g711", as sound, or "t38"."""
G711 = "g711"
T38 = "t38"
FAX_REASON = "fax"


def listen_for_fax(party: Party) -> None:
    """From now on, or, if he is not connected yet, when he is; once more is fine."""
    if not party.listens_for_fax:
        party.listens_for_fax = True
        party.connect()


def fax_heard(call: "ActiveCall", event: FaxDetected) -> None:
    """The tone of one of the call's parties was heard."""
    party = next((each for each in call.parties if each.stream and each.stream.stream_id == event.stream_id), None)
    if party is not None:
        fax_found(call, party)


def fax_found(call: "ActiveCall", party: Party, how: str = G711) -> None:
    """A party is a fax. The call's flow ends if there is another one for faxes, unless he is talked to."""
    if how == T38 or FAX_TAG not in call.record.tags:
        call.record.tags[FAX_TAG] = how
        call.changed()
    if party.is_fax or party.stream is None:
        return
    party.is_fax = True
    log.info("fax", call_id=call.call_id, party=party.leg.party)
    if call.conversation is not None and call.conversation.has(party):
        call.conversation.fax_began()
    elif call.has_fax_flow and party is call.caller:
        call.has_fax_flow = False
        call.mailbox.interrupt()
        return
    call.mailbox.put(FaxDetected(call.call_id, party.stream.stream_id))


def fax_over(event: FaxPortStatistics) -> None:
    """T.38 has passed, or would have; what one party's port has seen."""
    note = log.warning if event.malformed or event.strangers else log.info
    note(
        "t38 over",
        call_id=event.call_id,
        stream=event.stream_id,
        received=event.received,
        sent=event.sent,
        malformed=event.malformed,
        strangers=event.strangers,
    )


def fax_of(call: "ActiveCall") -> str:
    """How a fax passes in the call now; "" if none does, as far as is known."""
    conversation = call.conversation
    if conversation is not None and conversation.fax_passage is not None and conversation.fax_passage.passes:
        return T38
    parties = (call.caller,) if conversation is None else (conversation.near, conversation.far)
    return G711 if any(party.is_fax for party in parties) else ""


def departure(call: "ActiveCall", contact_id: ContactId) -> ContactWithdrawn | None:
    """How a fax leaves a queue in which it has waited for the ear of an agent; None for anybody else."""
    return ContactWithdrawn(contact_id, FAX_REASON) if call.mailbox.is_interrupted else None
