"""The caller's INVITE, from its offer to its answer: what he is told, and when he can hear.

```
 INVITE ── ring() ──► 180        progress() ──► 183, and he hears        answer() ──► 200
   └── with T.38 alone: nothing, until somebody who is dialled for him takes it: answer_image()
```
"""

from typing import TYPE_CHECKING

from softswitch.calls.call_state import CallState
from softswitch.calls.kept.kept_call import KeptAnswering
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.caller_leg import open_stream
from softswitch.calls.runtime.fax_passage import NOT_ACCEPTABLE_HERE, connect_image, return_to_sound
from softswitch.calls.runtime.telling import call_answered
from softswitch.sip.outputs import InviteReceived

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.party import Party


class Answering:
    """Of one call, which has it and is told to each method: two that had each other would outlive both."""

    __slots__ = ("_description", "_has_progressed", "_is_reliable", "_offer")

    def __init__(self, invite: InviteReceived | None) -> None:
        self._offer = b"" if invite is None else invite.sdp
        self._is_reliable = invite is not None and invite.is_reliable
        self._has_progressed = False
        """He was given our description before the answer, and hears what is played to him."""
        self._description = b""
        """What the 200 to the caller will say; made when his stream is opened."""

    def keep(self) -> KeptAnswering:
        return KeptAnswering(
            offer=self._offer,
            is_reliable=self._is_reliable,
            has_progressed=self._has_progressed,
            description=self._description,
        )

    def adopt(self, kept: KeptAnswering) -> None:
        """As it was in the switch before."""
        self._offer, self._is_reliable = kept.offer, kept.is_reliable
        self._has_progressed, self._description = kept.has_progressed, kept.description

    async def open_audio(self, call: "ActiveCall") -> None:
        await call.mailbox.check()
        if call.caller.stream is None:
            self._description = await open_stream(call, self._offer)

    async def answer(self, call: "ActiveCall") -> None:
        await self.open_audio(call)
        if call.transfer is not None and call.unreached is None:
            call.transfer.reached(call)
        if call.caller.is_answered:
            if call.caller.leg.image is not None and call.conversation is None and not call.caller.is_moving:
                return_to_sound(call.around.sip, call.caller)
            return
        if call.caller.image_offer:
            call.refuse(NOT_ACCEPTABLE_HERE)
            raise CallEnded("the caller has called with T.38 alone, and hears nothing")
        self._accept(call)

    async def answer_image(self, call: "ActiveCall", party: "Party") -> None:
        self._description = await connect_image(call, party)
        await call.mailbox.check()
        call.caller.image_offer = b""
        self._accept(call)

    async def ring(self, call: "ActiveCall") -> None:
        await call.mailbox.check()
        if call.transfer is not None:
            call.transfer.rings()
        if call.caller.leg.state is LegState.TRYING:
            call.around.sip.progress(call.caller.leg.leg_id, 180)
            call.record.legs.rings(call.caller.leg.leg_id, call.wall())
            call.caller.leg.state = LegState.RINGING
        elif call.is_answered:
            call.play_ringback()

    async def progress(self, call: "ActiveCall") -> bool:
        """One who wants our offer must acknowledge provisional responses: else it could not be given here."""
        await self.open_audio(call)
        if call.is_answered or self._has_progressed:
            return True
        if call.caller.image_offer or (not self._offer and not self._is_reliable):
            return False
        self._has_progressed = True
        call.around.sip.progress(call.caller.leg.leg_id, 183, self._description)
        call.record.legs.rings(call.caller.leg.leg_id, call.wall())
        call.caller.connect()
        return True

    def _accept(self, call: "ActiveCall") -> None:
        call.around.sip.accept(call.caller.leg.leg_id, self._description, headers=call.answer_headers)
        call.caller.leg.state = LegState.ANSWERED
        if not self._has_progressed:
            call.caller.connect()
        call.record.answered_at = call.wall()
        call.record.legs.answered(call.caller.leg.leg_id, call.record.answered_at)
        call.set_state(CallState.ANSWERED)
        call_answered(call)
