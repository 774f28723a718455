"""SDP that comes after the first answer: re-INVITEs and late answers, dealt with at once whatever the flow does.

UPDATE and an offer in PRACK come as re-INVITEs do, and may come before the call is answered.

| what comes                                        | answer                                                     |
|---------------------------------------------------|------------------------------------------------------------|
| re-INVITE before its own first answer was read    | 491: the phone asks again in a moment (RFC 3261, 14.2)     |
| re-INVITE with the offer that is in force         | 200 with the answer in force; the sound is not touched     |
| re-INVITE with an offer                           | 200 with our answer, or 488 and all stays (RFC 6141)       |
| re-INVITE without one                             | 200 with our offer; the answer comes with the ACK          |
| answer in an ACK                                  | nothing; BYE if it agrees to nothing we have               |
| anything with T.38 in it                          | see fax_passage.py                                         |
"""

from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.fax_passage import aim, image_offered, return_to_sound
from softswitch.calls.runtime.party import Party
from softswitch.sip.description.image import offers_image
from softswitch.sip.description.offer_answer import OfferRefused
from softswitch.sip.outputs import (
    LegConfirmed,
    ProgressConfirmed,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
)

REQUEST_PENDING = 491
NOT_ACCEPTABLE = 'SIP;cause=488;text="Not Acceptable Here"'


def answer_reinvite(call: ActiveCall, event: ReinviteReceived) -> None:
    sip, party = call.around.sip, call.party(event.leg_id)
    if party is None or party.stream is None:
        sip.refuse_reinvite(event.leg_id, 488)
    elif party.leg.audio is None and party.leg.image is None:
        sip.refuse_reinvite(event.leg_id, REQUEST_PENDING)
    elif not event.sdp:
        sip.answer_reinvite(event.leg_id, party.leg.offer() if party.leg.image is None else party.leg.described)
    elif party.is_moving and offers_image(event.sdp):
        sip.refuse_reinvite(event.leg_id, REQUEST_PENDING)
    elif party.leg.knows(event.sdp):
        sip.answer_reinvite(event.leg_id, party.leg.described)
    elif party.leg.proposes_image:
        sip.refuse_reinvite(event.leg_id, REQUEST_PENDING)
    elif offers_image(event.sdp):
        image_offered(call, party, event.sdp)
    else:
        answer = party.leg.answer(event.sdp)
        if isinstance(answer, OfferRefused):
            sip.refuse_reinvite(event.leg_id, answer.status)
            return
        sip.answer_reinvite(event.leg_id, answer)
        passage = None if call.conversation is None else call.conversation.fax_passage
        if passage is not None and passage.passes and party in (passage.asker, passage.asked):
            passage.sound_offered(party)
        if party.is_moving:
            # What waits to be offered to him was described before.
            sip.reinvite(event.leg_id, party.leg.offer())
        _media_changed(call, party)


def take_late_answer(call: ActiveCall, event: LegConfirmed | ProgressConfirmed | ReinviteConfirmed) -> None:
    party = call.party(event.leg_id)
    if party is None or not event.sdp:
        return
    if party.leg.image is not None:
        _take_image_again(party, event.sdp)
        return
    if isinstance(party.leg.receive_answer(event.sdp), OfferRefused):
        call.around.sip.hang_up(event.leg_id, reason=NOT_ACCEPTABLE)
        return
    _media_changed(call, party)


def take_reinvite_answer(call: ActiveCall, event: ReinviteAnswered) -> None:
    """What a party says to another stream in the place of his; or to a refresh, which mostly changes nothing."""
    party = call.party(event.leg_id)
    if party is not None and party.leg.proposes_image:
        _take_image_answer(call, party, event.sdp)
        return
    if party is None or not party.is_moving:
        if party is not None and event.sdp and not party.leg.knows(event.sdp):
            if party.leg.image is not None:
                _take_image_again(party, event.sdp)
            else:
                _take_changed(call, party, event.sdp)
        call.receive(event)
        return
    party.is_moving = False
    if isinstance(party.leg.receive_answer(event.sdp), OfferRefused):
        call.around.sip.hang_up(event.leg_id, reason=NOT_ACCEPTABLE)
        return
    _media_changed(call, party)


def reinvite_failed(call: ActiveCall, event: ReinviteFailed) -> None:
    """One who cannot take another stream in the place of his, which is gone, can talk to nobody any more."""
    party = call.party(event.leg_id)
    if party is not None and party.leg.proposes_image:
        passage = None if call.conversation is None else call.conversation.fax_passage
        if passage is not None and passage.asked is party:
            passage.refused(event.status)
        else:
            party.leg.image_refused()
    elif party is not None and party.is_moving:
        call.around.sip.hang_up(event.leg_id, reason=NOT_ACCEPTABLE)
    else:
        call.receive(event)


def reinvite_withdrawn(call: ActiveCall, event: ReinviteWithdrawn) -> None:
    """He who offers T.38, which is still to be answered by the other party, has thought better of it."""
    passage = None if call.conversation is None else call.conversation.fax_passage
    if passage is not None and not passage.passes and passage.asker.leg.leg_id == event.leg_id:
        passage.is_withdrawn = True
        if not passage.asked.leg.proposes_image:
            passage.end()


def _take_image_answer(call: ActiveCall, party: Party, sdp: bytes) -> None:
    passage = None if call.conversation is None else call.conversation.fax_passage
    if passage is not None and passage.asked is party:
        passage.answered(sdp)
    else:
        party.leg.receive_image_answer(sdp)
        return_to_sound(call.around.sip, party)


def _take_image_again(party: Party, sdp: bytes) -> None:
    if not isinstance(party.leg.receive_image_answer(sdp), OfferRefused):
        aim(party)


def _take_changed(call: ActiveCall, party: Party, answer: bytes) -> None:
    if not isinstance(party.leg.receive_answer(answer), OfferRefused):
        _media_changed(call, party)


def _media_changed(call: ActiveCall, party: Party) -> None:
    party.connect()
    if call.conversation is not None and call.conversation.has(party):
        call.conversation.hold_changed()
    elif call.seat is not None and party is call.caller:
        call.seat.refresh()
