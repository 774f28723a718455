"""The codes of the dialplans that ship, each dialled in a whole call; and verbs that no other scenario uses."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.caller_lists import CallerList, Listed
from softswitch.calls.settings import CallSettings, Extension
from softswitch.config.survey_rows import QuestionRow, SurveyRow
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.dialplan.surveys import compile_survey
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.store.schema import StoredPhone
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

DIALPLANS = Path(__file__).parents[2] / "dialplans"
SECRET = "Secret-123"
CALLER = "+15550123"
CSAT = compile_survey(SurveyRow(id="csat", questions=(QuestionRow(id="agent", prompt="survey/question"),)))
FORWARDS = {
    "always": (("*21*102#", "#21"), ("*21102", "#21"), ("*72102", "*73")),
    "busy": (("*67*102#", "#67"), ("*90102", "*91")),
    "no_answer": (("*61*102#", "#61"), ("*61102", "#61"), ("*92102", "*93")),
    "unregistered": (("*62*102#", "#62"), ("*94102", "*95")),
}
listed: list[Listed | None] = []
Make = Callable[..., SimulatedCentre]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def asked(call: Call) -> None:
    await call.run_survey("csat")


@flow
async def known(call: Call) -> None:
    await call.run("noted", note="once")
    listed.append(call.listed("vip"))
    await call.delist("vip")
    listed.append(call.listed("vip"))


@flow
async def noted(call: Call, *, note: str = "") -> None:
    await call.enlist("vip", note=note)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    listed.clear()
    shipped, _ = load_flows([DIALPLANS])
    routes = {
        "100": "support",
        "600": "asked",
        "601": "known",
        "1xx": "extension",
        "*!": "star_codes",
        "#!": "star_codes",
        "*51!": "supervise_listen",
        "*52!": "supervise_whisper",
        "*53!": "supervise_barge",
        "*54!": "supervise_follow",
        "*85!": "desk_log_in",
        "*86": "desk_log_out",
        "*87!": "desk_pause",
        "*88": "desk_resume",
        "*89": "desk_done",
    }
    west = frozenset({"west"})

    def run(scenario: Callable[[SimulatedCentre], object]) -> None:
        centre = SimulatedCentre(
            tmp_path,
            flows={**shipped, "support": support, "asked": asked, "known": known, "noted": noted},
            routes=routes,
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=60.0)],
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[
                Extension(username="ann", number="101", agent_id=AgentId("ann"), teams=west),
                Extension(username="bob", number="102"),
                Extension(username="olga", number="103", supervises=west),
            ],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path),
                caller_lists={"vip": CallerList(name="vip")},
                not_ready_reasons=("lunch", "training"),
            ),
        )
        centre.dialplan = msgspec.structs.replace(centre.dialplan, surveys={"csat": CSAT})

        async def begin(_: SimulatedCentre) -> None:
            for name in ("ann", "bob", "olga"):
                assert await centre.phone(name).register() == 200
            await scenario(centre)  # type: ignore[misc]
            for phone in centre.phones.values():
                phone.hang_up()
            await centre.all_over()
            assert not any(cdr.fault for cdr in centre.cdrs())

        centre.run(begin)

    return run


async def dial(centre: SimulatedCentre, name: str, code: str) -> None:
    """Listen to the end of what is said."""
    phone = centre.phone(name)
    before = len(phone.seen(LegEnded))
    phone.call(code, password=SECRET)
    await centre.until(lambda: len(phone.seen(LegEnded)) > before)


def ann(centre: SimulatedCentre) -> StoredPhone:
    return centre.phone_settings.of("ann")


@pytest.mark.parametrize("reason", FORWARDS)
def test_forwards_begin_and_end(play: Callable[..., None], reason: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for on, off in FORWARDS[reason]:
            await dial(centre, "ann", on)
            assert ann(centre).forwards == {reason: "102"}, on
            await dial(centre, "ann", "*#21")
            await dial(centre, "ann", off)
            assert not ann(centre).forwards, off
            await dial(centre, "ann", on)
            await dial(centre, "ann", "#002")
            assert not ann(centre).forwards, on
        assert "phone/forwarded" in str(centre.media_commands)

    play(scenario)


def test_switches(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for code, is_on in (("*26", True), ("#26", False), ("*78", True), ("*79", False)):
            await dial(centre, "ann", code)
            assert ann(centre).do_not_disturb is is_on, code
        for code, is_on in (("#43", False), ("*43", True), ("*71", False), ("*70", True)):
            await dial(centre, "ann", code)
            assert ann(centre).call_waiting is is_on, code

    play(scenario)


def test_work_and_breaks(play: Callable[..., None]) -> None:
    def state(centre: SimulatedCentre) -> tuple[AgentState, str]:
        (summary,) = centre.acd.agent_summaries()
        return summary.state, summary.reason

    async def scenario(centre: SimulatedCentre) -> None:
        for code, expected in (
            ("*85", (AgentState.READY, "")),
            ("*87", (AgentState.NOT_READY, "lunch")),
            ("*872", (AgentState.NOT_READY, "training")),
            ("*88", (AgentState.READY, "")),
        ):
            await dial(centre, "ann", code)
            assert state(centre) == expected, code
        centre.phone("ann").talk_s = 5.0
        caller = centre.caller(CALLER)
        caller.call("100")
        await centre.until(lambda: state(centre)[0] is AgentState.WRAP_UP)
        await dial(centre, "ann", "*89")
        assert state(centre)[0] is AgentState.READY
        await dial(centre, "ann", "*86")
        assert state(centre)[0] is AgentState.LOGGED_OUT

    play(scenario)


@pytest.mark.parametrize(("code", "mode"), [("*51", "listen"), ("*52", "whisper"), ("*53", "barge"), ("*54", "listen")])
def test_supervisors_dial_their_way_in(play: Callable[..., None], code: str, mode: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await dial(centre, "ann", "*85")
        centre.caller(CALLER).call("100")
        await centre.until(lambda: centre.phone("ann").is_answered)
        olga = centre.phone("olga")
        olga.call(code + "101", password=SECRET)
        await centre.until(lambda: olga.is_answered)
        await centre.sleep(1.0)
        centre.caller(CALLER).hang_up() if code == "*54" else olga.hang_up()
        await centre.sleep(2.0)
        assert olga.is_answered is (code == "*54"), "he follows to the next"
        for phone in centre.phones.values():
            phone.hang_up()
        await centre.until(lambda: not centre.controller.calls)
        modes = [each.mode for cdr in centre.cdrs() for each in cdr.supervisions]
        assert modes == [mode, "end"]

    play(scenario)


def test_the_last_caller_is_called(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, own = centre.phone("bob"), centre.phone("ann")
        own.busy_status = 486
        bob.call("101", password=SECRET)
        await centre.until(lambda: bob.leg is None)
        own.call("*69", password=SECRET)
        await centre.until(lambda: own.is_answered)
        own.press("1")
        await centre.until(lambda: bool(bob.seen(InviteReceived)))

    play(scenario)


def test_a_flow_asks_a_survey(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller: SimulatedPhone = centre.caller(CALLER)
        caller.call("600")
        await centre.until(lambda: "survey/question" in str(centre.media_commands))
        caller.press("4")
        await centre.until(lambda: caller.leg is None)
        await centre.until(lambda: bool(centre.cdrs()))
        assert centre.cdrs()[0].scores == {"csat.agent": 4}

    play(scenario)


def test_a_caller_is_put_on_a_list_and_off_it(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller(CALLER)
        caller.call("601")
        await centre.until(lambda: caller.leg is None)
        assert [each and each.note for each in listed] == ["once", None]

    play(scenario)
