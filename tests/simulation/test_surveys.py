"""Surveys after queues, in whole calls: keys by RTP, the router, the call's record and the figures."""

from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import ContactRated
from softswitch.acd.model import Agent, Queue
from softswitch.acd.reporting.live import LiveFigures
from softswitch.base.ids import AgentId, QueueId
from softswitch.config.survey_rows import QuestionRow, SurveyRow
from softswitch.dialplan import Call, flow
from softswitch.dialplan.surveys import AfterQueue, compile_survey
from softswitch.media.protocol import StartPlay
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

CSAT = compile_survey(
    SurveyRow(
        id="csat",
        comment=True,
        questions=(
            QuestionRow(id="agent", prompt="survey/question"),
            QuestionRow(id="solved", text="Is your problem solved?", scale="yes_no"),
        ),
    )
)


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("after", outcome.reason.value)


def simulated(tmp_path: Path, *, percent: float = 100.0) -> SimulatedCentre:
    centre = SimulatedCentre(
        tmp_path,
        flows={"support": support},
        routes={"100": "support"},
        queues=[Queue(queue_id=QueueId("support"))],
        agents=[Agent(agent_id=AgentId("ann"))],
    )
    after = {"support": AfterQueue("csat", percent)}
    centre.dialplan = msgspec.structs.replace(centre.dialplan, surveys={"csat": CSAT}, after_queues=after)
    return centre


async def talked(centre: SimulatedCentre) -> SimulatedPhone:
    """A caller whose agent has just hung up."""
    await centre.log_in("ann")
    ann = centre.phone("ann")
    ann.talk_s = 20.0
    caller = centre.caller("+15550123")
    caller.call("100")
    await centre.until(lambda: ann.leg is not None)
    caller.press("9")  # typed ahead, while they talk
    await centre.until(lambda: ann.leg is None)
    return caller


def played(centre: SimulatedCentre) -> list[str]:
    return [
        sound for each in centre.media_commands if isinstance(each, StartPlay) for sound in each.playback.sounds or ()
    ]


async def keys(centre: SimulatedCentre, caller: SimulatedPhone, digits: str) -> None:
    """Each while he is asked."""
    await centre.until(lambda: "survey/question" in played(centre))
    for digit in digits:
        caller.press(digit)
        await centre.sleep(0.5)


def rated(centre: SimulatedCentre) -> list[tuple[str, str, str, str, int]]:
    events = [each.event for each in centre.diary if isinstance(each.event, ContactRated)]
    return [(each.queue_id, each.agent_id, each.survey, each.question, each.score) for each in events]


def test_a_caller_rates_and_comments_after_his_agent_has_hung_up(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await talked(centre)
        await keys(centre, caller, "41")
        await centre.sleep(5)
        caller.press("#")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.scores == {"csat.agent": 4, "csat.solved": 1}
        assert cdr.tags["after"] == "answered"
        assert cdr.tags["survey_comment"] in [each.path for each in centre.store.recordings.ascending()]
        assert rated(centre) == [
            ("support", "ann", "csat", "agent", 4),
            ("support", "ann", "csat", "solved", 1),
        ]
        live = LiveFigures(centre.clock.wall())
        for each in centre.diary:
            live.take(each)
        (ann,) = live.agents(centre.clock.wall())
        assert {question: each.average for question, each in ann.ratings.items()} == {
            "csat.agent": 4.0,
            "csat.solved": 1.0,
        }

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize(("typed", "scores"), [("", {}), ("5", {"csat.agent": 5})])
def test_who_hangs_up_meanwhile_keeps_what_he_has_given(tmp_path: Path, typed: str, scores: dict[str, int]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await talked(centre)
        await keys(centre, caller, typed)
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.scores, cdr.fault) == (scores, "")
        assert [score for *_, score in rated(centre)] == list(scores.values())

    simulated(tmp_path).run(scenario)


def test_who_is_not_among_the_percentage_goes_on_at_once(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await talked(centre)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.scores, cdr.tags) == ({}, {"after": "answered"})
        assert not any("survey" in sound for sound in played(centre))

    simulated(tmp_path, percent=0.0).run(scenario)
