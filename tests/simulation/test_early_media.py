"""What a caller hears before anybody has answered: early media of those who ring, and announcements of flows."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from softswitch.acd.model import Agent, Queue
from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import FirstPacket, StartPlay
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegFailed, LegProgress
from softswitch.sip.settings import SessionPolicy
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

OUTCOMES: list[DialOutcome] = []


@flow
async def sales(call: Call) -> None:
    OUTCOMES.append(await call.dial("101"))
    if not OUTCOMES[-1].is_answered:
        await call.reject(486)


@flow
async def announced(call: Call) -> None:
    await call.play("closed", answer=False)
    await call.reject(480)


@flow
async def support(call: Call) -> None:
    await call.queue("support")


def run(directory: Path, scenario: Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]]) -> SimulatedCentre:
    """`scenario` with a caller; ann, 101, has early media."""
    OUTCOMES.clear()
    centre = SimulatedCentre(
        directory,
        flows={"sales": sales, "announced": announced, "support": support},
        routes={"600": "sales", "601": "announced", "602": "support"},
        agents=[Agent(agent_id=AgentId("dora"))],
        queues=[Queue(queue_id=QueueId("support"))],
        phones=[Extension(username="ann", number="101")],
    )

    async def prepared(centre: SimulatedCentre) -> None:
        assert await centre.phone("ann").register() == 200
        centre.phone("ann").has_early_media = True
        centre.phone("ann").answer_after_s = 10.0
        await scenario(centre, centre.caller("+15550123"))

    centre.run(prepared)
    return centre


def heard(centre: SimulatedCentre) -> list[list[StreamId]]:
    """What each stream hears, the caller's first."""
    description = centre.worker.description
    return [
        list(description.hearings[each].sources) if each in description.hearings else [] for each in description.streams
    ]


def tones(centre: SimulatedCentre) -> list[str]:
    return [
        sound
        for command in centre.media_commands
        if isinstance(command, StartPlay) and command.playback.loop
        for sound in command.playback.sounds
    ]


async def ringing_early(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
    caller.call("600")
    await centre.until(lambda: any(isinstance(e, LegProgress) and e.status == 183 for e in caller.events))


def sound_comes(centre: SimulatedCentre) -> None:
    _, called = centre.worker.description.streams.values()
    centre.worker.emit(FirstPacket(called.call_id, called.stream_id, HostPort("10.0.0.9", 30000)))


def test_the_caller_hears_whoever_rings_and_then_talks_to_him(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await ringing_early(centre, caller)
        progress = [(e.status, bool(e.sdp)) for e in caller.events if isinstance(e, LegProgress)]
        assert progress == [(180, False), (183, True)]
        await centre.sleep(0.1)
        sound_comes(centre)
        own, far = centre.worker.description.streams
        assert heard(centre) == [[far], []]
        await centre.sleep(5.0)
        assert tones(centre) == []
        await centre.until(lambda: caller.is_answered)
        await centre.sleep(0.1)
        assert heard(centre) == [[far], [own]]
        caller.hang_up()
        await centre.all_over()

    run(tmp_path, scenario)
    assert OUTCOMES == []


def test_who_promises_sound_and_sends_none_is_heard_ringing(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await ringing_early(centre, caller)
        await centre.sleep(1.8)
        assert tones(centre) == []
        await centre.sleep(0.3)
        assert len(tones(centre)) == 1
        assert len(centre.worker.description.playbacks) == 1
        sound_comes(centre)
        await centre.sleep(0.1)
        assert len(centre.worker.description.playbacks) == 0
        caller.hang_up()
        await centre.all_over()

    run(tmp_path, scenario)


def test_when_whoever_was_heard_fails_the_caller_is_refused_properly(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        ann = centre.phone("ann")
        ann.answer_after_s = None
        await ringing_early(centre, caller)
        assert ann.leg is not None
        ann.endpoint.reject(ann.leg, 486, now=centre.clock.now())
        centre.flush()
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        (failed,) = caller.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 486
        await centre.all_over()

    run(tmp_path, scenario)
    assert [outcome.reason for outcome in OUTCOMES] == [DialReason.BUSY]


def test_a_caller_with_reliable_responses_has_our_answer_from_the_183(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        caller.session = SessionPolicy(reliable="required")
        await ringing_early(centre, caller)
        early = next(e for e in caller.events if isinstance(e, LegProgress) and e.sdp)
        await centre.until(lambda: caller.is_answered)
        (answered,) = caller.seen(LegAnswered)
        assert isinstance(answered, LegAnswered)
        assert answered.sdp == early.sdp
        caller.hang_up()
        await centre.all_over()

    centre = run(tmp_path, scenario)
    (cdr,) = centre.cdrs()
    assert cdr.sip_status == 200


def test_an_announcement_before_the_answer(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        caller.call("601")
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        assert [(e.status, bool(e.sdp)) for e in caller.events if isinstance(e, LegProgress)] == [(183, True)]
        await centre.all_over()

    centre = run(tmp_path, scenario)
    assert any(isinstance(command, StartPlay) for command in centre.media_commands)
    (cdr,) = centre.cdrs()
    assert (cdr.answered_at, cdr.sip_status) == (None, 480)


def test_callers_of_queues_hear_music_and_not_the_agents_network(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.log_in("dora")
        dora = centre.phone("dora")
        dora.has_early_media = True
        dora.answer_after_s = 3.0
        caller.call("602")
        await centre.until(lambda: bool(dora.seen(InviteReceived)))
        await centre.sleep(1.0)
        assert heard(centre) == [[], []]
        assert caller.seen(LegProgress) == []
        await centre.until(lambda: dora.is_answered)
        caller.hang_up()
        await centre.all_over()

    run(tmp_path, scenario)
