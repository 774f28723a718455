"""Every verb of a call is noted, and gives what it gave without being carried out again."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.kept.verb_journal import KeptJournal, VerbJournal
from softswitch.calls.outcomes import (
    CallEnded,
    ConferenceOutcome,
    ConferenceReason,
    DialOutcome,
    DialReason,
    FlowLeft,
    LookupAnswer,
    ParkOutcome,
    ParkReason,
    QueueOutcome,
    QueueReason,
    RecordedMessage,
    StreamOutcome,
    StreamReason,
)
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.runtime.journaled.steps import REFUSALS_MAX
from softswitch.calls.runtime.journaled.verbs import JournaledVerbs
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.verbs import CallVerbs, VoicemailVerbs
from softswitch.calls.voice_box import VoiceBox
from softswitch.store.schema import StoredPhone
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.call import FakeCall

BOX = VoiceBox(box="anna", number="101", owner="anna", members=frozenset({"anna", "boris"}), pin="4711")
SHARED = VoiceBox(box="sales", number="190", pin="2580")
MESSAGE = StoredVoiceMessage(message_id="m1", box="anna", path="m1.wav", received_wall=1.0, state="new", duration_s=9.0)
SPOKEN = RecordedMessage(path="r.wav", duration_s=4.0, size_bytes=5, ended_by="#")
TERMS = DialTerms(limit_s=60.0)

Use = Callable[[Any], Any]

VERBS: dict[str, Use] = {
    "files": lambda v: v.files(["welcome", 7]),
    "answer": lambda v: v.answer(),
    "ring": lambda v: v.ring(),
    "play": lambda v: v.play(["welcome"], stop_digits="12"),
    "play_file": lambda v: v.play_file("m.wav", skip_s=1.0, stop_digits="*"),
    "digits": lambda v: v.digits(maximum=3, first_s=5.0, between_s=2.0, end_digits="#"),
    "pause": lambda v: v.pause(2.0),
    "wait_for_fax": lambda v: v.wait_for_fax(3.0),
    "queue": lambda v: v.queue("sales", QueueWishes(skills={"german": 3})),
    "dial": lambda v: v.dial(
        ["101"], strategy="serial", each_s=5.0, ring_s=None, record=True, intercom=False, terms=TERMS
    ),
    "record_message": lambda v: v.record_message(limit_s=10.0, end_digits="#"),
    "start_recording": lambda v: v.start_recording(),
    "stop_recording": lambda v: v.stop_recording(),
    "mask_recording": lambda v: v.mask_recording(5.0),
    "resume_recording": lambda v: v.resume_recording(),
    "stream": lambda v: v.stream("bot", rate_hz=8000, record=None, timeout_s=None, values={"a": "b"}),
    "start_stream": lambda v: v.start_stream("bot", side="both", rate_hz=None, values={}),
    "stop_stream": lambda v: v.stop_stream("bot"),
    "region_of": lambda v: v.region_of("+4930"),
    "listed": lambda v: v.listed("vip", "+1"),
    "enlist": lambda v: v.enlist("vip", "+2", note="n", for_s=None),
    "delist": lambda v: v.delist("vip", "+1"),
    "look_up": lambda v: v.look_up("crm", {"code": "1"}),
    "drop_digits": lambda v: v.drop_digits(),
    "rate": lambda v: v.rate("csat", "agent", 4),
    "tag": lambda v: v.tag("order", "4711"),
    "pick_up": lambda v: v.pick_up("101"),
    "park": lambda v: v.park("701", timeout_s=None),
    "retrieve": lambda v: v.retrieve("701"),
    "conference": lambda v: v.conference("board"),
    "request_callback": lambda v: v.request_callback("", "sales"),
    "log_in": lambda v: v.log_in("", ""),
    "log_out": lambda v: v.log_out(),
    "call_when_free": lambda v: v.call_when_free("102"),
    "cancel_calls_when_free": lambda v: v.cancel_calls_when_free(),
    "pause_work": lambda v: v.pause_work("lunch"),
    "resume_work": lambda v: v.resume_work(),
    "finish_wrap_up": lambda v: v.finish_wrap_up("sold"),
    "is_stored": lambda v: v.is_stored(),
    "supervise": lambda v: v.supervise("102", SupervisionMode.LISTEN, follow=False),
    "set_phone": lambda v: v.set_phone(StoredPhone(username="anna", do_not_disturb=True)),
    "forward_refusal": lambda v: v.forward_refusal("999"),
    "send_away": lambda v: v.send_away("+1"),
}
ENDING = {"transfer", "reject", "hang_up", "agent_line"}
"""None is ever over in a flow that goes on."""

PROPERTIES = ("project", "project_id", "is_answered", "phone", "is_caller_hidden", "language", "variables")
MORE_PROPERTIES = ("break_reasons", "last_caller", "last_called")

BOXES: dict[str, Use] = {
    "box": lambda v: v.box("101"),
    "own_boxes": lambda v: v.own_boxes(),
    "open": lambda v: v.open("190", "2580"),
    "counts": lambda v: v.counts(BOX),
    "chosen": lambda v: v.chosen(BOX),
    "room_s": lambda v: v.room_s(BOX),
    "refused": lambda v: v.refused(BOX),
    "begin": lambda v: v.begin(BOX),
    "recorded": lambda v: v.recorded("message-1", SPOKEN),
    "complete": lambda v: v.complete("message-1", is_urgent=True),
    "discard": lambda v: v.discard("message-1"),
    "new_path": lambda v: v.new_path(),
    "drop_file": lambda v: v.drop_file("x.wav"),
    "record": lambda v: v.record("x.wav", limit_s=9.0, end_digits="#"),
    "messages": lambda v: v.messages(BOX),
    "heard": lambda v: v.heard("m1"),
    "renew": lambda v: v.renew("m1"),
    "delete": lambda v: v.delete("m1"),
    "undelete": lambda v: v.undelete("m1"),
    "forward": lambda v: v.forward("m1", SHARED),
    "set_greeting": lambda v: v.set_greeting(BOX, "away", "g.wav"),
    "set_pin": lambda v: v.set_pin(BOX, "1928"),
    "stored": lambda v: v.stored(),
}


def new_call() -> FakeCall:
    outcomes = [
        QueueOutcome(reason=QueueReason.ANSWERED, queue="sales", agent="ann", recording="r.wav"),
        DialOutcome(reason=DialReason.BUSY, target="101", sip_status=486),
        SPOKEN,
        StreamOutcome(reason=StreamReason.STOPPED, program="bot", result={"intent": ["pay", 3, None, 1.5]}),
        LookupAnswer(fields={"name": "Ann"}),
        ParkOutcome(reason=ParkReason.TIMED_OUT, slot="701"),
        ConferenceOutcome(reason=ConferenceReason.LEFT, room="board"),
    ]
    return FakeCall(
        digits="12*",
        outcomes=outcomes,
        phone=StoredPhone(username="anna"),
        lists={"vip": {"+1": "gold"}},
        regions={"+49": "germany"},
        boxes=[BOX, SHARED],
        messages=[MESSAGE],
        last_caller="102",
        sends_away=False,
    )


def methods_of(protocol: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_")}


async def done(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def again(journal: VerbJournal) -> VerbJournal:
    return VerbJournal(msgspec.msgpack.decode(msgspec.msgpack.encode(journal.keep()), type=KeptJournal))


def test_all_verbs_there_are_are_tried_here() -> None:
    assert set(VERBS) | ENDING == methods_of(CallVerbs)
    assert set(BOXES) == methods_of(VoicemailVerbs)


def test_each_verb_is_carried_out_once_and_answers_the_same_in_every_life() -> None:
    async def use(call: FakeCall, journal: VerbJournal) -> list[Any]:
        verbs = JournaledVerbs(call, journal)
        return [await done(each(verbs)) for each in VERBS.values()]

    call, journal = new_call(), VerbJournal()
    answers = asyncio.run(use(call, journal))
    done_once = list(call.transcript)
    assert asyncio.run(use(call, again(journal))) == answers
    assert call.transcript == done_once


def test_boxes_are_changed_once() -> None:
    async def use(call: FakeCall, journal: VerbJournal) -> list[Any]:
        verbs = JournaledVerbs(call, journal).voicemail
        return [await done(each(verbs)) for each in BOXES.values()]

    call = FakeCall(outcomes=[SPOKEN], phone=StoredPhone(username="anna"), boxes=[BOX, SHARED], messages=[MESSAGE])
    journal = VerbJournal()
    answers = asyncio.run(use(call, journal))
    before = [msgspec.structs.asdict(each) for each in call.voicemail.book.all_messages()]
    assert asyncio.run(use(call, again(journal))) == answers
    assert [msgspec.structs.asdict(each) for each in call.voicemail.book.all_messages()] == before
    assert call.voicemail.dropped == ["x.wav"]


def test_what_is_read_is_as_it_was() -> None:
    def look(call: FakeCall, journal: VerbJournal) -> list[Any]:
        verbs = JournaledVerbs(call, journal)
        read = [getattr(verbs, name) for name in (*PROPERTIES, *MORE_PROPERTIES)]
        return [msgspec.to_builtins(each) for each in read] + [verbs.clock.now(), verbs.clock.wall()]

    journal = VerbJournal()
    then = look(new_call(), journal)
    later = new_call()
    later.clock.advance(100.0)
    later.is_answered, later.language, later.phone = True, "ru", None
    later.project = msgspec.structs.replace(later.project, id="acme")
    later.record.project = "acme"
    assert look(later, again(journal)) == then


def test_what_is_set_is_set_once_and_what_was_set_since_stays() -> None:
    async def use(verbs: JournaledVerbs) -> list[str]:
        seen = [verbs.language]
        verbs.language = "ru"
        await verbs.play(["welcome"])
        seen.append(verbs.language)
        verbs.variables["step"] = "1"
        await verbs.play(["second"])
        seen.append(verbs.variables["step"])
        return seen

    call, journal = new_call(), VerbJournal()
    seen = asyncio.run(use(JournaledVerbs(call, journal)))
    call.language = "de"  # somebody else has said so since
    call.variables |= {"step": "2", "by": "a program"}
    verbs = JournaledVerbs(call, again(journal))
    assert asyncio.run(use(verbs)) == seen
    asyncio.run(verbs.ring())
    assert call.language == "de"
    assert call.variables == {"step": "2", "by": "a program"}
    verbs.language = "en"
    assert call.language == "en", "now it is here again"


def test_news_is_told_when_the_flow_goes_on_and_what_others_see_at_once() -> None:
    told: list[str] = []
    call = new_call()
    verbs = JournaledVerbs(call, VerbJournal(), lambda: told.append(call.transcript[-1]))

    async def use() -> None:
        await verbs.files(["welcome"])
        await verbs.play(["welcome"])
        assert not told, "a call that ends now needs no write"
        assert verbs.is_answered
        assert verbs.listed("vip", "+1") is not None
        assert not told, "who only reads changes nothing"
        await verbs.play(["second"])
        assert len(told) == 1
        await verbs.enlist("vip", "+3", note="", for_s=None)
        assert len(told) == 2

    asyncio.run(use())


def test_a_verb_that_its_flow_had_cancelled_is_cancelled_by_it_again() -> None:
    class Endless(FakeCall):
        async def pause(self, seconds: float) -> None:
            await asyncio.Event().wait()

        async def queue(self, queue_id: str, wishes: QueueWishes) -> QueueOutcome:
            self.transcript.append("queue")
            await asyncio.Event().wait()
            raise AssertionError

    async def use(verbs: JournaledVerbs) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await verbs.queue("sales", QueueWishes())
        await verbs.play(["sorry"])

    call, journal = Endless(), VerbJournal()
    asyncio.run(use(JournaledVerbs(call, journal)))
    assert call.transcript == ["queue", "answer", "play sorry"]
    asyncio.run(use(JournaledVerbs(call, again(journal))))
    assert call.transcript == ["queue", "answer", "play sorry"]


def test_something_beside_a_verb_may_use_what_is_done_at_once() -> None:
    class Waiting(FakeCall):
        is_over_soon: asyncio.Event

        async def queue(self, queue_id: str, wishes: QueueWishes) -> QueueOutcome:
            self.transcript.append("queue")
            await self.is_over_soon.wait()
            return QueueOutcome(reason=QueueReason.TIMED_OUT, queue=queue_id)

    async def use(verbs: JournaledVerbs, call: Waiting, *, ends: bool) -> None:
        call.is_over_soon = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            waits = tasks.create_task(verbs.queue("sales", QueueWishes()))
            await asyncio.sleep(0)
            verbs.rate("csat", "", 5)
            assert await verbs.enlist("vip", "+2", note="", for_s=None)
            if ends:
                call.is_over_soon.set()
            else:
                waits.cancel()

    call, journal = Waiting(lists={"vip": {}}), VerbJournal()

    async def first() -> None:
        task = asyncio.create_task(use(JournaledVerbs(call, journal), call, ends=False))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(first())
    # As it was before the process died: the queue goes on, and two other verbs are over.
    kept = journal.keep()
    queue = msgspec.structs.replace(kept.verbs[0], result=None, fault="")
    kept = msgspec.structs.replace(kept, verbs=(queue, *kept.verbs[1:]))
    asyncio.run(use(JournaledVerbs(call, VerbJournal(kept)), call, ends=True))
    assert call.transcript == ["queue", "enlist vip +2", "queue"]


def test_a_flow_that_is_left_can_do_nothing_any_more_whatever_it_catches() -> None:
    journal = VerbJournal()
    asyncio.run(JournaledVerbs(new_call(), journal).play(["welcome"]))
    call = new_call()
    verbs = JournaledVerbs(call, again(journal))

    async def try_all() -> None:
        with pytest.raises(FlowLeft):
            await verbs.play(["hello"])
        for use in VERBS.values():
            with pytest.raises(CallEnded):
                await done(use(verbs))
        with pytest.raises(CallEnded):
            await verbs.hang_up()
        with pytest.raises(CallEnded):
            verbs.voicemail.begin(BOX)

    asyncio.run(try_all())
    assert call.transcript == []
    assert verbs.left == 'it uses the verb "play" with other arguments where it had used "play"'


def test_a_flow_that_is_left_and_tries_for_ever_is_kept_waiting() -> None:
    journal = VerbJournal()
    asyncio.run(JournaledVerbs(new_call(), journal).play(["welcome"]))
    verbs = JournaledVerbs(new_call(), again(journal))
    tries: list[str] = []

    async def stubborn() -> None:
        while True:
            try:
                await verbs.play(["hello"])
            except CallEnded:
                tries.append(verbs.left)

    async def watch() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await stubborn()

    asyncio.run(watch())
    assert 0 < len(tries) <= REFUSALS_MAX + 1


def test_what_is_typed_while_recordings_are_masked_is_not_noted() -> None:
    journal, masked = VerbJournal(), [False]
    verbs = JournaledVerbs(FakeCall(digits="7" + "4111#"), journal, is_masked=lambda: masked[0])

    async def pay() -> str:
        await verbs.play(["menu"], stop_digits="7")
        masked[0] = True
        await verbs.play(["card-number"])
        card = await verbs.digits(maximum=16, first_s=5.0, between_s=3.0, end_digits="#")
        masked[0] = False
        return card.digits

    assert asyncio.run(pay()) == "4111"
    assert [each.fault for each in journal.keep().verbs] == ["", "", "withheld"]
    assert b"4111" not in msgspec.msgpack.encode(journal.keep())
