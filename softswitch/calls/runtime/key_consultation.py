"""Somebody who talks asks somebody else by key, while the other waits, and then gives the call to him or comes back.

Whom he asks is called in a call of its own, the `second`, which runs the flow of the number like any other. He himself
stays where he is, with his leg and his stream: in the second call a stand-in is the caller, with a handle on that same
stream (`stand_in_for`). So the call of the two, its verb, its contact and its agent go on as they were, and the other
hears music as when a phone holds.

```
 *3 ──► the other waits ── number ──► the second call ⇄ SWAPPED (*4): he talks to the other, whom he asked waits
                │                        ├──► all three talk (*3)
        * or no number                   └──► over, see the table
                └──► they talk again
```

| what happens                                   | the other              | whom he asked  | he                        |
|------------------------------------------------|------------------------|----------------|---------------------------|
| `*1`                                           | talks to him           | is hung up     | talks to the other        |
| the second call is over: busy, no answer, done | talks to him           | is gone        | he is told, and back      |
| he hangs up, or `*2`                           | is the second's caller | talks to him   | is hung up                |
| the same while it still rings                  | waits for the answer   | rings          | is rung if there is none  |
| he hangs up before a number is called          | as if none of this was | -              | is gone                   |
| the other hangs up                             | is gone                | talks to him   | is the second's caller    |
| the two are parted in another way              | as that way has it     | is hung up     | as that way has it        |

Records are those of a phone with two lines (docs/decisions/0010-transfers.md): while he asks, the first call is on
hold, and what the two said in the second until he gives it away is `consult_s`.
"""

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.outcomes import DialReason
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.conversing import end_conversation
from softswitch.calls.runtime.key_presses import pressed_by_stand_in
from softswitch.calls.runtime.party import Party, stand_in_for
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.runtime.taking_over import come_in_person, hand_over, name_of
from softswitch.calls.runtime.transfer import Transfer
from softswitch.media.protocol import PlayFinished
from softswitch.sip.outputs import LegEnded, LegFailed

log = get_logger("calls")

SAID = {
    DialReason.BUSY: "connect/busy",
    DialReason.DECLINED: "connect/busy",
    DialReason.NO_ANSWER: "connect/no-answer",
}
"""Why there is nobody to ask; of other reasons:"""
UNAVAILABLE = "connect/unavailable"


class Consultation:
    """`party`, of ours, one of the two who talk in `call`. From `begin` until it is `call.consultation` no more."""

    __slots__ = ("_call", "_prompt", "_second", "_stand_in", "party")

    def __init__(self, call: ActiveCall, party: Party) -> None:
        self.party = party
        self._call = call
        self._second: ActiveCall | None = None
        self._stand_in: Party | None = None
        self._prompt: int | None = None
        """What he is told before he is back."""

    # What he does by key. All raise `LocalError` where it is not possible.

    def begin(self) -> None:
        """The other waits from now on."""
        call, conversation = self._call, self._conversation()
        if call.consultation is not None or not (conversation.near.is_answered and conversation.far.is_answered):
            raise LocalError("one of the two is asking somebody already, or has hung up")
        call.consultation = self
        self._tell_keys(is_consulting=True)
        self._listen(in_second=True)

    def dial(self, target: str) -> None:
        """Call whom he wants to ask; if that is not possible they talk again."""
        call, party = self._call, self.party
        if not call.exchange.is_reachable(target) or call.max_forwards <= 1 or self._second is not None:
            self.back()
            raise LocalError(f'no route and no extension leads to "{target}", or the call was transferred too often')
        assert party.extension is not None, "only phones of ours may command by keys"
        clock, entropy = call.around.clock, call.around.entropy
        record = CallRecord(
            CallId(entropy.token(96)),
            calling_number=party.extension.number or party.extension.username,
            calling_name=party.extension.name,
            called_number=target,
            started_at=clock.wall(),
        )
        record.consults(call.record)
        log.info("consultation", call_id=call.call_id, by=name_of(party), to=target, consultation=record.call_id)
        self._stand_in = stand_in_for(party, LegId(entropy.token(96)))
        second = self._second = call.exchange.begin(self._stand_in, record, before=call)
        second.permissions = party.extension
        second.mailbox.when_closed(self._second_over)
        self._conversation().on_consultation(target)
        call.exchange.start_flow(second)

    def back(self) -> None:
        """He talks to the other again, and whom he has asked is hung up."""
        self._release()
        self._let_go_of_second()
        if self.party.stream is not None:
            self.party.stream.stop_play()
        if self._call.conversation is not None:
            self._call.conversation.forget_what_he_hears(self.party)
        self._listen(in_second=False)

    def connect(self) -> None:
        """The other talks to whom he has asked, and he is hung up."""
        call, is_caller = self._call, self.party is self._call.caller
        self._hand_over()
        if is_caller:
            call.take_leave(480)
        else:
            call.part(self.party)

    def confer(self) -> None:
        """All three talk."""
        first, second = self._conversation(), self._talk_in_second()
        first.guests, second.guests = (second.far,), (self._other(),)
        if self._stand_in is not None:
            self._stand_in.is_elsewhere = False
        self.party.is_elsewhere = False
        second.hold_changed()
        first.hold_changed()
        self._call.recordings.resume()

    def swap(self) -> None:
        """He talks to whoever waits, and the one he has talked to waits."""
        self._talk_in_second()
        self._listen(in_second=not self.party.is_elsewhere)

    def pass_digit(self, digit: str) -> None:
        """A key of his that is no command is for whom he talks to."""
        if not self.party.is_elsewhere:
            self._conversation().pass_digit(self.party, digit)
        elif self._second is not None and self._stand_in is not None:
            pressed_by_stand_in(self._second, self._stand_in, digit)

    # What happens

    def receive(self, event: CallEvent) -> bool:
        """Take an event of the call; whether it was for us alone."""
        match event:
            case PlayFinished() if event.play_id == self._prompt:
                self._prompt = None
                self.back()
                return True
            case PlayFinished() if self._second is not None:
                self._second.receive(event)  # it may be of the second call, whose caller's stream is the same
            case LegEnded() | LegFailed() if event.leg_id == self.party.leg.leg_id:
                self._left()
            case LegEnded() | LegFailed() if event.leg_id == self._other().leg.leg_id:
                self._other_left()
            case _:
                pass
        return False

    def conversation_over(self) -> None:
        """The two are parted, or one of them is somebody else now."""
        if self._call.consultation is self:
            self._release()
            self._let_go_of_second()

    # Private

    def _second_over(self) -> None:
        """Nobody is there to be asked any more."""
        second, stand_in = self._second, self._stand_in
        if second is None or stand_in is None or self._call.consultation is not self:
            return
        self._second = self._stand_in = None
        was_asked = second.conversation is not None or second.record.talk_s + second.record.consult_s > 0
        self._part_in_second(second, stand_in)
        stream = self.party.stream
        if was_asked or stream is None or not self.party.is_elsewhere:
            self.back()
            return
        name = UNAVAILABLE if second.unreached is None else SAID.get(second.unreached, UNAVAILABLE)
        sounds = or_silence(lambda: [sounds_of(self._call).resolve(name, self._call.language)])
        if sounds:
            self._prompt = stream.play(sounds)
        else:
            self.back()

    def _left(self) -> None:
        """He has hung up: the two talk without him."""
        try:
            self._hand_over()
        except LocalError as error:
            log.info("nobody to connect", call_id=self._call.call_id, reason=str(error))
            self.conversation_over()

    def _other_left(self) -> None:
        """The other has hung up: he goes on with whom he has asked."""
        second, stand_in, call = self._second, self._stand_in, self._call
        if second is None or stand_in is None or second.mailbox.is_closed:
            return
        is_caller = self._other() is call.caller
        self._release()
        self._second = None
        call.record.has_far_left = not is_caller
        if not is_caller:
            call.record.ended_by_flow()
        come_in_person(call, self.party, stand_in, of=second)

    def _hand_over(self) -> None:
        """Let the other talk to whom he has asked, or wait for him."""
        call, party, second, stand_in = self._call, self.party, self._second, self._stand_in
        if second is None or stand_in is None:
            raise LocalError("nobody was called yet")
        other, is_caller = self._other(), party is call.caller
        self._release()
        self._second = None
        try:
            hand_over(call, other, stand_in, of=second, by=name_of(party), ended_by="caller" if is_caller else "agent")
        except LocalError:
            call.exchange.stand_in_left(stand_in, "remote")
            raise
        log.info("transfer", call_id=call.call_id, by=name_of(party), to=second.record.called_number, kind="consulted")
        if second.conversation is not None:
            second.conversation.consulted()
        elif second.state is CallState.ALERTING:
            second.transfer = Transfer(second, extension=party.extension)
        second.part(stand_in)

    def _let_go_of_second(self) -> None:
        second, stand_in = self._second, self._stand_in
        self._second = self._stand_in = None
        if second is None or stand_in is None:
            return
        self._part_in_second(second, stand_in)
        self._call.exchange.stand_in_left(stand_in, "remote")

    @staticmethod
    def _part_in_second(second: ActiveCall, stand_in: Party) -> None:
        """What is done there from now on does not reach his stream."""
        if stand_in.stream is not None:
            stand_in.stream.drop()
        if second.conversation is not None:
            end_conversation(second, second.conversation)

    def _release(self) -> None:
        """Nothing of this is the call's any more."""
        self._call.consultation = None
        self._prompt = None
        self.party.is_elsewhere = False
        self._tell_keys(is_consulting=False)
        if self._call.conversation is not None:
            self._call.conversation.guests = ()
        if self._second is not None and self._second.conversation is not None:
            self._second.conversation.guests = ()
        if self._stand_in is not None:
            self._stand_in.is_elsewhere = False
        self._call.recordings.resume()

    def _listen(self, *, in_second: bool) -> None:
        """Let him talk in one of the two calls; in the other they wait."""
        first, second = self._call.conversation, None if self._second is None else self._second.conversation
        self.party.is_elsewhere = in_second
        if self._stand_in is not None:
            self._stand_in.is_elsewhere = not in_second
        for conversation in (first, second) if in_second else (second, first):  # the one he leaves comes first
            if conversation is not None:
                conversation.guests = ()
                conversation.hold_changed()
        if in_second:
            self._call.recordings.set_aside(is_caller=self.party is self._call.caller)
        else:
            self._call.recordings.resume()

    def _conversation(self) -> Conversation:
        conversation = self._call.conversation
        if conversation is None:
            raise LocalError("they have parted")
        return conversation

    def _talk_in_second(self) -> Conversation:
        second = self._second
        if second is None or second.conversation is None or not second.conversation.far.is_answered:
            raise LocalError("whom he asks is not there yet")
        return second.conversation

    def _other(self) -> Party:
        conversation = self._conversation()
        return conversation.far if conversation.near is self.party else conversation.near

    def _tell_keys(self, *, is_consulting: bool) -> None:
        if self.party.call_keys is not None:
            self.party.call_keys.is_consulting = is_consulting
