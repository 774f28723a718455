"""The call as the author of a flow sees it.

A verb is awaited and returns what came of it. Ordinary outcomes are values (softswitch/calls/outcomes.py). If the
caller hangs up, the verb in progress and every later one raise `CallEnded`, which a flow may leave to its runner.
Verbs that need to be heard answer the call first.

What is played is named by prompts ("greeting/welcome", in the call's language) or given as numbers, which are read out:
`await call.play("order/number", 4711)`. A name with a slash or a ".wav" ending is looked up in the operator's sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from msgspec.structs import replace

from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.calls.forwarding import ForwardReason, with_forward
from softswitch.calls.outcomes import DialOutcome, Digits, MenuChoice, ParkOutcome, QueueOutcome, RecordedMessage
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.ringing import Ring, RingStrategy
from softswitch.calls.verbs import CallVerbs
from softswitch.dialplan.flows import Dialplan
from softswitch.sip.trunks.identity import Diversion, read_diversions
from softswitch.store.schema import StoredPhone

Said = str | int
"""A prompt's name, or a number to be read out."""

ANY_DIGIT = "0123456789*#"


class Call:
    """One caller. Made by the switch for each call; kept by nobody after the flow has returned."""

    def __init__(self, verbs: CallVerbs, dialplan: Dialplan) -> None:
        self._verbs = verbs
        self._dialplan = dialplan

    # Who calls

    @property
    def clock(self) -> Clock:
        """`clock.wall()` is the time of day in epoch seconds; a flow that asks it can be tested at any hour."""
        return self._verbs.clock

    @property
    def is_answered(self) -> bool:
        return self._verbs.is_answered

    @property
    def id(self) -> str:
        """The call's id in records, recordings and logs."""
        return self._verbs.call_id

    @property
    def calling_number(self) -> str:
        """An account's own number, whatever its phone claims; of callers from outside what the trunk says."""
        return self._verbs.record.calling_number

    @property
    def calling_name(self) -> str:
        return self._verbs.record.calling_name

    @property
    def called_number(self) -> str:
        return self._verbs.record.called_number

    @property
    def language(self) -> str:
        """Prompts and announcements are spoken in it; set it to change it ("en", "ru")."""
        return self._verbs.language

    @language.setter
    def language(self, language: str) -> None:
        self._verbs.language = language

    @property
    def is_caller_hidden(self) -> bool:
        """The caller's name and number are shown to nobody whom this call rings: because he wishes it (Privacy), or
        because the flow says so."""
        return self._verbs.is_caller_hidden

    @is_caller_hidden.setter
    def is_caller_hidden(self, is_caller_hidden: bool) -> None:
        self._verbs.is_caller_hidden = is_caller_hidden

    @property
    def diversions(self) -> tuple[Diversion, ...]:
        """Who passed the call on before it came here (Diversion, History-Info), the one called first comes first.

        What phones of ours say of it is not believed.
        """
        return read_diversions(self._verbs.headers)

    def header(self, name: str) -> str | None:
        """A header of the caller's INVITE: the well-known ones and every X- header."""
        return self._verbs.headers.get(name.lower())

    def is_open(self, schedule: str) -> bool:
        """Whether the schedule (schedules.toml) is open now. Raises `UnknownName`."""
        return self._dialplan.is_open(schedule, self._verbs.clock.wall())

    def tag(self, name: str, value: str) -> None:
        """Note something about the call in its record."""
        self._verbs.record.tags[name] = value

    # Beginning and end

    async def answer(self) -> None:
        """Connect the caller."""
        await self._verbs.answer()

    async def ring(self) -> None:
        """Let the caller hear that somebody is rung; if he is connected, until something else is played to him."""
        await self._verbs.ring()

    async def reject(self, status: int = 603, reason: str | None = None) -> NoReturn:
        """Refuse the call with a SIP status (486 busy, 603 declined …); an answered call is hung up.

        Nothing after it is run: it raises `CallEnded`.
        """
        await self._verbs.reject(status, reason)

    async def hang_up(self) -> NoReturn:
        """End the call, as returning from the flow does. Nothing after it is run: it raises `CallEnded`."""
        await self._verbs.hang_up()

    # Speaking and listening

    async def play(self, *said: Said, stop_digits: str = "", answer: bool = True) -> str:
        """Play prompts and numbers without a gap; returns the digit of `stop_digits` that cut them short, or "".

        With `answer=False` a caller who is not connected hears it before the call begins, and pays nothing for it. A
        few phones and networks cannot play that: for them nothing is played, and it returns at once.
        """
        return await self._verbs.play(self._files(said), stop_digits=stop_digits, answer=answer)

    async def pause(self, seconds: float) -> None:
        """Wait. Use it in place of `asyncio.sleep`: it ends at once when the caller hangs up."""
        await self._verbs.pause(seconds)

    async def gather(
        self,
        *said: Said,
        maximum: int,
        timeout_s: float = 5.0,
        between_s: float = 3.0,
        end_digits: str = "#",
    ) -> Digits:
        """Play a question, which the first digit cuts short, and collect the digits typed.

        `timeout_s` is how long the caller may think before the first digit, `between_s` before each further one.
        """
        if maximum < 1:
            raise LocalError(f"gather: maximum is {maximum}, and at least one digit must be wanted")
        first = await self._verbs.play(self._files(said), stop_digits=ANY_DIGIT) if said else ""
        if first and first in end_digits:
            return Digits("", is_complete=True)
        if first and maximum == 1:
            return Digits(first, is_complete=True)
        rest = await self._verbs.digits(
            maximum=maximum - len(first),
            first_s=between_s if first else timeout_s,
            between_s=between_s,
            end_digits=end_digits,
        )
        return Digits(first + rest.digits, rest.is_complete)

    async def menu(
        self, *said: Said, digits: str, timeout_s: float = 5.0, tries: int = 2, default: str | None = None
    ) -> MenuChoice:
        """Ask for one of `digits`, again after a wrong digit or none; then take `default`, the first by default."""
        if not digits:
            raise LocalError("menu: digits is empty, so there is nothing to choose")
        for _ in range(tries):
            typed = await self.gather(*said, maximum=1, timeout_s=timeout_s, end_digits="")
            if typed.digits and typed.digits in digits:
                return MenuChoice(typed.digits)
            if typed.digits:
                await self.play("menu/invalid-choice")
        return MenuChoice(digits[0] if default is None else default, is_default=True)

    async def record(self, *, limit_s: float = 120.0, end_digits: str = "#", beep: bool = True) -> RecordedMessage:
        """Record what the caller says until he types one of `end_digits`, hangs up, or `limit_s` is over.

        Returns the message in each of the three cases, so that it can be passed on.
        """
        await self._verbs.answer()
        if beep:
            await self._verbs.play([self._verbs.sounds.tone("beep")])
        return await self._verbs.record_message(limit_s=limit_s, end_digits=end_digits)

    async def start_recording(self) -> bool:
        """Record the call from now on, until `stop_recording` or its end: the caller left, whoever he talks to right.

        False where it is never done: by configuration of the number called or of the queue whose agent he talks to.
        """
        return await self._verbs.start_recording()

    async def stop_recording(self) -> None:
        """End what is being recorded; the file is in the index, the rest of the call in none."""
        await self._verbs.stop_recording()

    async def mask_recording(self, seconds: float | None = None) -> None:
        """Leave out what is said from now on: recordings hold silence of the same length, and no digits.

        It ends after `seconds` at the latest ([recordings] mask_max_s if None), or with `resume_recording`.
        """
        await self._verbs.mask_recording(seconds)

    async def resume_recording(self) -> None:
        """Record what is said again."""
        await self._verbs.resume_recording()

    async def survey(
        self, name: str, question: str = "survey/question", *, scale: int = 5, tries: int = 2
    ) -> int | None:
        """Ask for a rating from 1 to `scale` (at most 9) and note it in the call's record; None if none was given."""
        if not 2 <= scale <= 9:
            raise LocalError(f"survey: scale is {scale}, and must be from 2 to 9, because one key is pressed")
        self._verbs.drop_digits()
        allowed = "".join(str(score) for score in range(1, scale + 1))
        choice = await self.menu(question, digits=allowed, tries=tries, default="")
        if not choice.digit:
            return None
        self._verbs.record.scores[name] = int(choice.digit)
        await self.play("survey/thanks")
        return int(choice.digit)

    # Reaching people

    async def queue(
        self,
        queue: str,
        *,
        boost_s: float = 0.0,
        skills: Mapping[str, int] | None = None,
        requirement: str = "",
        preferred_agent: str = "",
        preferred_for_s: float = 0.0,
        record: bool | None = None,
    ) -> QueueOutcome:
        """Wait for an agent with music and announcements, and talk to him; returns when the agent has hung up.

        `boost_s` puts the caller as many seconds ahead. `skills`, and an expression such as
        "german >= 3 or french" as `requirement`, are required beyond the queue's own. For the first `preferred_for_s`
        seconds the caller is for `preferred_agent` alone, if he is logged in. `record` None is as the number called or
        else the queue is configured. If the queue's overflow names a flow, that flow has run when this returns.
        """
        wishes = QueueWishes(
            boost_s=boost_s,
            skills=dict(skills or {}),
            requirement=requirement,
            preferred_agent=preferred_agent,
            preferred_for_s=preferred_for_s,
            record=record,
        )
        outcome = await self._verbs.queue(queue, wishes)
        if outcome.flow is not None:
            await self.run(outcome.flow)
        return outcome

    async def dial(
        self,
        *targets: str | Ring,
        strategy: RingStrategy = "parallel",
        each_s: float | None = None,
        ring_s: float | None = None,
        record: bool | None = None,
        intercom: bool = False,
    ) -> DialOutcome:
        """Ring extensions (numbers or user names), groups or, for those who may, outside numbers; returns when the far
        side has hung up or did not come.

        Several targets ring at once ("parallel"), one after the other for `each_s` seconds ("serial"), or each `each_s`
        after the one before and together with it ("delayed"); a `Ring` has times of its own. `record` None is as the
        number called is configured, or else on demand. With `intercom` the phone answers by itself, if it may.
        """
        return await self._verbs.dial(
            targets, strategy=strategy, each_s=each_s, ring_s=ring_s, record=record, intercom=intercom
        )

    async def pick_up(self, extension: str = "") -> bool:
        """Let the caller answer what rings at an extension (""; at any that shares a pickup group with his).

        False if nothing rings there that he may answer; if something does he talks in that call, this one is over, and
        it raises `CallEnded`.
        """
        return await self._verbs.pick_up(extension)

    async def park(self, slot: str = "", *, timeout_s: float | None = None) -> ParkOutcome:
        """Keep the caller with music in a parking slot, the first that is free, until somebody retrieves him.

        Returns after they have talked, or when `timeout_s` ([parking] timeout_s if None) is over. It answers the call.
        """
        return await self._verbs.park(slot, timeout_s=timeout_s)

    async def retrieve(self, slot: str) -> bool:
        """Let the caller talk to who is parked in the slot. False if nobody is; else as `pick_up`."""
        return await self._verbs.retrieve(slot)

    async def agent_line(self) -> NoReturn:
        """The caller, an agent, keeps this line open: queues' calls come to him here, without ringing, after a tone.

        He is logged in by it, and logged out when he hangs up. Raises `LocalError` for who is no agent.
        """
        await self._verbs.agent_line()

    async def request_callback(self, number: str = "", queue: str = "") -> bool:
        """Promise the caller that he is called back at `number`, his own if none is given, from the queue he has waited
        in, or `queue`; he keeps his place. False if that is not possible: the queue does not call back, or nobody could
        reach the number. When it is True the promise is on the disk.
        """
        return await self._verbs.request_callback(number, queue)

    async def log_in(self, who: str = "", pin: str = "") -> bool:
        """The agent of the caller's phone works from now on, or `who` (number or id) at this phone, with his PIN.

        False if that is not possible: no agent, no or another PIN, or too many wrong ones.
        """
        return self._verbs.log_in(who, pin)

    async def log_out(self) -> bool:
        """Whoever works at the caller's phone goes home, and from a phone that is not his own. False if nobody does."""
        return self._verbs.log_out()

    # The caller's own extension

    @property
    def phone(self) -> StoredPhone | None:
        """What the caller has chosen for his extension (`forwards`, `no_answer_s`, `do_not_disturb`, `call_waiting`);
        None if he calls from no phone of ours."""
        return self._verbs.phone

    async def set_forwarding(self, reason: ForwardReason, target: str, *, after_s: float | None = None) -> bool:
        """Have calls to the caller's extension go to `target` ("": no longer), `after_s` of ringing for "no_answer".

        False if that is not possible: it has no extension, or may not call there.
        """
        phone = self._verbs.phone
        if phone is None or (target and self._verbs.forward_refusal(target)):
            return False
        try:
            chosen = with_forward(phone, reason, target, after_s)
        except LocalError:
            return False
        return await self._verbs.set_phone(chosen)

    async def set_do_not_disturb(self, is_on: bool) -> bool:
        """Whether callers of the caller's extension are told that it is busy. False if he has none."""
        phone = self._verbs.phone
        return phone is not None and await self._verbs.set_phone(replace(phone, do_not_disturb=is_on))

    async def set_call_waiting(self, is_on: bool) -> bool:
        """Whether phones of the caller's extension ring for another call during one. False if he has none."""
        phone = self._verbs.phone
        return phone is not None and await self._verbs.set_phone(replace(phone, call_waiting=is_on))

    async def transfer(self, target: str) -> NoReturn:
        """Send the caller on to another number or extension, as if he had called it; with a record of its own.

        Nothing after it is run: it raises `CallEnded`. What `target` leads to decides what he hears if nobody is there.
        """
        await self._verbs.transfer(target)

    async def send_away(self, target: str) -> bool:
        """Have the caller's own side (his phone, or the provider he came through) call `target` in place of us.

        False if it does not, or nobody answers there: the caller is still here. Otherwise the call is over here, and it
        raises `CallEnded`.
        """
        return await self._verbs.send_away(target)

    async def run(self, flow: str) -> None:
        """Go on with another flow and come back when it returns. Raises `UnknownName`."""
        await self._dialplan.flow_named(flow)(self)

    def _files(self, said: tuple[Said, ...]) -> list[str]:
        sounds = self._verbs.sounds
        files: list[str] = []
        for each in said:
            if isinstance(each, int):
                files += sounds.speak_number(each, self.language)
            else:
                files.append(sounds.resolve(each, self.language))
        return files
