"""A party goes from one call to another (docs/decisions/0010-transfers.md): what all transfers, pickups and recalls do.

| who goes                         | as what                          | with                     |
|----------------------------------|----------------------------------|--------------------------|
| either of two who talk, a caller | the caller of a new call         | `transfer_away`          |
| either of two who talk           | somebody else, in his call       | `take_place`             |
| a caller                         | who answers, in another call     | `answer_for`             |
| an agent on an open line         | who answers, in a contact's call | `bring_agent`            |

The call he leaves is over as soon as he is its caller or talks to its caller, and says so in its record. What waits in
these functions is only a stream: a party whose stream is on another media worker than the call he goes to gets one
there, and is offered it by re-INVITE; until then everything is as it was.

How a verb picks up a call that rings elsewhere, as the caller of `call`:

    ringing = ...  # the ActiveCall whose phone rings: `ringing.awaits_party` says that it can be picked up
    await answer_for(ringing, call)  # answers `call` if need be; LocalError if somebody else was quicker
    # `call` is over: the next verb raises CallEnded. In `ringing` the two talk.

And how a verb keeps a caller until somebody retrieves him: it sets `call.awaits_party`, and takes `PartyJoined` from
its mailbox; `call.party(event.leg_id)` is then whom to `converse` with, until LegEnded of his leg:

    parked.awaits_party = True
    ...
    case PartyJoined():
        conversation = converse(parked, parked.party(event.leg_id), music, policy)
"""

from collections.abc import Callable

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId
from softswitch.calls.events import FarReplaced, PartyJoined
from softswitch.calls.record import CallRecord, EndedBy, EndReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.conversing import end_conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.telling import call_bridged, call_transferred
from softswitch.calls.runtime.transfer import Transfer
from softswitch.calls.settings import Extension
from softswitch.media.runtime.client import MediaStream


def name_of(party: Party) -> str:
    """Whose phone it is, for records: an account, or "trunk:provider"."""
    return party.leg.party if party.extension is None else party.extension.username


def transfer_away(
    call: ActiveCall,
    party: Party,
    target: str,
    *,
    by: str,
    ended_by: EndedBy,
    permissions: Extension | None,
    transfer: Transfer | None = None,
    instance: str = "",
    begin: Callable[[ActiveCall], None] | None = None,
) -> ActiveCall:
    """`party`, answered, begins a follow-up call to `target`; returns it. `call` is over, whoever else was in it.

    `instance` is which phone of the target's is meant, if not all.
    `begin` begins it, if it is not the flow of the number.
    Whose trunks he may use, `permissions` says. `transfer` says who has him back if the target is not reached; that
    one's leg goes along if it is in `call`.
    """
    number, name = _identity(call, party)
    is_hidden = call.is_caller_hidden and party is call.caller
    record = CallRecord(
        CallId(call.around.entropy.token(96)),
        calling_number=number,
        calling_name=name,
        called_number=target,
        started_at=call.wall(),
    )
    record.follows(call.record)
    record.trunk = call.record.trunk if party is call.caller else ""
    _leave(call, record, by, target, ended_by)
    transferor = None if transfer is None else transfer.transferor
    listening = call.streams.take_listening() if party is call.caller else []
    call.let_go(party, record.call_id)
    if transferor is not None:
        call.let_go(transferor, record.call_id)
    follow_up = call.exchange.begin(party, record, before=call)
    follow_up.streams.follow(listening)
    follow_up.permissions = permissions
    follow_up.is_caller_hidden = is_hidden
    follow_up.transfer = transfer
    follow_up.instance = instance
    if transferor is not None:
        follow_up.admit(transferor)
    (begin or call.exchange.start_flow)(follow_up)
    return follow_up


async def take_place(
    call: ActiveCall, party: Party, place: Party, *, of: ActiveCall, by: str, ended_by: EndedBy
) -> None:
    """`party`, who talks in `call`, takes the place of `place` in the call `of`, and `call` is over.

    `place` is the caller of that call, whatever he is doing there, or whoever he talks to; he hears nothing more, and
    is to be parted from. So is the other party of `call`. Raises `MediaUnavailable` and `LocalError`: then nothing
    has changed.
    """
    stream = await _stream_beside(party, of)
    if not _is_there(call, party) or not _is_there(of, place) or of is call:
        if stream is not None:
            stream.drop()
        raise LocalError("one of the parties has left meanwhile")
    target = of.record.called_number if place is of.caller else of.record.calling_number
    identity, is_hidden = _identity(call, party), call.is_caller_hidden and party is call.caller
    call.record.is_transfer_attended = True
    _leave(call, of.record, by, target, ended_by)
    call.let_go(party, of.call_id)
    _settle(party, of, stream)
    if place is of.caller:
        of.is_caller_hidden = is_hidden
        of.give_place(party, identity)
        _sound_as(of, place, party)
    else:
        of.admit(party)
        _sound_as(of, place, party)
        of.mailbox.put(FarReplaced(place.leg.leg_id, party.leg.leg_id))


def hand_over(call: ActiveCall, party: Party, place: Party, *, of: ActiveCall, by: str, ended_by: EndedBy) -> None:
    """As `take_place`, for the caller's place in a call whose streams are where the party's is. Raises `LocalError`."""
    if not _is_there(call, party) or not _is_there(of, place):
        raise LocalError("one of the parties has left meanwhile")
    identity, is_hidden = _identity(call, party), call.is_caller_hidden and party is call.caller
    call.record.is_transfer_attended = True
    _leave(call, of.record, by, of.record.called_number, ended_by)
    call.let_go(party, of.call_id)
    of.is_caller_hidden = is_hidden
    of.give_place(party, identity)
    _sound_as(of, place, party)


def come_in_person(call: ActiveCall, party: Party, stand_in: Party, *, of: ActiveCall) -> None:
    """`party` leaves `call`, which is over, for the call `of`, where he was by his stand-in until now."""
    if call.conversation is not None:
        end_conversation(call, call.conversation)
    call.let_go(party, of.call_id)
    of.give_place(party, of.caller_identity)
    _sound_as(of, stand_in, party)
    of.part(stand_in)


async def answer_for(ringing: ActiveCall, call: ActiveCall) -> None:
    """The caller of `call` is who answers in `ringing`, which rings or waits; `call` is over. See the module.

    Raises `CallEnded` and `MediaUnavailable` as verbs of `call` do, and `LocalError` if there is nobody to answer any
    more.
    """
    gone = LocalError("nobody waits there for an answer any more")
    if not ringing.awaits_party or ringing is call:
        raise gone
    if call.caller.stream is None:
        call.near = ringing.caller.stream
    await call.answer()
    party = call.caller
    stream = await _stream_beside(party, ringing)
    if not ringing.awaits_party or ringing.mailbox.is_closed or not _is_there(call, party):
        if stream is not None:
            stream.drop()
        await call.mailbox.check()
        raise gone
    ringing.awaits_party = False
    conversation = call.conversation
    if conversation is not None:
        end_conversation(call, conversation)
    _leave(call, ringing.record, name_of(party), ringing.record.calling_number, "switch")
    call.let_go(party, ringing.call_id)
    _settle(party, ringing, stream)
    ringing.admit(party)
    ringing.mailbox.put(PartyJoined(party.leg.leg_id))


async def bring_agent(line: ActiveCall, call: ActiveCall) -> Party:
    """The caller of `line`, an agent on an open line, is in `call` beside its caller; `line` is over. Returns him.

    Raises `MediaUnavailable`, and `LocalError` if one of them has hung up: then nothing has changed.
    """
    party = line.caller
    stream = await _stream_beside(party, call)
    if not _is_there(line, party) or call.mailbox.is_closed:
        if stream is not None:
            stream.drop()
        raise LocalError("the agent's line was closed meanwhile")
    _leave(line, call.record, name_of(party), call.record.calling_number, "switch", is_one_story=False)
    line.let_go(party, call.call_id)
    _settle(party, call, stream)
    call.admit(party)
    return party


async def bring_beside(party: Party, call: ActiveCall) -> None:
    """Let `party`, who is in `call` beside the caller, hear and be heard there. Raises `MediaUnavailable`, `CallEnded`.

    If he hangs up meanwhile, nothing is done.
    """
    stream = await _stream_beside(party, call)
    if stream is None:
        return
    if not _is_there(call, party):
        stream.drop()
        await call.mailbox.check()
        return
    _settle(party, call, stream)
    call.record.measurements.opened(stream.stream_id, "called", party.leg.party, party.leg.leg_id)


async def bring_caller_near(call: ActiveCall, stream: MediaStream) -> None:
    """Let the caller's sound go through the worker of `stream` from now on. Raises `MediaUnavailable`, `CallEnded`."""
    party = call.caller
    if party.stream is None or party.stream.worker == stream.worker:
        return
    learn_from = call.around.settings().learn_from(party.signalling)
    beside = await call.around.media.open_stream(call.call_id, near=stream, learn_from=learn_from)
    if not _is_there(call, party):
        beside.drop()
        await call.mailbox.check()
        return
    _settle(party, call, beside)
    call.record.measurements.opened(beside.stream_id, "caller", party.leg.party, party.leg.leg_id)


def _sound_as(call: ActiveCall, old: Party, party: Party) -> None:
    """`party` hears and is heard where `old` was; supervisors leave, and what is recorded begins anew."""
    for supervision in list(call.supervisions):
        supervision.end()
    if call.consultation is not None:
        call.consultation.conversation_over()
    conversation = call.conversation
    if conversation is not None:
        conversation.replace(old, party)
        far = conversation.far.stream
        conversation.recording_path = call.recordings.party_replaced(None if far is None else far.stream_id)
        call_bridged(call, conversation)
        call.streams.parties_changed()
        return
    call.recordings.party_replaced(None)
    call.streams.parties_changed()
    if call.seat is not None:
        call.seat.refresh()
    if old.stream is not None and party.stream is not None:
        old.stream.hand_over_to(party.stream)


def _leave(
    call: ActiveCall, other: CallRecord, by: str, target: str, ended_by: EndedBy, *, is_one_story: bool = True
) -> None:
    """The call's talk is over, and its record says why. `is_one_story`: `other` is one caller's experience with it."""
    if call.conversation is not None:
        end_conversation(call, call.conversation)
    call.record.transferred(other, by, target)
    renamed = call.record.chain.join(other.chain) if is_one_story else []
    if renamed:
        call.around.records.chains_joined(renamed, other.chain.chain_id)
    call_transferred(call, other.call_id, by, target)
    call.record.ended(ended_by, EndReason.TRANSFERRED)


def _is_there(call: ActiveCall, party: Party) -> bool:
    return party.call_id == call.call_id and not call.mailbox.is_closed and call.party(party.leg.leg_id) is party


async def _stream_beside(party: Party, call: ActiveCall) -> MediaStream | None:
    """A stream for `party` where `call`'s are, if his is elsewhere."""
    near = call.caller.stream
    if near is None or party.stream is None or party.stream.worker == near.worker:
        return None
    learn_from = call.around.settings().learn_from(party.signalling)
    return await call.around.media.open_stream(call.call_id, near=near, learn_from=learn_from)


def _settle(party: Party, call: ActiveCall, stream: MediaStream | None) -> None:
    """Let the party's sound go through `stream` from now on; he is told, and answers (negotiation.py)."""
    if stream is None:
        return
    if party.stream is not None:
        party.stream.drop()
    party.attach(stream, call.around.settings().media_ip)
    party.is_moving = True
    call.streams.parties_changed()
    call.around.sip.reinvite(party.leg.leg_id, party.leg.offer())


def _identity(call: ActiveCall, party: Party) -> tuple[str, str]:
    """Number and name that a party shows as a caller."""
    if party is call.caller:
        return call.caller_identity
    if party.extension is not None:
        return party.extension.number or party.extension.username, party.extension.name
    return call.record.called_number, ""
