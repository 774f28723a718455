"""The verbs as their author sees them, played to a caller made of a script."""

from collections.abc import Mapping

import pytest

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import (
    HUNG_UP,
    DialOutcome,
    DialReason,
    LookupAnswer,
    QueueOutcome,
    QueueReason,
    RecordedMessage,
)
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.dialplan import Call, CallEnded, Digits, MenuChoice, MenuReason, UnknownName, flow
from softswitch.dialplan.flows import Flow
from softswitch.testing.call import FakeCall

Result = Digits | MenuChoice | RecordedMessage | int | str | None


def played(call: FakeCall, question: Flow, *, flows: Mapping[str, Flow] | None = None) -> list[str]:
    call.run(question, flows=flows)
    return call.transcript


def ask(call: FakeCall, **how: object) -> Digits:
    results: list[Digits] = []

    @flow
    async def asking(active: Call) -> None:
        results.append(await active.gather("order/number", **how))  # pyright: ignore[reportArgumentType]

    call.run(asking)
    (result,) = results
    return result


@pytest.mark.parametrize(
    ("typed", "how", "digits"),
    [
        ("123", {"maximum": 3}, Digits("123", is_complete=True)),
        ("12#", {"maximum": 5}, Digits("12", is_complete=True)),
        ("#", {"maximum": 5}, Digits("", is_complete=True)),
        ("12.", {"maximum": 5}, Digits("12", is_complete=False)),
        ("", {"maximum": 5}, Digits("", is_complete=False)),
        ("7", {"maximum": 1}, Digits("7", is_complete=True)),
        ("1*", {"maximum": 5, "end_digits": "*"}, Digits("1", is_complete=True)),
        ("#1", {"maximum": 2, "end_digits": ""}, Digits("#1", is_complete=True)),
    ],
)
def test_gather(typed: str, how: dict[str, object], digits: Digits) -> None:
    assert ask(FakeCall(digits=typed), **how) == digits


def test_gather_without_digits_wanted_is_a_fault() -> None:
    with pytest.raises(LocalError, match="maximum is 0"):
        ask(FakeCall(), maximum=0)


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("2", MenuChoice("2")),
        ("92", MenuChoice("2")),
        (".1", MenuChoice("1")),
        ("99", MenuChoice("1", is_default=True, reason=MenuReason.INVALID)),
        ("", MenuChoice("1", is_default=True, reason=MenuReason.TIMED_OUT)),
    ],
)
def test_menu(typed: str, choice: MenuChoice) -> None:
    chosen: list[MenuChoice] = []

    @flow
    async def choosing(call: Call) -> None:
        chosen.append(await call.menu("menu/question", digits="12"))

    FakeCall(digits=typed).run(choosing)
    assert chosen == [choice]


def test_a_menu_without_digits_is_a_fault() -> None:
    @flow
    async def choosing(call: Call) -> None:
        await call.menu("menu/question", digits="")

    with pytest.raises(LocalError, match="digits is empty"):
        FakeCall().run(choosing)


@pytest.mark.parametrize(("typed", "score"), [("4", 4), ("94", 4), ("", None), ("66", None)])
def test_survey(typed: str, score: int | None) -> None:
    @flow
    async def asking(call: Call) -> None:
        assert await call.survey("satisfaction", scale=5) == score

    call = FakeCall(digits=typed)
    call.run(asking)
    assert call.record.scores == ({} if score is None else {"satisfaction": score})


@pytest.mark.parametrize("scale", [1, 10])
def test_a_survey_is_answered_by_one_key(scale: int) -> None:
    @flow
    async def asking(call: Call) -> None:
        await call.survey("satisfaction", scale=scale)

    with pytest.raises(LocalError, match="one key"):
        FakeCall().run(asking)


def test_numbers_are_read_out_among_prompts() -> None:
    @flow
    async def telling(call: Call) -> None:
        await call.play("order/number", 4711)

    assert played(FakeCall(), telling) == ["answer", "play order/number number 4711"]


def test_who_calls_whom() -> None:
    @flow
    async def looking(call: Call) -> None:
        assert (call.calling_number, call.called_number, call.calling_name) == ("+15550100", "100", "")
        assert (call.header("X-Order"), call.header("x-none")) == ("4711", None)
        assert not call.is_answered
        assert call.clock.wall() > 0
        call.language = "ru"
        assert (call.language, call.id) == ("ru", "fake-call")
        call.tag("order", "4711")

    call = FakeCall(called_number="100", headers={"x-order": "4711"})
    call.run(looking)
    assert (call.record.tags, call.transcript) == ({"order": "4711"}, [])


@pytest.mark.parametrize("verb", ["reject", "hang_up"])
def test_nothing_runs_after_the_call_is_ended(verb: str) -> None:
    @flow
    async def ending(call: Call) -> None:
        await getattr(call, verb)()
        raise AssertionError("not reached")

    call = FakeCall()
    call.run(ending)
    assert call.is_over


def test_the_overflow_of_a_queue_runs_its_flow() -> None:
    @flow
    async def waiting(call: Call) -> None:
        outcome = await call.queue("sales", boost_s=60, skills={"german": 3}, preferred_agent="ann", preferred_for_s=30)
        assert outcome.reason is QueueReason.OVERFLOWED

    @flow
    async def sorry(call: Call) -> None:
        await call.play("sorry")

    call = FakeCall(outcomes=[QueueOutcome(reason=QueueReason.OVERFLOWED, queue="sales", flow="sorry")])
    call.run(waiting, flows={"sorry": sorry})
    assert call.transcript == ["answer", "queue sales", "play sorry"]
    assert call.queue_wishes == [
        QueueWishes(boost_s=60, skills={"german": 3}, preferred_agent="ann", preferred_for_s=30)
    ]


def test_a_flow_within_a_flow_takes_arguments_and_returns() -> None:
    paid: list[object] = []

    @flow
    async def pay(call: Call, *, order: str = "") -> bool:
        await call.play(f"order {order}")
        return order == "4711"

    @flow
    async def shop(call: Call) -> None:
        paid.append(await call.run("pay", order="4711"))
        paid.append(await call.run("pay"))

    assert played(FakeCall(), shop, flows={"pay": pay}) == ["answer", "play order 4711", "play order "]
    assert paid == [True, False]


def test_an_argument_that_a_flow_does_not_take_is_a_fault() -> None:
    @flow
    async def pay(call: Call) -> None:
        await call.play("paid")

    @flow
    async def shop(call: Call) -> None:
        await call.run("pay", order="4711")

    with pytest.raises(LocalError, match=r"run: .*order"):
        FakeCall().run(shop, flows={"pay": pay})


def test_who_is_known_is_treated_accordingly() -> None:
    @flow
    async def known(call: Call) -> None:
        vip = call.listed("vip")
        if call.listed("blocked") or vip is None:
            await call.reject(603)
        customer = await call.look_up("crm", order=4711)
        call.variables["name"] = customer.text("name")
        await call.play(vip.note, call.region, call.region_of("+7495"), call.variables["name"])
        await call.enlist("blocked", "+49", note="calls too often")
        await call.delist("vip")

    lists = {"vip": {"+15550100": "gold"}, "blocked": {}}
    call = FakeCall(
        lists=lists, regions={"+1555": "test", "+7": "russia"}, outcomes=[LookupAnswer(fields={"name": "Eva"})]
    )
    call.run(known)
    assert call.transcript == [
        "look_up crm order=4711",
        "answer",
        "play gold test russia Eva",
        "enlist blocked +49",
        "delist vip +15550100",
    ]
    assert call.lists == {"vip": {}, "blocked": {"+49": "calls too often"}}


def test_going_on_with_a_flow_that_does_not_exist_is_a_fault() -> None:
    @flow
    async def going_on(call: Call) -> None:
        await call.run("nowhere")

    with pytest.raises(UnknownName, match='no flow "nowhere"'):
        FakeCall().run(going_on)


def test_dialling_does_not_answer_the_caller() -> None:
    @flow
    async def dialling(call: Call) -> None:
        outcome = await call.dial("101", ring_s=5)
        assert not outcome.is_answered

    call = FakeCall(outcomes=[DialOutcome(reason=DialReason.BUSY, target="101")])
    assert played(call, dialling) == ["dial 101"]


def test_a_message_of_a_caller_who_hung_up_is_returned_and_then_he_is_gone() -> None:
    taken: list[RecordedMessage] = []

    @flow
    async def voicemail(call: Call) -> None:
        taken.append(await call.record())
        await call.play("thanks")

    left = RecordedMessage(path="/m.wav", duration_s=3.0, size_bytes=96_000, ended_by=HUNG_UP)
    call = FakeCall(outcomes=[left])
    call.run(voicemail)
    assert taken == [left]
    assert left.is_caller_gone
    assert call.transcript == ["answer", "play tone beep", "record"]


def test_except_exception_does_not_catch_the_end_of_the_call() -> None:
    @flow
    async def careful(call: Call) -> None:
        try:
            await call.play("one")
        except Exception:
            raise AssertionError("not for the caller's leaving") from None

    call = FakeCall(hang_up_after=1)
    call.run(careful)
    assert call.is_over
    assert not issubclass(CallEnded, Exception)


@pytest.mark.parametrize("is_fax", [True, False])
def test_wait_for_fax(is_fax: bool) -> None:
    @flow
    async def asking(call: Call) -> None:
        if await call.wait_for_fax(6):
            await call.dial("190")

    outcome = DialOutcome(reason=DialReason.ANSWERED, target="190")
    call = FakeCall(is_fax=is_fax, outcomes=[outcome])
    call.run(asking)
    assert call.transcript == ["answer", "wait_for_fax 6", *(["dial 190"] if is_fax else [])]
