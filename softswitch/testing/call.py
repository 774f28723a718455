"""A caller made of a script, to test a flow without a switch: what he types, whom he reaches, when he hangs up.

```python
call = FakeCall(digits="2", outcomes=[QueueOutcome(reason=QueueReason.ANSWERED, queue="support", agent="ann")])
call.run(hotline, schedules={"office": ...})
assert call.transcript == ["answer", "play greeting/welcome ...", "queue support", ...]
```
"""

from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId
from softswitch.calls.caller_lists import Listed
from softswitch.calls.dial_terms import DialTerms
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
from softswitch.calls.settings import NO_PROJECT, Project
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.schedule import Schedule
from softswitch.dialplan.surveys import AfterQueue, Survey
from softswitch.media.feeds.orders import Side
from softswitch.prompts.missing import MissingPrompt
from softswitch.prompts.spoken import Said
from softswitch.store.schema import StoredPhone
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.clock import ManualClock
from softswitch.testing.voicemail import FakeVoicemail

Outcome = QueueOutcome | DialOutcome | ParkOutcome | ConferenceOutcome | RecordedMessage | LookupAnswer | StreamOutcome
OutcomeT = TypeVar(
    "OutcomeT", QueueOutcome, DialOutcome, ParkOutcome, ConferenceOutcome, RecordedMessage, LookupAnswer, StreamOutcome
)


class FakeSounds:
    """Every name is its own file; numbers are read as "number N", other values as they are written ("money 5 USD")."""

    def resolve(self, name: str, language: str) -> str:
        return name

    def music(self, name: str) -> str:
        return f"music {name}"

    def tone(self, name: str) -> str:
        return f"tone {name}"

    def announce_position(self, position: int, language: str) -> list[str]:
        return [f"position {position}"]

    def announce_wait(self, minutes: int, language: str) -> list[str]:
        return [f"wait {minutes}"]

    def speak_number(self, number: int, language: str) -> list[str]:
        return [f"number {number}"]

    def for_project(self, project: str, music: str) -> "FakeSounds":
        return self

    def ready(self, said: Sequence[Said], language: str) -> list[str] | None:
        return [file for each in said for file in self._files(each, language)]

    def files(self, said: Sequence[Said], language: str) -> list[str]:
        return self.ready(said, language) or []

    def missing(self) -> list[MissingPrompt]:
        return []

    def _files(self, said: Said, language: str) -> list[str]:
        match said:
            case str():
                return [self.resolve(said, language)]
            case int():
                return self.speak_number(said, language)
            case _:
                return [str(said)]


class FakeCall:
    """Offers the verbs of a call; each is written to `transcript` as it is used.

    `digits` are typed one at a time when somebody listens ("." = nothing is typed until the time is over).
    `outcomes` are what queue, dial, park, record and look_up return, in order; one that is missing fails the test.
    After `hang_up_after` verbs the caller is gone. Times pass on `clock`, and nothing really waits.
    """

    rehearsal: "ClassVar[Callable[[FakeCall, Flow, Dialplan], None] | None]" = None
    """Done with each call before its flow is run, for all calls."""

    def __init__(
        self,
        *,
        digits: str = "",
        outcomes: Sequence[Outcome] = (),
        calling_number: str = "+15550100",
        called_number: str = "+18005550100",
        hang_up_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        phone: StoredPhone | None = None,
        forwards_to: Collection[str] = (),
        picks_up: bool = False,
        pins: Mapping[str, str] | None = None,
        calls_back: bool = True,
        sends_away: bool = True,
        last_caller: str = "",
        last_called: str = "",
        project: Project = NO_PROJECT,
        lists: Mapping[str, Mapping[str, str]] | None = None,
        regions: Mapping[str, str] | None = None,
        boxes: Sequence[VoiceBox] = (),
        is_fax: bool = False,
        messages: Sequence[StoredVoiceMessage] = (),
    ) -> None:
        """`phone` is what the caller has chosen for his extension (None: he has none of ours), `forwards_to` the
        numbers it may forward to. With `picks_up` somebody rings where he picks up, or is parked where he retrieves.
        Unless `calls_back` no call-back can be promised, and unless `sends_away` his own side connects him nowhere.
        `lists` have a note for each number in them, `regions` are by the beginnings of numbers.
        `pins` are those of the agents who may log in at other phones, by what is dialled for them.
        With `is_fax` the caller is a fax machine.
        `boxes` with `messages` are the voicemail there is.
        """
        self.transcript: list[str] = []
        self.queue_wishes: list[QueueWishes] = []
        """With what each queue was entered."""
        self.dial_terms: list[DialTerms] = []
        """And on what terms somebody was dialled."""
        self.clock = ManualClock()
        self.call_id = CallId("fake-call")
        self.record = CallRecord(
            self.call_id,
            calling_number=calling_number,
            calling_name="",
            called_number=called_number,
            started_at=self.clock.wall(),
        )
        self.project = project
        self.record.project = project.id
        self.headers = dict(headers or {})
        self.phone = phone
        self.stores = True
        """Whether the disk takes what is to be confirmed."""
        self._forwards_to = forwards_to
        self._picks_up = picks_up
        self._calls_back = calls_back
        self._sends_away = sends_away
        self._last_caller = last_caller
        self._is_fax = is_fax
        self._last_called = last_called
        self._pins = {"": "", **(pins or {})}
        self.lists = {name: dict(notes) for name, notes in (lists or {}).items()}
        self._regions = dict(regions or {})
        self.variables: dict[str, str] = {}
        self.sounds = FakeSounds()
        self.voicemail = FakeVoicemail(
            boxes, messages, self.clock, self.record, "" if phone is None else phone.username, self.record_message
        )
        self.language = "en"
        self.is_answered = False
        self.is_caller_hidden = False
        self.is_over = False
        self._typed = deque(digits)
        self._outcomes = deque(outcomes)
        self._verbs_left = hang_up_after
        self.hangs_up = hang_up_after is not None
        self.on_step: Callable[[], None] = _nothing
        """Called when a verb begins, and when it goes on after the answer."""

    def run(
        self,
        flow: Flow,
        *,
        flows: Mapping[str, Flow] | None = None,
        schedules: Mapping[str, Schedule] | None = None,
        surveys: Sequence[Survey] = (),
        after_queues: Mapping[str, AfterQueue] | None = None,
    ) -> None:
        """Run the flow to its end. A flow that leaves `CallEnded` to its runner ends quietly, as in the switch."""
        dialplan = Dialplan(
            numbers=NumberPlan(),
            flows=flows or {},
            schedules=schedules or {},
            surveys={survey.id: survey for survey in surveys},
            after_queues=after_queues or {},
        )
        if FakeCall.rehearsal is not None:
            FakeCall.rehearsal(self, flow, dialplan)
        try:
            finish(flow(Call(self, dialplan)))
        except CallEnded:
            self.is_over = True

    @property
    def script_left(self) -> tuple[list[str], list[Outcome]]:
        """Digits that nobody has asked for, and outcomes that nothing has had."""
        return list(self._typed), list(self._outcomes)

    @property
    def project_id(self) -> str:
        return self.record.project

    # Verbs

    async def files(self, said: Sequence[Said]) -> list[str]:
        return self.sounds.files(said, self.language)

    async def answer(self) -> None:
        self._check()
        if not self.is_answered:
            self.is_answered = True
            self.transcript.append("answer")

    async def ring(self) -> None:
        self._use("ring")

    async def transfer(self, target: str) -> NoReturn:
        await self.answer()
        self._use(f"transfer {target}")
        self._hang_up()

    async def send_away(self, target: str) -> bool:
        await self.answer()
        self._use(f"send_away {target}")
        if self._sends_away:
            self._hang_up()
        return False

    async def reject(self, status: int, reason: str | None = None) -> NoReturn:
        self._use(f"reject {status}")
        self._hang_up()

    async def hang_up(self) -> NoReturn:
        self._use("hang_up")
        self._hang_up()

    async def play(self, sounds: Sequence[str], *, stop_digits: str = "", answer: bool = True) -> str:
        if answer:
            await self.answer()
        self._use("play " + " ".join(sounds))
        if self._typed and self._typed[0] in stop_digits:
            return self._typed.popleft()
        return ""

    async def play_file(self, path: str, *, skip_s: float, stop_digits: str) -> Played:
        """Each lasts ten seconds, and digits are typed four seconds after its beginning."""
        await self.answer()
        self._use(f"play_file {path}" + (f" {skip_s:g}" if skip_s else ""))
        if self._typed and self._typed[0] in stop_digits:
            return Played(digit=self._typed.popleft(), at_s=skip_s + 4.0)
        return Played(at_s=10.0)

    async def digits(self, *, maximum: int, first_s: float, between_s: float, end_digits: str) -> Digits:
        await self.answer()
        self._check()
        typed = ""
        while len(typed) < maximum:
            digit = self._typed.popleft() if self._typed else "."
            if digit == ".":
                self.clock.advance(between_s if typed else first_s)
                return Digits(typed, is_complete=False)
            if digit in end_digits:
                break
            typed += digit
        return Digits(typed, is_complete=True)

    async def pause(self, seconds: float) -> None:
        self._use(f"pause {seconds}")
        self.clock.advance(seconds)

    async def wait_for_fax(self, seconds: float) -> bool:
        """If the caller is one it is heard at once."""
        await self.answer()
        self._use(f"wait_for_fax {seconds:g}")
        if not self._is_fax:
            self.clock.advance(seconds)
        return self._is_fax

    async def queue(self, queue_id: str, wishes: QueueWishes) -> QueueOutcome:
        await self.answer()
        self._use(f"queue {queue_id}")
        self.queue_wishes.append(wishes)
        return self._outcome(QueueOutcome)

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
        named = " ".join(each if isinstance(each, str) else each.target for each in targets)
        words = ["dial", named, "" if strategy == "parallel" else strategy, "intercom" if intercom else ""]
        words += ["screened" if terms.is_screened else "", "" if terms.limit_s is None else f"{terms.limit_s:g}s"]
        words += [f"through {terms.through}" if terms.through else ""]
        self._use(" ".join(word for word in words if word))
        self.dial_terms.append(terms)
        return self._outcome(DialOutcome)

    async def record_message(self, *, limit_s: float, end_digits: str) -> RecordedMessage:
        await self.answer()
        self._use("record")
        message = self._outcome(RecordedMessage)
        self.is_over = message.is_caller_gone
        return message

    async def start_recording(self) -> bool:
        await self.answer()
        self._use("start_recording")
        return True

    async def stop_recording(self) -> None:
        self._use("stop_recording")

    async def mask_recording(self, seconds: float | None) -> None:
        self._use("mask_recording" if seconds is None else f"mask_recording {seconds:g}")

    async def resume_recording(self) -> None:
        self._use("resume_recording")

    def drop_digits(self) -> None:
        """Digits of a script are typed when somebody listens, so none is ever typed ahead."""

    def rate(self, survey: str, question: str, score: int) -> None:
        self.record.scores[f"{survey}.{question}" if question else survey] = score

    def tag(self, name: str, value: str) -> None:
        self.record.tags[name] = value

    async def pick_up(self, extension: str) -> bool:
        self._use(f"pick_up {extension}".strip())
        return self._gone_on()

    async def park(self, slot: str, *, timeout_s: float | None) -> ParkOutcome:
        await self.answer()
        self._use(f"park {slot}".strip())
        return self._outcome(ParkOutcome)

    async def retrieve(self, slot: str) -> bool:
        self._use(f"retrieve {slot}")
        return self._gone_on()

    async def stream(
        self,
        program: str,
        *,
        rate_hz: int | None,
        record: bool | None,
        timeout_s: float | None,
        values: Mapping[str, str],
    ) -> StreamOutcome:
        """What came of it is the next of the outcomes."""
        self._use(" ".join(["stream", program, *(f"{name}={value}" for name, value in values.items())]))
        return self._outcome(StreamOutcome)

    async def start_stream(self, program: str, *, side: Side, rate_hz: int | None, values: Mapping[str, str]) -> bool:
        self._use(f"start_stream {program} {side}")
        return True

    async def stop_stream(self, program: str) -> None:
        self._use(f"stop_stream {program}".strip())

    async def conference(self, room: str) -> ConferenceOutcome:
        await self.answer()
        self._use(f"conference {room}".strip())
        return self._outcome(ConferenceOutcome)

    async def agent_line(self) -> NoReturn:
        if self.phone is None:
            raise LocalError("only an agent can keep a line open: the caller has no phone of ours")
        await self.answer()
        self._use("agent_line")
        raise CallEnded("the agent hung up")

    async def request_callback(self, number: str, queue: str) -> bool:
        self._use(f"request_callback {number} {queue}".strip())
        return self._calls_back

    def region_of(self, number: str) -> str:
        return next((region for prefix, region in self._regions.items() if number.startswith(prefix)), "")

    def listed(self, list_name: str, number: str) -> Listed | None:
        if list_name not in self.lists:
            raise LocalError(f'there is no list "{list_name}"')
        return Listed(note=self.lists[list_name][number]) if number in self.lists[list_name] else None

    async def enlist(self, list_name: str, number: str, *, note: str, for_s: float | None) -> bool:
        self._use(f"enlist {list_name} {number}")
        self.lists[list_name][number] = note
        return True

    async def delist(self, list_name: str, number: str) -> bool:
        self._use(f"delist {list_name} {number}")
        return self.lists[list_name].pop(number, None) is not None

    async def look_up(self, lookup: str, fields: Mapping[str, LookupField]) -> LookupAnswer:
        self._use(" ".join(["look_up", lookup, *(f"{name}={value}" for name, value in fields.items())]))
        return self._outcome(LookupAnswer)

    def log_in(self, who: str, pin: str) -> bool:
        self._use(f"log_in {who}".strip())
        return self.phone is not None and self._pins.get(who) == pin

    @property
    def break_reasons(self) -> tuple[str, ...]:
        return ("lunch", "training")

    @property
    def last_caller(self) -> str:
        return self._last_caller

    @property
    def last_called(self) -> str:
        return self._last_called

    def call_when_free(self, whom: str) -> bool:
        self._use(f"call_when_free {whom}")
        return self.phone is not None

    def cancel_calls_when_free(self) -> bool:
        self._use("cancel_calls_when_free")
        return self.phone is not None

    def pause_work(self, reason: str) -> bool:
        self._use(f"pause_work {reason}".strip())
        return self.phone is not None

    def resume_work(self) -> bool:
        self._use("resume_work")
        return self.phone is not None

    def finish_wrap_up(self, disposition: str) -> bool:
        self._use(f"finish_wrap_up {disposition}".strip())
        return self.phone is not None

    async def is_stored(self) -> bool:
        return self.stores

    async def supervise(self, whom: str, mode: SupervisionMode, *, follow: bool) -> bool:
        """Who has a phone may."""
        self._use(" ".join(["supervise", whom, mode.value, *(["follow"] if follow else [])]))
        return self.phone is not None

    def log_out(self) -> bool:
        self._use("log_out")
        return self.phone is not None

    async def set_phone(self, chosen: StoredPhone) -> bool:
        self.phone = chosen
        return True

    def forward_refusal(self, target: str) -> str:
        return "" if target in self._forwards_to else f'"{target}" is no extension'

    # Private

    def _gone_on(self) -> bool:
        """He talks in another call now, or nobody was there."""
        if self._picks_up:
            self._hang_up()
        return False

    def _use(self, line: str) -> None:
        self._check()
        self.transcript.append(line)

    def _check(self) -> None:
        self.on_step()
        if self._verbs_left is not None:
            if self._verbs_left == 0:
                self._hang_up()
            self._verbs_left -= 1
        if self.is_over:
            raise CallEnded("the caller hung up")

    def _hang_up(self) -> NoReturn:
        self.is_over = True
        raise CallEnded("the caller hung up")

    def _outcome(self, kind: type[OutcomeT]) -> OutcomeT:
        if not self._outcomes or not isinstance(self._outcomes[0], kind):
            raise AssertionError(f"the script has no {kind.__name__} next: {list(self._outcomes)}")
        outcome = self._outcomes.popleft()
        assert isinstance(outcome, kind)
        return outcome


def _nothing() -> None:
    pass


def finish(coroutine: Any) -> None:
    """Run a coroutine that never really waits: nothing of a fake call does."""
    running: Coroutine[Any, Any, None] = coroutine
    try:
        running.send(None)
    except StopIteration:
        return
    raise AssertionError("the flow waits for something that is not a verb of its call")
