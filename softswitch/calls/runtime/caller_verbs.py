"""The verbs of a real call: what a flow can do with the caller (`CallVerbs`)."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from softswitch.acd.inputs import ContactRated
from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId
from softswitch.base.log import get_logger
from softswitch.calls.callback_book import CALLBACK_TAG, CallbackWish
from softswitch.calls.caller_lists import Listed
from softswitch.calls.kept.kept_verbs import (
    KeptDialling,
    KeptDigits,
    KeptLine,
    KeptMessage,
    KeptParking,
    KeptPause,
    KeptPlay,
    KeptVisit,
)
from softswitch.calls.lookups import LookupField
from softswitch.calls.outcomes import (
    CallEnded,
    ConferenceOutcome,
    Digits,
    LookupAnswer,
    Played,
    RecordedMessage,
)
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.belonging import own_queue, own_thing, project_of, sounds_of
from softswitch.calls.runtime.call_voicemail import CallVoicemail
from softswitch.calls.runtime.conferring import confer
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.faxes import listen_for_fax
from softswitch.calls.runtime.message import Message
from softswitch.calls.runtime.reaching_verbs import ReachingVerbs
from softswitch.calls.runtime.sealed_messages import audible
from softswitch.calls.runtime.sending_away import send_away
from softswitch.calls.runtime.transferring import transfer_caller
from softswitch.calls.settings import Project
from softswitch.calls.verbs import SoundFiles
from softswitch.media.limits import SOUNDS_PER_PLAYBACK_MAX
from softswitch.prompts.spoken import Said

log = get_logger("calls")


class CallerVerbs(ReachingVerbs):
    """Each raises `CallEnded` once the caller is gone, and `MediaUnavailable` when there is no worker for his audio."""

    @property
    def call_id(self) -> CallId:
        return self._call.call_id

    @property
    def record(self) -> CallRecord:
        return self._call.record

    @property
    def project(self) -> Project:
        return project_of(self._call)

    @property
    def project_id(self) -> str:
        """Whose call it is; of a project that was removed too."""
        return self._call.record.project

    @property
    def headers(self) -> dict[str, str]:
        return self._call.headers

    @property
    def sounds(self) -> SoundFiles:
        return sounds_of(self._call)

    @property
    def clock(self) -> Clock:
        return self._call.around.clock

    @property
    def voicemail(self) -> CallVoicemail:
        return CallVoicemail(self._call, self._own_extension, self._record)

    @property
    def is_answered(self) -> bool:
        return self._call.is_answered

    @property
    def is_being_transferred(self) -> bool:
        """Whoever transferred the caller here is not done with him."""
        return self._call.transfer is not None

    @property
    def language(self) -> str:
        return self._call.language

    @language.setter
    def language(self, language: str) -> None:
        self._call.language = language

    @property
    def is_caller_hidden(self) -> bool:
        return self._call.is_caller_hidden

    @is_caller_hidden.setter
    def is_caller_hidden(self, is_caller_hidden: bool) -> None:
        self._call.is_caller_hidden = is_caller_hidden

    async def files(self, said: Sequence[Said]) -> list[str]:
        """What is to be played, in the call's language; what must first be spoken is waited for."""
        return await self._call.around.speech.files(self.sounds, said, self.language)

    async def answer(self) -> None:
        """Connect the caller. Verbs that need to be heard do it themselves."""
        await self._step("answer")
        await self._call.answer()

    async def ring(self) -> None:
        """Let the caller's phone show that the other side is being called (180)."""
        await self._step("ring")
        await self._call.ring()

    async def transfer(self, target: str) -> NoReturn:
        """The caller begins a call to another number; this one is over, and the flow's verbs end here."""
        await self._answer_for("transfer")
        if not self._call.exchange.is_reachable(target):
            raise LocalError(f'transfer: no route and no extension leads to "{target}"')
        transfer_caller(self._call, target, by="flow")
        await self._end_verbs()

    async def send_away(self, target: str) -> bool:
        """Have the caller's own side connect him elsewhere; False if he is still here."""
        await self._answer_for("send_away")
        self._call.mailbox.clear()
        return await send_away(self._call, target)

    async def reject(self, status: int = 603, reason: str | None = None) -> NoReturn:
        """Refuse a call that was not answered; an answered one is hung up. The flow's verbs end here."""
        await self._step("reject")
        if not 300 <= status <= 699:
            raise LocalError(
                f"a call cannot be rejected with {status}: use a SIP status from 300 to 699, as 486 or 603"
            )
        self._leave_to_transferor()
        if self.is_answered:
            self._call.record.ended_by_flow()
            self._call.take_leave(status)
        else:
            self._call.refuse(status, reason)
        await self._end_verbs()

    async def hang_up(self) -> NoReturn:
        """End the call. The flow's verbs end here."""
        await self._step("hang_up")
        self._leave_to_transferor()
        self._call.record.ended_by_flow()
        self._call.take_leave(480)
        await self._end_verbs()

    async def play(self, sounds: Sequence[str], *, stop_digits: str = "", answer: bool = True) -> str:
        """Play files to the caller; returns the digit of `stop_digits` that cut it short, or "".

        Digits outside `stop_digits` are kept for the next verb that asks for digits. Without `answer` a caller who is
        not connected yet hears it as early media; if his phone can have none, nothing is played.
        """
        if answer:
            await self._answer_for("play")
        else:
            await self._step("play")
            if not await self._call.progress():
                return ""
        kept = self._resumption(KeptPlay)
        digit = self._call.digits_typed.take(stop_digits) if kept is None else ""
        for first in range(0 if kept is None else kept.first, len(sounds), SOUNDS_PER_PLAYBACK_MAX):
            part = sounds[first : first + SOUNDS_PER_PLAYBACK_MAX]
            digit = digit or await self._play(part, stop_digits, first=first)
        return digit

    async def play_file(self, path: str, *, skip_s: float, stop_digits: str) -> Played:
        """Play a recording from `skip_s` seconds on; says where a digit has cut it short."""
        await self._answer_for("play_recorded")
        kept = self._resumption(KeptPlay)
        began_at = self._call.around.clock.now() - skip_s if kept is None else kept.began_at
        digit = self._call.digits_typed.take(stop_digits) if kept is None else ""
        if kept is not None:
            digit = await self._play([path], stop_digits, began_at=began_at)
        elif not digit:
            async with audible(path, self._call.around.settings()) as sound:
                digit = await self._play([sound], stop_digits, skip_s=skip_s, began_at=began_at)
        return Played(digit=digit, at_s=self._call.around.clock.now() - began_at)

    async def digits(self, *, maximum: int, first_s: float, between_s: float, end_digits: str) -> Digits:
        """Collect what the caller types: until `maximum` digits, one of `end_digits`, or a pause that is too long."""
        self._call.unreached = None
        await self._answer_for("digits")
        kept = self._resumption(KeptDigits)
        typed = "" if kept is None else kept.typed
        with self._in_progress(lambda: KeptDigits(typed="" if self._call.recordings.is_masked else typed)):
            while len(typed) < maximum:
                digit = await self._next_digit(between_s if typed else first_s)
                if digit is None:
                    return Digits(typed, is_complete=False)
                if digit in end_digits:
                    break
                typed += digit
                self._call.changed()
        return Digits(typed, is_complete=True)

    async def pause(self, seconds: float) -> None:
        """Wait; the caller hears silence."""
        await self._step("pause")
        kept = self._resumption(KeptPause)
        deadline = self._call.around.clock.now() + seconds if kept is None else kept.ends_at
        with self._in_progress(lambda: KeptPause(ends_at=deadline)):
            while (left := deadline - self._call.around.clock.now()) > 0:
                await self._call.mailbox.next(left)

    async def wait_for_fax(self, seconds: float) -> bool:
        """Whether the caller is a fax machine: it is listened for so long, at most."""
        await self._answer_for("wait_for_fax")
        caller, clock = self._call.caller, self._call.around.clock
        listen_for_fax(caller)
        deadline = clock.now() + seconds
        while not caller.is_fax and (left := deadline - clock.now()) > 0:
            await self._call.mailbox.next(left)
        return caller.is_fax

    async def conference(self, room: str) -> ConferenceOutcome:
        """Take part in a conference until he leaves or is dismissed: in the room with this id, or that of the number
        called, or whose PIN he types."""
        self._call.unreached = None
        await self._call.mailbox.check()
        outcome = await confer(self._call, self, room)
        self._call.digits_typed.clear()
        return outcome

    async def request_callback(self, number: str, queue: str) -> bool:
        """Promise the caller a call-back from a queue, in the place he had there; False if it cannot be promised."""
        await self._step("request_callback")
        call, clock = self._call, self._call.around.clock
        stay = call.queue_stay
        is_same = stay is not None and queue in ("", stay.queue_id)
        wishes = stay.wishes if stay is not None and is_same else QueueWishes()
        waited_s = clock.now() - stay.queued_at if stay is not None and is_same else 0.0
        settings = call.around.settings()
        queue_id = own_queue(call, queue) if queue else (stay.queue_id if stay is not None else "")
        treatment = settings.queues.get(queue_id)
        boost_s = call.around.lists.boost_s(
            queue_id, calling_number=call.record.calling_number, called_number=call.record.called_number
        )
        wish = CallbackWish(
            number=number or call.caller_identity[0],
            queue_id=QueueId(queue_id),
            enqueued_wall=clock.wall() - waited_s,
            name=call.caller_identity[1],
            boost_s=wishes.boost_s + boost_s,
            skills=wishes.skills,
            requirement=wishes.requirement,
            language=call.language,
            project=call.record.project or ("" if treatment is None else treatment.project),
            source="queue" if is_same else "flow",
        )
        try:
            callback, _ = await call.around.callbacks.request(wish, is_on_the_line=True)
        except LocalError as error:
            log.warning("callback not promised", call_id=call.call_id, reason=str(error))
            return False
        call.record.tags[CALLBACK_TAG] = callback.callback_id
        if call.mailbox.is_closed:
            call.around.callbacks.released(callback.callback_id)
        else:
            call.mailbox.when_closed(lambda: call.around.callbacks.released(callback.callback_id))
        return True

    def rate(self, survey: str, question: str, score: int) -> None:
        """Note an answer in the call's record, and with the queue and the agent who served the caller last, if any."""
        self._call.record.scores[f"{survey}.{question}" if question else survey] = score
        served = self.served
        if served is not None and served.agent is not None:
            self._call.around.acd.apply(
                ContactRated(
                    ContactId(self._call.call_id),
                    QueueId(served.queue),
                    AgentId(served.agent),
                    survey=survey,
                    question=question,
                    score=score,
                )
            )

    def tag(self, name: str, value: str) -> None:
        """Note something in the call's record."""
        self._call.record.tags[name] = value

    async def record_message(self, *, limit_s: float, end_digits: str) -> RecordedMessage:
        """Record the caller until he types one of `end_digits`, the time is over, or he hangs up."""
        self._call.unreached = None
        await self._answer_for("record_message")
        return await self._record(limit_s=limit_s, end_digits=end_digits)

    async def start_recording(self) -> bool:
        """Record the caller, and whoever he talks to; False where it is never done."""
        await self._answer_for("start_recording")
        return self._call.recordings.start()

    async def stop_recording(self) -> None:
        """Complete the file."""
        await self._step("stop_recording")
        self._call.recordings.stop()

    async def mask_recording(self, seconds: float | None) -> None:
        """Silence in all recordings of the call for so long, or for as long as the settings allow."""
        await self._step("mask_recording")
        self._call.recordings.mask(seconds, by="flow")

    async def resume_recording(self) -> None:
        """No silence any more."""
        await self._step("resume_recording")
        self._call.recordings.unmask()

    def drop_digits(self) -> None:
        """Forget what was typed ahead: it was meant for what is over now."""
        self._call.digits_typed.clear()

    @property
    def variables(self) -> dict[str, str]:
        """What the flows of this call keep for each other."""
        return self._call.variables

    def region_of(self, number: str) -> str:
        """Where the number is from; "" if that is not known."""
        settings = self._call.around.settings()
        return settings.regions.find(number, settings.habits)

    def listed(self, list_name: str, number: str) -> Listed | None:
        """How the number is in the list, or None."""
        return self._call.around.lists.find(self._own_list(list_name), number)

    async def enlist(self, list_name: str, number: str, *, note: str, for_s: float | None) -> bool:
        """Put the number there; True once that is on the disk."""
        await self._call.mailbox.check()
        return await self._call.around.lists.add(
            self._own_list(list_name), number, note=note, for_s=for_s, by=self._flow
        )

    async def delist(self, list_name: str, number: str) -> bool:
        """Whether it was there, and is no longer."""
        await self._call.mailbox.check()
        return await self._call.around.lists.remove(self._own_list(list_name), number)

    async def look_up(self, lookup: str, fields: Mapping[str, LookupField]) -> LookupAnswer:
        """Ask, or know why there is no answer. If the caller leaves meanwhile it is over when the answer is there."""
        await self._step("look_up")
        lookup = own_thing(self._call, "lookup", lookup, self._call.around.lookups.configured)
        record = self._call.record
        known = {
            "calling_number": record.calling_number,
            "calling_name": record.calling_name,
            "called_number": record.called_number,
            "call_id": self._call.call_id,
            "language": self._call.language,
            "project": record.project,
        }
        answer = await self._call.around.lookups.ask(lookup, known | dict(fields))
        await self._call.mailbox.check()
        return answer

    async def go_on(self) -> bool:
        """Carry what was kept of a verb to its end, for a caller whose flow cannot; False if there is nothing of it."""
        recorded: RecordedMessage | None = None
        try:
            match self._kept:
                case KeptVisit() as kept:
                    await self.queue(kept.queue, kept.wishes)
                case KeptDialling() as kept:
                    await self._dial(Dialling.resumed(self._call, kept))
                case KeptParking() as kept:
                    await self.park(kept.slot, timeout_s=None)
                case KeptMessage():
                    recorded = await self._record(limit_s=0.0, end_digits="#")
                case KeptLine():
                    await self.agent_line()
                case _ if self._call.seat is not None:
                    await self.conference("")
                case _:
                    self._kept = None  # nobody waits for it any more
                    return False
            return True
        finally:
            self._call.around.voicemail.flow_left(self._call.call_id, recorded)

    # Private

    async def _record(self, *, limit_s: float, end_digits: str, path: str = "") -> RecordedMessage:
        message = Message(self._call, limit_s=limit_s, path=path, kept=self._resumption(KeptMessage))
        with self._in_progress(message.keep):
            self._call.changed()
            return await message.run(end_digits)

    def _own_list(self, name: str) -> str:
        return own_thing(self._call, "list", name, self._call.around.settings().caller_lists)

    @property
    def _flow(self) -> str:
        return f"flow:{self._call.record.flow}"

    async def _next_digit(self, timeout_s: float) -> str | None:
        deadline = self._call.around.clock.now() + timeout_s
        while not (digit := self._call.digits_typed.take()):
            left = deadline - self._call.around.clock.now()
            if left <= 0:
                return None
            await self._call.mailbox.next(left)
        return digit

    def _leave_to_transferor(self) -> None:
        """Who was transferred here in vain is not hung up: whoever transferred him has him back (recall.py)."""
        if self._call.transfer is not None:
            raise CallEnded("the flow has nobody for a transferred caller")

    async def _end_verbs(self) -> NoReturn:
        await self._call.mailbox.check()
        raise CallEnded("the switch has ended the call")
