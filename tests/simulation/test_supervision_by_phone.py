"""Supervisors who call: who may, what they hear, following somebody, taking over, and what is noted of it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.call_state import CallState
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StreamTimedOut
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE = "+18005550100"
Scenario = Callable[[SimulatedCentre], Awaitable[None]]
results: list[bool] = []


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def listen(call: Call) -> None:
    results.append(await call.supervise(call.called_number[3:]))
    await call.pause(1)


@flow
async def follow(call: Call) -> None:
    results.append(await call.supervise(call.called_number[3:], "whisper", follow=True))


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    results.clear()

    def run(scenario: Scenario, *, workers: int = 1, tone: bool = False) -> None:
        teams = frozenset({"west"})
        SimulatedCentre(
            tmp_path,
            flows={"support": support, "listen": listen, "follow": follow},
            routes={HOTLINE: "support", "*51!": "listen", "*54!": "follow"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=2.0)],
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[
                Extension(username="ann", number="101", agent_id=AgentId("ann"), teams=teams),
                Extension(username="olga", number="110", supervises=teams),
                Extension(username="eve", number="111", supervises=frozenset({"east"})),
                Extension(username="gone", number="113", supervises=teams),
                Extension(username="chief", number="112", supervises=frozenset({"*"})),
            ],
            settings=CallSettings(
                domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(tmp_path), supervision_tone=tone
            ),
            workers=workers,
        ).run(scenario)

    return run


async def talking(centre: SimulatedCentre, number: str = "+15550123") -> SimulatedPhone:
    """Somebody talks to ann."""
    caller = centre.caller(number)
    caller.call(HOTLINE)
    await centre.until(lambda: contact(centre) is not None)
    return caller


def supervisors(centre: SimulatedCentre) -> int:
    call = contact(centre)
    return 0 if call is None else len(call.supervisions)


def contact(centre: SimulatedCentre) -> ActiveCall | None:
    return next((call for call in centre.controller.calls.values() if call.conversation is not None), None)


async def begin(centre: SimulatedCentre) -> None:
    await centre.log_in("ann")
    for name in ("olga", "eve", "chief"):
        assert await centre.phone(name).register() == 200


def supervise(centre: SimulatedCentre, who: str, number: str = "*51101") -> SimulatedPhone:
    phone = centre.phone(who)
    phone.call(number, password="Secret-123")
    return phone


async def takes_part(centre: SimulatedCentre, who: str) -> SimulatedPhone:
    """He listens to ann."""
    phone = supervise(centre, who)
    await centre.until(lambda: supervisors(centre) == 1 and phone.is_answered)
    return phone


def hears(centre: SimulatedCentre, *supervisors: ActiveCall) -> dict[str, set[str]]:
    """Whom each hears, by name."""
    call = contact(centre)
    assert call is not None
    assert call.conversation is not None
    names: dict[StreamId, str] = {}
    parties = [("caller", call.conversation.near), ("ann", call.conversation.far)]
    for name, party in [*parties, *(("olga", each.caller) for each in supervisors)]:
        if party.stream is not None:
            names[party.stream.stream_id] = name
    found = {
        names.get(hearing.stream_id, "gone"): {names.get(source, "gone") for source in hearing.sources}
        for worker in centre.workers.values()
        for hearing in worker.description.hearings.values()
    }
    return {name: sources for name, sources in found.items() if sources}


def own_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = [each for each in centre.controller.calls.values() if each.state is CallState.SUPERVISING]
    return call


LISTENING = {"caller": {"ann"}, "ann": {"caller"}, "olga": {"caller", "ann"}}
WHISPERING = {**LISTENING, "ann": {"caller", "olga"}}
BARGING = {**WHISPERING, "caller": {"ann", "olga"}}


def test_he_listens_and_switches_by_key(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        olga = await takes_part(centre, "olga")
        own = own_call(centre)
        for key, expected in (("", LISTENING), ("5", WHISPERING), ("6", BARGING), ("4", LISTENING)):
            if key:
                olga.press(key)
            await centre.until(lambda expected=expected: hears(centre, own) == expected, within_s=2)
        own.receive(StreamTimedOut(own.call_id, own.caller_stream.stream_id, 60.0))
        await centre.sleep(1)
        assert olga.is_answered, "who listens need not send anything"
        olga.press("0")
        await centre.until(lambda: not olga.is_answered)
        assert results == [True]
        assert caller.is_answered
        assert hears(centre) == {"caller": {"ann"}, "ann": {"caller"}}
        caller.hang_up()
        await centre.all_over()
        (cdr,) = [each for each in centre.cdrs() if each.queue]
        assert [(each.by, each.mode) for each in cdr.supervisions] == [
            ("olga", "listen"),
            ("olga", "whisper"),
            ("olga", "barge"),
            ("olga", "listen"),
            ("olga", "end"),
        ]

    play(scenario)


def test_who_is_not_set_over_the_team_may_not(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        supervise(centre, "eve")
        await centre.until(lambda: bool(results))
        assert results == [False]
        assert supervisors(centre) == 0
        caller.hang_up()
        await centre.all_over()

    play(scenario)


def test_who_is_set_over_everybody_may(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        await takes_part(centre, "chief")
        caller.hang_up()
        await centre.until(lambda: bool(results))
        assert results == [True], "it is over when the two have parted"
        await centre.all_over()

    play(scenario)


def test_nobody_talks(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        supervise(centre, "olga")
        await centre.all_over()
        assert results == [False]

    play(scenario)


def test_he_follows_from_call_to_call_until_he_hangs_up(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        olga = supervise(centre, "olga", "*54101")
        await centre.until(lambda: olga.is_answered)
        for number in ("+15550123", "+15550124"):
            caller = await talking(centre, number)
            await centre.until(lambda: hears(centre, own_call(centre)) == WHISPERING)
            caller.hang_up()
            await centre.until(lambda: contact(centre) is None)
        assert olga.is_answered
        olga.hang_up()
        await centre.all_over()
        assert [len(each.supervisions) for each in centre.cdrs() if each.queue] == [2, 2]

    play(scenario)


def ring(centre: SimulatedCentre, who: str, *, is_following: bool = True) -> None:
    """As the command does (app/acd_operations.py)."""
    extensions = centre.settings.extensions
    centre.controller.call_supervisor(
        extensions[who], extensions["ann"], SupervisionMode.LISTEN, is_following=is_following
    )


def test_his_phone_is_rung_and_he_follows_from_call_to_call(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        olga = centre.phone("olga")
        ring(centre, "olga")
        await centre.until(lambda: olga.is_answered)
        for number in ("+15550123", "+15550124"):
            caller = await talking(centre, number)
            await centre.until(lambda: supervisors(centre) == 1)
            assert hears(centre, own_call(centre)) == LISTENING
            olga.press("5")
            await centre.sleep(0.5)
            assert hears(centre, own_call(centre)) == WHISPERING
            olga.press("4")
            caller.hang_up()
            await centre.until(lambda: contact(centre) is None)
            assert olga.is_answered, "he waits for the next"
            await centre.sleep(5)
        olga.press("0")
        await centre.until(lambda: olga.leg is None)
        await centre.all_over()
        assert [each.mode for cdr in centre.cdrs() for each in cdr.supervisions].count("whisper") == 2
        assert [cdr.flow for cdr in centre.cdrs()].count("supervise") == 1

    play(scenario)


@pytest.mark.parametrize(
    ("who", "is_following", "why"),
    [
        ("eve", True, "set over no team"),
        ("olga", False, "talks to nobody now"),
        ("gone", True, "no phone is registered"),
    ],
)
def test_whose_phone_is_not_rung(play: Callable[..., None], who: str, is_following: bool, why: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        with pytest.raises(LocalError, match=why):
            ring(centre, who, is_following=is_following)
        await centre.all_over()

    play(scenario)


def test_who_does_not_answer_supervises_nobody(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        centre.phone("olga").busy_status = 486
        ring(centre, "olga")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert not cdr.fault

    play(scenario)


def test_he_takes_the_call_over(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        olga = await takes_part(centre, "olga")
        olga.press("7")
        await centre.until(lambda: not centre.phone("ann").is_answered)
        call = contact(centre)
        assert call is not None
        assert call.conversation is not None
        assert call.conversation.far.extension is not None
        assert call.conversation.far.extension.username == "olga"
        assert olga.is_answered
        await centre.sleep(5)
        olga.hang_up()
        await centre.all_over()
        assert not caller.is_answered
        (cdr,) = [each for each in centre.cdrs() if each.queue]
        assert "take over" in [each.mode for each in cdr.supervisions]
        (state,) = [each for each in centre.acd.agent_summaries() if each.agent_id == "ann"]
        assert state.is_logged_in

    play(scenario)


def test_the_agent_may_be_told_by_a_tone(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        assert "tone beep" not in str(centre.media_commands)
        supervise(centre, "olga")
        await centre.until(lambda: "tone beep" in str(centre.media_commands))
        caller.hang_up()
        await centre.all_over()

    play(scenario, tone=True)


def test_he_is_moved_to_the_worker_on_which_they_talk(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        olga = supervise(centre, "olga", "*54101")
        await centre.until(lambda: olga.is_answered)
        caller = await talking(centre)
        await centre.until(lambda: hears(centre, own_call(centre)) == WHISPERING)
        call = contact(centre)
        assert call is not None
        assert own_call(centre).caller_stream.worker == call.caller_stream.worker
        caller.hang_up()
        olga.hang_up()
        await centre.all_over()

    play(scenario, workers=3)


@pytest.mark.parametrize("is_masked_first", [False, True])
def test_he_hears_nothing_while_the_recording_is_masked_and_all_when_that_ends_by_itself(
    play: Callable[..., None], is_masked_first: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await begin(centre)
        caller = await talking(centre)
        call = contact(centre)
        assert call is not None
        if is_masked_first:
            call.recordings.mask(5.0, "flow")
        olga = await takes_part(centre, "olga")
        if not is_masked_first:
            call.recordings.mask(5.0, "flow")
        await centre.sleep(0.5)
        assert "olga" not in hears(centre, own_call(centre))
        await centre.sleep(5.0)
        assert hears(centre, own_call(centre)) == LISTENING
        olga.hang_up()
        caller.hang_up()
        await centre.all_over()

    play(scenario)
