"""A call in progress: the caller, whoever he is connected to, and the verbs a flow can use on him.

One flow runs the call and reads its mailbox, so there is never a question of who acts next. What must be answered
whatever the flow does is done at once in `receive`: re-INVITEs (hold), the caller's digits, the caller's departure.

```
   InviteReceived                 answer()                      last verb / BYE
  ───────────────► ARRIVED ──► ANSWERED ⇄ WAITING ⇄ TALKING ──────────────────► ENDED ──► CDR
```
"""

import asyncio
from collections import deque
from collections.abc import Callable, MutableMapping, Sequence

from softswitch.base.clock import Clock
from softswitch.base.ids import AgentId, CallId, LegId, QueueId
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import (
    CallEnded,
    DialOutcome,
    Digits,
    QueueOutcome,
    RecordedMessage,
)
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.mailbox import Mailbox
from softswitch.calls.runtime.message import record_message
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

DIGITS_MAX = 64
"""Type-ahead that is kept; nobody means more than that."""


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
        self.headers = dict(invite.headers)
        self._offer = invite.sdp
        self._digits: deque[str] = deque(maxlen=DIGITS_MAX)
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
                self._others.pop(event.leg_id, None)
                self.mailbox.put(event)
            case ReinviteReceived():
                self._answer_reinvite(event)
            case LegConfirmed() | ReinviteConfirmed():
                self._take_late_answer(event)
            case InfoReceived():
                digit = _digit_of_info(event)
                if digit is not None and event.leg_id == self.caller.leg.leg_id:
                    self._digit(digit)
            case DtmfReceived():
                if self.caller.stream is not None and event.stream_id == self.caller.stream.stream_id:
                    self._digit(event.digit)
            case _:
                self.mailbox.put(event)

    def flow_over(self) -> None:
        """The flow has returned or failed: whoever is still on the line is taken leave of."""
        self._is_flow_over = True
        if self.caller.leg.state is not LegState.ENDED:
            self.hang_up_from_outside("flow ended")
        self._close_if_over()

    def hang_up_from_outside(self, reason: str) -> None:
        """End the call now, whatever its flow is doing (an operator's command, the switch stopping)."""
        if self.caller.leg.state is LegState.ENDED:
            return
        self.record.ended("switch", reason)
        if self.caller.leg.state is LegState.ANSWERED:
            self.around.sip.hang_up(self.caller.leg.leg_id)
        else:
            self.around.sip.reject(self.caller.leg.leg_id, self.record.sip_status or 480)

    # Verbs

    async def answer(self) -> None:
        """Connect the caller. Verbs that need to be heard do it themselves."""
        self.mailbox.check()
        if self.caller.leg.state is LegState.ANSWERED:
            return
        settings = self.around.settings()
        stream = await self.around.media.open_stream(self.call_id)
        if self.mailbox.is_closed:
            stream.drop()
        self.mailbox.check()
        leg = self.caller.leg
        self.caller.attach(stream, settings.media_ip)
        if self._offer:
            answer = leg.answer(self._offer)
            if isinstance(answer, OfferRefused):
                self._refuse(answer.status, answer.reason)
                return
            self.caller.connect()
        else:
            answer = leg.offer()
        self.around.sip.accept(leg.leg_id, answer)
        leg.state = LegState.ANSWERED
        self.record.answered_at = self.around.clock.wall()
        self.set_state(CallState.ANSWERED)

    async def ring(self) -> None:
        """Let the caller's phone show that the other side is being called (180)."""
        self.mailbox.check()
        if self.caller.leg.state is LegState.TRYING:
            self.around.sip.progress(self.caller.leg.leg_id, 180)
            self.caller.leg.state = LegState.RINGING

    async def reject(self, status: int = 603, reason: str | None = None) -> None:
        """Refuse a call that was not answered; an answered one is hung up. The flow's verbs end here."""
        self.mailbox.check()
        if self.caller.leg.state is LegState.ANSWERED:
            await self.hang_up()
        else:
            self._refuse(status, reason)

    async def hang_up(self) -> None:
        """End the call. The flow's verbs end here."""
        self.mailbox.check()
        self.hang_up_from_outside("flow hung up")
        self.mailbox.check()

    async def play(self, sounds: Sequence[str], *, stop_digits: str = "") -> str:
        """Play files to the caller; returns the digit of `stop_digits` that cut it short, or "".

        Digits outside `stop_digits` are kept for the next verb that asks for digits.
        """
        await self.answer()
        if self._digits and self._digits[0] in stop_digits:
            return self._digits.popleft()
        stream = self.caller_stream
        play_id = stream.play(sounds)
        while True:
            match await self.mailbox.next():
                case PlayFinished(play_id=finished) if finished == play_id:
                    return ""
                case DtmfReceived(digit=digit) if digit in stop_digits and self._digits:
                    stream.stop_play(play_id)
                    return self._digits.popleft()
                case _:
                    pass

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
        deadline = self.around.clock.now() + seconds
        while (left := deadline - self.around.clock.now()) > 0:
            await self.mailbox.next(left)

    async def queue(
        self, queue_id: str, *, boost_s: float, skills: dict[str, int], record: bool | None
    ) -> QueueOutcome:
        """Wait for an agent and talk to him; returns when the agent has left or the waiting has ended otherwise."""
        await self.answer()
        return await QueueVisit(self, queue_id, is_recorded=record).run(boost_s=boost_s, skills=skills)

    async def dial(self, target: str, *, ring_s: float | None, record: bool) -> DialOutcome:
        """Ring an extension or an outside number and connect it; returns when the far side has left or did not come."""
        self.mailbox.check()
        return await Dialling(self, target, is_recorded=record).run(ring_s)

    async def record_message(self, *, limit_s: float, end_digits: str) -> RecordedMessage:
        """Record the caller until he types one of `end_digits` or the time is over."""
        await self.answer()
        return await record_message(self, limit_s=limit_s, end_digits=end_digits)

    def drop_digits(self) -> None:
        """Forget what was typed ahead: it was meant for what is over now."""
        self._digits.clear()

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
        if self.caller.stream is None:
            raise CallEnded("the caller's audio is gone")
        return self.caller.stream

    def set_state(self, state: CallState) -> None:
        self.state = state
        self.state_since = self.around.clock.now()

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

    def part_conversation(self, conversation: Conversation) -> float:
        """End it; the far party leaves the call. Returns how long they talked, in seconds."""
        talk_s = conversation.end()
        self.record.talk_s += talk_s
        self.record.hold_s += conversation.held_s
        self.conversation = None
        self.part(conversation.far)
        return talk_s

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
        while not self._digits:
            left = deadline - self.around.clock.now()
            if left <= 0:
                return None
            await self.mailbox.next(left)
        return self._digits.popleft()

    def _digit(self, digit: str) -> None:
        self._digits.append(digit)
        stream_id = self.caller_stream.stream_id
        self.mailbox.put(DtmfReceived(self.call_id, stream_id, digit))

    def _refuse(self, status: int, reason: str | None) -> None:
        self.record.ended("switch", reason or "rejected", status)
        self.around.sip.reject(self.caller.leg.leg_id, status, reason)
        self.mailbox.check()

    def _caller_left(self, event: LegEnded) -> None:
        self.caller.leg.state = LegState.ENDED
        self.record.ended("caller" if event.by == "remote" else "switch", event.reason or "hung up", event.status)
        self.mailbox.close(event.reason or "the caller hung up")
        self._close_if_over()

    def _close_if_over(self) -> None:
        if not (self._is_flow_over and self.caller.leg.state is LegState.ENDED) or self.state is CallState.ENDED:
            return
        self.set_state(CallState.ENDED)
        self.caller.release()
        for party in list(self._others.values()):
            self.part(party)
        self._on_closed(self)

    def _answer_reinvite(self, event: ReinviteReceived) -> None:
        party = self._party(event.leg_id)
        if party is None or party.stream is None:
            self.around.sip.refuse_reinvite(event.leg_id, 488)
            return
        if not event.sdp:
            self.around.sip.answer_reinvite(event.leg_id, party.leg.offer())
            return
        answer = party.leg.answer(event.sdp)
        if isinstance(answer, OfferRefused):
            self.around.sip.refuse_reinvite(event.leg_id, answer.status)
            return
        self.around.sip.answer_reinvite(event.leg_id, answer)
        self._media_changed(party)

    def _take_late_answer(self, event: LegConfirmed | ReinviteConfirmed) -> None:
        party = self._party(event.leg_id)
        if party is None or not event.sdp:
            return
        if isinstance(party.leg.receive_answer(event.sdp), OfferRefused):
            self.around.sip.hang_up(event.leg_id, reason='SIP;cause=488;text="Not Acceptable Here"')
            return
        self._media_changed(party)

    def _media_changed(self, party: Party) -> None:
        party.connect()
        if self.conversation is not None and party in (self.conversation.near, self.conversation.far):
            self.conversation.hold_changed()

    def _party(self, leg_id: LegId) -> Party | None:
        return self.caller if leg_id == self.caller.leg.leg_id else self._others.get(leg_id)


def _digit_of_info(event: InfoReceived) -> str | None:
    """The digit in an INFO of type application/dtmf-relay ("Signal=5") or application/dtmf ("5"), or None."""
    text = event.body.decode("ascii", "replace").strip()
    content_type = event.content_type.split(";")[0].strip().lower()
    if content_type == "application/dtmf-relay":
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        text = next((value.strip() for key, value in fields.items() if key.strip().lower() == "signal"), "")
    elif content_type != "application/dtmf":
        return None
    digit = text.upper()
    return digit if len(digit) == 1 and digit in "0123456789*#ABCD" else None
