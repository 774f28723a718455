"""Transfers as phones and operators ask for them: REFER, INVITE with Replaces, a command.

| what a party of a conversation asks for                | what is done                                               |
|--------------------------------------------------------|------------------------------------------------------------|
| REFER to a number that leads somewhere                 | 202; the other party begins a follow-up call there         |
| REFER to anything else, or one transfer too many       | 603; nothing changes                                       |
| REFER that replaces a leg of his own in another call   | 202; the other party takes his place there                 |
| the same of somebody else's leg                        | 603                                                        |
| the same by somebody in a conference                   | 202; who he talks to there has his seat in the conference  |
| REFER by who does not talk (waits, listens)            | 603                                                        |
| REFER of somebody who has hung up in the same instant  | 603                                                        |

| INVITE that replaces a leg | who may                                     | what is done                          |
|----------------------------|---------------------------------------------|---------------------------------------|
| that rings                 | the same extension, or one of its pickup    | he answers in its place               |
|                            | groups; never a trunk                       |                                       |
| that calls or talks        | the same extension; the same trunk          | he takes its place, it is hung up     |
| that listens, or waits     | nobody                                      | 481                                   |
| for its transfer's outcome |                                             |                                       |
| anything else              | nobody                                      | 403, 481                              |

An attended transfer may come while the target still rings, or while the transferor waits for it in a queue: then the
other party waits on in his place.
"""

from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.record import EndedBy
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.taking_over import answer_for, name_of, take_place, transfer_away
from softswitch.calls.runtime.transfer import Transfer
from softswitch.calls.settings import CallSettings
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.outputs import ReferReceived
from softswitch.sip.registration.gruu import instance_in_text

log = get_logger("calls")

COMPLETED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""RFC 3326: to a phone whose own call to the target goes on as somebody else's."""

DECLINED = 603
"""A refusal that ends nothing but the REFER (sip/sessions/refer.py)."""


def answer_refer(call: ActiveCall, event: ReferReceived) -> None:
    """A party of the call wants the other one to go elsewhere."""
    party, conversation = call.party(event.leg_id), call.conversation
    if party is call.caller and call.seat is not None and event.replaces_leg is not None:
        call.exchange.spawn(_transfer_into_conference(call, event, event.replaces_leg))
    elif party is None or conversation is None or not _is_between(party, conversation):
        call.around.sip.refuse_refer(event.refer_id, DECLINED)
    elif event.replaces_leg is not None and event.replaces_leg != event.leg_id:
        call.exchange.spawn(_transfer_attended(call, party, event, event.replaces_leg))
    elif not event.target or not call.exchange.is_reachable(event.target) or call.max_forwards <= 1:
        _log(call, party, event.target, "refused")
        call.around.sip.refuse_refer(event.refer_id, DECLINED)
    else:
        _transfer_blind(call, party, event)


def transfer_by_command(call: ActiveCall, target: str) -> ActiveCall:
    """An operator sends the caller to `target`; returns his new call. Raises `LocalError`, in words for people.

    Whoever he talks to is hung up, and rung again if the target is not reached.
    """
    if not call.is_answered or call.mailbox.is_closed:
        raise LocalError("the caller is not connected: only a call that was answered can be transferred")
    if not call.exchange.is_reachable(target):
        raise LocalError(f'no route and no extension leads to "{target}": see numbers.toml and extensions.toml')
    return transfer_caller(call, target, by="operator")


def transfer_by_key(call: ActiveCall, party: Party, target: str) -> None:
    """`party`, of ours, who talks, sends the other to `target` and is hung up; he is rung if it is not reached.

    Raises `LocalError`.
    """
    conversation = call.conversation
    if conversation is None or not _is_between(party, conversation):
        raise LocalError("they have parted")
    if not call.exchange.is_reachable(target):
        raise LocalError(f'no route and no extension leads to "{target}"')
    if call.max_forwards <= 1:
        raise LocalError("the call was transferred too often")
    is_caller = party is conversation.near
    _log(call, party, target, "by key")
    transfer_away(
        call,
        _other(conversation, party),
        target,
        by=name_of(party),
        ended_by="caller" if is_caller else "agent",
        permissions=party.extension,
        transfer=Transfer(call, extension=party.extension),
    )
    if is_caller:
        call.take_leave(480)
    else:
        call.part(party)


def transfer_caller(call: ActiveCall, target: str, *, by: str) -> ActiveCall:
    """The caller, answered, goes to `target`, with the permissions he has. Raises `LocalError` if he went round in
    circles."""
    if call.max_forwards <= 1:
        raise LocalError(f"{call.record.calling_number} was transferred too often: the flows send calls in circles")
    far = None if call.conversation is None else call.conversation.far
    transfer = None if far is None or far.extension is None else Transfer(call, extension=far.extension)
    if call.transfer is not None:  # whoever transferred him here waits on
        transfer, call.transfer = call.transfer, None
    follow_up = transfer_away(
        call, call.caller, target, by=by, ended_by="switch", permissions=call.permissions, transfer=transfer
    )
    if far is not None:
        call.part(far)
    return follow_up


async def replace_by_invite(call: ActiveCall, other: ActiveCall, leg_id: LegId) -> None:
    """The caller of `call`, who is not answered, wants the place of a leg of `other` (RFC 3891)."""
    party = other.party(leg_id)
    if party is None or not _is_replaceable(other, party):
        call.refuse(481)
        call.flow_over()
        return
    if not _may_replace(call.caller, party, call.around.settings()):
        call.refuse(403)
        call.flow_over()
        return
    try:
        if not party.is_answered:
            await answer_for(other, call)
        else:
            call.near = other.caller.stream
            await call.answer()
            ended_by: EndedBy = "switch"
            await take_place(call, call.caller, party, of=other, by=name_of(call.caller), ended_by=ended_by)
            other.part(party)
    except (LocalError, MediaUnavailable) as error:
        log.info("nobody replaced", call_id=call.call_id, reason=str(error))
        call.refuse(503 if isinstance(error, MediaUnavailable) else 481)
    except CallEnded:
        pass  # he has hung up, or is where he wanted to be
    finally:
        call.flow_over()


def _transfer_blind(call: ActiveCall, party: Party, event: ReferReceived) -> None:
    conversation = call.conversation
    assert conversation is not None, "judged by answer_refer"
    is_caller = party is conversation.near
    other = _other(conversation, party)
    call.around.sip.accept_refer(event.refer_id)
    _log(call, party, event.target, "blind")
    transfer_away(
        call,
        other,
        event.target,
        by=name_of(party),
        ended_by="caller" if is_caller else "agent",
        permissions=party.extension,
        transfer=Transfer(call, extension=party.extension, transferor=party, refer_id=event.refer_id),
        instance=instance_in_text(event.target_uri),
    )


async def _transfer_attended(call: ActiveCall, party: Party, event: ReferReceived, leg_id: LegId) -> None:
    """The other party of `call` takes the transferor's place where his other leg is."""
    sip = call.around.sip
    of = call.exchange.call_of(leg_id)
    place = None if of is None else of.party(leg_id)
    if of is None or place is None:
        sip.refuse_refer(event.refer_id, DECLINED)
        return
    await _give_place(call, party, of, place, event)


async def _transfer_into_conference(call: ActiveCall, event: ReferReceived, leg_id: LegId) -> None:
    """Who takes part in a conference leaves his seat to whom he talks to on his other leg."""
    other = call.exchange.call_of(leg_id)
    consulting = None if other is None else other.party(leg_id)
    if other is None or consulting is None:
        call.around.sip.refuse_refer(event.refer_id, DECLINED)
        return
    await _give_place(other, consulting, call, call.caller, event)


async def _give_place(call: ActiveCall, party: Party, of: ActiveCall, place: Party, event: ReferReceived) -> None:
    """`party`, who talks in `call`, and `place` in the call `of` are one: whom he talks to goes there in his place."""
    sip, conversation = call.around.sip, call.conversation
    if of is call or conversation is None or not _is_same(party, place) or not _is_between(party, conversation):
        sip.refuse_refer(event.refer_id, DECLINED)
        return
    is_caller, is_place_of_caller = party is conversation.near, place is of.caller
    other = _other(conversation, party)
    if not _has_place(of, place):
        sip.refuse_refer(event.refer_id, DECLINED)
        return
    sip.accept_refer(event.refer_id)
    _log(call, party, of.record.called_number, "attended")
    try:
        by = name_of(party)
        await take_place(call, other, place, of=of, by=by, ended_by="caller" if is_caller else "agent")
    except (LocalError, MediaUnavailable) as error:
        log.info("transfer failed", call_id=call.call_id, reason=str(error))
        sip.notify_refer(event.refer_id, 480)
        return
    if of.conversation is not None:
        of.conversation.consulted()
    if of.transfer is not None:  # the one who gives his place away was being transferred himself
        of.transfer.reached(of)
    if is_place_of_caller:
        of.permissions = party.extension
    if of.state is CallState.ALERTING and not of.mailbox.is_closed:
        of.part(place, COMPLETED_ELSEWHERE)
        call.let_go(party, of.call_id)
        of.transfer = Transfer(of, extension=party.extension, transferor=party, refer_id=event.refer_id)
        of.admit(party)
        of.transfer.rings()
        if not of.caller_stream.has_sound:
            of.play_ringback()
        return
    sip.notify_refer(event.refer_id, 200)
    of.part(place)
    if party is call.caller:
        call.take_leave(480)
    else:
        call.part(party)


def _other(conversation: Conversation, party: Party) -> Party:
    return conversation.far if party is conversation.near else conversation.near


def _has_place(call: ActiveCall, party: Party) -> bool:
    """Whether somebody can be there instead of him: who calls or talks; not who listens, or waits for an outcome."""
    return party is call.caller or (call.conversation is not None and party is call.conversation.far)


def _is_replaceable(call: ActiveCall, party: Party) -> bool:
    """The same of an INVITE, which may answer for a phone that rings, but not for one that calls (RFC 3891, 3)."""
    return _has_place(call, party) if party.is_answered else party is not call.caller


def _is_between(party: Party, conversation: Conversation) -> bool:
    """Whether he is one of the two, and neither has hung up in this instant, which the verb has yet to see."""
    both = (conversation.near, conversation.far)
    return party in both and all(each.is_answered for each in both)


def _is_same(party: Party, other: Party) -> bool:
    """Two legs of one phone, or at least of one account, or of one trunk."""
    if party.extension is not None and other.extension is not None:
        return party.extension.username == other.extension.username
    return party.extension is other.extension and party.leg.party == other.leg.party


def _may_replace(who: Party, place: Party, settings: CallSettings) -> bool:
    if place.is_answered:
        return _is_same(who, place)
    if who.extension is None or place.extension is None:
        return False
    members = settings.pickup_members(who.extension)
    return _is_same(who, place) or place.extension.username in [member.username for member in members]


def _log(call: ActiveCall, party: Party, target: str, kind: str) -> None:
    log.info("transfer", call_id=call.call_id, by=name_of(party), to=target, kind=kind)
