"""T.38 between the two parties of a conversation: what one offers is offered to the other; UDPTL passes between them.

Elsewhere the two dialogs are kept apart; a fax is agreed on end to end, because we speak no T.38 ourselves. Mostly the
machine that was called begins, when it has heard the other one's signal.

| what comes                                            | what follows                                                 |
|-------------------------------------------------------|--------------------------------------------------------------|
| T.38 is offered (re-INVITE), the other party may have | a fax port for each; offered to the other party, and the     |
| it                                                    | one who offers waits for his answer                          |
| the other party accepts                               | his answer is ours; sound stops, UDPTL passes                |
| the other party refuses, or accepts nothing           | refused (488, 415 or 606 as he says); both stay in sound, in |
|                                                       | which they go on as modems (faxes.py)                        |
| T.38 and sound are offered together                   | T.38 if the other party accepts it, sound if he does not     |
| the other party offers T.38 at the same time          | 491 for one of them (sip/sessions/session_offers.py), who    |
|                                                       | asks again later                                             |
| the one who offered takes it back (CANCEL)            | if the other party has accepted meanwhile he is offered      |
|                                                       | sound again                                                  |
| T.38 is offered again, with another address           | answered from what is in force                               |
| one of them offers sound again                        | answered at once; the other one is offered sound             |
| no conversation; t38 = false; sound under SRTP, which | 488                                                          |
| T.38 would not be                                     |                                                              |
| the conversation ends                                 | the fax ports are closed; whoever stays and is to hear       |
|                                                       | something is offered sound then                              |

A caller who begins with T.38 alone is connected with whoever is dialled for him and takes it (`connect_image`); nothing
can be played to him.
"""

from typing import TYPE_CHECKING

from softswitch.calls.leg import LegState
from softswitch.calls.runtime.faxes import T38, fax_found
from softswitch.calls.runtime.party import Party
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.description.image import Image, offers_sound
from softswitch.sip.description.offer_answer import OfferRefused

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.conversation import Conversation
    from softswitch.calls.runtime.ports import Sip

NOT_ACCEPTABLE_HERE = 488
REFUSALS = (415, NOT_ACCEPTABLE_HERE, 606)
"""What a party says who cannot take T.38; other reasons are no business of the one who asked."""


class FaxPassage:
    """From the first offer of T.38 until both carry sound again, or the conversation ends."""

    __slots__ = ("_call", "_conversation", "_offer", "asked", "asker", "is_withdrawn", "passes")

    def __init__(
        self, call: "ActiveCall", conversation: "Conversation", asker: Party, asked: Party, offer: bytes
    ) -> None:
        self.asker = asker
        self.asked = asked
        self.passes = False
        """Both have agreed."""
        self.is_withdrawn = False
        """The one who asked has taken it back."""
        self._call = call
        self._conversation = conversation
        self._offer = offer

    async def ask(self, image: Image) -> None:
        """Offer it to the other party."""
        media = self._call.around.media
        try:
            for party in (self.asker, self.asked):
                if self._is_over or party.stream is None:
                    return
                port = await media.open_fax_port(party.stream)
                if self._is_over:
                    port.drop()
                    return
                party.fax_port = port
        except MediaUnavailable:
            self._refuse(NOT_ACCEPTABLE_HERE)
            return
        offer = self.asked.leg.offer_image(self.asked.image_address, image.attributes)
        self._call.around.sip.reinvite(self.asked.leg.leg_id, offer)

    def answered(self, sdp: bytes) -> None:
        """The other party has accepted, as it seems."""
        answer = self.asked.leg.receive_image_answer(sdp)
        image = self.asker.leg.read_image_offer(self._offer)
        if isinstance(answer, OfferRefused) or isinstance(image, OfferRefused) or self.is_withdrawn:
            self._refuse(NOT_ACCEPTABLE_HERE)
            return_to_sound(self._call.around.sip, self.asked)
            return
        described = self.asker.leg.answer_image(self._offer, image, self.asker.image_address, answer.attributes)
        self._call.around.sip.answer_reinvite(self.asker.leg.leg_id, described)
        self.begin()

    def begin(self) -> None:
        """Both have agreed: no sound any more."""
        for party in (self.asker, self.asked):
            aim(party)
            party.connect()
        assert self.asker.fax_port is not None
        assert self.asked.fax_port is not None
        self.asker.fax_port.join(self.asked.fax_port)
        self.passes = True
        self._conversation.hold_changed()
        fax_found(self._call, self.asker, T38)

    def refused(self, status: int) -> None:
        """The other party does not want it, and talks on as before."""
        self.asked.leg.image_refused()
        self._refuse(status if status in REFUSALS else NOT_ACCEPTABLE_HERE)

    def sound_offered(self, party: Party) -> None:
        """`party` carries sound again, and so will the other."""
        self._close()
        return_to_sound(self._call.around.sip, self.asked if party is self.asker else self.asker)

    def end(self) -> None:
        """The conversation is over."""
        if self._is_over:
            return
        if self.passes or self.is_withdrawn:
            self._close()
        else:
            self._refuse(NOT_ACCEPTABLE_HERE)

    @property
    def _is_over(self) -> bool:
        return self._conversation.fax_passage is not self

    def _refuse(self, status: int) -> None:
        self._close()
        if not self.is_withdrawn:
            refuse(self._call, self.asker, self._offer, status)

    def _close(self) -> None:
        self._conversation.fax_passage = None
        for party in (self.asker, self.asked):
            party.close_fax_port()


def image_offered(call: "ActiveCall", party: Party, offer: bytes) -> None:
    """A party offers T.38, which is not the one in force."""
    conversation, image = call.conversation, party.leg.read_image_offer(offer)
    if isinstance(image, OfferRefused):
        refuse(call, party, offer, image.status)
        return
    if party.leg.image is not None and party.fax_port is not None:
        described = party.leg.answer_image(offer, image, party.image_address, party.leg.image_attributes)
        call.around.sip.answer_reinvite(party.leg.leg_id, described)
        aim(party)
        return
    other = None if conversation is None else conversation.other(party)
    if conversation is None or other is None or not (_may_have_t38(party) and _may_have_t38(other)):
        refuse(call, party, offer, NOT_ACCEPTABLE_HERE)
    elif conversation.fax_passage is not None or other.is_moving or party.is_moving:
        call.around.sip.refuse_reinvite(party.leg.leg_id, 491)
    else:
        passage = conversation.fax_passage = FaxPassage(call, conversation, party, other, offer)
        call.exchange.spawn(passage.ask(image))


def refuse(call: "ActiveCall", party: Party, offer: bytes, status: int) -> None:
    """No T.38 for him: the sound that he offers besides, or a refusal. He is a fax all the same."""
    described = party.leg.answer(offer) if offers_sound(offer) else None
    if described is None or isinstance(described, OfferRefused):
        call.around.sip.refuse_reinvite(party.leg.leg_id, status)
    else:
        call.around.sip.answer_reinvite(party.leg.leg_id, described)
        party.connect()
        if call.conversation is not None and call.conversation.has(party):
            call.conversation.hold_changed()
    fax_found(call, party)


def return_to_sound(sip: "Sip", party: Party) -> None:
    """Offer him sound in place of T.38. He is hung up if he does not want that."""
    party.is_moving = True
    sip.reinvite(party.leg.leg_id, party.leg.offer())


def aim(party: Party) -> None:
    """Send his T.38 where his description says."""
    if party.fax_port is not None and party.leg.image is not None:
        party.fax_port.aim(party.leg.image.remote)


async def offer_to(call: "ActiveCall", party: Party) -> bytes:
    """What `party`, who is rung for the call's caller, is offered: sound, unless the caller has called with T.38 alone.

    Raises MediaUnavailable, and `CallEnded` if the caller leaves meanwhile.
    """
    image = call.caller.leg.read_image_offer(call.caller.image_offer) if call.caller.image_offer else None
    if not isinstance(image, Image) or party.stream is None:
        return party.leg.offer()
    party.fax_port = await call.around.media.open_fax_port(party.stream)
    await call.mailbox.check()
    return party.leg.offer_image(party.image_address, image.attributes)


async def connect_image(call: "ActiveCall", party: Party) -> bytes:
    """`party`, dialled for a caller who has called with T.38 alone, takes it: what the caller is answered.

    Raises MediaUnavailable.
    """
    caller, answer = call.caller, party.leg.image
    image = caller.leg.read_image_offer(caller.image_offer)
    assert not isinstance(image, OfferRefused), "it was read before anybody was dialled"
    assert answer is not None
    if caller.fax_port is None:
        caller.fax_port = await call.around.media.open_fax_port(call.caller_stream)
    return caller.leg.answer_image(caller.image_offer, image, caller.image_address, answer.attributes)


def take_up(call: "ActiveCall", conversation: "Conversation") -> FaxPassage | None:
    """The passage between two who have agreed on T.38 before their conversation began; it is still to `begin`."""
    near, far = conversation.near, conversation.far
    if near.leg.image is None or far.leg.image is None or near.fax_port is None or far.fax_port is None:
        return None
    conversation.fax_passage = FaxPassage(call, conversation, near, far, b"")
    return conversation.fax_passage


def _may_have_t38(party: Party) -> bool:
    """T.38 is in the clear: it must not take the place of sound that is not."""
    is_secure = party.leg.audio is not None and party.leg.audio.srtp is not None
    return party.takes_t38 and party.leg.state is LegState.ANSWERED and not is_secure
