"""`CallVerbs` for a flow that can be resumed: each answer of the real verbs is noted, or comes from what was noted.

What a flow sets (`language`, `is_caller_hidden`, `variables`, tags) the kept call has already, and with what was set
after it: while the flow is done again it reads what it read then, and what it sets changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from softswitch.base.clock import Clock
from softswitch.base.ids import CallId
from softswitch.calls.caller_lists import Listed
from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.kept.verb_journal import VerbJournal
from softswitch.calls.lookups import LookupField
from softswitch.calls.outcomes import (
    CallEnded,
    ConferenceOutcome,
    DialOutcome,
    Digits,
    LookupAnswer,
    ParkOutcome,
    Played,
    QueueOutcome,
    RecordedMessage,
    StreamOutcome,
)
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.record import CallRecord
from softswitch.calls.ringing import Ring, RingStrategy
from softswitch.calls.runtime.journaled import kinds
from softswitch.calls.runtime.journaled.own_phone import JournaledOwnPhone
from softswitch.calls.runtime.journaled.steps import JournaledSteps
from softswitch.calls.runtime.journaled.voicemail import JournaledVoicemail
from softswitch.calls.settings import Project
from softswitch.calls.verbs import CallVerbs, SoundFiles
from softswitch.media.feeds.orders import Side
from softswitch.prompts.spoken import Said


class JournaledVerbs(JournaledOwnPhone):
    """For one flow of one call, new or done again; `left` says why it could not be done again, if so."""

    def __init__(
        self,
        verbs: CallVerbs,
        journal: VerbJournal,
        changed: Callable[[], None] = lambda: None,
        is_masked: Callable[[], bool] = lambda: False,
    ) -> None:
        """`changed` is told when something is to be written down soon. While recordings are masked what the caller
        types is not noted."""
        self._steps = JournaledSteps(verbs, journal, changed, is_masked)
        self._verbs = verbs
        self._voicemail = JournaledVoicemail(self._steps)
        self._clock = _JournaledClock(self._steps)
        self._variables = dict(verbs.variables)
        """As they are to be when everything has been done again."""

    @property
    def left(self) -> str:
        return self._steps.left

    # What the flow reads and sets

    @property
    def call_id(self) -> CallId:
        return self._verbs.call_id

    @property
    def record(self) -> CallRecord:
        return self._verbs.record

    @property
    def headers(self) -> dict[str, str]:
        return self._verbs.headers

    @property
    def sounds(self) -> SoundFiles:
        return self._verbs.sounds

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def voicemail(self) -> JournaledVoicemail:
        return self._voicemail

    @property
    def project(self) -> Project:
        return self._steps.read("project", None, lambda: self._verbs.project, kinds.PROJECT)

    @property
    def project_id(self) -> str:
        return self._steps.read("project_id", None, lambda: self._verbs.project_id, kinds.TEXT)

    @property
    def is_answered(self) -> bool:
        return self._steps.read("is_answered", None, lambda: self._verbs.is_answered, kinds.BOOL)

    @property
    def is_caller_hidden(self) -> bool:
        return self._steps.read("is_caller_hidden", None, lambda: self._verbs.is_caller_hidden, kinds.BOOL)

    @is_caller_hidden.setter
    def is_caller_hidden(self, is_caller_hidden: bool) -> None:
        if not self._steps.is_replaying:
            self._verbs.is_caller_hidden = is_caller_hidden

    @property
    def language(self) -> str:
        return self._steps.read("language", None, lambda: self._verbs.language, kinds.TEXT)

    @language.setter
    def language(self, language: str) -> None:
        if not self._steps.is_replaying:
            self._verbs.language = language

    @property
    def variables(self) -> dict[str, str]:
        """The call's own dict: a flow may keep it. While the flow is done again it is as it was."""
        was_replaying, real = self._steps.is_replaying, self._verbs.variables
        then = self._steps.read("variables", None, lambda: real, kinds.TEXT_BY_NAME)
        if was_replaying and then is not real:
            real.clear()
            real.update(then)
            self._steps.when_arrived(self._restore_variables)
        return real

    def _restore_variables(self) -> None:
        """As they were kept: with all that the flow had set by then, and what somebody else has changed of that."""
        real = self._verbs.variables
        real.clear()
        real.update(self._variables)

    # What he hears and types

    async def files(self, said: Sequence[Said]) -> list[str]:
        return await self._steps.learn("files", said, lambda: self._verbs.files(said), kinds.TEXTS)

    async def answer(self) -> None:
        await self._steps.wait("answer", None, self._verbs.answer, kinds.NOTHING)

    async def ring(self) -> None:
        await self._steps.wait("ring", None, self._verbs.ring, kinds.NOTHING)

    async def play(self, sounds: Sequence[str], *, stop_digits: str = "", answer: bool = True) -> str:
        return await self._steps.wait(
            "play",
            (sounds, stop_digits, answer),
            lambda: self._verbs.play(sounds, stop_digits=stop_digits, answer=answer),
            kinds.TEXT,
            typed=lambda digit: digit,
        )

    async def play_file(self, path: str, *, skip_s: float, stop_digits: str) -> Played:
        return await self._steps.wait(
            "play_file",
            (path, skip_s, stop_digits),
            lambda: self._verbs.play_file(path, skip_s=skip_s, stop_digits=stop_digits),
            kinds.PLAYED,
            typed=lambda played: played.digit,
        )

    async def digits(self, *, maximum: int, first_s: float, between_s: float, end_digits: str) -> Digits:
        return await self._steps.wait(
            "digits",
            (maximum, first_s, between_s, end_digits),
            lambda: self._verbs.digits(maximum=maximum, first_s=first_s, between_s=between_s, end_digits=end_digits),
            kinds.DIGITS,
            typed=lambda digits: digits.digits,
        )

    def drop_digits(self) -> None:
        self._steps.now("drop_digits", None, self._verbs.drop_digits, kinds.NOTHING)

    async def pause(self, seconds: float) -> None:
        await self._steps.wait("pause", seconds, lambda: self._verbs.pause(seconds), kinds.NOTHING)

    async def wait_for_fax(self, seconds: float) -> bool:
        return await self._steps.wait("wait_for_fax", seconds, lambda: self._verbs.wait_for_fax(seconds), kinds.BOOL)

    # Where the call goes

    async def transfer(self, target: str) -> NoReturn:
        await self._steps.wait("transfer", target, lambda: self._verbs.transfer(target), kinds.NOTHING)
        raise CallEnded("he goes on in another call")

    async def send_away(self, target: str) -> bool:
        return await self._steps.wait("send_away", target, lambda: self._verbs.send_away(target), kinds.BOOL)

    async def reject(self, status: int = 603, reason: str | None = None) -> NoReturn:
        await self._steps.wait("reject", (status, reason), lambda: self._verbs.reject(status, reason), kinds.NOTHING)
        raise CallEnded("the caller was refused")

    async def hang_up(self) -> NoReturn:
        await self._steps.wait("hang_up", None, self._verbs.hang_up, kinds.NOTHING)
        raise CallEnded("the flow has ended the call")

    async def queue(self, queue_id: str, wishes: QueueWishes) -> QueueOutcome:
        return await self._steps.wait(
            "queue", (queue_id, wishes), lambda: self._verbs.queue(queue_id, wishes), kinds.QUEUE
        )

    async def dial(
        self,
        targets: Sequence[str | Ring],
        *,
        strategy: RingStrategy,
        each_s: float | None,
        ring_s: float | None,
        record: bool | None,
        intercom: bool,
        terms: DialTerms,
    ) -> DialOutcome:
        return await self._steps.wait(
            "dial",
            (targets, strategy, each_s, ring_s, record, intercom, terms),
            lambda: self._verbs.dial(
                targets,
                strategy=strategy,
                each_s=each_s,
                ring_s=ring_s,
                record=record,
                intercom=intercom,
                terms=terms,
            ),
            kinds.DIAL,
        )

    async def pick_up(self, extension: str) -> bool:
        return await self._steps.wait("pick_up", extension, lambda: self._verbs.pick_up(extension), kinds.BOOL)

    async def park(self, slot: str, *, timeout_s: float | None) -> ParkOutcome:
        return await self._steps.wait(
            "park", (slot, timeout_s), lambda: self._verbs.park(slot, timeout_s=timeout_s), kinds.PARK
        )

    async def retrieve(self, slot: str) -> bool:
        return await self._steps.wait("retrieve", slot, lambda: self._verbs.retrieve(slot), kinds.BOOL)

    async def conference(self, room: str) -> ConferenceOutcome:
        return await self._steps.wait("conference", room, lambda: self._verbs.conference(room), kinds.CONFERENCE)

    async def request_callback(self, number: str, queue: str) -> bool:
        return await self._steps.wait_elsewhere(
            "request_callback", (number, queue), lambda: self._verbs.request_callback(number, queue), kinds.BOOL
        )

    # What is recorded, and who hears

    async def record_message(self, *, limit_s: float, end_digits: str) -> RecordedMessage:
        return await self._steps.wait(
            "record_message",
            (limit_s, end_digits),
            lambda: self._verbs.record_message(limit_s=limit_s, end_digits=end_digits),
            kinds.MESSAGE,
        )

    async def start_recording(self) -> bool:
        return await self._steps.wait("start_recording", None, self._verbs.start_recording, kinds.BOOL)

    async def stop_recording(self) -> None:
        await self._steps.wait("stop_recording", None, self._verbs.stop_recording, kinds.NOTHING)

    async def mask_recording(self, seconds: float | None) -> None:
        await self._steps.wait("mask_recording", seconds, lambda: self._verbs.mask_recording(seconds), kinds.NOTHING)

    async def resume_recording(self) -> None:
        await self._steps.wait("resume_recording", None, self._verbs.resume_recording, kinds.NOTHING)

    async def stream(
        self,
        program: str,
        *,
        rate_hz: int | None,
        record: bool | None,
        timeout_s: float | None,
        values: Mapping[str, str],
    ) -> StreamOutcome:
        return await self._steps.wait(
            "stream",
            (program, rate_hz, record, timeout_s, values),
            lambda: self._verbs.stream(program, rate_hz=rate_hz, record=record, timeout_s=timeout_s, values=values),
            kinds.STREAM,
        )

    async def start_stream(self, program: str, *, side: Side, rate_hz: int | None, values: Mapping[str, str]) -> bool:
        return await self._steps.wait(
            "start_stream",
            (program, side, rate_hz, values),
            lambda: self._verbs.start_stream(program, side=side, rate_hz=rate_hz, values=values),
            kinds.BOOL,
        )

    async def stop_stream(self, program: str) -> None:
        await self._steps.wait("stop_stream", program, lambda: self._verbs.stop_stream(program), kinds.NOTHING)

    def rate(self, survey: str, question: str, score: int) -> None:
        self._steps.now(
            "rate", (survey, question, score), lambda: self._verbs.rate(survey, question, score), kinds.NOTHING
        )

    def tag(self, name: str, value: str) -> None:
        self._steps.set(lambda: self._verbs.tag(name, value))

    # What is known elsewhere

    def region_of(self, number: str) -> str:
        return self._steps.read("region_of", number, lambda: self._verbs.region_of(number), kinds.TEXT)

    def listed(self, list_name: str, number: str) -> Listed | None:
        return self._steps.now(
            "listed", (list_name, number), lambda: self._verbs.listed(list_name, number), kinds.LISTED, is_news=False
        )

    async def enlist(self, list_name: str, number: str, *, note: str, for_s: float | None) -> bool:
        return await self._steps.wait_elsewhere(
            "enlist",
            (list_name, number, note, for_s),
            lambda: self._verbs.enlist(list_name, number, note=note, for_s=for_s),
            kinds.BOOL,
        )

    async def delist(self, list_name: str, number: str) -> bool:
        return await self._steps.wait_elsewhere(
            "delist", (list_name, number), lambda: self._verbs.delist(list_name, number), kinds.BOOL
        )

    async def look_up(self, lookup: str, fields: Mapping[str, LookupField]) -> LookupAnswer:
        return await self._steps.wait_elsewhere(
            "look_up", (lookup, fields), lambda: self._verbs.look_up(lookup, fields), kinds.LOOKUP
        )


class _JournaledClock:
    """The clock of a flow: while it is done again, the times are those it was told then."""

    __slots__ = ("_steps",)

    def __init__(self, steps: JournaledSteps) -> None:
        self._steps = steps

    def now(self) -> float:
        return self._steps.read("clock.now", None, self._steps.verbs.clock.now, kinds.FLOAT)

    def wall(self) -> float:
        return self._steps.read("clock.wall", None, self._steps.verbs.clock.wall, kinds.FLOAT)
