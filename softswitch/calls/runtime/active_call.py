"""A call in progress: the caller, whoever he is connected to, and the verbs a flow can use on him.

One flow runs the call and reads its mailbox, so there is never a question of who acts next. What must be answered
whatever the flow does is done at once in `receive`: re-INVITEs (hold), the caller's digits, the caller's departure.

```
   InviteReceived                 answer()                      last verb / BYE
  ───────────────► ARRIVED ──► ANSWERED ⇄ WAITING ⇄ TALKING ──────────────────► ENDED ──► CDR
                     └───────────── ALERTING ──────────┘
```
"""

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from typing import NoReturn

from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, LegId, QueueId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.dtmf_info import digit_of_info
from softswitch.calls.events import CallEvent
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import CallEnded, DialOutcome, Digits, QueueOutcome, RecordedMessage
from softswitch.calls.record import CallRecord, EndedBy, EndReason
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.digits import TypedDigits
from softswitch.calls.runtime.mailbox import Mailbox
from softswitch.calls.runtime.message import record_message
from softswitch.calls.runtime.negotiation import answer_reinvite, take_late_answer
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.queueing import QueueVisit
from softswitch.calls.verbs import SoundFiles
from softswitch.media.protocol import DtmfReceived, PlayFinished, Recording
from softswitch.media.recording import recording_path
from softswitch.media.runtime.client import MediaStream
from softswitch.sip.offer_answer import OfferRefused
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteConfirmed,
    ReinviteReceived,
)
from softswitch.store.schema import StoredRecording

log = get_logger("calls")


class ActiveCall:
    """See the module. The verbs raise `CallEnded` once the caller is gone, and `MediaUnavailable` without a worker."""

    def __init__(
        self,
        invite: InviteReceived,
        caller: Party,
        record: CallRecord,
        around: Surroundings,
        *,
        loop: asyncio.AbstractEventLoop,
        legs: "MutableMapping[LegId, ActiveCall]",
        on_closed: Callable[["ActiveCall"], None],
    ) -> None:
        self.call_id: CallId = record.call_id
        self.caller = caller
        self.record = record
        self.around = around
        self.language = around.settings().language
        self.state = CallState.ARRIVED
        self.state_since = around.clock.now()
        self.mailbox: Mailbox[CallEvent] = Mailbox(loop)
        self.conversation: Conversation | None = None
        self.digits_typed = TypedDigits()
        self.headers = dict(invite.headers)
        self.max_forwards = invite.max_forwards
        """What legs made for this call may use, so that a call that comes back to us again and again ends."""
        self._offer = invite.sdp
        self._description = b""
        """What the 200 to the caller will say; made when his stream is opened."""
        self._others: dict[LegId, Party] = {}
        self._legs = legs
        self._on_closed = on_closed
        self._is_flow_over = False

    # Inputs

    def receive(self, event: CallEvent) -> None:
        """Everything that happens to the call comes through here."""
        match event:
            case LegEnded() if event.leg_id == self.caller.leg.leg_id:
                self._caller_left(event)
            case LegEnded() | LegFailed():
                party = self._others.pop(event.leg_id, None)
                if party is not None:
                    party.leg.state = LegState.ENDED
                self.mailbox.put(event)
            case ReinviteReceived():
                answer_reinvite(self, self._party(event.leg_id), event)
            case LegConfirmed() | ReinviteConfirmed():
                take_late_answer(self, self._party(event.leg_id), event)
            case InfoReceived():
                digit = digit_of_info(event)
                if digit is not None and event.leg_id == self.caller.leg.leg_id:
                    self._typed(digit)
            case DtmfReceived():
                if self.caller.stream is not None and event.stream_id == self.caller.stream.stream_id:
                    self._typed(event.digit)
            case _:
                self.mailbox.put(event)

    def flow_over(self) -> None:
        """The flow has returned, or need not be waited for: whoever is still on the line is taken leave of."""
        self._is_flow_over = True
        if not self.mailbox.is_closed:
            self.record.ended_by_flow()
            self._hang_up(480)
        self._close_if_over()

    def flow_failed(self, fault: str, status: int) -> None:
        """The flow failed; `fault` is for its author. An unanswered caller is refused with `status` at once."""
        self.record.fault = self.record.fault or fault
        self.record.ended("switch", EndReason.FAILED)
        if not self.is_answered and not self.mailbox.is_closed:
            self._hang_up(status)

    def refuse(self, status: int, phrase: str | None = None) -> None:
        """Do not answer the caller: no such number, no right, nothing in common."""
        self.record.ended("switch", EndReason.REJECTED)
        self._hang_up(status, phrase)

    def hang_up_from_outside(self, reason: str) -> None:
        """End the call now, whatever its flow is doing (an operator's command, the switch stopping)."""
        if self.mailbox.is_closed:
            return
        log.info("call ended from outside", call_id=self.call_id, reason=reason)
        self.record.ended("switch", EndReason.STOPPED)
        self._hang_up(503)

    # Verbs

    async def answer(self) -> None:
        """Connect the caller. Verbs that need to be heard do it themselves."""
        await self.open_audio()
        if self.caller.is_answered:
            return
        self.around.sip.accept(self.caller.leg.leg_id, self._description)
        self.caller.leg.state = LegState.ANSWERED
        self.caller.connect()
        self.record.answered_at = self.around.clock.wall()
        self.set_state(CallState.ANSWERED)

    async def ring(self) -> None:
        """Let the caller's phone show that the other side is being called (180)."""
        await self.mailbox.check()
        if self.caller.leg.state is LegState.TRYING:
            self.around.sip.progress(self.caller.leg.leg_id, 180)
            self.caller.leg.state = LegState.RINGING

    async def reject(self, status: int = 603, reason: str | None = None) -> NoReturn:
        """Refuse a call that was not answered; an answered one is hung up. The flow's verbs end here."""
        await self.mailbox.check()
        if not 300 <= status <= 699:
            raise LocalError(
                f"a call cannot be rejected with {status}: use a SIP status from 300 to 699, as 486 or 603"
            )
        if self.is_answered:
            self.record.ended_by_flow()
            self._hang_up(status)
        else:
            self.refuse(status, reason)
        await self._end_verbs()

    async def hang_up(self) -> NoReturn:
        """End the call. The flow's verbs end here."""
        await self.mailbox.check()
        self.record.ended_by_flow()
        self._hang_up(480)
        await self._end_verbs()

    async def play(self, sounds: Sequence[str], *, stop_digits: str = "") -> str:
        """Play files to the caller; returns the digit of `stop_digits` that cut it short, or "".

        Digits outside `stop_digits` are kept for the next verb that asks for digits.
        """
        await self.answer()
        digit = self.digits_typed.take(stop_digits)
        if digit or not sounds:
            return digit
        stream = self.caller_stream
        play_id = stream.play(sounds)
        while True:
            event = await self.mailbox.next()
            if isinstance(event, PlayFinished) and event.play_id == play_id:
                return ""
            digit = self.digits_typed.take(stop_digits)
            if digit:
                stream.stop_play(play_id)
                return digit

    async def digits(self, *, maximum: int, first_s: float, between_s: float, end_digits: str) -> Digits:
        """Collect what the caller types: until `maximum` digits, one of `end_digits`, or a pause that is too long."""
        await self.answer()
        typed = ""
        while len(typed) < maximum:
            digit = await self._next_digit(between_s if typed else first_s)
            if digit is None:
                return Digits(typed, is_complete=False)
            if digit in end_digits:
                return Digits(typed, is_complete=True)
            typed += digit
        return Digits(typed, is_complete=True)

    async def pause(self, seconds: float) -> None:
        """Wait; the caller hears silence."""
        await self.mailbox.check()
        deadline = self.around.clock.now() + seconds
        while (left := deadline - self.around.clock.now()) > 0:
            await self.mailbox.next(left)

    async def queue(
        self, queue_id: str, *, boost_s: float, skills: dict[str, int], record: bool | None
    ) -> QueueOutcome:
        """Wait for an agent and talk to him; returns when the agent has left or the waiting has ended otherwise."""
        await self.answer()
        self.mailbox.clear()
        outcome = await QueueVisit(self, queue_id, is_recorded=record, boost_s=boost_s, skills=skills).run()
        self.digits_typed.clear()
        return outcome

    async def dial(self, target: str, *, ring_s: float | None, record: bool) -> DialOutcome:
        """Ring an extension or an outside number and connect it; returns when the far side has left or did not come."""
        await self.mailbox.check()
        self.mailbox.clear()
        outcome = await Dialling(self, target, is_recorded=record).run(ring_s)
        self.digits_typed.clear()
        return outcome

    async def record_message(self, *, limit_s: float, end_digits: str) -> RecordedMessage:
        """Record the caller until he types one of `end_digits`, the time is over, or he hangs up."""
        await self.answer()
        return await record_message(self, limit_s=limit_s, end_digits=end_digits)

    def drop_digits(self) -> None:
        """Forget what was typed ahead: it was meant for what is over now."""
        self.digits_typed.clear()

    # For the verbs' own modules

    @property
    def clock(self) -> Clock:
        return self.around.clock

    @property
    def sounds(self) -> SoundFiles:
        return self.around.sounds

    @property
    def is_answered(self) -> bool:
        return self.caller.is_answered

    @property
    def caller_stream(self) -> MediaStream:
        assert self.caller.stream is not None, "open_audio() comes first, and the stream lasts as long as the call"
        return self.caller.stream

    async def open_audio(self) -> None:
        """Have a stream for the caller, and know what to answer him, which refuses a caller we cannot talk to (488)."""
        await self.mailbox.check()
        if self.caller.stream is not None:
            return
        stream = await self.around.media.open_stream(self.call_id)
        if self.mailbox.is_closed:
            stream.drop()
        await self.mailbox.check()
        self.caller.attach(stream, self.around.settings().media_ip)
        leg = self.caller.leg
        answer = leg.answer(self._offer) if self._offer else leg.offer()
        if isinstance(answer, OfferRefused):
            self.refuse(answer.status, answer.reason)
            await self._end_verbs()
        self._description = answer

    def set_state(self, state: CallState) -> None:
        """An ended call stays ended, whatever a flow that was not waited for still does."""
        if self.state is not CallState.ENDED:
            self.state = state
            self.state_since = self.around.clock.now()

    def end_wait(self) -> None:
        """The caller is with his flow again, answered or not."""
        self.set_state(CallState.ANSWERED if self.record.answered_at is not None else CallState.ARRIVED)

    def join(self, party: Party) -> None:
        """Another party belongs to the call from now on: what happens to his leg comes here."""
        self._others[party.leg.leg_id] = party
        self._legs[party.leg.leg_id] = self

    def part(self, party: Party, reason: str | None = None) -> None:
        """Another party leaves, or has left: hang up if he has not, give his stream back."""
        if self._others.pop(party.leg.leg_id, None) is not None:
            self.around.sip.hang_up(party.leg.leg_id, reason=reason)
        party.leg.state = LegState.ENDED
        party.release()

    def converse(self, party: Party, music: str, is_recorded: bool) -> Conversation:
        """Connect the caller with `party`. The recording is in the index once it is closed."""
        conversation = Conversation(self.call_id, self.caller, party, music=music, around=self.around)
        conversation.begin(self.recording_path() if is_recorded else None)
        if conversation.recording is not None:
            self.note_recording(conversation.recording)
        self.conversation = conversation
        self.set_state(CallState.TALKING)
        return conversation

    def part_conversation(self, conversation: Conversation) -> None:
        """End it; the far party leaves the call."""
        conversation.end()
        self.record.talk_s += conversation.talk_s
        self.record.hold_s += conversation.held_s
        self.record.has_far_left = conversation.far.leg.state is LegState.ENDED
        self.conversation = None
        self.part(conversation.far)

    def note_recording(self, recording: Recording) -> None:
        record = self.record
        record.recordings.append(recording.path)
        self.around.records.recording_started(
            StoredRecording(
                recording_id=recording.recording_id,
                call_id=self.call_id,
                path=recording.path,
                started_at=self.around.clock.wall(),
                duration_s=0.0,
                size_bytes=0,
                agent=AgentId(record.agent) if record.agent else None,
                queue=QueueId(record.queue) if record.queue else None,
                calling_number=record.calling_number,
            )
        )

    def recording_path(self) -> str:
        """A path for this call's next recording."""
        directory = self.around.settings().recordings_directory
        number = len(self.record.recordings) + 1
        return recording_path(directory, self.around.clock.wall(), CallId(f"{self.call_id}-{number}"))

    # Private

    async def _next_digit(self, timeout_s: float) -> str | None:
        deadline = self.around.clock.now() + timeout_s
        while not (digit := self.digits_typed.take()):
            left = deadline - self.around.clock.now()
            if left <= 0:
                return None
            await self.mailbox.next(left)
        return digit

    def _typed(self, digit: str) -> None:
        """Keep it, and wake the verb that may wait for it."""
        if self.caller.stream is not None and self.digits_typed.add(digit):
            self.mailbox.put(DtmfReceived(self.call_id, self.caller.stream.stream_id, digit))

    def _hang_up(self, status: int, phrase: str | None = None) -> None:
        """Take leave of the caller, with `status` if he was not answered. The verbs end at once."""
        leg = self.caller.leg
        if self.caller.is_answered:
            self.around.sip.hang_up(leg.leg_id)
        else:
            headers = [("retry-after", str(self.around.settings().retry_after_s))] if status == 503 else []
            self.around.sip.reject(leg.leg_id, status, phrase, headers=headers)
        self.mailbox.close("the switch has ended the call")

    async def _end_verbs(self) -> NoReturn:
        await self.mailbox.check()
        raise CallEnded("the switch has ended the call")

    def _caller_left(self, event: LegEnded) -> None:
        self.caller.leg.state = LegState.ENDED
        self.record.sip_status = event.status
        if event.by == "remote":
            is_waiting = self.record.answered_at is None or self.state in (CallState.WAITING, CallState.ALERTING)
            by: EndedBy = "caller"
            reason = EndReason.ABANDONED if is_waiting else EndReason.COMPLETED
        else:
            by, reason = "switch", EndReason.FAILED
        self.record.ended(by, reason)
        self.mailbox.close("the caller hung up")
        self._close_if_over()

    def _close_if_over(self) -> None:
        if not (self._is_flow_over and self.caller.leg.state is LegState.ENDED) or self.state is CallState.ENDED:
            return
        self.set_state(CallState.ENDED)
        self.caller.release()
        for party in list(self._others.values()):
            self.part(party)
        self._on_closed(self)

    def _party(self, leg_id: LegId) -> Party | None:
        return self.caller if leg_id == self.caller.leg.leg_id else self._others.get(leg_id)
