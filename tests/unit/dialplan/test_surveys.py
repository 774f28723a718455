"""Surveys of several questions: what is asked, what counts, and what is kept."""

import pytest

from softswitch.calls.outcomes import HUNG_UP, QueueOutcome, QueueReason, RecordedMessage, SurveyOutcome
from softswitch.config.survey_rows import QuestionRow, SurveyRow
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import UnknownName
from softswitch.dialplan.surveys import AfterQueue, Survey, compile_survey
from softswitch.testing.call import FakeCall

pytestmark = pytest.mark.usefixtures("restarts")

AGENT = QuestionRow(id="agent", prompt="survey/question")
SOLVED = QuestionRow(id="solved", text="Is it solved?", scale="yes_no", optional=True)
AGAIN = QuestionRow(id="again", text="Will you call again?", scale=9)
COMMENT = RecordedMessage(path="/r/c.wav", duration_s=7.0, size_bytes=9, ended_by="#")
ANSWERED = QueueOutcome(reason=QueueReason.ANSWERED, queue="sales", agent="ann")


def survey(*questions: QuestionRow, comment: bool = False, project: str = "") -> Survey:
    return compile_survey(SurveyRow(id="csat", questions=questions, comment=comment, project=project))


def asked(call: FakeCall, csat: Survey) -> SurveyOutcome | None:
    outcomes: list[SurveyOutcome] = []

    @flow
    async def asking(call: Call) -> None:
        outcomes.append(await call.run_survey("csat"))

    call.run(asking, surveys=[csat])
    return outcomes[0] if outcomes else None


@pytest.mark.parametrize(
    ("typed", "scores", "is_complete"),
    [
        ("417", {"agent": 4, "solved": 1, "again": 7}, True),
        ("4.7", {"agent": 4, "again": 7}, True),
        ("427", {"agent": 4, "solved": 0, "again": 7}, True),
        ("437", {"agent": 4, "again": 7}, True),  # 3 is neither yes nor no
        ("9517", {"agent": 5, "solved": 1, "again": 7}, True),
        ("99", {}, False),  # and he is asked nothing more
        ("..1", {}, False),
        ("41..", {"agent": 4, "solved": 1}, False),
    ],
)
def test_what_is_typed_counts_by_question(typed: str, scores: dict[str, int], is_complete: bool) -> None:
    call = FakeCall(digits=typed)
    outcome = asked(call, survey(AGENT, SOLVED, AGAIN))
    assert outcome == SurveyOutcome(survey="csat", scores=scores, is_complete=is_complete)
    assert call.record.scores == {f"csat.{question}": score for question, score in scores.items()}
    assert ("play survey/thanks" in call.transcript) == bool(scores)


def test_it_invites_asks_records_a_comment_and_thanks() -> None:
    call = FakeCall(digits="52", outcomes=[COMMENT])
    outcome = asked(call, survey(AGENT, SOLVED, comment=True))
    assert call.transcript == [
        "answer",
        "play survey/invitation",
        "play survey/question",
        "play surveys/csat/solved",
        "play survey/comment",
        "play tone beep",
        "record",
        "play survey/thanks",
    ]
    assert outcome is not None
    assert outcome.comment == COMMENT
    assert call.record.tags == {"survey_comment": "/r/c.wav"}


def test_who_hangs_up_keeps_what_he_has_given() -> None:
    call = FakeCall(digits="5", hang_up_after=5)
    assert asked(call, survey(AGENT, AGAIN)) is None
    assert call.is_over
    assert call.record.scores == {"csat.agent": 5}


def test_who_hangs_up_after_his_comment_has_left_it() -> None:
    gone = RecordedMessage(path="/r/c.wav", duration_s=7.0, size_bytes=9, ended_by=HUNG_UP)
    call = FakeCall(digits="5", outcomes=[gone])
    assert asked(call, survey(AGENT, comment=True)) is None
    assert call.record.tags == {"survey_comment": "/r/c.wav"}


def test_a_survey_that_is_not_there_for_the_project_is_named() -> None:
    with pytest.raises(UnknownName, match='there is no survey "csat"; known: none'):
        asked(FakeCall(), survey(AGENT, project="acme"))


@pytest.mark.parametrize("reason", [QueueReason.ANSWERED, QueueReason.TIMED_OUT])
def test_a_queue_asks_who_was_answered_before_the_flow_goes_on(reason: QueueReason) -> None:
    @flow
    async def sales(call: Call) -> None:
        await call.queue("sales")
        await call.play("greeting/goodbye")

    outcome = QueueOutcome(reason=reason, queue="sales", agent="ann")
    call = FakeCall(digits="3", outcomes=[outcome])
    call.run(sales, surveys=[survey(AGENT)], after_queues={"sales": AfterQueue("csat")})
    of_survey = ["play survey/invitation", "play survey/question", "play survey/thanks"]
    is_asked = reason is QueueReason.ANSWERED
    assert call.transcript == ["answer", "queue sales", *(of_survey if is_asked else []), "play greeting/goodbye"]
    assert call.record.scores == ({"csat.agent": 3} if is_asked else {})


def test_whom_the_queue_has_asked_the_flow_asks_no_more_until_he_waits_again() -> None:
    came: list[object] = []

    @flow
    async def sales(call: Call) -> None:
        came.clear()
        await call.queue("sales")
        came.append(await call.survey("satisfaction"))
        came.append(await call.run_survey("csat"))
        await call.queue("support")
        came.append(await call.survey("satisfaction"))

    call = FakeCall(digits="34", outcomes=[ANSWERED, QueueOutcome(reason=QueueReason.ANSWERED, queue="support")])
    call.run(sales, surveys=[survey(AGENT)], after_queues={"sales": AfterQueue("csat")})
    assert came == [None, SurveyOutcome(survey="csat", scores={"agent": 3}, is_complete=True), 4]
    assert call.record.scores == {"csat.agent": 3, "satisfaction": 4}


def test_another_queue_asks_nothing() -> None:
    @flow
    async def sales(call: Call) -> None:
        await call.queue("sales")

    call = FakeCall(outcomes=[ANSWERED])
    call.run(sales, surveys=[survey(AGENT)], after_queues={"support": AfterQueue("csat")})
    assert call.transcript == ["answer", "queue sales"]


@pytest.mark.parametrize("percent", [0.5, 10.0, 50.0, 100.0])
def test_so_many_of_a_hundred_are_asked_and_each_call_always_or_never(percent: float) -> None:
    after = AfterQueue("csat", percent)
    calls = [f"{number:08x}" for number in range(10_000)]
    chosen = [call for call in calls if after.asks(call)]
    assert len(chosen) / 100 == pytest.approx(percent, abs=1.5)
    assert chosen == [call for call in calls if after.asks(call)]
